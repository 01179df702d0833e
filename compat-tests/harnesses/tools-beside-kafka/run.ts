/**
 * Kafka's command-line tools with the same arguments against Apache Kafka and Gregor: `run.js [--only TOOL,…]`. What they print
 * and their exit codes are equal, but for ids, times, rates, ports, and the differences that explained.ts names.
 *
 * Exit code 0 when that holds or there is no Java ("not run"), 1 when it does not. A run of all writes its section of
 * docs/compatibility.md.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeSection } from '../../lib/generated-section.js'
import { kafkaClasspath, kafkaVersion } from '../../lib/maven.js'
import { repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { Tally } from '../../lib/tally.js'
import { ToolHost } from '../../lib/tool-host.js'
import { type Broker, startBroker } from './brokers.js'
import { type Command, commandsOf } from './command.js'
import { commands as script } from './commands.js'
import { newExplanations } from './explained.js'
import { shellProblem, shellVersion } from './kafka-shell.js'
import { Player } from './player.js'
import { documentation, type Result } from './report.js'

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  const classpath = await kafkaClasspath()
  if (classpath === null) {
    console.log('not run: real Kafka needs Java, Maven and its registry')
    return 0
  }
  const only = values.only?.split(',')
  const commands = commandsOf(script).filter(({ tool }) => only?.includes(tool) ?? true)
  const scratch = scratchFolder('tools-beside-kafka')
  const tally = new Tally()
  try {
    const [ofGregor, ofKafka] = await Promise.all(
      (['Gregor', 'Kafka'] as const).map(name => printedBefore(name, commands, classpath, scratch)),
    )
    const results = compare(commands, ofGregor!, ofKafka!, tally, only === undefined)
    if (only === undefined) {
      const problem = await shellProblem(classpath, scratch)
      const rule = `kafka-shell ${shellVersion} shows the topics of Gregor's metadata`
      if (problem === undefined) console.log(`not run  ${rule}: its jars are not to be had`)
      else tally.claim(rule, problem)
      const shell = problem === undefined ? 'not run' : problem === null ? '1 of 1' : '0 of 1'
      writeSection(
        join(repositoryRoot, 'docs', 'compatibility.md'),
        'Compatibility',
        'tools',
        documentation(results, kafkaVersion(), shell),
      )
    }
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return tally.close({ name: 'tools-beside-kafka' })
}

async function printedBefore(
  name: Broker['name'],
  commands: readonly Command[],
  classpath: string,
  scratch: string,
): Promise<string[]> {
  // Its JVM takes as long to start as the broker.
  await using host = ToolHost.start(classpath)
  const broker = await startBroker(name, scratch)
  try {
    const player = new Player(broker, host, scratch)
    const [first, last] = [false, true].map(isLast => commands.filter(({ isAfterTheStop }) => isAfterTheStop === isLast))
    const printed = await player.play(first!)
    await broker.stop()
    return [...printed, ...(await player.play(last!))]
  } finally {
    await broker.stop()
  }
}

function compare(
  commands: readonly Command[],
  ofGregor: readonly string[],
  ofKafka: readonly string[],
  tally: Tally,
  isWhole: boolean,
): Result[] {
  const explanations = newExplanations()
  const results = commands.map((command, nth): Result => {
    const difference = explanations.differenceOf(command, ofGregor[nth]!, ofKafka[nth]!)
    tally.claim(command.text, difference.problem)
    return { command, problem: difference.problem, reasons: difference.reasons }
  })
  if (isWhole) tally.claimNone('every explanation explains something', explanations.unused())
  return results
}

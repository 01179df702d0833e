/**
 * Kafka Connect and MirrorMaker 2 of Kafka 4.3.1: `run.js [--records N] [--kills N] [--short]`.
 *
 *   1. A distributed worker with nothing but Gregor: its file connectors carry the lines of one file to another.
 *   2. MirrorMaker 2 from real Kafka to Gregor and back: records, configs and the offsets of groups, while Gregor is killed.
 *
 * 100,000 lines and records and two kills by default, 10,000 with `--short`. Exit code 0 when everything holds or the toolchain
 * is missing ("not run"), 1 when something does not, 2 for wrong usage.
 */
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { kafkaClasspath } from '../../lib/maven.js'
import { scratchFolder } from '../../lib/paths.js'
import { Tally } from '../../lib/tally.js'
import { connectClasspath } from './java.js'
import { mirror } from './mirror.js'
import { throughFiles } from './through-files.js'

const usage = 'usage: connect/run.js [--records N] [--kills N] [--short]'

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error(usage)
    return 2
  }
  const classpath = await connectClasspath()
  if (classpath === null || (await kafkaClasspath()) === null) {
    console.log('not run: Kafka Connect and real Kafka need Java, Maven and its registry')
    return 0
  }
  const scratch = scratchFolder('connect')
  const tally = new Tally()
  const figures: Record<string, unknown> = { name: 'connect', ...options }
  for (const part of [throughFiles, mirror]) {
    const startedMs = performance.now()
    try {
      await part({ classpath, scratch, tally, ...options })
    } catch (error) {
      tally.claim(`${part.name} gets to its end`, (error as Error).stack ?? String(error))
    }
    figures[`${part.name}Seconds`] = Math.round((performance.now() - startedMs) / 1000)
  }
  const exitCode = tally.close(figures)
  if (exitCode === 0) await rm(scratch, { recursive: true, force: true })
  else console.log(`the data directories are kept in ${scratch}`)
  return exitCode
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        records: { type: 'string' },
        kills: { type: 'string', default: '2' },
        short: { type: 'boolean', default: false },
      },
    })
    const numbers = { records: Number(values.records ?? (values.short ? 10_000 : 100_000)), kills: Number(values.kills) }
    return Object.values(numbers).every(Number.isSafeInteger) ? numbers : null
  } catch {
    return null
  }
}

/**
 * `npm run compat`: real text through every ordered pair of stock clients. Starts Gregor (or takes --bootstrap), lets each
 * client produce the text once to a topic of its own, then lets each client consume every topic as a group of its own, and
 * judges what arrived. Prints the matrix and writes it to docs/compatibility.md. Exit code 0 when every pair that ran is
 * right, 1 when one is not, 2 for wrong usage. A client that cannot be installed is "not run", never passed.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, type ClientName, clientNames, installClient } from '../../lib/clients.js'
import { writeSection } from '../../lib/generated-section.js'
import { startGregor } from '../../lib/gregor.js'
import { repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { MatrixRun, PARTITIONS } from './matrix.js'
import { failureLines, type MatrixResult, matrixReport, matrixTable, pairCounts } from './report.js'
import { sourceText } from './source-text.js'

/** How much of a failed broker's log is shown. */
const LAST_WORDS_CHARACTERS = 4000

const usage = `usage: npm run compat -- [--bootstrap HOST:PORT] [--only client,client] [--lines N] [--output FILE] [--require-all]
  --bootstrap    test this broker instead of starting Gregor
  --only         only these clients, of: ${clientNames.join(', ')}
  --lines        only the first N lines of the text
  --output       where the report goes; the default is docs/compatibility.md for a full run against Gregor, else nowhere
  --require-all  a client that is not run counts as a failure`

const options = readOptions()
if (options === null) {
  console.error(usage)
  process.exit(2)
}
process.exit(await main(options))

interface Options {
  readonly bootstrap: string | null
  readonly only: readonly ClientName[]
  readonly linesMax: number
  readonly output: string | null
  readonly requireAll: boolean
}

function readOptions(): Options | null {
  try {
    const { values } = parseArgs({
      options: {
        bootstrap: { type: 'string' },
        only: { type: 'string' },
        lines: { type: 'string' },
        output: { type: 'string' },
        'require-all': { type: 'boolean', default: false },
      },
    })
    const wanted = values.only?.split(',') ?? clientNames
    const only = clientNames.filter(name => wanted.includes(name))
    const linesMax = values.lines === undefined ? Number.POSITIVE_INFINITY : Number(values.lines)
    if (only.length !== wanted.length || !(linesMax >= 1)) return null
    const isFull = values.bootstrap === undefined && values.only === undefined && values.lines === undefined
    const document = isFull ? join(repositoryRoot, 'docs', 'compatibility.md') : null
    return {
      bootstrap: values.bootstrap ?? null,
      only,
      linesMax,
      output: values.output ?? document,
      requireAll: values['require-all'],
    }
  } catch {
    return null
  }
}

async function main(options: Options): Promise<number> {
  const source = sourceText(options.linesMax)
  console.log(`text: ${source.lines.length} lines, ${source.emptyLines} empty, ${source.nonAsciiLines} beyond ASCII`)
  const clients: Client[] = []
  for (const name of options.only) {
    const client = await installClient(name)
    console.log(client.notRun === null ? `${name} ${client.version}` : `${name} not run: ${client.notRun}`)
    clients.push(client)
  }

  const gregor = options.bootstrap === null ? await startGregor() : null
  if (gregor !== null) console.log(gregor.readyLine)
  const assertBrokerAlive = () => {
    if (gregor?.hasExited()) throw new Error('Gregor ended during the run')
  }
  const scratch = scratchFolder('compat')
  let exitCode = 1
  try {
    const bootstrap = gregor?.bootstrap ?? options.bootstrap!
    const verdicts = await new MatrixRun(bootstrap, clients, source, scratch, assertBrokerAlive).run()
    assertBrokerAlive()
    const broker = gregor === null ? bootstrap : 'Gregor'
    exitCode = report({ broker, clients, source, partitions: PARTITIONS, verdicts }, options)
  } catch (error) {
    console.error(error)
  }
  if (exitCode !== 0 && gregor !== null) console.error(`Gregor's last words:\n${gregor.stderr().slice(-LAST_WORDS_CHARACTERS)}`)
  await gregor?.stop()
  await rm(scratch, { recursive: true, force: true })
  return exitCode
}

function report(result: MatrixResult, options: Options): number {
  console.log(`\n${matrixTable(result)}\n`)
  for (const line of failureLines(result)) console.log(line)
  const { ok, failed, notRun } = pairCounts(result)
  console.log(`${ok} pairs ok, ${failed} failed, ${notRun} not run`)
  if (options.output !== null) {
    writeSection(options.output, 'Compatibility', 'client matrix', matrixReport(result))
    console.log(`written: ${options.output}`)
  }
  return failed > 0 || ok === 0 || (options.requireAll && notRun > 0) ? 1 : 0
}

// The bench: prints what Gregor costs on this machine beside what the machine itself can do. Nothing is asserted here; a
// figure that is too large is for a person to see. It fails only when something could not be measured.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fetchCost } from './fetch-cost.js'
import type { BenchOptions, Table } from './lib/figure.js'
import { loadAverage, machine } from './lib/machine.js'
import { tableText } from './lib/report.js'
import { idleConnections, residentIdle } from './memory.js'
import { produceCost } from './produce-cost.js'
import { readyAfterExec, readyInProcess } from './ready.js'

const questions: Readonly<Record<string, readonly ((options: BenchOptions) => Promise<Table>)[]>> = {
  ready: [readyAfterExec, readyInProcess],
  memory: [residentIdle, idleConnections],
  fetch: [fetchCost],
  produce: [produceCost],
}

const usage = `Usage: npm run bench -- [options]

Options:
  --quick          fewer and shorter runs, in less than a minute
  --only NAME      one question; may be repeated: ${Object.keys(questions).join(', ')}
  --json FILE      write all values of all runs to FILE
  --scratch DIR    where the logs are written (the system's temporary folder)
  --help           print this
`

const runsOfFull = 5
const runsOfQuick = 3

interface BenchArguments {
  readonly isQuick: boolean
  readonly only: readonly string[]
  readonly json: string | undefined
  readonly scratch: string
}

/** Null after --help. Throws an Error that says what is wrong. */
function readArguments(): BenchArguments | null {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      scratch: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const unknown = values.only.find(name => !Object.hasOwn(questions, name))
  if (unknown !== undefined) throw new Error(`--only takes ${Object.keys(questions).join(', ')}, not "${unknown}"`)
  return { isQuick: values.quick, only: values.only, json: values.json, scratch: values.scratch }
}

async function bench({ isQuick, only, json, scratch: parent }: BenchArguments): Promise<void> {
  const scratch = mkdtempSync(join(parent, 'gregor-bench-'))
  const startedMs = performance.now()
  const where = machine()
  print(`${where.cores} cores (${where.processor}), ${where.memoryGibibytes} GiB, ${where.system}, Node ${where.node}`)
  print(`load of the last minute before the start: ${loadAverage().toFixed(2)}\n`)
  try {
    const tables: Table[] = []
    for (const [name, parts] of Object.entries(questions)) {
      if (only.length > 0 && !only.includes(name)) continue
      for (const part of parts) {
        const table = await part({ isQuick, runs: isQuick ? runsOfQuick : runsOfFull, scratch, progress })
        progress('')
        print(tableText(table))
        tables.push(table)
      }
    }
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    print(`1 GB is 10⁹ bytes of record batches. Took ${seconds} s.`)
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: where, isQuick, seconds, tables }, null, 2)}\n`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** One line that is written over, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function exitWithUsage(error: unknown): never {
  process.stderr.write(`bench: ${(error as Error).message}\n\n${usage}`)
  process.exit(2)
}

let args: BenchArguments | null
try {
  args = readArguments()
} catch (error) {
  exitWithUsage(error)
}
if (args === null) print(usage)
else await bench(args)

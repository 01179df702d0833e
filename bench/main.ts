// The bench: prints what Gregor costs on this machine beside what the machine itself can do, and beside other brokers under
// the same load. Nothing is asserted of the figures; one that is too large is for a person to see. It fails when something
// could not be measured, and when a log that is checked is not what was sent.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '../compat-tests/lib/paths.js'
import { fetchCost } from './fetch-cost.js'
import { latency } from './latency.js'
import { type Chart, charts } from './lib/charts.js'
import type { Comparison } from './lib/comparison.js'
import { comparisonText } from './lib/comparison-text.js'
import type { BenchOptions, Table } from './lib/figure.js'
import type { CompareOptions } from './lib/fleet.js'
import { loadAverage, machine } from './lib/machine.js'
import { tableText } from './lib/report.js'
import { loopDelay } from './loop-delay.js'
import { idleConnections, residentIdle } from './memory.js'
import { peersNamed } from './peers/all.js'
import { prepareAll } from './peers/peer.js'
import { produceCost } from './produce-cost.js'
import { readyAfterExec, readyInProcess } from './ready.js'
import { restart } from './restart.js'
import { tools } from './tools.js'
import { wire } from './wire.js'

/** About Gregor and the machine alone. */
const ownQuestions: Readonly<Record<string, readonly ((options: BenchOptions) => Promise<Table>)[]>> = {
  ready: [readyAfterExec, readyInProcess],
  memory: [residentIdle, idleConnections],
  fetch: [fetchCost],
  produce: [produceCost],
}

/** Peer beside peer; each answer is shown as soon as it is there. */
type CompareQuestion = (options: CompareOptions, report: (comparison: Comparison) => void) => Promise<Comparison[]>
const compareQuestions: Readonly<Record<string, CompareQuestion>> = { loop: loopDelay, wire, latency, restart, tools }

const questionNames = [...Object.keys(ownQuestions), ...Object.keys(compareQuestions)]
const defaultPeers = 'gregor,kafka,kfake'

const usage = `Usage: npm run bench -- [options]

Options:
  --quick          fewer and shorter runs, in less than three minutes; checks every log as --verify does
  --only NAME      one question; may be repeated: ${questionNames.join(', ')}
  --peers LIST     what Gregor is compared with (${defaultPeers}); also there: mock. One that is named must be able to run
  --verify         read back every log that a load leaves behind and account for every batch in it
  --json FILE      write all values of all runs to FILE
  --charts DIR     write charts and what they show to DIR
  --scratch DIR    where the logs are written (the system's temporary folder)
  --help           print this
`

const runsOfFull = 5
const runsOfQuick = 3
/** Most of a run's time goes to several brokers in turns. */
const compareRunsOfQuick = 1

interface BenchArguments {
  readonly isQuick: boolean
  readonly isVerified: boolean
  readonly only: readonly string[]
  /** Null takes the usual ones, as far as this machine can run them. */
  readonly peers: readonly string[] | null
  readonly json: string | undefined
  readonly charts: string | undefined
  readonly scratch: string
}

/** Null after --help. Throws an Error that says what is wrong. */
function readArguments(): BenchArguments | null {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      peers: { type: 'string' },
      verify: { type: 'boolean', default: false },
      json: { type: 'string' },
      charts: { type: 'string' },
      scratch: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const only = values.only.flatMap(names => names.split(','))
  const unknown = only.find(name => !questionNames.includes(name))
  if (unknown !== undefined) throw new Error(`--only takes ${questionNames.join(', ')}, not "${unknown}"`)
  const peers = values.peers === undefined ? null : values.peers.split(',').filter(name => name !== '')
  if (peers !== null) peersNamed(peers)
  const { quick: isQuick, json, charts: chartFolder, scratch } = values
  return { isQuick, isVerified: isQuick || values.verify, only, peers, json, charts: chartFolder, scratch }
}

async function bench(args: BenchArguments): Promise<void> {
  const { isQuick, isVerified, only } = args
  const isAsked = (name: string) => only.length === 0 || only.includes(name)
  const startedMs = performance.now()
  const where = machine()
  print(`${where.cores} cores (${where.processor}), ${where.memoryGibibytes} GiB, ${where.system}, Node ${where.node}`)
  print(`load of the last minute before the start: ${loadAverage().toFixed(2)}`)
  const { present, absent } = await preparedPeers(args, Object.keys(compareQuestions).some(isAsked))
  print('')

  const scratch = mkdtempSync(join(args.scratch, 'gregor-bench-'))
  try {
    const tables: Table[] = []
    for (const [name, parts] of Object.entries(ownQuestions)) {
      if (!isAsked(name)) continue
      for (const part of parts) {
        const table = await part({ isQuick, runs: isQuick ? runsOfQuick : runsOfFull, scratch, progress })
        progress('')
        print(tableText(table))
        tables.push(table)
      }
    }
    const comparisons: Comparison[] = []
    const runs = isQuick ? compareRunsOfQuick : runsOfFull
    const options: CompareOptions = { isQuick, runs, scratch, isVerified, present, absent, progress }
    const report = (comparison: Comparison) => {
      progress('')
      print(comparisonText(comparison))
    }
    for (const [name, question] of Object.entries(compareQuestions)) {
      if (isAsked(name)) comparisons.push(...(await question(options, report)))
    }
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    print(`1 GB is 10⁹ bytes of record batches. Took ${seconds} s.`)
    const versions = present.map(({ version }) => version)
    const settings = { machine: where, versions, isQuick, isVerified, seconds, loadAverage: loadAverage() }
    if (args.json !== undefined) writeFileSync(args.json, jsonText({ ...settings, tables, comparisons }))
    if (args.charts !== undefined) writeCharts(args.charts, charts(comparisons, { machine: where, versions }))
  } finally {
    progress('')
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Says who takes part. Exits with 2 when a peer that was named cannot. */
async function preparedPeers({ peers, scratch }: BenchArguments, isNeeded: boolean) {
  if (!isNeeded) return { present: [], absent: [] }
  mkdirSync(scratch, { recursive: true })
  progress('preparing the peers')
  const prepared = await prepareAll(peersNamed(peers ?? defaultPeers.split(',')))
  progress('')
  for (const { version } of prepared.present) print(`peer: ${version}`)
  for (const { peer, notRun } of prepared.absent) print(`peer: ${peer.id} does not run here: ${notRun}`)
  const [missing] = prepared.absent
  if (peers !== null && missing !== undefined) {
    exitWithUsage(new Error(`--peers names ${missing.peer.id}, which does not run here: ${missing.notRun}`))
  }
  return prepared
}

function jsonText(results: object): string {
  return `${JSON.stringify(results, null, 2)}\n`
}

function writeCharts(folder: string, all: readonly Chart[]): void {
  mkdirSync(folder, { recursive: true })
  for (const { file, text } of all) writeFileSync(join(repositoryRoot, folder, file), text)
  print(`${all.length} files in ${folder}`)
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

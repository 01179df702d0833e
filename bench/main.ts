// The bench: prints what Gregor costs on this machine beside what the machine itself can do, and beside other brokers under
// the same load. Nothing is asserted of the figures; one that is too large is for a person to see. It fails when something
// could not be measured, and when a log that is checked is not what was sent.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '../compat-tests/lib/paths.js'
import { codecCost } from './codec-cost.js'
import { fairness } from './fairness.js'
import { fetchCost } from './fetch-cost.js'
import { groups } from './groups.js'
import { http } from './http.js'
import { latency } from './latency.js'
import { type Chart, charts } from './lib/charts.js'
import type { Comparison } from './lib/comparison.js'
import { comparisonText } from './lib/comparison-text.js'
import type { BenchOptions, Table } from './lib/figure.js'
import { type CompareOptions, type Fleet, withFleet } from './lib/fleet.js'
import { tidyUpWhenInterrupted } from './lib/interrupted.js'
import { loadAverage, machine } from './lib/machine.js'
import { tableText } from './lib/report.js'
import { logSize } from './log-size.js'
import { logins } from './logins.js'
import { loopDelay } from './loop-delay.js'
import { idleConnections, residentIdle } from './memory.js'
import { peersNamed } from './peers/all.js'
import { gregor, gregorBuiltIn } from './peers/gregor.js'
import { prepareAll } from './peers/peer.js'
import { produceCost } from './produce-cost.js'
import { readyAfterExec, readyInProcess } from './ready.js'
import { restart } from './restart.js'
import { tlsCost } from './tls.js'
import { tools } from './tools.js'
import { transactions } from './transactions.js'
import { wire } from './wire.js'

/** About Gregor and the machine alone. */
const ownQuestions: Readonly<Record<string, readonly ((options: BenchOptions) => Promise<Table | readonly Table[]>)[]>> = {
  ready: [readyAfterExec, readyInProcess],
  memory: [residentIdle, idleConnections],
  fetch: [fetchCost],
  produce: [produceCost],
  codecs: [codecCost],
  tls: [tlsCost],
  logins: [logins],
}

/** Peer beside peer; each answer is shown as soon as it is there. */
type Report = (comparison: Comparison) => void
/** Start their brokers themselves. */
const processQuestions: Readonly<Record<string, (options: CompareOptions, report: Report) => Promise<void>>> = {
  loop: loopDelay,
  fairness,
  http,
  size: logSize,
  restart,
  groups,
}
/** Are about brokers that run and are warm. */
const fleetQuestions: Readonly<Record<string, (options: CompareOptions, report: Report, fleet: Fleet) => Promise<void>>> = {
  wire,
  latency,
  transactions,
  tools,
}

const compareQuestions = [...Object.keys(processQuestions), ...Object.keys(fleetQuestions)]
const questionNames = [...Object.keys(ownQuestions), ...compareQuestions]
const defaultPeers = 'gregor,kafka,kfake'

const usage = `Usage: npm run bench -- [options]

Options:
  --quick          fewer and shorter runs, in three minutes; checks every log as --verify does
  --only NAME      one question; may be repeated: ${questionNames.join(', ')}
  --load TEXT      of wire, latency, fairness, http, transactions and tools only the loads whose title holds TEXT
  --peers LIST     what Gregor is compared with (${defaultPeers}); also there: mock. One that is named must be able to run
  --before DIR     compares with the Gregor that was built in DIR, such as the one before a change, and with no other peer
  --verify         read back every log that a load leaves behind and account for every batch in it
  --runs N         measured runs of each load after one warm-up (5, quick 2; beside peers 5, quick 1)
  --json FILE      write all values of all runs to FILE
  --charts DIR     write charts and what they show to DIR; a whole run writes to docs/performance
  --scratch DIR    where the logs are written (the system's temporary folder)
  --help           print this
`

/** Unless asked for: each tool starts a Java of its own for each broker, and recovering large logs takes its time. */
const notInQuick = new Set(['tools', 'size', 'tls', 'logins', 'fairness', 'http', 'groups'])
const runsOfFull = 5
const runsOfQuick = 2
/** Most of a run's time goes to several brokers in turns. */
const compareRunsOfQuick = 1

interface BenchArguments {
  readonly isQuick: boolean
  readonly isVerified: boolean
  readonly only: readonly string[]
  /** A part of the titles of loads; empty is a part of all. */
  readonly load: string
  /** Null takes the usual ones, as far as this machine can run them. */
  readonly peers: readonly string[] | null
  readonly before: string | undefined
  readonly runs: number | null
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
      load: { type: 'string', default: '' },
      peers: { type: 'string' },
      before: { type: 'string' },
      verify: { type: 'boolean', default: false },
      runs: { type: 'string' },
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
  const { quick: isQuick, before, json, charts: chartFolder, scratch } = values
  if (peers !== null && before !== undefined) throw new Error('--before takes the place of --peers')
  const runs = values.runs === undefined ? null : Number(values.runs)
  if (runs !== null && !(Number.isInteger(runs) && runs > 0)) throw new Error(`--runs takes a number, not "${values.runs}"`)
  const { load } = values
  const isWhole = !isQuick && only.length === 0 && load === '' && peers === null && before === undefined
  const charts = chartFolder ?? (isWhole ? join(repositoryRoot, 'docs', 'performance') : undefined)
  return { isQuick, isVerified: isQuick || values.verify, only, load, peers, before, runs, json, charts, scratch }
}

async function bench(args: BenchArguments): Promise<void> {
  const { isQuick, isVerified, only } = args
  const isAsked = (name: string) => (only.length === 0 ? !isQuick || !notInQuick.has(name) : only.includes(name))
  const startedMs = performance.now()
  const where = machine()
  print(`${where.cores} cores (${where.processor}), ${where.memoryGibibytes} GiB, ${where.system}, Node ${where.node}`)
  print(`load of the last minute before the start: ${loadAverage().toFixed(2)}`)
  const { present, absent } = await preparedPeers(args, compareQuestions.some(isAsked))
  print('')

  const scratch = mkdtempSync(join(args.scratch, 'gregor-bench-'))
  tidyUpWhenInterrupted(scratch)
  const tables: Table[] = []
  const comparisons: Comparison[] = []
  const secondsOf: Record<string, number> = {}
  /** Questions that were not asked take no time and no part. */
  const asking = async (name: string, answer: () => Promise<void>) => {
    if (!isAsked(name)) return
    const askedMs = performance.now()
    await answer()
    secondsOf[name] = Math.round((performance.now() - askedMs) / 1000)
  }
  try {
    for (const [name, parts] of Object.entries(ownQuestions)) {
      await asking(name, async () => {
        for (const part of parts) {
          const runs = args.runs ?? (isQuick ? runsOfQuick : runsOfFull)
          const answered = [await part({ isQuick, runs, scratch, progress })].flat()
          progress('')
          for (const table of answered) print(tableText(table))
          tables.push(...answered)
        }
      })
    }
    const runs = args.runs ?? (isQuick ? compareRunsOfQuick : runsOfFull)
    const options: CompareOptions = { isQuick, runs, load: args.load, scratch, isVerified, present, absent, progress }
    const report = (comparison: Comparison) => {
      progress('')
      print(comparisonText(comparison))
      comparisons.push(comparison)
    }
    for (const [name, question] of Object.entries(processQuestions)) await asking(name, () => question(options, report))
    if (Object.keys(fleetQuestions).some(isAsked)) {
      await withFleet(options, async fleet => {
        for (const [name, question] of Object.entries(fleetQuestions)) await asking(name, () => question(options, report, fleet))
      })
    }
  } finally {
    progress('')
    rmSync(scratch, { recursive: true, force: true })
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  if (isQuick) print('A quick run: few and short runs of brokers that are hardly warm. The figures are rough.')
  print(`1 GB is 10⁹ bytes of record batches. Took ${seconds} s: ${timesText(secondsOf)}.`)
  const versions = present.map(({ version }) => version)
  const settings = { machine: where, versions, isQuick, isVerified, seconds, secondsOf, loadAverage: loadAverage() }
  if (args.json !== undefined) writeFileSync(args.json, jsonText({ ...settings, tables, comparisons }))
  if (args.charts !== undefined) writeCharts(args.charts, charts(comparisons, { machine: where, versions }))
}

function timesText(secondsOf: Readonly<Record<string, number>>): string {
  return Object.entries(secondsOf)
    .map(([name, seconds]) => `${name} ${seconds}`)
    .join(', ')
}

/** Says who takes part. Exits with 2 when a peer that was named cannot. */
async function preparedPeers({ peers, before, scratch }: BenchArguments, isNeeded: boolean) {
  if (!isNeeded) return { present: [], absent: [] }
  mkdirSync(scratch, { recursive: true })
  progress('preparing the peers')
  const asked = before === undefined ? peersNamed(peers ?? defaultPeers.split(',')) : [gregor, gregorBuiltIn(resolve(before))]
  const prepared = await prepareAll(asked)
  progress('')
  for (const { version } of prepared.present) print(`peer: ${version}`)
  for (const { peer, notRun } of prepared.absent) print(`peer: ${peer.id} does not run here: ${notRun}`)
  const [missing] = prepared.absent
  if ((peers !== null || before !== undefined) && missing !== undefined) {
    exitWithUsage(new Error(`${missing.peer.id} was asked for and does not run here: ${missing.notRun}`))
  }
  return prepared
}

function jsonText(results: object): string {
  return `${JSON.stringify(results, null, 2)}\n`
}

function writeCharts(folder: string, all: readonly Chart[]): void {
  mkdirSync(folder, { recursive: true })
  for (const { file, text } of all) writeFileSync(join(folder, file), text)
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

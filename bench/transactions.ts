// What transactions cost, peer beside peer: of one, a hundred and ten thousand records, how many there are in a second, the
// broker's processor time for one, and how long a commit takes; with writing left to the system, as Kafka's defaults have it,
// and with Gregor on stable storage. Then what those pay who have none, in a partition where others do.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Comparison, Figure, Target } from './lib/comparison.js'
import { CpuWatch } from './lib/cpu-watch.js'
import { type CompareOptions, type Contender, compare, type Fleet, newFolder } from './lib/fleet.js'
import { quiet } from './lib/proc.js'
import { makeBatch, recordsIn } from './load/batches.js'
import { FetchLoad, fetchFrame } from './load/fetch-load.js'
import { Histogram } from './load/histogram.js'
import { frameFor, nextTopicName, ProduceLoad } from './load/produce-load.js'
import { endOffsetsOf, makeTopic, removeTopic, type Topic } from './load/requests.js'
import { reasonAgainst, TransactionalProducer } from './load/transactional-producer.js'
import { gregor } from './peers/gregor.js'
import type { RunningPeer } from './peers/peer.js'

const figures: readonly Figure[] = [
  { key: 'transactionsPerSecond', unit: 'txn/s', isLowerBetter: false },
  { key: 'recordsPerSecond', unit: 'records/s', isLowerBetter: false },
  { key: 'cpuPerTransaction', unit: 'CPU ms/txn', isLowerBetter: true, isHeadline: true },
  { key: 'commitP50', unit: 'commit p50 ms', isLowerBetter: true },
  { key: 'commitP99', unit: 'commit p99 ms', isLowerBetter: true, isHeadline: true },
]
const targets: readonly Target[] = [
  { figure: 'cpuPerTransaction', to: 'kafka', atMost: 0.5 },
  { figure: 'commitP99', to: 'kafka', atMost: 1 },
]
const bystanderFigures: readonly Figure[] = [
  { key: 'megabytesPerSecond', unit: 'MB/s', isLowerBetter: false },
  { key: 'cpuPerGigabyte', unit: 'CPU s/GB', isLowerBetter: true, isHeadline: true },
]
/** Nothing, within what two runs differ by. */
const bystanderTargets: readonly Target[] = [{ figure: 'cpuPerGigabyte', to: 'limit', atMost: 1.05 }]

const valueBytes = 1000
const warmUpSeconds = 0.3
const seconds = { full: 4, quick: 0.7 }
const quietChecksMax = 20

interface Cell {
  readonly title: string
  readonly records: number
  readonly producers: number
  readonly isInQuick: boolean
}
const cells: readonly Cell[] = [
  { title: '1 record each', records: 1, producers: 1, isInQuick: true },
  { title: '100 records each', records: 100, producers: 1, isInQuick: false },
  { title: '10,000 records each', records: 10_000, producers: 1, isInQuick: false },
  { title: '1 record each, 10 producers', records: 1, producers: 10, isInQuick: false },
]

type Report = (comparison: Comparison) => void

export async function transactions(options: CompareOptions, report: Report, fleet: Fleet): Promise<void> {
  const reasons = fleet.running.map(peer => ({ peer, reason: reasonAgainst(peer) }))
  const running = reasons.filter(({ reason }) => reason === null).map(({ peer }) => peer)
  const absent = [
    ...fleet.absent,
    ...reasons.flatMap(({ peer, reason }) => (reason === null ? [] : [{ name: peer.name, notRun: reason }])),
  ]
  const own = running.find(({ peer }) => peer === gregor)
  const stable =
    own === undefined ? null : await gregor.start({ directory: newFolder(options.scratch, 'gregor'), durability: 'fsync' })
  try {
    for (const cell of cells.filter(({ isInQuick }) => isInQuick || !options.isQuick)) {
      for (const isStable of [false, true]) {
        const title = `transactions: ${cell.title}${isStable ? ', Gregor with fdatasync' : ''}`
        if (!title.includes(options.load)) continue
        const contenders: Contender[] = running.map(peer => ({
          name: peer.name,
          isLimit: false,
          run: () => costOf(isStable && peer === own ? stable! : peer, cell, options),
        }))
        const id = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
        const entries = [...(await compare(title, contenders, options)), ...absent]
        report({ id, question: 'transactions', title, figures, entries, targets })
      }
    }
    if (own !== undefined) await bystanders(own, options, report)
  } finally {
    await stable?.stop()
  }
}

async function costOf(peer: RunningPeer, { records, producers }: Cell, options: CompareOptions): Promise<Record<string, number>> {
  const topic = await makeTopic(peer, nextTopicName(), 1)
  const open: TransactionalProducer[] = []
  try {
    for (let n = 0; n < producers; n++) {
      open.push(await TransactionalProducer.open(peer, topic, `${topic.name}-${n}`, records, valueBytes))
    }
    const together = async (length: number, commits: Histogram) => {
      const untilMs = performance.now() + length * 1000
      const done = await Promise.all(open.map(producer => producer.run(untilMs, commits)))
      return done.reduce((sum, count) => sum + count, 0)
    }
    const warm = await together(warmUpSeconds, new Histogram())
    await quiet(peer.pid, quietChecksMax)
    const commits = new Histogram()
    const watch = new CpuWatch(peer.pid)
    const startMs = performance.now()
    const count = await together(options.isQuick ? seconds.quick : seconds.full, commits)
    const elapsedSeconds = (performance.now() - startMs) / 1000
    const cpuSeconds = watch.seconds()
    await expectEnd(peer, topic, (warm + count) * (records + 1))
    return {
      transactionsPerSecond: count / elapsedSeconds,
      recordsPerSecond: (count * records) / elapsedSeconds,
      cpuPerTransaction: (cpuSeconds / count) * 1000,
      commitP50: commits.percentileMs(0.5),
      commitP99: commits.percentileMs(0.99),
    }
  } finally {
    for (const producer of open) producer.close()
    await removeTopic(peer, topic)
  }
}

const endChecksMax = 500
const endCheckMs = 10

/** Every record and every marker, and nothing else; the last markers may come after their answer. */
async function expectEnd(peer: RunningPeer, topic: Topic, expected: number): Promise<void> {
  let end: number | null | undefined = null
  for (let check = 0; check < endChecksMax; check++) {
    ;[end] = await endOffsetsOf(peer, topic)
    if (end === expected) return
    await sleep(endCheckMs)
  }
  throw new Error(`the log ends at ${end} where records and markers make ${expected}`)
}

/** Enough for an index of aborted transactions that a search would feel. */
const abortedBefore = { full: 2000, quick: 100 }

/** Gregor alone: a partition that knows no transactions is the limit for the others. */
async function bystanders(peer: RunningPeer, options: CompareOptions, report: Report): Promise<void> {
  const kinds = [
    { name: 'gregor, in a partition without transactions', isLimit: true, aborted: 0, isOpen: false },
    { name: 'gregor, after aborted transactions', isLimit: false, aborted: 1, isOpen: false },
    { name: 'gregor, beside an open transaction', isLimit: false, aborted: 0, isOpen: true },
  ]
  for (const work of ['produce', 'consume'] as const) {
    const title = `bystanders of transactions: ${work}, 1 KB`
    if (!title.includes(options.load)) continue
    const contenders: Contender[] = kinds.map(({ name, isLimit, aborted, isOpen }) => ({
      name,
      isLimit,
      run: () => besides(peer, work, aborted * (options.isQuick ? abortedBefore.quick : abortedBefore.full), isOpen, options),
    }))
    const entries = await compare(title, contenders, options)
    const id = `transactions-bystanders-${work}`
    report({ id, question: 'transactions', title, figures: bystanderFigures, entries, targets: bystanderTargets })
  }
}

const bystanderBytes = { full: 1e9, quick: 0.1e9 }
const bystanderWarmUp = { bytes: 0.02e9, seconds: 0.3 }

async function besides(
  peer: RunningPeer,
  work: 'produce' | 'consume',
  aborted: number,
  isOpen: boolean,
  options: CompareOptions,
): Promise<Record<string, number>> {
  const topic = await makeTopic(peer, nextTopicName(), 1)
  const batch = makeBatch(valueBytes)
  const until = { bytes: options.isQuick ? bystanderBytes.quick : bystanderBytes.full }
  const shape = { batch, partitions: 1, acks: 1, connections: 1, inFlight: 5 }
  const transactional = await TransactionalProducer.open(peer, topic, topic.name, 1, valueBytes)
  const load = await ProduceLoad.open(peer.port, await frameFor(peer, topic, 1, batch), shape, false)
  try {
    for (let n = 0; n < aborted; n++) {
      await transactional.begin()
      await transactional.end(false)
    }
    if (isOpen) await transactional.begin()
    await load.run(bystanderWarmUp)
    if (work === 'produce') return await measured(peer, () => load.run(until))
    await load.run(until)
    return await consumed(peer, topic, recordsIn(batch), until.bytes)
  } finally {
    load.close()
    if (isOpen) await transactional.end(false)
    transactional.close()
    await removeTopic(peer, topic)
  }
}

async function consumed(
  peer: RunningPeer,
  topic: Topic,
  recordsPerBatch: number,
  bytes: number,
): Promise<Record<string, number>> {
  const shape = { topic, connections: 1, endOffset: null, recordsPerBatch }
  const load = await FetchLoad.open(peer.port, fetchFrame(peer, shape), shape)
  try {
    return await measured(peer, () => load.run({ bytes: bytes * 0.9 }))
  } finally {
    load.close()
  }
}

async function measured(
  peer: RunningPeer,
  load: () => Promise<{ readonly bytes: number; readonly seconds: number }>,
): Promise<Record<string, number>> {
  await quiet(peer.pid, quietChecksMax)
  const watch = new CpuWatch(peer.pid)
  const { bytes, seconds: elapsed } = await load()
  return { megabytesPerSecond: bytes / 1e6 / elapsed, cpuPerGigabyte: (watch.seconds() / bytes) * 1e9 }
}

// Throughput and its price, peer beside peer: the wire-level generator produces and consumes as fast as the broker answers,
// and the figures are megabytes and requests per second and the broker's processor time for a gigabyte and for a million
// requests. The generator looks at next to nothing, so what is measured is the broker.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { type Comparison, entryOf, type Figure, type MeasuredEntry } from './lib/comparison.js'
import { CpuWatch } from './lib/cpu-watch.js'
import { type CompareOptions, type Contender, compare, type Fleet, newFolder } from './lib/fleet.js'
import { holdMemory } from './lib/hold-memory.js'
import { quiet } from './lib/proc.js'
import { spreadOf } from './lib/statistics.js'
import type { Subject } from './lib/subject.js'
import { makeBatch, recordsIn } from './load/batches.js'
import { checkLog } from './load/check-log.js'
import { FetchLoad, type FetchShape, fetchFrame } from './load/fetch-load.js'
import { followed } from './load/followed.js'
import { type Done, frameFor, nextTopicName, ProduceLoad, type ProduceShape, type Until } from './load/produce-load.js'
import { makeTopic, removeTopic, type Topic, untilLogHolds } from './load/requests.js'
import { gregor } from './peers/gregor.js'
import type { RunningPeer } from './peers/peer.js'
import { inFlightOf, type WireCell, wireCells } from './wire-cells.js'
import { fetchLimit, produceLimit } from './wire-limits.js'

const figures: readonly Figure[] = [
  { key: 'megabytesPerSecond', unit: 'MB/s', isLowerBetter: false, isHeadline: true },
  { key: 'requestsPerSecond', unit: 'req/s', isLowerBetter: false },
  { key: 'cpuPerGigabyte', unit: 'CPU s/GB', isLowerBetter: true, isHeadline: true },
  { key: 'cpuPerMillion', unit: 'CPU s/M req', isLowerBetter: true },
]
/** Where a request is small, the bytes say nothing. */
const figuresOfSmall: readonly Figure[] = [
  { key: 'requestsPerSecond', unit: 'req/s', isLowerBetter: false, isHeadline: true },
  { key: 'cpuPerMillion', unit: 'CPU s/M req', isLowerBetter: true, isHeadline: true },
]

const gigabyte = 1e9
const fullRun: Until = { bytes: 1e9, seconds: 2 }
const quickRun: Until = { bytes: 0.2e9, seconds: 0.7 }
const logBytesOfFull = 0.5e9
const logBytesOfQuick = 0.15e9
const warmUp: Until = { bytes: 0.02e9, seconds: 0.3 }
/** Until each partition has had its first batches, for which a broker makes files. */
const warmUpBatchesPerPartition = 2
const warmUpSecondsMax = 30
/** A stock consumer's answers hold this many of our batches, and the limit's always do. */
const batchesPerAnswer = 16
const quietChecksMax = 20
/** The logs of several peers, and the heaps of those that keep them there. */
const heldBytes = 8e9

export async function wire(options: CompareOptions, report: (comparison: Comparison) => void, fleet: Fleet): Promise<void> {
  const releaseMemory = await holdMemory(options.scratch, options.isQuick ? undefined : heldBytes)
  const bench = new WireBench(options, fleet)
  try {
    const comparisons: Comparison[] = []
    for (const cell of wireCells.filter(
      ({ isInQuick, title }) => (isInQuick || !options.isQuick) && title.includes(options.load),
    )) {
      const comparison = await bench.measure(cell)
      report(comparison)
      comparisons.push(comparison)
    }
    const growth = growthOf(comparisons)
    if (growth !== null) report(growth)
  } finally {
    await bench.end()
    await releaseMemory()
  }
}

/** A log that was filled to be read, and what was read from it so far. */
interface FilledLog {
  readonly key: string
  readonly topic: Topic
  readonly shape: FetchShape
}

class WireBench {
  readonly #options: CompareOptions
  readonly #fleet: Fleet
  readonly #logs = new Map<RunningPeer, FilledLog>()
  #recordsChecked = 0

  constructor(options: CompareOptions, fleet: Fleet) {
    this.#options = options
    this.#fleet = fleet
  }

  /** Leaves nothing behind in the peers, which have other work to do. */
  async end(): Promise<void> {
    for (const [peer, { topic }] of this.#logs) await removeTopic(peer, topic)
  }

  async measure(cell: WireCell): Promise<Comparison> {
    this.#recordsChecked = 0
    const cleanUps: (() => Promise<unknown>)[] = []
    try {
      const contenders: Contender[] = []
      const absent = [...this.#fleet.absent]
      for (const peer of this.#fleet.running) {
        const reason = reasonAgainst(cell, peer)
        if (reason !== null) absent.push({ name: peer.name, notRun: reason })
        else contenders.push(await this.#contender(cell, peer, cleanUps))
      }
      const limit = await this.#limit(cell, cleanUps)
      if (limit !== null && 'notRun' in limit) absent.push(limit)
      else if (limit !== null) contenders.push(limit)
      const entries = await compare(cell.title, contenders, this.#options)
      return {
        id: cell.id,
        question: 'wire',
        title: cell.title,
        figures: cell.records === undefined ? figures : figuresOfSmall,
        entries: [...entries, ...absent],
        targets: cell.targets,
        ...(this.#recordsChecked > 0 && { recordsChecked: this.#recordsChecked }),
      }
    } finally {
      for (const cleanUp of cleanUps) await cleanUp()
    }
  }

  async #contender(cell: WireCell, peer: RunningPeer, cleanUps: (() => Promise<unknown>)[]): Promise<Contender> {
    const contender = { name: peer.name, isLimit: false }
    switch (cell.kind) {
      case 'produce':
        return { ...contender, run: () => this.#produce(cell, peer) }
      case 'stable': {
        if (peer.peer !== gregor) return { ...contender, run: () => this.#produce(cell, peer) }
        const onDisk = await gregor.start({ directory: newFolder(this.#options.scratch, 'gregor'), durability: 'fsync' })
        cleanUps.push(onDisk.stop)
        return { ...contender, run: () => this.#produce(cell, onDisk) }
      }
      case 'consume':
      case 'cold':
        return { ...contender, run: async () => this.#consume(cell, peer, peer, (await this.#filled(cell, peer)).shape) }
      case 'both':
        return { ...contender, run: () => this.#both(cell, peer) }
    }
  }

  async #limit(cell: WireCell, cleanUps: (() => Promise<unknown>)[]) {
    const [first] = this.#fleet.running
    if (cell.kind === 'both' || first === undefined) return null
    const { scratch } = this.#options
    if (cell.kind === 'consume' || cell.kind === 'cold') {
      const { topic, shape } = await this.#filled(baseLogOf(cell), first)
      const limit = await fetchLimit(first, topic, shape, batchOf(baseLogOf(cell)), scratch)
      if ('notRun' in limit) return limit
      cleanUps.push(limit.stop)
      const limited = { ...shape, connections: 1 }
      return { name: limit.name, isLimit: true, run: () => this.#consume(cell, first, limit, limited) }
    }
    const limit = await produceLimit(first, cell, batchOf(cell), scratch)
    if ('notRun' in limit) return limit
    cleanUps.push(limit.stop)
    const run = async () => {
      const load = await ProduceLoad.open(limit.port, limit.frame, limit.shape, false)
      try {
        await load.run(warmUp)
        return await this.#measured(limit, () => load.run(this.#until))
      } finally {
        load.close()
      }
    }
    return { name: limit.name, isLimit: true, run }
  }

  get #until(): Until {
    return this.#options.isQuick ? quickRun : fullRun
  }

  /** To a topic of its own, which is checked when asked for and then removed. */
  async #produce(cell: WireCell, peer: RunningPeer) {
    const batch = batchOf(cell)
    const topic = await makeTopic(peer, nextTopicName(), cell.partitions)
    const shape = produceShapeOf(cell, batch)
    const frame = await frameFor(peer, topic, cell.acks, batch)
    const load = await ProduceLoad.open(peer.port, frame, shape, this.#options.isVerified && cell.acks !== 0)
    try {
      const warm = await load.run(warmUpOf(cell, batch))
      if (cell.acks === 0) await untilLogHolds(peer, topic, warm.records)
      const values = await this.#measured(peer, async () => {
        const startMs = performance.now()
        const done = await load.run(this.#until)
        if (cell.acks !== 0) return done
        await untilLogHolds(peer, topic, warm.records + done.records)
        return { ...done, seconds: (performance.now() - startMs) / 1000 }
      })
      if (this.#options.isVerified && isReadable(peer)) {
        const sent = { batch, requests: load.requests, acknowledged: load.acknowledged }
        this.#recordsChecked += await checkLog(peer, topic, sent)
      }
      return values
    } finally {
      load.close()
      await removeTopic(peer, topic)
    }
  }

  /** `subject` answers: the peer itself, or a limit that pretends to be it. */
  async #consume(cell: WireCell, peer: RunningPeer, subject: Subject, shape: FetchShape) {
    const load = await FetchLoad.open(subject.port, fetchFrame(peer, shape), shape)
    try {
      if (cell.kind === 'cold') dropCaches()
      else await load.run(warmUp)
      // Cold it is only once.
      const until = cell.kind === 'cold' ? { bytes: this.#logBytes * 0.95 } : this.#until
      return await this.#measured(subject, () => load.run(until))
    } finally {
      load.close()
    }
  }

  async #both(cell: WireCell, peer: RunningPeer) {
    const batch = batchOf(cell)
    const topic = await makeTopic(peer, nextTopicName(), cell.partitions)
    const frame = await frameFor(peer, topic, cell.acks, batch)
    const producer = await ProduceLoad.open(peer.port, frame, produceShapeOf(cell, batch), this.#options.isVerified)
    const shape = { topic, connections: cell.connections, endOffset: null, recordsPerBatch: recordsIn(batch) }
    const consumer = await FetchLoad.open(peer.port, fetchFrame(peer, shape), shape)
    try {
      const values = await this.#measured(peer, () => followed(producer, consumer, this.#until, cell.connections))
      if (this.#options.isVerified) {
        const sent = { batch, requests: producer.requests, acknowledged: producer.acknowledged }
        this.#recordsChecked += await checkLog(peer, topic, sent)
      }
      return values
    } finally {
      producer.close()
      consumer.close()
      await removeTopic(peer, topic)
    }
  }

  async #measured(subject: Subject, load: () => Promise<Done>): Promise<Record<string, number>> {
    await quiet(subject.pid, quietChecksMax)
    const watch = new CpuWatch(subject.pid)
    const { bytes, requests, seconds } = await load()
    const cpuSeconds = watch.seconds()
    return {
      megabytesPerSecond: bytes / 1e6 / seconds,
      requestsPerSecond: requests / seconds,
      cpuPerGigabyte: (cpuSeconds / bytes) * gigabyte,
      cpuPerMillion: (cpuSeconds / requests) * 1e6,
    }
  }

  get #logBytes(): number {
    return this.#options.isQuick ? logBytesOfQuick : logBytesOfFull
  }

  /** One log for all loads that read the same; the one before goes when another is wanted. */
  async #filled(cell: WireCell, peer: RunningPeer): Promise<FilledLog> {
    const key = `${cell.valueBytes} B in ${cell.partitions} partitions`
    const before = this.#logs.get(peer)
    if (before?.key === key) return { ...before, shape: { ...before.shape, connections: cell.connections } }
    if (before !== undefined) await removeTopic(peer, before.topic)
    this.#options.progress(`${cell.title}: filling the log of ${peer.name}`)
    const batch = batchOf(cell)
    const answers = Math.ceil(this.#logBytes / batch.length / batchesPerAnswer / cell.partitions)
    const batches = answers * batchesPerAnswer
    const topic = await makeTopic(peer, nextTopicName(), cell.partitions)
    const frame = await frameFor(peer, topic, 1, batch)
    const load = await ProduceLoad.open(peer.port, frame, { ...produceShapeOf(cell, batch), connections: 1 }, false)
    try {
      await load.run({ bytes: batches * cell.partitions * batch.length })
    } finally {
      load.close()
    }
    const recordsPerBatch = recordsIn(batch)
    const shape = { topic, connections: cell.connections, endOffset: batches * recordsPerBatch, recordsPerBatch }
    const log = { key, topic, shape }
    this.#logs.set(peer, log)
    return log
  }
}

function warmUpOf({ partitions, connections }: WireCell, batch: Buffer): Until {
  if (partitions === 1) return warmUp
  // Every connection goes round all partitions.
  const requests = warmUpBatchesPerPartition * partitions * Math.min(connections, 2)
  return { bytes: Math.max(warmUp.bytes!, requests * batch.length), seconds: warmUpSecondsMax }
}

function batchOf({ valueBytes, codec, records }: WireCell): Buffer {
  return makeBatch(valueBytes, codec, records)
}

function produceShapeOf(cell: WireCell, batch: Buffer): ProduceShape {
  const { partitions, acks, connections } = cell
  return { batch, partitions, acks, connections, inFlight: inFlightOf(cell) }
}

/** The limit reads one partition of 1 KB records whatever the peers read: sendfile does not look into it. */
function baseLogOf(cell: WireCell): WireCell {
  return { ...cell, valueBytes: 1000, partitions: 1, connections: 1 }
}

const mockPartitionsMax = 4

function reasonAgainst(cell: WireCell, { peer }: RunningPeer): string | null {
  if (cell.kind === 'cold') {
    if (peer.isInMemory) return 'keeps nothing on a disk'
    if (!canDropCaches()) return 'only root can empty the page cache'
  }
  if (peer.id !== 'mock') return null
  if (cell.kind === 'consume' || cell.kind === 'both') return 'keeps only the last records, and serves an older Fetch'
  return cell.partitions > mockPartitionsMax ? `makes topics of ${mockPartitionsMax} partitions` : null
}

function isReadable({ peer }: RunningPeer): boolean {
  return peer.id !== 'mock'
}

const dropCachesFile = '/proc/sys/vm/drop_caches'

function canDropCaches(): boolean {
  return process.getuid?.() === 0
}

/** Only clean pages are dropped, hence the sync. */
function dropCaches(): void {
  execFileSync('sync')
  writeFileSync(dropCachesFile, '1')
}

const growthTargetMax = 1.3
const growths = [
  { key: 'producePartitions', unit: 'produce, 256 partitions', large: 'produce-1-kb-256-partitions', small: 'produce-1-kb' },
  { key: 'consumePartitions', unit: 'consume, 256 partitions', large: 'consume-1-kb-256-partitions', small: 'consume-1-kb' },
  { key: 'produceConnections', unit: 'produce, 500 connections', large: 'produce-1-kb-500-connections', small: 'produce-1-kb' },
  { key: 'consumeConnections', unit: 'consume, 500 connections', large: 'consume-1-kb-500-connections', small: 'consume-1-kb' },
] as const

/** How many times more a gigabyte costs where there is much of something; null when those loads were not run. */
function growthOf(comparisons: readonly Comparison[]): Comparison | null {
  const cpuOf = (id: string, name: string) => {
    const comparison = comparisons.find(candidate => candidate.id === id)
    const values = comparison === undefined ? undefined : entryOf(comparison, name)?.values.cpuPerGigabyte
    return values === undefined ? null : spreadOf(values).median
  }
  const names = new Set(comparisons.flatMap(({ entries }) => entries.map(({ name }) => name)))
  const entries = [...names].flatMap((name): MeasuredEntry[] => {
    const values: Record<string, number[]> = {}
    for (const { key, large, small } of growths) {
      const [of, to] = [cpuOf(large, name), cpuOf(small, name)]
      if (of !== null && to !== null) values[key] = [of / to]
    }
    return Object.keys(values).length === 0 ? [] : [{ name, isLimit: false, values }]
  })
  const peers = entries.filter(({ name }) => ['gregor', 'kafka', 'kfake', 'mock'].includes(name))
  if (peers.length === 0) return null
  return {
    id: 'growth',
    question: 'wire',
    title: 'growth: CPU s/GB as a multiple of that with one partition and one connection',
    figures: growths.map(({ key, unit }) => ({ key, unit, isLowerBetter: true })),
    entries: peers,
    targets: growths.map(({ key }) => ({ figure: key, to: 'value' as const, atMost: growthTargetMax })),
  }
}

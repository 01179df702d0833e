/**
 * What a log holds after all that was done to it, in the simplest terms: batches of records, and where the log starts and
 * ends. The rules of retention and compaction are those of Kafka's documentation, on objects, without a file, an index or a
 * hash. Not shipped.
 */
import type { LogConfig } from '../storage/log-config.js'
import type { CompactionMeans } from '../storage/partition-upkeep.js'
import type { CompactionPlan } from '../storage/rules/compaction.js'

export interface ModelRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly timestampMs: number
}

export interface ModelBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly codec: number
  readonly horizonMs: number | null
  readonly records: readonly ModelRecord[]
}

/** A `.log` file. */
export interface ModelSegment {
  readonly baseOffset: number
  readonly size: number
}

export interface ModelProducer {
  epoch: number
  nextSequence: number
  /** What it wrote last, in any epoch. */
  lastOffset: number | null
  /** What it may send again and be recognised. */
  last: { readonly baseSequence: number; readonly count: number; readonly baseOffset: number } | null
}

export interface ModelRound {
  readonly cleanedTo: number
  /** The compaction is done; answers how many records went. */
  finish(): number
}

export class LogModel {
  logStartOffset = 0
  logEndOffset = 0
  /** The least that a crash would leave of the start. */
  persistedStart = 0
  #cleanedTo: number | null = null
  readonly #appends: { readonly offset: number; readonly atMs: number }[] = []
  #restarted = { logEndOffset: 0, atMs: 0 }
  #batches: ModelBatch[] = []
  readonly #producers = new Map<number, ModelProducer>()

  producer(producerId: number): ModelProducer {
    const known = this.#producers.get(producerId) ?? { epoch: 0, nextSequence: 0, lastOffset: null, last: null }
    this.#producers.set(producerId, known)
    return known
  }

  /** What the producer starts after it was fenced. */
  nextEpoch(producerId: number): void {
    const producer = this.producer(producerId)
    producer.epoch++
    producer.nextSequence = 0
    producer.last = null
  }

  append(records: readonly ModelRecord[], producerId: number, codec: number, nowMs: number): void {
    const producer = producerId < 0 ? null : this.producer(producerId)
    const lastOffset = records.at(-1)!.offset
    this.#batches.push({
      baseOffset: records[0]!.offset,
      lastOffset,
      producerId,
      producerEpoch: producer?.epoch ?? -1,
      baseSequence: producer?.nextSequence ?? -1,
      codec,
      horizonMs: null,
      records,
    })
    this.logEndOffset = lastOffset + 1
    this.#appends.push({ offset: lastOffset, atMs: nowMs })
    if (producer === null) return
    producer.last = { baseSequence: producer.nextSequence, count: records.length, baseOffset: records[0]!.offset }
    producer.nextSequence += records.length
    producer.lastOffset = lastOffset
  }

  visibleFrom(offset: number): readonly ModelBatch[] {
    const first = this.#batches.findIndex(({ lastOffset }) => lastOffset >= offset)
    return first < 0 ? [] : this.#batches.slice(first)
  }

  raiseStart(offset: number): void {
    this.logStartOffset = Math.max(this.logStartOffset, offset)
    this.#forgetBelowStart()
  }

  #forgetBelowStart(): void {
    // A producer of which nothing is left may be forgotten by the next start: its retries prove nothing.
    for (const producer of this.#producers.values()) {
      if (producer.last !== null && producer.last.baseOffset < this.logStartOffset) producer.last = null
    }
  }

  /** What lies below the start goes with its segment, and counts for the segment's age until then. */
  forgetBelow(firstSegment: number): void {
    this.#batches = this.#batches.filter(({ lastOffset }) => lastOffset >= firstSegment)
  }

  /** `segments` are the files that there are, by base offset. */
  applyRetention(segments: readonly ModelSegment[], config: LogConfig, nowMs: number): void {
    // 1. What lies below the start counts for nothing.
    const live = segments.filter((_, n) => (segments[n + 1]?.baseOffset ?? this.logEndOffset + 1) > this.logStartOffset)
    const ends = live.map((_, n) => live[n + 1]?.baseOffset ?? this.logEndOffset)
    let gone = 0
    const canGo = (): boolean => gone < live.length && !(gone === live.length - 1 && live[gone]!.size === 0)
    if (config.deletesOld) {
      // 2. Too large?
      let total = live.reduce((sum, { size }) => sum + size, 0)
      while (config.retentionBytes >= 0 && canGo() && total - live[gone]!.size >= config.retentionBytes) {
        total -= live[gone++]!.size
      }
      // 3. Too old?
      const newest = (n: number): number => {
        const from = live[n]!.baseOffset
        const records = this.#batches.filter(({ baseOffset }) => baseOffset >= from && baseOffset < ends[n]!)
        return Math.max(...records.flatMap(one => one.records.map(({ timestampMs }) => timestampMs)))
      }
      while (config.retentionMs >= 0 && canGo()) {
        const date = newest(gone)
        if (nowMs - (Number.isFinite(date) ? date : this.#writtenMs(live[gone]!.baseOffset, ends[gone]!)) <= config.retentionMs)
          break
        gone++
      }
    }
    if (gone > 0) this.raiseStart(ends[gone - 1]!)
  }

  /** What counts for a segment in which compaction left no record: when it was last appended to, or loaded. */
  #writtenMs(start: number, end: number): number {
    const last = this.#appends.findLast(({ offset }) => offset < end)
    return Math.max(last?.atMs ?? 0, start < this.#restarted.logEndOffset ? this.#restarted.atMs : 0)
  }

  // --- compaction ---

  #firstDirty(): number {
    const known = this.#cleanedTo
    return known === null || known < this.logStartOffset || known > this.logEndOffset ? this.logStartOffset : known
  }

  /** What is wrong with a plan; null when it is one that may be carried out. */
  planProblem(plan: CompactionPlan, bases: readonly number[], config: LogConfig, nowMs: number): string | null {
    const firstDirty = this.#firstDirty()
    if (plan.firstDirty !== firstDirty) return `the dirty part begins at ${plan.firstDirty}, not ${firstDirty}`
    // Without a file the active segment begins at the end of the log.
    const isStart = bases.includes(plan.end) || plan.end === this.logEndOffset
    if (!isStart) return `${plan.end} is no start of a segment`
    if (plan.end > bases.at(-1)! && plan.end !== this.logEndOffset) return 'the active segment is not left alone'
    for (const { baseOffset, records } of this.#batches) {
      if (baseOffset < firstDirty || baseOffset >= plan.end || config.compactionLagMinMs === 0) continue
      const young = records.find(({ timestampMs }) => timestampMs > nowMs - config.compactionLagMinMs)
      if (young !== undefined) return `the record at ${young.offset} is too young`
    }
    return null
  }

  /** Fixes what a compaction that starts now will leave. Appends may go on until it is finished. */
  beginCompaction(
    { firstDirty, end }: CompactionPlan,
    segments: readonly ModelSegment[],
    means: CompactionMeans,
    nowMs: number,
    { deleteRetentionMs, segmentBytes }: LogConfig,
  ): ModelRound {
    const bases = segments.map(({ baseOffset }) => baseOffset)
    const { latest, cleanedTo } = this.#latestOffsets(firstDirty, end, means)
    const sourcesEnd = bases.find(base => base >= cleanedTo) ?? end
    const sources = segments.filter(({ baseOffset }) => baseOffset < sourcesEnd)
    const segmentEnds = new Set([...groupStarts(sources, segmentBytes), sourcesEnd])
    const lastOffsets = new Set([...this.#producers.values()].map(({ lastOffset }) => lastOffset))
    const touched = this.#batches.filter(({ baseOffset }) => baseOffset < sourcesEnd)
    let gone = 0
    const left = touched.map((batch): ModelBatch | null => {
      const isPast = batch.horizonMs !== null && batch.horizonMs <= nowMs
      const records = batch.records.filter(({ offset, key, value }) => {
        if (offset >= cleanedTo) return true
        if (key === null || (latest.get(key) ?? -1) > offset) return false
        return value !== null || !isPast
      })
      gone += batch.records.length - records.length
      const isLast = (batch.producerId >= 0 && lastOffsets.has(batch.lastOffset)) || segmentEnds.has(batch.lastOffset + 1)
      if (records.length === 0) return isLast ? { ...batch, codec: 0, horizonMs: null, records } : null
      const getsHorizon = batch.horizonMs === null && records.some(({ value }) => value === null)
      return { ...batch, horizonMs: getsHorizon ? nowMs + deleteRetentionMs : batch.horizonMs, records }
    })
    const kept = left.filter(batch => batch !== null)
    return {
      cleanedTo,
      finish: () => {
        this.#batches = [...kept, ...this.#batches.filter(({ baseOffset }) => baseOffset >= sourcesEnd)]
        this.#cleanedTo = cleanedTo
        this.#forgetBelowStart()
        return gone
      },
    }
  }

  /** The latest offset of each key, up to where the memory for keys ends. */
  #latestOffsets(firstDirty: number, end: number, { keyBytesMax, keyLoadFactor }: CompactionMeans) {
    const slots = Math.max(1, Math.min(Math.floor(keyBytesMax / 24), Math.ceil((end - firstDirty) / keyLoadFactor) + 1))
    const keysMax = Math.floor(slots * keyLoadFactor)
    const latest = new Map<string, number>()
    for (const batch of this.#batches) {
      if (batch.lastOffset < firstDirty || batch.baseOffset >= end) continue
      for (const { offset, key } of batch.records) {
        if (key === null || offset < firstDirty) continue
        // One batch may have more keys than there is memory for: the next round goes on inside it.
        if (latest.size >= keysMax) return { latest, cleanedTo: offset }
        latest.set(key, offset)
      }
    }
    return { latest, cleanedTo: end }
  }

  /**
   * What is wrong with a log that a crash left in the middle of the last compaction: every batch is as it was before, or as it
   * is now; null when all is well.
   */
  crashProblem(found: readonly ModelBatch[], before: readonly ModelBatch[]): string | null {
    const known = new Set([...before, ...this.#batches].map(batch => JSON.stringify(batch)))
    for (const batch of found) {
      if (!known.has(JSON.stringify(batch))) return `a batch was never there: ${JSON.stringify(batch)}`
    }
    const values = new Map(found.flatMap(({ records }) => records.map(record => [record.offset, record] as const)))
    const end = found.at(-1)?.lastOffset ?? -1
    for (const { lastOffset, records } of this.visibleFrom(this.logStartOffset)) {
      if (lastOffset > end) break
      for (const record of records) if (!values.has(record.offset)) return `the record at ${record.offset} is lost`
    }
    return null
  }

  // --- restarts ---

  noteCheckpoint(): void {
    this.persistedStart = this.logStartOffset
  }

  restarted(nowMs: number): void {
    this.#restarted = { logEndOffset: this.logEndOffset, atMs: nowMs }
  }

  restartAfterCrash(logStartOffset: number, cleanedTo: number | null): void {
    this.#cleanedTo = cleanedTo
    this.logStartOffset = logStartOffset
  }
}

/** Where the segments begin that neighbours are put together to. */
function groupStarts(sources: readonly ModelSegment[], segmentBytes: number): number[] {
  const starts: number[] = []
  let size = Number.POSITIVE_INFINITY
  for (const source of sources) {
    if (size + source.size > segmentBytes) {
      starts.push(source.baseOffset)
      size = 0
    }
    size += source.size
  }
  return starts
}

/** Reproducible randomness: mulberry32. */
export class Draw {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * end)
  }

  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }
}

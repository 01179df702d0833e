/**
 * One partition: the only door through which the broker meets a log. The order of appends is decided synchronously inside
 * `append`; durability is what a caller may wait for. Readers see everything below the high watermark, which is the durable
 * end in fsync mode and the end of the log otherwise.
 *
 *   append: admission → producers.check → stamp → engine.append → producers.record → commit line or high watermark → wake
 */

import { assert } from '../base/assert.js'
import type { Bytes } from '../base/bytes.js'
import type { LeaderEpoch, Offset, ProducerId, Uuid } from '../base/ids.js'
import { type Int64, roundedInt64 } from '../base/int64.js'
import type { Slice } from '../base/slice.js'
import type { World } from '../base/world.js'
import { type ErrorCode, Errors, isRefusal } from '../protocol/errors.js'
import { batchLength, lastOffsetDelta, noTimestamp, stampBaseOffset, stampLeaderEpoch } from '../protocol/records/batch.js'
import type { CompactionOrder, CompactionResult, LogEngine, LogMark } from './engine.js'
import { CorruptLogError, DamagedRangeError } from './engine.js'
import { DiskFailure } from './files.js'
import type { LogAsLeft } from './format/directory-state.js'
import type { ProducerSnapshots } from './format/producer-snapshots.js'
import { CommitLine, type GroupCommit, type SyncTarget } from './group-commit.js'
import type { LogConfig, LogConfigSource } from './log-config.js'
import { type Admitted, admit, type RecordError, stamp } from './rules/admission.js'
import { type CompactionPlan, planCompaction } from './rules/compaction.js'
import type { LastOfProducer } from './rules/compaction-filter.js'
import type { ProducerStates } from './rules/producers.js'
import { expiredCount } from './rules/retention.js'
import type {
  Appended,
  AppendOrigin,
  AppendRefusal,
  Durability,
  EpochEndOffset,
  Isolation,
  Read,
  ReadLimits,
  SegmentStart,
  StorageLog,
  TimestampedOffset,
} from './types.js'

/** What of a partition is written down for the next start. Each write resolves when what is true now is on stable storage. */
export interface PartitionCheckpoints {
  /** The one that a start relies on. */
  readonly state: { write(): Promise<void> }
  /** Kafka's. */
  readonly logStarts: { write(): Promise<void> }
}

export interface PartitionParts {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly leaderEpoch: LeaderEpoch
  readonly engine: LogEngine
  readonly producers: ProducerStates
  /** Null in an ephemeral directory, which is never opened again. */
  readonly snapshots: ProducerSnapshots | null
  readonly cleanedTo: Offset | null
  /** Null in an ephemeral directory. */
  readonly checkpoints: PartitionCheckpoints | null
  readonly config: LogConfigSource
  readonly durability: Durability
  readonly commit: GroupCommit
  readonly world: World
  readonly log: StorageLog
}

/** What compaction works with, whatever the log is. */
export type CompactionMeans = Pick<CompactionOrder, 'keyBytesMax' | 'keyLoadFactor' | 'ioBytes' | 'slices' | 'isCancelled'>

const noSlices: readonly Slice[] = []

export class Partition implements SyncTarget {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid

  #leaderEpoch: LeaderEpoch
  readonly #engine: LogEngine
  readonly #producers: ProducerStates
  readonly #snapshots: ProducerSnapshots | null
  readonly #checkpoints: PartitionCheckpoints | null
  readonly #config: LogConfigSource
  readonly #durability: Durability
  readonly #commit: GroupCommit
  readonly #line: CommitLine
  readonly #world: World
  readonly #log: StorageLog
  readonly #listeners = new Set<() => void>()
  /** The durable end; not used outside fsync mode. */
  #durable: LogMark
  #cleanedTo: Offset | null
  #isBeingCompacted = false
  /** Starts of the log that are being written down and do not count yet. */
  readonly #startsToCome: Offset[] = []
  /** Settles with the last append that the engine has not answered yet, and all before it; null when there is none. */
  #unwritten: Promise<void> | null = null
  #isMarked = false
  /** What a request is answered when the partition takes none any more. */
  #closedWith: ErrorCode | null = null

  constructor(parts: PartitionParts) {
    this.topic = parts.topic
    this.index = parts.index
    this.topicId = parts.topicId
    this.#leaderEpoch = parts.leaderEpoch
    this.#engine = parts.engine
    this.#producers = parts.producers
    this.#snapshots = parts.snapshots
    this.#config = parts.config
    this.#durability = parts.durability
    this.#commit = parts.commit
    this.#line = new CommitLine(parts.commit, this)
    this.#world = parts.world
    this.#log = parts.log
    this.#durable = parts.engine.end()
    this.#cleanedTo = parts.cleanedTo
    this.#checkpoints = parts.checkpoints
  }

  /** The topic's configuration as it is now. */
  get config(): LogConfig {
    return this.#config()
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch
  }
  get logStartOffset(): Offset {
    return this.#engine.logStartOffset
  }
  get logEndOffset(): Offset {
    return this.#engine.logEndOffset
  }
  get highWatermark(): Offset {
    return this.#durability === 'fsync' ? this.#durable.offset : this.#engine.logEndOffset
  }
  /** No transaction is ever open here, so everything below the high watermark is decided. */
  get lastStableOffset(): Offset {
    return this.highWatermark
  }
  get sizeBytes(): number {
    return this.#engine.sizeBytes
  }
  /** Everything below is on stable storage: where recovery has to begin. */
  get recoveryPoint(): Offset {
    return this.#engine.recoveryPoint
  }
  /** Up to where the log has been compacted; null when it never was. */
  get cleanedTo(): Offset | null {
    return this.#cleanedTo
  }
  /** What an orderly stop would leave. */
  get asLeft(): LogAsLeft {
    const { baseOffset, size } = this.#engine.segments.at(-1)!
    return { lastSegment: { baseOffset, size }, producerCount: this.#producers.size, epochs: this.#engine.epochStarts }
  }
  /** True once the partition was deleted or its directory closed. */
  get isClosed(): boolean {
    return this.#closedWith !== null
  }

  /**
   * Appends one batch, or what becomes one (an old client's message set). Base offset, leader epoch and, on a LogAppendTime
   * topic, the append time are stamped into `batch`, which the caller owns and may use again afterwards. When this returns,
   * the order is decided and the bytes are in the operating system. KAFKA_STORAGE_ERROR when the disk refused; the log is
   * then as it was before.
   */
  append(batch: Bytes, origin: AppendOrigin): Appended | AppendRefusal {
    if (this.#closedWith !== null) return refused(this.#closedWith, 'The partition is closed')
    if (this.#commit.failure !== null) return refused(Errors.KAFKA_STORAGE_ERROR, this.#commit.failure.message)
    const config = this.#config()
    const nowMs = this.#world.nowMs()
    return origin.kind === 'client'
      ? this.#appendOfClient(batch, origin.apiVersion, config, nowMs)
      : this.#appendOfCoordinator(batch, config, nowMs)
  }

  #appendOfClient(batch: Bytes, apiVersion: number, config: LogConfig, nowMs: number): Appended | AppendRefusal {
    // 1. Is it a batch that may stand here?
    const facts = admit(batch, config, nowMs, apiVersion)
    if (isRefusal(facts)) {
      const logStartOffset = facts.isFormOnly || isBeforeLog(facts.errorCode) ? -1 : this.logStartOffset
      return refused(facts.errorCode, facts.message, facts.recordErrors, logStartOffset)
    }
    // 2. Is it the next one of its producer?
    const verdict = this.#producers.check(facts)
    if (typeof verdict === 'number') return refused(verdict, describeSequence(facts), noRecordErrors, this.logStartOffset)
    if (verdict !== 'append') {
      return this.#answer(verdict.baseOffset, verdict.lastOffset, verdict.timestampMs, true)
    }
    // 3. It goes into the log.
    const baseOffset = this.#engine.logEndOffset
    stamp(facts, baseOffset, this.leaderEpoch)
    const failure = this.#write(facts.batch, config, nowMs)
    if (failure !== null) return failure
    const lastOffset = baseOffset + facts.lastOffsetDelta
    this.#producers.record(facts, baseOffset, lastOffset, roundedInt64(facts.maxTimestampMs), nowMs)
    return this.#answer(baseOffset, lastOffset, facts.logAppendTimeMs, false)
  }

  /** The broker's own batch: it is well-formed, or that is our bug. */
  #appendOfCoordinator(batch: Bytes, config: LogConfig, nowMs: number): Appended | AppendRefusal {
    assert(batchLength(batch, 0) === batch.byteLength, 'a coordinator appends one whole batch')
    if (batch.byteLength > Math.min(config.messageBytesMax, config.segmentBytes)) {
      return refused(Errors.MESSAGE_TOO_LARGE, `The batch has ${batch.byteLength} bytes`)
    }
    const baseOffset = this.#engine.logEndOffset
    stampBaseOffset(batch, 0, baseOffset)
    stampLeaderEpoch(batch, 0, this.leaderEpoch)
    const failure = this.#write(batch, config, nowMs)
    return failure ?? this.#answer(baseOffset, baseOffset + lastOffsetDelta(batch, 0), noTimestamp, false)
  }

  #write(batch: Bytes, config: LogConfig, nowMs: number): AppendRefusal | null {
    try {
      const written = this.#engine.append(batch, config, nowMs)
      if (written !== null) this.#noteUnwritten(written)
      return null
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      const fields = { topic: this.topic, partition: this.index, error: error.message }
      if (error.kind === 'exhausted') this.#log.error('append failed: out of file descriptors (see ulimit -n)', fields)
      else this.#log.error('append failed: disk error', fields)
      // What does not pass may have left the log torn: nothing is written after it.
      if (!error.mayPass) this.#commit.fail(error)
      return refused(Errors.KAFKA_STORAGE_ERROR, error.message)
    }
  }

  #noteUnwritten(written: Promise<void>): void {
    const all = this.#unwritten === null ? written : Promise.all([this.#unwritten, written])
    const unwritten = all.then(
      () => {
        if (this.#unwritten === unwritten) this.#unwritten = null
      },
      error => {
        // Others have taken their places behind it, and what is missing in front of them is not to be appended again.
        throw this.#commit.fail(error instanceof DiskFailure ? error : new DiskFailure(String(error), 'broken', error))
      },
    )
    unwritten.catch(() => {})
    this.#unwritten = unwritten
  }

  #answer(baseOffset: Offset, lastOffset: Offset, logAppendTimeMs: number, isDuplicate: boolean): Appended {
    const written = this.#unwritten
    // A duplicate is as durable as the original: it may have to wait for the same sync.
    const durable = this.#durability === 'fsync' && lastOffset >= this.#durable.offset ? this.#line.request() : written
    const { logStartOffset } = this.#engine
    if (this.#durability !== 'fsync' && !isDuplicate) this.#wake()
    return { baseOffset, lastOffset, logAppendTimeMs, logStartOffset, isDuplicate, written, durable }
  }

  /**
   * Plans a read: whole batches from the one that holds `from`. Empty at the high watermark. OFFSET_OUT_OF_RANGE outside
   * the log. The slices are the caller's to release. Answers later only if the engine does, and then with the high watermark
   * of now.
   */
  read(from: Offset, limits: ReadLimits): Read | ErrorCode | Promise<Read | ErrorCode> {
    if (this.#closedWith !== null) return this.#closedWith
    const engine = this.#engine
    const { logStartOffset } = engine
    if (from < logStartOffset || from > engine.logEndOffset) return Errors.OFFSET_OUT_OF_RANGE
    const end = this.#durability !== 'fsync' || limits.upTo === 'logEnd' ? null : this.#durable
    const { highWatermark } = this
    if (from >= (end === null ? engine.logEndOffset : end.offset)) {
      return { slices: noSlices, byteLength: 0, highWatermark, lastStableOffset: highWatermark, logStartOffset }
    }
    const slices: Slice[] = []
    try {
      const byteLength = engine.read(from, end, limits.maxBytes, limits.atLeastOneBatch, slices)
      if (typeof byteLength !== 'number') return this.#readLater(byteLength, slices, highWatermark, logStartOffset)
      return { slices, byteLength, highWatermark, lastStableOffset: highWatermark, logStartOffset }
    } catch (error) {
      for (const slice of slices) slice.release()
      return this.#diskRefused(error)
    }
  }

  async #readLater(
    reading: Promise<number>,
    slices: readonly Slice[],
    highWatermark: Offset,
    logStartOffset: Offset,
  ): Promise<Read | ErrorCode> {
    try {
      const byteLength = await reading
      return { slices, byteLength, highWatermark, lastStableOffset: highWatermark, logStartOffset }
    } catch (error) {
      for (const slice of slices) slice.release()
      return this.#diskRefused(error)
    }
  }

  /**
   * The offset behind the damaged records among which `offset` lies, or which are the next of the log because nothing is left
   * in between; null where something can be read.
   */
  endOfDamage(offset: Offset): Offset | null {
    return this.#engine.endOfDamage(offset)
  }

  /** First record at or above `timestamp` that a reader of this isolation may see; null when there is none. */
  offsetForTimestamp(timestamp: Int64, isolation: Isolation): TimestampedOffset | null | ErrorCode {
    return this.#lookUp(() => this.#engine.offsetForTimestamp(timestamp, this.#endFor(isolation)))
  }

  /** Where segments start, at or after the start of the log, and when their newest record is dated; in order. */
  segmentStarts(): SegmentStart[] | ErrorCode {
    const { segments, logStartOffset } = this.#engine
    const starts = () =>
      segments.map(segment => ({
        offset: Math.max(segment.baseOffset, logStartOffset),
        datedMs: segment.datedMs(),
        isEmpty: segment.size === 0,
      }))
    return this.#lookUp(starts)
  }

  /** The first record with the largest timestamp; null in an empty log or one without timestamps. */
  maxTimestampOffset(): TimestampedOffset | null | ErrorCode {
    return this.#lookUp(() => this.#engine.maxTimestampOffset())
  }

  #lookUp<Found>(run: () => Found): Found | ErrorCode {
    if (this.#closedWith !== null) return this.#closedWith
    try {
      return run()
    } catch (error) {
      return this.#diskRefused(error)
    }
  }

  #diskRefused(error: unknown, what = 'could not read the log'): ErrorCode {
    if (!(error instanceof DiskFailure || error instanceof CorruptLogError)) throw error
    if (error instanceof DiskFailure) {
      this.#log.error(what, { topic: this.topic, partition: this.index, error: error.message })
    }
    if (error instanceof CorruptLogError && !(error instanceof DamagedRangeError)) this.noteDamage(error)
    // A client shows this one to its user; the other it tries again for ever.
    return error instanceof CorruptLogError ? Errors.CORRUPT_MESSAGE : Errors.KAFKA_STORAGE_ERROR
  }

  /** Something of the log cannot be read: the next start verifies all of it, and sets aside what is damaged. */
  noteDamage(error: CorruptLogError): void {
    if (this.#isMarked || this.#checkpoints === null || this.#closedWith !== null) return
    this.#isMarked = true
    const fields = { topic: this.topic, partition: this.index, error: error.message }
    try {
      this.#engine.markForVerification()
      this.#log.error('the log is damaged; the next start verifies it and moves unreadable batches aside', fields)
    } catch (failure) {
      if (!(failure instanceof DiskFailure)) throw failure
      const problem = { ...fields, problem: failure.message }
      this.#log.error('the log is damaged, and it could not be marked for verification; run `gregor verify`', problem)
    }
  }

  #endFor(isolation: Isolation): Offset {
    return isolation === 'read_committed' ? this.lastStableOffset : this.highWatermark
  }

  latestOffset(isolation: Isolation): TimestampedOffset {
    return { timestamp: noTimestamp, offset: this.#endFor(isolation), leaderEpoch: this.leaderEpoch }
  }
  earliestOffset(): TimestampedOffset {
    const offset = this.logStartOffset
    // The present leader's epoch begins at the end of the log, before its first record is there.
    const leaderEpoch = offset === this.logEndOffset ? this.leaderEpoch : this.#engine.epochAt(offset)
    return { timestamp: noTimestamp, offset, leaderEpoch }
  }
  endOffsetForEpoch(epoch: LeaderEpoch): EpochEndOffset {
    // A leader's epoch begins when it takes over, not with its first record.
    if (epoch === this.leaderEpoch) return { leaderEpoch: epoch, endOffset: this.logEndOffset }
    return this.#engine.endOffsetForEpoch(epoch)
  }

  /** An election of which the log knows nothing yet: what is appended from now on is of that epoch. */
  raiseLeaderEpoch(epoch: LeaderEpoch): void {
    if (epoch > this.#leaderEpoch) this.#leaderEpoch = epoch
  }

  /** Calls `listener` after the high watermark moved and when the partition is closed or deleted; returns the way out. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #wake(): void {
    for (const listener of this.#listeners) listener()
  }

  /**
   * DeleteRecords: nothing below `offset` is read any more. Resolves when that would survive a crash; what lies wholly below
   * is then on its way out. OFFSET_OUT_OF_RANGE above the high watermark; an offset below the start changes nothing.
   */
  async deleteRecordsBefore(offset: Offset): Promise<ErrorCode> {
    if (this.#closedWith !== null) return this.#closedWith
    if (this.#commit.failure !== null) return Errors.KAFKA_STORAGE_ERROR
    if (offset < 0 || offset > this.highWatermark) return Errors.OFFSET_OUT_OF_RANGE
    // A log does not begin with what cannot be read.
    const start = this.#engine.endOfDamage(offset) ?? offset
    // 1. On stable storage, or not at all: after a refusal every record is where it was.
    this.#startsToCome.push(start)
    try {
      await this.#checkpoints?.state.write()
      this.#engine.raiseStart(start)
    } catch (error) {
      return this.#diskRefused(error, 'could not write the log start offset')
    } finally {
      this.#startsToCome.splice(this.#startsToCome.indexOf(start), 1)
    }
    // 2. For Kafka's tools; the next checkpoint says it at the latest.
    try {
      await this.#checkpoints?.logStarts.write()
    } catch (error) {
      this.#diskRefused(error, "start of the log not written to Kafka's checkpoint")
    }
    this.removeBelow(start)
    return Errors.NONE
  }

  /** Where the next start is to find the beginning of the log. */
  get startToKeep(): Offset {
    return Math.max(this.logStartOffset, ...this.#startsToCome)
  }

  /**
   * Moves the start of the log above what retention lets go. Answers the new start: what lies below it may be removed once
   * it, and what is left of the log, are on stable storage. Null when nothing is to go.
   */
  applyRetention(nowMs: number): Offset | null {
    if (this.#closedWith !== null || this.#commit.failure !== null || this.#isBeingCompacted) return null
    const engine = this.#engine
    const { logStartOffset, logEndOffset } = engine
    const { highWatermark } = this
    const config = this.#config()
    try {
      const { segments } = engine
      const gone = expiredCount({ segments, logStartOffset, logEndOffset, highWatermark }, config, nowMs)
      if (gone === 0) return null
      // A log keeps a segment: an empty one when all the others go.
      if (gone === segments.length) engine.roll(config, nowMs)
      engine.raiseStart(engine.segments[gone]!.baseOffset)
      return engine.logStartOffset
    } catch (error) {
      this.#diskRefused(error, 'retention failed')
      return null
    }
  }

  /**
   * Takes what lies wholly below `start` out of the log. The start that is on stable storage may be another than the present
   * one, which may have been raised meanwhile.
   */
  removeBelow(start: Offset): void {
    // Segments that are being compacted go the next time.
    if (this.#closedWith !== null || this.#isBeingCompacted) return
    try {
      if (this.#engine.removeBelow(start, this.#config().fileDeleteDelayMs)) this.#removeOldSnapshots()
    } catch (error) {
      this.#diskRefused(error, 'could not rename deleted segments')
    }
  }

  #removeOldSnapshots(): void {
    this.#snapshots?.keepThoseOf(this.#engine.segments.map(({ baseOffset }) => baseOffset))
  }

  /** What compaction could do now; null when nothing, or when the topic is not compacted. */
  compactionPlan(nowMs: number): CompactionPlan | null {
    const config = this.#config()
    if (!config.isCompacted || this.#closedWith !== null || this.#commit.failure !== null) return null
    const { segments, logStartOffset, logEndOffset } = this.#engine
    const { lastStableOffset, cleanedTo } = this
    return planCompaction({ segments, logStartOffset, logEndOffset, lastStableOffset, cleanedTo }, config, nowMs)
  }

  /** Carries a plan out; null when it was cancelled. Throws CorruptLogError when the log cannot be read. */
  async compact(plan: CompactionPlan, means: CompactionMeans): Promise<CompactionResult | null> {
    assert(!this.#isBeingCompacted, 'a log is compacted once at a time')
    const { segmentBytes, segmentIndexBytes, indexIntervalBytes, deleteRetentionMs, fileDeleteDelayMs } = this.#config()
    const order: CompactionOrder = {
      ...means,
      ...{ firstDirty: plan.firstDirty, end: plan.end, nowMs: this.#world.nowMs(), deleteRetentionMs },
      ...{ segmentBytes, segmentIndexBytes, indexIntervalBytes, lastOfProducers: this.#lastOfProducers() },
      isCancelled: () => this.#closedWith !== null || this.#commit.failure !== null || means.isCancelled(),
    }
    this.#isBeingCompacted = true
    try {
      // Above the recovery point a gap between segments, such as compaction leaves, is taken for the work of a power cut.
      await this.checkpoint()
      if (this.#durability === 'os') await this.settled()
      await this.#checkpoints?.state.write()
      const result = await this.#engine.compact(order, fileDeleteDelayMs)
      if (result === null || this.#closedWith !== null) return null
      this.#cleanedTo = result.cleanedTo
      this.#removeOldSnapshots()
      return result
    } catch (error) {
      if (error instanceof DiskFailure && !error.mayPass) this.#commit.fail(error)
      throw error
    } finally {
      this.#isBeingCompacted = false
    }
  }

  /** Their batches stay even when no record of them does: a restart reads the producers' sequences from the log. */
  #lastOfProducers(): ReadonlyMap<ProducerId, LastOfProducer> {
    const last = new Map<ProducerId, LastOfProducer>()
    for (const { producerId, producerEpoch, batches } of this.#producers.entries()) {
      last.set(producerId, { lastOffset: batches.at(-1)?.lastOffset ?? null, producerEpoch })
    }
    return last
  }

  /**
   * What was acknowledged before it was durable (acks=1) cannot be read yet. Resolves when it can; null when there is none.
   * Rejects with DiskFailure.
   */
  allVisible(): Promise<void> | null {
    return this.#durability === 'fsync' && this.#durable.offset < this.#engine.logEndOffset ? this.#line.pending : null
  }

  /** Resolves when everything in the log now is as durable as this directory makes it. Rejects with DiskFailure. */
  settled(): Promise<void> {
    return this.#durability === 'none' ? (this.#unwritten ?? Promise.resolve()) : this.#line.request()
  }

  /** Called by the commit line: what is in the log now becomes durable, and so visible. */
  async sync(): Promise<void> {
    const mark = await this.#syncEngine()
    if (this.#durability !== 'fsync' || mark.offset <= this.#durable.offset) return
    this.#durable = mark
    this.#wake()
  }

  async #syncEngine(): Promise<LogMark> {
    try {
      return await this.#engine.sync()
    } catch (error) {
      if (error instanceof DiskFailure && error.kind === 'exhausted') {
        const fields = { topic: this.topic, partition: this.index, error: error.message }
        this.#log.error('sync postponed: out of file descriptors (see ulimit -n)', fields)
      }
      throw error
    }
  }

  /** The engine began a new segment at `baseOffset`. */
  rolled(baseOffset: Offset): void {
    this.#snapshots?.take(this.#producers, baseOffset, true)
    // Kafka, too, flushes what it rolled even when it leaves the rest to the operating system.
    if (this.#durability === 'os') void this.#line.request()
  }

  /**
   * Makes the next recovery short: indexes and producer state as of now. Resolves when the recovery point may be written
   * down; rejects with DiskFailure. Forgets idle producers.
   */
  async checkpoint(): Promise<void> {
    if (this.#closedWith !== null) return
    this.#producers.expire(this.#world.nowMs(), this.#config().producerIdExpirationMs)
    this.#engine.flushIndexes()
    this.#snapshots?.take(this.#producers, this.logEndOffset, false)
    if (this.#durability === 'fsync' && this.recoveryPoint < this.logEndOffset) await this.#line.request()
  }

  /** Syncs everything and closes. Requests that wait on the partition are woken. */
  async close(): Promise<void> {
    if (this.#closedWith !== null) return
    this.#closedWith = Errors.NOT_LEADER_OR_FOLLOWER
    this.#snapshots?.take(this.#producers, this.logEndOffset, false)
    await this.#engine.close()
    this.#durable = this.#engine.end()
    this.#wake()
  }

  /** The files are about to go: answers nothing any more. Slices that are out stay readable. */
  abandon(errorCode: ErrorCode): void {
    if (this.#closedWith !== null) return
    this.#closedWith = errorCode
    this.#engine.abandon()
    this.#wake()
  }
}

const noRecordErrors: readonly RecordError[] = []

/** Errors at which Kafka has not looked at the log yet. */
function isBeforeLog(errorCode: ErrorCode): boolean {
  return (
    errorCode === Errors.CORRUPT_MESSAGE || errorCode === Errors.MESSAGE_TOO_LARGE || errorCode === Errors.RECORD_LIST_TOO_LARGE
  )
}

function refused(errorCode: ErrorCode, message: string, recordErrors = noRecordErrors, logStartOffset = -1): AppendRefusal {
  return { kind: 'refused', errorCode, message, recordErrors, logStartOffset }
}

function describeSequence({ producerId, producerEpoch, baseSequence }: Admitted): string {
  return `Producer ${producerId} of epoch ${producerEpoch} sent sequence ${baseSequence}, which is not its next`
}

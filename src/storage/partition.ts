/**
 * One partition: the only door through which the broker meets a log. The order of appends is decided synchronously inside
 * `append`; durability is what a caller may wait for. Readers see everything below the high watermark, which is the durable
 * end in fsync mode and the end of the log otherwise. What is done beside requests is its `upkeep`.
 *
 *   append: admission → producers.check → stamp → engine.append → producers.record → commit line or high watermark → wake
 */

import { assert } from '../base/assert.js'
import type { Bytes } from '../base/bytes.js'
import type { LeaderEpoch, Offset, Uuid } from '../base/ids.js'
import { type Int64, roundedInt64 } from '../base/int64.js'
import type { Slice } from '../base/slice.js'
import type { World } from '../base/world.js'
import { type ErrorCode, Errors, isRefusal } from '../protocol/errors.js'
import { batchLength, lastOffsetDelta, noTimestamp, stampBaseOffset, stampLeaderEpoch } from '../protocol/records/batch.js'
import type { CorruptLogError, LogEngine, LogMark } from './engine.js'
import { DiskFailure } from './files.js'
import type { LogAsLeft } from './format/directory-state.js'
import type { ProducerSnapshots } from './format/producer-snapshots.js'
import { CommitLine, type GroupCommit, type SyncTarget } from './group-commit.js'
import type { LogConfig, LogConfigSource } from './log-config.js'
import { PartitionFaults } from './partition-faults.js'
import { PartitionUpkeep, type UpkeepParts } from './partition-upkeep.js'
import { type Admitted, admit, type RecordError, stamp } from './rules/admission.js'
import type { ProducerStates } from './rules/producers.js'
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

export interface PartitionParts extends UpkeepParts {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly leaderEpoch: LeaderEpoch
  readonly log: StorageLog
}

const noSlices: readonly Slice[] = []

export class Partition implements SyncTarget {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly upkeep: PartitionUpkeep

  #leaderEpoch: LeaderEpoch
  readonly #engine: LogEngine
  readonly #producers: ProducerStates
  readonly #snapshots: ProducerSnapshots | null
  readonly #config: LogConfigSource
  readonly #durability: Durability
  readonly #commit: GroupCommit
  readonly #line: CommitLine
  readonly #world: World
  readonly #faults: PartitionFaults
  readonly #listeners = new Set<() => void>()
  /** The durable end; not used outside fsync mode. */
  #durable: LogMark
  /** Settles with the last append that the engine has not answered yet, and all before it; null when there is none. */
  #unwritten: Promise<void> | null = null

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
    this.#durable = parts.engine.end()
    this.#faults = new PartitionFaults({ ...parts, isEphemeral: parts.checkpoints === null })
    this.upkeep = new PartitionUpkeep(this, this.#faults, parts)
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
    return this.upkeep.cleanedTo
  }
  /** Where the next start is to find the beginning of the log. */
  get startToKeep(): Offset {
    return this.upkeep.startToKeep
  }
  /** What an orderly stop would leave. */
  get asLeft(): LogAsLeft {
    const { baseOffset, size } = this.#engine.segments.at(-1)!
    return { lastSegment: { baseOffset, size }, producerCount: this.#producers.size, epochs: this.#engine.epochStarts }
  }
  /** True once the partition was deleted or its directory closed. */
  get isClosed(): boolean {
    return this.#faults.closedWith !== null
  }

  /**
   * Appends one batch, or what becomes one (an old client's message set). Base offset, leader epoch and, on a LogAppendTime
   * topic, the append time are stamped into `batch`, which the caller owns and may use again afterwards. When this returns,
   * the order is decided and the bytes are in the operating system. KAFKA_STORAGE_ERROR when the disk refused; the log is
   * then as it was before.
   */
  append(batch: Bytes, origin: AppendOrigin): Appended | AppendRefusal {
    if (this.#faults.closedWith !== null) return refused(this.#faults.closedWith, 'The partition is closed')
    if (this.#commit.failure !== null) return refused(Errors.KAFKA_STORAGE_ERROR, this.#commit.failure.told)
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
      this.#faults.appendRefused(error)
      // What does not pass may have left the log torn: nothing is written after it.
      if (!error.mayPass) this.#commit.fail(error)
      return refused(Errors.KAFKA_STORAGE_ERROR, error.told)
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
    if (this.#faults.closedWith !== null) return this.#faults.closedWith
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
      return this.#faults.codeOf(error)
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
      return this.#faults.codeOf(error)
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
    if (this.#faults.closedWith !== null) return this.#faults.closedWith
    try {
      return run()
    } catch (error) {
      return this.#faults.codeOf(error)
    }
  }

  /** Something of the log cannot be read: the next start verifies all of it, and sets aside what is damaged. */
  noteDamage(error: CorruptLogError): void {
    this.#faults.noteDamage(error)
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
      if (error instanceof DiskFailure && error.kind === 'exhausted') this.#faults.syncPostponed(error)
      throw error
    }
  }

  /** The engine began a new segment at `baseOffset`. */
  rolled(baseOffset: Offset): void {
    this.#snapshots?.take(this.#producers, baseOffset, true)
    // Kafka, too, flushes what it rolled even when it leaves the rest to the operating system.
    if (this.#durability === 'os') void this.#line.request()
  }

  /** Syncs everything and closes. Requests that wait on the partition are woken. */
  async close(): Promise<void> {
    if (this.#faults.closedWith !== null) return
    this.#faults.closedWith = Errors.NOT_LEADER_OR_FOLLOWER
    this.#snapshots?.take(this.#producers, this.logEndOffset, false)
    await this.#engine.close()
    this.#durable = this.#engine.end()
    this.#wake()
  }

  /** The files are about to go: answers nothing any more. Slices that are out stay readable. */
  abandon(errorCode: ErrorCode): void {
    if (this.#faults.closedWith !== null) return
    this.#faults.closedWith = errorCode
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

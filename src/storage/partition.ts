/**
 * One partition: the only door through which the broker meets a log. The order of appends is decided synchronously inside
 * `append`; durability is what a caller may wait for. Readers see everything below the high watermark, which is the durable
 * end in fsync mode and the end of the log otherwise. What is done beside requests is its `upkeep`.
 *
 *   append: admission → producers.check → stamp → engine.append → producers.record → commit line or high watermark → wake
 *
 * Readers of committed records see what is below the last stable offset: the first record of the earliest transaction that is
 * open, or whose end is not yet below the high watermark.
 */

import { assert } from '../base/assert.js'
import type { Bytes } from '../base/bytes.js'
import type { LeaderEpoch, Offset, ProducerEpoch, ProducerId, Uuid } from '../base/ids.js'
import { type Int64, roundedInt64 } from '../base/int64.js'
import { Traffic } from '../base/meter.js'
import type { Pause } from '../base/pause.js'
import type { Slice } from '../base/slice.js'
import type { World } from '../base/world.js'
import { type ErrorCode, Errors, isRefusal } from '../protocol/errors.js'
import * as batches from '../protocol/records/batch.js'
import { type AppendGuard, type Marker, markerBatch, type TransactionGuard } from '../protocol/records/marker.js'
import type { CorruptLogError, LogEngine, LogMark } from './engine.js'
import { DiskFailure } from './files.js'
import type { LogAsLeft } from './format/directory-state.js'
import type { ProducerSnapshots } from './format/producer-snapshots.js'
import { CommitLine, type GroupCommit, type SyncTarget } from './group-commit.js'
import type { LogConfig, LogConfigSource } from './log-config.js'
import { PartitionFaults } from './partition-faults.js'
import { PartitionUpkeep, type UpkeepParts } from './partition-upkeep.js'
import { isBeforeLog, refused, refusedByState } from './refused.js'
import { admitOrDefer, batchAtOnceBytesMax, type Inspection, inspect, stamp } from './rules/admission.js'
import type { AbortedTransaction } from './rules/compaction-transactions.js'
import type { ProducedBatch, ProducerEntry, ProducerStates } from './rules/producers.js'
import type {
  AbortedProducer,
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
import { WritingAhead } from './writing-ahead.js'

export interface PartitionParts extends UpkeepParts {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly leaderEpoch: LeaderEpoch
  readonly log: StorageLog
  /** Up to where the log is known to be on stable storage, when that is not its end. */
  readonly durableOffset?: Offset | undefined
}

const noSlices: readonly Slice[] = []
const noneAborted: readonly AbortedProducer[] = []
/** What one read tells of; it ends before the first one that it does not tell of. */
export const abortedPerReadMax = 2000

export class Partition implements SyncTarget {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly upkeep: PartitionUpkeep
  readonly ahead = new WritingAhead()
  readonly traffic = new Traffic()

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
  /** What has taken its place. */
  #successor: Partition | null = null
  /** Where the last stable offset is, once it was asked for. */
  #stable: LogMark | null = null

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
    const { engine, durableOffset = engine.logEndOffset } = parts
    this.#durable = durableOffset === engine.logEndOffset ? engine.end() : engine.markAt(durableOffset)
    this.#faults = new PartitionFaults({ ...parts, isEphemeral: parts.checkpoints === null })
    this.upkeep = new PartitionUpkeep(this, this.#faults, parts)
    this.#producers.transactions.reached(this.highWatermark)
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
  /** Up to where every transaction is decided; DeleteRecords may have gone further than the start of an open one. */
  get lastStableOffset(): Offset {
    const { highWatermark } = this
    const { firstUnstable } = this.#producers.transactions
    if (firstUnstable < 0 || firstUnstable >= highWatermark) return highWatermark
    return Math.max(firstUnstable, this.logStartOffset)
  }
  get sizeBytes(): number {
    return this.#engine.sizeBytes
  }
  get segmentCount(): number {
    return this.#engine.segments.length
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
    const { epochStarts: epochs, abortedCount } = this.#engine
    return { lastSegment: { baseOffset, size }, producerCount: this.#producers.size, epochs, abortedCount }
  }
  /** True when its directory failed, or is not there: it answers nothing but KAFKA_STORAGE_ERROR. */
  get isOffline(): boolean {
    return this.#faults.closedWith === Errors.KAFKA_STORAGE_ERROR
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
    return this.appendOrDefer(batch, origin, null) as Appended | AppendRefusal
  }

  /** The same, or null where a client's batch would hold up others: it is to be inspected first, and comes back with that. */
  appendOrDefer(batch: Bytes, origin: AppendOrigin, inspection: Inspection | 'later' | null): Appended | AppendRefusal | null {
    const refusal = this.#refusal()
    if (refusal !== null) return refusal
    const config = this.#config()
    const nowMs = this.#world.nowMs()
    const guard = origin.guard ?? null
    if (inspection !== null && this.ahead.bars(batch)) return null
    const appended =
      origin.kind === 'client'
        ? this.#appendOfClient(batch, origin.apiVersion, guard, config, nowMs, inspection)
        : this.#appendOfCoordinator(batch, guard, config, nowMs)
    if (appended !== null) this.traffic.produceRequests++
    return appended
  }

  /**
   * Looks into a batch that was put off, with pauses and in other threads; a large one is written ahead, which bars others until
   * `ahead.end(batch)`.
   */
  async inspect(batch: Bytes, apiVersion: number, pause: Pause): Promise<Inspection> {
    const config = this.#config()
    const nowMs = this.#world.nowMs()
    const inspection = await inspect(batch, config, nowMs, pause)
    if (batch.byteLength <= batchAtOnceBytesMax || this.ahead.over !== null || this.#refusal() !== null) return inspection
    const facts = admitOrDefer(batch, config, nowMs, apiVersion, inspection)
    if (facts === null || isRefusal(facts)) return inspection
    await this.ahead.write(batch, () => this.#engine.writeAhead(facts.batch, this.leaderEpoch, config, nowMs, pause))
    return inspection
  }

  #refusal(): AppendRefusal | null {
    if (this.#faults.closedWith !== null) return refused(this.#faults.closedWith, 'The partition is closed')
    return this.#commit.failure === null ? null : refused(Errors.KAFKA_STORAGE_ERROR, this.#commit.failure.told)
  }

  #appendOfClient(
    batch: Bytes,
    apiVersion: number,
    guard: AppendGuard,
    config: LogConfig,
    nowMs: number,
    inspection: Inspection | 'later' | null,
  ): Appended | AppendRefusal | null {
    // 1. Is it a batch that may stand here?
    const facts = admitOrDefer(batch, config, nowMs, apiVersion, inspection)
    if (facts === null) return null
    if (isRefusal(facts)) {
      if (facts.errorCode === Errors.MESSAGE_TOO_LARGE) this.traffic.bytesRejected += batch.byteLength
      const logStartOffset = facts.isFormOnly || isBeforeLog(facts.errorCode) ? -1 : this.logStartOffset
      return refused(facts.errorCode, facts.message, facts.recordErrors, logStartOffset)
    }
    // 2. Is it the next one of its producer?
    const verdict = this.#producers.check(facts, guard)
    if (typeof verdict === 'number') return refusedByState(verdict, facts, this.logStartOffset)
    if (verdict !== 'append') {
      return this.#answer(verdict.baseOffset, verdict.lastOffset, verdict.timestampMs, true)
    }
    // 3. It goes into the log.
    const baseOffset = this.#engine.logEndOffset
    stamp(facts, baseOffset, this.leaderEpoch)
    const failure = this.#write(facts.batch, config, nowMs, null)
    if (failure !== null) return failure
    const lastOffset = baseOffset + facts.lastOffsetDelta
    this.#producers.record(facts, baseOffset, lastOffset, roundedInt64(facts.maxTimestampMs), nowMs)
    return this.#answer(baseOffset, lastOffset, facts.logAppendTimeMs, false)
  }

  /** The broker's own batch: it is well-formed, or that is our bug. */
  #appendOfCoordinator(batch: Bytes, guard: AppendGuard, config: LogConfig, nowMs: number): Appended | AppendRefusal {
    assert(batches.batchLength(batch, 0) === batch.byteLength, 'a coordinator appends one whole batch')
    if (batch.byteLength > Math.min(config.messageBytesMax, config.segmentBytes)) {
      return refused(Errors.MESSAGE_TOO_LARGE, `The batch has ${batch.byteLength} bytes`)
    }
    const produced = batches.producerId(batch, 0) < 0 ? null : producedIn(batch)
    const verdict = produced === null ? 'append' : this.#producers.checkOfCoordinator(produced, guard)
    if (produced !== null && verdict !== 'append') return refusedByState(verdict, produced, this.logStartOffset)
    const baseOffset = this.#engine.logEndOffset
    const failure = this.#writeOwn(batch, config, nowMs, null)
    if (failure !== null) return failure
    const lastOffset = baseOffset + batches.lastOffsetDelta(batch, 0)
    if (produced !== null) {
      this.#producers.record(produced, baseOffset, lastOffset, batches.maxTimestamp(batch, 0), nowMs)
    }
    return this.#answer(baseOffset, lastOffset, batches.noTimestamp, false)
  }

  /**
   * Appends the end of a producer's transaction, whether it has one open here or not. `version`: transaction.version, under
   * which the marker was made. INVALID_PRODUCER_EPOCH and TRANSACTION_COORDINATOR_FENCED from who was replaced.
   */
  appendMarker(marker: Marker, version: number): Appended | AppendRefusal {
    const refusal = this.#refusal()
    if (refusal !== null) return refusal
    const verdict = this.#producers.checkMarker(marker, version)
    if (verdict !== 'append') return refusedByState(verdict, marker.producer, this.logStartOffset)
    const nowMs = this.#world.nowMs()
    const offset = this.#engine.logEndOffset
    const aborted = this.#producers.abortedBy(marker, offset)
    this.traffic.produceRequests++
    const failure = this.#writeOwn(markerBatch(marker, nowMs), this.#config(), nowMs, aborted)
    if (failure !== null) return failure
    this.#producers.recordMarker(marker, offset, nowMs, nowMs)
    if (this.#durability !== 'fsync') this.#producers.transactions.reached(offset + 1)
    return this.#answer(offset, offset, batches.noTimestamp, false)
  }

  /**
   * What a batch of a transaction needs to be appended with, if the transaction coordinator then says that the partition
   * belongs to the transaction. Null: the transaction is open here, and nobody needs to be asked. `isImplicitAdd`: the producer
   * leaves it to the broker to add partitions [KIP-890].
   */
  transactionGuard(
    producerId: ProducerId,
    producerEpoch: ProducerEpoch,
    baseSequence: number,
    isImplicitAdd: boolean,
  ): TransactionGuard | null {
    if (this.#producers.isInTransaction(producerId, producerEpoch)) return null
    return this.#producers.guards.take(producerId, producerEpoch, baseSequence, isImplicitAdd, this.#world.nowMs())
  }

  /** The transaction coordinator said no: the guard is of no use. */
  dropGuard(guard: TransactionGuard): void {
    this.#producers.guards.drop(guard)
  }

  /** What is known of the producers that wrote here. */
  producers(): Iterable<ProducerEntry> {
    return this.#producers.entries()
  }

  #writeOwn(batch: Bytes, config: LogConfig, nowMs: number, aborted: AbortedTransaction | null): AppendRefusal | null {
    batches.stampBaseOffset(batch, 0, this.#engine.logEndOffset)
    batches.stampLeaderEpoch(batch, 0, this.leaderEpoch)
    return this.#write(batch, config, nowMs, aborted)
  }

  #write(batch: Bytes, config: LogConfig, nowMs: number, aborted: AbortedTransaction | null): AppendRefusal | null {
    try {
      const written = this.#engine.append(batch, config, nowMs, aborted)
      if (written !== null) this.#noteUnwritten(written)
      this.traffic.bytesIn += batch.byteLength
      this.traffic.messagesIn += batches.lastOffsetDelta(batch, 0) + 1
      return null
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      this.#faults.appendRefused(error)
      this.traffic.failedProduceRequests++
      // What does not pass may have left the log torn: nothing is written after it.
      if (error.mayPass) this.#commit.trouble(error)
      else this.#commit.fail(error)
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
   * Plans a read: whole batches from the one that holds `from`. Empty at the high watermark, or at the last stable offset.
   * OFFSET_OUT_OF_RANGE outside the log. The slices are the caller's to release. Answers later only if the engine does, and then
   * with the offsets of now.
   */
  read(from: Offset, limits: ReadLimits): Read | ErrorCode | Promise<Read | ErrorCode> {
    if (this.#faults.closedWith !== null) return this.#faults.closedWith
    const engine = this.#engine
    const { logStartOffset } = engine
    if (from < logStartOffset || from > engine.logEndOffset) return Errors.OFFSET_OUT_OF_RANGE
    const { highWatermark, lastStableOffset } = this
    const isCommitted = limits.isolation === 'read_committed'
    const isHeldBack = isCommitted && lastStableOffset < highWatermark
    let end = this.#durability !== 'fsync' || limits.upTo === 'logEnd' ? null : this.#durable
    const abortedTransactions = isCommitted && limits.isCount !== true ? noneAborted : null
    if (from >= (isHeldBack ? lastStableOffset : end === null ? engine.logEndOffset : end.offset)) {
      return { slices: noSlices, byteLength: 0, highWatermark, lastStableOffset, logStartOffset, abortedTransactions }
    }
    const slices: Slice[] = []
    try {
      if (isHeldBack) end = this.#stableMark(lastStableOffset)
      const byteLength = engine.read(from, end, limits.maxBytes, limits.atLeastOneBatch, slices)
      if (typeof byteLength !== 'number') {
        const read = { slices, byteLength: 0, highWatermark, lastStableOffset, logStartOffset, abortedTransactions }
        return this.#readLater(read, byteLength, from)
      }
      const read = { slices, byteLength, highWatermark, lastStableOffset, logStartOffset, abortedTransactions }
      return abortedTransactions === null ? read : this.#withAborted(read, from, limits)
    } catch (error) {
      for (const slice of slices) slice.release()
      return this.#faults.codeOf(error)
    }
  }

  async #readLater(read: Read, reading: Promise<number>, from: Offset): Promise<Read | ErrorCode> {
    try {
      const byteLength = await reading
      if (read.abortedTransactions === null) return { ...read, byteLength }
      return { ...read, byteLength, abortedTransactions: this.#engine.abortedIn(from, read.slices) }
    } catch (error) {
      for (const slice of read.slices) slice.release()
      return this.#faults.codeOf(error)
    }
  }

  /** Adds which transactions are aborted; when they are too many, the read ends earlier, as long as it goes on at all. */
  #withAborted(read: Read, from: Offset, limits: ReadLimits): Read {
    const all = this.#engine.abortedIn(from, read.slices)
    if (all.length <= abortedPerReadMax) return { ...read, abortedTransactions: all }
    const end = all
      .map(({ firstOffset }) => firstOffset)
      .sort((a, b) => a - b)
      .find((firstOffset, n) => n >= abortedPerReadMax && firstOffset > from)
    if (end === undefined) return { ...read, abortedTransactions: all }
    const slices: Slice[] = []
    const byteLength = this.#engine.read(from, this.#engine.markAt(end), limits.maxBytes, limits.atLeastOneBatch, slices)
    assert(typeof byteLength === 'number', 'an engine that answers at once does so again')
    for (const slice of read.slices) slice.release()
    return { ...read, slices, byteLength, abortedTransactions: all.filter(({ firstOffset }) => firstOffset < end) }
  }

  #stableMark(lastStableOffset: Offset): LogMark {
    if (this.#stable?.offset !== lastStableOffset) this.#stable = this.#engine.markAt(lastStableOffset)
    return this.#stable
  }

  /**
   * The offset behind the damaged records among which `offset` lies, or which are the next of the log because nothing is left
   * in between; null where something can be read.
   */
  endOfDamage(offset: Offset): Offset | null {
    return this.#engine.endOfDamage(offset)
  }

  /**
   * First record at or above `timestamp` that a reader of this isolation may see; null when there is none. Opens batches, with
   * pauses.
   */
  offsetForTimestamp(timestamp: Int64, isolation: Isolation, pause: Pause): Promise<TimestampedOffset | null | ErrorCode> {
    return this.#lookUp(() => this.#engine.offsetForTimestamp(timestamp, this.#endFor(isolation), pause))
  }

  /** Where segments start, at or after the start of the log, and when their newest record is dated; in order. */
  segmentStarts(): SegmentStart[] | ErrorCode {
    if (this.#faults.closedWith !== null) return this.#faults.closedWith
    const { segments, logStartOffset } = this.#engine
    try {
      return segments.map(segment => ({
        offset: Math.max(segment.baseOffset, logStartOffset),
        datedMs: segment.datedMs(),
        isEmpty: segment.size === 0,
      }))
    } catch (error) {
      return this.#faults.codeOf(error)
    }
  }

  /** The first record with the largest timestamp; null in a log without timestamps, or where a reader may not see it. */
  maxTimestampOffset(isolation: Isolation, pause: Pause): Promise<TimestampedOffset | null | ErrorCode> {
    return this.#lookUp(async () => {
      const found = await this.#engine.maxTimestampOffset(pause)
      const isHidden = isolation === 'read_committed' && found !== null && found.offset >= this.lastStableOffset
      return isHidden ? null : found
    })
  }

  async #lookUp<Found>(run: () => Promise<Found>): Promise<Found | ErrorCode> {
    if (this.#faults.closedWith !== null) return this.#faults.closedWith
    try {
      const found = await run()
      return this.#faults.closedWith ?? found
    } catch (error) {
      if (this.#faults.closedWith !== null) return this.#faults.closedWith
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
    return { timestamp: batches.noTimestamp, offset: this.#endFor(isolation), leaderEpoch: this.leaderEpoch }
  }
  earliestOffset(): TimestampedOffset {
    const offset = this.logStartOffset
    // The present leader's epoch begins at the end of the log, before its first record is there.
    const leaderEpoch = offset === this.logEndOffset ? this.leaderEpoch : this.#engine.epochAt(offset)
    return { timestamp: batches.noTimestamp, offset, leaderEpoch }
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
    if (this.#successor !== null) return this.#successor.settled()
    if (this.#durability !== 'fsync' || mark.offset <= this.#durable.offset) return
    this.#durable = mark
    this.#producers.transactions.reached(mark.offset)
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

  /** Another one has taken its place, with all that is in it, and is found by who looks for it again. */
  moveTo(successor: Partition): void {
    this.#successor = successor
    successor.traffic.add(this.traffic)
    this.abandon(Errors.NOT_LEADER_OR_FOLLOWER)
  }
  /** What is known of producers, for a successor. */
  get producerStates(): ProducerStates {
    return this.#producers
  }

  /** The files are about to go: answers nothing any more. Slices that are out stay readable. */
  abandon(errorCode: ErrorCode): void {
    if (this.#faults.closedWith !== null) return
    this.#faults.closedWith = errorCode
    this.#engine.abandon()
    this.#wake()
  }
}

function producedIn(bytes: Bytes): ProducedBatch {
  return {
    producerId: batches.producerId(bytes, 0),
    producerEpoch: batches.producerEpoch(bytes, 0),
    baseSequence: batches.baseSequence(bytes, 0),
    lastSequence: batches.lastSequence(bytes, 0),
    isTransactional: batches.isTransactional(bytes, 0),
  }
}

/**
 * What a partition does beside its requests, for the disk and for the next start: the start of the log moves, segments leave,
 * compaction, checkpoints. Works on sealed segments only; an append never waits for it.
 */

import { assert } from '../base/assert.js'
import type { Offset, ProducerId } from '../base/ids.js'
import type { World } from '../base/world.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { CompactionOrder, CompactionResult, LogEngine } from './engine.js'
import { DiskFailure } from './files.js'
import type { ProducerSnapshots } from './format/producer-snapshots.js'
import type { GroupCommit } from './group-commit.js'
import type { LogConfigSource } from './log-config.js'
import type { PartitionFaults } from './partition-faults.js'
import { type CompactionPlan, planCompaction } from './rules/compaction.js'
import type { LastOfProducer } from './rules/compaction-filter.js'
import type { ProducerStates } from './rules/producers.js'
import { expiredCount } from './rules/retention.js'
import type { Durability } from './types.js'

/** What of a partition is written down for the next start. Each write resolves when what is true now is on stable storage. */
export interface PartitionCheckpoints {
  /** The one that a start relies on. */
  readonly state: { write(): Promise<void> }
  /** Kafka's. */
  readonly logStarts: { write(): Promise<void> }
}

/** What compaction works with, whatever the log is. */
export type CompactionMeans = Pick<CompactionOrder, 'keyBytesMax' | 'keyLoadFactor' | 'ioBytes' | 'slices' | 'isCancelled'>

/** What upkeep asks of its partition. */
export interface KeptPartition {
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  settled(): Promise<void>
}

export interface UpkeepParts {
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
}

export class PartitionUpkeep {
  /** Up to where the log has been compacted; null when it never was. */
  cleanedTo: Offset | null

  readonly #partition: KeptPartition
  readonly #faults: PartitionFaults
  readonly #engine: LogEngine
  readonly #producers: ProducerStates
  readonly #snapshots: ProducerSnapshots | null
  readonly #checkpoints: PartitionCheckpoints | null
  readonly #config: LogConfigSource
  readonly #durability: Durability
  readonly #commit: GroupCommit
  readonly #world: World
  #isBeingCompacted = false
  /** The log is being copied: nothing but appends may change its files. */
  #isHeld = false
  /** Starts of the log that are being written down and do not count yet. */
  readonly #startsToCome: Offset[] = []

  constructor(partition: KeptPartition, faults: PartitionFaults, parts: UpkeepParts) {
    this.#partition = partition
    this.#faults = faults
    this.#engine = parts.engine
    this.#producers = parts.producers
    this.#snapshots = parts.snapshots
    this.#checkpoints = parts.checkpoints
    this.#config = parts.config
    this.#durability = parts.durability
    this.#commit = parts.commit
    this.#world = parts.world
    this.cleanedTo = parts.cleanedTo
  }

  /**
   * DeleteRecords: nothing below `offset` is read any more. Resolves when that would survive a crash; what lies wholly below
   * is then on its way out. OFFSET_OUT_OF_RANGE above the high watermark; an offset below the start changes nothing.
   */
  async deleteRecordsBefore(offset: Offset): Promise<ErrorCode> {
    if (this.#faults.closedWith !== null) return this.#faults.closedWith
    if (this.#commit.failure !== null) return Errors.KAFKA_STORAGE_ERROR
    if (offset < 0 || offset > this.#partition.highWatermark) return Errors.OFFSET_OUT_OF_RANGE
    // A log does not begin with what cannot be read.
    const start = this.#engine.endOfDamage(offset) ?? offset
    // 1. On stable storage, or not at all: after a refusal every record is where it was.
    this.#startsToCome.push(start)
    try {
      await this.#checkpoints?.state.write()
      // Meanwhile it was deleted, or moved, and who asks again finds where it went.
      if (this.#faults.closedWith !== null) return this.#faults.closedWith
      this.#engine.raiseStart(start)
    } catch (error) {
      return this.#faults.codeOf(error, 'could not write the log start offset')
    } finally {
      this.#startsToCome.splice(this.#startsToCome.indexOf(start), 1)
    }
    // 2. For Kafka's tools; the next checkpoint says it at the latest.
    try {
      await this.#checkpoints?.logStarts.write()
    } catch (error) {
      this.#faults.codeOf(error, "start of the log not written to Kafka's checkpoint")
    }
    this.removeBelow(start)
    return Errors.NONE
  }

  /** Where the next start is to find the beginning of the log. */
  get startToKeep(): Offset {
    return Math.max(this.#engine.logStartOffset, ...this.#startsToCome)
  }

  /**
   * Moves the start of the log above what retention lets go. Answers the new start: what lies below it may be removed once
   * it, and what is left of the log, are on stable storage. Null when nothing is to go.
   */
  applyRetention(nowMs: number): Offset | null {
    if (this.#faults.closedWith !== null || this.#commit.failure !== null || this.#isBusy) return null
    const engine = this.#engine
    const { logStartOffset, logEndOffset } = engine
    const { highWatermark } = this.#partition
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
      this.#faults.codeOf(error, 'retention failed')
      return null
    }
  }

  get #isBusy(): boolean {
    return this.#isBeingCompacted || this.#isHeld
  }
  /** Keeps retention and compaction away; false while the log is being compacted. */
  hold(): boolean {
    if (this.#isBeingCompacted) return false
    this.#isHeld = true
    return true
  }
  letGo(): void {
    this.#isHeld = false
  }
  /** Brings indexes to their files. */
  flushIndexes(): void {
    this.#engine.flushIndexes()
  }

  /**
   * Takes what lies wholly below `start` out of the log. The start that is on stable storage may be another than the present
   * one, which may have been raised meanwhile.
   */
  removeBelow(start: Offset): void {
    // Segments that are being compacted go the next time.
    if (this.#faults.closedWith !== null || this.#isBusy) return
    try {
      if (this.#engine.removeBelow(start, this.#config().fileDeleteDelayMs)) this.#removeOldSnapshots()
    } catch (error) {
      this.#faults.codeOf(error, 'could not rename deleted segments')
    }
  }

  #removeOldSnapshots(): void {
    this.#snapshots?.keepThoseOf(this.#engine.segments.map(({ baseOffset }) => baseOffset))
  }

  /** What compaction could do now; null when nothing, or when the topic is not compacted. */
  compactionPlan(nowMs: number): CompactionPlan | null {
    const config = this.#config()
    if (!config.isCompacted || this.#faults.closedWith !== null || this.#commit.failure !== null || this.#isHeld) return null
    const { segments, logStartOffset, logEndOffset } = this.#engine
    const { lastStableOffset } = this.#partition
    const { cleanedTo } = this
    return planCompaction({ segments, logStartOffset, logEndOffset, lastStableOffset, cleanedTo }, config, nowMs)
  }

  /** Carries a plan out; null when it was cancelled. Throws CorruptLogError when the log cannot be read. */
  async compact(plan: CompactionPlan, means: CompactionMeans): Promise<CompactionResult | null> {
    assert(!this.#isBusy, 'a log is compacted once at a time')
    const { segmentBytes, segmentIndexBytes, indexIntervalBytes, deleteRetentionMs, fileDeleteDelayMs } = this.#config()
    const order: CompactionOrder = {
      ...means,
      ...{ firstDirty: plan.firstDirty, end: plan.end, nowMs: this.#world.nowMs(), deleteRetentionMs },
      ...{ segmentBytes, segmentIndexBytes, indexIntervalBytes, lastOfProducers: this.#lastOfProducers() },
      isCancelled: () => this.#faults.closedWith !== null || this.#commit.failure !== null || means.isCancelled(),
    }
    this.#isBeingCompacted = true
    try {
      // Above the recovery point a gap between segments, such as compaction leaves, is taken for the work of a power cut.
      await this.checkpoint()
      if (this.#durability === 'os') await this.#partition.settled()
      await this.#checkpoints?.state.write()
      const result = await this.#engine.compact(order, fileDeleteDelayMs)
      if (result === null || this.#faults.closedWith !== null) return null
      this.cleanedTo = result.cleanedTo
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
   * Makes the next recovery short: indexes and producer state as of now. Resolves when the recovery point may be written
   * down; rejects with DiskFailure. Forgets idle producers.
   */
  async checkpoint(): Promise<void> {
    if (this.#faults.closedWith !== null) return
    this.#producers.expire(this.#world.nowMs(), this.#config().producerIdExpirationMs)
    this.#engine.flushIndexes()
    this.#snapshots?.take(this.#producers, this.#engine.logEndOffset, false)
    const { recoveryPoint, logEndOffset } = this.#engine
    if (this.#durability === 'fsync' && recoveryPoint < logEndOffset) await this.#partition.settled()
  }
}

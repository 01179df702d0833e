/**
 * The port that a log engine implements: what a partition needs from the thing that keeps its bytes, and nothing more. The
 * embedded engine (segments/log.ts) is the only one so far. An engine knows batches and offsets; it knows no producers, no
 * high watermark and no client. Writes and syncs that the device refuses are thrown as DiskFailure.
 *
 * An engine may answer `append` and `read` later, with a promise. Order is fixed at the call all the same:
 *
 * - `append` takes its place in the log, and is done with the bytes it was given, when it returns. What it cannot take it
 *   refuses at once, by throwing. A promise that rejects is a batch lost from the middle of the log: nothing is acknowledged
 *   from then on, as after a failed sync.
 * - `read`, `sync` and `close` cover every append before the call, answered or not, and wait for those that they need.
 *
 * It may rely on calls that come in the order of the log, on no acknowledgement before it has answered, and on slices that are
 * released when the log is long closed.
 */

import type { Bytes } from '../base/bytes.js'
import type { LeaderEpoch, Offset, ProducerId } from '../base/ids.js'
import type { Int64 } from '../base/int64.js'
import type { Pause } from '../base/pause.js'
import type { Slice } from '../base/slice.js'
import type { LogConfig } from './log-config.js'
import type { CompactableSegment } from './rules/compaction.js'
import type { LastOfProducer } from './rules/compaction-filter.js'
import type { AbortedTransaction } from './rules/compaction-transactions.js'
import type { RetainedSegment } from './rules/retention.js'
import type { Slices } from './slices.js'
import type { EpochEndOffset, TimestampedOffset } from './types.js'

/** The bytes in a segment are not the batches that were written there. */
export class CorruptLogError extends Error {
  override readonly name = 'CorruptLogError'
}

/** It is known since the start that these records are gone, and was said then. */
export class DamagedRangeError extends CorruptLogError {}

/** One round of compaction. */
export interface CompactionOrder {
  readonly firstDirty: Offset
  /** Segments that begin below are compacted; a segment begins here. */
  readonly end: Offset
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly lastOfProducers: ReadonlyMap<ProducerId, LastOfProducer>
  /** log.cleaner.dedupe.buffer.size and log.cleaner.io.buffer.load.factor. */
  readonly keyBytesMax: number
  readonly keyLoadFactor: number
  /** log.cleaner.io.buffer.size */
  readonly ioBytes: number
  readonly slices: Slices
  /** Asked between slices: nothing more is wanted. */
  readonly isCancelled: () => boolean
}

export interface CompactionResult {
  /** Everything below has been compacted; less than what was asked for when there were more keys than memory. */
  readonly cleanedTo: Offset
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly recordsRead: number
  readonly recordsKept: number
  readonly unreadableBatches: number
  readonly segmentsBefore: number
  readonly segmentsAfter: number
}

/** An end of the log at some moment: everything below `offset`. Opaque but for the offset. */
export interface LogMark {
  readonly offset: Offset
}

export interface LogEngine {
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  /** Everything below, index entries included, is on stable storage: where the next recovery may begin. */
  readonly recoveryPoint: Offset
  readonly sizeBytes: number
  /**
   * The offset behind the damaged records among which `offset` lies, or which are the next of the log because nothing is left
   * in between; null where something can be read.
   */
  endOfDamage(offset: Offset): Offset | null

  /**
   * Writes one batch that begins at the log's end; its base offset and epoch are stamped already. Null: the log has it. When
   * it throws, the log is as it was. `aborted`: the transaction that it ends, which `abortedIn` finds from now on.
   */
  append(batch: Bytes, config: LogConfig, nowMs: number, aborted: AbortedTransaction | null): Promise<void> | null
  /**
   * Writes a batch behind the end of the log, with pauses, so that `append` has next to nothing left to write. It is no part of
   * the log until then, and gone when anything else is appended first. Throws DiskFailure; so will `append`.
   */
  writeAhead(batch: Bytes, epoch: LeaderEpoch, config: LogConfig, nowMs: number, pause: Pause): Promise<void>
  /** Adds to `slices` whole batches from the one that holds `from` up to `end` (null: the log's end); answers their bytes. */
  read(from: Offset, end: LogMark | null, maxBytes: number, atLeastOneBatch: boolean, slices: Slice[]): number | Promise<number>
  /** Where the batch that holds `offset` begins. */
  markAt(offset: Offset): LogMark
  /** Aborted transactions with records in what was read from `from` on, in the order of their markers; perhaps others too. */
  abortedIn(from: Offset, slices: readonly Slice[]): readonly AbortedTransaction[]
  /** How many aborted transactions are known. */
  readonly abortedCount: number
  /** The first record below `end` with a timestamp of at least `timestamp`. The log may go on, or lose segments, meanwhile. */
  offsetForTimestamp(timestamp: Int64, end: Offset, pause: Pause): Promise<TimestampedOffset | null>
  maxTimestampOffset(pause: Pause): Promise<TimestampedOffset | null>
  readonly epochStarts: readonly { readonly epoch: LeaderEpoch; readonly start: Offset }[]
  epochAt(offset: Offset): LeaderEpoch
  endOffsetForEpoch(epoch: LeaderEpoch): EpochEndOffset

  /** In order; the last one is the active segment. */
  readonly segments: readonly (RetainedSegment & CompactableSegment)[]
  /** Begins a new segment unless the active one is empty; its file is there when this returns. */
  roll(config: LogConfig, nowMs: number): void
  /** From now on nothing below `offset` is read. */
  raiseStart(offset: Offset): void
  /**
   * Takes segments that lie wholly below `start`, a start of the log that is on stable storage, out of the log; their files go
   * after `delayMs`. False: there were none.
   */
  removeBelow(start: Offset, delayMs: number): boolean

  /**
   * Rewrites the segments that begin below the order's end, without the records that a later one replaces; replaced files
   * go after `deleteDelayMs`. Null when it was cancelled. Throws DiskFailure when the disk refuses, CorruptLogError when the
   * log cannot be read.
   */
  compact(order: CompactionOrder, deleteDelayMs: number): Promise<CompactionResult | null>

  /** The present end. */
  end(): LogMark
  /** Whether `sync` has anything to do. */
  readonly hasUnsynced: boolean
  /**
   * Syncs and answers up to where everything is on stable storage: all that was appended before the call when the engine was
   * opened to sync everything, else what it syncs of its own accord.
   */
  sync(): Promise<LogMark>
  /** Brings indexes to their files; with the next `sync` the recovery point moves up to here. */
  flushIndexes(): void
  /** Syncs all unless ephemeral, and closes. */
  close(): Promise<void>
  /** The log cannot be read: the next start shall verify all of it. */
  markForVerification(): void
  /** Closes without writing: the files are about to go. Slices that are out stay readable. */
  abandon(): void
}

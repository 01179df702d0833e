/**
 * What goes in and comes out at a partition's door. Outcomes are values: an append answers Appended or AppendRefusal, a read
 * answers Read or an ErrorCode; nothing here is thrown at a caller.
 */

import type { LeaderEpoch, Offset, ProducerId } from '../base/ids.js'
import type { Int64 } from '../base/int64.js'
import type { Slice } from '../base/slice.js'
import type { Refusal } from '../protocol/errors.js'
import type { AppendGuard } from '../protocol/records/marker.js'
import type { RecordError } from './rules/admission.js'

export type { Inspection } from './rules/admission.js'

/**
 * Who writes: a client's batch meets every rule, a coordinator's own batch those of structure and order. `guard`: of a batch
 * that may begin a transaction, what `transactionGuard` answered before the transaction coordinator was asked.
 */
export type AppendOrigin =
  | { readonly kind: 'client'; readonly apiVersion: number; readonly guard?: AppendGuard }
  | { readonly kind: 'coordinator'; readonly guard?: AppendGuard }

export interface Appended {
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  /** -1 unless the topic is LogAppendTime, or the batch a duplicate: then the newest timestamp of the original, as in Kafka. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: Offset
  /** True when the batch was there already (idempotent retry): nothing was written, the offsets are the original ones. */
  readonly isDuplicate: boolean
  /**
   * Settles when the log has the batch and all before it: until then no acknowledgement is due. Null when it has them. Rejects
   * with a DiskFailure when they are lost; a caller that does not care may drop it.
   */
  readonly written: Promise<void> | null
  /** The same for stable storage, or for `written` where the directory promises no more. */
  readonly durable: Promise<void> | null
}

export interface AppendRefusal extends Refusal {
  readonly recordErrors: readonly RecordError[]
  /** -1 where the log was not looked at. */
  readonly logStartOffset: Offset
}
export type Isolation = 'read_uncommitted' | 'read_committed'

export interface ReadLimits {
  readonly maxBytes: number
  /** The first batch is answered even when it is larger than maxBytes. */
  readonly atLeastOneBatch: boolean
  readonly isolation: Isolation
  /** Where reading ends; `logEnd` shows what is not yet durable (coordinators replaying, replicas). */
  readonly upTo?: 'highWatermark' | 'logEnd'
  /** Only how much there is: which transactions are aborted is not looked up. */
  readonly isCount?: true
}

export interface AbortedProducer {
  readonly producerId: ProducerId
  readonly firstOffset: Offset
}

/** Whole batches, the first one containing the asked offset, in order. Every slice is to be released by the caller. */
export interface Read {
  readonly slices: readonly Slice[]
  readonly byteLength: number
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  readonly logStartOffset: Offset
  /**
   * Of a read_committed read: where aborted transactions begin that have records among these; perhaps others as well. Null of
   * any other.
   */
  readonly abortedTransactions: readonly AbortedProducer[] | null
}

/** A record found by its timestamp. */
export interface TimestampedOffset {
  readonly timestamp: Int64
  readonly offset: Offset
  readonly leaderEpoch: LeaderEpoch
}

export interface SegmentStart {
  readonly offset: Offset
  /** Timestamp of the newest record; where none has one, when the segment was last written. */
  readonly datedMs: number
  readonly isEmpty: boolean
}

export interface EpochEndOffset {
  /** -1 when the epoch is unknown. */
  readonly leaderEpoch: LeaderEpoch
  readonly endOffset: Offset
}

/** How far an acknowledgement reaches. `none` is for ephemeral directories: never synced, removed at close. */
export type Durability = 'fsync' | 'os' | 'none'

/** Where storage tells what an operator should know. */
export interface StorageLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

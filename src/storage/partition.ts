/**
 * One partition: the only door through which the broker meets a log. The order of appends is decided synchronously inside
 * `append`; durability is what a caller may wait for.
 */
import type { Bytes } from '../base/bytes.js'
import type { LeaderEpoch, Offset, Uuid } from '../base/ids.js'
import type { ErrorCode } from '../protocol/errors.js'
import type { Appended, AppendOrigin, EpochEndOffset, Isolation, Read, ReadLimits, Refusal, TimestampedOffset } from './types.js'

export interface Partition {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly leaderEpoch: LeaderEpoch
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  readonly sizeBytes: number
  /** True once the partition was deleted or its directory closed: it answers no more. */
  readonly isClosed: boolean

  /** Stamps base offset and leader epoch into `batch`, which the caller owns, and hands it to the operating system. */
  append(batch: Bytes, origin: AppendOrigin): Appended | Refusal
  read(from: Offset, limits: ReadLimits): Read | ErrorCode
  /** First record with a timestamp of at least `timestamp` below the high watermark (read_committed: the LSO). */
  offsetForTimestamp(timestamp: number, isolation: Isolation): TimestampedOffset | null | ErrorCode
  /** The record with the largest timestamp; null in an empty log. */
  maxTimestampOffset(): TimestampedOffset | null | ErrorCode
  latestOffset(isolation: Isolation): TimestampedOffset
  earliestOffset(): TimestampedOffset
  endOffsetForEpoch(epoch: LeaderEpoch): EpochEndOffset
  /** Calls `listener` whenever the high watermark moved or the partition was deleted; returns the way out. */
  onAdvance(listener: () => void): () => void
}

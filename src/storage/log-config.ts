/**
 * What a partition's log needs to know from its topic's configuration. It is read through a getter on every use, so that a
 * changed topic config takes effect on the next append. Nothing here resolves or validates a config key.
 */
import type { TimestampType } from '../protocol/records/batch.js'

export interface LogConfig {
  /** segment.bytes: a segment is rolled before it would grow beyond this; a larger batch is refused. */
  readonly segmentBytes: number
  /** segment.ms and segment.jitter.ms: a segment is rolled when a batch is this much younger than its first one. */
  readonly segmentMs: number
  readonly segmentJitterMs: number
  /** segment.index.bytes: bound of one index file; a full index rolls the segment. */
  readonly segmentIndexBytes: number
  /** index.interval.bytes: log bytes between two index entries. */
  readonly indexIntervalBytes: number
  /** max.message.bytes: bound of one batch as it arrives. */
  readonly maxMessageBytes: number
  readonly timestampType: TimestampType
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  /** cleanup.policy contains `compact`: every record needs a key. */
  readonly isCompacted: boolean
  /** producer.id.expiration.ms: how long an idle producer's sequences are remembered. */
  readonly producerIdExpirationMs: number
  /** file.delete.delay.ms: how long a deleted partition's files stay under their `-delete` name. */
  readonly fileDeleteDelayMs: number
}

export type LogConfigSource = () => LogConfig

/** Kafka's defaults; what a caller leaves to them it spreads from here. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  maxMessageBytes: 1_048_588,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  producerIdExpirationMs: 86_400_000,
  fileDeleteDelayMs: 60_000,
}

/**
 * What a partition's log needs to know from its topic's configuration. It is read through a getter on every use, so that a
 * changed topic config takes effect on the next append. Nothing here resolves or validates a config key.
 */
import { decompressedBytesMax } from '../protocol/records/compression.js'
import type { AdmissionRules } from './rules/admission.js'
import type { CompactionRules } from './rules/compaction.js'
import type { RetentionRules } from './rules/retention.js'

/**
 * What admission asks for (segment.bytes, max.message.bytes, timestamps, keys), retention, compaction, and what the log itself
 * does.
 */
export interface LogConfig extends AdmissionRules, RetentionRules, CompactionRules {
  /** segment.ms and segment.jitter.ms: a segment is rolled when a batch is this much younger than its first one. */
  readonly segmentMs: number
  readonly segmentJitterMs: number
  /** segment.index.bytes: bound of one index file; a full index rolls the segment. */
  readonly segmentIndexBytes: number
  /** index.interval.bytes: log bytes between two index entries. */
  readonly indexIntervalBytes: number
  /** producer.id.expiration.ms: how long an idle producer's sequences are remembered. */
  readonly producerIdExpirationMs: number
  /** file.delete.delay.ms: how long files stay that are no longer part of anything, under their `-delete` or `.deleted` name. */
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
  messageBytesMax: 1_048_588,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  validation: 'native',
  codec: null,
  compressionLevel: undefined,
  recordBytesMax: 2_147_483_639,
  decompressedBytesMax,
  producerIdExpirationMs: 86_400_000,
  fileDeleteDelayMs: 60_000,
  deletesOld: true,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  dirtyRatioMin: 0.5,
  compactionLagMinMs: 0,
  compactionLagMaxMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 86_400_000,
}

/** From config keys to the plain values that the rooms below ask for. */
import type { BrokerConfig } from '../config/resolve.js'
import { type TopicConfig, topicConfig } from '../config/topic-config.js'
import type { GroupConfig } from '../coordinator/group/config.js'
import { type CodecId, Codecs } from '../protocol/records/batch.js'
import { decompressedBytesMax } from '../protocol/records/compression.js'
import type { LogConfig } from '../storage/log-config.js'

export function groupSettings(config: BrokerConfig): GroupConfig {
  return {
    groupMinSessionTimeoutMs: config.get('group.min.session.timeout.ms'),
    groupMaxSessionTimeoutMs: config.get('group.max.session.timeout.ms'),
    groupInitialRebalanceDelayMs: config.get('group.initial.rebalance.delay.ms'),
    groupMaxSize: config.get('group.max.size'),
    offsetMetadataMaxBytes: config.get('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.get('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: config.get('offsets.retention.check.interval.ms'),
  }
}

/** Defaults for topics (a small max.message.bytes, say) must not keep the broker from writing down its own topics. */
export function metadataLogSettings(config: BrokerConfig): LogConfig {
  const settings = logSettings(topicConfig(config, {}))
  return {
    ...settings,
    segmentBytes: metadataSegmentBytes,
    messageBytesMax: metadataSegmentBytes,
    timestampType: 'CreateTime',
    isCompacted: false,
  }
}

/** Kafka's metadata.log.segment.bytes. */
const metadataSegmentBytes = 1024 * 1024 * 1024

export function logSettings(topic: TopicConfig): LogConfig {
  return {
    segmentBytes: topic.get('segment.bytes'),
    segmentMs: topic.get('segment.ms'),
    segmentJitterMs: topic.get('segment.jitter.ms'),
    segmentIndexBytes: topic.get('segment.index.bytes'),
    indexIntervalBytes: topic.get('index.interval.bytes'),
    messageBytesMax: topic.get('max.message.bytes'),
    timestampType: topic.get('message.timestamp.type'),
    timestampBeforeMaxMs: topic.get('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: topic.get('message.timestamp.after.max.ms'),
    isCompacted: topic.get('cleanup.policy').includes('compact'),
    deepValidation: topic.broker.get('gregor.validate.compressed'),
    ...compressionSettings(topic),
    decompressedBytesMax,
    producerIdExpirationMs: topic.broker.get('producer.id.expiration.ms'),
    fileDeleteDelayMs: topic.get('file.delete.delay.ms'),
  }
}

function compressionSettings(topic: TopicConfig): { codec: CodecId | null; compressionLevel: number | undefined } {
  const type = topic.get('compression.type')
  switch (type) {
    case 'producer':
      return { codec: null, compressionLevel: undefined }
    case 'uncompressed':
      return { codec: Codecs.none, compressionLevel: undefined }
    case 'gzip': {
      const level = topic.get('compression.gzip.level')
      return { codec: Codecs.gzip, compressionLevel: level === -1 ? undefined : level }
    }
    case 'zstd':
      return { codec: Codecs.zstd, compressionLevel: topic.get('compression.zstd.level') }
    case 'snappy':
    case 'lz4':
      return { codec: Codecs[type], compressionLevel: undefined }
  }
}

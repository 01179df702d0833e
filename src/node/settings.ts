/** From config keys to the plain values that the rooms below ask for. */
import { transactionVersion } from '../cluster/features.js'
import { type ClusterImage, groupResource, topicResource } from '../cluster/image.js'
import type { BrokerConfig } from '../config/broker-config.js'
import { codecOfType } from '../config/compression-type.js'
import { groupConfig } from '../config/group-config.js'
import { type ConfigOverrides, type TopicConfig, topicConfig } from '../config/topic-config.js'
import type { ConsumerGroupConfig, GroupConfig, StreamsGroupConfig } from '../coordinator/group/config.js'
import { stepsPerTurn } from '../coordinator/group/steps.js'
import type { TransactionConfig } from '../coordinator/transaction/config.js'
import type { CodecId } from '../protocol/records/batch.js'
import { decompressedBytesMax } from '../protocol/records/compression.js'
import type { TransactionVersion } from '../protocol/records/marker.js'
import type { UpkeepSettings } from '../storage/directory/data-directory.js'
import type { CleanerSettings } from '../storage/directory/log-cleaner.js'
import type { LogConfig, LogConfigSource } from '../storage/log-config.js'

export function groupSettings(config: BrokerConfig, image: ClusterImage): GroupConfig {
  return {
    groupMinSessionTimeoutMs: config.get('group.min.session.timeout.ms'),
    groupMaxSessionTimeoutMs: config.get('group.max.session.timeout.ms'),
    groupInitialRebalanceDelayMs: config.get('group.initial.rebalance.delay.ms'),
    groupMaxSize: config.get('group.max.size'),
    offsetMetadataMaxBytes: config.get('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.get('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: config.get('offsets.retention.check.interval.ms'),
    consumerGroup: groupId => consumerGroupSettings(config, image, groupId),
    streamsGroup: groupId => streamsGroupSettings(config, image, groupId),
  }
}

/** Kafka's own may also be named by their classes: org.apache.kafka.coordinator.group.assignor.UniformAssignor. */
const assignorName = (name: string): string => /\.(\w+)Assignor$/.exec(name)?.[1]?.toLowerCase() ?? name

function consumerGroupSettings(config: BrokerConfig, image: ClusterImage, groupId: string): ConsumerGroupConfig {
  const group = groupConfig(config, image.configsOf(groupResource, groupId))
  return {
    sessionTimeoutMs: group.get('consumer.session.timeout.ms'),
    heartbeatIntervalMs: group.get('consumer.heartbeat.interval.ms'),
    assignmentIntervalMs: group.get('consumer.assignment.interval.ms'),
    assignmentStepsPerTurn: stepsPerTurn,
    maxSize: config.get('group.consumer.max.size'),
    assignors: config.get('group.consumer.assignors').map(assignorName),
    migrationPolicy: config.get('group.consumer.migration.policy').toLowerCase(),
    regexRefreshIntervalMs: config.get('group.consumer.regex.refresh.interval.ms'),
  }
}

/** Looked up when asked for: a heartbeat needs few of them. */
function streamsGroupSettings(config: BrokerConfig, image: ClusterImage, groupId: string): StreamsGroupConfig {
  const group = groupConfig(config, image.configsOf(groupResource, groupId))
  return {
    get sessionTimeoutMs() {
      return group.get('streams.session.timeout.ms')
    },
    get heartbeatIntervalMs() {
      return group.get('streams.heartbeat.interval.ms')
    },
    get assignmentIntervalMs() {
      return group.get('streams.assignment.interval.ms')
    },
    assignmentStepsPerTurn: stepsPerTurn,
    get initialRebalanceDelayMs() {
      return group.get('streams.initial.rebalance.delay.ms')
    },
    get maxSize() {
      return config.get('group.streams.max.size')
    },
    get assignor() {
      return group.get('streams.assignor.name') ?? 'sticky'
    },
    get numStandbyReplicas() {
      return group.get('streams.num.standby.replicas')
    },
    get rackAwareAssignmentTags() {
      return group.get('streams.rack.aware.assignment.tags')
    },
    get taskOffsetIntervalMs() {
      return group.get('streams.task.offset.interval.ms')
    },
    get acceptableRecoveryLag() {
      return group.get('streams.acceptable.recovery.lag')
    },
  }
}

export function transactionSettings(config: BrokerConfig, image: ClusterImage): TransactionConfig {
  return {
    transactionMaxTimeoutMs: config.get('transaction.max.timeout.ms'),
    transactionalIdExpirationMs: config.get('transactional.id.expiration.ms'),
    transactionAbortTimedOutTransactionCleanupIntervalMs: config.get(
      'transaction.abort.timed.out.transaction.cleanup.interval.ms',
    ),
    transactionRemoveExpiredTransactionCleanupIntervalMs: config.get(
      'transaction.remove.expired.transaction.cleanup.interval.ms',
    ),
    transactionVersion: (image.features.get(transactionVersion) ?? 0) as TransactionVersion,
  }
}

/** Defaults for topics (a small max.message.bytes, say) must not keep the broker from writing down its own topics. */
export function metadataLogSettings(config: BrokerConfig): LogConfig {
  const settings = logSettings(topicConfig(config, {}))
  return {
    ...settings,
    segmentBytes: metadataSegmentBytes,
    segmentMs: metadataSegmentMs,
    segmentJitterMs: 0,
    messageBytesMax: metadataSegmentBytes,
    timestampType: 'CreateTime',
    isCompacted: false,
    deletesOld: false,
  }
}

/**
 * The settings of a topic's log, as they are whenever they are asked for: a changed config takes effect on the next append
 * and the next look of retention and compaction. Costs one comparison as long as nothing changed. A topic that was deleted
 * keeps its last settings, which say how long its files stay.
 */
export function liveLogSettings(
  topic: string,
  image: ClusterImage,
  make: (configs: ConfigOverrides) => LogConfig,
): LogConfigSource {
  let revision = -1
  let settings: LogConfig | null = null
  return () => {
    if (settings !== null && revision === image.configsRevision) return settings
    revision = image.configsRevision
    if (settings === null || image.topics.has(topic)) settings = make(image.configsOf(topicResource, topic))
    return settings
  }
}

/** Those of the cleaner as they are whenever it begins a round. */
export function upkeepSettings(config: BrokerConfig): UpkeepSettings {
  const cleaner: CleanerSettings = {
    get backoffMs() {
      return config.get('log.cleaner.backoff.ms')
    },
    get keyBytesMax() {
      return config.get('log.cleaner.dedupe.buffer.size')
    },
    get keyLoadFactor() {
      return config.get('log.cleaner.io.buffer.load.factor')
    },
    get ioBytes() {
      return config.get('log.cleaner.io.buffer.size')
    },
  }
  return {
    retentionCheckIntervalMs: config.get('log.retention.check.interval.ms'),
    cleaner: config.get('log.cleaner.enable') ? cleaner : null,
  }
}

/** Kafka's metadata.log.segment.bytes. */
const metadataSegmentBytes = 1024 * 1024 * 1024
/** Kafka's metadata.log.segment.ms. */
const metadataSegmentMs = 7 * 24 * 60 * 60 * 1000

export function logSettings(topic: TopicConfig): LogConfig {
  const isCompacted = topic.get('cleanup.policy').includes('compact')
  // A segment can only be compacted once it is no longer the active one.
  const segmentMsMax = isCompacted ? topic.get('max.compaction.lag.ms') : Number.POSITIVE_INFINITY
  return {
    segmentBytes: topic.get('internal.segment.bytes') ?? topic.get('segment.bytes'),
    segmentMs: Math.min(topic.get('segment.ms'), segmentMsMax),
    segmentJitterMs: topic.get('segment.jitter.ms'),
    segmentIndexBytes: topic.get('segment.index.bytes'),
    indexIntervalBytes: topic.get('index.interval.bytes'),
    messageBytesMax: topic.get('max.message.bytes'),
    timestampType: topic.get('message.timestamp.type'),
    timestampBeforeMaxMs: orUnbounded(topic.get('message.timestamp.before.max.ms')),
    timestampAfterMaxMs: orUnbounded(topic.get('message.timestamp.after.max.ms')),
    isCompacted,
    validation: validations[topic.broker.get('gregor.validate.compressed')],
    ...compressionSettings(topic),
    recordBytesMax: topic.get('max.decompressed.message.bytes'),
    decompressedBytesMax,
    producerIdExpirationMs: topic.broker.get('producer.id.expiration.ms'),
    fileDeleteDelayMs: topic.get('file.delete.delay.ms'),
    deletesOld: topic.get('cleanup.policy').includes('delete'),
    retentionMs: topic.get('retention.ms'),
    retentionBytes: topic.get('retention.bytes'),
    dirtyRatioMin: topic.get('min.cleanable.dirty.ratio'),
    compactionLagMinMs: topic.get('min.compaction.lag.ms'),
    compactionLagMaxMs: topic.get('max.compaction.lag.ms'),
    deleteRetentionMs: topic.get('delete.retention.ms'),
  }
}

const validations = { true: 'all', auto: 'native', false: 'none' } as const

function compressionSettings(topic: TopicConfig): { codec: CodecId | null; compressionLevel: number | undefined } {
  return { codec: codecOfType(topic.get('compression.type')), compressionLevel: compressionLevel(topic) }
}

/** Undefined is the codec's own default. */
function compressionLevel(topic: TopicConfig): number | undefined {
  switch (topic.get('compression.type')) {
    case 'gzip': {
      const level = topic.get('compression.gzip.level')
      return level === -1 ? undefined : level
    }
    case 'zstd':
      return topic.get('compression.zstd.level')
    case 'producer':
    case 'uncompressed':
    case 'snappy':
    case 'lz4':
      return undefined
  }
}

/** Long.MAX, which the configuration clamps, is no bound: a timestamp in nanoseconds lies beyond what it is clamped to. */
function orUnbounded(ms: number): number {
  return ms >= Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : ms
}

/**
 * Every config that a topic can carry in Kafka 4.4, one row each. All are known so that tools which read a topic's configs
 * to write them elsewhere (MirrorMaker, Connect, web consoles) find what they expect; a row that nothing acts on says so.
 */
import { boolean, type ConfigKey, choice, choices, double, int, list, long, longMax, type ValueOf } from './key.js'

const weekMs = 7 * 24 * 60 * 60 * 1000
const dayMs = 24 * 60 * 60 * 1000

export const topicKeys = {
  'cleanup.policy': choices(
    ['delete'],
    ['compact', 'delete'],
    'How old records leave the log: delete whole segments by age and size, compact to the latest record per key, or both, ' +
      'separated by a comma. A topic that compacts refuses records without a key.',
    { brokerKeys: ['log.cleanup.policy'], mayRepeat: true },
  ),
  'compression.gzip.level': int(-1, 'Level of gzip when compression.type is gzip; -1 is the codec’s own default.', {
    min: 1,
    max: 9,
    also: -1,
    brokerKeys: ['compression.gzip.level'],
  }),
  'compression.lz4.level': int(9, 'Level of LZ4 when compression.type is lz4. The library has a single, fast level.', {
    min: 1,
    max: 17,
    brokerKeys: ['compression.lz4.level'],
    effect: 'none',
  }),
  'compression.type': choice(
    'producer',
    ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    'How batches are stored. producer keeps each batch as it arrived; otherwise a batch in another codec is decompressed and ' +
      'recompressed when it is produced. zstd is refused before Node 22.15, which adds it; lz4 and snappy are refused where their ' +
      'package has no binary for the machine.',
    { brokerKeys: ['compression.type'] },
  ),
  'compression.zstd.level': int(3, 'Level of Zstandard when compression.type is zstd.', {
    min: -131072,
    max: 22,
    brokerKeys: ['compression.zstd.level'],
  }),
  'delete.retention.ms': long(
    dayMs,
    'How long a tombstone stays readable after compaction reached it, so that a consumer reading from the start sees it.',
    { min: 0, brokerKeys: ['log.cleaner.delete.retention.ms'] },
  ),
  'errors.deadletterqueue.group.enable': boolean(
    false,
    'Whether share groups may use this topic as their dead letter queue. There are no share groups.',
    { effect: 'moot' },
  ),
  'file.delete.delay.ms': long(60_000, 'How long the files of a deleted topic or segment stay on disk before they are removed.', {
    min: 0,
    brokerKeys: ['log.segment.delete.delay.ms'],
  }),
  'flush.messages': long(longMax, 'Sync the log after this many records. gregor.durability decides instead.', {
    min: 1,
    brokerKeys: ['log.flush.interval.messages'],
    effect: 'none',
  }),
  'flush.ms': long(longMax, 'Sync the log after this time. gregor.durability decides instead.', {
    min: 0,
    brokerKeys: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
    effect: 'none',
  }),
  'follower.replication.throttled.replicas': list(
    [],
    'Follower replicas that are throttled. A single broker does not replicate.',
    {
      throttledReplicas: true,
      effect: 'moot',
    },
  ),
  'index.interval.bytes': int(4096, 'Bytes of log between two entries of the offset index.', {
    min: 0,
    brokerKeys: ['log.index.interval.bytes'],
  }),
  'internal.segment.bytes': int(null, 'Wins over segment.bytes when it is set, and may be smaller. For tests.', { hidden: true }),
  'leader.replication.throttled.replicas': list([], 'Leader replicas that are throttled. A single broker does not replicate.', {
    throttledReplicas: true,
    effect: 'moot',
  }),
  'local.retention.bytes': long(
    -2,
    'Bytes kept locally under tiered storage; -2 is retention.bytes. There is no tiered storage.',
    {
      min: -2,
      brokerKeys: ['log.local.retention.bytes'],
      effect: 'moot',
    },
  ),
  'local.retention.ms': long(-2, 'Time kept locally under tiered storage; -2 is retention.ms. There is no tiered storage.', {
    min: -2,
    brokerKeys: ['log.local.retention.ms'],
    effect: 'moot',
  }),
  'max.compaction.lag.ms': long(longMax, 'A record waits at most this long before its log becomes due for compaction.', {
    min: 1,
    brokerKeys: ['log.cleaner.max.compaction.lag.ms'],
  }),
  'max.decompressed.message.bytes': int(
    2_147_483_639,
    'Largest record in a compressed batch, decompressed. Where it is less than 64 MiB, which is what a whole batch may decompress ' +
      'to, every compressed batch is decompressed when it is produced.',
    { min: 1, max: 2_147_483_639, brokerKeys: ['max.decompressed.message.bytes'] },
  ),
  'max.message.bytes': int(1_048_588, 'Largest record batch accepted, as it is on the wire (compressed, header included).', {
    min: 0,
    brokerKeys: ['message.max.bytes'],
  }),
  'message.timestamp.after.max.ms': long(
    3_600_000,
    'A record may carry a timestamp at most this far ahead of the broker’s clock. Applies to CreateTime only.',
    { min: 0, brokerKeys: ['log.message.timestamp.after.max.ms'] },
  ),
  'message.timestamp.before.max.ms': long(
    longMax,
    'A record may carry a timestamp at most this far behind the broker’s clock. Applies to CreateTime only.',
    { min: 0, brokerKeys: ['log.message.timestamp.before.max.ms'] },
  ),
  'message.timestamp.type': choice(
    'CreateTime',
    ['CreateTime', 'LogAppendTime'],
    'Whose clock dates a record: the producer’s (CreateTime) or the broker’s when it appends (LogAppendTime).',
    { brokerKeys: ['log.message.timestamp.type'] },
  ),
  'min.cleanable.dirty.ratio': double(0.5, 'A log is due for compaction when this share of it is not yet compacted.', {
    min: 0,
    max: 1,
    brokerKeys: ['log.cleaner.min.cleanable.ratio'],
  }),
  'min.compaction.lag.ms': long(0, 'A record is not compacted for at least this long.', {
    min: 0,
    brokerKeys: ['log.cleaner.min.compaction.lag.ms'],
  }),
  'min.insync.replicas': int(1, 'Replicas that must have a record before acks=all is answered. One broker has one replica.', {
    min: 1,
    brokerKeys: ['min.insync.replicas'],
    effect: 'moot',
  }),
  preallocate: boolean(false, 'Reserve a segment’s full size on disk when it is created.', {
    brokerKeys: ['log.preallocate'],
    effect: 'none',
  }),
  'remote.copy.lag.bytes': long(-1, 'When a segment may be tiered, by size. There is no tiered storage.', {
    min: -1,
    brokerKeys: ['log.remote.copy.lag.bytes'],
    effect: 'moot',
  }),
  'remote.copy.lag.ms': long(0, 'When a segment may be tiered, by age. There is no tiered storage.', {
    min: -1,
    brokerKeys: ['log.remote.copy.lag.ms'],
    effect: 'moot',
  }),
  'remote.log.copy.disable': boolean(false, 'Stop tiering this topic. There is no tiered storage.', { effect: 'moot' }),
  'remote.log.delete.on.disable': boolean(false, 'Delete tiered data when tiering is turned off. There is no tiered storage.', {
    effect: 'moot',
  }),
  'remote.storage.enable': boolean(false, 'Tiered storage; true is refused, because there is none.'),
  'retention.bytes': long(-1, 'Oldest segments are deleted while a partition is larger than this; -1 is no limit.', {
    brokerKeys: ['log.retention.bytes'],
  }),
  'retention.ms': long(weekMs, 'Segments whose newest record is older than this are deleted; -1 is no limit.', {
    min: -1,
    brokerKeys: ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  }),
  'segment.bytes': int(1_073_741_824, 'The log rolls to a new segment before one grows beyond this.', {
    min: 1_048_576,
    brokerKeys: ['log.segment.bytes'],
  }),
  'segment.index.bytes': int(10_485_760, 'The log rolls to a new segment when an index reaches this size.', {
    min: 4,
    brokerKeys: ['log.index.size.max.bytes'],
  }),
  'segment.jitter.ms': long(
    0,
    'A random amount up to this is subtracted from segment.ms, so that segments do not all roll at once.',
    {
      min: 0,
      brokerKeys: ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
    },
  ),
  'segment.ms': long(weekMs, 'A new segment is begun at the latest this long after the first record of the current one.', {
    min: 1,
    brokerKeys: ['log.roll.ms', 'log.roll.hours'],
  }),
  'unclean.leader.election.enable': boolean(
    false,
    'Elect a replica that may lack records rather than none. One broker holds no elections.',
    { brokerKeys: ['unclean.leader.election.enable'], effect: 'moot' },
  ),
} satisfies Readonly<Record<string, ConfigKey<unknown>>>

export type TopicKey = keyof typeof topicKeys
export type TopicValue<K extends TopicKey> = ValueOf<(typeof topicKeys)[K]>

export const topicKeyNames = Object.keys(topicKeys) as readonly TopicKey[]

export function isTopicKey(name: string): name is TopicKey {
  return Object.hasOwn(topicKeys, name)
}

/** What kafka_exporter shows, by its names: topics, partitions, and how far groups are. */
import { roundedInt64 } from '../../base/int64.js'
import { type FamilyGroup, flag, gauge, oneGauge, type Sample } from './family.js'
import { groupsOf, type PartitionSeen, partitionsOf, type Seen, topicsOf } from './seen.js'

const byPartition = (value: (seen: PartitionSeen) => number) =>
  function* (seen: Seen): Generator<Sample> {
    for (const one of partitionsOf(seen)) yield { labels: { topic: one.topic, partition: one.index }, value: value(one) }
  }

interface Position {
  readonly consumergroup: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Null for a partition that is gone. */
  readonly lag: number | null
}

/** As kafka-consumer-groups counts it: from what was committed to the high watermark. */
export function* positionsOf(seen: Seen): Generator<Position> {
  for (const { groupId: consumergroup, offsets } of groupsOf(seen)) {
    for (const [topic, byPartition] of offsets) {
      for (const [partition, committed] of byPartition) {
        const offset = roundedInt64(committed.offset)
        const end = seen.broker.services.topics.partition(topic, partition)?.highWatermark
        yield { consumergroup, topic, partition, offset, lag: end === undefined ? null : end - offset }
      }
    }
  }
}

const byPosition = (value: (position: Position) => number | null) =>
  function* (seen: Seen): Generator<Sample> {
    for (const position of positionsOf(seen)) {
      const { consumergroup, topic, partition } = position
      const known = value(position)
      if (known !== null) yield { labels: { consumergroup, topic, partition }, value: known }
    }
  }

/** Of each topic of each group, the sum over its partitions. */
const byTopicOfGroup = (value: (position: Position) => number | null) =>
  function* (seen: Seen): Generator<Sample> {
    let sum: { labels: { consumergroup: string; topic: string }; value: number } | null = null
    for (const position of positionsOf(seen)) {
      const { consumergroup, topic } = position
      if (sum === null || sum.labels.topic !== topic || sum.labels.consumergroup !== consumergroup) {
        if (sum !== null) yield sum
        sum = { labels: { consumergroup, topic }, value: 0 }
      }
      sum.value += value(position) ?? 0
    }
    if (sum !== null) yield sum
  }

const topicPartition = ['topic', 'partition']
const ofPosition = ['consumergroup', 'topic', 'partition']
const ofTopic = ['consumergroup', 'topic']

export const exporterFamilies: FamilyGroup = {
  title: 'kafka_exporter',
  about:
    'By the names of [kafka_exporter](https://github.com/danielqsj/kafka_exporter). Of a group of any kind, the partitions are ' +
    'shown for which it has committed an offset: where kafka_exporter shows -1 for the others of a topic, and adds that to its ' +
    'sums, there is nothing here.',
  families: [
    oneGauge('kafka_brokers', 'Brokers of the cluster.', () => 1),
    gauge('kafka_broker_info', ['id', 'address'], 'A broker of the cluster.', ({ broker }) =>
      broker.listeners
        .slice(0, 1)
        .map(({ host, port }) => ({ labels: { id: broker.services.nodeId, address: `${host}:${port}` }, value: 1 })),
    ),
    gauge('kafka_topic_partitions', ['topic'], 'Partitions of a topic.', function* (seen) {
      for (const { name: topic, partitions } of topicsOf(seen)) yield { labels: { topic }, value: partitions.length }
    }),
    gauge(
      'kafka_topic_partition_current_offset',
      topicPartition,
      'Offset behind the last record that consumers may read.',
      byPartition(({ partition }) => partition.highWatermark),
    ),
    gauge(
      'kafka_topic_partition_oldest_offset',
      topicPartition,
      'Offset of the first record.',
      byPartition(({ partition }) => partition.logStartOffset),
    ),
    gauge(
      'kafka_topic_partition_leader',
      topicPartition,
      'Id of the broker that leads the partition; -1 without one.',
      byPartition(({ image }) => image.leader),
    ),
    gauge(
      'kafka_topic_partition_leader_is_preferred',
      topicPartition,
      '1 if the first replica leads.',
      byPartition(({ image }) => flag(image.leader === image.replicas[0])),
    ),
    gauge(
      'kafka_topic_partition_replicas',
      topicPartition,
      'Replicas of the partition.',
      byPartition(({ image }) => image.replicas.length),
    ),
    gauge(
      'kafka_topic_partition_in_sync_replica',
      topicPartition,
      'Replicas that are in sync.',
      byPartition(({ image }) => image.isr.length),
    ),
    gauge(
      'kafka_topic_partition_under_replicated_partition',
      topicPartition,
      '1 if replicas are not in sync.',
      byPartition(({ image }) => flag(image.isr.length < image.replicas.length)),
    ),
    gauge('kafka_consumergroup_members', ['consumergroup'], 'Members of a group.', function* (seen) {
      for (const { groupId: consumergroup, members } of groupsOf(seen)) yield { labels: { consumergroup }, value: members }
    }),
    gauge(
      'kafka_consumergroup_current_offset',
      ofPosition,
      'What a group has committed.',
      byPosition(({ offset }) => offset),
    ),
    gauge(
      'kafka_consumergroup_lag',
      ofPosition,
      'From what a group has committed to the last record that it may read.',
      byPosition(({ lag }) => lag),
    ),
    gauge(
      'kafka_consumergroup_current_offset_sum',
      ofTopic,
      'What a group has committed, over all partitions.',
      byTopicOfGroup(({ offset }) => offset),
    ),
    gauge(
      'kafka_consumergroup_lag_sum',
      ofTopic,
      'Lag of a group, over all partitions.',
      byTopicOfGroup(({ lag }) => lag),
    ),
  ],
}

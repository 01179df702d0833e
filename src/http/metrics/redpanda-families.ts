/** What Redpanda's dashboards ask for, by Redpanda's names, as far as a broker of this kind has it. */
import { readFileSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import type { Traffic } from '../../base/meter.js'
import { ownFile } from '../../base/packages.js'
import { histogram } from './counted-families.js'
import { positionsOf } from './exporter-families.js'
import { counter, type Family, type FamilyGroup, flag, gauge, oneCounter, oneGauge, type Sample } from './family.js'
import {
  countOf,
  type DiskSeen,
  groupsOf,
  type PartitionSeen,
  partitionsOf,
  partitionsOfTopic,
  type Seen,
  sumOf,
  topicsOf,
} from './seen.js'

/** Redpanda's name for what Kafka's clients see. */
const redpanda_namespace = 'kafka'

const byPartition = (value: (seen: PartitionSeen) => number) =>
  function* (seen: Seen): Generator<Sample> {
    for (const one of partitionsOf(seen)) {
      yield { labels: { redpanda_namespace, redpanda_topic: one.topic, redpanda_partition: one.index }, value: value(one) }
    }
  }

const byTopic = (value: (partitions: readonly { readonly replicas: readonly number[] }[]) => number) =>
  function* (seen: Seen): Generator<Sample> {
    for (const { name: redpanda_topic, partitions } of topicsOf(seen)) {
      yield { labels: { redpanda_namespace, redpanda_topic }, value: value(partitions) }
    }
  }

/** Of each group, over all partitions that it has committed. */
const byLag = (add: (before: number, lag: number) => number) =>
  function* (seen: Seen): Generator<Sample> {
    let redpanda_group: string | null = null
    let value = 0
    for (const { consumergroup, lag } of positionsOf(seen)) {
      if (consumergroup !== redpanda_group) {
        if (redpanda_group !== null) yield { labels: { redpanda_group }, value }
        redpanda_group = consumergroup
        value = 0
      }
      value = add(value, lag ?? 0)
    }
    if (redpanda_group !== null) yield { labels: { redpanda_group }, value }
  }

const topic = ['redpanda_namespace', 'redpanda_topic']
const topicPartition = [...topic, 'redpanda_partition']

/** Redpanda's names for what producers and consumers ask for. */
const requests = [
  ['produce', 'Produce', 'bytesIn'],
  ['consume', 'Fetch', 'bytesOut'],
] as const

const latency = (name: string, label: string, spelled: (request: string) => string, help: string): Family =>
  histogram(name, [label], help, function* ({ apis }) {
    for (const [redpandas, kafkas] of requests) {
      const api = apis.find(({ apiName }) => apiName === kafkas)
      if (api !== undefined) yield [{ [label]: spelled(redpandas) }, api, 'total']
    }
  })

const trafficByTopic = (value: (traffic: Traffic) => number) =>
  function* (seen: Seen): Generator<Sample> {
    for (const one of topicsOf(seen)) {
      const labels = { redpanda_namespace, redpanda_topic: one.name }
      yield { labels, value: sumOf(partitionsOfTopic(seen, one), ({ partition }) => value(partition.traffic)) }
    }
  }

/** The one with the least room, where there are several. */
const fullest = (value: (disk: DiskSeen) => number) => (seen: Seen) => {
  const known = seen.disks.filter(({ isOnline, totalBytes }) => isOnline && totalBytes > 0)
  const [least] = known.sort((one, other) => one.usableBytes - other.usableBytes)
  return least === undefined ? null : value(least)
}

const { version } = JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { readonly version: string }

/** Shares of the disk that are free. */
const [lowRoom, noRoom] = [0.05, 0.01]

function spaceAlert({ usableBytes, totalBytes }: DiskSeen): number {
  const free = usableBytes / totalBytes
  return flag(free < lowRoom) + flag(free < noRoom)
}

/** In a container, what that may use. */
function memoryOfAll(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

export const redpandaFamilies: FamilyGroup = {
  title: 'Redpanda',
  key: 'gregor.http.metrics.redpanda',
  about:
    'By the names of [Redpanda’s public metrics](https://docs.redpanda.com/current/reference/public-metrics-reference/), for its ' +
    'dashboards; only with `gregor.http.metrics.redpanda=true`. Memory is that of the machine or container, from which the process ' +
    'takes what it needs; operations on disks are the read and write calls of the process; the disk is that of the directory with ' +
    'the least room, low below 5 % and degraded below 1 %.',
  families: [
    oneGauge('redpanda_cluster_brokers', 'Brokers of the cluster.', () => 1),
    oneGauge('redpanda_cluster_topics', 'Topics.', seen => seen.broker.services.topics.image.topics.size),
    oneGauge('redpanda_cluster_partitions', 'Partitions.', seen => sumOf(topicsOf(seen), ({ partitions }) => partitions.length)),
    oneGauge('redpanda_cluster_unavailable_partitions', 'Partitions without a leader.', seen =>
      countOf(partitionsOf(seen), ({ image }) => image.leader < 0),
    ),
    gauge(
      'redpanda_kafka_partitions',
      topic,
      'Partitions of a topic.',
      byTopic(partitions => partitions.length),
    ),
    gauge(
      'redpanda_kafka_replicas',
      topic,
      'Replicas of each partition of a topic.',
      byTopic(([first]) => first?.replicas.length ?? 0),
    ),
    gauge(
      'redpanda_kafka_max_offset',
      topicPartition,
      'Offset behind the last record that consumers may read.',
      byPartition(({ partition }) => partition.highWatermark),
    ),
    gauge(
      'redpanda_kafka_under_replicated_replicas',
      topicPartition,
      'Replicas that are not in sync.',
      byPartition(({ image }) => image.replicas.length - image.isr.length),
    ),
    counter(
      'redpanda_kafka_request_bytes_total',
      [...topicPartition, 'redpanda_request'],
      'Bytes of records that came in and that consumers were sent.',
      function* (seen) {
        for (const { topic: redpanda_topic, index: redpanda_partition, partition } of partitionsOf(seen)) {
          for (const [redpanda_request, , counted] of requests) {
            const labels = { redpanda_namespace, redpanda_topic, redpanda_partition, redpanda_request }
            yield { labels, value: partition.traffic[counted] }
          }
        }
      },
    ),
    counter(
      'redpanda_kafka_records_produced_total',
      topic,
      'Records that were appended.',
      trafficByTopic(({ messagesIn }) => messagesIn),
    ),
    latency(
      'redpanda_kafka_request_latency_seconds',
      'redpanda_request',
      request => request,
      'From a request of producers or consumers to the end of its answer.',
    ),
    latency(
      'redpanda_kafka_handler_latency_seconds',
      'handler',
      request => (request === 'consume' ? 'fetch' : request),
      'The same, by the names of handlers.',
    ),
    gauge(
      'redpanda_kafka_consumer_group_committed_offset',
      ['redpanda_group', 'redpanda_topic', 'redpanda_partition'],
      'What a group has committed.',
      function* (seen) {
        for (const { consumergroup: redpanda_group, topic: redpanda_topic, partition, offset } of positionsOf(seen)) {
          yield { labels: { redpanda_group, redpanda_topic, redpanda_partition: partition }, value: offset }
        }
      },
    ),
    gauge('redpanda_kafka_consumer_group_consumers', ['redpanda_group'], 'Members of a group.', function* (seen) {
      for (const { groupId: redpanda_group, members } of groupsOf(seen)) yield { labels: { redpanda_group }, value: members }
    }),
    gauge('redpanda_kafka_consumer_group_topics', ['redpanda_group'], 'Topics that a group has committed.', function* (seen) {
      for (const { groupId: redpanda_group, offsets } of groupsOf(seen)) {
        yield { labels: { redpanda_group }, value: offsets.size }
      }
    }),
    gauge(
      'redpanda_kafka_consumer_group_lag_sum',
      ['redpanda_group'],
      'Lag of a group, over all partitions.',
      byLag((sum, lag) => sum + lag),
    ),
    gauge('redpanda_kafka_consumer_group_lag_max', ['redpanda_group'], 'Lag of a group, where it is largest.', byLag(Math.max)),
    gauge('redpanda_rpc_active_connections', ['redpanda_server'], 'Connections of Kafka’s clients.', ({ broker }) => [
      { labels: { redpanda_server: 'kafka' }, value: countOf(broker.observed.connections(), () => true) },
    ]),
    oneGauge('redpanda_memory_available_memory', 'Memory that the process does not use.', ({ process: { memory } }) =>
      Math.max(0, memoryOfAll() - memory.rss),
    ),
    oneGauge(
      'redpanda_memory_available_memory_low_water_mark',
      'The least of it since the start.',
      ({ process: { peakBytes } }) => Math.max(0, memoryOfAll() - peakBytes),
    ),
    oneGauge('redpanda_memory_free_memory', 'Memory that nobody uses.', () => freemem()),
    oneGauge('redpanda_memory_allocated_memory', 'Memory that the process uses.', ({ process: { memory } }) => memory.rss),
    oneGauge(
      'redpanda_storage_disk_total_bytes',
      'Size of the disk.',
      fullest(({ totalBytes }) => totalBytes),
    ),
    oneGauge(
      'redpanda_storage_disk_free_bytes',
      'Room on the disk.',
      fullest(({ usableBytes }) => usableBytes),
    ),
    oneGauge('redpanda_storage_disk_free_space_alert', '0: enough room; 1: low; 2: degraded.', fullest(spaceAlert)),
    oneCounter('redpanda_io_queue_total_read_ops', 'Read calls.', ({ process: { io } }) => io?.readCalls ?? null),
    oneCounter('redpanda_io_queue_total_write_ops', 'Write calls.', ({ process: { io } }) => io?.writeCalls ?? null),
    oneCounter(
      'redpanda_cpu_busy_seconds_total',
      'Processor time.',
      ({ process: { cpu } }) => (cpu.user + cpu.system) / 1_000_000,
    ),
    oneGauge('redpanda_application_uptime_seconds_total', 'Seconds since the start of the process.', ({ process, world }) =>
      Math.max(0, (world.nowMs() - process.startMs) / 1000),
    ),
    gauge('redpanda_application_build', ['redpanda_version', 'redpanda_revision'], 'The program that runs.', () => [
      { labels: { redpanda_version: `gregor-${version}`, redpanda_revision: '' }, value: 1 },
    ]),
  ],
}

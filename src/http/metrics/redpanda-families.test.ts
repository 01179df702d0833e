/** Redpanda's names, for its dashboards. */
import { expect, it } from 'vitest'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { httpBroker } from '../http.test-support.js'
import { readingOf, seriesOf } from './metrics.test-support.js'

it('are not there unless they are asked for', async () => {
  await using broker = await httpBroker()
  const { text } = await broker.ask('/metrics')
  expect(text).not.toContain('redpanda_')
})

it('a group’s lag is summed over its partitions, and so is what is not led', async () => {
  await using broker = await httpBroker({ config: { 'gregor.http.metrics.redpanda': 'true' } })
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  await client.createTopic('t', 2)
  for (const partition of [0, 0, 0, 1]) await client.produce('t', batchOf(['x']), { partition })
  for (const groupId of ['one', 'two']) {
    const partitions = [0, 1].map(partitionIndex => ({ partitionIndex, committedOffset: partitionIndex, committedMetadata: '' }))
    await client.call(OffsetCommit, 8, { groupId, topics: [{ name: 't', partitions }] })
  }
  const { text } = await broker.ask('/metrics')
  const of = (name: string, labels = {}) => readingOf(text, `redpanda_${name}`, labels)
  for (const redpanda_group of ['one', 'two']) {
    expect(of('kafka_consumer_group_lag_sum', { redpanda_group })).toBe(3)
    expect(of('kafka_consumer_group_lag_max', { redpanda_group })).toBe(3)
    expect(of('kafka_consumer_group_topics', { redpanda_group })).toBe(1)
  }
  const partition = { redpanda_namespace: 'kafka', redpanda_topic: 't', redpanda_partition: 0 }
  expect(of('kafka_max_offset', partition)).toBe(3)
  expect(of('kafka_under_replicated_replicas', partition)).toBe(0)
  expect(of('kafka_replicas', { redpanda_namespace: 'kafka', redpanda_topic: 't' })).toBe(1)
  const bytes = (redpanda_request: string) => of('kafka_request_bytes_total', { ...partition, redpanda_request })
  expect([bytes('produce'), bytes('consume')]).toEqual([3 * batchOf(['x']).byteLength, 0])
  expect(of('kafka_request_latency_seconds_count', { redpanda_request: 'produce' })).toBe(4)
  expect(of('kafka_handler_latency_seconds_count', { handler: 'produce' })).toBe(4)
  expect(of('kafka_records_produced_total', { redpanda_namespace: 'kafka', redpanda_topic: 't' })).toBe(4)
  expect(of('cluster_unavailable_partitions')).toBe(0)
  expect(of('rpc_active_connections', { redpanda_server: 'kafka' })).toBe(1)
  expect(seriesOf(text, 'redpanda_application_build')).toHaveLength(1)
  client.close()
})

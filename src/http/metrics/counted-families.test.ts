/** Under a known load, each counter is what the clients have counted. */
import { Kafka, logLevel, type RequestEvent } from 'kafkajs'
import { expect, it } from 'vitest'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { Heartbeat } from '../../protocol/messages/heartbeat.js'
import { ListOffsets } from '../../protocol/messages/list-offsets.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import { type HttpBroker, httpBroker } from '../http.test-support.js'
import { readingOf, seriesOf } from './metrics.test-support.js'

const kafkaOf = ({ broker }: HttpBroker): Kafka =>
  new Kafka({ brokers: [`127.0.0.1:${broker.listeners[0]!.port}`], logLevel: logLevel.NOTHING })

const textOf = async (broker: HttpBroker): Promise<string> => (await broker.ask('/metrics')).text

/** What a client of kafkajs has sent and got, by API. */
function requestsOf(listen: (listener: (event: RequestEvent) => void) => unknown): Map<string, number> {
  const counts = new Map<string, number>()
  listen(({ payload: { apiName } }) => counts.set(apiName, (counts.get(apiName) ?? 0) + 1))
  return counts
}

const topicOf = (text: string, counter: string, topic?: string): number | undefined =>
  readingOf(text, `kafka_server_brokertopicmetrics_${counter}_total`, topic === undefined ? {} : { topic })

it('records, bytes and requests are those that producers sent and consumers got', async () => {
  await using broker = await httpBroker()
  const kafka = kafkaOf(broker)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 't', numPartitions: 2 }, { topic: 'other' }] })
  await admin.disconnect()
  const producer = kafka.producer({ idempotent: false })
  const sent = requestsOf(listener => producer.on('producer.network.request', listener))
  await producer.connect()
  for (let n = 0; n < 20; n++) {
    await producer.send({
      topic: 't',
      acks: n % 2 === 0 ? -1 : 1,
      messages: [
        { value: `a${n}`, partition: n % 2 },
        { value: 'b', partition: n % 2 },
      ],
    })
  }
  await producer.send({ topic: 'other', messages: [{ value: 'c' }] })
  const consumer = kafka.consumer({ groupId: 'g' })
  const got = requestsOf(listener => consumer.on('consumer.network.request', listener))
  await consumer.connect()
  await consumer.subscribe({ topic: 't', fromBeginning: true })
  let records = 0
  await new Promise<void>(resolve => {
    void consumer.run({
      eachMessage: async () => {
        if (++records === 40) resolve()
      },
    })
  })
  await consumer.disconnect()
  await producer.disconnect()
  const text = await textOf(broker)
  expect([topicOf(text, 'messagesin', 't'), topicOf(text, 'messagesin', 'other')]).toEqual([40, 1])
  expect(topicOf(text, 'totalproducerequests', 't')).toBe(20)
  const sizes = seriesOf(text, 'kafka_log_log_size').filter(({ labels }) => labels.topic === 't')
  const bytes = sizes.reduce((sum, { value }) => sum + value, 0)
  expect([topicOf(text, 'bytesin', 't'), topicOf(text, 'bytesout', 't')]).toEqual([bytes, bytes])
  const total = seriesOf(text, 'kafka_server_brokertopicmetrics_messagesin_total').filter(
    ({ labels }) => labels.topic !== undefined,
  )
  expect(topicOf(text, 'messagesin')).toBe(total.reduce((sum, { value }) => sum + value, 0))
  // By API, whatever version: each was counted in every phase.
  const requests = (request: string) =>
    seriesOf(text, 'kafka_network_requestmetrics_requests_total')
      .filter(({ labels }) => labels.request === request)
      .reduce((sum, { value }) => sum + value, 0)
  expect(requests('Produce')).toBe(sent.get('Produce'))
  for (const request of ['Fetch', 'OffsetCommit', 'JoinGroup', 'SyncGroup', 'LeaveGroup']) {
    expect([request, requests(request)]).toEqual([request, got.get(request)])
  }
  expect(requests('FetchConsumer')).toBe(requests('Fetch'))
  for (const phase of ['queue', 'handler', 'wait', 'send', 'total']) {
    expect(readingOf(text, 'gregor_request_seconds_count', { request: 'Produce', phase })).toBe(21)
    expect(readingOf(text, 'gregor_request_seconds_bucket', { request: 'Produce', phase, le: '+Inf' })).toBe(21)
  }
  expect(readingOf(text, 'kafka_network_requestmetrics_totaltimems_count_total', { request: 'Produce' })).toBe(21)
  const listener = { listener: 'PLAINTEXT', networkProcessor: 0 }
  const connections = 'kafka_server_socket_server_metrics_connection'
  expect(readingOf(text, `${connections}_count`, listener)).toBe(0)
  expect(readingOf(text, `${connections}_creation_total`, listener)).toBe(readingOf(text, `${connections}_close_total`, listener))
})

it('what is too large is rejected, and what a deleted topic has counted stays in the sum', async () => {
  await using broker = await httpBroker()
  const client = await TestClient.connect(broker.broker.listeners[0]!.port)
  await client.createTopic('t', 1, { 'max.message.bytes': '100' })
  const [fits, large] = [batchOf(['a']), batchOf(['a'.repeat(200)])]
  await client.produce('t', fits)
  await client.produce('t', large)
  const text = await textOf(broker)
  expect([topicOf(text, 'bytesin', 't'), topicOf(text, 'bytesrejected', 't')]).toEqual([fits.byteLength, large.byteLength])
  expect([topicOf(text, 'totalproducerequests', 't'), topicOf(text, 'failedproducerequests', 't')]).toEqual([2, 0])
  await broker.ask('/api/v1/topics/t', { method: 'DELETE' })
  const after = await textOf(broker)
  expect([topicOf(after, 'bytesin', 't'), topicOf(after, 'bytesin')]).toEqual([undefined, fits.byteLength])
  client.close()
})

it('two brokers of one process show their own', async () => {
  await using one = await httpBroker()
  await using other = await httpBroker()
  const [first, second] = [
    await TestClient.connect(one.broker.listeners[0]!.port),
    await TestClient.connect(other.broker.listeners[0]!.port),
  ]
  const beat = { groupId: 'g', generationId: 0, memberId: '' }
  for (let n = 0; n < 3; n++) await first.call(Heartbeat, 0, beat)
  await second.createTopic('t')
  await second.call(Heartbeat, 0, beat)
  const beats = async (broker: HttpBroker) =>
    readingOf(await textOf(broker), 'kafka_network_requestmetrics_requests_total', { request: 'Heartbeat', version: 0 })
  expect([await beats(one), await beats(other)]).toEqual([3, 1])
  const topics = async (broker: HttpBroker) =>
    readingOf(await textOf(broker), 'kafka_controller_kafkacontroller_globaltopiccount')
  expect([await topics(one), await topics(other)]).toEqual([0, 1])
  first.close()
  second.close()
})

it('lag is from what OffsetFetch says to what ListOffsets says', async () => {
  await using broker = await httpBroker()
  const client = await TestClient.connect(broker.broker.listeners[0]!.port)
  await client.createTopic('t', 3)
  await client.produce('t', batchOf(['a', 'b', 'c', 'd']))
  await client.produce('t', batchOf(['a']), { partition: 1 })
  const positions = [0, 1].map(partitionIndex => ({ partitionIndex, committedOffset: 1, committedMetadata: '' }))
  await client.call(OffsetCommit, 8, { groupId: 'g', topics: [{ name: 't', partitions: positions }] })
  const text = await textOf(broker)
  const { groups } = await client.call(OffsetFetch, 8, { groups: [{ groupId: 'g', topics: null }] })
  const partitions = [0, 1].map(partitionIndex => ({ partitionIndex, timestamp: -1 }))
  const { topics } = await client.call(ListOffsets, 5, { replicaId: -1, isolationLevel: 0, topics: [{ name: 't', partitions }] })
  for (const { partitionIndex, committedOffset } of groups![0]!.topics[0]!.partitions) {
    const labels = { consumergroup: 'g', topic: 't', partition: partitionIndex }
    const end = topics[0]!.partitions.find(one => one.partitionIndex === partitionIndex)!.offset
    expect(readingOf(text, 'kafka_consumergroup_current_offset', labels)).toBe(Number(committedOffset))
    expect(readingOf(text, 'kafka_consumergroup_lag', labels)).toBe(Number(end) - Number(committedOffset))
  }
  expect(seriesOf(text, 'kafka_consumergroup_lag')).toHaveLength(2)
  expect(readingOf(text, 'kafka_consumergroup_lag_sum', { consumergroup: 'g', topic: 't' })).toBe(3)
  client.close()
})

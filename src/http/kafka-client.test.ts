import { expect, it } from 'vitest'
import { realWorld } from '../base/world.js'
import { batchOf, TestClient } from '../broker/test-client.test-support.js'
import { AlterClientQuotas } from '../protocol/messages/alter-client-quotas.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { anonymous } from '../security/principal.js'
import { type HttpBroker, httpBroker } from './http.test-support.js'
import { KafkaClient } from './kafka-client.js'

const clientOf = ({ broker }: HttpBroker) =>
  new KafkaClient({ serveAs: broker.serveAs, world: realWorld, principal: anonymous, remoteAddress: '127.0.0.1', remotePort: 1 })

const fetchOne = {
  maxWaitMs: 0,
  minBytes: 1,
  topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 22 }] }],
}

it('answers come whole, however long they are and wherever their records lie', async () => {
  await using broker = await httpBroker()
  const kafka = clientOf(broker)
  const names = Array.from({ length: 300 }, (_, n) => `topic-${n}`)
  const topics = ['t', ...names].map(name => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }))
  const made = await kafka.call(CreateTopics, { topics })
  expect(made.topics.every(({ errorCode }) => errorCode === 0)).toBe(true)
  const resources = names.map(resourceName => ({ resourceType: 2, resourceName, configurationKeys: null }))
  const { results } = await kafka.call(DescribeConfigs, { resources, includeDocumentation: true })
  expect(results.map(({ resourceName }) => resourceName)).toEqual(names)
  expect(results.every(({ configs }) => configs.length > 20)).toBe(true)

  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  for (let n = 0; n < 5; n++) await client.produce('t', batchOf(['x'.repeat(400_000)]))
  const seen = await client.fetch('t', 0, { partitionMaxBytes: 1 << 22, maxBytes: 1 << 22 })
  const { responses } = await kafka.call(Fetch, fetchOne, 12)
  expect(Buffer.compare(responses[0]!.partitions[0]!.records as Uint8Array, seen.records as Uint8Array)).toBe(0)
  client.close()
  kafka.close()
})

it('a client that is closed fails what waits for an answer, and what is asked afterwards', async () => {
  await using broker = await httpBroker()
  await broker.json('/api/v1/topics', { body: { name: 't' } })
  const kafka = clientOf(broker)
  const waiting = kafka.call(Fetch, { ...fetchOne, maxWaitMs: 600_000 }, 12)
  kafka.close()
  await expect(waiting).rejects.toMatchObject({ status: 503 })
  await expect(kafka.call(Fetch, fetchOne, 12)).rejects.toMatchObject({ status: 503 })
})

it('a quota that is exceeded for long is told, and not waited for', async () => {
  await using broker = await httpBroker()
  await broker.json('/api/v1/topics', { body: { name: 't' } })
  const kafka = clientOf(broker)
  const entity = [{ entityType: 'client-id', entityName: 'gregor-http' }]
  const ops = [{ key: 'producer_byte_rate', value: 100, remove: false }]
  await kafka.call(AlterClientQuotas, { entries: [{ entity, ops }], validateOnly: false })
  const { status, json } = await broker.ask('/api/v1/topics/t/records', { body: { records: [{ value: 'x'.repeat(100_000) }] } })
  expect([status, (json as { error: { type: string } }).error.type]).toEqual([429, 'THROTTLING_QUOTA_EXCEEDED'])
  kafka.close()
})

it('many calls that are answered at once leave turns to others', async () => {
  await using broker = await httpBroker()
  let nowMs = 0
  const world = { ...realWorld, host: { ...realWorld.host, monotonicMs: () => nowMs++ } }
  const from = { principal: anonymous, remoteAddress: '127.0.0.1', remotePort: 1 }
  const kafka = new KafkaClient({ serveAs: broker.broker.serveAs, world, ...from })
  let turns = 0
  let isDone = false
  const countTurns = () => {
    turns++
    if (!isDone) setImmediate(countTurns)
  }
  countTurns()
  const topics = [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  for (let call = 0; call < 100; call++) await kafka.call(CreateTopics, { topics, validateOnly: true })
  isDone = true
  expect(turns).toBeGreaterThan(50)
  kafka.close()
})

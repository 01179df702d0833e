import { expect, it } from 'vitest'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { httpBroker } from '../http.test-support.js'

it('the overview counts what a Kafka client finds', async () => {
  await using broker = await httpBroker()
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  await client.createTopic('a', 2)
  await client.createTopic('b', 3)
  await client.produce('a', batchOf(['x']))
  const overview = await broker.json('/api/v1/overview')
  expect(overview).toMatchObject({
    clusterId: broker.broker.services.clusterId,
    brokerId: 1,
    topics: 2,
    partitions: 5,
    groups: 0,
    groupsByState: {},
    connections: 1,
    durability: 'none',
    isEphemeral: true,
  })
  const { apis, ...counters } = overview.counters as { apis: { name: string; requests: number; cumulatedUs: number[] }[] }
  expect(counters).toMatchObject({ startedMs: expect.any(Number), bytesOut: 0, failedRequests: 0 })
  expect(apis.find(({ name }) => name === 'Produce')).toMatchObject({ requests: 1, failedRequests: 0 })
  expect(apis.find(({ name }) => name === 'Produce')?.cumulatedUs.at(-1)).toBe(1)
  const { sizeBytes } = await broker.json('/api/v1/topics/a')
  expect(overview.sizeBytes).toBeGreaterThanOrEqual(sizeBytes as number)
  const [{ port }] = overview.listeners as [{ port: number }]
  expect(port).toBe(broker.broker.listeners[0]?.port)
  expect(await broker.json('/api/v1/brokers')).toEqual({
    brokers: [{ id: 1, host: '127.0.0.1', port, rack: null, isController: true }],
  })
  client.close()
})

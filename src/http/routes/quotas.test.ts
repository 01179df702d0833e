import { expect, it } from 'vitest'
import { TestClient } from '../../broker/test-client.test-support.js'
import { DescribeClientQuotas } from '../../protocol/messages/describe-client-quotas.js'
import { httpBroker } from '../http.test-support.js'

it('quotas are set and taken away as a Kafka client sees', async () => {
  await using broker = await httpBroker()
  const put = (entity: unknown, values: unknown) => broker.ask('/api/v1/quotas', { method: 'PUT', body: { entity, values } })
  expect((await put({ user: 'alice', clientId: null }, { producer_byte_rate: 1000, request_percentage: 50 })).status).toBe(204)
  expect((await put({ ip: '10.0.0.1' }, { connection_creation_rate: 5 })).status).toBe(204)
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  const { entries } = await client.call(DescribeClientQuotas, 1, { components: [], strict: false })
  expect(entries).toContainEqual({
    entity: [
      { entityType: 'client-id', entityName: null },
      { entityType: 'user', entityName: 'alice' },
    ],
    values: [
      { key: 'producer_byte_rate', value: 1000 },
      { key: 'request_percentage', value: 50 },
    ],
  })
  client.close()
  expect((await put({ user: 'alice', clientId: null }, { request_percentage: null })).status).toBe(204)
  const { quotas } = await broker.json<{ quotas: unknown[] }>('/api/v1/quotas')
  expect(quotas).toHaveLength(2)
  expect(quotas).toContainEqual({ entity: { user: 'alice', clientId: null }, values: { producer_byte_rate: 1000 } })
  const refused = [
    [{}, { producer_byte_rate: 1 }],
    [{ user: 'a' }, { producer_byte_rate: -1 }],
    [{ user: 'a', ip: '10.0.0.1' }, { producer_byte_rate: 1 }],
    [{ ip: 'not an address' }, { connection_creation_rate: 1 }],
    [{ user: 'a' }, { nonsense: 1 }],
    [{ user: 'a' }, {}],
  ] as const
  for (const [entity, values] of refused)
    expect([entity, values, (await put(entity, values)).status]).toEqual([entity, values, 400])
})

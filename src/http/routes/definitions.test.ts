import { expect, it } from 'vitest'
import { httpBroker } from '../http.test-support.js'

it('what was set up on one broker is set up on another by one file', async () => {
  await using one = await httpBroker()
  await one.json('/api/v1/topics', { body: { name: 'a', partitions: 2, configs: { 'retention.ms': '1000' } } })
  await one.json('/api/v1/topics', { body: { name: 'b' } })
  await one.ask('/api/v1/brokers/default/configs', { method: 'PATCH', body: { set: { 'log.retention.ms': '5000' } } })
  await one.ask('/api/v1/groups/g/configs', { method: 'PATCH', body: { set: { 'share.auto.offset.reset': 'earliest' } } })
  await one.ask('/api/v1/quotas', { method: 'PUT', body: { entity: { user: null }, values: { producer_byte_rate: 1000 } } })
  await one.ask('/api/v1/users/alice', { method: 'PUT', body: { password: 'secret-of-alice' } })
  const file = await one.ask('/api/v1/definitions')
  expect(file.json).toEqual({
    version: 1,
    topics: [
      { name: 'a', partitions: 2, replicationFactor: 1, configs: { 'retention.ms': '1000' } },
      { name: 'b', partitions: 1, replicationFactor: 1, configs: {} },
    ],
    brokerConfigs: { 'log.retention.ms': '5000' },
    groupConfigs: { g: { 'share.auto.offset.reset': 'earliest' } },
    acls: [],
    quotas: [{ entity: { user: null }, values: { producer_byte_rate: 1000 } }],
    users: [{ name: 'alice', mechanisms: ['SCRAM-SHA-512'] }],
  })
  expect(file.text).not.toContain('secret-of-alice')

  await using two = await httpBroker()
  await two.json('/api/v1/topics', { body: { name: 'a', partitions: 1 } })
  const outcomes = [
    ['topic', 'a', 'change'],
    ['topic', 'b', 'make'],
    ['broker', 'default', 'change'],
    ['group', 'g', 'change'],
    ['quota', 'user=<default>', 'make'],
    ['user', 'alice', 'by hand'],
  ].map(([kind, name, action]) => ({ kind, name, action, error: null }))
  expect(await two.json('/api/v1/definitions', { body: file.text, headers: { 'content-type': 'application/json' } })).toEqual({
    isDone: false,
    outcomes,
  })
  expect(await two.json('/api/v1/topics/a')).toMatchObject({ partitions: [{}] })
  const headers = { 'content-type': 'application/json' }
  expect(await two.json('/api/v1/definitions?dryRun=false', { body: file.text, headers })).toEqual({ isDone: true, outcomes })
  const there = await two.json('/api/v1/definitions')
  expect({ ...there, users: [] }).toEqual({ ...(file.json as object), users: [] })
  const again = await two.json<{ outcomes: { action: string }[] }>('/api/v1/definitions?dryRun=false', { body: there })
  expect(new Set(again.outcomes.map(({ action }) => action))).toEqual(new Set(['none']))
})

it('what cannot be done is told beside it, and the rest is done', async () => {
  await using broker = await httpBroker()
  await broker.json('/api/v1/topics', { body: { name: 'large', partitions: 3 } })
  const topics = [
    { name: 'large', partitions: 1 },
    { name: 'a b', partitions: 1 },
    { name: 'good', partitions: 1 },
  ]
  const { outcomes } = await broker.json<{ outcomes: { error: string | null }[] }>('/api/v1/definitions?dryRun=false', {
    body: { version: 1, topics },
  })
  expect(outcomes.map(({ error }) => error?.split(':')[0] ?? null)).toEqual([
    'INVALID_PARTITIONS',
    'INVALID_TOPIC_EXCEPTION',
    null,
  ])
  expect((await broker.ask('/api/v1/topics/good')).status).toBe(200)
})

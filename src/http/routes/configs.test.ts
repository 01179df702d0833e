import { expect, it } from 'vitest'
import { httpBroker } from '../http.test-support.js'

interface Configs {
  readonly configs: readonly {
    name: string
    value: string | null
    source: string
    type: string
    doc: string | null
    isSensitive: boolean
  }[]
}

it('configs are shown with where they come from and what they mean, and altered one by one', async () => {
  await using broker = await httpBroker()
  await broker.json('/api/v1/topics', { body: { name: 't', configs: { 'retention.ms': '5000' } } })
  const shown = async (path: string, name: string) =>
    (await broker.json<Configs>(path)).configs.find(config => config.name === name)
  const path = '/api/v1/topics/t/configs'
  expect(await shown(path, 'retention.ms')).toMatchObject({
    value: '5000',
    source: 'topic',
    type: 'long',
    doc: expect.stringMatching(/./),
  })
  expect(await shown(path, 'cleanup.policy')).toMatchObject({ value: 'delete', source: 'default', type: 'list' })

  const patch = (body: unknown, at = path) => broker.ask(at, { method: 'PATCH', body })
  expect(
    (await patch({ set: { 'retention.ms': '6000' }, append: { 'cleanup.policy': 'compact' }, validateOnly: true })).status,
  ).toBe(204)
  expect((await shown(path, 'retention.ms'))?.value).toBe('5000')
  expect(
    (await patch({ set: { 'segment.ms': '7000' }, append: { 'cleanup.policy': 'compact' }, delete: ['retention.ms'] })).status,
  ).toBe(204)
  expect((await shown(path, 'segment.ms'))?.value).toBe('7000')
  expect((await shown(path, 'cleanup.policy'))?.value).toBe('delete,compact')
  expect(await shown(path, 'retention.ms')).toMatchObject({ value: '-1', source: 'static-broker' })

  expect((await patch({ set: { 'log.retention.ms': '1000' } }, '/api/v1/brokers/1/configs')).status).toBe(204)
  expect(await shown('/api/v1/brokers/1/configs', 'log.retention.ms')).toMatchObject({ value: '1000', source: 'dynamic-broker' })
  expect((await patch({ set: { 'log.retention.ms': '2000' } }, '/api/v1/brokers/default/configs')).status).toBe(204)
  expect(await shown('/api/v1/brokers/default/configs', 'log.retention.ms')).toMatchObject({
    value: '2000',
    source: 'dynamic-default',
  })
  expect((await patch({ set: { 'share.auto.offset.reset': 'earliest' } }, '/api/v1/groups/g/configs')).status).toBe(204)
  expect((await shown('/api/v1/groups/g/configs', 'share.auto.offset.reset'))?.value).toBe('earliest')
})

it('a config is refused in Kafka’s words, and a secret is not shown', async () => {
  await using broker = await httpBroker({
    config: { 'ssl.keystore.password': 'secret-of-the-store' },
  })
  await broker.json('/api/v1/topics', { body: { name: 't' } })
  const refused = async (path: string, body: unknown) => {
    const { status, json } = await broker.ask(path, { method: 'PATCH', body })
    return [status, (json as { error: { type: string } }).error.type]
  }
  expect(await refused('/api/v1/topics/t/configs', { set: { 'retention.ms': 'soon' } })).toEqual([400, 'INVALID_CONFIG'])
  expect(await refused('/api/v1/topics/t/configs', { set: { nonsense: '1' } })).toEqual([400, 'INVALID_CONFIG'])
  expect(await refused('/api/v1/topics/none/configs', { set: { 'retention.ms': '1' } })).toEqual([
    404,
    'UNKNOWN_TOPIC_OR_PARTITION',
  ])
  expect(await refused('/api/v1/topics/t/configs', {})).toEqual([400, 'INVALID_INPUT'])
  const { text } = await broker.ask('/api/v1/brokers/1/configs')
  expect(text).toContain('ssl.keystore.password')
  expect(text).not.toContain('secret-of-the-store')
})

import http from 'node:http'
import { expect, it } from 'vitest'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { type HttpBroker, httpBroker } from '../http.test-support.js'

interface Event {
  readonly event: string
  readonly data: { readonly records?: number; readonly value?: { readonly data: string } }
}

/** Events as they come, and waiting for them. */
async function listen(broker: HttpBroker, path: string) {
  const events: Event[] = []
  let text = ''
  let wake = () => {}
  let isEnded = false
  const request = http.get(`${broker.http.url}${path}`)
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject))
  request.on('error', () => {})
  answer.setEncoding('utf8').on('error', () => {})
  answer.on('data', (chunk: string) => {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      text = text.slice(end + 2)
      if (fields.has('event')) events.push({ event: fields.get('event')!, data: JSON.parse(fields.get('data')!) })
      else events.push({ event: 'comment', data: {} })
    }
    wake()
  })
  answer.on('close', () => {
    isEnded = true
    wake()
  })
  const until = async (condition: () => boolean) => {
    while (!condition())
      await new Promise<void>(resolve => {
        wake = resolve
      })
  }
  return {
    status: answer.statusCode,
    type: answer.headers['content-type'],
    values: () => events.filter(({ event }) => event === 'record').map(({ data }) => data.value?.data),
    skipped: () => events.filter(({ event }) => event === 'skipped').reduce((sum, { data }) => sum + data.records!, 0),
    events,
    until,
    ended: () => until(() => isEnded),
    close: () => request.destroy(),
  }
}

async function withTopic(partitions = 1) {
  const broker = await httpBroker()
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  await client.createTopic('t', partitions)
  return {
    broker,
    client,
    async [Symbol.asyncDispose]() {
      client.close()
      await broker[Symbol.asyncDispose]()
    },
  }
}

it('a live tail shows what comes after it began, of all partitions', async () => {
  await using at = await withTopic(2)
  await at.client.produce('t', batchOf(['before']))
  const tail = await listen(at.broker, '/api/v1/topics/t/records/live')
  expect([tail.status, tail.type]).toEqual([200, 'text/event-stream'])
  await tail.until(() => tail.events.length > 0)
  await at.client.produce('t', batchOf(['a']), { partition: 0 })
  await at.client.produce('t', batchOf(['b']), { partition: 1 })
  await tail.until(() => tail.values().length === 2)
  expect(tail.values().sort()).toEqual(['a', 'b'])
  expect(tail.skipped()).toBe(0)
  tail.close()
})

it('it samples what is too much, and says how many it left out: together they are all', async () => {
  await using at = await withTopic()
  const tail = await listen(at.broker, '/api/v1/topics/t/records/live?rate=8')
  await tail.until(() => tail.events.length > 0)
  const values = Array.from({ length: 1000 }, (_, n) => String(n))
  await at.client.produce('t', batchOf(values))
  await tail.until(() => tail.values().length + tail.skipped() >= 1000)
  expect(tail.values().length + tail.skipped()).toBe(1000)
  expect(tail.values()).toEqual(['0', '1'])
  tail.close()
})

it('its filter lets through what matches', async () => {
  await using at = await withTopic()
  const tail = await listen(at.broker, '/api/v1/topics/t/records/live?filter=B')
  await tail.until(() => tail.events.length > 0)
  await at.client.produce('t', batchOf(['a', 'b', 'c', 'bb']))
  await tail.until(() => tail.values().length === 2)
  expect(tail.values()).toEqual(['b', 'bb'])
  tail.close()
})

it('it ends with its topic, with a last word, and with the broker', async () => {
  const at = await withTopic()
  const tail = await listen(at.broker, '/api/v1/topics/t/records/live')
  await at.client.createTopic('other')
  const other = await listen(at.broker, '/api/v1/topics/other/records/live')
  await at.broker.ask('/api/v1/topics/t', { method: 'DELETE' })
  await tail.ended()
  expect(tail.events.at(-1)).toMatchObject({ event: 'failure', data: { error: { type: 'UNKNOWN_TOPIC_OR_PARTITION' } } })
  await at[Symbol.asyncDispose]()
  await other.ended()
})

it('it has no HEAD, which nobody would end', async () => {
  await using at = await withTopic()
  for (const path of ['records/live', 'export']) {
    expect((await at.broker.ask(`/api/v1/topics/t/${path}`, { method: 'HEAD' })).status).toBe(405)
  }
})

it('so many at a time', async () => {
  await using at = await withTopic()
  const tails = []
  for (let n = 0; n < 32; n++) tails.push(await listen(at.broker, '/api/v1/topics/t/records/live'))
  expect((await at.broker.ask('/api/v1/topics/t/records/live')).status).toBe(429)
  for (const tail of tails) tail.close()
  // The next one has room as soon as one of them is seen to have left.
  while ((await at.broker.ask('/api/v1/topics/t/export')).status !== 200) await new Promise(resolve => setImmediate(resolve))
})

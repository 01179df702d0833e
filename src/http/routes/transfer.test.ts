import { once } from 'node:events'
import net from 'node:net'
import { expect, it } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { httpBroker } from '../http.test-support.js'
import type { RecordJson } from '../record-json.js'
import { parserOf } from '../record-text.js'

/** Bytes that hurt: quotes, commas, line ends, none, nothing, no UTF-8, what looks like a formula or a page. */
const hard = [
  { key: utf8Encode('a,"b"\r\n'), value: utf8Encode('line\nline') },
  { key: null, value: null },
  { key: new Uint8Array([]), value: new Uint8Array([0xff, 0x00]) },
  { key: utf8Encode('=1+1'), value: utf8Encode('<script>alert(1)</script>'), headers: [{ key: 'h,"', value: utf8Encode('"') }] },
  { key: utf8Encode('ü'), value: utf8Encode('\ufeff𝄞'), headers: [{ key: 'i', value: null }] },
]

async function withRecords() {
  const broker = await httpBroker()
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  for (const topic of ['from', 'to']) await client.createTopic(topic, 2)
  await client.produce('from', batchOf(hard), { partition: 0 })
  await client.produce('from', batchOf(['one', 'two']), { partition: 1 })
  const records = async (topic: string) => {
    const { records } = await broker.json<{ records: RecordJson[] }>(`/api/v1/topics/${topic}/records`)
    return records.map(({ partition, offset, timestampMs, key, value, headers }) => ({
      partition,
      offset,
      timestampMs,
      key,
      value,
      headers,
    }))
  }
  return {
    broker,
    client,
    records,
    async [Symbol.asyncDispose]() {
      client.close()
      await broker[Symbol.asyncDispose]()
    },
  }
}

it.each([
  ['ndjson', 'application/x-ndjson'],
  ['csv', 'text/csv'],
])('what is exported as %s is imported as it was, byte by byte', async (format, type) => {
  await using at = await withRecords()
  const file = await at.broker.ask(`/api/v1/topics/from/export?format=${format}`)
  expect(file.status).toBe(200)
  expect(file.headers['content-type']).toBe(`${type}; charset=utf-8`)
  expect(file.headers['content-disposition']).toMatch(/^attachment; filename="from\./)
  const path = '/api/v1/topics/to/import?keepPartitions=true'
  expect(await at.broker.json(path, { body: file.text, headers: { 'content-type': type } })).toEqual({ imported: 7 })
  expect(await at.records('to')).toEqual(await at.records('from'))
})

it('kcat’s lines are JSON in its form', async () => {
  await using at = await withRecords()
  const { text } = await at.broker.ask('/api/v1/topics/from/export?format=kcat&partition=1&limit=1')
  expect(text.split('\n').map(line => (line === '' ? '' : JSON.parse(line)))).toEqual([
    { topic: 'from', partition: 1, offset: 0, tstype: 'create', ts: 1_700_000_000_000, broker: 1, key: null, payload: 'one' },
    '',
  ])
})

it('an export takes part of a topic: a partition, from somewhere, so many, with a text', async () => {
  await using at = await withRecords()
  const lines = async (query: string) => (await at.broker.ask(`/api/v1/topics/from/export?${query}`)).text.split('\n').length - 1
  expect(await lines('partition=1')).toBe(2)
  expect(await lines('partition=0&from=offset&at=3')).toBe(2)
  expect(await lines('limit=3')).toBe(3)
  expect(await lines('filter=SCRIPT')).toBe(1)
  expect(await lines('from=timestamp&at=1800000000000')).toBe(0)
})

it('a large topic is exported whole', async () => {
  await using at = await withRecords()
  for (let n = 0; n < 40; n++) await at.client.produce('to', batchOf(Array.from({ length: 500 }, () => 'x'.repeat(200))))
  const { text } = await at.broker.ask('/api/v1/topics/to/export')
  expect(text.split('\n').length - 1).toBe(20_000)
})

it('an import of plain lines goes where the keys say, and stops at the first line that is wrong', async () => {
  await using at = await withRecords()
  const send = (body: string, type = 'application/x-ndjson') =>
    at.broker.ask('/api/v1/topics/to/import', { body, headers: { 'content-type': type } })
  expect((await send('{"key":"a","value":"1"}\n\n{"value":"2"}')).json).toEqual({ imported: 2 })
  expect((await send('key,value\na,1\n"b ""c""","2\n3"\n', 'text/csv')).json).toEqual({ imported: 2 })
  const refused: [string, string, RegExp][] = [
    ['{"value":"ok"}\nnonsense\n', 'application/x-ndjson', /line 2: is not JSON/],
    ['{"value":7}', 'application/x-ndjson', /line 1: value/],
    ['key,color\n', 'text/csv', /there is no column color/],
    ['key,value\na\n', 'text/csv', /line 2: 1 cells, not 2/],
    ['key,value\n"a,b\n', 'text/csv', /a quote does not end/],
    ['\u0000', 'application/x-ndjson', /line 1: is not JSON/],
  ]
  for (const [body, type, message] of refused) {
    const { status, json } = await send(body, type)
    expect([body, status]).toEqual([body, 400])
    expect((json as { error: { message: string } }).error.message).toMatch(message)
  }
  expect((await send('{}', 'application/json')).status).toBe(415)
  const values = (await at.records('to')).map(({ value }) => value?.data)
  // What is in front of a line that is wrong is written, as the answer says.
  expect(values.sort()).toEqual(['1', '1', '2', '2\n3', 'ok'])
})

it('a line is looked at once, in however many pieces it comes', () => {
  const parser = parserOf('csv')
  const cell = 'x,\n'.repeat(1000)
  const pieces = ['key,value\n"a', '","', ...Array.from({ length: 1000 }, () => cell), '"', '\n', 'b,c']
  const found = [...pieces.flatMap(piece => [...parser.push(piece)]), ...parser.end()]
  expect(found.map(({ key, value }) => [key, value])).toEqual([
    ['a', cell.repeat(1000)],
    ['b', 'c'],
  ])
})

it('a cell that does not end is refused while its client goes on sending', async () => {
  await using at = await withRecords()
  const { port } = at.broker
  const socket = net.connect(Number(port), '127.0.0.1')
  const head = `POST /api/v1/topics/to/import HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: text/csv\r\nContent-Length: 20000010\r\n\r\n`
  socket.write(`${head}key,value\n"`)
  const answer = once(socket, 'data')
  for (let left = 19; left > 0; left--) if (!socket.write('x'.repeat(1_000_000))) await once(socket, 'drain')
  expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 400/)
  socket.destroy()
})

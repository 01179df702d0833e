import { describe, expect, it } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { recordsOf } from '../../protocol/records/records.js'
import { httpBroker } from '../http.test-support.js'
import { type RecordJson, searchedBytesMax } from '../record-json.js'

type Broker = Awaited<ReturnType<typeof httpBroker>>

interface Browsed {
  readonly records: RecordJson[]
  readonly cursor: string | null
  readonly scanned: { records: number; bytes: number }
}

async function withTopic(
  partitions = 1,
): Promise<{ broker: Broker; client: TestClient; browse(query?: string): Promise<Browsed> } & AsyncDisposable> {
  const broker = await httpBroker()
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  await client.createTopic('t', partitions)
  return {
    broker,
    client,
    browse: (query = '') => broker.json<Browsed>(`/api/v1/topics/t/records?${query}`),
    async [Symbol.asyncDispose]() {
      client.close()
      await broker[Symbol.asyncDispose]()
    },
  }
}

const values = ({ records }: Browsed) => records.map(({ value }) => value?.data)

describe('browsing', () => {
  it('finds a text in the beginning of a field, and does not search all of a large one', async () => {
    await using at = await withTopic()
    const large = (text: string, where: number) => ' '.repeat(where) + text
    await at.client.produce(
      't',
      batchOf([large('Wanted', 0), large('WANTED', searchedBytesMax - 6), large('wanted', searchedBytesMax)]),
    )
    const { records, scanned } = await at.browse('filter=wanted&fieldBytes=0')
    expect(records.map(({ offset }) => offset)).toEqual([0, 1])
    expect(scanned.records).toBe(3)
  })

  it('shows records as they are: text as text, other bytes as base64, null as null', async () => {
    await using at = await withTopic()
    const schema = new Uint8Array([0, 0, 0, 1, 2, 65])
    await at.client.produce(
      't',
      batchOf([
        {
          key: utf8Encode('k'),
          value: utf8Encode('{"ü":1}'),
          headers: [
            { key: 'h', value: null },
            { key: 'i', value: new Uint8Array([255]) },
          ],
        },
        { key: null, value: null },
        { key: new Uint8Array([]), value: schema },
      ]),
    )
    const { records } = await at.browse()
    const field = { isTruncated: false, schemaId: null }
    expect(records[0]).toMatchObject({
      partition: 0,
      offset: 0,
      timestampMs: 1_700_000_000_000,
      timestampType: 'CreateTime',
      producerId: null,
      isTransactional: false,
      key: { ...field, encoding: 'utf8', data: 'k', bytes: 1 },
      value: { ...field, encoding: 'utf8', data: '{"ü":1}', bytes: 8 },
      headers: [
        { key: 'h', value: null },
        { key: 'i', value: { ...field, encoding: 'base64', data: '/w==', bytes: 1 } },
      ],
    })
    expect(records[1]).toMatchObject({ key: null, value: null })
    expect(records[2]).toMatchObject({ key: { data: '', bytes: 0 }, value: { encoding: 'utf8', schemaId: 258 } })
  })

  it('begins at the start, an offset, a time or so many before the end, and goes on by its cursor', async () => {
    await using at = await withTopic()
    for (let n = 0; n < 10; n++) await at.client.produce('t', batchOf([String(n)], { timestampMs: 1000 + n }))
    expect(values(await at.browse('limit=3'))).toEqual(['0', '1', '2'])
    expect(values(await at.browse('from=offset&at=4&limit=2'))).toEqual(['4', '5'])
    expect(values(await at.browse('from=timestamp&at=1007'))).toEqual(['7', '8', '9'])
    expect(values(await at.browse('from=timestamp&at=5000'))).toEqual([])
    expect(values(await at.browse('from=end&limit=2'))).toEqual(['8', '9'])
    const all: unknown[] = []
    let page = await at.browse('limit=4')
    for (;;) {
      all.push(...values(page))
      if (page.cursor === null) break
      page = await at.browse(`limit=4&cursor=${page.cursor}`)
    }
    expect(all).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  })

  it('stops in the middle of a batch and goes on there', async () => {
    await using at = await withTopic()
    await at.client.produce('t', batchOf(['0', '1', '2', '3', '4']))
    const page = await at.browse('limit=2')
    expect(values(page)).toEqual(['0', '1'])
    expect(values(await at.browse(`limit=9&cursor=${page.cursor}`))).toEqual(['2', '3', '4'])
  })

  it('shares its limit among partitions, and shows them by time', async () => {
    await using at = await withTopic(3)
    for (let n = 0; n < 9; n++)
      await at.client.produce('t', batchOf([String(n)], { timestampMs: 1000 + n }), { partition: n % 3 })
    expect(values(await at.browse('limit=6'))).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(values(await at.browse('partition=1'))).toEqual(['1', '4', '7'])
    expect(values(await at.browse('from=end&limit=3'))).toEqual(['6', '7', '8'])
  })

  it('filters by what is in key, value or headers, and says how much it looked through', async () => {
    await using at = await withTopic()
    await at.client.produce(
      't',
      batchOf([
        { key: utf8Encode('Apple'), value: null },
        { key: null, value: utf8Encode('a pple') },
        { key: null, value: utf8Encode('pineAPPLE') },
        { key: null, value: null, headers: [{ key: 'x-apple', value: null }] },
      ]),
    )
    const found = await at.browse('filter=apple')
    expect(found.records.map(({ offset }) => offset)).toEqual([0, 2, 3])
    expect(found.scanned.records).toBe(4)
  })

  it('cuts long fields where it is told to, never within a character', async () => {
    await using at = await withTopic()
    await at.client.produce('t', batchOf(['äöü'.repeat(100)]))
    const { records } = await at.browse('fieldBytes=5')
    expect(records[0]?.value).toEqual({ encoding: 'utf8', data: 'äö', bytes: 600, isTruncated: true, schemaId: null })
  })

  it('passes over what compaction or a purge took away', async () => {
    await using at = await withTopic()
    await at.client.produce('t', batchOf(['0', '1', '2']))
    await at.broker.json('/api/v1/topics/t/purge', { body: { partitions: [{ partition: 0, before: 2 }] } })
    expect(values(await at.browse('from=offset&at=0'))).toEqual(['2'])
  })

  it('answers no more than some megabytes at a time, and goes on by its cursor', async () => {
    await using at = await withTopic()
    for (let n = 0; n < 9; n++) await at.client.produce('t', batchOf([`${n}`.repeat(900_000)]))
    const lengths: number[] = []
    let records = 0
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Browsed = await at.browse(`fieldBytes=4194304${cursor === '' ? '' : `&cursor=${cursor}`}`)
      lengths.push(JSON.stringify(page).length)
      records += page.records.length
      cursor = page.cursor
    }
    expect(records).toBe(9)
    expect(lengths.length).toBeGreaterThan(1)
    expect(Math.max(...lengths)).toBeLessThan(6 * 1024 * 1024)
  })

  it('takes no cursor that is not its own', async () => {
    await using at = await withTopic()
    for (const cursor of [
      'x',
      'bnVsbA',
      Buffer.from('[[9,0,1]]').toString('base64url'),
      Buffer.from('[[0,-1,1]]').toString('base64url'),
    ]) {
      expect((await at.broker.ask(`/api/v1/topics/t/records?cursor=${cursor}`)).status).toBe(400)
    }
  })
})

describe('producing', () => {
  it('writes what a Kafka client reads, byte by byte', async () => {
    await using at = await withTopic()
    const written = await at.broker.json('/api/v1/topics/t/records', {
      body: {
        records: [
          { key: 'k', value: { base64: '/wD/' }, headers: [{ key: 'h', value: 'v' }], timestampMs: 1234 },
          { value: 'ü' },
          {},
        ],
      },
    })
    expect(written).toEqual({ records: [0, 1, 2].map(offset => ({ partition: 0, offset })) })
    const { records } = await at.client.fetch('t', 0)
    const read = [...recordsOf(records as Uint8Array)]
    expect(
      read.map(({ key, value }) => [key && Buffer.from(key).toString(), value && Buffer.from(value).toString('hex')]),
    ).toEqual([
      ['k', 'ff00ff'],
      [null, 'c3bc'],
      [null, null],
    ])
    expect(read[0]?.timestampMs).toBe(1234)
    expect(read[0]?.headers.map(({ key, value }) => [key, Buffer.from(value!).toString()])).toEqual([['h', 'v']])
  })

  it('chooses the partition of a key as Java’s producer does, and keeps one that is named', async () => {
    await using at = await withTopic(10)
    // From org.apache.kafka.common.utils.Utils.murmur2 of Kafka's own jar.
    const { records } = await at.broker.json<{ records: { partition: number }[] }>('/api/v1/topics/t/records', {
      body: { records: [{ key: '21' }, { key: 'foobar' }, { key: 'a-little-bit-long-string' }, { partition: 7, key: '21' }] },
    })
    const expected = [-973932308, -790332482, -985981536].map(hash => (hash & 0x7fff_ffff) % 10)
    expect(records.map(({ partition }) => partition)).toEqual([...expected, 7])
  })

  it('replays a record as it was shown', async () => {
    await using at = await withTopic()
    await at.client.produce(
      't',
      batchOf([{ key: new Uint8Array([0xff]), value: utf8Encode('v'), headers: [{ key: 'h', value: null }] }]),
    )
    const { records } = await at.browse()
    const { key, value, headers } = records[0]!
    await at.broker.json('/api/v1/topics/t/records', { body: { records: [{ key, value, headers }] } })
    const [first, again] = (await at.browse()).records
    expect([again?.key, again?.value, again?.headers]).toEqual([first?.key, first?.value, first?.headers])
  })

  it('is refused in Kafka’s words', async () => {
    await using at = await withTopic()
    const type = async (topic: string, records: unknown) => {
      const { json } = await at.broker.ask(`/api/v1/topics/${topic}/records`, { body: { records } })
      return (json as { error: { type: string } }).error.type
    }
    expect(await type('none', [{}])).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(await type('t', [{ partition: 5 }])).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(await type('t', [{ value: 'x'.repeat(2_000_000) }])).toBe('MESSAGE_TOO_LARGE')
    expect(await type('t', [{ value: { base64: '%' } }])).toBe('INVALID_INPUT')
    expect(await type('t', [])).toBe('INVALID_INPUT')
    expect((await at.browse()).records).toEqual([])
  })
})

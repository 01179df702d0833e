import { describe, expect, it } from 'vitest'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { ListOffsets } from '../../protocol/messages/list-offsets.js'
import { httpBroker } from '../http.test-support.js'

const port = (broker: Awaited<ReturnType<typeof httpBroker>>) => broker.broker.listeners[0]?.port as number

interface Row {
  readonly name: string
  readonly partitions: number
  readonly records: number
  readonly sizeBytes: number
}
interface Page {
  readonly rows: Row[]
  readonly total: number
  readonly next: number | null
}

describe('topics', () => {
  it('are what a Kafka client made, with the offsets and sizes that it sees', async () => {
    await using broker = await httpBroker()
    const client = await TestClient.connect(port(broker))
    const id = await client.createTopic('made-by-kafka', 2, { 'retention.ms': '1000000000000' })
    await client.produce('made-by-kafka', batchOf(['a', 'b', 'c']), { partition: 1 })
    const topic = await broker.json('/api/v1/topics/made-by-kafka')
    expect(topic).toMatchObject({ name: 'made-by-kafka', id, isInternal: false, replicationFactor: 1, records: 3 })
    const [first, second] = topic.partitions as Record<string, number>[]
    expect(first).toMatchObject({ partition: 0, startOffset: 0, endOffset: 0, leader: 1, replicas: [1], inSyncReplicas: [1] })
    expect(second).toMatchObject({ partition: 1, startOffset: 0, endOffset: 3, lastStableOffset: 3 })
    expect(second!.sizeBytes).toBeGreaterThan(60)
    expect(topic.sizeBytes).toBe(first!.sizeBytes! + second!.sizeBytes!)
    client.close()
  })

  it('are made, grown, purged and deleted as a Kafka client sees', async () => {
    await using broker = await httpBroker()
    const client = await TestClient.connect(port(broker))
    const made = await broker.json('/api/v1/topics', {
      body: { name: 'orders', partitions: 1, configs: { 'cleanup.policy': 'delete' } },
    })
    expect(made).toMatchObject({ name: 'orders', partitions: 1, replicationFactor: 1 })
    expect(await client.topicNames()).toEqual(['orders'])
    expect((await broker.ask('/api/v1/topics/orders/partitions', { body: { count: 3 } })).status).toBe(204)
    await client.produce(
      'orders',
      batchOf([
        { key: new Uint8Array([1]), value: null },
        { key: new Uint8Array([2]), value: null },
      ]),
      { partition: 2 },
    )
    const purged = await broker.json('/api/v1/topics/orders/purge', { body: { partitions: [{ partition: 2, before: 1 }] } })
    expect(purged).toEqual({ partitions: [{ partition: 2, startOffset: 1 }] })
    expect(await broker.json('/api/v1/topics/orders/purge', { body: {} })).toEqual({
      partitions: [0, 0, 2].map((startOffset, partition) => ({ partition, startOffset })),
    })
    const asked = { name: 'orders', partitions: [{ partitionIndex: 2, timestamp: -2 }] }
    const { topics } = await client.call(ListOffsets, 6, { replicaId: -1, topics: [asked] })
    expect(topics[0]?.partitions[0]?.offset).toBe(2)
    expect((await broker.ask('/api/v1/topics/orders', { method: 'DELETE' })).status).toBe(204)
    expect(await client.topicNames()).toEqual([])
    client.close()
  })

  it('come in pages, found by a part of their name, in the order of any column', async () => {
    await using broker = await httpBroker()
    const client = await TestClient.connect(port(broker))
    for (const [name, partitions] of [
      ['a', 1],
      ['b', 3],
      ['ab', 2],
    ] as const)
      await client.createTopic(name, partitions)
    await client.produce('ab', batchOf(['x'.repeat(500)]))
    await client.produce('a', batchOf(['x', 'y']))
    const names = async (query: string) => (await broker.json<Page>(`/api/v1/topics?${query}`)).rows.map(({ name }) => name)
    expect(await names('')).toEqual(['a', 'ab', 'b'])
    expect(await names('order=desc')).toEqual(['b', 'ab', 'a'])
    expect(await names('search=B')).toEqual(['ab', 'b'])
    expect(await names('sort=partitions')).toEqual(['a', 'ab', 'b'])
    expect(await names('sort=records&order=desc')).toEqual(['a', 'ab', 'b'])
    expect(await names('sort=size&order=desc')).toEqual(['ab', 'a', 'b'])
    const page = await broker.json<Page>('/api/v1/topics?limit=2')
    expect([page.rows.length, page.total, page.next]).toEqual([2, 3, 2])
    expect(await broker.json<Page>('/api/v1/topics?limit=2&offset=2')).toMatchObject({ rows: [{ name: 'b' }], next: null })
    client.close()
  })

  it('are validated and not made with validateOnly', async () => {
    await using broker = await httpBroker()
    await broker.json('/api/v1/topics', { body: { name: 'not-made', validateOnly: true } })
    expect((await broker.json<Page>('/api/v1/topics')).total).toBe(0)
  })

  it('are refused in Kafka’s words', async () => {
    await using broker = await httpBroker()
    await broker.json('/api/v1/topics', { body: { name: 'there' } })
    const refusals = [
      ['POST', '/api/v1/topics', { name: 'there' }, 409, 'TOPIC_ALREADY_EXISTS'],
      ['POST', '/api/v1/topics', { name: 'a b' }, 400, 'INVALID_TOPIC_EXCEPTION'],
      ['POST', '/api/v1/topics', { name: 'x', partitions: 0 }, 400, 'INVALID_PARTITIONS'],
      ['POST', '/api/v1/topics', { name: 'x', replicationFactor: 2 }, 400, 'INVALID_REPLICATION_FACTOR'],
      ['POST', '/api/v1/topics', { name: 'x', configs: { 'retention.ms': 'soon' } }, 400, 'INVALID_CONFIG'],
      ['GET', '/api/v1/topics/none', undefined, 404, 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['DELETE', '/api/v1/topics/none', undefined, 404, 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['POST', '/api/v1/topics/there/partitions', { count: 1 }, 400, 'INVALID_PARTITIONS'],
      ['POST', '/api/v1/topics/there/purge', { partitions: [{ partition: 7 }] }, 404, 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['POST', '/api/v1/topics/there/purge', { partitions: [{ partition: 0, before: 5 }] }, 400, 'OFFSET_OUT_OF_RANGE'],
    ] as const
    for (const [method, path, body, status, type] of refusals) {
      const answer = await broker.ask(path, { method, body })
      expect([method, path, body, answer.status, (answer.json as { error: { type: string } }).error.type]).toEqual([
        method,
        path,
        body,
        status,
        type,
      ])
    }
  })
})

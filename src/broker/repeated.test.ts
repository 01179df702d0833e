/**
 * What a request names many times over: every array of every API, in the newest version. The answer comes (or the connection
 * is closed), is not out of proportion, and another client does not notice.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyBytes } from '../base/bytes.js'
import { zeroUuid } from '../base/ids.js'
import { Errors } from '../protocol/errors.js'
import { answerBytesMax } from '../protocol/frame.js'
import { DeleteRecords } from '../protocol/messages/delete-records.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { DescribeProducers } from '../protocol/messages/describe-producers.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { FindCoordinator } from '../protocol/messages/find-coordinator.js'
import { Produce } from '../protocol/messages/produce.js'
import type { Api, Encodable, Field, Fields } from '../protocol/schema.js'
import { collapsed, type TopicSpelling } from './repeated.js'
import { handlers } from './table.js'
import { batchOf, requestBytes, type TestBroker, testBroker } from './test-client.test-support.js'

const times = 20_000
/** Bytes of an answer for a byte of its request. What an element costs at least is answered with what is known about it. */
const answerRatioMax = 64

let broker: TestBroker
let topicId: string
beforeAll(async () => {
  broker = await testBroker()
  const client = await broker.connect()
  // What tests send is dated long ago, and retention runs after half a minute.
  topicId = await client.createTopic('t', 1, { 'retention.ms': '-1' })
  await client.produce('t', batchOf(['a', 'b', 'c']))
  await client.call(FindCoordinator, 0, { key: 'g' })
})
afterAll(() => broker.stop())

type Value = Record<string, unknown>

/** A value that names what there is, with one element in every array; `times` of them in the array at `path`. */
function requestOf(fields: Fields, path: readonly string[]): Value {
  const [name, ...rest] = path
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, fieldValue(key, field, key === name ? rest : null)]),
  )
}

function fieldValue(key: string, field: Field, path: readonly string[] | null): unknown {
  if (field.kind === 'struct') return requestOf(field.fields as Fields, path ?? [])
  if (field.kind !== 'array') return scalarOf(key, field)
  const element = field.fields === undefined ? (field.element === 'string' ? 't' : 0) : requestOf(field.fields, path ?? [])
  // Already large further down: there once is enough.
  return Array.from({ length: path?.length === 0 ? times : 1 }, () => element)
}

function scalarOf(key: string, field: Field): unknown {
  if (key === 'topicId') return topicId
  if (/^(name|topic|resourceName)$/.test(key)) return 't'
  if (/^(key|groupId)$/.test(key)) return 'g'
  if (key === 'resourceType') return 2
  if (key === 'acks') return 1
  if (key === 'records') return batchOf(['v'])
  if (/MaxBytes$|^maxBytes$/.test(key)) return 1 << 20
  if (key === 'replicaId') return -1
  if (key === 'configurationKeys') return ['retention.ms']
  if (field.defaultValue !== undefined) return field.defaultValue
  return field.kind === 'uuid' ? zeroUuid : emptyBytes
}

function arraysIn(fields: Fields, version: number): string[][] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (version < field.versions.min || version > field.versions.max) return []
    const inner = field.fields === undefined ? [] : arraysIn(field.fields, version).map(path => [name, ...path])
    return field.kind === 'array' ? [[name], ...inner] : inner
  })
}

const arrays = handlers.flatMap(({ api }) =>
  arraysIn(api.request.fields, api.versions.max).map(path => [api.name, path.join('.'), api, path] as const),
)

test.each(arrays)('%s: %s, 20,000 times', async (_api, _array, api, path) => {
  const [client, neighbour] = [await broker.connect(), await broker.connect()]
  const frame = requestBytes(api as Api, api.versions.max, 7, 'many', requestOf(api.request.fields, path) as Encodable<Fields>)
  const answer = client.exchange(frame, 7).catch(() => null)
  await neighbour.topicNames()
  const bytes = (await answer)?.remaining ?? 0
  expect(bytes).toBeLessThan(frame.byteLength * answerRatioMax)
  client.close()
  neighbour.close()
  expect(broker.fatal).toEqual([])
})

test('an answer beyond its bound closes its connection, and no other', async () => {
  const [client, neighbour] = [await broker.connect(), await broker.connect()]
  const resource = { resourceType: 4, resourceName: '1', configurationKeys: null }
  const resources = Array.from({ length: 90_000 }, () => resource)
  const asked = client.call(DescribeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: true })
  await expect(asked).rejects.toThrow('closed the connection')
  await neighbour.topicNames()
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(8 * answerBytesMax)
})

test('DescribeProducers: a partition of many producers that is named many times is gone through once', async () => {
  const client = await broker.connect()
  await client.createTopic('producers')
  for (let producerId = 1; producerId <= producersOfPartition; producerId++) {
    await client.produce('producers', batchOf(['v'], { producerId, producerEpoch: 0, baseSequence: 0 }))
  }
  const topics = [{ name: 'producers', partitionIndexes: [0, 0] }]
  const twice = (await client.call(DescribeProducers, 0, { topics })).topics[0]?.partitions
  expect(twice?.map(({ activeProducers }) => activeProducers.length)).toEqual([producersOfPartition, producersOfPartition])
  const partitionIndexes = Array.from({ length: times }, () => 0)
  const asked = client.call(DescribeProducers, 0, { topics: [{ name: 'producers', partitionIndexes }] })
  await expect(asked).rejects.toThrow('closed the connection')
  const neighbour = await broker.connect()
  await neighbour.topicNames()
  expect(broker.fatal).toEqual([])
})

const producersOfPartition = 200

test('a long answer is whole', async () => {
  const client = await broker.connect()
  const resource = { resourceType: 2, resourceName: 't', configurationKeys: null }
  const { results } = await client.call(DescribeConfigs, 4, { resources: Array.from({ length: 500 }, () => resource) })
  expect(results.length).toBe(500)
  expect(results[499]).toEqual(results[0])
})

// --- as in Kafka: what was said last, in the place of the first

test('Produce: a partition that is named twice gets the last of its batches, and one answer', async () => {
  const client = await broker.connect()
  await client.createTopic('twice', 2)
  const to = (index: number, ...values: string[]) => ({ index, records: batchOf(values) })
  const topicData = [
    { name: 'twice', partitionData: [to(0, 'a'), to(1, 'b'), to(0, 'c', 'd')] },
    { name: 'twice', partitionData: [to(0, 'e', 'f', 'g')] },
  ]
  const { responses } = await client.call(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
  expect(responses.map(({ partitionResponses }) => partitionResponses.map(({ index }) => index))).toEqual([[0, 1]])
  expect((await client.produce('twice', batchOf(['next']))).baseOffset).toBe(3)
})

test('Fetch: a partition that is named twice is read from the last of its offsets, and answered once', async () => {
  const client = await broker.connect()
  const wanted = (fetchOffset: number) => ({ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 })
  for (const sessionEpoch of [-1, 0]) {
    const topics = [{ topic: 't', partitions: [wanted(9), wanted(3)] }]
    const answer = await client.call(Fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1 << 20,
      sessionId: 0,
      sessionEpoch,
      topics,
    })
    expect(answer.responses[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([Errors.NONE])
  }
})

test('DeleteRecords: a partition that is named twice is cut at the last of its offsets', async () => {
  const client = await broker.connect()
  await client.createTopic('cut-twice')
  await client.produce('cut-twice', batchOf(['a', 'b', 'c']))
  const partitions = [2, 1].map(offset => ({ partitionIndex: 0, offset }))
  const { topics } = await client.call(DeleteRecords, 2, { topics: [{ name: 'cut-twice', partitions }], timeoutMs: 1000 })
  expect(topics[0]?.partitions).toEqual([{ partitionIndex: 0, lowWatermark: 1, errorCode: Errors.NONE }])
})

interface Topic {
  readonly name: string
  readonly partitions: readonly number[]
}
const spelling: TopicSpelling<Topic, number> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitions }) => partitions,
  indexOf: partition => Math.trunc(partition),
  withPartitions: (topic, partitions) => ({ ...topic, partitions }),
}

test('what names everything once stays what it is', () => {
  const topics = [
    { name: 'a', partitions: [0, 1, 5] },
    { name: 'b', partitions: [3, 0] },
  ]
  expect(collapsed(topics, spelling)).toBe(topics)
})

test('topics become one, partitions keep the first place and the last word', () => {
  const topics = [
    { name: 'a', partitions: [1.1, 0.1] },
    { name: 'b', partitions: [0.1] },
    { name: 'a', partitions: [2.1, 1.2] },
  ]
  const repeats: string[] = []
  const once = collapsed(topics, spelling, ({ name }, partition) => repeats.push(`${name} ${partition}`))
  expect(once).toEqual([
    { name: 'a', partitions: [1.2, 0.1, 2.1] },
    { name: 'b', partitions: [0.1] },
  ])
  expect(repeats).toEqual(['a 1.2'])
})

test('a topic without partitions is left out', () => {
  const topics = [
    { name: 'a', partitions: [] },
    { name: 'b', partitions: [1.1] },
  ]
  expect(collapsed(topics, spelling)).toEqual([{ name: 'b', partitions: [1.1] }])
})

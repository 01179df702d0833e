/** Produce requests whose batches take long to look into: others are served meanwhile, and what it may take has a bound. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bytes, concat, copyOf } from '../../base/bytes.js'
import { realWorld } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import { IncrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.js'
import { Produce } from '../../protocol/messages/produce.js'
import * as batch from '../../protocol/records/batch.js'
import { buildBatch } from '../../protocol/records/build.js'
import { javaBatches } from '../../protocol/records/golden.test-support.js'
import type { ResponseOf } from '../../protocol/schema.js'
import type { RequestContext } from '../handler.js'
import type { Ordered } from '../outcomes.js'
import { requestBytes, type TestBroker, type TestClient, testBroker } from '../test-client.test-support.js'
import { decompressedBytesPerRequestMin, produce } from './produce.js'

const partitionCount = 40
let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  // A clock by which everything takes longer than a slice.
  let nowMs = 0
  broker = await testBroker({ world: { ...realWorld, host: { ...realWorld.host, monotonicMs: () => (nowMs += 10) } } })
  client = await broker.connect()
})
afterAll(() => broker.stop())

const idempotent = 43
/** The golden batch, of no producer. */
function compressed(): Bytes {
  const bytes = copyOf(javaBatches.gzip)
  bytes.fill(0xff, idempotent, idempotent + 14)
  batch.stampCrc(bytes, 0)
  return bytes
}

function request(topic: string, acks: number, records: () => Bytes) {
  const partitionData = Array.from({ length: partitionCount }, (_, index) => ({ index, records: records() }))
  return { acks, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] }
}

test('another client is answered while a long request is appended, and the next request waits for it', async () => {
  await client.createTopic('long', partitionCount)
  const other = await broker.connect()
  const answered: string[] = []
  const first = client.call(Produce, 9, request('long', -1, compressed)).finally(() => answered.push('long'))
  const second = client.produce('long', compressed()).finally(() => answered.push('behind it'))
  const small = other.topicNames().finally(() => answered.push('other'))
  const [{ responses }, behind] = await Promise.all([first, second, small])
  expect(answered).toEqual(['other', 'long', 'behind it'])
  expect(responses[0]!.partitionResponses.map(({ index, errorCode, baseOffset }) => [index, errorCode, baseOffset])).toEqual(
    Array.from({ length: partitionCount }, (_, index) => [index, Errors.NONE, 0]),
  )
  expect(behind.baseOffset).toBe(4)
})

test('many small batches are a long request too, be it of partitions that are not there', async () => {
  const records = buildBatch([{ key: null, value: Uint8Array.of(1) }], { timestampMs: 1 })
  const partitionData = Array.from({ length: 200 }, (_, index) => ({ index, records }))
  const request = { transactionalId: null, acks: 1, timeoutMs: 1000, topicData: [{ name: 'none', topicId: '', partitionData }] }
  const context = { broker: broker.running.services, version: 9, may: () => true, keepFrame: (kept: unknown) => kept }
  const outcome = produce.handle(request, context as unknown as RequestContext)
  expect(outcome).toMatchObject({ fixed: expect.any(Promise) })
  const { responses } = (await (outcome as Ordered<ResponseOf<typeof Produce>>).response) as ResponseOf<typeof Produce>
  expect(responses[0]!.partitionResponses.length).toBe(200)
})

test('acks=0: nothing is answered, everything is appended', async () => {
  await client.createTopic('silent', partitionCount)
  client.write(requestBytes(Produce, 9, 0, 'silent', request('silent', 0, compressed)))
  expect(await client.produce('silent', compressed(), { partition: partitionCount - 1 })).toMatchObject({ baseOffset: 4 })
})

test('bombs in one request cost a bound, and the rest of them is refused', async () => {
  await client.createTopic('bombed', partitionCount, { 'cleanup.policy': 'compact' })
  const plain = buildBatch([{ key: Uint8Array.of(1), value: new Uint8Array(30 * 1024 * 1024) }], { timestampMs: 1 })
  const bomb = concat([plain.subarray(0, batch.batchHeaderSize), gzipSync(plain.subarray(batch.batchHeaderSize))])
  batch.stampLength(bomb)
  batch.stampCodec(bomb, 0, batch.Codecs.gzip)
  batch.stampCrc(bomb, 0)
  const bytesMax = Math.max(decompressedBytesPerRequestMin, 64 * partitionCount * bomb.byteLength)

  const { responses } = await client.call(
    Produce,
    9,
    request('bombed', -1, () => copyOf(bomb)),
  )
  const codes = responses[0]!.partitionResponses.map(({ errorCode }) => errorCode)
  const taken = codes.filter(code => code === Errors.NONE).length
  expect(taken).toBe(Math.ceil(bytesMax / plain.byteLength))
  expect(taken).toBeLessThan(5)
  expect(codes.slice(taken)).toEqual(Array(partitionCount - taken).fill(Errors.MESSAGE_TOO_LARGE))
})

/** A batch of many records, which gzip makes small. */
function large(count: number, key: Uint8Array | null = Uint8Array.of(1)): Bytes {
  const value = new Uint8Array(100)
  const plain = buildBatch(
    Array.from({ length: count }, () => ({ key, value })),
    { timestampMs: 1 },
  )
  const made = concat([plain.subarray(0, batch.batchHeaderSize), gzipSync(plain.subarray(batch.batchHeaderSize))])
  batch.stampLength(made)
  batch.stampCodec(made, 0, batch.Codecs.gzip)
  batch.stampCrc(made, 0)
  return made
}

test('another client is answered while one large batch is looked into, and the order stays', async () => {
  await client.createTopic('large')
  const other = await broker.connect()
  const answered: string[] = []
  const first = client.produce('large', large(100_000)).finally(() => answered.push('large'))
  const second = client.produce('large', compressed()).finally(() => answered.push('behind it'))
  const small = other.topicNames().finally(() => answered.push('other'))
  const [one, behind] = await Promise.all([first, second, small])
  expect(answered).toEqual(['other', 'large', 'behind it'])
  expect(one).toMatchObject({ errorCode: Errors.NONE, baseOffset: 0 })
  expect(behind).toMatchObject({ errorCode: Errors.NONE, baseOffset: 100_000 })
})

test('what others append while a large batch is written stands before or behind it, whole', async () => {
  await client.createTopic('written', 1, { 'max.message.bytes': '20000000' })
  const other = await broker.connect()
  const plain = buildBatch([{ key: null, value: new Uint8Array(4_000_000).fill(7) }], { timestampMs: 1 })
  const small = buildBatch([{ key: null, value: Uint8Array.of(1) }], { timestampMs: 1 })
  const answers = await Promise.all([
    client.produce('written', copyOf(plain)),
    ...Array.from({ length: 20 }, () => other.produce('written', copyOf(small))),
    client.produce('written', copyOf(plain)),
  ])
  expect(answers.map(({ errorCode }) => errorCode)).toEqual(Array(22).fill(Errors.NONE))
  expect(answers.map(({ baseOffset }) => baseOffset).sort((a, b) => Number(a) - Number(b))).toEqual([...Array(22).keys()])
  for (const answer of [answers[0]!, answers.at(-1)!]) {
    const { records } = await client.fetch('written', Number(answer.baseOffset), { partitionMaxBytes: 1 })
    expect(
      Buffer.from(records as Bytes)
        .subarray(21)
        .equals(Buffer.from(plain).subarray(21)),
    ).toBe(true)
  }
})

test('what is found in one large batch is not believed of the next, and refusals are what they are for small ones', async () => {
  await client.createTopic('keyed', 4, { 'cleanup.policy': 'compact' })
  await client.createTopic('other-codec', 1, { 'compression.type': 'lz4' })
  const good = large(60_000)
  const partitionData = [
    { index: 0, records: good },
    { index: 1, records: large(60_000, null) },
    { index: 9, records: good },
    { index: 2, records: good },
    { index: 3, records: large(3) },
  ]
  const topicData = [
    { name: 'keyed', partitionData },
    { name: 'other-codec', partitionData: [{ index: 0, records: good }] },
  ]
  const { responses } = await client.call(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
  expect(responses.flatMap(({ partitionResponses }) => partitionResponses.map(({ errorCode }) => errorCode))).toEqual([
    Errors.NONE,
    Errors.INVALID_RECORD,
    Errors.UNKNOWN_TOPIC_OR_PARTITION,
    Errors.NONE,
    Errors.NONE,
    Errors.NONE,
  ])
})

test('a config that changes while a batch is looked into counts', async () => {
  await client.createTopic('changing')
  const other = await broker.connect()
  const produced = client.produce('changing', large(100_000, null))
  await other.call(IncrementalAlterConfigs, 1, {
    resources: [
      { resourceType: 2, resourceName: 'changing', configs: [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }] },
    ],
    validateOnly: false,
  })
  expect(await produced).toMatchObject({ errorCode: Errors.INVALID_RECORD })
})

/**
 * Old clients against a whole broker: message sets (magic 0 and 1) in and out of a log that holds batches, and batches that
 * change their codec on the way in.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bytes, concat, copyOf, toHex, utf8Decode, utf8Encode, viewOf } from '../base/bytes.js'
import { compressionTypeProblem } from '../config/compression-type.js'
import { Errors, errorName } from '../protocol/errors.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { Produce } from '../protocol/messages/produce.js'
import * as batch from '../protocol/records/batch.js'
import { codecProblem } from '../protocol/records/compression.js'
import { javaBatches, javaRecords } from '../protocol/records/golden.test-support.js'
import { javaDown, javaLogAppendTime, legacyRecords, messageSets } from '../protocol/records/golden-legacy.test-support.js'
import { MessageCursor } from '../protocol/records/message-set.js'
import { recordsOf } from '../protocol/records/records.js'
import { hardLimitFetchVersionMax, messageSetFetchVersionMax } from './down-conversion.js'
import { batchOf, fetchRequest, type TestBroker, type TestClient, testBroker } from './test-client.test-support.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
})
afterAll(() => broker.stop())

let topics = 0
async function newTopic(configs: Readonly<Record<string, string>> = {}, numPartitions = 1): Promise<string> {
  const name = `t${topics++}`
  await client.createTopic(name, numPartitions, configs)
  return name
}

const text = (bytes: Bytes | null) => (bytes === null ? null : utf8Decode(bytes, 0, bytes.byteLength))
const setOf = (magic: number, codec: string) =>
  copyOf(messageSets.find(set => set.encoder === 'java' && set.magic === magic && set.codec === codec)!.bytes)

/** Offset, key, value and timestamp of what a partition holds, as a new client sees it. */
async function stored(topic: string) {
  const { records } = await client.fetch(topic, 0)
  const all: { offset: number; key: string | null; value: string | null; timestampMs: number }[] = []
  for (let at = 0; at < records!.byteLength; at += batch.batchLength(records!, at)) {
    expect(batch.computeCrc(records!, at)).toBe(batch.crc(records!, at))
    for (const each of recordsOf(records!, at)) {
      all.push({ offset: each.offset, key: text(each.key), value: text(each.value), timestampMs: Number(each.timestampMs) })
    }
  }
  return all
}

const versionsUpTo = (last: number) => Array.from({ length: last + 1 }, (_, version) => version)

function messagesOf(set: Bytes): { offset: number; magic: number; value: string | null }[] {
  const cursor = new MessageCursor()
  cursor.open(set)
  const messages: { offset: number; magic: number; value: string | null }[] = []
  while (cursor.next()) {
    cursor.read()
    expect(cursor.hasValidCrc()).toBe(true)
    messages.push({ offset: cursor.offset, magic: cursor.magic, value: text(cursor.value()) })
  }
  return messages
}

describe.each([0, 1, 2])('Produce v%i', version => {
  test.each(messageSets)('$encoder, magic $magic, $codec: stored as one batch in the same codec', async set => {
    const topic = await newTopic()
    await client.produce(topic, batchOf(['before']))
    expect(await client.produce(topic, set.bytes, { version })).toMatchObject({
      errorCode: 0,
      baseOffset: 1,
      logAppendTimeMs: -1,
    })
    expect((await stored(topic)).slice(1)).toEqual(
      legacyRecords.map((record, index) => ({
        ...record,
        offset: 1 + index,
        timestampMs: set.magic === 0 ? -1 : record.timestampMs,
      })),
    )
    const { records } = await client.fetch(topic, 1)
    expect(batch.codecOf(records!, 0)).toBe(batch.Codecs[set.codec])
    expect(batch.batchLength(records!, 0)).toBe(records!.byteLength)
  })

  test('is answered with the codes of Kafka', async () => {
    const codeOf = async (topic: string, set: Bytes) => errorName((await client.produce(topic, set, { version })).errorCode)
    const topic = await newTopic()
    const damaged = setOf(1, 'none')
    damaged[40] = damaged[40]! ^ 1
    expect(await codeOf(topic, damaged)).toBe('CORRUPT_MESSAGE')
    expect(await codeOf(topic, javaLogAppendTime)).toBe('INVALID_TIMESTAMP')
    expect(await codeOf(topic, concat([setOf(1, 'gzip'), setOf(1, 'gzip')]))).toBe('INVALID_RECORD')
    expect(await codeOf(topic, javaBatches.zstd)).toBe('UNSUPPORTED_COMPRESSION_TYPE')
    expect(await codeOf(await newTopic({ 'cleanup.policy': 'compact' }), setOf(0, 'gzip'))).toBe('INVALID_RECORD')
    const bounded = { 'message.timestamp.before.max.ms': '1000' }
    expect(await codeOf(await newTopic(bounded), setOf(1, 'snappy'))).toBe('INVALID_TIMESTAMP')
    expect(await codeOf(await newTopic(bounded), setOf(0, 'snappy'))).toBe('NONE')
    // Each message fits, the batch that they become does not.
    expect(await codeOf(await newTopic({ 'max.message.bytes': '250' }), setOf(0, 'none'))).toBe('MESSAGE_TOO_LARGE')
    expect(await codeOf(await newTopic({ 'max.message.bytes': '100' }), setOf(0, 'none'))).toBe('MESSAGE_TOO_LARGE')
    expect(await stored(topic)).toEqual([])
  })

  test('takes a batch too, and an empty set for nothing', async () => {
    const topic = await newTopic()
    expect(await client.produce(topic, new Uint8Array(0), { version })).toMatchObject({ errorCode: 0, baseOffset: -1 })
    expect(await client.produce(topic, copyOf(javaBatches.gzip), { version })).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect((await stored(topic)).map(({ value }) => value)).toEqual(javaRecords.map(({ value }) => value))
  })

  test('gives messages the time of their append where the topic wants it', async () => {
    const topic = await newTopic({ 'message.timestamp.type': 'LogAppendTime' })
    const answer = await client.produce(topic, setOf(0, 'lz4'), { version })
    const times = new Set((await stored(topic)).map(({ timestampMs }) => timestampMs))
    expect(times.size).toBe(1)
    const [time] = times
    expect(time).toBeGreaterThan(1_700_000_000_000)
    expect(answer.logAppendTimeMs).toBe(version < 2 ? -1 : time)
  })
})

test('message sets are refused from Produce v3 on', async () => {
  for (const magic of [0, 1]) {
    const answer = await client.produce(await newTopic(), setOf(magic, 'none'), { version: 3 })
    expect(answer.errorCode).toBe(Errors.INVALID_RECORD)
  }
})

describe.each(versionsUpTo(messageSetFetchVersionMax))('Fetch v%i', version => {
  const isHard = version <= hardLimitFetchVersionMax
  const magic = version < 2 ? 0 : 1

  test.each(javaDown)(
    '$codec, $timestampType: what Kafka makes of the batch',
    async ({ codec, timestampType, batch: v2, ...down }) => {
      // The golden batch begins at offset 100; a producer's begins at 0, and only a broker says LogAppendTime.
      if (timestampType === 'LogAppendTime') return
      const topic = await newTopic()
      const produced = copyOf(v2)
      viewOf(produced).setBigInt64(0, 0n)
      await client.produce(topic, produced)
      const { records, errorCode, highWatermark } = await client.fetch(topic, 2, { version })
      expect([errorCode, highWatermark]).toEqual([0, 5])
      const messages = messagesOf(records!)
      const expected = messagesOf(magic === 0 ? down.magic0 : down.magic1)
      expect(messages.map(({ offset }) => offset)).toEqual(expected.map(({ offset }) => offset - 100))
      expect(messages.every(message => message.magic === magic)).toBe(true)
      if (codec === 'none') expect(messages.map(({ value }) => value)).toEqual(expected.map(({ value }) => value))
    },
  )

  test('zstd cannot be had; from a topic of zstd nothing can', async () => {
    const topic = await newTopic()
    await client.produce(topic, batchOf(['plain']))
    await client.produce(topic, copyOf(javaBatches.zstd))
    expect(messagesOf((await client.fetch(topic, 0, { version })).records!).length).toBe(1)
    expect(await client.fetch(topic, 1, { version })).toMatchObject({ errorCode: Errors.UNSUPPORTED_COMPRESSION_TYPE })
    if (codecProblem(batch.Codecs.zstd) !== null) return
    const zstd = await newTopic({ 'compression.type': 'zstd' })
    expect(await client.fetch(zstd, 0, { version })).toMatchObject({ errorCode: Errors.UNSUPPORTED_COMPRESSION_TYPE })
  })

  test('gives as many messages as the partition may return; the first one is cut up to v2, and whole in v3', async () => {
    const topic = await newTopic({}, 2)
    const size = magic === 0 ? 126 : 134
    const value = 'x'.repeat(100)
    for (const partition of [0, 1]) await client.produce(topic, batchOf([value, value, value]), { partition })
    const sizeOf = async (partitionMaxBytes: number) =>
      (await client.fetch(topic, 0, { version, partitionMaxBytes })).records!.byteLength
    expect(await sizeOf(2 * size)).toBe(2 * size)
    expect(await sizeOf(2 * size + 50)).toBe(2 * size)
    expect(await sizeOf(50)).toBe(isHard ? 50 : size)
    expect(await sizeOf(0)).toBe(isHard ? 0 : size)

    const both = fetchRequest(topic, 0, { partitionMaxBytes: 2 * size, maxBytes: 2 * size + 10 })
    both.topics[0]!.partitions.push({ partition: 1, fetchOffset: 0, partitionMaxBytes: 2 * size })
    const { responses } = await client.call(Fetch, version, both)
    const sizes = responses[0]!.partitions.map(({ records }) => records!.byteLength)
    expect(sizes).toEqual(isHard ? [2 * size, 2 * size] : [2 * size, 0])
  })

  test('waits for records, and answers with none when none come', async () => {
    const topic = await newTopic()
    const other = await broker.connect()
    const waiting = other.fetch(topic, 0, { version, maxWaitMs: 30_000 })
    await client.produce(topic, batchOf(['late']))
    expect(messagesOf((await waiting).records!)).toEqual([{ offset: 0, magic, value: 'late' }])
    expect(await client.fetch(topic, 1, { version, maxWaitMs: 1 })).toMatchObject({ errorCode: 0, highWatermark: 1 })
    expect(await client.fetch(topic, 2, { version })).toMatchObject({ errorCode: Errors.OFFSET_OUT_OF_RANGE })
  })

  test('a batch that cannot be read is CORRUPT_MESSAGE', async () => {
    await using careless = await testBroker({ config: { 'gregor.validate.compressed': 'false' } })
    const believing = await careless.connect()
    const topic = 'unread'
    await believing.createTopic(topic)
    const broken = copyOf(javaBatches.gzip)
    broken[90] = broken[90]! ^ 0xff
    batch.stampCrc(broken, 0)
    expect(await believing.produce(topic, broken)).toMatchObject({ errorCode: 0 })
    expect(await believing.fetch(topic, 0, { version })).toMatchObject({ errorCode: Errors.CORRUPT_MESSAGE, highWatermark: -1 })
  })
})

describe('compression.type', () => {
  const sources = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
  const types = (['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const).filter(type => compressionTypeProblem(type) === null)
  test.each(types)('%s', async type => {
    const codec = batch.Codecs[type === 'uncompressed' ? 'none' : type]
    for (const source of sources) {
      const topic = await newTopic({ 'compression.type': type })
      expect(await client.produce(topic, copyOf(javaBatches[source]))).toMatchObject({ errorCode: 0, baseOffset: 0 })
      const { records } = await client.fetch(topic, 0)
      expect(batch.codecOf(records!, 0)).toBe(codec)
      // What a batch says of its producer and its times stays.
      const facts = (bytes: Bytes) => toHex(concat([bytes.subarray(23, 61)]))
      expect(facts(records!)).toBe(facts(javaBatches[source]))
      const read = [...recordsOf(records!)]
      expect(read.map(({ key, value, headers }) => [text(key), text(value), headers.map(header => header.key)])).toEqual(
        javaRecords.map(({ key, value, headers }) => [key, value, headers.map(header => header.key)]),
      )
      // The same batch again is the same batch: its producer's sequence did not suffer.
      expect(await client.produce(topic, copyOf(javaBatches[source]))).toMatchObject({ errorCode: 0, baseOffset: 0 })
    }
  })

  test('holds for message sets, which then are one compressed batch', async () => {
    const topic = await newTopic({ 'compression.type': 'lz4' })
    expect(await client.produce(topic, setOf(1, 'none'), { version: 2 })).toMatchObject({ errorCode: 0 })
    expect(batch.codecOf((await client.fetch(topic, 0)).records!, 0)).toBe(batch.Codecs.lz4)
  })

  test('a batch that grows beyond max.message.bytes is MESSAGE_TOO_LARGE', async () => {
    const value = { key: null, value: utf8Encode('x'.repeat(1000)) }
    const bytes = batchOf([value, value])
    const topic = await newTopic({ 'compression.type': 'gzip', 'max.message.bytes': '500' })
    // Too large as it comes, although it would shrink: Kafka looks first, too.
    expect(await client.produce(topic, bytes)).toMatchObject({ errorCode: Errors.MESSAGE_TOO_LARGE })
    const plain = await newTopic({ 'compression.type': 'uncompressed', 'max.message.bytes': '300' })
    expect(await client.produce(plain, copyOf(javaBatches.gzip))).toMatchObject({ errorCode: Errors.MESSAGE_TOO_LARGE })
  })

  test('records are checked where they are recompressed', async () => {
    const broken = copyOf(javaBatches.gzip)
    viewOf(broken).setInt32(57, 3)
    viewOf(broken).setInt32(23, 2)
    batch.stampCrc(broken, 0)
    const topic = await newTopic({ 'compression.type': 'snappy' })
    expect(await client.produce(topic, broken)).toMatchObject({ errorCode: Errors.INVALID_RECORD })
  })
})

test('every batch is looked into, unless gregor.validate.compressed says otherwise', async () => {
  await using careless = await testBroker({ config: { 'gregor.validate.compressed': 'false' } })
  const other = await careless.connect()
  await other.createTopic('t')
  const broken = copyOf(javaBatches.lz4)
  viewOf(broken).setInt32(57, 5)
  viewOf(broken).setInt32(23, 4)
  batch.stampCrc(broken, 0)
  expect(await other.produce('t', copyOf(broken))).toMatchObject({ errorCode: 0 })
  expect(await client.produce(await newTopic(), broken)).toMatchObject({ errorCode: Errors.INVALID_RECORD })
})

test('Produce v0-2 with several partitions answers each', async () => {
  const topic = await newTopic({}, 2)
  const partitionData = [
    { index: 1, records: setOf(0, 'gzip') },
    { index: 0, records: new Uint8Array(20) },
    { index: 7, records: setOf(0, 'gzip') },
  ]
  const { responses } = await client.call(Produce, 0, { acks: 1, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] })
  expect(responses[0]!.partitionResponses).toMatchObject([
    { index: 1, errorCode: 0, baseOffset: 0 },
    { index: 0, errorCode: Errors.CORRUPT_MESSAGE, baseOffset: -1 },
    { index: 7, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, baseOffset: -1 },
  ])
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { realWorld } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { Produce } from '../../protocol/messages/produce.js'
import { stampCrc } from '../../protocol/records/batch.js'
import type { ResponseOf } from '../../protocol/schema.js'
import type { Appended, AppendRefusal } from '../../storage/types.js'
import type { RequestContext } from '../handler.js'
import { Ordered } from '../outcomes.js'
import { batchOf, type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { initProducerId } from './init-producer-id.js'
import { produce } from './produce.js'

let broker: TestBroker
let client: TestClient
let topicId: string
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
  await client.call(FindCoordinator, 0, { key: 'g' })
  topicId = await client.createTopic('t', 2)
  await client.createTopic('small', 1, { 'max.message.bytes': '200' })
  await client.createTopic('compacted', 1, { 'cleanup.policy': 'compact' })
  await client.createTopic('log-time', 1, { 'message.timestamp.type': 'LogAppendTime' })
})
afterAll(() => broker.stop())

// The versions before carry message sets, which have tests of their own.
const versions = versionsOf(produce, 3)

describe.each(versions)('Produce v%i', version => {
  test('answers with the offset of the batch’s first record, for acks all and 1', async () => {
    const name = `offsets-${version}`
    const id = await client.createTopic(name)
    const send = async (acks: number) => {
      const partitionData = [{ index: 0, records: batchOf(['a', 'b', 'c']) }]
      const request = { acks, timeoutMs: 1000, topicData: [{ name, topicId: id, partitionData }] }
      return (await client.call(Produce, version, request)).responses[0]!
    }
    const first = await send(-1)
    if (version >= 13) expect(first.topicId).toBe(id)
    else expect(first.name).toBe(name)
    expect(first.partitionResponses).toMatchObject([{ index: 0, errorCode: 0, baseOffset: 0, logAppendTimeMs: -1 }])
    if (version >= 5) expect(first.partitionResponses[0]?.logStartOffset).toBe(0)
    expect((await send(1)).partitionResponses).toMatchObject([{ errorCode: 0, baseOffset: 3 }])
  })

  test('one answer per partition, in the order of the request', async () => {
    const topicData = [
      {
        name: 't',
        topicId,
        partitionData: [1, 7, 0].map(index => ({ index, records: batchOf(['x']) })),
      },
      { name: 'nowhere', topicId: 'AAAAAAAAAAAAAAAAAAAAbA', partitionData: [{ index: 0, records: batchOf(['x']) }] },
    ]
    const { responses } = await client.call(Produce, version, { acks: -1, timeoutMs: 1000, topicData })
    const unknown = Errors.UNKNOWN_TOPIC_OR_PARTITION
    const codes = responses.map(topic => topic.partitionResponses.map(({ index, errorCode }) => [index, errorCode]))
    expect(codes).toEqual([
      [
        [1, 0],
        [7, unknown],
        [0, 0],
      ],
      [[0, version >= 13 ? Errors.UNKNOWN_TOPIC_ID : unknown]],
    ])
  })
})

test.each([-2, 2, 5])('acks=%i is refused for every partition', async acks => {
  const topicData = [{ name: 't', partitionData: [0, 1].map(index => ({ index, records: batchOf(['x']) })) }]
  const { responses } = await client.call(Produce, 9, { acks, timeoutMs: 1000, topicData })
  expect(responses[0]?.partitionResponses.map(({ errorCode }) => errorCode)).toEqual([
    Errors.INVALID_REQUIRED_ACKS,
    Errors.INVALID_REQUIRED_ACKS,
  ])
})

const record = (value: string) => ({ key: null, value: utf8Encode(value) })
const withByte = (at: number, value: number, hasNewCrc = true) => {
  const batch = batchOf(['some value'])
  batch[at] = value
  if (hasNewCrc) stampCrc(batch, 0)
  return batch
}

test.each<[string, string, Uint8Array | null, number]>([
  ['no bytes at all', 't', new Uint8Array(0), Errors.INVALID_RECORD],
  ['null', 't', null, Errors.INVALID_RECORD],
  ['a checksum that does not match', 't', withByte(70, 0xff, false), Errors.CORRUPT_MESSAGE],
  ['an old message format', 't', withByte(16, 1), Errors.INVALID_RECORD],
  ['a control batch', 't', withByte(22, 0x20), Errors.INVALID_RECORD],
  ['two batches', 't', Buffer.concat([batchOf(['a']), batchOf(['b'])]), Errors.INVALID_RECORD],
  ['a count that is not its last offset', 't', withByte(26, 5), Errors.INVALID_RECORD],
  ['a base offset', 't', batchOf(['a'], { baseOffset: 5 }), Errors.INVALID_RECORD],
  ['more than max.message.bytes', 'small', batchOf(['x'.repeat(300)]), Errors.MESSAGE_TOO_LARGE],
  ['no key on a compacted topic', 'compacted', batchOf(['a']), Errors.INVALID_RECORD],
  ['a producer id without a sequence', 't', batchOf(['a'], { producerId: 5, producerEpoch: 0 }), Errors.INVALID_RECORD],
])('a batch is refused for %s, and nothing is appended', async (_what, topic, records, errorCode) => {
  const answer = await client.produce(topic, records)
  expect(answer).toMatchObject({ errorCode, baseOffset: -1 })
})

test('a topic that only the broker writes is refused once it is there', async () => {
  await using own = await testBroker()
  const itsClient = await own.connect()
  expect((await itsClient.produce('__consumer_offsets', batchOf(['a']))).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  await itsClient.call(FindCoordinator, 3, { key: 'g', keyType: 0 })
  const answer = await itsClient.produce('__consumer_offsets', batchOf(['a']))
  expect(answer).toMatchObject({ errorCode: Errors.INVALID_TOPIC_EXCEPTION, baseOffset: -1 })
})

test('a refusal tells the start of the log where the log was looked at', async () => {
  await client.createTopic('started')
  const noKey = await client.produce('compacted', batchOf(['a']), { version: 8 })
  expect(noKey).toMatchObject({ errorCode: Errors.INVALID_RECORD, logStartOffset: 0 })
  const twoBatches = await client.produce('started', Buffer.concat([batchOf(['a']), batchOf(['b'])]), { version: 8 })
  expect(twoBatches).toMatchObject({ errorCode: Errors.INVALID_RECORD, logStartOffset: -1 })
  const noBytes = await client.produce('started', Buffer.alloc(61), { version: 8 })
  expect(noBytes).toMatchObject({ errorCode: Errors.CORRUPT_MESSAGE, logStartOffset: -1 })
})

test('acks that do not exist are refused for each partition that is there', async () => {
  const partitionData = [
    { index: 0, records: batchOf(['a']) },
    { index: 7, records: batchOf(['a']) },
  ]
  const answer = await client.call(Produce, 8, { acks: 2, timeoutMs: 1000, topicData: [{ name: 'compacted', partitionData }] })
  expect(answer.responses[0]?.partitionResponses.map(({ errorCode }) => errorCode)).toEqual([
    Errors.INVALID_REQUIRED_ACKS,
    Errors.UNKNOWN_TOPIC_OR_PARTITION,
  ])
})

test('the records that a compacted topic refuses are named, in v8 and later', async () => {
  const keyed = { key: utf8Encode('k'), value: utf8Encode('v') }
  const answer = await client.produce('compacted', batchOf([keyed, record('no key'), keyed, record('none either')]), {
    version: 8,
  })
  expect(answer.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 3])
  expect(answer.errorMessage).not.toBe('')
  expect((await client.fetch('compacted', 0)).highWatermark).toBe(0)
})

test('a topic with LogAppendTime tells the time of the append', async () => {
  const answer = await client.produce('log-time', batchOf(['a']))
  expect(answer.logAppendTimeMs).toBeGreaterThan(1_700_000_000_000)
})

test('zstd needs Produce v7', async () => {
  const zstd = withByte(22, 4)
  expect((await client.produce('t', zstd, { version: 6 })).errorCode).toBe(Errors.UNSUPPORTED_COMPRESSION_TYPE)
})

describe('a disk that fails', () => {
  /** The handler over partitions that answer as told, for topic t. */
  const produceTo = (outcomes: readonly (Partial<Appended> | Partial<AppendRefusal>)[], version: number, acks = -1) => {
    const partition = (_topic: string, index: number) => ({ appendOrDefer: () => outcomes[index] })
    const broker = { world: realWorld, topics: { partition, image: { topicsById: new Map() } } }
    const partitionData = outcomes.map((_, index) => ({ index, records: new Uint8Array(0) }))
    const request = { transactionalId: null, acks, timeoutMs: 0, topicData: [{ name: 't', topicId: '', partitionData }] }
    return produce.handle(request, { broker, version, clientId: '', may: () => true } as unknown as RequestContext)
  }
  const codesOf = (response: unknown): number[] =>
    (response as ResponseOf<typeof Produce>).responses.flatMap(topic => topic.partitionResponses.map(each => each.errorCode))
  const lost = () => ({ baseOffset: 0, written: null, durable: Promise.reject(new Error('the sync failed')) })
  const full = {
    kind: 'refused' as const,
    errorCode: Errors.KAFKA_STORAGE_ERROR,
    message: 'full',
    recordErrors: [],
    logStartOffset: -1,
  }
  const other = { ...full, errorCode: Errors.MESSAGE_TOO_LARGE }
  const well = { baseOffset: 0, written: null, durable: null }

  test('what is not known to be durable is not acknowledged; what was refused keeps its code', async () => {
    const outcome = produceTo([lost(), other, well], 9)
    expect(outcome).toBeInstanceOf(Ordered)
    const codes = codesOf(await (outcome as Ordered<unknown>).response)
    expect(codes).toEqual([Errors.KAFKA_STORAGE_ERROR, Errors.MESSAGE_TOO_LARGE, Errors.KAFKA_STORAGE_ERROR])
  })

  test('clients before v4 are sent to look for another leader', async () => {
    const codes = codesOf(await (produceTo([lost(), full], 3) as Ordered<unknown>).response)
    expect(codes).toEqual([Errors.NOT_LEADER_OR_FOLLOWER, Errors.NOT_LEADER_OR_FOLLOWER])
    expect(codesOf(produceTo([full, other], 4))).toEqual([Errors.KAFKA_STORAGE_ERROR, Errors.MESSAGE_TOO_LARGE])
  })

  test('acks=1 does not wait for what the disk will say', () => {
    expect(codesOf(produceTo([lost()], 9, 1))).toEqual([0])
  })
})

describe('an idempotent producer', () => {
  const send = (topic: string, producerId: number, baseSequence: number, count: number, producerEpoch = 0) =>
    client.produce(
      topic,
      batchOf(
        Array.from({ length: count }, () => 'x'),
        { producerId, producerEpoch, baseSequence },
      ),
    )

  test('ids are unique and start at epoch 0', async () => {
    const ids = new Set<number>()
    for (const version of versionsOf(initProducerId)) {
      const answer = await client.call(InitProducerId, version, { transactionalId: null, transactionTimeoutMs: 1000 })
      expect(answer).toMatchObject({ errorCode: 0, producerEpoch: 0 })
      ids.add(answer.producerId)
    }
    const clients = await Promise.all(Array.from({ length: 4 }, () => broker.connect()))
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, n) =>
        clients[n % 4]!.call(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1000 }),
      ),
    )
    for (const { producerId } of answers) ids.add(producerId)
    expect(ids.size).toBe(400 + versionsOf(initProducerId).length)
  })

  test('an id comes with its epoch or not at all', async () => {
    const init = async (rest: object) =>
      (await client.call(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1000, ...rest })).errorCode
    expect(await init({ producerId: 5, producerEpoch: -1 })).toBe(Errors.INVALID_REQUEST)
    expect(await init({ producerId: -1, producerEpoch: 5 })).toBe(Errors.INVALID_REQUEST)
  })

  test('a repeated batch is answered with its first offset and not written again', async () => {
    await client.createTopic('idempotent')
    expect(await send('idempotent', 77, 0, 2)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await send('idempotent', 77, 2, 3)).toMatchObject({ errorCode: 0, baseOffset: 2 })
    expect(await send('idempotent', 77, 0, 2)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await send('idempotent', 77, 2, 3)).toMatchObject({ errorCode: 0, baseOffset: 2 })
    expect(await send('idempotent', 77, 6, 1)).toMatchObject({ errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER })
    expect(await send('idempotent', 77, 0, 1, 1)).toMatchObject({ errorCode: 0, baseOffset: 5 })
    expect(await send('idempotent', 77, 5, 1, 0)).toMatchObject({ errorCode: Errors.INVALID_PRODUCER_EPOCH })
    expect((await client.fetch('idempotent', 0)).highWatermark).toBe(6)
  })

  test('a producer that this partition does not know may begin anywhere', async () => {
    await client.createTopic('unknown-producer')
    expect(await send('unknown-producer', 78, 500, 1)).toMatchObject({ errorCode: 0, baseOffset: 0 })
  })

  test('five batches in flight on one connection keep their order', async () => {
    await client.createTopic('in-flight')
    const answers = await Promise.all([0, 1, 2, 3, 4].map(n => send('in-flight', 79, n * 2, 2)))
    expect(answers.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual([0, 2, 4, 6, 8].map(at => [0, at]))
  })
})

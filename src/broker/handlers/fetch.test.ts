import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asBuffer, type Bytes } from '../../base/bytes.js'
import { zeroUuid } from '../../base/ids.js'
import { atOnce } from '../../base/slice.js'
import { compressionTypeProblem } from '../../config/compression-type.js'
import { Errors } from '../../protocol/errors.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import { Fetch } from '../../protocol/messages/fetch.js'
import { Produce } from '../../protocol/messages/produce.js'
import { baseOffset, batchLength, lastOffset } from '../../protocol/records/batch.js'
import { recordsOf } from '../../protocol/records/records.js'
import {
  batchOf,
  brokerInFakeTime,
  eventually,
  type FetchOptions,
  fetchRequest,
  type TestBroker,
  type TestClient,
  testBroker,
  versionsOf,
} from '../test-client.test-support.js'
import { fetch } from './fetch.js'

/** Base and last offset of each batch. */
function batchesOf(records: Bytes | null): [number, number][] {
  const bytes = records ?? new Uint8Array(0)
  const batches: [number, number][] = []
  for (let at = 0; at < bytes.byteLength; at += batchLength(bytes, at))
    batches.push([baseOffset(bytes, at), lastOffset(bytes, at)])
  return batches
}

function valuesOf(records: Bytes | null): string[] {
  const bytes = records ?? new Uint8Array(0)
  const values: string[] = []
  for (let at = 0; at < bytes.byteLength; at += batchLength(bytes, at)) {
    for (const { value } of recordsOf(bytes, at)) values.push(asBuffer(value as Bytes).toString('utf8'))
  }
  return values
}

// The versions before carry message sets, which have tests of their own.
const versions = versionsOf(fetch, 4)
const batchBytes = batchOf(['x']).byteLength

for (const sendPath of ['sendfile', 'copy']) {
  describe(`by ${sendPath}`, () => {
    let broker: TestBroker
    let client: TestClient
    const ids = new Map<string, string>()

    beforeAll(async () => {
      broker = await testBroker({ config: { 'gregor.send.path': sendPath } })
      client = await broker.connect()
      ids.set('t', await client.createTopic('t', 2))
      await client.produce('t', batchOf(['a', 'b']))
      await client.produce('t', batchOf(['c']))
      await client.produce('t', batchOf(['d', 'e', 'f']))
    })
    afterAll(() => broker.stop())

    /** The same request by name or by id, as the version has it. */
    const fetchBy = async (version: number, topic: string, offset: number, options: FetchOptions = {}) => {
      const request = fetchRequest(topic, offset, options)
      const topics = request.topics.map(each => ({ ...each, topicId: ids.get(topic) ?? zeroUuid }))
      return client.call(Fetch, version, { ...request, topics })
    }

    test.each(versions)('v%i returns every batch from the one that holds the offset', async version => {
      for (const [offset, values] of [
        [0, ['a', 'b', 'c', 'd', 'e', 'f']],
        [1, ['a', 'b', 'c', 'd', 'e', 'f']],
        [2, ['c', 'd', 'e', 'f']],
        [4, ['d', 'e', 'f']],
        [6, []],
      ] as const) {
        const answer = await fetchBy(version, 't', offset)
        expect(answer.errorCode).toBe(0)
        const [topic] = answer.responses
        if (version >= 13) expect(topic?.topicId).toBe(ids.get('t'))
        else expect(topic?.topic).toBe('t')
        const partition = topic!.partitions[0]!
        expect(partition).toMatchObject({ errorCode: 0, highWatermark: 6, lastStableOffset: 6, abortedTransactions: null })
        if (version >= 5) expect(partition.logStartOffset).toBe(0)
        if (version >= 11) expect(partition.preferredReadReplica).toBe(-1)
        expect(valuesOf(partition.records)).toEqual(values)
      }
    })

    test('a full fetch answers every partition, the empty ones too, in the order of the request', async () => {
      const partitions = [1, 0].map(partition => ({ partition, fetchOffset: 0, partitionMaxBytes: 1000 }))
      const request = { ...fetchRequest('t', 0), topics: [{ topic: 't', partitions }] }
      for (const sessionEpoch of [-1, 0]) {
        const { responses } = await client.call(Fetch, 12, { ...request, sessionEpoch })
        expect(
          responses[0]?.partitions.map(({ partitionIndex, records }) => [partitionIndex, batchesOf(records).length]),
        ).toEqual([
          [1, 0],
          [0, 3],
        ])
      }
    })

    test('the answer is what was produced, byte for byte but for offset and epoch, whatever its size', async () => {
      await client.createTopic('sizes')
      const values = [1, 10, 5000, 20_000, 300_000, 2].map((length, n) => String.fromCharCode(97 + n).repeat(length))
      for (const value of values) expect(await client.produce('sizes', batchOf([value]))).toMatchObject({ errorCode: 0 })
      const { records } = await client.fetch('sizes', 0)
      expect(valuesOf(records)).toEqual(values)
      // A large and a small answer, back and forth, on one connection.
      const offsets = [0, 3, 4, 5, 0, 5, 4, 1]
      const answers = await Promise.all(offsets.map(offset => client.fetch('sizes', offset)))
      expect(answers.map(answer => valuesOf(answer.records))).toEqual(offsets.map(offset => values.slice(offset)))
    })
  })
}

describe('limits', () => {
  let broker: TestBroker
  let client: TestClient
  beforeAll(async () => {
    broker = await testBroker()
    client = await broker.connect()
    await client.createTopic('t', 3)
    for (const partition of [0, 1, 2]) {
      for (let n = 0; n < 4; n++) await client.produce('t', batchOf(['x']), { partition })
    }
  })
  afterAll(() => broker.stop())

  const countsFor = async (maxBytes: number, partitionMaxBytes: number): Promise<number[]> => {
    const partitions = [0, 1, 2].map(partition => ({ partition, fetchOffset: 0, partitionMaxBytes }))
    const request = { ...fetchRequest('t', 0, { maxBytes }), topics: [{ topic: 't', partitions }] }
    const { responses } = await client.call(Fetch, 12, request)
    return responses[0]!.partitions.map(({ records }) => batchesOf(records).length)
  }

  test.each<[string, number, number, number[]]>([
    ['room for everything', 100_000, 100_000, [4, 4, 4]],
    ['room for two batches of each', 100_000, 2 * batchBytes + 5, [2, 2, 2]],
    ['room for five batches', 5 * batchBytes, 100_000, [4, 1, 0]],
    ['no room at all: one batch all the same', 1, 1, [1, 0, 0]],
    ['a limit of nothing', 0, 0, [1, 0, 0]],
    ['a negative limit', -1, -1, [1, 0, 0]],
    ['none in the first partition’s limit, and so one', 100_000, 1, [1, 0, 0]],
  ])('%s', async (_what, maxBytes, partitionMaxBytes, counts) => {
    expect(await countsFor(maxBytes, partitionMaxBytes)).toEqual(counts)
  })

  test('fetch.max.bytes holds whatever the client allows', async () => {
    await using small = await testBroker({ config: { 'fetch.max.bytes': '1024' } })
    const smallClient = await small.connect()
    await smallClient.createTopic('t')
    for (let n = 0; n < 20; n++) await smallClient.produce('t', batchOf(['x'.repeat(100)]))
    const { records } = await smallClient.fetch('t', 0)
    expect(records?.byteLength).toBeLessThanOrEqual(1024)
    expect(batchesOf(records).length).toBeGreaterThan(1)
  })
})

describe('errors', () => {
  let broker: TestBroker
  let client: TestClient
  beforeAll(async () => {
    broker = await testBroker()
    client = await broker.connect()
    await client.createTopic('t')
    await client.produce('t', batchOf(['a', 'b']))
  })
  afterAll(() => broker.stop())

  const wait = { maxWaitMs: 600_000, minBytes: 1 }
  const ask = async (
    topic: string,
    partition: object,
    { version = 12, ...rest }: { version?: number; topicId?: string } = {},
  ) => {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000, ...partition }]
    const request = { ...fetchRequest(topic, 0, wait), topics: [{ topic, ...rest, partitions }] }
    return (await client.call(Fetch, version, request)).responses[0]!.partitions[0]!
  }

  // None of them waits.
  test.each<[string, string, object, number]>([
    ['an unknown topic', 'nowhere', {}, Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ['an unknown partition', 't', { partition: 1 }, Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ['a negative partition', 't', { partition: -1 }, Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ['an offset beyond the end', 't', { fetchOffset: 3 }, Errors.OFFSET_OUT_OF_RANGE],
    ['a negative offset', 't', { fetchOffset: -1 }, Errors.OFFSET_OUT_OF_RANGE],
    ['the largest offset of all', 't', { fetchOffset: Number.MAX_SAFE_INTEGER }, Errors.OFFSET_OUT_OF_RANGE],
    ['a leader epoch that is to come', 't', { currentLeaderEpoch: 1 }, Errors.UNKNOWN_LEADER_EPOCH],
    ['an epoch that was never fetched here', 't', { lastFetchedEpoch: 9 }, Errors.OFFSET_OUT_OF_RANGE],
  ])('%s', async (_what, topic, partition, errorCode) => {
    const answer = await ask(topic, partition)
    expect(answer).toMatchObject({ errorCode, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 })
    expect(answer.records?.byteLength).toBe(0)
  })

  test('the leader epoch of now, and an epoch that was fetched, are in order', async () => {
    expect(await ask('t', { currentLeaderEpoch: 0 })).toMatchObject({ errorCode: 0, highWatermark: 2 })
    expect(await ask('t', { lastFetchedEpoch: 0 })).toMatchObject({ errorCode: 0, highWatermark: 2 })
    // As in Kafka, any negative epoch says none.
    const none = { currentLeaderEpoch: -2, lastFetchedEpoch: -2 }
    expect(await ask('t', none)).toMatchObject({ errorCode: 0, highWatermark: 2 })
  })

  test('an unknown topic id', async () => {
    const unknown = { version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAAbA' }
    expect(await ask('', {}, unknown)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_ID })
    expect(await ask('', {}, { ...unknown, topicId: zeroUuid })).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_ID })
  })

  test.runIf(compressionTypeProblem('zstd') === null)('a topic in zstd is not for clients before v10', async () => {
    await client.createTopic('zstd', 1, { 'compression.type': 'zstd' })
    expect((await ask('zstd', {}, { version: 9 })).errorCode).toBe(Errors.UNSUPPORTED_COMPRESSION_TYPE)
    expect((await client.fetch('zstd', 0, { version: 10 })).errorCode).toBe(0)
  })

  test('read_committed is told of no aborted transactions by an empty list', async () => {
    expect(await client.fetch('t', 0, { isolationLevel: 1 })).toMatchObject({ abortedTransactions: [], highWatermark: 2 })
  })

  test('a request for nothing is answered at once', async () => {
    const { responses } = await client.call(Fetch, 12, { ...fetchRequest('t', 0, wait), topics: [] })
    expect(responses).toEqual([])
  })
})

describe('waiting', () => {
  /** A broker with a topic and a parked fetch of it. */
  const parked = async (options: FetchOptions, values: string[] = [], partitions = 1) => {
    const { broker, world } = await brokerInFakeTime()
    const producer = await broker.connect()
    const consumer = await broker.connect()
    await producer.createTopic('t', partitions)
    for (const value of values) await producer.produce('t', batchOf([value]))
    const { waiting } = broker.running.services
    let answered: Bytes | null | undefined
    const fetched = consumer.fetch('t', 0, { maxWaitMs: 1000, ...options }).then(answer => {
      answered = answer.records
      return answer
    })
    // Parked, or answered without having been.
    await eventually(() => waiting.parkedCount === 1 || answered !== undefined)
    return { broker, world, producer, consumer, waiting, fetched, answered: () => answered }
  }
  const count = (records: Bytes | null | undefined): number => batchesOf(records ?? null).length

  test('a fetch at the end of the log is answered when something is produced', async () => {
    const { broker, producer, fetched, answered } = await parked({})
    expect(answered()).toBeUndefined()
    await producer.produce('t', batchOf(['late']))
    expect(valuesOf((await fetched).records)).toEqual(['late'])
    await broker.stop()
  })

  test('it is answered empty at its deadline, not before', async () => {
    const { broker, world, fetched, answered, producer } = await parked({})
    world.advance(999)
    // A request and an answer later it is still waiting.
    await producer.topicNames()
    expect(answered()).toBeUndefined()
    world.advance(1)
    expect(await fetched).toMatchObject({ errorCode: 0, highWatermark: 0 })
    await broker.stop()
  })

  test('max_wait of 0 and less is answered at once', async () => {
    for (const maxWaitMs of [0, -1]) {
      const { broker, fetched } = await parked({ maxWaitMs })
      expect(count((await fetched).records)).toBe(0)
      await broker.stop()
    }
  })

  test('min_bytes of 0 is answered at once', async () => {
    const { broker, fetched } = await parked({ minBytes: 0 })
    expect(count((await fetched).records)).toBe(0)
    await broker.stop()
  })

  test('it waits on until min_bytes are there', async () => {
    const { broker, producer, fetched, answered, waiting } = await parked({ minBytes: 3 * batchBytes }, ['1'])
    expect(answered()).toBeUndefined()
    await producer.produce('t', batchOf(['2']))
    await eventually(() => waiting.parkedCount === 1)
    expect(answered()).toBeUndefined()
    await producer.produce('t', batchOf(['3']))
    expect(valuesOf((await fetched).records)).toEqual(['1', '2', '3'])
    await broker.stop()
  })

  test('at the deadline it is answered with what there is', async () => {
    const { broker, world, fetched } = await parked({ minBytes: 10_000 }, ['1', '2'])
    world.advance(1000)
    expect(valuesOf((await fetched).records)).toEqual(['1', '2'])
    await broker.stop()
  })

  test.each<[string, FetchOptions]>([
    ['max_bytes', { minBytes: 500 * batchBytes, maxBytes: 3 * batchBytes + 10 }],
    ['partition_max_bytes', { minBytes: 3 * batchBytes + 10, partitionMaxBytes: 3 * batchBytes + 10 }],
  ])('more than %s lets through is not waited for, although whole batches stop short of it', async (_what, options) => {
    const { broker, fetched } = await parked(options, ['1', '2', '3', '4', '5'])
    expect(valuesOf((await fetched).records)).toEqual(['1', '2', '3'])
    await broker.stop()
  })

  test('what other partitions produce does not wake it; any partition of its own does', async () => {
    const { broker, world } = await brokerInFakeTime()
    const producer = await broker.connect()
    const consumer = await broker.connect()
    await producer.createTopic('t', 3)
    const partitions = [0, 2].map(partition => ({ partition, fetchOffset: 0, partitionMaxBytes: 1000 }))
    const request = { ...fetchRequest('t', 0, { maxWaitMs: 1000 }), topics: [{ topic: 't', partitions }] }
    let isAnswered = false
    const fetched = consumer.call(Fetch, 12, request).then(answer => {
      isAnswered = true
      return answer
    })
    const { waiting } = broker.running.services
    await eventually(() => waiting.parkedCount === 1)
    await producer.produce('t', batchOf(['not his']), { partition: 1 })
    expect(isAnswered).toBe(false)
    await producer.produce('t', batchOf(['his']), { partition: 2 })
    const { responses } = await fetched
    expect(responses[0]?.partitions.map(({ records }) => valuesOf(records))).toEqual([[], ['his']])
    expect(world.nowMs()).toBe(1_700_000_000_000)
    await broker.stop()
  })

  test('when the topic is deleted it is told so', async () => {
    const { broker, producer, fetched } = await parked({})
    await producer.call(DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1000 })
    expect((await fetched).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    await broker.stop()
  })

  test('a stop answers it, and does not wait for its deadline', async () => {
    const broker = await testBroker()
    const client = await broker.connect()
    await client.createTopic('t')
    const fetched = client.fetch('t', 0, { maxWaitMs: 0x7fff_ffff })
    const { waiting } = broker.running.services
    await eventually(() => waiting.parkedCount === 1)
    // Far more than this test may take.
    const stopped = broker.running.stop(600_000)
    expect(await fetched).toMatchObject({ errorCode: 0, highWatermark: 0 })
    await stopped
  })

  test('a client that disappears leaves nothing behind once it would have been answered', async () => {
    const { broker, producer, consumer, waiting, fetched } = await parked({})
    consumer.close()
    await expect(fetched).rejects.toThrow('closed')
    await producer.produce('t', batchOf(['x']))
    await eventually(() => waiting.parkedCount === 0)
    expect(broker.fatal).toEqual([])
    await broker.stop()
  })

  test('every range that a plan opened is let go, whether it was sent or not', async () => {
    const { broker, world } = await brokerInFakeTime()
    const client = await broker.connect()
    await client.createTopic('t')
    const partition = broker.running.services.topics.partition('t', 0)!
    let opened = 0
    let retained = 0
    const read = partition.read.bind(partition)
    partition.read = (from, limits) => {
      const outcome = atOnce(read(from, limits))
      for (const slice of typeof outcome === 'number' ? [] : outcome.slices) {
        const release = slice.release.bind(slice)
        opened += 1
        retained += 1
        slice.release = () => {
          retained -= 1
          release()
        }
      }
      return outcome
    }
    const { waiting } = broker.running.services
    for (let n = 0; n < 3; n++) await client.produce('t', batchOf(['x']))
    expect((await client.fetch('t', 0)).highWatermark).toBe(3)
    // One that waits, and wakes in between; and one whose client goes away.
    const other = await broker.connect()
    const waited = client.fetch('t', 0, { minBytes: 10_000, maxWaitMs: 1000 })
    const abandoned = other.fetch('t', 0, { minBytes: 10_000, maxWaitMs: 1000 })
    await eventually(() => waiting.parkedCount === 2)
    const third = await broker.connect()
    await third.produce('t', batchOf(['y']))
    await eventually(() => waiting.parkedCount === 2)
    other.close()
    await expect(abandoned).rejects.toThrow('closed')
    world.advance(1000)
    expect(valuesOf((await waited).records)).toEqual(['x', 'x', 'x', 'y'])
    await eventually(() => waiting.parkedCount === 0 && retained === 0)
    expect(opened).toBeGreaterThan(6)
    await broker.stop()
  })

  test('many consumers of one partition are all woken', async () => {
    const broker = await testBroker()
    const producer = await broker.connect()
    await producer.createTopic('t')
    const consumers = await Promise.all(Array.from({ length: 30 }, () => broker.connect()))
    const fetched = consumers.map(consumer => consumer.fetch('t', 0, { maxWaitMs: 600_000 }))
    await eventually(() => broker.running.services.waiting.parkedCount === 30)
    await producer.produce('t', batchOf(['for all']))
    for (const { records } of await Promise.all(fetched)) expect(valuesOf(records)).toEqual(['for all'])
    await broker.stop()
  })
})

describe('sessions', () => {
  let broker: TestBroker
  let client: TestClient
  beforeAll(async () => {
    broker = await testBroker()
    client = await broker.connect()
  })
  afterAll(() => broker.stop())

  const wanted = (partition: number, fetchOffset = 0) => ({ partition, fetchOffset, partitionMaxBytes: 100_000 })
  const ask = (topic: string, sessionId: number, sessionEpoch: number, partitions: object[], forgotten: number[] = []) =>
    client.call(Fetch, 12, {
      ...fetchRequest(topic, 0),
      sessionId,
      sessionEpoch,
      topics: partitions.length === 0 ? [] : [{ topic, partitions: partitions as ReturnType<typeof wanted>[] }],
      forgottenTopicsData: forgotten.length === 0 ? [] : [{ topic, partitions: forgotten }],
    })
  const shown = (answer: Awaited<ReturnType<typeof ask>>) =>
    answer.responses.flatMap(({ partitions }) =>
      partitions.map(({ partitionIndex, records }) => `${partitionIndex}: ${valuesOf(records).join()}`),
    )

  test('a session from its first fetch to its last', async () => {
    await client.createTopic('s', 3)
    await client.produce('s', batchOf(['a']), { partition: 1 })
    // 1. All partitions are told of once.
    const first = await ask('s', 0, 0, [wanted(0), wanted(1), wanted(2)])
    const id = first.sessionId
    expect(id).toBeGreaterThan(0)
    expect(shown(first)).toEqual(['0: ', '1: a', '2: '])
    // 2. Then only what is new: nothing, when the consumer has moved on.
    expect(await ask('s', id, 1, [wanted(1, 1)])).toMatchObject({ errorCode: 0, sessionId: id, responses: [] })
    // 3. Data, where there is some.
    await client.produce('s', batchOf(['b']), { partition: 0 })
    expect(shown(await ask('s', id, 2, []))).toEqual(['0: b'])
    // 4. Fairness: 0 had data last, so it is served last.
    await client.produce('s', batchOf(['c']), { partition: 2 })
    await client.produce('s', batchOf(['d']), { partition: 1 })
    expect(shown(await ask('s', id, 3, []))).toEqual(['2: c', '1: d', '0: b'])
    // 5. Forgotten partitions are not served; an unknown one is told of, and told of again until it is forgotten.
    expect(shown(await ask('s', id, 4, [wanted(9), wanted(1, 2), wanted(2, 1)], [0]))).toEqual(['9: '])
    const again = await ask('s', id, 5, [])
    expect(again.responses[0]?.partitions).toMatchObject([{ partitionIndex: 9, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }])
    // 6. Errors of the session are told at the top.
    expect(await ask('s', id, 5, [])).toMatchObject({
      errorCode: Errors.INVALID_FETCH_SESSION_EPOCH,
      sessionId: 0,
      responses: [],
    })
    const byId = { ...fetchRequest('', 0), sessionId: id, sessionEpoch: 6, topics: [] }
    expect((await client.call(Fetch, 13, byId)).errorCode).toBe(Errors.FETCH_SESSION_TOPIC_ID_ERROR)
    // 7. Closed, it is no longer known.
    expect(await ask('s', id, -1, [])).toMatchObject({ errorCode: 0, sessionId: 0 })
    expect((await ask('s', id, 6, [])).errorCode).toBe(Errors.FETCH_SESSION_ID_NOT_FOUND)
  })

  test('an incremental fetch waits for any partition of the session', async () => {
    await client.createTopic('w', 2)
    const { sessionId } = await ask('w', 0, 0, [wanted(0), wanted(1)])
    const other = await broker.connect()
    const waited = client.call(Fetch, 12, {
      ...fetchRequest('w', 0, { maxWaitMs: 600_000 }),
      sessionId,
      sessionEpoch: 1,
      topics: [],
    })
    await eventually(() => broker.running.services.waiting.parkedCount === 1)
    await other.produce('w', batchOf(['x']), { partition: 1 })
    expect(shown(await waited)).toEqual(['1: x'])
  })

  test('by id, a topic that was deleted is unknown by its name, and a recreated one is not the one of the session', async () => {
    const topicId = await client.createTopic('renewed')
    const topics = [{ topicId, partitions: [wanted(0)] }]
    const { sessionId } = await client.call(Fetch, 13, { ...fetchRequest('', 0), sessionEpoch: 0, topics })
    const next = async (sessionEpoch: number) => {
      const answer = await client.call(Fetch, 13, { ...fetchRequest('', 0), sessionId, sessionEpoch, topics: [] })
      return answer.responses[0]?.partitions[0]?.errorCode
    }
    await client.call(DeleteTopics, 6, { topics: [{ name: 'renewed' }], timeoutMs: 1000 })
    expect(await next(1)).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    await client.createTopic('renewed')
    expect(await next(2)).toBe(Errors.INCONSISTENT_TOPIC_ID)
    // Who names the old id now names nothing.
    const full = await client.call(Fetch, 13, { ...fetchRequest('', 0), sessionEpoch: 0, topics })
    expect(full.responses[0]?.partitions[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
  })

  test('without free slots consumers get full answers', async () => {
    await using tight = await testBroker({ config: { 'max.incremental.fetch.session.cache.slots': '0' } })
    const itsClient = await tight.connect()
    await itsClient.createTopic('t')
    const answer = await itsClient.call(Fetch, 12, { ...fetchRequest('t', 0), sessionEpoch: 0 })
    expect(answer).toMatchObject({ errorCode: 0, sessionId: 0 })
    expect(answer.responses[0]?.partitions).toHaveLength(1)
  })
})

test('a fetch as a replica is told that this broker does not lead for it, and who does', async () => {
  await using broker = await testBroker()
  const client = await broker.connect()
  await client.createTopic('t')
  for (const asked of [
    { version: 12, replicaId: 1 },
    { version: 15, replicaState: { replicaId: 5 } },
  ]) {
    const { version, ...replica } = asked
    const topicId = broker.running.services.topics.image.topics.get('t')?.topicId ?? ''
    const request = fetchRequest('t', 0)
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
    const topics = [{ topic: 't', topicId, partitions }]
    const answer = await client.call(Fetch, version, { ...request, ...replica, topics })
    expect(answer.responses[0]?.partitions[0]).toMatchObject({ errorCode: Errors.NOT_LEADER_OR_FOLLOWER })
  }
})

test('what is fetched was produced in this order, while ten producers and ten consumers are at it', async () => {
  await using broker = await testBroker()
  const admin = await broker.connect()
  await admin.createTopic('busy')
  const perProducer = 20
  const producers = Array.from({ length: 10 }, async (_, p) => {
    const client = await broker.connect()
    const sends = Array.from({ length: perProducer }, (_, n) => ({
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 'busy', partitionData: [{ index: 0, records: batchOf([`${p}-${n}`, `${p}-${n}+`]) }] }],
    }))
    await Promise.all(sends.map(send => client.call(Produce, 9, send)))
  })
  const consumers = Array.from({ length: 10 }, async () => {
    const client = await broker.connect()
    const seen: string[] = []
    while (seen.length < 400) {
      const { records } = await client.fetch('busy', seen.length, { maxWaitMs: 1000, partitionMaxBytes: 2000 })
      seen.push(...valuesOf(records))
    }
    return seen
  })
  await Promise.all(producers)
  const [first, ...others] = await Promise.all(consumers)
  for (const other of others) expect(other).toEqual(first)
  for (let p = 0; p < 10; p++) {
    const own = first?.filter(value => value.startsWith(`${p}-`))
    expect(own).toEqual(Array.from({ length: perProducer }, (_, n) => [`${p}-${n}`, `${p}-${n}+`]).flat())
  }
})

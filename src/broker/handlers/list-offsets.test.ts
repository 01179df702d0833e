import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { realWorld } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import { ListOffsets } from '../../protocol/messages/list-offsets.js'
import { OffsetForLeaderEpoch } from '../../protocol/messages/offset-for-leader-epoch.js'
import type { RequestContext } from '../handler.js'
import { batchOf, type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { listOffsets } from './list-offsets.js'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.js'

let broker: TestBroker
let client: TestClient
const at = (timestampMs: number) => ({ key: null, value: utf8Encode('x'), timestampMs })

beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
  await client.createTopic('t', 2)
  await client.createTopic('without-time')
  // Offsets 0-2, 3-4, 5: times go up and down, inside a batch and between batches.
  await client.produce('t', batchOf([at(1000), at(1010), at(1020)]))
  await client.produce('t', batchOf([at(5000), at(3000)]))
  await client.produce('t', batchOf([at(2000)]))
  await client.produce('without-time', batchOf(['a'], { timestampMs: -1 }))
})
afterAll(() => broker.stop())

test('who may not ask does not wait for what is being written: that would tell of it', () => {
  const never = new Promise<void>(() => {})
  const topics = { partition: () => ({ allVisible: () => never }) }
  const context = { broker: { topics }, version: 9, may: () => false, pause: () => null } as unknown as RequestContext
  const asked = { name: 't', partitions: [{ partitionIndex: 0, timestamp: -1, currentLeaderEpoch: -1 }] }
  const answer = listOffsets.handle({ replicaId: -1, isolationLevel: 0, topics: [asked] }, context)
  const refused = { name: 't', partitions: [{ partitionIndex: 0, errorCode: Errors.TOPIC_AUTHORIZATION_FAILED }] }
  return expect(answer).resolves.toEqual({ topics: [refused] })
})

const list = async (timestamp: number, { version = 9, topic = 't', partition = 0, isolationLevel = 0, epoch = -1 } = {}) => {
  const partitions = [{ partitionIndex: partition, timestamp, currentLeaderEpoch: epoch }]
  const { topics } = await client.call(ListOffsets, version, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic, partitions }],
  })
  return topics[0]!.partitions[0]!
}

describe.each(versionsOf(listOffsets, 1))('ListOffsets v%i', version => {
  const leaderEpoch = version >= 4 ? 0 : -1

  test('-1 is the end, -2 the start, both without a time', async () => {
    for (const isolationLevel of [0, 1]) {
      expect(await list(-1, { version, isolationLevel })).toMatchObject({ errorCode: 0, offset: 6, timestamp: -1, leaderEpoch })
    }
    expect(await list(-2, { version })).toMatchObject({ errorCode: 0, offset: 0, timestamp: -1, leaderEpoch })
    expect(await list(-1, { version, partition: 1 })).toMatchObject({ errorCode: 0, offset: 0 })
    expect(await list(-2, { version, partition: 1 })).toMatchObject({ errorCode: 0, offset: 0 })
  })

  test.each([
    [0, 0, 1000],
    [1000, 0, 1000],
    [1001, 1, 1010],
    [1011, 2, 1020],
    [1021, 3, 5000],
    [4000, 3, 5000],
    [5000, 3, 5000],
  ])('time %i is the first record at or after it', async (timestamp, offset, found) => {
    expect(await list(timestamp, { version })).toMatchObject({ errorCode: 0, offset, timestamp: found, leaderEpoch })
  })

  test('a time behind every record finds nothing, and that is no error', async () => {
    for (const timestamp of [5001, Number.MAX_SAFE_INTEGER]) {
      expect(await list(timestamp, { version })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1, leaderEpoch: -1 })
    }
    expect(await list(0, { version, partition: 1 })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
    expect(await list(0, { version, topic: 'without-time' })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
  })

  test.each([
    [-3, 7, { offset: 3, timestamp: 5000 }],
    [-4, 8, { offset: 0, timestamp: -1 }],
    [-5, 9, { offset: -1, timestamp: -1 }],
    [-6, 11, { offset: -1, timestamp: -1 }],
    [-7, 99, {}],
  ])('%i is known from v%i on', async (sentinel, since, found) => {
    const answer = await list(sentinel, { version })
    if (version < since) expect(answer).toMatchObject({ errorCode: Errors.UNSUPPORTED_VERSION, offset: -1 })
    else expect(answer).toMatchObject({ errorCode: 0, ...found })
  })

  test('what is not there, and what is asked for twice', async () => {
    const unknown = Errors.UNKNOWN_TOPIC_OR_PARTITION
    expect(await list(-1, { version, topic: 'nowhere' })).toMatchObject({ errorCode: unknown, offset: -1 })
    expect(await list(-1, { version, partition: 2 })).toMatchObject({ errorCode: unknown })
    const partitions = [0, 1, 0].map(partitionIndex => ({ partitionIndex, timestamp: -1 }))
    const { topics } = await client.call(ListOffsets, version, { replicaId: -1, topics: [{ name: 't', partitions }] })
    const invalid = Errors.INVALID_REQUEST
    expect(topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([invalid, 0])
  })

  if (version >= 4) {
    test('a leader epoch of the future is not known', async () => {
      expect(await list(-1, { version, epoch: 0 })).toMatchObject({ errorCode: 0 })
      expect(await list(-1, { version, epoch: 1 })).toMatchObject({ errorCode: Errors.UNKNOWN_LEADER_EPOCH })
      expect(await list(-1, { version, epoch: -2 })).toMatchObject({ errorCode: Errors.FENCED_LEADER_EPOCH })
    })

    test('the start of an empty partition is told with the epoch of its leader', async () => {
      expect(await list(-2, { version, partition: 1 })).toMatchObject({ errorCode: 0, offset: 0, leaderEpoch: 0 })
    })
  }
})

test('-3 in a log without times or without records finds nothing', async () => {
  expect(await list(-3, { topic: 'without-time' })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
  expect(await list(-3, { partition: 1 })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
})

describe('ListOffsets v0', () => {
  const listOld = async (timestamp: number, maxNumOffsets: number, partition = 0) => {
    const partitions = [{ partitionIndex: partition, timestamp, maxNumOffsets }]
    const { topics } = await client.call(ListOffsets, 0, { replicaId: -1, topics: [{ name: 't', partitions }] })
    return topics[0]!.partitions[0]!.oldStyleOffsets
  }
  test('answers with offsets, newest first, as many as are wanted', async () => {
    expect(await listOld(-1, 10)).toEqual([6, 0])
    expect(await listOld(-1, 1)).toEqual([6])
    expect(await listOld(-2, 10)).toEqual([0])
    expect(await listOld(-1, 10, 1)).toEqual([0])
    expect(await listOld(-1, 0)).toEqual([])
  })

  test('the places between end and start are where segments begin; a time takes those that are not younger', async () => {
    await client.createTopic('segments', 1, { 'segment.bytes': '1048576' })
    const large = (timestampMs: number) => batchOf([{ key: null, value: new Uint8Array(600_000), timestampMs }])
    for (const timestampMs of [1000, 2000, 3000]) await client.produce('segments', large(timestampMs))
    const listSegments = async (timestamp: number, maxNumOffsets = 10) => {
      const partitions = [{ partitionIndex: 0, timestamp, maxNumOffsets }]
      const { topics } = await client.call(ListOffsets, 0, { replicaId: -1, topics: [{ name: 'segments', partitions }] })
      return topics[0]!.partitions[0]!.oldStyleOffsets
    }
    expect(await listSegments(-1)).toEqual([3, 2, 1, 0])
    expect(await listSegments(-1, 2)).toEqual([3, 2])
    expect(await listSegments(-2)).toEqual([0])
    expect(await listSegments(2999)).toEqual([1, 0])
    expect(await listSegments(3000, 1)).toEqual([2])
    expect(await listSegments(999)).toEqual([])
    expect(await listSegments(Number.MAX_SAFE_INTEGER, 1)).toEqual([3])
  })
})

describe.each(versionsOf(offsetForLeaderEpoch))('OffsetForLeaderEpoch v%i', version => {
  const endOf = async (leaderEpoch: number, { partition = 0, topic = 't', currentLeaderEpoch = -1 } = {}) => {
    const partitions = [{ partition, currentLeaderEpoch, leaderEpoch }]
    const { topics } = await client.call(OffsetForLeaderEpoch, version, { topics: [{ topic, partitions }] })
    return topics[0]!.partitions[0]!
  }

  test('the epoch of now ends at the end of the log, one that is to come nowhere', async () => {
    const epochOf = (epoch: number) => (version === 0 ? {} : { leaderEpoch: epoch })
    expect(await endOf(0)).toMatchObject({ errorCode: 0, endOffset: 6, ...epochOf(0) })
    expect(await endOf(1)).toMatchObject({ errorCode: 0, endOffset: -1, ...epochOf(-1) })
    expect(await endOf(-1)).toMatchObject({ errorCode: 0, endOffset: -1 })
  })

  test('the epoch of now ends at 0 in a log without records', async () => {
    expect(await endOf(0, { partition: 1 })).toMatchObject({ errorCode: 0, endOffset: 0 })
  })

  test('unknown partitions and epochs', async () => {
    expect((await endOf(0, { partition: 9 })).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    expect((await endOf(0, { topic: 'nowhere' })).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    if (version >= 2) expect((await endOf(0, { currentLeaderEpoch: 4 })).errorCode).toBe(Errors.UNKNOWN_LEADER_EPOCH)
  })
})

test('look-ups that take long leave room for others between two of them', async () => {
  // A clock by which everything takes longer than a slice.
  let nowMs = 0
  await using slow = await testBroker({ world: { ...realWorld, host: { ...realWorld.host, monotonicMs: () => (nowMs += 10) } } })
  const [asking, other] = [await slow.connect(), await slow.connect()]
  await asking.createTopic('many', 40)
  const partitions = Array.from({ length: 40 }, (_, partitionIndex) => ({ partitionIndex, timestamp: 1000 }))
  const answered: string[] = []
  const long = asking
    .call(ListOffsets, 9, { replicaId: -1, isolationLevel: 0, topics: [{ name: 'many', partitions }] })
    .finally(() => answered.push('long'))
  const [{ topics }] = await Promise.all([long, other.topicNames().finally(() => answered.push('other'))])
  expect(answered).toEqual(['other', 'long'])
  expect(topics[0]!.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual(partitions.map(each => each.partitionIndex))
})

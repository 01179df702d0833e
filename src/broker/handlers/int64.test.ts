/** What lies beyond ±2^53, where JavaScript's numbers end and Java's do not, by wire. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { Errors } from '../../protocol/errors.js'
import { DeleteRecords } from '../../protocol/messages/delete-records.js'
import { Fetch } from '../../protocol/messages/fetch.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { ListOffsets } from '../../protocol/messages/list-offsets.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import { buildBatch } from '../../protocol/records/build.js'
import { type TestBroker, type TestClient, temporaryDirectory, testBroker, versionsOf } from '../test-client.test-support.js'
import { listOffsets } from './list-offsets.js'

const longMax = 2n ** 63n - 1n
/** Encodes what no number can be; the schemas of these fields know numbers only. */
const wide = (value: bigint): number => Number(value)
const anyFuture = { 'message.timestamp.after.max.ms': String(longMax), 'retention.ms': '-1' }

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
})
afterAll(() => broker.stop())

const recordsAt = (...timestamps: readonly bigint[]) =>
  buildBatch(timestamps.map(timestampMs => ({ key: utf8Encode('k'), value: utf8Encode('v'), timestampMs })))

async function lookUp(topic: string, timestamp: number | bigint, on = client, version = 7) {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }]
  return (await on.call(ListOffsets, version, { replicaId: -1, isolationLevel: 0, topics })).topics[0]!.partitions[0]!
}

test.each([2n ** 53n - 1n, 2n ** 53n, 2n ** 60n + 1n, longMax, -(2n ** 63n), -(2n ** 53n) - 1n])(
  'a committed offset of %i comes back as it was, after a restart too',
  async offset => {
    using directory = temporaryDirectory()
    const committed = { partitionIndex: 0, committedOffset: offset, committedMetadata: '' }
    const asked = { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] }
    for (const round of ['first', 'second']) {
      await using durable = await testBroker({ directory: directory.path })
      const member = await durable.connect()
      await member.call(FindCoordinator, 0, { key: 'g' })
      if (round === 'first') {
        await member.createTopic('t')
        const topics = [{ name: 't', partitions: [committed] }]
        const answer = await member.call(OffsetCommit, 7, { groupId: 'g', topics })
        expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(Errors.NONE)
      }
      const found = await member.call(OffsetFetch, 5, asked)
      expect(BigInt(found.topics?.[0]?.partitions[0]?.committedOffset ?? 0)).toBe(offset)
    }
  },
)

test.each(versionsOf(listOffsets, 7))(
  'v%i: timestamps in nanoseconds are stored, and looked up to the last bit',
  async version => {
    const nanoseconds = 1_700_000_000_123_456_789n
    const topic = `nanoseconds-${version}`
    await client.createTopic(topic, 1, anyFuture)
    expect((await client.produce(topic, recordsAt(nanoseconds, nanoseconds + 1n))).errorCode).toBe(Errors.NONE)
    await client.produce(topic, recordsAt(nanoseconds + 3n))
    const found = async (timestamp: number | bigint) => {
      const { offset, timestamp: at } = await lookUp(topic, timestamp, client, version)
      return [offset, BigInt(at)]
    }
    expect(await found(1)).toEqual([0, nanoseconds])
    expect(await found(nanoseconds)).toEqual([0, nanoseconds])
    expect(await found(nanoseconds + 1n)).toEqual([1, nanoseconds + 1n])
    expect(await found(nanoseconds + 2n)).toEqual([2, nanoseconds + 3n])
    expect(await found(nanoseconds + 4n)).toEqual([-1, -1n])
    expect(await found(-3)).toEqual([2, nanoseconds + 3n])
  },
)

test('the largest timestamp of all is found in a log that was opened again', async () => {
  using directory = temporaryDirectory()
  for (const round of ['first', 'second']) {
    await using durable = await testBroker({ directory: directory.path })
    const one = await durable.connect()
    if (round === 'first') {
      await one.createTopic('last', 1, anyFuture)
      await one.produce('last', recordsAt(1n, longMax))
    }
    expect(await lookUp('last', -3, one)).toMatchObject({ offset: 1, timestamp: longMax })
    expect(await lookUp('last', longMax, one)).toMatchObject({ offset: 1 })
  }
})

test('without such a topic nanoseconds are INVALID_TIMESTAMP', async () => {
  await client.createTopic('milliseconds')
  expect(await client.produce('milliseconds', recordsAt(1_700_000_000_123_456_789n))).toMatchObject({
    errorCode: Errors.INVALID_TIMESTAMP,
  })
})

test.each([longMax, 2n ** 53n, -(2n ** 63n)])('an offset of %i is outside every log', async offset => {
  const name = `outside${offset}`
  await client.createTopic(name)
  const partitions = [{ partitionIndex: 0, offset: wide(offset) }]
  const { topics } = await client.call(DeleteRecords, 2, { topics: [{ name, partitions }], timeoutMs: 1000 })
  expect(topics[0]?.partitions[0]?.errorCode).toBe(Errors.OFFSET_OUT_OF_RANGE)
  // A follower's start of the log says nothing to a leader that has no followers.
  const wanted = { partition: 0, fetchOffset: 0, logStartOffset: wide(offset), partitionMaxBytes: 1 << 20 }
  const answer = await client.call(Fetch, 12, { maxWaitMs: 0, minBytes: 0, topics: [{ topic: name, partitions: [wanted] }] })
  expect(answer.responses[0]?.partitions[0]?.errorCode).toBe(Errors.NONE)
})

test('a producer id that was never allocated does not keep an idempotent producer from a fresh one', async () => {
  const request = { transactionalId: null, transactionTimeoutMs: 1000, producerId: wide(2n ** 62n), producerEpoch: 1 }
  expect(await client.call(InitProducerId, 3, request)).toMatchObject({ errorCode: Errors.NONE, producerEpoch: 0 })
})

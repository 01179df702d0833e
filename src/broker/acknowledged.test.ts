/** What a producer was told with acks=1 is denied by no later answer, although it is durable, and visible, only afterwards. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.js'
import { DeleteRecords } from '../protocol/messages/delete-records.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import { OffsetForLeaderEpoch } from '../protocol/messages/offset-for-leader-epoch.js'
import { allVisible } from './acknowledged.js'
import { batchOf, type TestBroker, type TestClient, temporaryDirectory, testBroker } from './test-client.test-support.js'

const rounds = 30
const sentMs = 1_700_000_000_000

let directory: ReturnType<typeof temporaryDirectory>
let broker: TestBroker
let client: TestClient
beforeEach(async () => {
  directory = temporaryDirectory()
  broker = await testBroker({ directory: directory.path })
  client = await broker.connect()
  await client.createTopic('t')
})
afterEach(async () => {
  await broker.stop()
  directory[Symbol.dispose]()
})

async function acknowledged(timestampMs = sentMs): Promise<void> {
  await client.produce('t', batchOf(['v'], { timestampMs }), { acks: 1 })
}

async function list(timestamp: number, version = 7): Promise<number> {
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0, timestamp, maxNumOffsets: 1 }] }]
  const [found] = (await client.call(ListOffsets, version, { replicaId: -1, topics })).topics[0]?.partitions ?? []
  return version === 0 ? (found?.oldStyleOffsets[0] ?? -1) : (found?.offset ?? -1)
}

test.each([0, 1, 7])('ListOffsets v%i: the end is behind the record', async version => {
  for (let n = 1; n <= rounds; n++) {
    await acknowledged()
    expect(await list(-1, version)).toBe(n)
  }
})

test('ListOffsets by time finds the record, and so does the largest time', async () => {
  for (let n = 0; n < rounds; n++) {
    await acknowledged(sentMs + n)
    expect([await list(sentMs + n), await list(-3)]).toEqual([n, n])
  }
})

test('DeleteRecords up to the record, and up to the high watermark', async () => {
  for (let n = 1; n <= rounds; n++) {
    await acknowledged()
    const partitions = [{ partitionIndex: 0, offset: n % 2 === 0 ? n : -1 }]
    const { topics } = await client.call(DeleteRecords, 2, { topics: [{ name: 't', partitions }], timeoutMs: 1000 })
    expect(topics[0]?.partitions[0]).toMatchObject({ errorCode: Errors.NONE, lowWatermark: n })
  }
})

test('OffsetForLeaderEpoch ends behind the record, and a Fetch from there waits for the next one', async () => {
  for (let n = 1; n <= rounds; n++) {
    await acknowledged()
    const topics = [{ topic: 't', partitions: [{ partition: 0, leaderEpoch: 0 }] }]
    const answer = await client.call(OffsetForLeaderEpoch, 3, { replicaId: -1, topics })
    expect(answer.topics[0]?.partitions[0]?.endOffset).toBe(n)
    expect((await client.fetch('t', n)).errorCode).toBe(Errors.NONE)
  }
})

test('what is durable already is not waited for', async () => {
  await client.produce('t', batchOf(['v']))
  const partition = broker.running.services.topics.partition('t', 0)!
  expect(allVisible([partition])).toBeNull()
  await acknowledged()
  await allVisible([partition])
  expect(partition.highWatermark).toBe(2)
})

/** DeleteRecords by wire. */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { Errors } from '../../protocol/errors.js'
import { DeleteRecords } from '../../protocol/messages/delete-records.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { ListOffsets } from '../../protocol/messages/list-offsets.js'
import { buildBatch } from '../../protocol/records/build.js'
import { type TestBroker, type TestClient, temporaryDirectory, testBroker, versionsOf } from '../test-client.test-support.js'
import { deleteRecords } from './delete-records.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
})
afterAll(() => broker.stop())

const tenRecords = () => buildBatch(Array.from({ length: 10 }, () => ({ key: utf8Encode('k'), value: utf8Encode('v') })))

/** A topic of one partition with three batches of ten records. */
async function filled(name: string, on = client, policy = 'delete'): Promise<void> {
  await on.createTopic(name, 1, { 'cleanup.policy': policy })
  for (let n = 0; n < 3; n++) await on.produce(name, tenRecords())
}

async function remove(name: string, offset: number, version = 2, on = client, partitionIndex = 0) {
  const topics = [{ name, partitions: [{ partitionIndex, offset }] }]
  return (await on.call(DeleteRecords, version, { topics, timeoutMs: 1000 })).topics[0]?.partitions[0]
}

async function earliest(name: string, on = client): Promise<number | undefined> {
  const partitions = [{ partitionIndex: 0, timestamp: -2 }]
  const { topics } = await on.call(ListOffsets, 4, { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions }] })
  return topics[0]?.partitions[0]?.offset
}

test.each(versionsOf(deleteRecords))('v%i moves the start, in the middle of a batch too', async version => {
  const name = `moved-${version}`
  await filled(name)
  expect(await remove(name, 14, version)).toEqual({ partitionIndex: 0, lowWatermark: 14, errorCode: 0 })
  expect(await earliest(name)).toBe(14)
  expect(await remove(name, 3, version)).toEqual({ partitionIndex: 0, lowWatermark: 14, errorCode: 0 })
})

test('-1 is the high watermark: nothing is left, and the next record follows', async () => {
  await filled('emptied')
  expect(await remove('emptied', -1)).toEqual({ partitionIndex: 0, lowWatermark: 30, errorCode: 0 })
  expect(await earliest('emptied')).toBe(30)
  await client.produce('emptied', tenRecords())
  expect(await remove('emptied', -1)).toMatchObject({ lowWatermark: 40 })
})

test('beyond the high watermark, and below -1, is out of range', async () => {
  await filled('bounded')
  const refused = { partitionIndex: 0, lowWatermark: -1, errorCode: Errors.OFFSET_OUT_OF_RANGE }
  expect(await remove('bounded', 31)).toEqual(refused)
  expect(await remove('bounded', -2)).toEqual(refused)
  expect(await earliest('bounded')).toBe(0)
})

test('a topic that is only compacted keeps its records', async () => {
  await filled('kept', client, 'compact')
  expect(await remove('kept', 5)).toEqual({ partitionIndex: 0, lowWatermark: -1, errorCode: Errors.POLICY_VIOLATION })
  await filled('both', client, 'compact,delete')
  expect(await remove('both', 5)).toMatchObject({ lowWatermark: 5, errorCode: 0 })
})

test('internal topics and unknown partitions are refused', async () => {
  await client.call(FindCoordinator, 0, { key: 'g' })
  expect(await remove('__consumer_offsets', 0)).toMatchObject({ lowWatermark: -1, errorCode: Errors.INVALID_TOPIC_EXCEPTION })
  expect(await remove('nowhere', 0)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
  await filled('single')
  expect(await remove('single', 0, 2, client, 1)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
  expect(await remove('__cluster_metadata', 0)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
})

test('what was answered holds after a crash', async () => {
  using folder = temporaryDirectory()
  await using first = await testBroker({ directory: join(folder.path, 'a') })
  const writer = await first.connect()
  await filled('durable', writer)
  expect(await remove('durable', 17, 2, writer)).toMatchObject({ lowWatermark: 17, errorCode: 0 })
  cpSync(join(folder.path, 'a'), join(folder.path, 'b'), { recursive: true })
  rmSync(join(folder.path, 'b', '.lock'), { force: true })
  await using second = await testBroker({ directory: join(folder.path, 'b') })
  expect(await earliest('durable', await second.connect())).toBe(17)
})

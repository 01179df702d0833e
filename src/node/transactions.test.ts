/** A broker that went down in the middle of a transaction's end, and one that loses what a transaction wrote to. */
import { expect, test } from 'vitest'
import { silentLog } from '../base/log.js'
import { realWorld } from '../base/world.js'
import { batchOf, type TestBroker, type TestClient, temporaryDirectory, testBroker } from '../broker/test-client.test-support.js'
import { decodeRecord, encodeRecord } from '../coordinator/transaction/records.js'
import type { Transaction } from '../coordinator/transaction/state.js'
import { Errors } from '../protocol/errors.js'
import { AddOffsetsToTxn } from '../protocol/messages/add-offsets-to-txn.js'
import { AddPartitionsToTxn } from '../protocol/messages/add-partitions-to-txn.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { DescribeTransactions } from '../protocol/messages/describe-transactions.js'
import { EndTxn } from '../protocol/messages/end-txn.js'
import { InitProducerId } from '../protocol/messages/init-producer-id.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { Produce } from '../protocol/messages/produce.js'
import { TxnOffsetCommit } from '../protocol/messages/txn-offset-commit.js'
import { coordinatorLog } from './coordinator-log.js'
import { transactionsTopic } from './internal-topics.js'

const transactionalId = 'x'

/** A transaction with a record in t-0 and u-0, and an offset of the group g. */
async function openTransaction(client: TestClient) {
  for (const topic of ['t', 'u']) await client.createTopic(topic)
  const { producerId, producerEpoch } = await client.call(InitProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 })
  const producer = { transactionalId, producerId: Number(producerId), producerEpoch }
  await client.call(AddPartitionsToTxn, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: ['t', 'u'].map(name => ({ name, partitions: [0] })),
  })
  const records = batchOf(['v'], { ...producer, isTransactional: true, baseSequence: 0 })
  const { responses } = await client.call(Produce, 9, {
    transactionalId,
    acks: -1,
    timeoutMs: 1000,
    topicData: ['t', 'u'].map(name => ({ name, partitionData: [{ index: 0, records }] })),
  })
  expect(responses.map(({ partitionResponses: [partition] }) => partition!.errorCode)).toEqual([0, 0])
  await client.call(AddOffsetsToTxn, 3, { ...producer, groupId: 'g' })
  const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: null }]
  await client.call(TxnOffsetCommit, 3, { ...producer, groupId: 'g', topics: [{ name: 't', partitions }] })
  return producer
}

/** Writes into the log what a coordinator writes that is killed right behind it. */
async function decide({ running: { services } }: TestBroker, state: 'PrepareCommit' | 'PrepareAbort'): Promise<void> {
  const log = coordinatorLog(transactionsTopic, services.topics, realWorld, silentLog)
  const partition = services.transactions.partitionOf(transactionalId)
  let last: Transaction | null = null
  for (const entry of log.replay(partition)) if (entry.kind === 'record') last = decodeRecord(entry.record)?.value ?? null
  const written = log.append(partition, [encodeRecord({ transactionalId, value: { ...last!, state } }, 2)], null)
  if ('durable' in written) await written.durable
}

const stateOf = async (client: TestClient): Promise<string> => {
  const { transactionStates } = await client.call(DescribeTransactions, 0, { transactionalIds: [transactionalId] })
  return transactionStates[0]!.transactionState
}
/** Markers are written behind the answer of EndTxn, and behind a start. */
async function ended(client: TestClient): Promise<string> {
  for (;;) {
    const state = await stateOf(client)
    if (!state.startsWith('Prepare')) return state
  }
}
const committedOffset = async (client: TestClient): Promise<unknown> => {
  const { topics } = await client.call(OffsetFetch, 7, {
    groupId: 'g',
    topics: [{ name: 't', partitionIndexes: [0] }],
    requireStable: true,
  })
  const { errorCode, committedOffset: offset } = topics[0]!.partitions[0]!
  return errorCode === 0 ? offset : `error ${errorCode}`
}
const lastStableOffset = async (client: TestClient, topic: string): Promise<unknown> => {
  const partitions = [{ partitionIndex: 0, timestamp: -1 }]
  const { topics } = await client.call(ListOffsets, 5, {
    replicaId: -1,
    isolationLevel: 1,
    topics: [{ name: topic, partitions }],
  })
  return topics[0]!.partitions[0]!.offset
}

test.each([
  ['PrepareCommit', 'CompleteCommit', 7],
  ['PrepareAbort', 'CompleteAbort', -1],
] as const)('a start that finds %s writes the markers, and then %s', async (prepared, completed, offset) => {
  using directory = temporaryDirectory()
  const options = { directory: directory.path }
  const before = await testBroker(options)
  await openTransaction(await before.connect())
  await decide(before, prepared)
  await before.stop()

  await using after = await testBroker(options)
  const client = await after.connect()
  expect(await ended(client)).toBe(completed)
  expect(await committedOffset(client)).toBe(offset)
  for (const topic of ['t', 'u']) {
    // The record and its marker.
    expect(await lastStableOffset(client, topic)).toBe(2)
    const { abortedTransactions } = await client.fetch(topic, 0, { isolationLevel: 1 })
    expect(abortedTransactions).toHaveLength(offset === -1 ? 1 : 0)
  }
})

test('an open transaction is still open after a restart, and can be committed', async () => {
  using directory = temporaryDirectory()
  const options = { directory: directory.path }
  const before = await testBroker(options)
  const producer = await openTransaction(await before.connect())
  await before.stop()

  await using after = await testBroker(options)
  const client = await after.connect()
  expect(await stateOf(client)).toBe('Ongoing')
  expect(await lastStableOffset(client, 't')).toBe(0)
  expect(await committedOffset(client)).toBe(`error ${Errors.UNSTABLE_OFFSET_COMMIT}`)
  expect((await client.call(EndTxn, 3, { ...producer, committed: true })).errorCode).toBe(0)
  expect(await ended(client)).toBe('CompleteCommit')
  expect([await lastStableOffset(client, 't'), await committedOffset(client)]).toEqual([2, 7])
})

test('a transaction ends although a topic of it was deleted, and so was that of the offsets', async () => {
  await using broker = await testBroker()
  const client = await broker.connect()
  const producer = await openTransaction(client)
  const topics = ['u', '__consumer_offsets'].map(name => ({ name }))
  await client.call(DeleteTopics, 6, { topics, timeoutMs: 1000 })
  expect((await client.call(EndTxn, 3, { ...producer, committed: true })).errorCode).toBe(0)
  expect(await ended(client)).toBe('CompleteCommit')
  expect(await lastStableOffset(client, 't')).toBe(2)
})

test('without its topic the coordinator knows no transactional ids, and begins anew', async () => {
  await using broker = await testBroker()
  const client = await broker.connect()
  const producer = await openTransaction(client)
  await client.call(DeleteTopics, 6, { topics: [{ name: '__transaction_state' }], timeoutMs: 1000 })
  expect((await client.call(EndTxn, 3, { ...producer, committed: true })).errorCode).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
  const again = await client.call(InitProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 })
  expect(again).toMatchObject({ errorCode: 0, producerEpoch: 0 })
  expect(again.producerId).not.toBe(producer.producerId)
})

/** What a client is asked for before it may have to do with transactions, and how it is told that it may not. */
import { expect, test } from 'vitest'
import { zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import type { Handler, RequestContext } from '../handler.js'
import type { Broker } from '../services.js'
import { addOffsetsToTxn } from './add-offsets-to-txn.js'
import { addPartitionsToTxn } from './add-partitions-to-txn.js'
import { describeTransactions } from './describe-transactions.js'
import { endTxn } from './end-txn.js'
import { findCoordinator } from './find-coordinator.js'
import { initProducerId } from './init-producer-id.js'
import { listTransactions } from './list-transactions.js'
import { txnOffsetCommit } from './txn-offset-commit.js'
import { writeTxnMarkers } from './write-txn-markers.js'

const host = { monotonicMs: () => 0, after: () => ({ cancel() {} }) }
const partitions = new Set(['t 0', 'secret 0'])
const transaction = {
  transactionalId: 'x',
  errorCode: 0,
  topics: [
    { topic: 't', partitions: [0] },
    { topic: 'secret', partitions: [0] },
  ],
}
/** A broker that lets everybody do everything. */
const broker = {
  world: { host },
  nodeId: 1,
  topics: {
    createInternal: () => null,
    partition: (topic: string, index: number) => (partitions.has(`${topic} ${index}`) ? {} : undefined),
    image: { topics: new Map(), topicsById: new Map() },
  },
  groups: { partitionOf: () => 0, announce() {} },
  producerIds: { next: async () => 5 },
  transactions: {
    initProducerId: async () => ({ errorCode: 0, producerId: 5, producerEpoch: 0 }),
    addPartitions: async () => 0,
    endTxn: async () => ({ errorCode: 0 }),
    describe: async () => transaction,
    list: async ({ mayList }: { mayList: (id: string) => boolean }) => ({
      errorCode: 0,
      transactionStates: ['x', 'y'].filter(mayList).map(transactionalId => ({ transactionalId })),
    }),
  },
  transactionMarkers: { write: () => 0 },
  endpointFor: () => ({ host: 'h', port: 1 }),
} as unknown as Broker

/** Asks as a client that may do everything but this; what was asked for comes back, too. */
async function ask({ handle }: Handler, version: number, request: object, ...denied: string[]) {
  const asked: string[] = []
  const may = (...of: string[]): boolean => {
    asked.push(of.join(' '))
    return !denied.includes(of.join(' '))
  }
  const mayAny = (operation: string, type: string): boolean => may(`${operation} any`, type)
  const context = { broker, version, may, mayAny, connection: {} } as unknown as RequestContext
  return { asked, answer: (await handle(request, context)) as Record<string, unknown> }
}

const id = { transactionalId: 'x', producerId: 5, producerEpoch: 0 }
const added = {
  v3AndBelowTransactionalId: 'x',
  v3AndBelowTopics: [
    { name: 't', partitions: [0] },
    { name: 'secret', partitions: [0] },
  ],
  transactions: [],
}
const committed = {
  ...id,
  groupId: 'g',
  topics: [{ name: 'secret', topicId: zeroUuid, partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
}
const marked = { markers: [{ producerId: 5, producerEpoch: 0, topics: [{ name: 't', partitionIndexes: [0] }] }] }
const resultOf = (name: string, partitionErrorCode: number) => ({
  name,
  resultsByPartition: [{ partitionIndex: 0, partitionErrorCode }],
})

test('a transactional id is written to', async () => {
  const denied = 'write transactional_id x'
  const refused = { errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED }
  for (const [handler, request] of [
    [initProducerId, id],
    [addOffsetsToTxn, { ...id, groupId: 'g' }],
    [endTxn, id],
  ] as const) {
    expect((await ask(handler, 4, request)).asked).toContain(denied)
    expect((await ask(handler, 4, request, denied)).answer).toMatchObject(refused)
  }
  expect((await ask(addPartitionsToTxn, 3, added, denied)).answer).toEqual({
    resultsByTopicV3AndBelow: [resultOf('t', 53), resultOf('secret', 53)],
  })
  expect((await ask(txnOffsetCommit, 5, committed, denied)).answer).toMatchObject({
    topics: [{ partitions: [{ errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED }] }],
  })
})

test('without one it is enough to be allowed to write to some topic', async () => {
  const anonymous = { ...id, transactionalId: null }
  expect((await ask(initProducerId, 4, anonymous, 'idempotent_write cluster ')).answer).toMatchObject({ errorCode: 0 })
  const nothing = ['idempotent_write cluster ', 'write any topic']
  expect((await ask(initProducerId, 4, anonymous, ...nothing)).answer).toMatchObject({
    errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
  })
})

test('topics of a transaction are written to; one that may not be, and none is added', async () => {
  expect((await ask(addPartitionsToTxn, 3, added, 'write topic secret')).answer).toEqual({
    resultsByTopicV3AndBelow: [resultOf('t', Errors.OPERATION_NOT_ATTEMPTED), resultOf('secret', 29)],
  })
})

test('between brokers only who may act for the cluster adds partitions, and ends transactions', async () => {
  const denied = 'cluster_action cluster '
  const refused = { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED }
  expect((await ask(addPartitionsToTxn, 4, added, denied)).answer).toEqual(refused)
  expect((await ask(writeTxnMarkers, 1, marked, denied)).answer).toMatchObject({
    markers: [{ topics: [{ partitions: [{ errorCode: 0 }] }] }],
  })
  expect((await ask(writeTxnMarkers, 1, marked, denied, 'alter cluster ')).answer).toMatchObject({
    markers: [{ topics: [{ partitions: [refused] }] }],
  })
})

test('a group whose offsets are committed is read, and so are their topics', async () => {
  const group = { errorCode: Errors.GROUP_AUTHORIZATION_FAILED }
  expect((await ask(addOffsetsToTxn, 3, { ...id, groupId: 'g' }, 'read group g')).answer).toEqual(group)
  expect((await ask(txnOffsetCommit, 5, committed, 'read group g')).answer).toMatchObject({ topics: [{ partitions: [group] }] })
  expect((await ask(txnOffsetCommit, 5, committed, 'read topic secret')).answer).toMatchObject({
    topics: [{ partitions: [{ errorCode: Errors.TOPIC_AUTHORIZATION_FAILED }] }],
  })
})

test('who describes or lists transactions is told of ids and topics that it may see', async () => {
  const described = await ask(describeTransactions, 0, { transactionalIds: ['x', 'y'] }, 'describe topic secret')
  expect(described.answer.transactionStates).toMatchObject([
    { errorCode: 0, topics: [{ topic: 't' }] },
    { errorCode: 0, topics: [{ topic: 't' }] },
  ])
  const denied = 'describe transactional_id y'
  const hidden = await ask(describeTransactions, 0, { transactionalIds: ['x', 'y'] }, denied)
  expect(hidden.answer.transactionStates).toMatchObject([{ errorCode: 0 }, { transactionalId: 'y', errorCode: 53 }])
  const listed = await ask(listTransactions, 2, { transactionalIdPattern: null }, denied)
  expect(listed.answer.transactionStates).toEqual([{ transactionalId: 'x' }])
})

test('a coordinator is found for what may be described', async () => {
  const keys = { coordinatorKeys: ['x', 'y'], keyType: 1 }
  const found = await ask(findCoordinator, 6, keys, 'describe transactional_id y')
  expect(found.answer.coordinators).toMatchObject([
    { key: 'x', errorCode: 0 },
    { key: 'y', nodeId: -1, errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED },
  ])
  expect((await ask(findCoordinator, 3, { key: 'g', keyType: 0 }, 'describe group g')).answer).toMatchObject({
    errorCode: Errors.GROUP_AUTHORIZATION_FAILED,
  })
})

/** Transactions by wire, all but the records: what the coordinator decides has its own transcripts, here it is the way there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { AddOffsetsToTxn } from '../../protocol/messages/add-offsets-to-txn.js'
import { AddPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import { DescribeTransactions } from '../../protocol/messages/describe-transactions.js'
import { EndTxn } from '../../protocol/messages/end-txn.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { ListTransactions } from '../../protocol/messages/list-transactions.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import { TxnOffsetCommit } from '../../protocol/messages/txn-offset-commit.js'
import { WriteTxnMarkers } from '../../protocol/messages/write-txn-markers.js'
import { brokerInFakeTime, type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { addOffsetsToTxn } from './add-offsets-to-txn.js'
import { addPartitionsToTxn } from './add-partitions-to-txn.js'
import { endTxn } from './end-txn.js'
import { findCoordinator } from './find-coordinator.js'
import { initProducerId } from './init-producer-id.js'
import { txnOffsetCommit } from './txn-offset-commit.js'
import { writeTxnMarkers } from './write-txn-markers.js'

let broker: TestBroker
let client: TestClient
let topicId: string
beforeAll(async () => {
  broker = await testBroker({ config: { 'transaction.state.log.num.partitions': '3' } })
  client = await broker.connect()
  topicId = await client.createTopic('t', 3)
})
afterAll(() => broker.stop())

interface Producer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

async function init(transactionalId: string, by = client): Promise<Producer> {
  const request = { transactionalId, transactionTimeoutMs: 60_000 }
  const { errorCode, producerId, producerEpoch } = await by.call(InitProducerId, 4, request)
  expect(errorCode).toBe(Errors.NONE)
  return { transactionalId, producerId: Number(producerId), producerEpoch }
}

const stateOf = async (transactionalId: string, by = client) => {
  const { transactionStates } = await by.call(DescribeTransactions, 0, { transactionalIds: [transactionalId] })
  return transactionStates[0]!
}

/** Markers are written behind the answer of EndTxn. */
async function ended(transactionalId: string, by = client): Promise<string> {
  for (;;) {
    const { transactionState } = await stateOf(transactionalId, by)
    if (!/^(Ongoing|Prepare)/.test(transactionState)) return transactionState
  }
}

async function end(producer: Producer, committed: boolean, version = 4) {
  return client.call(EndTxn, version, { ...producer, committed })
}

describe('FindCoordinator', () => {
  test.each(versionsOf(findCoordinator, 1))('v%i sends who asks for a transactional id here', async version => {
    const answer = await client.call(FindCoordinator, version, { key: 'x', coordinatorKeys: ['x', ''], keyType: 1 })
    const here = { errorCode: Errors.NONE, nodeId: 1, host: '127.0.0.1', port: broker.port }
    if (version < 4) expect(answer).toMatchObject(here)
    else
      expect(answer.coordinators).toMatchObject([
        { key: 'x', ...here },
        { key: '', ...here },
      ])
  })

  test('makes __transaction_state as Kafka does', async () => {
    expect(await client.topicNames()).toContain('__transaction_state')
    const { services } = broker.running
    expect(services.topics.image.topics.get('__transaction_state')?.partitions).toHaveLength(3)
    const resource = { resourceType: 2, resourceName: '__transaction_state', configurationKeys: null }
    const { results } = await client.call(DescribeConfigs, 4, { resources: [resource] })
    const own = results[0]?.configs.filter(({ configSource }) => configSource === 1).map(({ name, value }) => `${name}=${value}`)
    expect(own?.sort()).toEqual([
      'cleanup.policy=compact',
      'compression.type=uncompressed',
      'min.insync.replicas=1',
      'segment.bytes=104857600',
      'unclean.leader.election.enable=false',
    ])
  })
})

describe('InitProducerId', () => {
  test.each(versionsOf(initProducerId))('v%i bumps the epoch of a transactional id', async version => {
    const request = { transactionalId: `init-${version}`, transactionTimeoutMs: 60_000 }
    const first = await client.call(InitProducerId, version, request)
    expect(first).toMatchObject({ errorCode: Errors.NONE, producerEpoch: 0 })
    expect(await client.call(InitProducerId, version, request)).toEqual({ ...first, producerEpoch: 1 })
  })

  test.each([3, 4, 5])('v%i tells an older instance that it is fenced', async version => {
    const { transactionalId, producerId } = await init(`fenced-${version}`)
    await init(`fenced-${version}`)
    const request = { transactionalId, transactionTimeoutMs: 60_000, producerId, producerEpoch: 0 }
    const fenced = await client.call(InitProducerId, version, request)
    expect(fenced.errorCode).toBe(version < 4 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED)
  })

  test.each([
    ['an empty id', { transactionalId: '', transactionTimeoutMs: 1 }, Errors.INVALID_REQUEST],
    ['an id without an epoch', { transactionalId: 'a', transactionTimeoutMs: 1, producerId: 1 }, Errors.INVALID_REQUEST],
    ['an epoch alone', { transactionalId: null, transactionTimeoutMs: 1, producerEpoch: 1 }, Errors.INVALID_REQUEST],
    ['no timeout', { transactionalId: 'a', transactionTimeoutMs: 0 }, Errors.INVALID_TRANSACTION_TIMEOUT],
    ['a long timeout', { transactionalId: 'a', transactionTimeoutMs: 900_001 }, Errors.INVALID_TRANSACTION_TIMEOUT],
  ])('refuses %s', async (_what, request, errorCode) => {
    expect(await client.call(InitProducerId, 4, request)).toMatchObject({ errorCode, producerId: -1, producerEpoch: -1 })
  })
})

describe('AddPartitionsToTxn', () => {
  const addIn = (version: number, producer: Producer, topics: readonly { name: string; partitions: readonly number[] }[]) =>
    client.call(AddPartitionsToTxn, version, {
      v3AndBelowTransactionalId: producer.transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: topics,
      transactions: [{ ...producer, verifyOnly: false, topics }],
    })
  const codesOf = (answer: Awaited<ReturnType<typeof addIn>>): string[] =>
    [...answer.resultsByTopicV3AndBelow, ...answer.resultsByTransaction.flatMap(({ topicResults }) => topicResults)].flatMap(
      ({ name, resultsByPartition }) =>
        resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => `${name}-${partitionIndex} ${partitionErrorCode}`),
    )

  test.each(versionsOf(addPartitionsToTxn))('v%i begins a transaction on all of them, or on none', async version => {
    const producer = await init(`add-${version}`)
    const wrong = [
      { name: 't', partitions: [0, 7] },
      { name: 'none', partitions: [0] },
    ]
    expect(codesOf(await addIn(version, producer, wrong))).toEqual(['t-0 55', 't-7 3', 'none-0 3'])
    expect((await stateOf(producer.transactionalId)).transactionState).toBe('Empty')
    expect(codesOf(await addIn(version, producer, [{ name: 't', partitions: [0, 2, 0] }]))).toEqual(['t-0 0', 't-2 0', 't-0 0'])
    expect(await stateOf(producer.transactionalId)).toMatchObject({
      transactionState: 'Ongoing',
      topics: [{ topic: 't', partitions: [0, 2] }],
    })
    const fenced = version < 2 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED
    const old = { ...producer, producerEpoch: producer.producerEpoch + 1 }
    expect(codesOf(await addIn(version, old, [{ name: 't', partitions: [1] }]))).toEqual([`t-1 ${fenced}`])
  })

  test('clients may not write to internal topics, brokers add what their clients write to', async () => {
    await client.call(FindCoordinator, 3, { key: 'g', keyType: 0 })
    const producer = await init('add-internal')
    const topics = [
      { name: 't', partitions: [0] },
      { name: '__consumer_offsets', partitions: [0] },
    ]
    expect(codesOf(await addIn(3, producer, topics))).toEqual(['t-0 55', '__consumer_offsets-0 29'])
    expect(codesOf(await addIn(4, producer, topics))).toEqual(['t-0 0', '__consumer_offsets-0 0'])
  })

  test('an id that is named twice is answered twice', async () => {
    const producer = await init('twice')
    const transaction = { ...producer, verifyOnly: false, topics: [{ name: 't', partitions: [1] }] }
    const { resultsByTransaction } = await client.call(AddPartitionsToTxn, 5, { transactions: [transaction, transaction] })
    expect(resultsByTransaction.map(({ transactionalId }) => transactionalId)).toEqual(['twice', 'twice'])
    expect((await stateOf('twice')).topics).toEqual([{ topic: 't', partitions: [1] }])
  })

  test('v4 may look only', async () => {
    const producer = await init('verify')
    await addIn(3, producer, [{ name: 't', partitions: [1] }])
    const topics = [{ name: 't', partitions: [0, 1] }]
    const look = (by: Producer) => client.call(AddPartitionsToTxn, 5, { transactions: [{ ...by, verifyOnly: true, topics }] })
    expect(codesOf(await look(producer))).toEqual(['t-0 120', 't-1 0'])
    expect(codesOf(await look({ ...producer, producerEpoch: 9 }))).toEqual(['t-0 90', 't-1 90'])
    expect(codesOf(await look({ ...producer, transactionalId: 'nobody' }))).toEqual(['t-0 49', 't-1 49'])
    expect((await stateOf('verify')).topics).toEqual([{ topic: 't', partitions: [1] }])
  })
})

const offsetsOf = async (groupId: string, requireStable = false, by = client) => {
  const { topics } = await by.call(OffsetFetch, 7, { groupId, topics: [{ name: 't', partitionIndexes: [0, 1] }], requireStable })
  return topics[0]!.partitions.map(({ committedOffset, errorCode }) => (errorCode === 0 ? committedOffset : `error ${errorCode}`))
}

const commitOf = (producer: Producer, groupId: string, offset: number, rest: object = {}) => ({
  ...producer,
  groupId,
  topics: [
    {
      name: 't',
      topicId,
      partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }],
    },
  ],
  ...rest,
})
const codesIn = ({ topics }: { topics: readonly { partitions: readonly { errorCode: number }[] }[] }): number[] =>
  topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))

describe('offsets in a transaction', () => {
  test.each(versionsOf(txnOffsetCommit))('TxnOffsetCommit v%i: they are there once it is committed', async version => {
    const groupId = `offsets-${version}`
    const producer = await init(groupId)
    // From v5 on the group's offsets become part of the transaction by the commit itself.
    if (version < 5) {
      const added = await client.call(AddOffsetsToTxn, Math.min(version, 4), { ...producer, groupId })
      expect(added.errorCode).toBe(Errors.NONE)
    }
    expect(codesIn(await client.call(TxnOffsetCommit, version, commitOf(producer, groupId, 5)))).toEqual([0])
    expect(await offsetsOf(groupId)).toEqual([-1, -1])
    expect(await offsetsOf(groupId, true)).toEqual([`error ${Errors.UNSTABLE_OFFSET_COMMIT}`, -1])
    expect((await end(producer, true)).errorCode).toBe(Errors.NONE)
    expect(await ended(groupId)).toBe('CompleteCommit')
    expect(await offsetsOf(groupId, true)).toEqual([5, -1])
  })

  test('they never were when it is aborted', async () => {
    const producer = await init('aborted')
    await client.call(TxnOffsetCommit, 5, commitOf(producer, 'aborted', 5))
    await end(producer, false)
    expect(await ended('aborted')).toBe('CompleteAbort')
    expect(await offsetsOf('aborted', true)).toEqual([-1, -1])
  })

  test.each([
    [3, Errors.INVALID_TXN_STATE],
    [4, Errors.TRANSACTION_ABORTABLE],
  ])('v%i: a commit without a transaction is refused with %i', async (version, errorCode) => {
    const producer = await init(`no-add-${version}`)
    expect(codesIn(await client.call(TxnOffsetCommit, version, commitOf(producer, 'none', 5)))).toEqual([errorCode])
    expect(await offsetsOf('none', true)).toEqual([-1, -1])
  })

  test.each(versionsOf(addOffsetsToTxn))('AddOffsetsToTxn v%i refuses an older epoch', async version => {
    const producer = await init(`add-offsets-${version}`)
    const old = { ...producer, producerEpoch: producer.producerEpoch + 3, groupId: 'g' }
    const fenced = version < 2 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED
    expect((await client.call(AddOffsetsToTxn, version, old)).errorCode).toBe(fenced)
    expect((await client.call(AddOffsetsToTxn, version, { ...old, transactionalId: 'nobody' })).errorCode).toBe(49)
  })

  test.each([
    ['an empty group', 4, { groupId: '' }, [Errors.INVALID_GROUP_ID]],
    ['an empty transactional id', 5, { transactionalId: '' }, [Errors.INVALID_REQUEST]],
    ['an unknown transactional id', 5, { transactionalId: 'nobody' }, [Errors.INVALID_PRODUCER_ID_MAPPING]],
    ['another epoch', 5, { producerEpoch: 9 }, [Errors.INVALID_PRODUCER_EPOCH]],
    ['another epoch, before v5', 3, { producerEpoch: 9 }, [Errors.INVALID_PRODUCER_EPOCH]],
    ['a generation of a group that is not there', 5, { generationIdOrMemberEpoch: 3 }, [Errors.ILLEGAL_GENERATION]],
    ['a group that is not there', 6, { generationIdOrMemberEpoch: 3 }, [Errors.GROUP_ID_NOT_FOUND]],
    ['no topics', 4, { topics: [] }, []],
  ])('TxnOffsetCommit refuses %s', async (what, version, rest, expected) => {
    const producer = await init(`refused ${what}`)
    expect(codesIn(await client.call(TxnOffsetCommit, version, commitOf(producer, `g ${what}`, 5, rest)))).toEqual(expected)
  })

  test('what is not there is refused alone', async () => {
    const producer = await init('some')
    const partitions = [0, 9].map(partitionIndex => ({ partitionIndex, committedOffset: 1, committedMetadata: null }))
    const byName = {
      topics: [
        { name: 't', partitions },
        { name: 'none', partitions },
      ],
    }
    const named = await client.call(TxnOffsetCommit, 5, commitOf(producer, 'some', 5, byName))
    expect(named.topics.map(({ name, partitions: answered }) => [name, answered.map(({ errorCode }) => errorCode)])).toEqual([
      ['t', [Errors.UNKNOWN_TOPIC_OR_PARTITION, 0]],
      ['none', [Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.UNKNOWN_TOPIC_OR_PARTITION]],
    ])
    const byId = {
      topics: [
        { topicId, partitions },
        { topicId: zeroUuid, partitions },
      ],
    }
    const identified = await client.call(TxnOffsetCommit, 6, commitOf(producer, 'some', 5, byId))
    expect(identified.topics.map(topic => [topic.topicId, topic.partitions.map(({ errorCode }) => errorCode)])).toEqual([
      [topicId, [Errors.UNKNOWN_TOPIC_OR_PARTITION, 0]],
      [zeroUuid, [Errors.UNKNOWN_TOPIC_ID, Errors.UNKNOWN_TOPIC_ID]],
    ])
  })

  test('without verification the log takes the word of an old client, never that of a new one', async () => {
    await using lenient = await testBroker({ config: { 'transaction.partition.verification.enable': 'false' } })
    const by = await lenient.connect()
    const id = await by.createTopic('t', 2)
    const producer = await init('lenient', by)
    const request = (version: number, rest: object) => ({ ...commitOf(producer, `g-${version}`, 5), ...rest })
    expect(codesIn(await by.call(TxnOffsetCommit, 4, request(4, {})))).toEqual([0])
    expect(await offsetsOf('g-4', true, by)).toEqual([`error ${Errors.UNSTABLE_OFFSET_COMMIT}`, -1])
    const stranger = {
      transactionalId: 'nobody',
      producerId: 77,
      topics: [{ ...commitOf(producer, '', 5).topics[0]!, topicId: id }],
    }
    expect(codesIn(await by.call(TxnOffsetCommit, 5, request(5, stranger)))).toEqual([Errors.INVALID_PRODUCER_ID_MAPPING])
  })
})

describe('EndTxn', () => {
  test.each(versionsOf(endTxn))('v%i: who committed is told who it is from now on', async version => {
    const producer = await init(`end-${version}`)
    const addedBy = version >= 5 ? 5 : 4
    if (addedBy === 4) await client.call(AddOffsetsToTxn, 3, { ...producer, groupId: 'end' })
    await client.call(TxnOffsetCommit, addedBy, commitOf(producer, 'end', 5))
    const answer = await end(producer, true, version)
    const next = version >= 5 ? { producerId: producer.producerId, producerEpoch: producer.producerEpoch + 1 } : {}
    expect(answer).toMatchObject({ errorCode: Errors.NONE, ...next })
    await ended(producer.transactionalId)
    const fenced = await end({ ...producer, producerEpoch: producer.producerEpoch + 9 }, true, version)
    expect(fenced.errorCode).toBe(version < 2 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED)
  })
})

test('a transaction that takes too long is aborted, and what it staged is gone', async () => {
  const { broker: slow, world } = await brokerInFakeTime()
  const by = await slow.connect()
  await by.createTopic('t', 2)
  const producer = await init('slow', by)
  await by.call(TxnOffsetCommit, 5, commitOf(producer, 'slow', 5))
  world.advance(60_000)
  world.advance(20_000)
  expect(await ended('slow', by)).toBe('CompleteAbort')
  expect(await offsetsOf('slow', true, by)).toEqual([-1, -1])
  expect((await by.call(EndTxn, 4, { ...producer, committed: true })).errorCode).toBe(Errors.PRODUCER_FENCED)
  await slow.stop()
})

describe('WriteTxnMarkers', () => {
  const markersFor = (producer: Producer, name: string, partitionIndexes: number[], rest: object = {}) => ({
    markers: [{ ...producer, transactionResult: false, topics: [{ name, partitionIndexes }], coordinatorEpoch: 0, ...rest }],
  })

  test.each(versionsOf(writeTxnMarkers))('v%i: answers each partition of each marker', async version => {
    const nobody = { transactionalId: '', producerId: 1_000_000 + version, producerEpoch: 4 }
    const marked = (rest: object) => client.call(WriteTxnMarkers, version, markersFor(nobody, 't', [0, 1, 9], rest))
    const codes = async (rest: object = {}) => (await marked(rest)).markers.flatMap(({ topics }) => codesIn({ topics }))
    expect(await codes()).toEqual([0, 0, Errors.UNKNOWN_TOPIC_OR_PARTITION])
    expect((await codes({ producerEpoch: 3 })).slice(0, 2)).toEqual([
      Errors.INVALID_PRODUCER_EPOCH,
      Errors.INVALID_PRODUCER_EPOCH,
    ])
    expect((await codes({ coordinatorEpoch: -1 }))[0]).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
    expect((await client.call(WriteTxnMarkers, version, { markers: [] })).markers).toEqual([])
  })

  test('markers of one producer are answered as one, and a marker for nothing is not', async () => {
    const marker = (producerId: number, ...partitionIndexes: number[]) => ({
      ...markersFor({ transactionalId: '', producerId, producerEpoch: 0 }, 't', partitionIndexes).markers[0]!,
    })
    const markers = [marker(2_000_000, 0), marker(2_000_001), marker(2_000_000, 1, 0), { ...marker(2_000_002), topics: [] }]
    const answer = await client.call(WriteTxnMarkers, 1, { markers })
    expect(answer.markers.map(({ producerId, topics }) => [producerId, topics])).toEqual([
      [2_000_000, [{ name: 't', partitions: [0, 1].map(partitionIndex => ({ partitionIndex, errorCode: Errors.NONE })) }]],
    ])
  })

  test('on __consumer_offsets ends what is pending there', async () => {
    const producer = await init('operator')
    await client.call(TxnOffsetCommit, 5, commitOf(producer, 'operator', 5))
    expect(await offsetsOf('operator', true)).toEqual([`error ${Errors.UNSTABLE_OFFSET_COMMIT}`, -1])
    const partition = broker.running.services.groups.partitionOf('operator')
    const answer = await client.call(WriteTxnMarkers, 1, markersFor(producer, '__consumer_offsets', [partition]))
    expect(answer.markers[0]).toMatchObject({ producerId: producer.producerId })
    expect(codesIn(answer.markers[0]!)).toEqual([Errors.NONE])
    expect(await offsetsOf('operator', true)).toEqual([-1, -1])
  })
})

describe('DescribeTransactions and ListTransactions', () => {
  test('an id that is not there, and an empty one, are told apart', async () => {
    const { transactionStates } = await client.call(DescribeTransactions, 0, { transactionalIds: ['nobody', '', 'nobody'] })
    expect(transactionStates.map(({ transactionalId, errorCode }) => [transactionalId, errorCode])).toEqual([
      ['nobody', Errors.TRANSACTIONAL_ID_NOT_FOUND],
      ['', Errors.INVALID_REQUEST],
      ['nobody', Errors.TRANSACTIONAL_ID_NOT_FOUND],
    ])
  })

  const list = async (version: number, rest: object) => {
    const { errorCode, transactionStates, unknownStateFilters } = await client.call(ListTransactions, version, {
      stateFilters: [],
      producerIdFilters: [],
      ...rest,
    })
    const ids = transactionStates.map(({ transactionalId }) => transactionalId).filter(id => id.startsWith('list'))
    return { errorCode, ids: ids.sort(), unknownStateFilters }
  }

  test('by state, by producer, by how long it has been open, and by a pattern of the whole id', async () => {
    const [one, two] = [await init('list-1'), await init('list-2')]
    await client.call(TxnOffsetCommit, 5, commitOf(two, 'list', 5))
    expect((await list(0, {})).ids).toEqual(['list-1', 'list-2'])
    expect(await list(0, { stateFilters: ['Ongoing', 'Curious'] })).toMatchObject({
      ids: ['list-2'],
      unknownStateFilters: ['Curious'],
    })
    expect((await list(0, { producerIdFilters: [one.producerId] })).ids).toEqual(['list-1'])
    expect((await list(1, { stateFilters: ['Ongoing'], durationFilter: 1_000_000 })).ids).toEqual([])
    expect((await list(2, { transactionalIdPattern: 'list-[12]' })).ids).toEqual(['list-1', 'list-2'])
    expect((await list(2, { transactionalIdPattern: 'ist-1' })).ids).toEqual([])
    expect((await list(2, { transactionalIdPattern: '' })).ids).toEqual(['list-1', 'list-2'])
  })

  test.each(['(', 'a(?=b)', '(?<=a)b', 'a{1001}', `${'a?'.repeat(600)}`])('%s is no pattern', async transactionalIdPattern => {
    expect((await list(2, { transactionalIdPattern })).errorCode).toBe(Errors.INVALID_REGULAR_EXPRESSION)
  })

  test('a pattern that a backtracking matcher would never finish is answered', async () => {
    await init(`list-${'a'.repeat(5000)}`)
    expect((await list(2, { transactionalIdPattern: '(list-)?(a|aa)*(a*)*(a|a?)+x' })).ids).toEqual([])
  })
})

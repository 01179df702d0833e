/** Records in transactions by wire: Produce asks first, Fetch and ListOffsets tell what is committed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ErrorCode, Errors, errorName } from '../../protocol/errors.js'
import { AddPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.js'
import { DescribeProducers } from '../../protocol/messages/describe-producers.js'
import { EndTxn } from '../../protocol/messages/end-txn.js'
import { Fetch } from '../../protocol/messages/fetch.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { ListOffsets } from '../../protocol/messages/list-offsets.js'
import { Produce } from '../../protocol/messages/produce.js'
import { committedIn } from '../../testing/committed-view.js'
import { batchOf, fetchRequest, type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { listOffsets } from './list-offsets.js'
import { produce } from './produce.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker({ config: { 'transaction.state.log.num.partitions': '3' } })
  client = await broker.connect()
})
afterAll(() => broker.stop())

let topics = 0
async function newTopic(by = client): Promise<{ name: string; topicId: string }> {
  const name = `t${topics++}`
  return { name, topicId: await by.createTopic(name, 2) }
}

interface Producer {
  readonly transactionalId: string
  producerId: number
  producerEpoch: number
}

async function init(transactionalId: string, by = client): Promise<Producer> {
  const answer = await by.call(InitProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 })
  expect(answer.errorCode).toBe(Errors.NONE)
  return { transactionalId, producerId: Number(answer.producerId), producerEpoch: answer.producerEpoch }
}

interface Sent {
  readonly sequence?: number
  readonly version?: number
  readonly topicId?: string
  readonly transactionalId?: string | null
  readonly by?: TestClient
}

const recordsOf = ({ producerId, producerEpoch }: Producer, baseSequence = 0) =>
  batchOf(['x'], { producerId, producerEpoch, baseSequence, isTransactional: true })

/** One record; "at <offset>" or what was refused, with its text. */
async function write(
  topic: string,
  producer: Producer,
  { sequence = 0, version = 9, topicId = '', ...rest }: Sent = {},
): Promise<string> {
  const { responses } = await (rest.by ?? client).call(Produce, version, {
    transactionalId: rest.transactionalId === undefined ? producer.transactionalId : rest.transactionalId,
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: topic, topicId, partitionData: [{ index: 0, records: recordsOf(producer, sequence) }] }],
  })
  const { errorCode, baseOffset, errorMessage } = responses[0]!.partitionResponses[0]!
  if (errorCode === Errors.NONE) return `at ${baseOffset}`
  return errorMessage === null ? errorName(errorCode) : `${errorName(errorCode)}: ${errorMessage}`
}

async function add(topic: string, producer: Producer, by = client): Promise<void> {
  const { resultsByTopicV3AndBelow } = await by.call(AddPartitionsToTxn, 3, {
    v3AndBelowTransactionalId: producer.transactionalId,
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producer.producerEpoch,
    v3AndBelowTopics: [{ name: topic, partitions: [0, 1] }],
  })
  expect(resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode).toBe(Errors.NONE)
}

/** Ends the transaction as a client of this version does, and waits for its marker on the first partition. */
async function end(topic: string, producer: Producer, committed: boolean, version = 3, by = client): Promise<void> {
  const answer = await by.call(EndTxn, version, { ...producer, committed })
  expect(answer.errorCode).toBe(Errors.NONE)
  if (version >= 5) producer.producerEpoch = answer.producerEpoch
  while ((await describedOf(topic, by)).some(({ currentTxnStartOffset }) => Number(currentTxnStartOffset) >= 0)) {}
}

async function describedOf(topic: string, by = client) {
  const { topics: described } = await by.call(DescribeProducers, 0, { topics: [{ name: topic, partitionIndexes: [0] }] })
  return described[0]!.partitions[0]!.activeProducers
}

async function committedFrom(topic: string, from = 0): Promise<number[]> {
  const { records, abortedTransactions } = await client.fetch(topic, from, { isolationLevel: 1 })
  const aborted = abortedTransactions!.map(one => ({ producerId: Number(one.producerId), firstOffset: Number(one.firstOffset) }))
  return committedIn(records as Uint8Array, from, aborted).map(({ offset }) => offset)
}

describe('a client of the classic protocol', () => {
  test('writes what it added, and committed readers see it once it is committed', async () => {
    const { name } = await newTopic()
    const producer = await init('classic')
    await add(name, producer)
    expect(await write(name, producer)).toBe('at 0')
    expect(await write(name, producer, { sequence: 1 })).toBe('at 1')
    expect(await client.fetch(name, 0, { isolationLevel: 1 })).toMatchObject({ lastStableOffset: 0, highWatermark: 2 })
    await end(name, producer, true)
    expect(await committedFrom(name)).toEqual([0, 1])
    await add(name, producer)
    expect(await write(name, producer, { sequence: 2 })).toBe('at 3')
    await end(name, producer, false)
    expect(await committedFrom(name)).toEqual([0, 1])
    expect((await client.fetch(name, 3, { isolationLevel: 1 })).abortedTransactions).toEqual([
      { producerId: producer.producerId, firstOffset: 3 },
    ])
    expect(await client.fetch(name, 0)).toMatchObject({ lastStableOffset: 5, abortedTransactions: null })
  })

  test.each([
    [3, 'INVALID_TXN_STATE: Partition was not added to the transaction'],
    [10, 'INVALID_TXN_STATE: Partition was not added to the transaction'],
    [11, 'TRANSACTION_ABORTABLE'],
  ])('that did not add the partition is told so in Produce v%i', async (version, told) => {
    const { name } = await newTopic()
    expect(await write(name, await init(`not-added-${version}`), { version })).toBe(version < 8 ? told.slice(0, 17) : told)
  })

  test('of an epoch that was replaced gets INVALID_PRODUCER_EPOCH', async () => {
    const { name } = await newTopic()
    const old = await init('replaced')
    await init('replaced')
    expect(await write(name, old)).toBe('INVALID_PRODUCER_EPOCH')
    expect(await write(name, old, { version: 12 })).toBe('INVALID_PRODUCER_EPOCH')
  })

  test('of another producer id gets INVALID_PRODUCER_ID_MAPPING', async () => {
    const { name } = await newTopic()
    const producer = await init('mapping')
    expect(await write(name, { ...producer, producerId: producer.producerId + 1000 })).toBe('INVALID_PRODUCER_ID_MAPPING')
    expect(await write(name, producer, { transactionalId: 'unknown' })).toBe('INVALID_PRODUCER_ID_MAPPING')
  })
})

test('a batch in the name of another producer is refused, and holds that one up in nothing', async () => {
  const { name } = await newTopic()
  const producer = await init('victim')
  const by = await broker.connect()
  for (let n = 0; n < 3; n++) {
    for (const [version, producerEpoch] of [
      [9, producer.producerEpoch],
      [12, producer.producerEpoch],
      [12, producer.producerEpoch + 1],
    ] as const) {
      const claimed = { ...producer, producerEpoch }
      expect(await write(name, claimed, { version, transactionalId: 'not-its-own', by })).toBe('INVALID_PRODUCER_ID_MAPPING')
    }
    await add(name, producer)
    expect(await write(name, producer, { sequence: 2 * n })).toBe(`at ${3 * n}`)
    expect(await write(name, producer, { sequence: 2 * n + 1 })).toBe(`at ${3 * n + 1}`)
    await end(name, producer, true)
  }
})

describe('a client that adds partitions by writing to them', () => {
  test('has a new epoch in every transaction', async () => {
    const { name } = await newTopic()
    const producer = await init('implicit')
    for (const [n, isCommit] of [true, false, true].entries()) {
      expect(await write(name, producer, { version: 12 })).toBe(`at ${n * 3}`)
      expect(await write(name, producer, { version: 12, sequence: 1 })).toBe(`at ${n * 3 + 1}`)
      await end(name, producer, isCommit, 5)
      expect(producer.producerEpoch).toBe(n + 1)
    }
    expect(await committedFrom(name)).toEqual([0, 1, 6, 7])
  })

  test('writes by topic id as well', async () => {
    const { name, topicId } = await newTopic()
    const producer = await init('by-id')
    expect(await write('', producer, { version: 13, topicId })).toBe('at 0')
    expect(await describedOf(name)).toMatchObject([{ currentTxnStartOffset: 0 }])
  })

  test('begins with sequence 0', async () => {
    const { name } = await newTopic()
    const told = await write(name, await init('sequence'), { version: 12, sequence: 3 })
    expect(told).toMatch(/^OUT_OF_ORDER_SEQUENCE_NUMBER/)
  })

  test('many in flight while the first one is asked about stay in order', async () => {
    const { name } = await newTopic()
    const producer = await init('in-flight')
    const sent = [0, 1, 2, 3, 4].map(sequence => write(name, producer, { version: 12, sequence }))
    expect(await Promise.all(sent)).toEqual(['at 0', 'at 1', 'at 2', 'at 3', 'at 4'])
  })

  test('that begins while its last transaction is being ended is served when that is done', async () => {
    const { name } = await newTopic()
    const producer = await init('at-once')
    for (let n = 0; n < 5; n++) {
      expect(await write(name, producer, { version: 12 })).toBe(`at ${n * 2}`)
      const answer = await client.call(EndTxn, 5, { ...producer, committed: true })
      producer.producerEpoch = answer.producerEpoch
    }
  })
})

describe.each(versionsOf(produce, 3))('Produce v%i', version => {
  const codesOf = async (topic: string, topicId: string, transactionalId: string | null, records: readonly Uint8Array[]) => {
    const partitionData = records.map((bytes, index) => ({ index, records: bytes }))
    const topicData = [{ name: topic, topicId, partitionData }]
    const { responses } = await client.call(Produce, version, { transactionalId, acks: -1, timeoutMs: 1000, topicData })
    return responses.flatMap(({ partitionResponses }) =>
      partitionResponses.map(({ index, errorCode, logStartOffset }) => [index, errorCode, Number(logStartOffset)]),
    )
  }

  test('refuses all of it where one batch is of a transaction and there is no transactional id', async () => {
    const { name, topicId } = await newTopic()
    const records = [batchOf(['plain']), recordsOf(await init(`no-id-${version}`))]
    const refused: ErrorCode = Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    expect(await codesOf(name, topicId, null, records)).toEqual([
      [0, refused, -1],
      [1, refused, -1],
    ])
    expect(await client.fetch(name, 0)).toMatchObject({ highWatermark: 0 })
  })

  test('refuses all of it with the transactions of two producers', async () => {
    const { name, topicId } = await newTopic()
    const [one, other] = [await init(`one-${version}`), await init(`other-${version}`)]
    expect(await codesOf(name, topicId, one.transactionalId, [recordsOf(one), recordsOf(other)])).toEqual([
      [0, Errors.INVALID_PRODUCER_ID_MAPPING, -1],
      [1, Errors.INVALID_PRODUCER_ID_MAPPING, -1],
    ])
  })

  test('stores what is in no transaction under a transactional id, too', async () => {
    const { name, topicId } = await newTopic()
    expect(await codesOf(name, topicId, 'whatever', [batchOf(['plain'])])).toEqual([[0, 0, version >= 5 ? 0 : -1]])
  })
})

test('with acks=0 a transaction that is refused closes the connection', async () => {
  const { name } = await newTopic()
  const own = await broker.connect()
  const topicData = [{ name, partitionData: [{ index: 0, records: recordsOf(await init('acks-0')) }] }]
  own.tell(Produce, 9, { transactionalId: null, acks: 0, timeoutMs: 1000, topicData })
  await own.closed()
})

test('where verification is off, a batch needs no transaction at the coordinator: so a transaction can hang', async () => {
  await using other = await testBroker({ config: { 'transaction.partition.verification.enable': 'false' } })
  const by = await other.connect()
  const { name } = await newTopic(by)
  const producer = await init('hanging', by)
  expect(await write(name, producer, { version: 11, by })).toBe('at 0')
  expect(await describedOf(name, by)).toMatchObject([{ currentTxnStartOffset: 0, lastSequence: 0 }])
  expect(await write(name, await init('asked-in-any-case', by), { version: 12, sequence: 1, by })).toMatch(/^OUT_OF_ORDER/)
})

test('a waiting Fetch of committed records is answered by the marker, not by the records', async () => {
  const { name } = await newTopic()
  const producer = await init('waiting')
  const reader = await broker.connect()
  const waiting = reader.call(Fetch, 12, fetchRequest(name, 0, { isolationLevel: 1, maxWaitMs: 60_000 }))
  await add(name, producer)
  await write(name, producer)
  expect(await Promise.race([waiting, client.fetch(name, 0, { isolationLevel: 1 })])).toMatchObject({ highWatermark: 1 })
  await end(name, producer, true)
  const { responses } = await waiting
  expect(responses[0]!.partitions[0]).toMatchObject({ lastStableOffset: 2, abortedTransactions: [] })
})

test.each(versionsOf(listOffsets, 2))('ListOffsets v%i tells committed readers of stable offsets only', async version => {
  const { name } = await newTopic()
  await client.produce(name, batchOf(['x']))
  const producer = await init(`list-${version}`)
  await add(name, producer)
  await write(name, producer)
  const offsetOf = async (timestamp: number) => {
    const partitions = [{ partitionIndex: 0, timestamp }]
    const { topics: listed } = await client.call(ListOffsets, version, {
      replicaId: -1,
      isolationLevel: 1,
      topics: [{ name, partitions }],
    })
    return Number(listed[0]!.partitions[0]!.offset)
  }
  expect([await offsetOf(-1), await offsetOf(-2), await offsetOf(0), await offsetOf(1_700_000_000_000)]).toEqual([1, 0, 0, 0])
  await end(name, producer, true)
  expect(await offsetOf(-1)).toBe(3)
})

describe('DescribeProducers', () => {
  const describeIn = async (...asked: [name: string, partitionIndexes: number[]][]) => {
    const { topics: described } = await client.call(DescribeProducers, 0, {
      topics: asked.map(([name, partitionIndexes]) => ({ name, partitionIndexes })),
    })
    return described
  }

  test('shows producers in transactions and outside of them', async () => {
    const { name } = await newTopic()
    await client.produce(name, batchOf(['a', 'b'], { producerId: 77_000, producerEpoch: 2, baseSequence: 5 }))
    const producer = await init('described')
    await add(name, producer)
    await write(name, producer)
    const { producerId } = producer
    const idempotent = { producerId: 77_000, producerEpoch: 2, lastSequence: 6, coordinatorEpoch: -1, currentTxnStartOffset: -1 }
    expect(await describedOf(name)).toMatchObject([idempotent, { producerId, lastSequence: 0, currentTxnStartOffset: 2 }])
    await end(name, producer, true, 5)
    expect(await describedOf(name)).toMatchObject([
      idempotent,
      { producerId, producerEpoch: 1, lastSequence: -1, coordinatorEpoch: 0, currentTxnStartOffset: -1 },
    ])
  })

  test('of a partition without producers is empty, and others have their error', async () => {
    const { name } = await newTopic()
    const codes = (await describeIn([name, [1, 9]], ['none', [0]], ['not/legal', [0]])).map(({ partitions }) =>
      partitions.map(({ partitionIndex, errorCode, activeProducers }) => [partitionIndex, errorCode, activeProducers.length]),
    )
    expect(codes).toEqual([
      [
        [1, Errors.NONE, 0],
        [9, Errors.UNKNOWN_TOPIC_OR_PARTITION, 0],
      ],
      [[0, Errors.UNKNOWN_TOPIC_OR_PARTITION, 0]],
      [[0, Errors.INVALID_TOPIC_EXCEPTION, 0]],
    ])
  })
})

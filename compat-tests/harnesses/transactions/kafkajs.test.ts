/**
 * Transactions as kafkajs does them, on the classic protocol: part of `npm test`. With COMPAT_BOOTSTRAP=HOST:PORT the walks that
 * need no broker of their own run against any other one, for instance real Kafka.
 */
import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBroker } from '../../../src/index.js'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { freePorts } from '../../lib/ports.js'

const given = process.env.COMPAT_BOOTSTRAP
const broker =
  given === undefined
    ? await startBroker({ port: 0, config: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 100 } })
    : null
const kafka = clientOf(given ?? broker!.bootstrapServers)
const admin = kafka.admin()
beforeAll(() => admin.connect())
afterAll(async () => {
  await admin.disconnect()
  await broker?.stop()
})

function clientOf(bootstrap: string): Kafka {
  // What is refused on purpose would be logged as an error.
  const retry = { initialRetryTime: 20, retries: 40, maxRetryTime: 200 }
  return new Kafka({ clientId: 'transactions-test', brokers: [bootstrap], logLevel: logLevel.NOTHING, retry })
}

/** Names of this run only: the broker may be one that outlives the test. */
let names = 0
const fresh = (kind: string): string => `transactions-${kind}-${process.pid}-${names++}`

async function newTopic(numPartitions = 2): Promise<string> {
  const topic = fresh('topic')
  await admin.createTopics({ topics: [{ topic, numPartitions }] })
  return topic
}

async function producerOf(transactionalId: string, transactionTimeout = 30_000, by = kafka): Promise<Producer> {
  const producer = by.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1, transactionTimeout })
  await producer.connect()
  return producer
}

/** One record in each partition. */
const pair = (value: string) => [0, 1].map(partition => ({ value, partition }))

/** Values of a topic as a new group reads them, each once per partition, until `isEnough`; sorted. */
async function read(
  topic: string,
  isEnough: (values: readonly string[]) => boolean,
  options: { dirty?: boolean; by?: Kafka } = {},
) {
  const consumer = (options.by ?? kafka).consumer({
    groupId: fresh('group'),
    readUncommitted: options.dirty === true,
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: string[] = []
  await running(consumer, async value => {
    values.push(value)
    return isEnough(values)
  })
  return values.sort()
}

/** Runs until `take` says that it is enough. */
async function running(consumer: Consumer, take: (value: string) => Promise<boolean>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          if (await take(message.value!.toString())) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
}

const endsWith = (last: string) => (values: readonly string[]) => values.filter(value => value === last).length === 2

test('readers of committed records see what was committed, others see everything', async () => {
  const topic = await newTopic()
  const producer = await producerOf(fresh('id'))
  for (const [value, isCommit] of [
    ['a', true],
    ['b', false],
    ['c', true],
    ['end', true],
  ] as const) {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: pair(value) })
    await (isCommit ? transaction.commit() : transaction.abort())
  }
  expect(await read(topic, endsWith('end'))).toEqual(['a', 'a', 'c', 'c', 'end', 'end'])
  expect(await read(topic, endsWith('end'), { dirty: true })).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'end', 'end'])
  await producer.disconnect()
})

test('a second instance fences the first, whose open transaction never was', async () => {
  const topic = await newTopic()
  const id = fresh('id')
  const first = await producerOf(id)
  const open = await first.transaction()
  await open.send({ topic, messages: pair('zombie') })
  const second = await producerOf(id)
  // kafkajs introduces itself to the coordinator only here.
  const transaction = await second.transaction()
  await expect(open.commit()).rejects.toMatchObject({ type: expect.stringMatching(/PRODUCER_FENCED|INVALID_PRODUCER_EPOCH/) })
  await transaction.send({ topic, messages: pair('living') })
  await transaction.commit()
  expect(await read(topic, endsWith('living'))).toEqual(['living', 'living'])
  await Promise.all([first.disconnect(), second.disconnect()])
})

test.skipIf(given !== undefined)('a transaction that takes longer than its timeout is aborted', async () => {
  const topic = await newTopic()
  const slow = await producerOf(fresh('id'), 3000)
  const open = await slow.transaction()
  await open.send({ topic, messages: pair('late') })
  // Behind it, so that a reader gets there only when it has ended.
  const other = await producerOf(fresh('id'))
  const transaction = await other.transaction()
  await transaction.send({ topic, messages: pair('other') })
  await transaction.commit()
  expect(await read(topic, endsWith('other'))).toEqual(['other', 'other'])
  await expect(open.commit()).rejects.toMatchObject({ type: expect.stringMatching(/PRODUCER_FENCED|INVALID_PRODUCER_EPOCH/) })
  await Promise.all([slow.disconnect(), other.disconnect()])
})

test('consume, transform, produce: every input is in the output once, whatever was aborted in between', async () => {
  const [input, output] = [await newTopic(), await newTopic()]
  const filling = await producerOf(fresh('id'))
  const filled = await filling.transaction()
  const inputs = Array.from({ length: 20 }, (_, n) => String(n).padStart(2, '0'))
  await filled.send({ topic: input, messages: inputs.map((value, n) => ({ value, partition: n % 2 })) })
  await filled.commit()

  const groupId = fresh('group')
  const producer = await producerOf(fresh('id'))
  let attempts = 0
  /** Copies from where the group stands; the group's next member comes after an abort, as after a crash. */
  const copy = async (): Promise<number> => {
    const consumer = kafka.consumer({ groupId, readUncommitted: false, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic: input, fromBeginning: true })
    const last = new Map<number, number>()
    return new Promise<number>((resolve, reject) => {
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ partition, message }) => {
            if (last.has(-1) || (last.get(partition) ?? -1) >= Number(message.offset)) return
            const transaction = await producer.transaction()
            await transaction.send({ topic: output, messages: [{ value: `copy of ${message.value}`, partition }] })
            const offset = String(Number(message.offset) + 1)
            await transaction.sendOffsets({
              consumerGroupId: groupId,
              topics: [{ topic: input, partitions: [{ partition, offset }] }],
            })
            last.set(partition, Number(message.offset))
            if (++attempts % 7 === 0) {
              await transaction.abort()
              last.set(-1, 0)
              void consumer.disconnect().then(() => resolve(committed()), reject)
              return
            }
            await transaction.commit()
            if ((await committed()) === inputs.length) void consumer.disconnect().then(() => resolve(inputs.length), reject)
          },
        })
        .catch(reject)
    })
  }
  const committed = async (): Promise<number> => {
    const [topic] = await admin.fetchOffsets({ groupId, topics: [input] })
    return topic!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
  }
  while ((await copy()) < inputs.length);

  const end = await producer.transaction()
  await end.send({ topic: output, messages: pair('end') })
  await end.commit()
  expect(await read(output, endsWith('end'))).toEqual([...inputs.map(value => `copy of ${value}`), 'end', 'end'])
  await Promise.all([filling.disconnect(), producer.disconnect()])
})

test.skipIf(given !== undefined)('what was committed stays committed when the broker is killed right behind it', async () => {
  const [port] = await freePorts(1)
  const started = (dataDir?: string): Promise<RunningGregor> =>
    startGregor({ listen: `127.0.0.1:${port}`, ...(dataDir === undefined ? {} : { dataDir }) })
  let running = await started()
  const { dataDir } = running
  const by = clientOf(running.bootstrap)
  const ownAdmin = by.admin()
  await ownAdmin.connect()
  const topic = fresh('topic')
  await ownAdmin.createTopics({ topics: [{ topic, numPartitions: 2 }] })
  await ownAdmin.disconnect()

  const id = fresh('id')
  const expected: string[] = []
  for (let round = 0; round < 8; round++) {
    const producer = await producerOf(id, 30_000, by)
    const isCommit = round % 2 === 0
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: pair(`round ${round}`) })
    if (isCommit) await transaction.commit()
    // Its markers may not be written yet; an open one is ended by the next instance.
    await running.kill9()
    if (isCommit) expected.push(`round ${round}`, `round ${round}`)
    await producer.disconnect().catch(() => {})
    running = await started(dataDir)
  }
  const last = await producerOf(id, 30_000, by)
  const transaction = await last.transaction()
  await transaction.send({ topic, messages: pair('z') })
  await transaction.commit()
  expect(await read(topic, endsWith('z'), { by })).toEqual([...expected, 'z', 'z'])
  await last.disconnect()
  await running.stop()
})

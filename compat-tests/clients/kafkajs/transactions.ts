/** kafkajs: the walk of ../../harnesses/transaction-walks/walk.ts. */
import kafkajs from 'kafkajs'
import { saysFenced, type TransactionWalker, walkTransactions } from '../../harnesses/transaction-walks/walk.js'
import { within } from '../../lib/patience.js'

const { Kafka, logLevel, Partitioners } = kafkajs
const [bootstrap, topic, groupId, transactionalId] = process.argv.slice(2) as [string, string, string, string]

const READ_MS_MAX = 30_000
/** So many fetches in a row that bring nothing mean that there is nothing more: kafkajs tells no position. */
const EMPTY_FETCHES = 3

const kafka = new Kafka({ clientId: 'walk', brokers: [bootstrap], logLevel: logLevel.NOTHING })
let readers = 0

async function newProducer() {
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 60_000,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  // The producer id comes with the first transaction, and only this one tells the broker nothing else.
  await (await producer.transaction()).abort()
  return producer
}

const walker: TransactionWalker = {
  async open() {
    const producer = await newProducer()
    return {
      begin: async () => {
        const transaction = await producer.transaction()
        return {
          send: async value => {
            await transaction.send({ topic, acks: -1, messages: [{ value, partition: 0 }] })
          },
          sendOffset: offset =>
            transaction.sendOffsets({
              consumerGroupId: groupId,
              topics: [{ topic, partitions: [{ partition: 0, offset: String(offset) }] }],
            }),
          commit: () => transaction.commit(),
          abort: () => transaction.abort(),
        }
      },
      close: () => producer.disconnect(),
    }
  },

  async read(isCommitted) {
    const values: string[] = []
    const consumer = kafka.consumer({
      groupId: `${groupId}-reader-${readers++}`,
      readUncommitted: !isCommitted,
      maxWaitTimeInMs: 100,
    })
    let emptyFetches = 0
    const finished = new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer.on(consumer.events.FETCH, ({ payload }) => {
        emptyFetches = payload.numberOfBatches === 0 ? emptyFetches + 1 : 0
        if (emptyFetches === EMPTY_FETCHES) resolve()
      })
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        values.push(String(message.value))
      },
    })
    await within(READ_MS_MAX, 'reading', finished)
    await consumer.disconnect()
    return values
  },

  async committedOffset() {
    const admin = kafka.admin()
    await admin.connect()
    const [of] = await admin.fetchOffsets({ groupId, topics: [topic] })
    await admin.disconnect()
    const offset = Number(of!.partitions[0]?.offset ?? -1)
    return offset < 0 ? null : offset
  },

  // Its words for both codes of a broker that has fenced a producer.
  isFenced: error => saysFenced.test((error as { type?: string }).type ?? ''),
}

await walkTransactions(walker)
process.exit(0)

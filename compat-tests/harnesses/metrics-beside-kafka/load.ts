/**
 * A load whose clients count what they do: idempotent, plain and transactional producers, some of whose records are refused, a
 * group that reads and falls behind, and one that has gone.
 */
import kafkajs, { type Consumer, type Producer, type RequestEvent } from 'kafkajs'
import { delay } from '../../lib/patience.js'

export interface Counted {
  /** Acknowledged, by topic. */
  readonly records: Readonly<Record<string, number>>
  /** Of transactions, by topic: one in each partition that one wrote to. */
  readonly markers: Readonly<Record<string, number>>
  /** Requests to produce, by topic. */
  readonly produceRequests: Readonly<Record<string, number>>
  /** Answered requests, by the name of their API. */
  readonly requests: Readonly<Record<string, number>>
}

export interface Load {
  /** Nothing is sent and read any more; the clients stay, and so do their groups. */
  rest(): Promise<Counted>
  close(): Promise<void>
}

/** Of plain records, and of one batch of them. */
const [ordersPartitions, ordersAtOnce, ordersBytes] = [3, 50, 300]
const refusedBytesMax = 1000

export const topics = { orders: 'metrics-orders', bills: 'metrics-bills', small: 'metrics-small' } as const
export const groups = { readers: 'metrics-readers', gone: 'metrics-gone' } as const

/** kafkajs has a name of its own for one API. */
const kafkasName = (apiName: string): string => (apiName === 'GroupCoordinator' ? 'FindCoordinator' : apiName)

export async function startLoad(bootstrap: string): Promise<Load> {
  const kafka = new kafkajs.Kafka({
    brokers: [bootstrap],
    clientId: 'metrics-load',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 60, maxRetryTime: 3000 },
  })
  const count = { records: {}, markers: {}, produceRequests: {}, requests: {} } as Record<keyof Counted, Record<string, number>>
  const add = (counter: keyof Counted, name: string, more = 1) => {
    count[counter][name] = (count[counter][name] ?? 0) + more
  }
  const hear = ({ payload }: RequestEvent) => add('requests', kafkasName(payload.apiName))

  const admin = kafka.admin()
  admin.on(admin.events.REQUEST, hear)
  await admin.connect()
  await admin.createTopics({
    topics: [
      { topic: topics.orders, numPartitions: ordersPartitions },
      { topic: topics.bills, numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
      { topic: topics.small, numPartitions: 1, configEntries: [{ name: 'max.message.bytes', value: String(refusedBytesMax) }] },
    ],
  })
  const isOfOne = { idempotent: true, maxInFlightRequests: 1 }
  const exact = kafka.producer(isOfOne)
  const plain = kafka.producer()
  const transactional = kafka.producer({ ...isOfOne, transactionalId: 'metrics-transactions' })
  const readers = kafka.consumer({ groupId: groups.readers })
  const clients: (Producer | Consumer)[] = [exact, plain, transactional, readers]
  for (const producer of [exact, plain, transactional]) producer.on(producer.events.REQUEST, hear)
  readers.on(readers.events.REQUEST, hear)
  for (const client of clients) await client.connect()
  await readers.subscribe({ topic: topics.orders, fromBeginning: true })
  const stopped = new AbortController()
  await readers.run({
    eachBatch: async ({ pause }) => {
      // Slower than the producers; at the end it stays behind.
      await delay(300)
      if (stopped.signal.aborted) pause()
    },
  })
  await admin.setOffsets({ groupId: groups.gone, topic: topics.orders, partitions: [{ partition: 0, offset: '1' }] })

  const send = async (producer: Pick<Producer, 'send'>, topic: string, partition: number, size: number, many = 1) => {
    const messages = Array.from({ length: many }, (_, index) => ({ key: `key-${index}`, value: 'x'.repeat(size), partition }))
    add('produceRequests', topic)
    await producer.send({ topic, messages })
    add('records', topic, many)
  }
  const produce = async () => {
    for (let turn = 0; !stopped.signal.aborted; turn++) {
      await send(exact, topics.orders, turn % ordersPartitions, ordersBytes, ordersAtOnce)
      await send(plain, topics.bills, 0, ordersBytes)
      await send(plain, topics.small, 0, refusedBytesMax / 2)
      // Refused, and kafkajs does not try again.
      await send(plain, topics.small, 0, 5 * refusedBytesMax).catch(() => {})
      if (turn % 10 === 0) {
        const transaction = await transactional.transaction()
        await send(transaction, topics.orders, 0, ordersBytes)
        await (turn % 20 === 0 ? transaction.abort() : transaction.commit())
        add('markers', topics.orders)
      }
      await delay(50)
    }
  }
  const producing = produce()
  producing.catch(() => {})
  return {
    rest: async () => {
      stopped.abort()
      await producing
      readers.pause([{ topic: topics.orders }])
      return count
    },
    close: async () => {
      for (const client of [...clients, admin]) await client.disconnect()
    },
  }
}

/**
 * The stock clients that npm brings, against a broker inside the test process: kafkajs and @platformatic/kafka, each
 * producing for groups of the other. Part of `npm test`; the matrix over all clients is `npm run compat`. With
 * COMPAT_BOOTSTRAP=HOST:PORT the same tests run against any other broker, for instance real Kafka.
 */
import { Consumer, type Message, ProduceAcks, Producer } from '@platformatic/kafka'
import { Kafka, type KafkaMessage, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startBroker } from '../../../src/index.js'
import { kafkajsClient } from '../../clients/kafkajs/lines.js'
import { platformaticClient } from '../../clients/platformatic-kafka/lines.js'
import { outputLine, type Sink, splitLines, type TextClient, withResolvers } from '../../lib/text-client.js'
import { faultOf } from './expectation.js'
import { numberedLines, sourceText } from './source-text.js'

const TEST_TIMEOUT_MS = 30_000
const LINES = 2000
const PARTITIONS = 3
/** kafkajs finishes the fetch under way before it disconnects; by default that fetch may wait for 5 s. */
const MAX_WAIT_MS = 500

vi.setConfig({ testTimeout: TEST_TIMEOUT_MS, hookTimeout: TEST_TIMEOUT_MS })

const given = process.env.COMPAT_BOOTSTRAP
const broker = given === undefined ? await startBroker({ port: 0 }) : null
const bootstrap = given ?? broker!.bootstrapServers
const kafka = new Kafka({ clientId: 'npm-clients-test', brokers: [bootstrap], logLevel: logLevel.ERROR })
const admin = kafka.admin()

/** Names of this run only: the broker may be one that outlives the test. */
let names = 0
const fresh = (kind: string) => `npm-clients-${kind}-${process.pid}-${names++}`

beforeAll(() => admin.connect())
afterAll(async () => {
  await admin.disconnect()
  await broker?.stop()
})

async function newTopic(numPartitions = 1): Promise<string> {
  const topic = fresh('topic')
  await admin.createTopics({ topics: [{ topic, numPartitions }] })
  return topic
}

/** Collects what the members of one group receive until `count` different records are there. */
class GroupSink {
  readonly #records = new Map<string, Buffer>()
  readonly #owners = new Map<number, Set<number>>()
  readonly #enough = withResolvers()

  constructor(readonly count: number) {}

  member(member: number): Sink {
    return {
      satisfied: this.#enough.promise,
      received: (partition, offset, value) => {
        this.#records.set(`${partition}/${offset}`, outputLine(partition, offset, value))
        this.#owners.set(partition, (this.#owners.get(partition) ?? new Set()).add(member))
        if (this.#records.size === this.count) this.#enough.resolve()
      },
    }
  }

  output(): Buffer {
    return Buffer.concat([...this.#records.values()])
  }

  /** For each partition, which members got records of it. */
  owners(): number[][] {
    return [...this.#owners.values()].map(members => [...members])
  }
}

/** The group as the broker sees it; waits until all members have joined and got their assignment. */
async function groupIsStable(groupId: string, members: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const { groups } = await admin.describeGroups([groupId])
      expect(groups[0]).toMatchObject({ errorCode: 0, state: 'Stable' })
      expect(groups[0]!.members).toHaveLength(members)
    },
    { timeout: TEST_TIMEOUT_MS, interval: 20 },
  )
}

describe('lines', () => {
  const source = sourceText(LINES)
  const lines = splitLines(numberedLines(source.lines))
  const clients: [string, TextClient][] = [
    ['kafkajs', kafkajsClient],
    ['@platformatic/kafka', platformaticClient],
  ]
  const pairs = clients.flatMap(([from, producer]) => clients.map(([to, consumer]) => ({ from, producer, to, consumer })))

  test.each(pairs)('from $from reach a group of two $to members, each partition in order at one member', async pair => {
    const topic = await newTopic(PARTITIONS)
    const group = fresh('group')
    const sink = new GroupSink(LINES)
    const members = [0, 1].map(member => pair.consumer.consume(bootstrap, topic, group, sink.member(member)))
    await groupIsStable(group, members.length)

    await pair.producer.produce(bootstrap, topic, lines)
    await Promise.all(members)

    expect(faultOf(sink.output(), source)).toBeNull()
    expect(sink.owners().every(members => members.length === 1)).toBe(true)
    expect(new Set(sink.owners().flat())).toEqual(new Set([0, 1]))
    const committed = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    const total = committed.flatMap(of => of.partitions).reduce((sum, { offset }) => sum + Number(offset), 0)
    expect(total).toBe(LINES)
  })
})

/** One record with everything a record can carry, and one with nothing but a key. */
const TIMESTAMP_MS = 1_700_000_000_123
const full = {
  key: 'Schlüssel',
  value: Buffer.from([0, 255, 10, 13, 9]),
  headers: { trace: 'é-1', empty: '' },
}
const tombstoneKey = 'gone'

describe('key, value, headers and timestamp', () => {
  test('written by kafkajs are read unchanged by @platformatic/kafka, a null value too', async () => {
    const topic = await newTopic()
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({
      topic,
      messages: [
        { ...full, timestamp: String(TIMESTAMP_MS) },
        { key: tombstoneKey, value: null, timestamp: String(TIMESTAMP_MS + 1) },
      ],
    })
    await producer.disconnect()

    const [record, tombstone] = await receiveByPlatformatic(topic, 2)
    expect(record!.key.toString()).toBe(full.key)
    expect(record!.value).toEqual(full.value)
    expect(Object.fromEntries([...record!.headers].map(([name, value]) => [String(name), String(value)]))).toEqual(full.headers)
    expect(record!.timestamp).toBe(BigInt(TIMESTAMP_MS))
    expect(tombstone!.key.toString()).toBe(tombstoneKey)
    expect(tombstone!.value ?? null).toBeNull()
    expect(tombstone!.timestamp).toBe(BigInt(TIMESTAMP_MS + 1))
  })

  test('written by @platformatic/kafka are read unchanged by kafkajs, a null value too', async () => {
    const topic = await newTopic()
    const producer = new Producer({ clientId: 'npm-clients-test', bootstrapBrokers: [bootstrap] })
    const headers = new Map(Object.entries(full.headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]))
    await producer.send({
      acks: ProduceAcks.ALL,
      messages: [
        { topic, key: Buffer.from(full.key), value: full.value, headers, timestamp: BigInt(TIMESTAMP_MS) },
        { topic, key: Buffer.from(tombstoneKey), timestamp: BigInt(TIMESTAMP_MS + 1) },
      ],
    })
    await producer.close()

    const [record, tombstone] = await receiveByKafkajs(topic, 2)
    expect(record!.key!.toString()).toBe(full.key)
    expect(record!.value).toEqual(full.value)
    expect(Object.fromEntries(Object.entries(record!.headers!).map(([name, value]) => [name, String(value)]))).toEqual(
      full.headers,
    )
    expect(record!.timestamp).toBe(String(TIMESTAMP_MS))
    expect(tombstone!.key!.toString()).toBe(tombstoneKey)
    expect(tombstone!.value).toBeNull()
    expect(tombstone!.timestamp).toBe(String(TIMESTAMP_MS + 1))
  })
})

async function receiveByPlatformatic(topic: string, count: number): Promise<Message[]> {
  const consumer = new Consumer({ clientId: 'npm-clients-test', groupId: fresh('group'), bootstrapBrokers: [bootstrap] })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
  const messages: Message[] = []
  for await (const message of stream) {
    messages.push(message)
    if (messages.length === count) break
  }
  await consumer.close(true)
  return messages
}

/** As a group from the earliest offset or from what it committed; commits the position after `count` records. */
async function receiveByKafkajs(topic: string, count: number, groupId = fresh('group')): Promise<KafkaMessage[]> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: MAX_WAIT_MS })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const messages: KafkaMessage[] = []
  const enough = withResolvers()
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      if (messages.length === count) return
      messages.push(message)
      if (messages.length < count) return
      await consumer.commitOffsets([{ topic, partition, offset: String(Number(message.offset) + 1) }])
      enough.resolve()
    },
  })
  await enough.promise
  await consumer.disconnect()
  return messages
}

test('a group goes on where it committed', async () => {
  const topic = await newTopic()
  const group = fresh('group')
  await produceNumbers(topic, 10)
  const first = await receiveByKafkajs(topic, 4, group)
  const second = await receiveByKafkajs(topic, 6, group)
  expect(first.map(message => message.offset)).toEqual(['0', '1', '2', '3'])
  expect(second.map(message => message.offset)).toEqual(['4', '5', '6', '7', '8', '9'])
  expect(await admin.fetchOffsets({ groupId: group, topics: [topic] })).toMatchObject([
    { topic, partitions: [{ partition: 0, offset: '10' }] },
  ])
})

test('an idempotent kafkajs producer stores every record once and in order', async () => {
  const topic = await newTopic()
  await produceNumbers(topic, 500, { idempotent: true })
  const messages = await receiveByKafkajs(topic, 500)
  expect(messages.map(message => Number(message.value))).toEqual(Array.from({ length: 500 }, (_, number) => number))
  expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ partition: 0, low: '0', high: '500' }])
})

/** One send per ten numbers, one after the other. */
async function produceNumbers(topic: string, count: number, options: { idempotent?: boolean } = {}): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options })
  await producer.connect()
  for (let from = 0; from < count; from += 10) {
    const numbers = Array.from({ length: Math.min(10, count - from) }, (_, index) => from + index)
    await producer.send({ topic, acks: -1, messages: numbers.map(number => ({ value: String(number) })) })
  }
  await producer.disconnect()
}

describe('the admin client of kafkajs', () => {
  test('creates, lists, describes and deletes topics', async () => {
    const topic = fresh('topic')
    const created = { topics: [{ topic, numPartitions: 4, configEntries: [{ name: 'retention.ms', value: '60000' }] }] }
    expect(await admin.createTopics(created)).toBe(true)
    expect(await admin.createTopics(created)).toBe(false)
    expect(await admin.listTopics()).toContain(topic)
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    expect(topics[0]!.partitions.map(partition => partition.partitionId).sort()).toEqual([0, 1, 2, 3])
    await admin.deleteTopics({ topics: [topic] })
    expect(await admin.listTopics()).not.toContain(topic)
  })

  test('describes a group with a member and its empty remains, and deletes it', async () => {
    const topic = await newTopic()
    const groupId = fresh('group')
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: MAX_WAIT_MS })
    await consumer.connect()
    await consumer.subscribe({ topic })
    await consumer.run({ eachMessage: async () => {} })
    await groupIsStable(groupId, 1)
    const { groups } = await admin.describeGroups([groupId])
    expect(groups[0]).toMatchObject({ groupId, protocolType: 'consumer', protocol: 'RoundRobinAssigner' })
    expect(groups[0]!.members[0]).toMatchObject({ clientId: 'npm-clients-test' })
    expect((await admin.listGroups()).groups).toContainEqual({ groupId, protocolType: 'consumer' })
    await consumer.disconnect()

    const left = (await admin.describeGroups([groupId])).groups[0]!
    expect(left).toMatchObject({ state: 'Empty', members: [] })
    expect(await admin.deleteGroups([groupId])).toMatchObject([{ groupId, errorCode: 0 }])
    expect((await admin.describeGroups([groupId])).groups[0]!.state).toBe('Dead')
  })
})

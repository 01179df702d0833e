/** A broker with something to see: topics and groups as a shop has them, and clients at work. */
import { join } from 'node:path'
import { CompressionTypes, type Consumer, Kafka, logLevel, type Producer } from 'kafkajs'
import { ConsumerGroupHeartbeat } from '#protocol/messages/consumer-group-heartbeat.js'
import { OffsetCommit } from '#protocol/messages/offset-commit.js'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { javaArgs, kafkaClasspath } from '../../lib/maven.js'
import { compatSources } from '../../lib/paths.js'
import { type Service, startService } from '../../lib/processes.js'
import { WireClient } from '../../lib/wire-client.js'
import { objectNames, payloads } from './stored-xss.js'

export interface Scene extends AsyncDisposable {
  readonly broker: RunningGregor
  /** http://HOST:PORT */
  readonly url: string
  readonly kafka: Kafka
  readonly hasJava: boolean
}

const tickMs = 100

/** `isHostile`: with the set of stored XSS in all that clients may name. */
export async function startScene({ isHostile }: { readonly isHostile: boolean }): Promise<Scene> {
  const broker = await startGregor({
    isEphemeral: true,
    args: configArgs({
      'gregor.http.listener': '127.0.0.1:0',
      'group.initial.rebalance.delay.ms': '300',
      // One member says nothing after it has joined.
      'group.consumer.max.session.timeout.ms': '600000',
      'group.consumer.session.timeout.ms': '600000',
    }),
  })
  const kafka = clientOf(broker, 'web-shop')
  const cast = new Cast(broker, kafka, isHostile)
  try {
    await cast.makeTopics()
    await cast.enter()
  } catch (error) {
    await cast.leave()
    throw error
  }
  return {
    broker,
    kafka,
    url: urlOf(broker),
    get hasJava() {
      return cast.java !== null
    },
    [Symbol.asyncDispose]: () => cast.leave(),
  }
}

export const configArgs = (configs: Readonly<Record<string, string>>): string[] =>
  Object.entries(configs).flatMap(([key, value]) => ['--config', `${key}=${value}`])

export function urlOf({ readyLine }: RunningGregor): string {
  const url = readyLine.match(/http: (http:\/\/[^\s,)]+)/)?.[1]
  if (url === undefined) throw new Error(`no HTTP port in: ${readyLine}`)
  return url
}

const clientOf = (broker: RunningGregor, clientId: string): Kafka =>
  new Kafka({ brokers: [broker.bootstrap], clientId, logLevel: logLevel.NOTHING })

const longName = `a-topic-whose-name-takes-all-the-room-there-is.${'long-'.repeat(40)}`.slice(0, 249)

class Cast {
  java: Service | null = null
  readonly #consumers: Consumer[] = []
  readonly #producers: Producer[] = []
  #wire: WireClient | null = null
  #isOver = false
  #producing: Promise<void> = Promise.resolve()

  constructor(
    private readonly broker: RunningGregor,
    private readonly kafka: Kafka,
    private readonly isHostile: boolean,
  ) {}

  async makeTopics(): Promise<void> {
    const admin = this.kafka.admin()
    await admin.connect()
    const topic = (name: string, numPartitions = 1, configs: Record<string, string> = {}) => ({
      topic: name,
      numPartitions,
      configEntries: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })
    await admin.createTopics({
      topics: [
        topic('orders', 6, { 'retention.ms': '604800000' }),
        topic('payments', 3, { 'min.insync.replicas': '1', 'retention.ms': '-1' }),
        topic('page-views', 12, { 'retention.ms': '86400000', 'compression.type': 'lz4' }),
        topic('customers', 4, { 'cleanup.policy': 'compact' }),
        topic('inventory', 2, { 'cleanup.policy': 'compact,delete' }),
        ...['emails', 'invoices', 'returns', 'shipments'].map(name => topic(name, 2)),
        ...(this.isHostile ? [...objectNames, 'stored-xss', longName] : []).map(name => topic(name)),
      ],
    })
    await admin.disconnect()
    const wire = await WireClient.connect(this.broker.bootstrap)
    for (const groupId of ['nightly-report', ...(this.isHostile ? payloads : [])]) await commit(wire, groupId, 'orders', [0])
    wire.close()
  }

  async enter(): Promise<void> {
    const producer = await this.#producer('web-shop')
    for (let n = 0; n < 40; n++) await this.#produce(producer, n)
    await Promise.all([
      this.#startJava(),
      this.#consumer('order-service', 'order-service-1', ['orders', 'payments'], 0),
      this.#consumer('order-service', 'order-service-2', ['orders', 'payments'], 0),
      this.#consumer('customer-search', 'customer-search', ['customers'], 0),
      this.#consumer('fraud-detection', 'fraud-detection', ['payments', 'orders'], 40),
    ])
    await this.#passBy('order-service', 'order-service-3', ['orders', 'payments'])
    await this.#openTransaction('billing-export', 'invoices')
    if (this.isHostile) await this.#enterHostile(producer)
    this.#producing = this.#goOn(producer)
  }

  async #enterHostile(producer: Producer): Promise<void> {
    await producer.send({
      topic: 'stored-xss',
      messages: payloads.map(text => ({ key: text, value: text, headers: { [text]: text } })),
    })
    await producer.send({
      topic: 'stored-xss',
      messages: payloads.map(text => ({ key: null, value: JSON.stringify({ [text]: [text] }) })),
    })
    await this.#consumer(payloads[0]!, payloads[1]!, ['stored-xss'], 0)
    await this.#openTransaction(payloads[2]!, 'stored-xss')
    await this.#member(payloads[3]!)
  }

  async leave(): Promise<void> {
    this.#isOver = true
    await this.#producing
    await Promise.allSettled([...this.#consumers, ...this.#producers].map(client => client.disconnect()))
    this.#wire?.close()
    await this.java?.stop()
    await this.broker.stop()
  }

  async #producer(clientId: string, transactionalId?: string): Promise<Producer> {
    const options =
      transactionalId === undefined
        ? {}
        : { transactionalId, maxInFlightRequests: 1, idempotent: true, transactionTimeout: 600_000 }
    const producer = clientOf(this.broker, clientId).producer(options)
    this.#producers.push(producer)
    await producer.connect()
    return producer
  }

  /** `pauseMs`: how long it takes for a batch, so that it falls behind. */
  async #consumer(groupId: string, clientId: string, topics: string[], pauseMs: number): Promise<void> {
    const consumer = clientOf(this.broker, clientId).consumer({ groupId, maxBytesPerPartition: 4096, maxWaitTimeInMs: 200 })
    this.#consumers.push(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics, fromBeginning: true })
    const joined = new Promise(resolve => consumer.on('consumer.group_join', resolve))
    await consumer.run({
      autoCommitInterval: 500,
      eachMessage: async () => {
        if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
      },
    })
    await joined
  }

  /** For the history of rebalances. */
  async #passBy(groupId: string, clientId: string, topics: string[]): Promise<void> {
    await this.#consumer(groupId, clientId, topics, 0)
    await this.#consumers.pop()?.disconnect()
  }

  async #openTransaction(transactionalId: string, topic: string): Promise<void> {
    const producer = await this.#producer(transactionalId, transactionalId)
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: '{"state":"in a transaction that is not over"}' }] })
    // kafkajs would wait for it.
    this.#producers.splice(this.#producers.indexOf(producer), 1)
  }

  /** A member of the consumer protocol whose id, instance and client are what it likes. */
  async #member(name: string): Promise<void> {
    this.#wire = await WireClient.connect(this.broker.bootstrap, name)
    const join = { groupId: payloads[4]!, memberId: name, memberEpoch: 0, instanceId: name, subscribedTopicNames: ['stored-xss'] }
    await this.#wire.request(ConsumerGroupHeartbeat, 1, { ...join, rebalanceTimeoutMs: 600_000, topicPartitions: [] })
  }

  async #startJava(): Promise<void> {
    const classpath = await kafkaClasspath()
    if (classpath === null) return
    const program = join(compatSources, 'harnesses', 'console', 'LoadClients.java')
    this.java = await startService(
      'java',
      ['-Xmx256m', ...javaArgs(classpath), program, this.broker.bootstrap, 'page-views', 'clickstream'],
      {
        readyLine: /^ready/,
        readyTimeoutMs: 60_000,
        stopTimeoutMs: 10_000,
      },
    )
  }

  async #goOn(producer: Producer): Promise<void> {
    for (let n = 40; !this.#isOver; n++) {
      await this.#produce(producer, n)
      await new Promise(resolve => setTimeout(resolve, tickMs))
    }
  }

  async #produce(producer: Producer, n: number): Promise<void> {
    const customer = `c-${1000 + (n % 37)}`
    const order = (at: number) => {
      const quantity = 1 + ((n + at) % 3)
      const items = [{ sku: `SKU-${(n + at) % 13}`, quantity, price: 19.5 }]
      const placedAt = new Date().toISOString()
      return { id: `o-${4 * n + at}`, customer, total: quantity * 19.5, currency: 'EUR', items, placedAt }
    }
    const trace = {
      'content-type': 'application/json',
      traceparent: `00-4bf92f3577b34da6a3ce929d0e0e${String(n % 10000).padStart(4, '0')}-00f067aa0ba902b7-01`,
    }
    await producer.sendBatch({
      compression: CompressionTypes.GZIP,
      topicMessages: [
        {
          topic: 'orders',
          messages: [0, 1, 2, 3].map(at => ({ key: customer, value: JSON.stringify(order(at)), headers: trace })),
        },
        {
          topic: 'payments',
          messages: [{ key: customer, value: JSON.stringify({ order: `o-${4 * n}`, amount: 19.5, method: 'card' }) }],
        },
        {
          topic: 'customers',
          messages: [{ key: customer, value: JSON.stringify({ name: `Customer ${customer}`, tier: 'gold' }) }],
        },
      ],
    })
  }
}

/** A broker with more topics and groups than anybody reads, and a group with as many positions. */
export async function startCrowd(count: number): Promise<RunningGregor> {
  const broker = await startGregor({
    isEphemeral: true,
    args: configArgs({ 'gregor.http.listener': '127.0.0.1:0', 'offsets.topic.num.partitions': '4' }),
  })
  const admin = clientOf(broker, 'crowd').admin()
  await admin.connect()
  const perRequest = 500
  for (let from = 0; from < count; from += perRequest) {
    const topics = Array.from({ length: Math.min(perRequest, count - from) }, (_, n) => ({
      topic: `topic-${from + n}`,
      numPartitions: 1,
    }))
    await admin.createTopics({ topics, waitForLeaders: false })
  }
  await admin.createTopics({ topics: [{ topic: 'wide', numPartitions: count }], waitForLeaders: false })
  await admin.disconnect()
  const wire = await WireClient.connect(broker.bootstrap)
  await commit(
    wire,
    'wide',
    'wide',
    Array.from({ length: count }, (_, n) => n),
  )
  const inFlight = 200
  for (let from = 0; from < count; from += inFlight) {
    await Promise.all(
      Array.from({ length: Math.min(inFlight, count - from) }, (_, n) => commit(wire, `group-${from + n}`, 'wide', [n])),
    )
  }
  wire.close()
  return broker
}

function commit(wire: WireClient, groupId: string, name: string, partitions: readonly number[]): Promise<unknown> {
  const position = { committedOffset: 0, committedMetadata: payloads[0]! }
  return wire.request(OffsetCommit, 8, {
    groupId,
    topics: [{ name, partitions: partitions.map(partitionIndex => ({ partitionIndex, ...position })) }],
  })
}

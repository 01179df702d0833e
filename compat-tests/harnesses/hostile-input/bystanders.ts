/**
 * Clients that behave, beside those that do not: a kafkajs producer and consumer whose records must all arrive once and in
 * order, and a wire-level client that measures how long its small requests take.
 */
import kafkajs from 'kafkajs'
import { Fetch } from '#protocol/messages/fetch.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { delay } from '../../lib/patience.js'
import { WireClient } from '../../lib/wire-client.js'

const { Kafka, logLevel, Partitioners } = kafkajs

const TOPIC = 'bystanders'
const SEND_EVERY_MS = 50
const PROBE_EVERY_MS = 20

export class Bystanders {
  readonly problems: string[] = []
  readonly latenciesMs: number[] = []
  sent = 0
  received = 0
  #isStopping = false
  #running: Promise<unknown>[] = []
  #disconnect: () => Promise<unknown> = async () => {}

  constructor(private readonly bootstrap: string) {}

  async start(): Promise<void> {
    const kafka = new Kafka({
      clientId: 'bystander',
      brokers: [this.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }] })
    await admin.disconnect()
    const consumer = kafka.consumer({ groupId: 'bystanders', maxWaitTimeInMs: 200 })
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#problem(`the consumer crashed: ${payload.error}`))
    await consumer.connect()
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (Number(message.value) !== this.received) this.#problem(`received ${message.value} where ${this.received} is due`)
        this.received++
      },
    })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    producer.on(producer.events.DISCONNECT, () => !this.#isStopping && this.#problem('the producer was disconnected'))
    await producer.connect()
    const probe = await WireClient.connect(this.bootstrap, 'probe')
    const repeat = async (everyMs: number, work: () => Promise<void>) => {
      while (!this.#isStopping && this.problems.length === 0) {
        await work()
        await delay(everyMs)
      }
    }
    const send = async () => {
      await producer.send({ topic: TOPIC, messages: [{ value: String(this.sent) }] })
      this.sent++
    }
    this.#running = [
      repeat(SEND_EVERY_MS, send).catch(error => this.#problem(`the producer failed: ${error}`)),
      repeat(PROBE_EVERY_MS, () => this.#probe(probe)).catch(error => this.#problem(`the probe failed: ${error}`)),
    ]
    this.#disconnect = async () => {
      probe.close()
      await producer.disconnect()
      await consumer.disconnect()
    }
  }

  /** Lets the consumer read to the end first. */
  async stop(allReceived: (check: () => boolean) => Promise<boolean>): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#running)
    if (!(await allReceived(() => this.received === this.sent)))
      this.#problem(`${this.received} of ${this.sent} records received`)
    await this.#disconnect()
  }

  async #probe(client: WireClient): Promise<void> {
    const startedMs = performance.now()
    await client.request(Metadata, 9, { topics: [{ name: TOPIC }], allowAutoTopicCreation: false })
    const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }
    const topics = [{ topic: TOPIC, partitions: [partition] }]
    await client.request(Fetch, 11, { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, topics })
    this.latenciesMs.push((performance.now() - startedMs) / 2)
  }

  #problem(text: string): void {
    this.problems.push(text)
  }
}

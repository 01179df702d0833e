/**
 * A group of two kafkajs consumers that lives through all crashes, and a look at its committed offsets from outside.
 * A commit counts once it was acknowledged; from then on the broker may never answer less.
 */
import kafkajs, { type Consumer, type EachBatchPayload, type Kafka as KafkaClient } from 'kafkajs'
import { errorName } from '#protocol/errors.js'
import { OffsetFetch } from '#protocol/messages/offset-fetch.js'
import type { WireClient } from '../../lib/wire-client.js'
import { partitionKey } from './ledger.js'

const { Kafka, logLevel } = kafkajs

/** The client gives up on nothing: the broker comes back every time. */
const patientRetry = { initialRetryTime: 50, maxRetryTime: 500, retries: 1_000_000 }
const MEMBERS = 2

export class WatchedGroup {
  readonly problems: string[] = []
  readonly #seen = new Map<string, Set<number>>()
  readonly #committed = new Map<string, number>()
  #consumers: Consumer[] = []
  #isStopping = false

  constructor(
    private readonly bootstrap: string,
    readonly groupId: string,
    private readonly partitions: ReadonlyMap<string, number>,
  ) {}

  async start(): Promise<void> {
    const kafka = new Kafka({
      clientId: 'kill-nine-group',
      brokers: [this.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: patientRetry,
      connectionTimeout: 1000,
    })
    for (let member = 0; member < MEMBERS; member++) await this.#startMember(kafka)
  }

  async #startMember(kafka: KafkaClient): Promise<void> {
    const consumer = kafka.consumer({ groupId: this.groupId, maxWaitTimeInMs: 200, retry: patientRetry })
    consumer.on(consumer.events.CRASH, ({ payload: { restart, error } }) => {
      if (restart) return
      // It gives up for good when every broker that it knows is away; who runs it starts it again.
      if (!error.message.includes('Failed to find group coordinator')) this.problems.push(`a kafkajs consumer gave up: ${error}`)
      else void this.#replace(consumer, kafka).catch(again => this.problems.push(`a consumer was not replaced: ${again}`))
    })
    this.#consumers.push(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [...this.partitions.keys()], fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatch: payload => this.#take(consumer, payload) })
  }

  async #replace(consumer: Consumer, kafka: KafkaClient): Promise<void> {
    this.#consumers = this.#consumers.filter(one => one !== consumer)
    await consumer.disconnect()
    if (!this.#isStopping) await this.#startMember(kafka)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#consumers.map(consumer => consumer.disconnect()))
    this.#consumers = []
  }

  seenOf(partition: string): ReadonlySet<number> {
    return this.#seen.get(partition) ?? new Set()
  }

  get seenCount(): number {
    let count = 0
    for (const offsets of this.#seen.values()) count += offsets.size
    return count
  }

  /** Asks the broker for the committed offsets and compares them with every commit it ever acknowledged. */
  async checkCommitted(client: WireClient): Promise<Map<string, number>> {
    const expected = new Map(this.#committed)
    const answer = await client.request(OffsetFetch, 5, {
      groupId: this.groupId,
      topics: [...this.partitions].map(([name, count]) => ({ name, partitionIndexes: [...Array(count).keys()] })),
    })
    if (answer.errorCode !== 0) this.problems.push(`OffsetFetch: ${errorName(answer.errorCode)}`)
    const found = new Map<string, number>()
    for (const { name, partitions } of answer.topics ?? []) {
      for (const partition of partitions) {
        const { partitionIndex } = partition
        const committedOffset = Number(partition.committedOffset)
        const key = partitionKey(name, partitionIndex)
        found.set(key, committedOffset)
        const before = expected.get(key) ?? -1
        if (committedOffset < before)
          this.problems.push(`${key}: committed ${before} was acknowledged, ${committedOffset} is answered`)
        // What was answered once is a promise too.
        this.#promise(key, committedOffset)
      }
    }
    return found
  }

  async #take(consumer: Consumer, { batch, heartbeat }: EachBatchPayload): Promise<void> {
    const key = partitionKey(batch.topic, batch.partition)
    let seen = this.#seen.get(key)
    if (seen === undefined) {
      seen = new Set()
      this.#seen.set(key, seen)
    }
    for (const message of batch.messages) seen.add(Number(message.offset))
    const offset = Number(batch.lastOffset()) + 1
    await heartbeat()
    await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: String(offset) }])
    this.#promise(key, offset)
  }

  #promise(key: string, offset: number): void {
    this.#committed.set(key, Math.max(offset, this.#committed.get(key) ?? -1))
  }
}

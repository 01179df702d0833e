/**
 * Clients of a simulated broker: what they do next, drawn from a seed, and what they learn of it, written into the ledger.
 * Many requests are under way at a time; syncs end late and out of order. Nothing here judges.
 */

import { Errors } from '../protocol/errors.js'
import { CreatePartitions } from '../protocol/messages/create-partitions.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { InitProducerId } from '../protocol/messages/init-producer-id.js'
import { OffsetCommit } from '../protocol/messages/offset-commit.js'
import { Produce } from '../protocol/messages/produce.js'
import { baseOffset, batchLength } from '../protocol/records/batch.js'
import { buildBatch } from '../protocol/records/build.js'
import { DiskFailure } from '../storage/files.js'
import type { SeededRandom } from '../testing/seeded-random.js'
import { batchesInFlightMax, labelOf } from './judge.js'
import { commitKey, type Ledger, newPartition, type PartitionLedger, type SentBatch, type TopicLedger } from './ledger.js'
import type { SimulatedBroker } from './simulated-broker.js'

const topicNames = ['orders', 'a.b', 'logs-1', 'x']
const groupNames = ['one', 'two', 'three']
const checkpointIntervalMs = 60_000

export type Step = 'produce' | 'read' | 'commit' | 'create' | 'delete' | 'grow' | 'trim' | 'producer' | 'wait' | 'restart'

/** How often each is drawn. */
const weights: Readonly<Record<Step, number>> = {
  produce: 50,
  read: 12,
  commit: 12,
  create: 7,
  delete: 3,
  grow: 2,
  trim: 3,
  producer: 3,
  wait: 5,
  restart: 2,
}
const drawn = Object.entries(weights).flatMap(([step, weight]) => Array<Step>(weight).fill(step as Step))

export function drawStep(random: SeededRandom): Step {
  return random.pick(drawn)
}

export class Workload {
  readonly #broker: SimulatedBroker
  readonly #ledger: Ledger
  readonly #random: SeededRandom
  readonly #underWay = new Set<Promise<unknown>>()
  readonly problems: string[] = []
  /** Refusals by the disk are expected: faults are injected. */
  readonly #mayRefuse: boolean

  constructor(broker: SimulatedBroker, ledger: Ledger, random: SeededRandom, mayRefuse = false) {
    this.#broker = broker
    this.#ledger = ledger
    this.#random = random
    this.#mayRefuse = mayRefuse
  }

  /** Begins one step, then lets some syncs end. `restart` is for the caller. */
  async run(step: Exclude<Step, 'restart'>): Promise<void> {
    this.#begin(step)
    if (!this.#random.oneIn(4)) this.#broker.runDeferred()
    const { pendingSyncs } = this.#broker.disk
    const count = this.#random.below(4)
    for (let n = 0; n < count && pendingSyncs.length > 0; n++) {
      this.#random.pick(pendingSyncs).finish()
      await this.#broker.settle()
    }
  }

  /** Waits for everything that is under way. */
  async finish(): Promise<void> {
    await this.#broker.until(Promise.all(this.#underWay))
  }

  #begin(step: Exclude<Step, 'restart'>): void {
    const actions: Readonly<Record<typeof step, () => void>> = {
      produce: () => this.#withPartition((topic, index, partition) => this.#produce(topic, index, partition)),
      read: () => this.#withPartition((topic, index, partition) => this.#read(topic, index, partition)),
      commit: () => this.#withPartition((topic, index) => this.#commit(topic, index)),
      create: () => this.#create(),
      delete: () => this.#withTopic(topic => this.#delete(topic)),
      grow: () => this.#withTopic(topic => this.#grow(topic)),
      trim: () => this.#withPartition((topic, index, partition) => this.#trim(topic, index, partition)),
      producer: () => this.#newProducer(),
      wait: () => this.#broker.world.advance(this.#random.oneIn(2) ? checkpointIntervalMs : this.#random.between(1, 5000)),
    }
    actions[step]()
  }

  #withTopic(use: (topic: TopicLedger) => void): void {
    const topics = this.#ledger.usable()
    if (topics.length === 0) this.#create()
    else use(this.#random.pick(topics))
  }

  #withPartition(use: (topic: TopicLedger, index: number, partition: PartitionLedger) => void): void {
    this.#withTopic(topic => {
      const index = this.#random.below(topic.partitionsMin)
      use(topic, index, topic.partitions[index]!)
    })
  }

  /** Notes the promise, and whatever goes wrong in it. */
  #follow<T>(answer: Promise<T>, learn: (answer: T) => void): void {
    const followed = answer.then(learn).catch((error: unknown) => {
      // Records that cannot be read when they are sent cost the client its connection.
      if (!(this.#mayRefuse && error instanceof DiskFailure)) this.problems.push(String(error))
    })
    this.#underWay.add(followed)
    void followed.then(() => this.#underWay.delete(followed))
  }

  /** True when the broker did what was asked. */
  #isDone(errorCode: number, what: string): boolean {
    if (errorCode === Errors.NONE) return true
    if (!this.#mayRefuse) this.problems.push(`${what} was answered with error ${errorCode}`)
    return false
  }

  #produce(topic: TopicLedger, index: number, partition: PartitionLedger): void {
    const inFlight = partition.sent.filter(({ label, producer }) => producer !== null && !partition.acknowledged.has(label))
    const isIdempotent = this.#random.below(4) > 0 && inFlight.length < batchesInFlightMax && this.#ledger.producerIds.size > 0
    const batch = this.#newBatch(partition, isIdempotent, isIdempotent || !this.#random.oneIn(4) ? -1 : 1)
    partition.sent.push(batch)
    const sent = this.#broker.request(Produce, 9, {
      acks: batch.acks,
      timeoutMs: 1000,
      topicData: [{ name: topic.name, partitionData: [{ index, records: Buffer.from(batch.bytes) }] }],
    })
    this.#follow(sent, answer => {
      const { errorCode, baseOffset: offset } = answer.responses[0]!.partitionResponses[0]!
      if (topic.state !== 'there') return
      if (this.#isDone(errorCode, `produce to ${topic.name}-${index}`)) partition.acknowledged.set(batch.label, offset)
      // Refused is refused, unless the broker could not know any more.
      else if (this.#broker.fatal.length === 0) partition.sent.splice(partition.sent.indexOf(batch), 1)
    })
  }

  #newBatch(partition: PartitionLedger, isIdempotent: boolean, acks: -1 | 1): SentBatch {
    const random = this.#random
    const label = `b${random.uint32().toString(36)}`
    const count = random.between(1, 4)
    const records = Array.from({ length: count }, (_, n) => {
      return { key: null, value: Buffer.from(`${label}|${n}|`.padEnd(random.between(20, 250), '.')) }
    })
    const timestampMs = this.#broker.world.nowMs() - random.below(5000)
    const producer = isIdempotent ? this.#nextOf(partition) : null
    const ids = producer === null ? {} : { producerId: producer.id, producerEpoch: 0, baseSequence: producer.baseSequence }
    return { label, bytes: buildBatch(records, { timestampMs, ...ids }), count, timestampMs, acks, producer }
  }

  /**
   * One idempotent producer writes to a partition for as long as its batches live. When all are deleted another one follows:
   * the sequence of the first is forgotten here, not by the broker.
   */
  #nextOf(partition: PartitionLedger): SentBatch['producer'] {
    const last = partition.sent.findLast(batch => batch.producer !== null)
    if (last?.producer) return { ...last.producer, baseSequence: last.producer.baseSequence + last.count }
    const fresh = [...this.#ledger.producerIds].filter(id => !partition.producers.has(id))
    if (fresh.length === 0) return null
    const id = this.#random.pick(fresh)
    partition.producers.add(id)
    return { id, epoch: 0, baseSequence: 0 }
  }

  #read(topic: TopicLedger, index: number, partition: PartitionLedger): void {
    const fetchOffset = partition.readAt
    const asked = this.#broker.request(Fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: topic.name, partitions: [{ partition: index, fetchOffset, partitionMaxBytes: 2000 }] }],
    })
    this.#follow(asked, answer => {
      const { errorCode, records } = answer.responses[0]!.partitions[0]!
      if (topic.state !== 'there' || !this.#isDone(errorCode, `fetch of ${topic.name}-${index} at ${fetchOffset}`)) return
      const bytes = records as Uint8Array | null
      for (let at = 0; bytes !== null && at < bytes.byteLength; at += batchLength(bytes, at)) {
        const offset = baseOffset(bytes, at)
        partition.observed.set(offset, labelOf(bytes, at))
        partition.readAt = Math.max(partition.readAt, offset + 1)
      }
    })
  }

  #commit(topic: TopicLedger, index: number): void {
    const groupId = this.#random.pick(groupNames)
    const commit = this.#ledger.commit(commitKey(groupId, topic.name, index))
    const committedOffset = this.#random.below(1_000_000)
    commit.pending.push(committedOffset)
    const partitions = [{ partitionIndex: index, committedOffset, committedMetadata: null }]
    const asked = this.#broker.request(OffsetCommit, 8, { groupId, topics: [{ name: topic.name, partitions }] })
    this.#follow(asked, answer => {
      if (topic.state !== 'there' || this.#ledger.topics.get(topic.name) !== topic) return
      if (!this.#isDone(answer.topics[0]!.partitions[0]!.errorCode, `commit of ${groupId}`)) return
      commit.acknowledged = committedOffset
      commit.pending.splice(0, commit.pending.indexOf(committedOffset) + 1)
    })
  }

  #create(): void {
    const names = topicNames.filter(name => !this.#ledger.topics.has(name))
    if (names.length === 0) return
    const name = this.#random.pick(names)
    const numPartitions = this.#random.between(1, 2)
    const configs = this.#random.oneIn(2) ? [{ name: 'retention.ms', value: String(this.#random.between(1e9, 2e9)) }] : []
    const topic: TopicLedger = {
      name,
      configs: new Map(configs.map(config => [config.name, config.value])),
      topicId: null,
      state: 'creating',
      partitionsMin: numPartitions,
      partitionsMax: numPartitions,
      partitions: Array.from({ length: numPartitions }, newPartition),
    }
    this.#ledger.topics.set(name, topic)
    const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs }]
    this.#follow(this.#broker.request(CreateTopics, 7, { topics }), answer => {
      const { errorCode, topicId } = answer.topics[0]!
      if (!this.#isDone(errorCode, `creation of ${name}`)) {
        if (this.#broker.fatal.length > 0) return
        if (this.#broker.core.services.topics.image.topics.has(name)) this.problems.push(`${name} was refused and is there`)
        this.#ledger.topics.delete(name)
        return
      }
      topic.topicId = topicId
      topic.state = 'there'
      this.#ledger.gone.delete(name)
    })
  }

  #delete(topic: TopicLedger): void {
    topic.state = 'deleting'
    const topics = [{ name: topic.name }]
    this.#follow(this.#broker.request(DeleteTopics, 6, { topics, timeoutMs: 1000 }), answer => {
      if (!this.#isDone(answer.responses[0]!.errorCode, `deletion of ${topic.name}`)) {
        if (this.#broker.fatal.length > 0) return
        topic.state = 'there'
        const isThere = this.#broker.core.services.topics.image.topics.has(topic.name)
        if (!isThere) this.problems.push(`the deletion of ${topic.name} was refused and it is gone`)
        return
      }
      this.#ledger.forget(topic.name)
      this.#ledger.gone.add(topic.name)
    })
  }

  #grow(topic: TopicLedger): void {
    if (topic.partitionsMax > topic.partitionsMin) return
    const count = topic.partitionsMin + 1
    topic.partitionsMax = count
    topic.partitions.push(newPartition())
    const topics = [{ name: topic.name, count, assignments: null }]
    this.#follow(this.#broker.request(CreatePartitions, 2, { topics, timeoutMs: 1000, validateOnly: false }), answer => {
      if (topic.state !== 'there') return
      if (this.#isDone(answer.results[0]!.errorCode, `growth of ${topic.name}`)) topic.partitionsMin = count
      else if (this.#broker.fatal.length === 0) {
        topic.partitionsMax = topic.partitionsMin
        topic.partitions.pop()
      }
    })
  }

  /** Deletes what a consumer has read. */
  #trim(topic: TopicLedger, index: number, partition: PartitionLedger): void {
    const open = this.#broker.core.services.topics.partition(topic.name, index)
    if (open === undefined || partition.readAt <= partition.startMax) return
    const offset = Math.min(this.#random.between(partition.startMax + 1, partition.readAt), open.highWatermark)
    partition.startMax = Math.max(partition.startMax, offset)
    this.#follow(open.upkeep.deleteRecordsBefore(offset), errorCode => {
      if (topic.state !== 'there') return
      if (this.#isDone(errorCode, `deletion of records of ${topic.name}-${index}`)) {
        partition.startMin = Math.max(partition.startMin, offset)
      }
    })
  }

  #newProducer(): void {
    const body = { transactionalId: null, transactionTimeoutMs: 1000 }
    this.#follow(this.#broker.request(InitProducerId, 4, body), ({ errorCode, producerId }) => {
      if (this.#isDone(errorCode, 'a new producer id')) this.#ledger.producerIds.add(producerId)
    })
  }
}

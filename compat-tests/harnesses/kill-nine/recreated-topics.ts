/**
 * Topics that come and go while the broker is killed: made with a configuration, written to, deleted, made again under the
 * same name. What was acknowledged holds after every crash: a topic that was made is there as it was made, one that was
 * deleted is gone, and one that is made again is another topic and empty. What was under way when the broker died may have
 * happened or not; a deletion that was not acknowledged may have taken the records and left the topic.
 */
import { Errors, errorName } from '#protocol/errors.js'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DeleteTopics } from '#protocol/messages/delete-topics.js'
import { DescribeConfigs } from '#protocol/messages/describe-configs.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { delay } from '../../lib/patience.js'
import type { Random } from '../../lib/random.js'
import { ConnectionLost, WireClient } from '../../lib/wire-client.js'
import { partitionKey, recordValue } from './ledger.js'
import { readLog } from './reader.js'

const names = ['mortal-a', 'mortal-b', 'mortal.c', 'mortal_d', 'mortal-e', 'mortal-f']
const topicResource = 2
const reconnectMs = 15
const pauseMsMax = 60
const recordsPerBatchMax = 8

/** One topic of a name; the next of the same name is another one. */
interface Life {
  /** In every record that is written to it. */
  readonly label: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
  /** Null until the creation was answered. */
  topicId: string | null
  /** By partition: records that were acknowledged, and that were sent. */
  readonly records: { acknowledged: number; sent: number }[]
  state: 'creating' | 'there' | 'deleting'
}

export class RecreatedTopics {
  readonly problems: string[] = []
  readonly counts = { topicsCreated: 0, topicsDeleted: 0, topicsDecidedByACrash: 0 }
  /** A name that is not in here is gone. */
  readonly #lives = new Map<string, Life>()
  readonly #topicIds = new Set<string>()
  #livesBegun = 0
  #isStopping = false

  constructor(
    private readonly bootstrap: string,
    private readonly random: Random,
  ) {}

  /** Ends when told to stop, after a last look, or at the first problem. */
  async run(): Promise<void> {
    for (let isDone = false; !isDone && this.problems.length === 0; ) {
      try {
        isDone = await this.#serve(await WireClient.connect(this.bootstrap, 'recreated-topics'))
      } catch (error) {
        if (!(error instanceof ConnectionLost)) this.problems.push((error as Error).message)
        await delay(reconnectMs)
      }
    }
  }

  stop(): void {
    this.#isStopping = true
  }

  /** One connection's life; true when it is over for good. @throws ConnectionLost */
  async #serve(client: WireClient): Promise<boolean> {
    try {
      for (const name of names) await this.#check(client, name)
      while (!this.#isStopping && this.problems.length === 0) {
        await this.#step(client, this.random.pick(names))
        await delay(this.random.below(pauseMsMax))
      }
      for (const name of names) await this.#check(client, name)
      return true
    } finally {
      client.close()
    }
  }

  async #step(client: WireClient, name: string): Promise<void> {
    const life = this.#lives.get(name)
    if (life === undefined) await this.#create(client, name)
    else if (this.random.oneIn(3)) await this.#delete(client, name, life)
    else await this.#write(client, name, life)
  }

  // --- what they do ---

  async #create(client: WireClient, name: string): Promise<void> {
    const partitions = this.random.between(1, 3)
    const configs = { 'retention.ms': String(this.random.between(3_600_000, 999_999_999)) }
    const records = Array.from({ length: partitions }, () => ({ acknowledged: 0, sent: 0 }))
    const life: Life = { label: `life-${++this.#livesBegun}`, partitions, configs, topicId: null, records, state: 'creating' }
    this.#lives.set(name, life)
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
    const topic = { name, numPartitions: partitions, replicationFactor: -1, assignments: [], configs: entries }
    const answer = await client.request(CreateTopics, 7, { topics: [topic], timeoutMs: 30_000 })
    const { errorCode, topicId, errorMessage } = answer.topics[0]!
    if (errorCode !== 0) {
      this.problems.push(`CreateTopics ${name}: ${errorName(errorCode)} ${errorMessage ?? ''}`)
      return
    }
    this.counts.topicsCreated++
    this.#begin(name, life, topicId)
    await this.#checkRecords(client, name, life)
  }

  #begin(name: string, life: Life, topicId: string): void {
    if (this.#topicIds.has(topicId)) this.problems.push(`${name} is made again with the id ${topicId}, which was there before`)
    this.#topicIds.add(topicId)
    life.topicId = topicId
    life.state = 'there'
  }

  async #write(client: WireClient, name: string, life: Life): Promise<void> {
    const index = this.random.below(life.partitions)
    const place = life.records[index]!
    const count = this.random.between(1, recordsPerBatchMax)
    const values = Array.from({ length: count }, (_, n) => recordValue(life.label, place.sent + n, this.random.below(2000)))
    place.sent += count
    const records = buildBatch(
      values.map(value => ({ key: null, value })),
      { timestampMs: Date.now() },
    )
    const topicData = [{ name, partitionData: [{ index, records }] }]
    const answer = await client.request(Produce, 9, { acks: -1, timeoutMs: 30_000, topicData })
    const { errorCode } = answer.responses[0]!.partitionResponses[0]!
    if (errorCode === 0) place.acknowledged = place.sent
    else this.problems.push(`Produce to ${partitionKey(name, index)}: ${errorName(errorCode)}`)
  }

  async #delete(client: WireClient, name: string, life: Life): Promise<void> {
    life.state = 'deleting'
    const answer = await client.request(DeleteTopics, 5, { topicNames: [name], timeoutMs: 30_000 })
    const { errorCode } = answer.responses[0]!
    if (errorCode !== 0) {
      this.problems.push(`DeleteTopics ${name}: ${errorName(errorCode)}`)
      return
    }
    this.counts.topicsDeleted++
    this.#lives.delete(name)
  }

  // --- what must be there ---

  async #check(client: WireClient, name: string): Promise<void> {
    const life = this.#lives.get(name)
    const metadata = await client.request(Metadata, 10, { topics: [{ name }], allowAutoTopicCreation: false })
    const { errorCode, topicId, partitions } = metadata.topics[0]!
    const isThere = errorCode === 0
    if (!isThere && errorCode !== Errors.UNKNOWN_TOPIC_OR_PARTITION) {
      this.problems.push(`${name}: ${errorName(errorCode)}`)
    } else if (life === undefined) {
      if (isThere) this.problems.push(`${name} was deleted and is there`)
    } else if (!isThere) {
      if (life.state === 'there') this.problems.push(`${name} was made and is gone`)
      else this.counts.topicsDecidedByACrash++
      this.#lives.delete(name)
    } else {
      if (life.state !== 'there') this.counts.topicsDecidedByACrash++
      const mayBeEmpty = life.state === 'deleting'
      if (life.topicId === null) this.#begin(name, life, topicId)
      if (topicId !== life.topicId) this.problems.push(`${name}: id ${topicId}, was ${life.topicId}`)
      if (partitions.length !== life.partitions)
        this.problems.push(`${name}: ${partitions.length} of ${life.partitions} partitions`)
      life.state = 'there'
      await this.#checkConfigs(client, name, life)
      await this.#checkRecords(client, name, life, mayBeEmpty)
    }
  }

  async #checkConfigs(client: WireClient, name: string, { configs }: Life): Promise<void> {
    const asked = { resourceType: topicResource, resourceName: name, configurationKeys: Object.keys(configs) }
    const { results } = await client.request(DescribeConfigs, 2, { resources: [asked] })
    for (const [key, value] of Object.entries(configs)) {
      const found = results[0]?.configs.find(config => config.name === key)?.value
      if (found !== value) this.problems.push(`${name}: ${key}=${found}, was ${value}`)
    }
  }

  /** The records of this life and no other, each once and in order; what was not acknowledged may be there or not. */
  async #checkRecords(client: WireClient, name: string, life: Life, mayBeEmpty = false): Promise<void> {
    for (const [index, place] of life.records.entries()) {
      const key = partitionKey(name, index)
      const log = await readLog(client, { topic: name, partition: index })
      const strange = log.find(({ producer, number, offset }, n) => producer !== life.label || number !== n || offset !== n)
      if (strange !== undefined) {
        this.problems.push(`${key} of ${life.label}: ${strange.producer} ${strange.number} at ${strange.offset}`)
      } else if (log.length > place.sent || (log.length < place.acknowledged && !(mayBeEmpty && log.length === 0))) {
        this.problems.push(`${key}: ${log.length} records, ${place.acknowledged} acknowledged, ${place.sent} sent`)
      }
      place.acknowledged = place.sent = log.length
    }
  }
}

// Producers that do nothing but transactions, one after another, as Kafka 4's client does it with KIP-890: batches that add
// their partition by themselves, and an EndTxn whose answer gives the epoch of the next one. Counted are the transactions, and
// how long their commits took.
import { setTimeout as sleep } from 'node:timers/promises'
import { Errors } from '#protocol/errors.js'
import { EndTxn } from '#protocol/messages/end-txn.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { Produce } from '#protocol/messages/produce.js'
import { sequenceAfter, stampCrc } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { WireClient } from '../../compat-tests/lib/wire-client.js'
import type { Histogram } from './histogram.js'
import type { Endpoint, Topic } from './requests.js'

/** The first that add partitions, and that bump the epoch. */
const versions = { findCoordinator: 3, initProducerId: 4, produce: 12, endTxn: 5 } as const
const timeoutMs = 30_000
const transactionTimeoutMs = 600_000
/** What a stock producer keeps in flight, and lets a batch hold. */
const inFlightMax = 5
const recordsPerBatch = 64
/** Of Java's client, when the transaction before is not quite over. */
const retryMs = 20
const retriesMax = 500

const producerIdAt = 43
const producerEpochAt = 51
const baseSequenceAt = 53

/** Whether this load can be put on a broker. */
export function reasonAgainst({ versions: served }: Pick<Endpoint, 'versions'>): string | null {
  const isServed = (served.get(Produce.key) ?? 0) >= versions.produce && (served.get(EndTxn.key) ?? 0) >= versions.endTxn
  return isServed ? null : 'serves no transactions of KIP-890'
}

export class TransactionalProducer {
  readonly #client: WireClient
  readonly #topic: Topic
  readonly #transactionalId: string
  readonly #batches: readonly Buffer[]
  #producerId = -1
  #producerEpoch = -1
  #sequence = 0

  /** The batches of one transaction hold so many records. */
  static async open({ port }: Endpoint, topic: Topic, transactionalId: string, records: number, valueBytes: number) {
    const client = await WireClient.connect(`127.0.0.1:${port}`, 'gregor-bench')
    const producer = new TransactionalProducer(client, topic, transactionalId, batchesOf(records, valueBytes))
    await producer.#init()
    return producer
  }

  private constructor(client: WireClient, topic: Topic, transactionalId: string, batches: readonly Buffer[]) {
    this.#client = client
    this.#topic = topic
    this.#transactionalId = transactionalId
    this.#batches = batches
  }

  close(): void {
    this.#client.close()
  }

  /** Writes all batches of a transaction and leaves it open. */
  async begin(): Promise<void> {
    const inFlight: Promise<void>[] = []
    for (const batch of this.#batches) {
      if (inFlight.length === inFlightMax) await inFlight.shift()
      // The first adds the partition; until it has, those behind it would be refused.
      if (this.#sequence === 0) await this.#produce(batch)
      else inFlight.push(this.#produce(batch))
    }
    await Promise.all(inFlight)
  }

  async end(committed: boolean): Promise<void> {
    const { errorCode, producerId, producerEpoch } = await this.#client.request(EndTxn, versions.endTxn, {
      transactionalId: this.#transactionalId,
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      committed,
    })
    if (errorCode !== Errors.NONE) throw new Error(`EndTxn is answered with error ${errorCode}`)
    this.#become(producerId, producerEpoch)
  }

  /** One after another until the time is over; how many there were. */
  async run(untilMs: number, commits: Histogram): Promise<number> {
    let transactions = 0
    for (; performance.now() < untilMs; transactions++) {
      await this.begin()
      const startMs = performance.now()
      await this.end(true)
      commits.record(performance.now() - startMs)
    }
    return transactions
  }

  async #init(): Promise<void> {
    for (let retry = 0; ; retry++) {
      // Whoever asks for the first coordinator has its topic made.
      await this.#client.request(FindCoordinator, versions.findCoordinator, { key: this.#transactionalId, keyType: 1 })
      const request = { transactionalId: this.#transactionalId, transactionTimeoutMs }
      const { errorCode, producerId, producerEpoch } = await this.#client.request(
        InitProducerId,
        versions.initProducerId,
        request,
      )
      if (errorCode === Errors.NONE) {
        this.#become(producerId, producerEpoch)
        return
      }
      if (!isPassing(errorCode) || retry === retriesMax) throw new Error(`InitProducerId is answered with error ${errorCode}`)
      await sleep(retryMs)
    }
  }

  #become(producerId: number, producerEpoch: number): void {
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
    this.#sequence = 0
  }

  async #produce(batch: Buffer): Promise<void> {
    batch.writeBigInt64BE(BigInt(this.#producerId), producerIdAt)
    batch.writeInt16BE(this.#producerEpoch, producerEpochAt)
    batch.writeInt32BE(this.#sequence, baseSequenceAt)
    stampCrc(batch, 0)
    this.#sequence = sequenceAfter(this.#sequence, batch.readInt32BE(recordCountAt))
    // Not stamped again before it is sent: that copies it.
    const body = {
      transactionalId: this.#transactionalId,
      acks: -1,
      timeoutMs,
      topicData: [{ name: this.#topic.name, partitionData: [{ index: 0, records: batch }] }],
    }
    for (let retry = 0; ; retry++) {
      const { responses } = await this.#client.request(Produce, versions.produce, body)
      const errorCode = responses[0]?.partitionResponses[0]?.errorCode
      if (errorCode === Errors.NONE) return
      if (errorCode === undefined || !isPassing(errorCode) || retry === retriesMax) {
        throw new Error(`Produce is answered with error ${errorCode}`)
      }
      await sleep(retryMs)
    }
  }
}

const recordCountAt = 57

function batchesOf(records: number, valueBytes: number): Buffer[] {
  const batches: Buffer[] = []
  for (let left = records; left > 0; left -= recordsPerBatch) {
    const count = Math.min(left, recordsPerBatch)
    const values = Array.from({ length: count }, () => ({ key: null, value: Buffer.alloc(valueBytes, 'x') }))
    batches.push(Buffer.from(buildBatch(values, { timestampMs: Date.now(), isTransactional: true })))
  }
  return batches
}

function isPassing(errorCode: number): boolean {
  return (
    errorCode === Errors.CONCURRENT_TRANSACTIONS ||
    errorCode === Errors.COORDINATOR_NOT_AVAILABLE ||
    errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS ||
    errorCode === Errors.NOT_COORDINATOR
  )
}

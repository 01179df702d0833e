/**
 * An idempotent producer that leaves nothing to chance: one partition, one connection, up to five batches in flight, each
 * with a sequence of its own choosing. After a lost connection it sends every unanswered batch again, byte for byte with
 * the same sequences, in order. Any error code is a finding: a broker that only ever crashes has no reason to refuse.
 */
import { errorName } from '#protocol/errors.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { Produce } from '#protocol/messages/produce.js'
import { sequenceAfter } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { delay } from '../../lib/patience.js'
import type { Random } from '../../lib/random.js'
import { ConnectionLost, WireClient } from '../../lib/wire-client.js'
import { type Ledger, partitionKey, recordValue } from './ledger.js'

const IN_FLIGHT_MAX = 5
const RECORDS_PER_BATCH_MAX = 20
const PRODUCE_VERSION = 9
const RECONNECT_MS = 15

interface Batch {
  readonly firstNumber: number
  readonly count: number
  readonly bytes: Uint8Array
}

export interface ProducerPlace {
  readonly bootstrap: string
  readonly topic: string
  readonly partition: number
  readonly name: string
  /** A new producer id may begin anywhere; near 2^31 - 1 the sequences soon wrap. */
  readonly firstSequence: number
  /** Of a record's value, in bytes. */
  readonly paddingMax: number
  /** Between bursts, so that consumers on the same two cores keep up. */
  readonly pauseMsMax: number
}

export class SequencedProducer {
  readonly problems: string[] = []
  /** Batches sent a second time because their answer was lost; some of them had been stored. */
  resentBatches = 0
  producerId = -1
  #nextSequence: number
  #nextNumber = 0
  #isStopping = false
  readonly #unanswered: Batch[] = []

  constructor(
    readonly place: ProducerPlace,
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {
    this.#nextSequence = place.firstSequence
  }

  /** Ends when told to stop and everything is answered, or at the first problem. */
  async run(): Promise<void> {
    while (this.problems.length === 0 && !(this.#isStopping && this.#unanswered.length === 0)) {
      try {
        await this.#serve(await WireClient.connect(this.place.bootstrap, this.place.name))
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        await delay(RECONNECT_MS)
      }
    }
  }

  stop(): void {
    this.#isStopping = true
  }

  /** One connection's life. @throws ConnectionLost */
  async #serve(client: WireClient): Promise<void> {
    try {
      if (this.producerId < 0) await this.#introduce(client)
      let wake = () => {}
      let lost: unknown = null
      const send = (batch: Batch) => {
        this.#request(client, batch).then(
          () => wake(),
          error => {
            lost ??= error
            wake()
          },
        )
      }
      for (const batch of this.#unanswered) send(batch)
      this.resentBatches += this.#unanswered.length
      while (lost === null && this.problems.length === 0) {
        const burst = this.#isStopping ? 0 : this.random.between(1, IN_FLIGHT_MAX)
        while (this.#unanswered.length < burst) send(this.#newBatch())
        if (this.#unanswered.length === 0 && this.#isStopping) return
        if (this.#unanswered.length >= burst && this.#unanswered.length > 0) {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
        if (this.random.oneIn(2)) await delay(this.random.below(this.place.pauseMsMax))
      }
      if (lost !== null) throw lost
    } finally {
      client.close()
    }
  }

  async #introduce(client: WireClient): Promise<void> {
    const answer = await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
    if (answer.errorCode !== 0) this.#problem(`InitProducerId: ${errorName(answer.errorCode)}`)
    this.producerId = answer.producerId
  }

  #newBatch(): Batch {
    const count = this.random.between(1, RECORDS_PER_BATCH_MAX)
    const firstNumber = this.#nextNumber
    const records = Array.from({ length: count }, (_, index) => ({
      key: null,
      value: recordValue(this.place.name, firstNumber + index, this.random.below(this.place.paddingMax)),
    }))
    const bytes = buildBatch(records, {
      producerId: this.producerId,
      producerEpoch: 0,
      baseSequence: this.#nextSequence,
      timestampMs: Date.now(),
    })
    const batch = { firstNumber, count, bytes }
    this.#nextNumber += count
    this.#nextSequence = sequenceAfter(this.#nextSequence, count)
    this.#unanswered.push(batch)
    return batch
  }

  async #request(client: WireClient, batch: Batch): Promise<void> {
    const { topic, partition, name } = this.place
    const answer = await client.request(Produce, PRODUCE_VERSION, {
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: topic, partitionData: [{ index: partition, records: batch.bytes }] }],
    })
    const { errorCode, baseOffset, errorMessage } = answer.responses[0]!.partitionResponses[0]!
    if (errorCode !== 0) {
      this.#problem(
        `${batch.firstNumber} … ${batch.firstNumber + batch.count - 1}: ${errorName(errorCode)} ${errorMessage ?? ''}`,
      )
      return
    }
    if (this.#unanswered.shift() !== batch) this.#problem(`an answer out of order at ${batch.firstNumber}`)
    for (let index = 0; index < batch.count; index++) {
      this.ledger.acknowledge(partitionKey(topic, partition), name, batch.firstNumber + index, baseOffset + index)
    }
  }

  #problem(text: string): void {
    this.problems.push(`${this.place.name} on ${partitionKey(this.place.topic, this.place.partition)}: ${text}`)
  }
}

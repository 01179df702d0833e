/**
 * A transactional producer by hand, for what no tool leaves behind: transactions that stay open, are aborted, or hang. As old
 * clients do it: partitions are added by a request, and the epoch stays.
 */
import { AddPartitionsToTxn } from '#protocol/messages/add-partitions-to-txn.js'
import { EndTxn } from '#protocol/messages/end-txn.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { WireClient } from '../../lib/wire-client.js'

const versions = { initProducerId: 4, addPartitions: 3, produce: 9, endTxn: 3 } as const
const timeoutMs = 10_000
/** Long enough not to end by itself while the tools look at it. */
const transactionTimeoutMs = 600_000
const passing: readonly number[] = [14, 15, 16, 51]

export class HandMadeProducer {
  #sequence = 0

  static async init(bootstrap: string, transactionalId: string): Promise<HandMadeProducer> {
    const client = await WireClient.connect(bootstrap)
    for (;;) {
      const request = { transactionalId, transactionTimeoutMs }
      const { errorCode, producerId, producerEpoch } = await client.request(InitProducerId, versions.initProducerId, request)
      if (errorCode === 0) return new HandMadeProducer(client, transactionalId, producerId, producerEpoch)
      if (!passing.includes(errorCode)) throw new Error(`InitProducerId is answered with error ${errorCode}`)
    }
  }

  private constructor(
    private readonly client: WireClient,
    readonly transactionalId: string,
    readonly producerId: number,
    readonly producerEpoch: number,
  ) {}

  close(): void {
    this.client.close()
  }

  async add(topic: string, partition = 0): Promise<void> {
    const { resultsByTopicV3AndBelow: results } = await this.client.request(AddPartitionsToTxn, versions.addPartitions, {
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: this.producerId,
      v3AndBelowProducerEpoch: this.producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
    })
    const errorCode = results[0]?.resultsByPartition[0]?.partitionErrorCode
    if (errorCode !== 0) throw new Error(`AddPartitionsToTxn is answered with error ${errorCode}`)
  }

  /** The offset of the first of the values. */
  async produce(topic: string, values: readonly string[], partition = 0): Promise<number> {
    const records = buildBatch(
      values.map(value => ({ key: null, value: Buffer.from(value) })),
      {
        timestampMs: Date.now(),
        producerId: this.producerId,
        producerEpoch: this.producerEpoch,
        baseSequence: this.#sequence,
        isTransactional: true,
      },
    )
    const { responses } = await this.client.request(Produce, versions.produce, {
      transactionalId: this.transactionalId,
      acks: -1,
      timeoutMs,
      topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
    })
    const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!
    if (errorCode !== 0) throw new Error(`Produce is answered with error ${errorCode}`)
    this.#sequence += values.length
    return baseOffset
  }

  /** The error code. */
  async end(committed: boolean): Promise<number> {
    for (;;) {
      const { transactionalId, producerId, producerEpoch } = this
      const request = { transactionalId, producerId, producerEpoch, committed }
      const { errorCode } = await this.client.request(EndTxn, versions.endTxn, request)
      if (!passing.includes(errorCode)) return errorCode
    }
  }
}

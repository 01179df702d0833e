/** Writes one idempotent batch and waits for it, for harnesses that need input before anything else begins. */
import { errorName } from '#protocol/errors.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch, type NewRecord } from '#protocol/records/build.js'
import type { PartitionPlace } from './committed-reader.js'
import { eventually } from './patience.js'
import type { WireClient } from './wire-client.js'

const PRODUCE_VERSION = 9
const APPEND_MS_MAX = 60_000
/** Real Kafka has new partitions led after a while, and a busy one loses them for a moment. */
const notYet = ['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_TOPIC_OR_PARTITION']

export interface Sequence {
  readonly producerId: number
  readonly baseSequence: number
}

/** @throws Error for a refusal, or when it is not there in time. */
export async function appendBatch(
  client: WireClient,
  { topic, partition }: PartitionPlace,
  { producerId, baseSequence }: Sequence,
  records: readonly NewRecord[],
): Promise<void> {
  const bytes = buildBatch(records, { producerId, producerEpoch: 0, baseSequence, timestampMs: Date.now() })
  const topicData = [{ name: topic, partitionData: [{ index: partition, records: bytes }] }]
  let error = ''
  const isDecided = async () => {
    const answer = await client.request(Produce, PRODUCE_VERSION, { acks: -1, timeoutMs: 30_000, topicData })
    error = errorName(answer.responses[0]!.partitionResponses[0]!.errorCode)
    return !notYet.includes(error)
  }
  await eventually(isDecided, APPEND_MS_MAX)
  if (error !== 'NONE') throw new Error(`Produce ${topic}-${partition}: ${error}`)
}

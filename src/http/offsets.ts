/** Where logs begin and end, by ListOffsets, for many partitions. */
import { Errors } from '../protocol/errors.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import type { KafkaClient } from './kafka-client.js'
import { kafkaFailure } from './kafka-failures.js'

export const latest = -1
export const earliest = -2

/** topic → partition → value */
export type ByPartition<Value> = Map<string, Map<number, Value>>
/** topic → partitions */
export type Partitions = ReadonlyMap<string, readonly number[]>

const partitionsPerCallMax = 2000

export interface Found {
  readonly offset: number
  readonly timestampMs: number
  readonly errorCode: number
}

/** Errors stay with their partitions. */
export async function findOffsets(
  kafka: KafkaClient,
  partitions: Partitions,
  timestamp: number,
  isolationLevel: 0 | 1 = 0,
): Promise<ByPartition<Found>> {
  const found: ByPartition<Found> = new Map()
  for (const chunk of chunks(partitions)) {
    const topics = Array.from(chunk, ([name, indexes]) => ({
      name,
      partitions: indexes.map(partitionIndex => ({ partitionIndex, timestamp })),
    }))
    const answer = await kafka.call(ListOffsets, { replicaId: -1, isolationLevel, topics })
    for (const { name, partitions: answered } of answer.topics) {
      const ofTopic = found.get(name) ?? new Map<number, Found>()
      found.set(name, ofTopic)
      for (const { partitionIndex, offset, timestamp: timestampMs, errorCode } of answered) {
        ofTopic.set(partitionIndex, { offset, timestampMs: Number(timestampMs), errorCode })
      }
    }
  }
  return found
}

/** @throws HttpFailure with the first error */
export function foundAt(found: ByPartition<Found>, topic: string, partition: number): number {
  const { offset, errorCode } = found.get(topic)?.get(partition) ?? { offset: -1, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }
  if (errorCode !== Errors.NONE) throw kafkaFailure(errorCode)
  return offset
}

function* chunks(partitions: Partitions): Generator<Map<string, number[]>> {
  let chunk = new Map<string, number[]>()
  let count = 0
  for (const [topic, indexes] of partitions) {
    for (let at = 0; at < indexes.length; ) {
      const taken = indexes.slice(at, at + partitionsPerCallMax - count)
      chunk.set(topic, taken)
      count += taken.length
      at += taken.length
      if (count < partitionsPerCallMax) continue
      yield chunk
      chunk = new Map()
      count = 0
    }
  }
  if (count > 0) yield chunk
}

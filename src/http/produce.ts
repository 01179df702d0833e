/** Records on their way into a topic: to the partition that they name, or that Java's producer would choose for their key. */
import type { Bytes } from '../base/bytes.js'
import type { World } from '../base/world.js'
import { Errors } from '../protocol/errors.js'
import { Produce } from '../protocol/messages/produce.js'
import { buildBatch, type NewRecord } from '../protocol/records/build.js'
import type { KafkaClient } from './kafka-client.js'
import { kafkaFailure } from './kafka-failures.js'
import { bytesOf, type RecordInput } from './record-json.js'

export interface Written {
  readonly partition: number
  readonly offset: number
}

/** Topics by name; from 13 on they have ids. */
const produceVersion = 12
const timeoutMs = 30_000

/** In the order of the records. @throws HttpFailure with the first refusal; records of other partitions may be written then */
export async function produce(
  kafka: KafkaClient,
  topic: string,
  partitions: readonly number[],
  records: readonly RecordInput[],
  world: World,
): Promise<Written[]> {
  const byPartition = new Map<number, { readonly record: NewRecord; readonly at: number }[]>()
  const spread = randomPartition(partitions, world)
  for (const [at, { partition, key, value, headers, timestampMs }] of records.entries()) {
    const keyBytes = bytesOf(key)
    const chosen = partition ?? (keyBytes === null ? spread : partitionOfKey(keyBytes, partitions.length))
    const record: NewRecord = {
      key: keyBytes,
      value: bytesOf(value),
      headers: headers.map(header => ({ key: header.key, value: bytesOf(header.value) })),
      timestampMs: timestampMs ?? world.nowMs(),
    }
    const ofPartition = byPartition.get(chosen) ?? []
    byPartition.set(chosen, ofPartition)
    ofPartition.push({ record, at })
  }
  const partitionData = Array.from(byPartition, ([index, entries]) => ({
    index,
    records: buildBatch(entries.map(({ record }) => record)),
  }))
  const { responses } = await kafka.call(
    Produce,
    { acks: -1, timeoutMs, topicData: [{ name: topic, partitionData }] },
    produceVersion,
  )
  const written: Written[] = []
  for (const { index, errorCode, errorMessage, baseOffset } of responses[0]?.partitionResponses ?? []) {
    if (errorCode !== Errors.NONE) {
      const why = errorMessage === null || errorMessage === undefined ? '' : `: ${errorMessage}`
      throw kafkaFailure(errorCode, byPartition.size > 1 ? `Partition ${index}${why}; others may be written.` : errorMessage)
    }
    for (const [n, { at }] of (byPartition.get(index) ?? []).entries()) written[at] = { partition: index, offset: baseOffset + n }
  }
  if (written.length < records.length) throw kafkaFailure(Errors.UNKNOWN_SERVER_ERROR)
  return written
}

/** One for all records without a key, as a producer fills one batch. */
function randomPartition(partitions: readonly number[], world: World): number {
  const [a = 0, b = 0, c = 0] = world.randomBytes(3)
  return partitions[((a << 16) | (b << 8) | c) % partitions.length] ?? 0
}

/** As Java's producer chooses it. */
export function partitionOfKey(key: Bytes, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions
}

function murmur2(bytes: Bytes): number {
  const m = 0x5bd1e995
  const length = bytes.byteLength
  let h = 0x9747b28c ^ length
  const whole = length - (length % 4)
  for (let at = 0; at < whole; at += 4) {
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    h = Math.imul(h, m) ^ Math.imul(k, m)
  }
  if (length - whole >= 3) h ^= bytes[whole + 2]! << 16
  if (length - whole >= 2) h ^= bytes[whole + 1]! << 8
  if (length - whole >= 1) h = Math.imul(h ^ bytes[whole]!, m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}

/**
 * `gregor-checkpoint` in the root of a data directory: for every partition how far it is recovered, where it starts and how
 * far it is compacted. Kafka's own checkpoints say the same, and are written for Kafka and its tools, but they cannot be
 * relied on: they name a partition and not its topic's id, so that what they say of a deleted topic is taken for its
 * successor of the same name, and they have no checksum, so that one wrong bit in a start offset hides records. Where this
 * file is missing (a directory that Kafka wrote), they are all there is.
 *
 *   gregor-checkpoint 1
 *   topic partition topicId recoveryPoint logStartOffset cleanedTo       -1: never compacted
 *   …
 *   crc32c 1a2b3c4d                                                      over everything above
 */
import { asBuffer, type Bytes, utf8Encode } from '../base/bytes.js'
import type { Offset, Uuid } from '../base/ids.js'
import { crc32c } from '../protocol/records/crc32c.js'
import { partitionName } from './checkpoint.js'

export const directoryStateFile = 'gregor-checkpoint'

const firstLine = 'gregor-checkpoint 1'
const crcLine = /^crc32c ([0-9a-f]{8})\n$/

export interface PartitionState {
  readonly topicId: Uuid
  readonly recoveryPoint: Offset
  readonly logStartOffset: Offset
  readonly cleanedTo: Offset | null
}

export interface NamedPartitionState extends PartitionState {
  readonly topic: string
  readonly index: number
}

export function directoryStateText(partitions: Iterable<NamedPartitionState>): string {
  let text = `${firstLine}\n`
  for (const { topic, index, topicId, recoveryPoint, logStartOffset, cleanedTo } of partitions) {
    text += `${topic} ${index} ${topicId} ${recoveryPoint} ${logStartOffset} ${cleanedTo ?? -1}\n`
  }
  return `${text}crc32c ${checksum(utf8Encode(text))}\n`
}

/** By partition name; null when the bytes are not what was written. */
export function parseDirectoryState(bytes: Bytes): ReadonlyMap<string, PartitionState> | null {
  const text = asBuffer(bytes).toString()
  const end = text.lastIndexOf('crc32c ')
  const crc = end < 0 ? undefined : crcLine.exec(text.slice(end))?.[1]
  if (crc === undefined || !text.startsWith(`${firstLine}\n`) || crc !== checksum(utf8Encode(text.slice(0, end)))) return null
  const states = new Map<string, PartitionState>()
  for (const line of text
    .slice(firstLine.length + 1, end)
    .split('\n')
    .slice(0, -1)) {
    const [topic = '', index, topicId = '', ...offsets] = line.split(' ')
    const [recoveryPoint = 0, logStartOffset = 0, cleanedTo = -1] = offsets.map(Number)
    const state = { topicId, recoveryPoint, logStartOffset, cleanedTo: cleanedTo < 0 ? null : cleanedTo }
    states.set(partitionName(topic, Number(index)), state)
  }
  return states
}

function checksum(bytes: Bytes): string {
  return crc32c(bytes, 0, bytes.byteLength).toString(16).padStart(8, '0')
}

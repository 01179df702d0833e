/**
 * `gregor-checkpoint` in the root of a data directory: for every partition how far it is recovered, where it starts and how
 * far it is compacted. Kafka's own checkpoints say the same, and are written for Kafka and its tools, but they cannot be
 * relied on: they name a partition and not its topic's id, so that what they say of a deleted topic is taken for its
 * successor of the same name, and they have no checksum, so that one wrong bit in a start offset hides records. Where this
 * file is missing (a directory that Kafka wrote), they are all there is.
 *
 *   gregor-checkpoint 1
 *   leaderEpoch 3
 *   quorumState 1a2b3c4d
 *   topic partition topicId recoveryPoint logStartOffset cleanedTo baseOffset bytes producers epochs aborted
 *   …
 *   crc32c 1a2b3c4d
 *
 * `leaderEpoch` is the lowest that a partition may have from now on; the line is missing where that is 0. After a start without
 * an orderly stop before it, what is written is told by a higher one from what was lost with the end of a log.
 * `quorumState` is the checksum of Kafka's file of that name as it was, the line is missing where there was none: when it is
 * another one now, a Kafka has had the directory since, and nothing of this is believed.
 * `cleanedTo` is -1 where nothing was ever compacted. What follows it describes the log as it is when it is closed in order:
 * start and size of its last segment, how many producers it knows, its leader epochs as `epoch@start,epoch@start` or `-`, and
 * how many aborted transactions its indexes name, where there are any.
 * A log that still is like that needs no reading. The checksum is over everything above it.
 */
import { asBuffer, type Bytes, utf8Encode } from '../../base/bytes.js'
import type { LeaderEpoch, Offset, Uuid } from '../../base/ids.js'
import { crc32c } from '../../protocol/records/crc32c.js'
import type { Files } from '../files.js'
import { partitionName } from './checkpoint.js'

export const directoryStateFile = 'gregor-checkpoint'

const firstLine = 'gregor-checkpoint 1'
const epochName = 'leaderEpoch'
const quorumName = 'quorumState'
/** Each start of Kafka writes another one: a new leader epoch. */
const quorumStateFile = '__cluster_metadata-0/quorum-state'
const crcLine = /^crc32c ([0-9a-f]{8})\n$/

export interface DirectoryState {
  readonly leaderEpochMin: LeaderEpoch
  readonly quorumState: string | null
  /** By partition name. */
  readonly partitions: ReadonlyMap<string, PartitionState>
}

export interface PartitionState {
  readonly topicId: Uuid
  readonly recoveryPoint: Offset
  readonly logStartOffset: Offset
  readonly cleanedTo: Offset | null
  /** Null when it was not written down: in a checkpoint of an older release. */
  readonly asLeft: LogAsLeft | null
}

/** A log when nothing writes to it any more. */
export interface LogAsLeft {
  readonly lastSegment: { readonly baseOffset: Offset; readonly size: number }
  readonly producerCount: number
  readonly epochs: readonly EpochStart[]
  readonly abortedCount: number
}

export interface EpochStart {
  readonly epoch: LeaderEpoch
  readonly start: Offset
}

export interface NamedPartitionState extends Omit<PartitionState, 'logStartOffset'> {
  readonly startToKeep: Offset
  readonly topic: string
  readonly index: number
}

/** `metadataFolder`: the data directory with the cluster's metadata. */
export function readQuorumState(files: Files, metadataFolder: string): string | null {
  const bytes = files.readWhole(`${metadataFolder}/${quorumStateFile}`)
  return bytes === null ? null : checksum(bytes)
}

export function directoryStateText(
  partitions: Iterable<NamedPartitionState>,
  leaderEpochMin: LeaderEpoch,
  quorumState: string | null,
): string {
  let text = `${firstLine}\n`
  if (leaderEpochMin > 0) text += `${epochName} ${leaderEpochMin}\n`
  if (quorumState !== null) text += `${quorumName} ${quorumState}\n`
  for (const { topic, index, topicId, recoveryPoint, startToKeep, cleanedTo, asLeft } of partitions) {
    const end = asLeft === null ? '' : ` ${textAsLeft(asLeft)}`
    text += `${topic} ${index} ${topicId} ${recoveryPoint} ${startToKeep} ${cleanedTo ?? -1}${end}\n`
  }
  return `${text}crc32c ${checksum(utf8Encode(text))}\n`
}

/** Null when the bytes are not what was written. */
export function parseDirectoryState(bytes: Bytes): DirectoryState | null {
  const text = asBuffer(bytes).toString()
  const end = text.lastIndexOf('crc32c ')
  const crc = end < 0 ? undefined : crcLine.exec(text.slice(end))?.[1]
  if (crc === undefined || !text.startsWith(`${firstLine}\n`) || crc !== checksum(utf8Encode(text.slice(0, end)))) return null
  const partitions = new Map<string, PartitionState>()
  let leaderEpochMin: LeaderEpoch = 0
  let quorumState: string | null = null
  for (const line of text
    .slice(firstLine.length + 1, end)
    .split('\n')
    .slice(0, -1)) {
    const [topic = '', index, topicId = '', recoveryPoint, logStartOffset, cleanedTo, ...asLeft] = line.split(' ')
    if (recoveryPoint === undefined) {
      if (topic === epochName) leaderEpochMin = Number(index)
      if (topic === quorumName) quorumState = index ?? null
      continue
    }
    partitions.set(partitionName(topic, Number(index)), {
      topicId,
      recoveryPoint: Number(recoveryPoint),
      logStartOffset: Number(logStartOffset),
      cleanedTo: Number(cleanedTo) < 0 ? null : Number(cleanedTo),
      asLeft: asLeft.length === 0 ? null : parseAsLeft(asLeft),
    })
  }
  return { leaderEpochMin, quorumState, partitions }
}

function textAsLeft({ lastSegment: { baseOffset, size }, producerCount, epochs, abortedCount }: LogAsLeft): string {
  const starts = epochs.length === 0 ? '-' : epochs.map(({ epoch, start }) => `${epoch}@${start}`).join(',')
  return `${baseOffset} ${size} ${producerCount} ${starts}${abortedCount > 0 ? ` ${abortedCount}` : ''}`
}

function parseAsLeft([baseOffset, size, producerCount, starts = '-', abortedCount = '0']: readonly string[]): LogAsLeft {
  const epochs = (starts === '-' ? [] : starts.split(',')).map(one => {
    const [epoch, start] = one.split('@').map(Number)
    return { epoch: epoch!, start: start! }
  })
  return {
    lastSegment: { baseOffset: Number(baseOffset), size: Number(size) },
    producerCount: Number(producerCount),
    epochs,
    abortedCount: Number(abortedCount),
  }
}

function checksum(bytes: Bytes): string {
  return crc32c(bytes, 0, bytes.byteLength).toString(16).padStart(8, '0')
}

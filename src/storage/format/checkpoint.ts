/**
 * Kafka's offset checkpoints in the root of a data directory: `0`, the number of lines, then `topic partition offset` each.
 * Reading forgives a damaged file (null), because every checkpoint has a safe value to fall back on.
 */
import type { Offset } from '../../base/ids.js'
import type { Files } from '../files.js'

export const recoveryPointFile = 'recovery-point-offset-checkpoint'
export const logStartFile = 'log-start-offset-checkpoint'
export const highWatermarkFile = 'replication-offset-checkpoint'
export const cleanerFile = 'cleaner-offset-checkpoint'

/** In a partition's directory: whose it is. */
export const partitionMetadataFile = 'partition.metadata'

/** Key of a partition in every map of storage, and the name of its directory. */
export function partitionName(topic: string, index: number): string {
  return `${topic}-${index}`
}

/** The topic and index that a directory name stands for; null when it is no partition's. */
export function parsePartitionName(name: string): { readonly topic: string; readonly index: number } | null {
  const match = /^([a-zA-Z0-9._-]{1,249})-(0|[1-9]\d{0,9})$/.exec(name)
  return match === null ? null : { topic: match[1]!, index: Number(match[2]) }
}

export function readCheckpoint(files: Files, folder: string, name: string): ReadonlyMap<string, Offset> | null {
  const bytes = files.readWhole(`${folder}/${name}`)
  // Kafka leaves the file empty until there is something to say.
  if (bytes === null || bytes.byteLength === 0) return new Map()
  const [version, count, ...lines] = Buffer.from(bytes).toString().trimEnd().split('\n')
  if (version !== '0' || Number(count) !== lines.length) return null
  const offsets = new Map<string, Offset>()
  for (const line of lines) {
    const [topic, index, offset] = line.split(' ')
    if (topic === undefined || offset === undefined || !Number.isSafeInteger(Number(offset))) return null
    offsets.set(partitionName(topic, Number(index)), Number(offset))
  }
  return offsets
}

export interface CheckpointLine {
  readonly topic: string
  readonly index: number
  readonly offset: Offset
}

export function checkpointText(lines: readonly CheckpointLine[]): string {
  const text = lines.map(({ topic, index, offset }) => `${topic} ${index} ${offset}\n`).join('')
  return `0\n${lines.length}\n${text}`
}

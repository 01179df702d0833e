/**
 * The offset checkpoints in the root of a data directory. Each file is replaced as a whole, one write at a time; callers that
 * come while a write is running share the next one. What a file says is asked when its write begins, so it holds whatever was
 * true when `write` was called. An idle broker leaves the disk alone.
 */
import type { Offset } from '../base/ids.js'
import {
  type CheckpointLine,
  checkpointText,
  cleanerFile,
  highWatermarkFile,
  logStartFile,
  recoveryPointFile,
} from './checkpoint.js'
import { type Files, replaceFile } from './files.js'
import type { Partition } from './partition.js'

/** The checkpoints of one directory. */
export interface Checkpoints {
  readonly logStarts: CheckpointFile
  readonly recoveryPoints: CheckpointFile
  readonly highWatermarks: CheckpointFile
  /** How far each compacted log has been compacted. */
  readonly cleaned: CheckpointFile
}

export function checkpointsOf(files: Files, folder: string, partitions: ReadonlyMap<string, Partition>): Checkpoints {
  const file = (name: string, offsetOf: (partition: Partition) => Offset | null): CheckpointFile => {
    const lines = (): CheckpointLine[] => {
      const found: CheckpointLine[] = []
      for (const partition of partitions.values()) {
        const offset = offsetOf(partition)
        if (offset !== null) found.push({ topic: partition.topic, index: partition.index, offset })
      }
      return found
    }
    return new CheckpointFile(files, folder, name, lines)
  }
  return {
    logStarts: file(logStartFile, ({ logStartOffset }) => (logStartOffset > 0 ? logStartOffset : null)),
    recoveryPoints: file(recoveryPointFile, ({ recoveryPoint }) => recoveryPoint),
    highWatermarks: file(highWatermarkFile, ({ highWatermark }) => highWatermark),
    cleaned: file(cleanerFile, ({ cleanedTo }) => cleanedTo),
  }
}

export class CheckpointFile {
  readonly #files: Files
  readonly #folder: string
  readonly #name: string
  readonly #lines: () => readonly CheckpointLine[]
  #written: string | null = null
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(files: Files, folder: string, name: string, lines: () => readonly CheckpointLine[]) {
    this.#files = files
    this.#folder = folder
    this.#name = name
    this.#lines = lines
  }

  /** Resolves when everything that is true now is on stable storage. Rejects with DiskFailure. */
  write(): Promise<void> {
    this.#next ??= this.#writeNext()
    return this.#next
  }

  async #writeNext(): Promise<void> {
    await this.#running
    this.#next = null
    const run = this.#replace()
    this.#running = run.catch(() => {})
    return run
  }

  async #replace(): Promise<void> {
    const text = checkpointText(this.#lines())
    if (text === this.#written) return
    await replaceFile(this.#files, this.#folder, this.#name, text, true)
    this.#written = text
  }
}

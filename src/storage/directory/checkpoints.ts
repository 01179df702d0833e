/**
 * The offset checkpoints in the root of a data directory. Each file is replaced as a whole, one write at a time; callers that
 * come while a write is running share the next one. What a file says is asked when its write begins, so it holds whatever was
 * true when `write` was called. An idle broker leaves the disk alone.
 */
import type { LeaderEpoch, Offset } from '../../base/ids.js'
import { type Files, replaceFile } from '../files.js'
import {
  type CheckpointLine,
  checkpointText,
  cleanerFile,
  highWatermarkFile,
  logStartFile,
  recoveryPointFile,
} from '../format/checkpoint.js'
import { directoryStateFile, directoryStateText } from '../format/directory-state.js'
import type { Partition } from '../partition.js'

/** The lowest leader epoch that a partition of a directory may have. */
export interface DirectoryEpochs {
  min: LeaderEpoch
}

/** The checkpoints of one directory. */
export interface Checkpoints {
  /** The one that recovery relies on; the others, which are Kafka's, are written after it. */
  readonly state: CheckpointFile
  readonly logStarts: CheckpointFile
  readonly recoveryPoints: CheckpointFile
  readonly highWatermarks: CheckpointFile
  /** How far each compacted log has been compacted. */
  readonly cleaned: CheckpointFile
}

export function checkpointsOf(
  files: Files,
  folder: string,
  partitions: ReadonlyMap<string, Partition>,
  epochs: DirectoryEpochs,
  quorumState: string | null,
): Checkpoints {
  const state = new CheckpointFile(
    files,
    folder,
    directoryStateFile,
    () => directoryStateText(partitions.values(), epochs.min, quorumState),
    null,
  )
  const file = (name: string, offsetOf: (partition: Partition) => Offset | null): CheckpointFile => {
    const text = (): string => {
      const lines: CheckpointLine[] = []
      for (const partition of partitions.values()) {
        const offset = offsetOf(partition)
        if (offset !== null) lines.push({ topic: partition.topic, index: partition.index, offset })
      }
      return checkpointText(lines)
    }
    return new CheckpointFile(files, folder, name, text, state)
  }
  return {
    state,
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
  readonly #text: () => string
  readonly #before: CheckpointFile | null
  #written: string | null = null
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  /** `before`: what is always written first. */
  constructor(files: Files, folder: string, name: string, text: () => string, before: CheckpointFile | null) {
    this.#files = files
    this.#folder = folder
    this.#name = name
    this.#text = text
    this.#before = before
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
    await this.#before?.write()
    const text = this.#text()
    if (text === this.#written) return
    // When it fails half way, either of the two may be there.
    this.#written = null
    await replaceFile(this.#files, this.#folder, this.#name, text, true)
    this.#written = text
  }
}

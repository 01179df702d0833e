/**
 * Copies the files of a partition into another directory while the partition is written to. Logs and their indexes only grow, so
 * a pass copies what came since the last one; the rest is small. Nothing else changes there: upkeep is held.
 */
import { allocate } from '../../base/bytes.js'
import { DiskFailure, type Files } from '../files.js'
import { leaderEpochFile } from '../format/leader-epochs.js'
import { segmentFileName } from '../format/segment-names.js'
import type { Partition } from '../partition.js'

const chunkBytes = 1 << 20
/** What is not part of the log any more, or not yet. */
const passing = /\.(deleted|cleaned|swap|tmp)$/
const logFile = /^(\d{20})\.log$/

export interface CopyParts {
  readonly files: Files
  readonly partition: Partition
  readonly from: string
  readonly to: string
  /** Told of a failure before it is thrown: which of the two disks it was matters. */
  readonly onReadFailure: (failure: DiskFailure) => void
  readonly onWriteFailure: (failure: DiskFailure) => void
}

export class PartitionCopy {
  /** Bytes of segments that are there. */
  logBytes = 0

  readonly #parts: CopyParts
  readonly #chunk = allocate(chunkBytes)
  /** By name, how much of each file is there. */
  readonly #copied = new Map<string, number>()
  /** What is left of the pass under way, last first. */
  #names: string[] = []
  #unsynced = new Set<string>()

  constructor(parts: CopyParts) {
    this.#parts = parts
  }

  /** How many offsets are still to come, by whole segments. */
  get offsetLag(): number {
    const { logEndOffset } = this.#parts.partition
    let begun = -1
    for (const name of this.#copied.keys()) begun = Math.max(begun, Number(logFile.exec(name)?.[1] ?? -1))
    return begun < 0 ? logEndOffset : this.missingBytes === 0 ? 0 : logEndOffset - begun
  }
  /** Bytes of the log that are still to come. */
  get missingBytes(): number {
    return this.#parts.partition.sizeBytes - this.logBytes
  }
  /** Files of which something is perhaps not on stable storage. */
  get unsynced(): readonly string[] {
    return [...this.#unsynced]
  }

  /** Copies the next piece of a pass; how many bytes, or null at its end. Throws DiskFailure. */
  step(): number | null {
    if (this.#names.length === 0) this.#names = this.#wanted()
    for (let name = this.#names.at(-1); name !== undefined; name = this.#names.at(-1)) {
      const count = this.#copyPiece(name)
      if (count > 0) return count
      this.#names.pop()
    }
    return null
  }

  /** All that is missing, at once. */
  finish(): void {
    this.#names = []
    // Written anew as a whole with every epoch.
    this.#copied.delete(leaderEpochFile)
    while (this.step() !== null);
  }

  async sync(): Promise<void> {
    const paths = this.#unsynced
    this.#unsynced = new Set()
    for (const path of paths) await this.#parts.files.syncPath(path).catch(error => this.#failed(error, 'onWriteFailure'))
  }

  /** Old segments first, so that a segment that is begun has all before it. */
  #wanted(): string[] {
    const names = this.#read(() => this.#parts.files.list(this.#parts.from))
    return names
      .filter(name => !passing.test(name))
      .sort()
      .toReversed()
  }

  #copyPiece(name: string): number {
    const { files, from, to } = this.#parts
    const known = this.#copied.get(name)
    const at = known ?? 0
    const end = this.#endOf(name)
    const count = Math.min(chunkBytes, end - at)
    if (count <= 0 && known !== undefined) return 0
    if (count > 0) this.#read(() => withFile(files, `${from}/${name}`, 'read', fd => files.read(fd, this.#chunk, 0, count, at)))
    this.#write(() =>
      withFile(files, `${to}/${name}`, 'create', fd => {
        if (known === undefined) files.truncate(fd, 0)
        files.write(fd, this.#chunk, 0, Math.max(count, 0), at)
      }),
    )
    this.#copied.set(name, at + Math.max(count, 0))
    this.#unsynced.add(`${to}/${name}`).add(to)
    if (logFile.test(name)) this.logBytes += Math.max(count, 0)
    return Math.max(count, 0)
  }

  /** Behind the last batch of the log may be the beginning of one that was refused. */
  #endOf(name: string): number {
    const { files, partition, from } = this.#parts
    const { lastSegment } = partition.asLeft
    if (name === `${segmentFileName(lastSegment.baseOffset)}.log`) return lastSegment.size
    return this.#read(() => files.sizeOf(`${from}/${name}`) ?? 0)
  }

  #read<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      return this.#failed(error, 'onReadFailure')
    }
  }
  #write(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#failed(error, 'onWriteFailure')
    }
  }
  #failed(error: unknown, told: 'onReadFailure' | 'onWriteFailure'): never {
    if (error instanceof DiskFailure) this.#parts[told](error)
    throw error
  }
}

function withFile<T>(files: Files, path: string, mode: 'read' | 'create', run: (fd: number) => T): T {
  const fd = files.open(path, mode)
  try {
    return run(fd)
  } finally {
    files.close(fd)
  }
}

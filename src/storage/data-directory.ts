/**
 * A broker's data directory: its partitions, and the checkpoints that make the next start short. It creates and deletes
 * partitions and closes everything in order; open-directory.ts is how one comes to be. It never decides which topics exist.
 */
import { assert } from '../base/assert.js'
import { fromBase64Url, toHex } from '../base/bytes.js'
import type { Uuid } from '../base/ids.js'
import { randomUuid, type Timer, type World } from '../base/world.js'
import { Errors } from '../protocol/errors.js'
import {
  type CheckpointLine,
  checkpointText,
  highWatermarkFile,
  logStartFile,
  partitionName,
  recoveryPointFile,
} from './checkpoint.js'
import { DiskFailure, type Files, replaceFile } from './files.js'
import type { GroupCommit } from './group-commit.js'
import type { LogConfigSource } from './log-config.js'
import type { Partition } from './partition.js'
import { createPartition, type PartitionHost } from './partition-loader.js'
import type { Durability, StorageLog } from './types.js'

/** Says that the last shutdown synced everything; a directory without it is recovered by checksum. */
export const cleanShutdownFile = '.kafka_cleanshutdown'
const cleanShutdownText = '{"version":0,"brokerEpoch":-1}'

/** flush.offset.checkpoint.interval.ms in Kafka. */
const checkpointIntervalMs = 60_000
/** A directory name may not be longer. */
const nameLengthMax = 255

export interface DirectoryParts {
  readonly path: string
  readonly clusterId: Uuid
  readonly directoryId: Uuid
  readonly isEphemeral: boolean
  readonly durability: Durability
  readonly files: Files
  readonly world: World
  readonly log: StorageLog
  readonly commit: GroupCommit
  readonly host: PartitionHost
  readonly partitions: Map<string, Partition>
  readonly configFor: (topic: string) => LogConfigSource
  readonly unlock: () => void
}

export class DataDirectory {
  readonly path: string
  readonly clusterId: Uuid
  readonly directoryId: Uuid
  readonly isEphemeral: boolean

  readonly #parts: DirectoryParts
  readonly #partitions: Map<string, Partition>
  readonly #removals = new Map<string, Timer>()
  /** Content of the checkpoint files, so that an idle broker leaves the disk alone. */
  readonly #written = new Map<string, string>()
  #checkpointTimer: Timer | null = null
  #checkpointRun: Promise<void> | null = null
  #isClosed = false

  constructor(parts: DirectoryParts) {
    this.#parts = parts
    this.path = parts.path
    this.clusterId = parts.clusterId
    this.directoryId = parts.directoryId
    this.isEphemeral = parts.isEphemeral
    this.#partitions = parts.partitions
    if (!parts.isEphemeral) this.#scheduleCheckpoint()
  }

  /** Every partition, under `<topic>-<index>`. */
  get partitions(): ReadonlyMap<string, Partition> {
    return this.#partitions
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#partitions.get(partitionName(topic, index))
  }

  /** Makes a partition with an empty log. Its directory is on stable storage before its first append is acknowledged. */
  createPartition(topic: string, index: number, topicId: Uuid): Partition {
    assert(!this.#isClosed, 'a closed directory takes no partition')
    const name = partitionName(topic, index)
    assert(!this.#partitions.has(name), 'a partition is created once')
    const partition = createPartition(this.#parts.host, topic, index, topicId)
    this.#partitions.set(name, partition)
    return partition
  }

  /** Frees the name at once; the files go after file.delete.delay.ms. Requests that wait on the partition are woken. */
  deletePartition(topic: string, index: number): void {
    const name = partitionName(topic, index)
    const partition = this.#partitions.get(name)
    if (partition === undefined) return
    const { files, world, configFor } = this.#parts
    const suffix = `.${toHex(fromBase64Url(randomUuid(world)))}-delete`
    const aside = `${this.path}/${name.slice(0, nameLengthMax - suffix.length)}${suffix}`
    // An ephemeral partition has a directory only once it was written to.
    const isOnDisk = files.isDirectory(`${this.path}/${name}`)
    if (isOnDisk) files.rename(`${this.path}/${name}`, aside)
    this.#partitions.delete(name)
    partition.abandon(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    if (isOnDisk) this.#removeAfter(aside, configFor(topic)().fileDeleteDelayMs)
  }

  /** What an earlier run had set aside goes now. */
  removeLeftovers(paths: readonly string[]): void {
    for (const path of paths) this.#removeAfter(path, 0)
  }

  #removeAfter(path: string, delayMs: number): void {
    const { files, world, log } = this.#parts
    const timer = world.after(delayMs, () => {
      this.#removals.delete(path)
      files
        .removeLater(path)
        .catch((error: unknown) => log.warn('could not remove a deleted partition', { path, error: String(error) }))
    })
    this.#removals.set(path, timer)
  }

  #scheduleCheckpoint(): void {
    this.#checkpointTimer = this.#parts.world.after(checkpointIntervalMs, () => {
      this.#checkpointRun = this.#checkpointAndGoOn()
    })
  }

  async #checkpointAndGoOn(): Promise<void> {
    try {
      await this.checkpoint()
    } catch (error) {
      // An old checkpoint makes the next recovery longer, nothing else.
      if (!(error instanceof DiskFailure)) throw error
      this.#parts.log.warn('checkpoint not written', { error: error.message })
    }
    if (!this.#isClosed) this.#scheduleCheckpoint()
  }

  /** Writes how far everything is synced, so that recovery begins there. Runs every minute of its own accord. */
  async checkpoint(): Promise<void> {
    for (const partition of this.#partitions.values()) partition.checkpoint()
    await this.#writeCheckpoints()
  }

  async #writeCheckpoints(): Promise<void> {
    const partitions = [...this.#partitions.values()]
    const lines = (offsetOf: (partition: Partition) => number): CheckpointLine[] =>
      partitions.map(partition => ({ topic: partition.topic, index: partition.index, offset: offsetOf(partition) }))
    // All three as of one moment: the writes below take time.
    const checkpoints: [string, string][] = [
      [logStartFile, checkpointText(lines(partition => partition.logStartOffset).filter(line => line.offset > 0))],
      [recoveryPointFile, checkpointText(lines(partition => partition.recoveryPoint))],
      [highWatermarkFile, checkpointText(lines(partition => partition.highWatermark))],
    ]
    for (const [name, text] of checkpoints) {
      if (this.#written.get(name) === text) continue
      await replaceFile(this.#parts.files, this.path, name, text, this.#parts.durability !== 'none')
      this.#written.set(name, text)
    }
  }

  /**
   * Syncs and closes everything, and says so on disk. An ephemeral directory is removed. Slices that are out stay readable
   * until they are released.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const { files, commit, unlock, log } = this.#parts
    this.#checkpointTimer?.cancel()
    await this.#checkpointRun
    for (const timer of this.#removals.values()) timer.cancel()
    if (this.isEphemeral) {
      for (const partition of this.#partitions.values()) partition.abandon(Errors.NOT_LEADER_OR_FOLLOWER)
      await files.removeLater(this.path)
      return
    }
    try {
      if (commit.failure === null) {
        await Promise.all([...this.#partitions.values()].map(partition => partition.close()))
        await this.#writeCheckpoints()
        await replaceFile(files, this.path, cleanShutdownFile, cleanShutdownText, true)
      } else {
        // The disk is not trusted any more: what it really holds the next start finds out.
        for (const partition of this.#partitions.values()) partition.abandon(Errors.KAFKA_STORAGE_ERROR)
      }
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      log.error('the data directory could not be closed in order; the next start recovers it', { error: error.message })
      commit.fail(error)
    } finally {
      unlock()
    }
  }
}

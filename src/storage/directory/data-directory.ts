/**
 * A broker's data directory: its partitions, and the checkpoints that make the next start short. It creates and deletes
 * partitions and closes everything in order; open-directory.ts is how one comes to be. It never decides which topics exist.
 */
import { assert } from '../../base/assert.js'
import { type Bytes, fromBase64Url, toHex } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import { inParallel } from '../../base/in-parallel.js'
import { randomUuid, type Timer } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import { CorruptLogError } from '../engine.js'
import { DiskFailure, type DiskRoom, replaceFile } from '../files.js'
import { partitionName } from '../format/checkpoint.js'
import type { Partition } from '../partition.js'
import { type CleanerSettings, defaultCleanerSettings, LogCleaner } from './log-cleaner.js'
import { LogRetention } from './log-retention.js'
import { createPartition, offlinePartition, openCopy, type PartitionHost, parallelPartitionsMax } from './partition-loader.js'

/** The identity of a directory. */
export const metaPropertiesFile = 'meta.properties'

/** Says that the last shutdown synced everything; a directory without it is recovered by checksum. */
export const cleanShutdownFile = '.kafka_cleanshutdown'
const cleanShutdownText = '{"version":0,"brokerEpoch":-1}'

/** KRaft's log, which Kafka does not count among those of topics. */
const metadataLogName = partitionName('__cluster_metadata', 0)

/** flush.offset.checkpoint.interval.ms in Kafka. */
const checkpointIntervalMs = 60_000
/** A directory name may not be longer. */
const nameLengthMax = 255

export interface DirectoryParts {
  readonly clusterId: Uuid
  readonly directoryId: Uuid
  readonly host: PartitionHost
  readonly partitions: Map<string, Partition>
  /** Copies of partitions that an earlier run was moving here. */
  readonly futures: readonly FutureFolder[]
  readonly unlock: () => void
  /** Null: nothing happens unless it is asked for. */
  readonly upkeep: UpkeepSettings | null
}

export interface FutureFolder {
  readonly topic: string
  readonly index: number
  readonly path: string
}

/** How often logs are looked after. */
export interface UpkeepSettings {
  /** log.retention.check.interval.ms */
  readonly retentionCheckIntervalMs: number
  /** Null: log.cleaner.enable is false. */
  readonly cleaner: CleanerSettings | null
}

export class DataDirectory {
  readonly path: string
  readonly clusterId: Uuid
  readonly directoryId: Uuid
  readonly isEphemeral: boolean
  readonly futures: readonly FutureFolder[]

  readonly #host: PartitionHost
  readonly #unlock: () => void
  readonly #partitions: Map<string, Partition>
  readonly #retention: LogRetention
  readonly #cleaner: LogCleaner
  /** Names of partitions that were moved elsewhere and whose files are still here. */
  readonly #departed = new Set<string>()
  #checkpointTimer: Timer | null = null
  #checkpointRun: Promise<void> | null = null
  #isClosed = false

  constructor({ clusterId, directoryId, host, partitions, futures, unlock, upkeep }: DirectoryParts) {
    this.futures = futures
    this.#host = host
    this.#unlock = unlock
    this.#partitions = partitions
    this.path = host.path
    this.clusterId = clusterId
    this.directoryId = directoryId
    this.isEphemeral = host.checkpoints === null
    this.#retention = new LogRetention(host, partitions, upkeep?.retentionCheckIntervalMs ?? Number.POSITIVE_INFINITY)
    this.#cleaner = new LogCleaner(host, partitions, upkeep?.cleaner ?? defaultCleanerSettings)
    if (!this.isEphemeral) this.#scheduleCheckpoint()
    if (upkeep !== null) this.#retention.start()
    if (upkeep !== null && upkeep.cleaner !== null) this.#cleaner.start()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Every partition, under `<topic>-<index>`. */
  get partitions(): ReadonlyMap<string, Partition> {
    return this.#partitions
  }

  /** How many partitions of topics it has: what Kafka counts when it looks for a place for the next. */
  get topicPartitions(): number {
    return this.#partitions.size - (this.holdsMetadata ? 1 : 0)
  }
  /** The log of the cluster's metadata is in it. */
  get holdsMetadata(): boolean {
    return this.#partitions.has(metadataLogName)
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#partitions.get(partitionName(topic, index))
  }

  /** The files in a partition's directory, and their content: for what others than its log keep there. */
  fileNames(topic: string, index: number): readonly string[] {
    const folder = `${this.path}/${partitionName(topic, index)}`
    return this.#host.files.isDirectory(folder) ? this.#host.files.list(folder) : []
  }
  readFile(topic: string, index: number, name: string): Bytes | null {
    return this.#host.files.readWhole(`${this.path}/${partitionName(topic, index)}/${name}`)
  }

  /** What the disk holds and has left; -1 where it does not say, as in Kafka. */
  async room(): Promise<DiskRoom> {
    try {
      return await this.#host.files.room(this.path)
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      return { totalBytes: -1, usableBytes: -1 }
    }
  }

  /** Makes a partition with an empty log. Its directory is on stable storage before its first append is acknowledged. */
  createPartition(topic: string, index: number, topicId: Uuid, isPrivate = false): Partition {
    assert(!this.#isClosed, 'a closed directory takes no partition')
    const name = partitionName(topic, index)
    assert(!this.#partitions.has(name), 'a partition is created once')
    this.insistThere()
    const partition = createPartition(this.#host, topic, index, topicId, isPrivate)
    this.#partitions.set(name, partition)
    return partition
  }

  /**
   * Throws DiskFailure when the directory was removed or unmounted while it is in use: what were made at its path would be on
   * another disk, and hidden once the right one is back.
   */
  insistThere(): void {
    const { checkpoints, files } = this.#host
    if (checkpoints === null || files.sizeOf(`${this.path}/${metaPropertiesFile}`) !== null) return
    throw new DiskFailure(`${this.path} has no ${metaPropertiesFile} any more: it was removed, or is not mounted`, 'denied', null)
  }

  /** One whose files are in a directory that is not here. */
  offlinePartition(topic: string, index: number, topicId: Uuid): Partition {
    return offlinePartition(this.#host, topic, index, topicId)
  }

  /** The disk failed, and others go on: its partitions answer KAFKA_STORAGE_ERROR from now on. */
  takeOffline(): void {
    this.#checkpointTimer?.cancel()
    this.#host.removals.stop()
    void this.#retention.stop()
    void this.#cleaner.stop()
    for (const partition of this.#partitions.values()) partition.abandon(Errors.KAFKA_STORAGE_ERROR)
  }

  /** Takes back its identity: the start that made it comes to nothing. */
  unmake(): void {
    this.#host.files.remove(`${this.path}/${metaPropertiesFile}`)
  }

  /** Something was refused that need not be the end; it is, where others can go on without this directory. */
  trouble(failure: DiskFailure): void {
    this.#host.commit.trouble(failure)
  }

  /**
   * Frees the name at once; the files go file.delete.delay.ms after `decided`, when the deletion cannot be undone by a crash
   * any more. Requests that wait on the partition are woken.
   */
  deletePartition(topic: string, index: number, decided: Promise<unknown> | null = null): void {
    const partition = this.partition(topic, index)
    if (partition === undefined) return
    const { fileDeleteDelayMs } = partition.config
    const aside = this.#takeOut(partition, 'delete')
    if (aside === null) return
    const remove = (): void => {
      if (!this.#isClosed) this.#host.removals.after([aside], fileDeleteDelayMs)
    }
    if (decided === null) remove()
    // What could not be decided the next start finds out.
    else decided.then(remove, () => {})
  }

  /** Frees the name and keeps the files under another, for a person to look at; answers it. */
  strayPartition(topic: string, index: number): string | null {
    const partition = this.partition(topic, index)
    return partition === undefined ? null : this.#takeOut(partition, 'stray')
  }

  get hasFailed(): boolean {
    return this.#host.commit.failure !== null
  }

  /** Puts the copy of a partition that is elsewhere in its place here; null when it is not the same log: it is where it was. */
  arrive(source: Partition, folder: string, unsynced: readonly string[]): Partition | null {
    const { files } = this.#host
    const name = partitionName(source.topic, source.index)
    const place = `${this.path}/${name}`
    if (this.#partitions.has(name) || files.isDirectory(place)) return null
    files.rename(folder, place)
    let arrived: Partition | null = null
    try {
      const renamed = unsynced.map(path => (path.startsWith(folder) ? `${place}${path.slice(folder.length)}` : path))
      arrived = openCopy(this.#host, source, renamed)
    } catch (error) {
      if (!(error instanceof CorruptLogError)) throw error
    } finally {
      if (arrived === null) files.rename(place, folder)
    }
    if (arrived !== null) this.#partitions.set(name, arrived)
    return arrived
  }

  /** The partition is served elsewhere; its files keep their name until `removeDeparted`. */
  depart({ topic, index }: Partition): void {
    const name = partitionName(topic, index)
    this.#partitions.delete(name)
    this.#departed.add(name)
  }
  hasDeparted(topic: string, index: number): boolean {
    return this.#departed.size > 0 && this.#departed.has(partitionName(topic, index))
  }
  removeDeparted({ topic, index, config }: Partition): void {
    const { files, commit, removals } = this.#host
    const name = partitionName(topic, index)
    const aside = this.#asideOf(name, 'delete')
    try {
      files.rename(`${this.path}/${name}`, aside)
      this.#departed.delete(name)
      if (!this.#isClosed) removals.after([aside], config.fileDeleteDelayMs)
    } catch (error) {
      // A start that finds it knows the copy by its length.
      if (!(error instanceof DiskFailure)) throw error
      commit.fail(error)
    }
  }

  /** Writes down what a start relies on. */
  async writeState(): Promise<void> {
    await this.#host.checkpoints?.state.write()
  }

  #asideOf(name: string, why: 'delete' | 'stray'): string {
    const suffix = `.${toHex(fromBase64Url(randomUuid(this.#host.world)))}-${why}`
    return `${this.path}/${name.slice(0, nameLengthMax - suffix.length)}${suffix}`
  }

  /** Takes a partition out of service; answers where its files are now, or null when it had none. */
  #takeOut(partition: Partition, why: 'delete' | 'stray'): string | null {
    const { files, commit } = this.#host
    const name = partitionName(partition.topic, partition.index)
    const aside = this.#asideOf(name, why)
    // An ephemeral partition has a directory only once it was written to.
    const isOnDisk = files.isDirectory(`${this.path}/${name}`)
    this.#partitions.delete(name)
    partition.abandon(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    if (!isOnDisk) return null
    try {
      files.rename(`${this.path}/${name}`, aside)
      return aside
    } catch (error) {
      // The name cannot be used again while old files stand under it; the next start sorts that out.
      if (!(error instanceof DiskFailure)) throw error
      commit.fail(error)
      return null
    }
  }

  /** What an earlier run had set aside goes now. */
  removeLeftovers(paths: readonly string[]): void {
    this.#host.removals.after(paths, 0)
  }

  /** Deletes what retention lets go. Runs every log.retention.check.interval.ms of its own accord. */
  enforceRetention(): Promise<void> {
    return this.#retention.run()
  }

  /** Compacts what is due; answers how many logs that were. Runs every log.cleaner.backoff.ms of its own accord. */
  compactLogs(): Promise<number> {
    return this.#cleaner.run()
  }

  #scheduleCheckpoint(): void {
    this.#checkpointTimer = this.#host.world.host.after(checkpointIntervalMs, () => {
      this.#checkpointRun = this.#checkpointAndGoOn()
    })
  }

  async #checkpointAndGoOn(): Promise<void> {
    try {
      await this.checkpoint()
    } catch (error) {
      // An old checkpoint makes the next recovery longer, nothing else.
      if (!(error instanceof DiskFailure)) throw error
      this.#host.log.warn('could not write a checkpoint', { error: error.message })
      this.#host.commit.trouble(error)
    }
    if (!this.#isClosed && this.#host.commit.failure === null) this.#scheduleCheckpoint()
  }

  /** Writes how far everything is synced, so that recovery begins there. Runs every minute of its own accord. */
  async checkpoint(): Promise<void> {
    await inParallel([...this.#partitions.values()], parallelPartitionsMax, partition => partition.upkeep.checkpoint())
    await this.#writeCheckpoints()
  }

  async #writeCheckpoints(): Promise<void> {
    const { checkpoints } = this.#host
    if (checkpoints === null) return
    await checkpoints.logStarts.write()
    await checkpoints.recoveryPoints.write()
    await checkpoints.highWatermarks.write()
    await checkpoints.cleaned.write()
  }

  /**
   * Syncs and closes everything, and says so on disk. An ephemeral directory is removed. Slices that are out stay readable
   * until they are released.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const { files, commit, log, removals } = this.#host
    this.#checkpointTimer?.cancel()
    await this.#checkpointRun
    await this.#retention.stop()
    await this.#cleaner.stop()
    removals.stop()
    if (this.isEphemeral) {
      for (const partition of this.#partitions.values()) partition.abandon(Errors.NOT_LEADER_OR_FOLLOWER)
      await files.removeLater(this.path)
      this.#unlock()
      return
    }
    try {
      if (commit.failure === null) {
        await inParallel(this.#partitions.values(), parallelPartitionsMax, partition => partition.close())
        await this.#writeCheckpoints()
        await replaceFile(files, this.path, cleanShutdownFile, cleanShutdownText, true)
      } else {
        // The disk is not trusted any more: what it really holds the next start finds out.
        for (const partition of this.#partitions.values()) partition.abandon(Errors.KAFKA_STORAGE_ERROR)
      }
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      log.error('the data directory could not be closed cleanly; the next start recovers it', { error: error.message })
      commit.fail(error)
    } finally {
      this.#unlock()
    }
  }
}

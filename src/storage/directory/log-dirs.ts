/**
 * The data directories of a broker, which is one for most. Each is a directory of its own: lock, identity, checkpoints, upkeep,
 * failure. A new partition goes to the one with the fewest, as in Kafka. One that fails goes offline and the others serve on; the
 * broker ends when the one with the cluster's metadata fails, or the last that has partitions.
 *
 *   log.dirs = a,b,c      a: __cluster_metadata-0, t-0     b: t-1 (failed: KAFKA_STORAGE_ERROR)     c: t-2
 */

import { assert } from '../../base/assert.js'
import type { Bytes } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import { DiskFailure, type DiskRoom, type Files, nodeFiles } from '../files.js'
import type { Partition } from '../partition.js'
import { type DataDirectory, metaPropertiesFile } from './data-directory.js'
import { Moves } from './moves.js'
import { type DataDirectoryOptions, InconsistentDirectoryError, openDataDirectory, sharedParts } from './open-directory.js'

export interface LogDirsOptions extends Omit<DataDirectoryOptions, 'path' | 'shared' | 'isExpendable'> {
  /** log.dirs. Null: one, ephemeral. */
  readonly paths: readonly string[] | null
  /** metadata.log.dir; one of `paths`, or another that has no partitions of topics. */
  readonly metadataPath: string
  /** Asked for each new partition: cordoned.log.dirs, among which * is all. */
  readonly cordoned?: () => readonly string[]
  /** replica.alter.log.dirs.io.max.bytes.per.second; null: moves are as fast as they can be. */
  readonly bytesPerSecondMax?: () => number | null
}

/** KRaft's ids of directories that are none: a place not yet chosen, one that is lost, one from before there were several. */
export const reservedDirectoryIds: ReadonlySet<Uuid> = new Set([
  'AAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAAAAAAAQ',
  'AAAAAAAAAAAAAAAAAAAAAg',
])

export class LogDir {
  /** False: it was named for the cluster's metadata alone. */
  readonly isForTopics: boolean
  /** Null when it could not be opened. */
  directory: DataDirectory | null = null
  failure: DiskFailure | null = null
  /** Made at this start, beside others that were there. */
  isNew = false

  readonly #path: string

  constructor(path: string, isForTopics: boolean) {
    this.#path = path
    this.isForTopics = isForTopics
  }

  /** As log.dirs has it; of an ephemeral one, where it is. */
  get path(): string {
    return this.directory?.path ?? this.#path
  }
  get isOnline(): boolean {
    return this.failure === null
  }

  /** What the disk holds and has left; -1 where it does not say, as in Kafka. */
  async room(): Promise<DiskRoom> {
    return this.directory === null || !this.isOnline ? { totalBytes: -1, usableBytes: -1 } : this.directory.room()
  }
}

/** A partition in its directory. */
export interface Place {
  readonly directory: DataDirectory
  readonly partition: Partition
}

export async function openLogDirs(options: LogDirsOptions): Promise<LogDirs> {
  const { paths, metadataPath, log } = options
  const files = options.files ?? nodeFiles
  const all = (paths ?? [metadataPath]).map(path => new LogDir(path, true))
  const metadata = all.find(({ path }) => path === metadataPath) ?? new LogDir(metadataPath, false)
  if (!metadata.isForTopics) all.push(metadata)
  if (all.length > 1) noteNew(files, all, metadata)
  const shared = sharedParts(all.length)
  const logDirs = new LogDirs(all, metadata, options)
  let { clusterId } = options
  try {
    // Without the metadata's there is nothing to serve.
    for (const dir of [metadata, ...all.filter(one => one !== metadata)]) {
      try {
        const directory = await openDataDirectory({
          ...options,
          path: paths === null ? null : dir.path,
          shared,
          onFatal: failure => logDirs.failed(dir, failure),
          isExpendable: failure => failure.kind !== 'exhausted' && logDirs.canDoWithout(dir),
          ...(clusterId === undefined ? {} : { clusterId }),
        })
        dir.directory = directory
        clusterId = directory.clusterId
      } catch (error) {
        const failure = error instanceof Error && error.cause instanceof DiskFailure ? error.cause : error
        if (!(failure instanceof DiskFailure) || dir === metadata) throw error
        dir.failure = failure
        log.error('a data directory cannot be opened and is offline; repair it and start again', {
          path: dir.path,
          error: failure.message,
        })
        if (!all.some(one => one.isForTopics && one.isOnline)) throw error
      }
    }
    logDirs.checkIdentities()
  } catch (error) {
    await logDirs.close()
    throw error
  }
  return logDirs
}

/** Which of them are made now, beside others. The metadata's must not be: topics would be there without their records. */
function noteNew(files: Files, all: readonly LogDir[], metadata: LogDir): void {
  for (const dir of all) {
    try {
      dir.isNew = files.sizeOf(`${dir.path}/${metaPropertiesFile}`) === null
    } catch (error) {
      // Opening it says what is wrong.
      if (!(error instanceof DiskFailure)) throw error
    }
  }
  if (!metadata.isNew) return
  const known = all.find(({ isNew }) => !isNew)
  if (known !== undefined) {
    throw new InconsistentDirectoryError(
      `${metadata.path} has no ${metaPropertiesFile}, but ${known.path} has one: the directory with the cluster's metadata comes ` +
        'first in log.dirs, or is named by metadata.log.dir',
    )
  }
  for (const dir of all) dir.isNew = false
}

export class LogDirs {
  /** In the order of log.dirs. */
  readonly all: readonly LogDir[]
  /** Partitions on their way from one to another. */
  readonly moves: Moves

  readonly #metadata: LogDir
  readonly #options: LogDirsOptions
  readonly #listeners: ((dir: LogDir) => void)[] = []
  #isClosed = false

  constructor(all: readonly LogDir[], metadata: LogDir, options: LogDirsOptions) {
    this.all = all
    this.#metadata = metadata
    this.#options = options
    const { world, log, nextTurn, files = nodeFiles, bytesPerSecondMax = () => null } = options
    this.moves = new Moves({ world, log, files, nextTurn, bytesPerSecondMax })
  }

  /** The one with the cluster's metadata. */
  get metadata(): DataDirectory {
    assert(this.#metadata.directory !== null, 'a broker has its metadata')
    return this.#metadata.directory
  }
  get path(): string {
    return this.metadata.path
  }
  get clusterId(): Uuid {
    return this.metadata.clusterId
  }
  get directoryId(): Uuid {
    return this.metadata.directoryId
  }
  get isEphemeral(): boolean {
    return this.metadata.isEphemeral
  }
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Those that were opened, and are not offline. */
  *#online(): Generator<DataDirectory> {
    for (const { directory, isOnline } of this.all) if (directory !== null && isOnline) yield directory
  }

  /** Every partition in every directory; a crash may have left one in two. */
  *places(): Generator<Place> {
    for (const directory of this.#online()) {
      for (const partition of directory.partitions.values()) yield { directory, partition }
    }
  }

  get partitions(): Partition[] {
    return Array.from(this.places(), ({ partition }) => partition)
  }

  /** Where a partition is, in a directory that has failed meanwhile too. */
  #directoryOf(topic: string, index: number): DataDirectory | undefined {
    let failed: DataDirectory | undefined
    for (const { directory, isOnline } of this.all) {
      if (directory?.partition(topic, index) === undefined) continue
      if (isOnline) return directory
      failed = directory
    }
    return failed
  }
  partition(topic: string, index: number): Partition | undefined {
    const { all } = this
    return all.length === 1
      ? all[0]!.directory?.partition(topic, index)
      : this.#directoryOf(topic, index)?.partition(topic, index)
  }
  directoryIdOf(topic: string, index: number): Uuid | undefined {
    return this.#directoryOf(topic, index)?.directoryId
  }

  /** Whether what a record says of the place of a partition names a directory that is not here. */
  isMissing(directoryId: Uuid | null): boolean {
    if (directoryId === null || reservedDirectoryIds.has(directoryId)) return false
    for (const { directory, isOnline } of this.all) if (isOnline && directory?.directoryId === directoryId) return false
    return true
  }
  /** Directories that were made at this start, beside others that were there. */
  get made(): readonly LogDir[] {
    return this.all.filter(({ isNew, isOnline }) => isNew && isOnline)
  }
  /** As if this start had not made it. */
  unmake({ directory }: LogDir): void {
    directory?.unmake()
  }

  isCordoned({ path }: LogDir): boolean {
    const cordoned = this.#options.cordoned?.() ?? []
    return cordoned.includes('*') || cordoned.includes(path)
  }
  /** No directory takes new partitions. */
  get areAllCordoned(): boolean {
    return this.all.every(dir => !dir.isForTopics || !dir.isOnline || this.isCordoned(dir))
  }

  /** Makes a partition with an empty log, in the directory with the fewest; in another where that refuses. Throws DiskFailure. */
  createPartition(topic: string, index: number, topicId: Uuid): Partition {
    const open = this.all.filter(
      ({ directory, isForTopics, isOnline }) => isForTopics && isOnline && !directory!.hasDeparted(topic, index),
    )
    const free = open.filter(dir => !this.isCordoned(dir))
    // What is there already, such as a topic of which one partition's files were lost, is put somewhere all the same.
    const choice = (free.length > 0 ? free : open).sort((a, b) => a.directory!.topicPartitions - b.directory!.topicPartitions)
    for (const [at, { directory }] of choice.entries()) {
      try {
        return directory!.createPartition(topic, index, topicId)
      } catch (error) {
        if (!(error instanceof DiskFailure)) throw error
        directory!.trouble(error)
        if (error.kind === 'exhausted' || at === choice.length - 1) throw error
      }
    }
    throw new DiskFailure('no data directory is left', 'broken', null)
  }
  offlinePartition(topic: string, index: number, topicId: Uuid): Partition {
    return this.metadata.offlinePartition(topic, index, topicId)
  }

  deletePartition(topic: string, index: number, decided: Promise<unknown> | null = null): void {
    this.#directoryOf(topic, index)?.deletePartition(topic, index, decided)
  }
  strayPartition(topic: string, index: number): string | null {
    return this.#directoryOf(topic, index)?.strayPartition(topic, index) ?? null
  }

  /** Begins to move a partition to another directory, or turns it round. Throws DiskFailure. */
  move(partition: Partition, to: DataDirectory): void {
    const from = this.#directoryOf(partition.topic, partition.index)
    if (from !== undefined) this.moves.begin(partition, from, to)
  }
  /** Moves that a stop interrupted begin again, from nothing. */
  resumeMoves(): void {
    for (const to of this.#online()) {
      for (const { topic, index, path } of to.futures) {
        const partition = this.partition(topic, index)
        // Without the partition itself, a copy that is not whole may be all that is left of it.
        if (partition === undefined || partition.isOffline) continue
        to.removeLeftovers([path])
        try {
          this.move(partition, to)
        } catch (error) {
          if (!(error instanceof DiskFailure)) throw error
          this.#options.log.error('could not go on with moving a partition', { path, error: error.message })
        }
      }
    }
  }

  /** The files beside the log of the cluster's metadata, and their content. */
  fileNames(topic: string, index: number): readonly string[] {
    return this.metadata.fileNames(topic, index)
  }
  readFile(topic: string, index: number, name: string): Bytes | null {
    return this.metadata.readFile(topic, index, name)
  }

  async enforceRetention(): Promise<void> {
    for (const directory of this.#online()) await directory.enforceRetention()
  }
  async compactLogs(): Promise<number> {
    let rounds = 0
    for (const directory of this.#online()) rounds += await directory.compactLogs()
    return rounds
  }
  async checkpoint(): Promise<void> {
    for (const directory of this.#online()) await directory.checkpoint()
  }

  /** Called when a directory went offline. */
  onOffline(listener: (dir: LogDir) => void): void {
    this.#listeners.push(listener)
  }

  /** The broker can go on without this one. */
  canDoWithout(dir: LogDir): boolean {
    return dir !== this.#metadata && this.all.some(other => other !== dir && other.isForTopics && other.isOnline)
  }

  /** The disk of one failed. */
  failed(dir: LogDir, failure: DiskFailure): void {
    if (!this.canDoWithout(dir)) {
      this.#options.onFatal(failure)
      return
    }
    // While it is being opened that is told by an exception.
    if (dir.directory === null || !dir.isOnline) return
    dir.failure = failure
    this.#options.log.error(
      'a data directory failed and is offline, with its partitions; the others serve on. Repair it, or make room, and restart',
      { path: dir.path, partitions: dir.directory.partitions.size, error: failure.message },
    )
    dir.directory.takeOffline()
    for (const listener of this.#listeners) listener(dir)
  }

  /** Throws InconsistentDirectoryError for directories that do not belong together. */
  checkIdentities(): void {
    const { metadata } = this
    const seen = new Map<Uuid, string>()
    for (const { path, clusterId, directoryId } of this.#online()) {
      if (clusterId !== metadata.clusterId) {
        const ids = `cluster ${clusterId}, and ${metadata.path} to ${metadata.clusterId}`
        throw new InconsistentDirectoryError(`${path} belongs to ${ids}`)
      }
      const same = seen.get(directoryId)
      if (same !== undefined) {
        throw new InconsistentDirectoryError(`${path} and ${same} have the same directory.id: one is a copy of the other`)
      }
      seen.set(directoryId, path)
    }
    const other = this.all.find(({ directory }) => directory !== metadata && directory?.holdsMetadata)
    if (other !== undefined && !metadata.holdsMetadata) {
      throw new InconsistentDirectoryError(
        `the cluster's metadata is in ${other.path}: name it first in log.dirs, or in metadata.log.dir`,
      )
    }
  }

  /** Syncs and closes all of them. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.moves.stop()
    for (const { directory } of this.all) await directory?.close()
  }
}

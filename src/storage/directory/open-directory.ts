/**
 * Opens a data directory: lock, identity, checkpoints, recovery of every partition. When it resolves, everything that the
 * directory holds is readable and (in fsync mode) on stable storage. A directory that may not or cannot be used is refused
 * with DirectoryLockedError, InconsistentDirectoryError or UnusableDirectoryError; the command line ends with code 4 on all.
 */
import { dirname } from 'node:path'
import { type Bytes, utf8Encode } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import { inParallel } from '../../base/in-parallel.js'
import { randomUuid, type World } from '../../base/world.js'
import { crc32c } from '../../protocol/records/crc32c.js'
import { CorruptLogError } from '../engine.js'
import { DiskFailure, type Files, nodeFiles, replaceFile } from '../files.js'
import {
  cleanerFile,
  logStartFile,
  parsePartitionName,
  partitionMetadataFile,
  partitionName,
  readCheckpoint,
  recoveryPointFile,
} from '../format/checkpoint.js'
import {
  type DirectoryState,
  directoryStateFile,
  type PartitionState,
  parseDirectoryState,
  readQuorumState,
} from '../format/directory-state.js'
import { GroupCommit, parallelSyncsMax } from '../group-commit.js'
import type { LogConfigSource } from '../log-config.js'
import type { Partition } from '../partition.js'
import { OpenSegments } from '../segments/open-segments.js'
import { completeSwaps } from '../segments/swap.js'
import { turnOfEventLoop } from '../slices.js'
import type { Durability, StorageLog } from '../types.js'
import { checkpointsOf } from './checkpoints.js'
import { cleanShutdownFile, DataDirectory, type FutureFolder, metaPropertiesFile, type UpkeepSettings } from './data-directory.js'
import { type DirectoryLock, lockDirectory } from './directory-lock.js'
import { makeEphemeralFolder, sweepEphemeralFolders } from './ephemeral-folder.js'
import {
  type LoadInput,
  loadPartition,
  openPartition,
  type PartitionHost,
  parallelPartitionsMax,
  partitionMetadata,
  readTopicId,
} from './partition-loader.js'
import { Removals } from './removals.js'

export interface DataDirectoryOptions {
  /** Null: ephemeral, in a new folder under the system's temporary directory, never synced, removed at close. */
  readonly path: string | null
  /** The one with the cluster's metadata, when that is another. */
  readonly metadataPath?: string
  readonly durability: Durability
  readonly world: World
  readonly log: StorageLog
  /** Called once when the disk failed: nothing is acknowledged any more, the process should end with code 5. */
  readonly onFatal: (failure: DiskFailure) => void
  readonly nodeId: number
  /** Identity for a new directory, random if absent; an existing one keeps its own. */
  readonly clusterId?: Uuid
  /** Called once per partition, at its first append or deletion; the getter that it returns is read on every append. */
  readonly configFor: (topic: string) => LogConfigSource
  readonly files?: Files
  /** Runs its argument once the present batch of socket reads is done; a sync starts then. */
  readonly defer?: (run: () => void) => void
  /** Retention and compaction run of their own accord when this is given. */
  readonly upkeep?: UpkeepSettings
  /** Resolves when the event loop has been around once. */
  readonly nextTurn?: () => Promise<void>
  /** What several directories share, or divide among them. */
  readonly shared?: SharedParts
  /** Whether a failure that need not be the end is one, because others can go on without this directory. */
  readonly isExpendable?: (failure: DiskFailure) => boolean
}

export interface SharedParts {
  readonly pool: OpenSegments
  readonly parallelSyncsMax: number
  /** Logs are compacted one at a time, whatever directory they are in. */
  readonly compactionTurn: PartitionHost['compactionTurn']
}

export function sharedParts(directories: number): SharedParts {
  let last: Promise<unknown> = Promise.resolve()
  return {
    pool: new OpenSegments(openSegmentsMax),
    parallelSyncsMax: Math.max(1, Math.floor(parallelSyncsMax / directories)),
    compactionTurn(run) {
      const turn = last.then(run)
      last = turn.catch(() => {})
      return turn
    },
  }
}

/** The directory belongs to another node, or its content contradicts itself. */
export class InconsistentDirectoryError extends Error {
  override readonly name = 'InconsistentDirectoryError'
  readonly code = 'DATA_DIRECTORY_CORRUPT'
}

/** It cannot be made, is no directory, or may not be read or written. */
export class UnusableDirectoryError extends Error {
  override readonly name = 'UnusableDirectoryError'
  readonly code = 'DATA_DIRECTORY_UNUSABLE'
}

/** Kafka's name for a copy of a partition on its way. */
const futureName = /^(.+)\.[0-9a-f]{32}-future$/

/** After how long a sync is tried again for which there was no file descriptor. */
const syncRetryMs = 1000

/** Segment files that are open at a time, beyond those that are held; sockets need descriptors too. */
const openSegmentsMax = 1024

interface Identity {
  readonly clusterId: Uuid
  readonly directoryId: Uuid
}

export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { world, log } = options
  const files = options.files ?? nodeFiles
  const isEphemeral = options.path === null
  const durability: Durability = isEphemeral ? 'none' : options.durability
  const { path, lock } = usable(() => {
    return options.path === null ? makeEphemeralFolder(files) : takeDirectory(files, options.path, world)
  })
  // Elsewhere there are no containers that share a directory.
  if (!lock.hasKernelLock && process.platform === 'linux') {
    log.warn('flock(2) is not available (is koffi installed?): a broker in another container could use the same data directory', {
      path,
    })
  }
  try {
    const identity = await identityOf(files, path, options, isEphemeral)
    const { pool, parallelSyncsMax: syncsMax, compactionTurn } = options.shared ?? sharedParts(1)
    const commit = new GroupCommit({
      onFatal: failure => {
        lock.distrust()
        options.onFatal(failure)
      },
      defer: options.defer,
      later: run => void world.host.after(syncRetryMs, run),
      parallelSyncsMax: syncsMax,
      isExpendable: options.isExpendable,
    })
    const partitions = new Map<string, Partition>()
    const epochs = { min: 0 }
    const quorumState = isEphemeral ? null : readQuorumState(files, options.metadataPath ?? path)
    const checkpoints = isEphemeral ? null : checkpointsOf(files, path, partitions, epochs, quorumState)
    const removals = new Removals(files, world, log)
    const { configFor, nextTurn = turnOfEventLoop } = options
    const host: PartitionHost = {
      ...{
        path,
        files,
        pool,
        world,
        log,
        durability,
        commit,
        checkpoints,
        removals,
        epochs,
        nextTurn,
        configFor,
        compactionTurn,
      },
    }
    const futures: FutureFolder[] = []
    const leftovers = isEphemeral ? [] : await loadAll(host, partitions, futures, lock.wasKilled, quorumState)
    const directory = new DataDirectory({
      ...identity,
      host,
      partitions,
      futures,
      unlock: lock.release,
      upkeep: options.upkeep ?? null,
    })
    directory.removeLeftovers(leftovers)
    if (isEphemeral && files === nodeFiles) void sweepOnce(files, log)
    return directory
  } catch (error) {
    lock.release()
    if (error instanceof CorruptLogError) throw new InconsistentDirectoryError(error.message, { cause: error })
    throw usableOr(error)
  }
}

function takeDirectory(files: Files, path: string, world: World): { path: string; lock: DirectoryLock } {
  files.makeDirectory(path)
  return { path, lock: lockDirectory(files, path, world) }
}

/** Once in a process, and beside the start that it belongs to. */
async function sweepOnce(files: Files, log: StorageLog): Promise<void> {
  if (hasSwept) return
  hasSwept = true
  await turnOfEventLoop()
  await sweepEphemeralFolders(files, log)
}
let hasSwept = false

/** What the disk denies when a directory is opened says that it is the wrong one, or not ours. */
function usable<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw usableOr(error)
  }
}

function usableOr(error: unknown): unknown {
  const isDenied = error instanceof DiskFailure && error.kind === 'denied'
  return isDenied ? new UnusableDirectoryError(error.message, { cause: error }) : error
}

/** Fills `partitions` and `futures`; answers the directories of partitions that were deleted but not yet removed. */
async function loadAll(
  host: PartitionHost,
  partitions: Map<string, Partition>,
  futures: FutureFolder[],
  keepsWrites: boolean,
  quorumState: string | null,
): Promise<string[]> {
  const { files, path, log } = host
  const leftovers: string[] = []
  const startedMs = host.world.monotonicMs()
  // 1. How the last run ended. The marker goes before anything is written, and for good; what only reads need not wait for it.
  const marker = files.readWhole(`${path}/${cleanShutdownFile}`)
  const wasClosedCleanly = marker !== null
  if (wasClosedCleanly) files.remove(`${path}/${cleanShutdownFile}`)
  const unmarked = wasClosedCleanly ? files.syncPath(path) : Promise.resolve()
  unmarked.catch(() => {}) // Heard where it is waited for.
  const state = readDirectoryState(host)
  // Kafka had the directory last, and our own file says where logs ended that went on, or began that are shorter now. Its
  // marker has the epoch of its broker; when it was killed, there is none.
  const isKafkasMarker = marker !== null && /"brokerEpoch":\d/.test(Buffer.from(marker).toString())
  const isKafkas = isKafkasMarker || (state !== null && state.quorumState !== quorumState)
  if (isKafkas) log.info('Kafka has had the data directory: what it left is kept as it is', { path })
  const states = isKafkas ? null : (state?.partitions ?? null)
  host.epochs.min = state?.leaderEpochMin ?? 0
  const stateOf = readStates(host, states, !isKafkas)
  let isSalvaged = false
  // 2. Every partition, one after the other.
  for (const name of files.list(path)) {
    const place = `${path}/${name}`
    if (name.endsWith('-delete') && files.isDirectory(place)) leftovers.push(place)
    const future = futureName.exec(name)?.[1]
    const ofFuture = future === undefined ? null : parsePartitionName(future)
    if (ofFuture !== null) futures.push({ ...ofFuture, path: place })
    const parsed = parsePartitionName(name)
    if (parsed === null || !files.isDirectory(place)) continue
    const { topic, index } = parsed
    const left = wasClosedCleanly ? states?.get(name) : undefined
    const asLeft = left === undefined ? null : openPartition(host, topic, index, left)
    if (asLeft !== null) {
      partitions.set(partitionName(topic, index), asLeft)
      continue
    }
    await unmarked
    if (!wasClosedCleanly) await completeSwaps(files, place, host.durability !== 'none')
    const topicId = await topicIdOf(host, place, states?.get(name)?.topicId)
    const known = { ...stateOf(name, topicId), wasClosedCleanly, keepsWrites }
    const loaded = await loadPartition(host, { topic, index, topicId, ...known })
    partitions.set(partitionName(topic, index), loaded.partition)
    isSalvaged ||= loaded.isSalvaged
  }
  await unmarked
  // 3. Readers may see what was recovered; so it has to stay.
  if (!wasClosedCleanly && host.durability === 'fsync') {
    await inParallel(partitions.values(), parallelPartitionsMax, partition => partition.sync())
  }
  if (!wasClosedCleanly && host.durability === 'os') await raiseLeaderEpochs(host, partitions)
  // A gap that damage left is no longer the work of a power cut once it lies below the recovery point.
  if (isSalvaged) await host.checkpoints?.state.write()
  if (partitions.size > 0) {
    const durationMs = Math.round(host.world.monotonicMs() - startedMs)
    log.info('data directory loaded', { path, partitions: partitions.size, wasClosedCleanly, durationMs })
  }
  return leftovers
}

/**
 * Readers may have seen records that were never synced and are gone. What is written in their place is of another epoch, so that
 * those readers learn of it [KIP-320]; and an epoch that was begun is never begun again, whatever else is lost. In fsync mode
 * records that are not durable are never read.
 */
async function raiseLeaderEpochs({ epochs, checkpoints }: PartitionHost, partitions: Map<string, Partition>): Promise<void> {
  if (partitions.size === 0) return
  for (const { leaderEpoch } of partitions.values()) epochs.min = Math.max(epochs.min, leaderEpoch)
  epochs.min++
  for (const partition of partitions.values()) partition.raiseLeaderEpoch(epochs.min)
  try {
    await checkpoints?.state.write()
  } catch (error) {
    // A full disk takes no record of that epoch either; the next checkpoint says it.
    if (!(error instanceof DiskFailure && error.kind === 'full')) throw error
  }
}

type RecoveredState = Pick<LoadInput, 'recoveryPoint' | 'logStartOffset' | 'isStartKnown' | 'cleanedTo' | 'abortedCount'>

const nothingIsKnown: RecoveredState = {
  recoveryPoint: 0,
  logStartOffset: 0,
  isStartKnown: true,
  cleanedTo: null,
  abortedCount: null,
}

function readDirectoryState({ files, path }: PartitionHost): DirectoryState | null {
  const bytes = files.readWhole(`${path}/${directoryStateFile}`)
  return bytes === null ? null : parseDirectoryState(bytes)
}

/** So many bits are wrong in a damaged id at most; the ids of two topics differ in about sixty. */
const damagedBitsMax = 8

/** The id in a partition's metadata; when that is damaged and was written down elsewhere, the one that it had. */
async function topicIdOf({ files, log }: PartitionHost, folder: string, known: Uuid | undefined): Promise<Uuid> {
  const found = readTopicId(files, folder)
  if (known === undefined || known === found) return found
  const text = files.readWhole(`${folder}/${partitionMetadataFile}`)
  if (text === null || differingBits(text, utf8Encode(partitionMetadata(known))) > damagedBitsMax) return found
  log.warn('corrected a damaged topic id', { folder, found, topicId: known })
  await replaceFile(files, folder, partitionMetadataFile, partitionMetadata(known), true)
  return known
}

function differingBits(a: Bytes, b: Bytes): number {
  if (a.byteLength !== b.byteLength) return Number.POSITIVE_INFINITY
  let count = 0
  for (let at = 0; at < a.byteLength; at++) for (let bits = a[at]! ^ b[at]!; bits !== 0; bits &= bits - 1) count++
  return count
}

/** What the last run wrote down of each partition, in its own file or, where there is none, in Kafka's. */
function readStates(
  { files, path, log }: PartitionHost,
  states: ReadonlyMap<string, PartitionState> | null,
  mayBeLost: boolean,
): (name: string, topicId: Uuid) => RecoveredState {
  if (states !== null) {
    return (name, topicId) => {
      const state = states.get(name)
      // Of another topic that had this name: it says nothing about this one.
      if (state === undefined || state.topicId !== topicId) return nothingIsKnown
      return { ...state, isStartKnown: true, abortedCount: state.asLeft?.abortedCount ?? null }
    }
  }
  const isLost = mayBeLost && files.sizeOf(`${path}/${directoryStateFile}`) !== null
  const recoveryPoints = readCheckpoint(files, path, recoveryPointFile)
  const logStarts = readCheckpoint(files, path, logStartFile)
  const cleaned = readCheckpoint(files, path, cleanerFile)
  const isDamaged = isLost || recoveryPoints === null || logStarts === null
  if (isDamaged) log.warn('a checkpoint is damaged; verifying all logs in full', { path })
  // Kafka deletes segments of its own accord without saying where the log starts now.
  const isStartKnown = !isLost && files.sizeOf(`${path}/${recoveryPointFile}`) === null
  return name => ({
    isStartKnown,
    recoveryPoint: (isDamaged ? null : recoveryPoints?.get(name)) ?? 0,
    logStartOffset: logStarts?.get(name) ?? 0,
    cleanedTo: cleaned?.get(name) ?? null,
    abortedCount: null,
  })
}

async function identityOf(files: Files, path: string, options: DataDirectoryOptions, isEphemeral: boolean): Promise<Identity> {
  const bytes = files.readWhole(`${path}/${metaPropertiesFile}`)
  if (bytes !== null) return parseIdentity(Buffer.from(bytes).toString(), path, options.nodeId)
  const identity: Identity = {
    clusterId: options.clusterId ?? randomUuid(options.world),
    directoryId: randomUuid(options.world),
  }
  const lines = [
    'version=1',
    `cluster.id=${identity.clusterId}`,
    `node.id=${options.nodeId}`,
    `directory.id=${identity.directoryId}`,
  ]
  const text = `${lines.join('\n')}\n`
  if (!isEphemeral) {
    await replaceFile(files, path, metaPropertiesFile, `${text}${identityChecksum(text)}\n`, true)
    await syncName(files, path)
  }
  return identity
}

/** The directory itself may be new: its name is lost with a power cut unless that is synced, if we may. */
async function syncName(files: Files, path: string): Promise<void> {
  try {
    await files.syncPath(dirname(path))
  } catch (error) {
    if (!(error instanceof DiskFailure && error.kind === 'denied')) throw error
  }
}

/** A comment for Kafka. A wrong bit in an id would silently make this another cluster. */
function identityChecksum(text: string): string {
  const bytes = utf8Encode(text)
  return `# crc32c ${crc32c(bytes, 0, bytes.byteLength).toString(16).padStart(8, '0')}`
}

function parseIdentity(text: string, path: string, nodeId: number): Identity {
  const comment = text.indexOf('# crc32c ')
  if (comment > 0 && text.slice(comment).trimEnd() !== identityChecksum(text.slice(0, comment))) {
    const help = 'restore it from a backup or, if its ids are right, delete its last line'
    throw new InconsistentDirectoryError(`${path}/${metaPropertiesFile} is damaged: its checksum is wrong (${help})`)
  }
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0 && !line.startsWith('#')) values.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim())
  }
  const clusterId = values.get('cluster.id')
  const directoryId = values.get('directory.id')
  if (values.get('version') !== '1' || clusterId === undefined || directoryId === undefined) {
    throw new InconsistentDirectoryError(`${path}/${metaPropertiesFile} is not version 1; restore it from a backup`)
  }
  if (values.get('node.id') !== String(nodeId)) {
    const owner = `node ${values.get('node.id')}`
    throw new InconsistentDirectoryError(`${path} belongs to ${owner} according to ${metaPropertiesFile}; this is node ${nodeId}`)
  }
  return { clusterId, directoryId }
}

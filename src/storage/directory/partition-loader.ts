/**
 * Makes partitions: a new one in an empty directory, or one from what lies on disk (log, epochs, producer state). The only
 * place that knows which engine and which rules a partition is put together from.
 */
import type { Offset, Uuid } from '../../base/ids.js'
import { zeroUuid } from '../../base/ids.js'
import type { World } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import { lastOffset } from '../../protocol/records/batch.js'
import { CorruptLogError } from '../engine.js'
import type { Files } from '../files.js'
import { partitionMetadataFile, partitionName } from '../format/checkpoint.js'
import type { PartitionState } from '../format/directory-state.js'
import { LeaderEpochs } from '../format/leader-epochs.js'
import { ProducerSnapshots } from '../format/producer-snapshots.js'
import type { GroupCommit } from '../group-commit.js'
import { defaultLogConfig, type LogConfigSource } from '../log-config.js'
import { Partition } from '../partition.js'
import { ProducerStates } from '../rules/producers.js'
import { openClosedLog } from '../segments/closed-log.js'
import { SegmentedLog, verifyMarkFile } from '../segments/log.js'
import type { OpenSegments } from '../segments/open-segments.js'
import { type RecoveredLog, recoverLog, replayBatches } from '../segments/recovery.js'
import type { DamagedRange } from '../segments/salvage.js'
import { Segment } from '../segments/segment.js'
import type { SegmentHome } from '../segments/segment-home.js'
import type { Durability, StorageLog } from '../types.js'
import type { Checkpoints, DirectoryEpochs } from './checkpoints.js'
import type { Removals } from './removals.js'

/** What all partitions of a directory share. */
export interface PartitionHost {
  readonly path: string
  readonly files: Files
  readonly pool: OpenSegments
  readonly world: World
  readonly log: StorageLog
  readonly durability: Durability
  readonly commit: GroupCommit
  /** Null in an ephemeral directory, which is never opened again. */
  readonly checkpoints: Checkpoints | null
  readonly removals: Removals
  readonly epochs: DirectoryEpochs
  /** Resolves when the event loop has been around once: what long work does between two slices. */
  readonly nextTurn: () => Promise<void>
  readonly configFor: (topic: string) => LogConfigSource
  /** Runs its argument when no other directory's logs are being compacted. */
  readonly compactionTurn: <T>(run: () => Promise<T>) => Promise<T>
}

/** Partitions that are synced at a time when all are: each may have a file of its own open. */
export const parallelPartitionsMax = 16

export function createPartition(host: PartitionHost, topic: string, index: number, topicId: Uuid, isPrivate = false): Partition {
  const { files, path, world } = host
  const folder = `${path}/${partitionName(topic, index)}`
  const makeFolder = (): void => {
    files.makeDirectory(folder, isPrivate)
    try {
      files.writeWhole(`${folder}/${partitionMetadataFile}`, partitionMetadata(topicId))
    } catch (error) {
      removeUnfinished(host, folder)
      throw error
    }
  }
  // An ephemeral partition needs nothing on disk until something is written.
  const isLazy = host.durability === 'none'
  if (!isLazy) makeFolder()
  const home = homeOf(host, folder, isLazy ? onceOnly(makeFolder) : () => {})
  return assemble(host, home, {
    topic,
    index,
    topicId,
    segments: [new Segment(home, 0, null, world.nowMs(), 0)],
    damaged: [],
    epochs: new LeaderEpochs(),
    logStartOffset: 0,
    logEndOffset: 0,
    recoveryPoint: 0,
    cleanedTo: null,
    newPaths: [`${home.folder}/${partitionMetadataFile}`, home.folder, path],
    producers: new ProducerStates(),
    snapshots: new ProducerSnapshots(files, home.folder),
  })
}

/** One whose files are not here. It is in no directory, and answers KAFKA_STORAGE_ERROR to everything. */
export function offlinePartition(host: PartitionHost, topic: string, index: number, topicId: Uuid): Partition {
  const { files, path, world } = host
  const home = homeOf(host, `${path}/${partitionName(topic, index)}`, () => {})
  const nothing = { damaged: [], epochs: new LeaderEpochs(), newPaths: [], producers: new ProducerStates() }
  const partition = assemble(host, home, {
    ...nothing,
    ...{ topic, index, topicId, logStartOffset: 0, logEndOffset: 0, recoveryPoint: 0, cleanedTo: null },
    segments: [new Segment(home, 0, null, world.nowMs(), 0)],
    snapshots: new ProducerSnapshots(files, home.folder),
  })
  partition.abandon(Errors.KAFKA_STORAGE_ERROR)
  return partition
}

/** In two steps: an empty folder can be removed without a file descriptor. What stays the next start removes. */
function removeUnfinished({ files, log }: PartitionHost, folder: string): void {
  try {
    files.remove(`${folder}/${partitionMetadataFile}`)
    files.remove(folder)
  } catch (error) {
    log.warn('could not remove the folder of a partition that was not made', { path: folder, error: String(error) })
  }
}

export interface LoadInput {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly wasClosedCleanly: boolean
  readonly recoveryPoint: Offset
  readonly logStartOffset: Offset
  readonly isStartKnown: boolean
  readonly keepsWrites: boolean
  /** Up to where the log was compacted; null when it never was. */
  readonly cleanedTo: Offset | null
  /** Aborted transactions that the orderly stop knew; null when that is not known. */
  readonly abortedCount: number | null
}

export interface LoadedPartition {
  readonly partition: Partition
  /** New damage was found in it. */
  readonly isSalvaged: boolean
}

/** Throws CorruptLogError only for a log that was verified. */
export async function loadPartition(host: PartitionHost, input: LoadInput): Promise<LoadedPartition> {
  const { files, log } = host
  const { topic, index } = input
  const folder = `${host.path}/${partitionName(topic, index)}`
  const isMarked = files.sizeOf(`${folder}/${verifyMarkFile}`) !== null
  if (isMarked) log.warn('verifying a log that could not be read', { topic, partition: index })
  try {
    const loaded = await load(host, folder, input, isMarked)
    if (isMarked) files.remove(`${folder}/${verifyMarkFile}`)
    return loaded
  } catch (error) {
    if (!(error instanceof CorruptLogError) || isMarked) throw error
    log.warn('cannot read a log; verifying it', { topic, partition: index, error: error.message })
    return load(host, folder, input, true)
  }
}

async function load(host: PartitionHost, folder: string, input: LoadInput, verifiesAll: boolean): Promise<LoadedPartition> {
  const { files, world, log } = host
  const { topic, index } = input
  const home = homeOf(host, folder, () => {})
  const nowMs = world.nowMs()
  const recovered = await recoverLog({
    home,
    wasClosedCleanly: input.wasClosedCleanly,
    verifiesAll,
    recoveryPoint: input.recoveryPoint,
    logStartOffset: input.logStartOffset,
    isStartKnown: input.isStartKnown,
    keepsWrites: input.keepsWrites,
    cleanedTo: input.cleanedTo,
    abortedCount: input.wasClosedCleanly ? input.abortedCount : null,
    // The topic's own interval may not be known yet; it matters for nothing but the density of rebuilt entries.
    indexIntervalBytes: defaultLogConfig.indexIntervalBytes,
    nowMs,
    log,
  })
  const { topicId, cleanedTo } = input
  const recoveryPoint = input.wasClosedCleanly ? recovered.logEndOffset : Math.min(input.recoveryPoint, recovered.logEndOffset)
  const known = { topic, index, topicId, cleanedTo, recoveryPoint }
  const partition = withProducers(host, home, known, recovered, files.list(folder), false)
  return { partition, isSalvaged: recovered.isSalvaged }
}

/** A partition whose log was closed in order and is as it was left; null when it is not. */
export function openPartition(host: PartitionHost, topic: string, index: number, state: PartitionState): Partition | null {
  const { asLeft, topicId, logStartOffset, recoveryPoint, cleanedTo } = state
  if (asLeft === null) return null
  const home = homeOf(host, `${host.path}/${partitionName(topic, index)}`, () => {})
  const names = host.files.list(home.folder)
  const log = openClosedLog(home, names, { logStartOffset, logEndOffset: recoveryPoint, asLeft }, host.world.nowMs())
  if (log === null) return null
  try {
    return withProducers(host, home, { topic, index, topicId, cleanedTo, recoveryPoint }, log, names, asLeft.producerCount === 0)
  } catch (error) {
    if (error instanceof CorruptLogError) return null
    throw error
  }
}

/**
 * Opens what was copied here of a partition that is written to elsewhere, in the same turn of the event loop. Null when it is not
 * the same log. `unsynced`: what is not yet on stable storage of it.
 */
export function openCopy(host: PartitionHost, source: Partition, unsynced: readonly string[]): Partition | null {
  const { topic, index, topicId, asLeft, logStartOffset, logEndOffset, recoveryPoint, cleanedTo } = source
  const home = homeOf(host, `${host.path}/${partitionName(topic, index)}`, () => {})
  const names = host.files.list(home.folder)
  const log = openClosedLog(home, names, { logStartOffset, logEndOffset, asLeft }, host.world.nowMs())
  if (log === null || log.logStartOffset !== logStartOffset) return null
  const partition = assemble(host, home, {
    ...{ topic, index, topicId, cleanedTo, recoveryPoint, logStartOffset, logEndOffset },
    ...{ segments: log.segments, damaged: log.damaged, epochs: log.epochs },
    newPaths: [...unsynced, home.folder, host.path],
    producers: source.producerStates,
    snapshots: new ProducerSnapshots(host.files, home.folder),
    durableOffset: source.highWatermark,
  })
  partition.raiseLeaderEpoch(source.leaderEpoch)
  return partition
}

type KnownPartition = Pick<Ingredients, 'topic' | 'index' | 'topicId' | 'cleanedTo' | 'recoveryPoint'>

/** Adds to a log what is known of its producers. `names`: what is in its folder. */
function withProducers(
  host: PartitionHost,
  home: SegmentHome,
  of: KnownPartition,
  log: RecoveredLog,
  names: readonly string[],
  hasNoProducers: boolean,
): Partition {
  const { segments, logStartOffset, logEndOffset } = log
  const nowMs = host.world.nowMs()
  const snapshots = new ProducerSnapshots(host.files, home.folder)
  const starts = segments.map(segment => segment.baseOffset)
  // Batches below the log's start count too, as long as their segment is there: what follows them is judged by them.
  const from = starts[0] ?? logStartOffset
  // What was compacted is read from its beginning: it lacks the ends of transactions of which nothing is left.
  const usable = { from: of.cleanedTo ?? from, to: logEndOffset }
  const known = snapshots.load(from, usable, starts, names, hasNoProducers)
  // Which transactions are aborted is found with the producers as they were then; what they are now may know more of batches
  // that were compacted away since.
  const abortedFrom = log.abortedFrom ?? logEndOffset
  const then = abortedFrom < known.offset ? snapshots.before(from, { ...usable, to: abortedFrom }, names) : known
  if (abortedFrom < logEndOffset) for (const segment of segments) segment.aborted.truncate(abortedFrom)
  if (then.offset < logEndOffset) {
    replayBatches(home, segments, then.offset, (segment, bytes, at) => {
      const aborted = then.states.recordStored(bytes, at, nowMs)
      if (aborted !== null && aborted.lastOffset >= abortedFrom) segment.aborted.addOfMany(aborted)
      if (then !== known && lastOffset(bytes, at) >= known.offset) known.states.recordStored(bytes, at, nowMs)
    })
  }
  const rebuilt = segments.filter(({ aborted }) => aborted.hasUnsynced || aborted.hasPending)
  for (const { aborted } of rebuilt) aborted.flushIfPossible()
  return assemble(host, home, {
    ...of,
    segments,
    damaged: log.damaged,
    epochs: log.epochs,
    logStartOffset,
    logEndOffset,
    newPaths: known.hasRemoved || rebuilt.length > 0 ? [...log.unsyncedPaths, home.folder] : log.unsyncedPaths,
    producers: known.states,
    snapshots,
  })
}

function homeOf({ files, pool, removals }: PartitionHost, folder: string, prepare: () => void): SegmentHome {
  return { files, pool, folder, prepare, removeAfter: (paths, delayMs) => removals.after(paths, delayMs) }
}

function onceOnly(run: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    run()
    isDone = true
  }
}

interface Ingredients {
  readonly topic: string
  readonly index: number
  readonly topicId: Uuid
  readonly segments: Segment[]
  readonly damaged: readonly DamagedRange[]
  readonly epochs: LeaderEpochs
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  readonly recoveryPoint: Offset
  readonly cleanedTo: Offset | null
  readonly newPaths: readonly string[]
  readonly producers: ProducerStates
  readonly snapshots: ProducerSnapshots
  readonly durableOffset?: Offset
}

function assemble(host: PartitionHost, home: SegmentHome, parts: Ingredients): Partition {
  const { durability, world, log, commit } = host
  const isSynced = durability !== 'none'
  const engine = new SegmentedLog({
    home,
    world,
    segments: parts.segments,
    damaged: parts.damaged,
    epochs: parts.epochs,
    logStartOffset: parts.logStartOffset,
    logEndOffset: parts.logEndOffset,
    recoveryPoint: parts.recoveryPoint,
    durability,
    newPaths: isSynced ? parts.newPaths : [],
    onRoll: baseOffset => partition.rolled(baseOffset),
    onDamage: error => partition.noteDamage(error),
  })
  // Read at the first append, when its source is loaded.
  let source: LogConfigSource | null = null
  const config: LogConfigSource = () => {
    source ??= host.configFor(parts.topic)
    return source()
  }
  const partition = new Partition({
    topic: parts.topic,
    index: parts.index,
    topicId: parts.topicId,
    // One node leads for ever: the epoch never goes down, and only a start makes it go up.
    leaderEpoch: Math.max(host.epochs.min, parts.epochs.latest),
    engine,
    producers: parts.producers,
    snapshots: isSynced ? parts.snapshots : null,
    cleanedTo: parts.cleanedTo,
    durableOffset: parts.durableOffset,
    checkpoints: host.checkpoints,
    config,
    durability,
    commit,
    world,
    log,
  })
  return partition
}

export function partitionMetadata(topicId: Uuid): string {
  return `version: 0\ntopic_id: ${topicId}\n`
}

export function readTopicId(files: Files, folder: string): Uuid {
  const bytes = files.readWhole(`${folder}/${partitionMetadataFile}`)
  const text = bytes === null ? '' : Buffer.from(bytes).toString()
  return /^topic_id: ([\w-]{22})$/m.exec(text)?.[1] ?? zeroUuid
}

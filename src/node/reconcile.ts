/**
 * At start: makes the directory and the image agree. A crash can fall between the record of a topic and its files.
 *
 *   record says removed, files are there   → the files go
 *   files are there, no record of them     → the topic is recorded again: its batches may have been acknowledged. Where there
 *                                            is not one batch, nothing was: the files go, and the topic was never created
 *   files without a known topic            → nothing of them was ever synced, so nothing was acknowledged; moved aside
 *   record is there, files are not         → Topics makes the partitions when it opens them, unless they are in a directory
 *                                            that is not here: then they are offline
 */

import { type Offset, type Uuid, zeroUuid } from '../base/ids.js'
import type { Log } from '../base/log.js'
import { type ClusterSettings, createPartitions, createTopic } from '../cluster/controller.js'
import { type ClusterImage, type TopicImage, unchangedLeader } from '../cluster/image.js'
import { clusterMetadataTopic } from '../cluster/topic-name.js'
import { isRefusal } from '../protocol/errors.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import type { DataDirectory } from '../storage/directory/data-directory.js'
import type { LogDirs, Place } from '../storage/directory/log-dirs.js'
import { InconsistentDirectoryError, UnusableDirectoryError } from '../storage/directory/open-directory.js'
import type { MetadataLog } from './metadata-log.js'
import { type OfflineParts, resignFromOffline, writeInBatches } from './offline-partitions.js'
import { placed } from './placed.js'

interface Reconciliation {
  readonly directory: LogDirs
  readonly image: ClusterImage
  readonly metadataLog: MetadataLog
  readonly removedTopicIds: ReadonlySet<Uuid>
  readonly settings: ClusterSettings
  readonly log: Log
}

export function reconcile(parts: Reconciliation): void {
  const { directory: directories, image, metadataLog, removedTopicIds, settings, log } = parts
  refuseOthers(parts)
  refuseUnmounted(parts)
  if (directories.all.length > 1) keepOneOfEach(parts)
  const moved: MetadataRecordInput[] = []
  // By id: several topics of one name may have been begun, one after the other, without a record.
  const orphans = new Map<Uuid, { name: string; indexes: number[]; isEmpty: boolean }>()
  for (const { directory, partition } of [...directories.places()]) {
    const { topic, index, topicId, logEndOffset } = partition
    if (topic === clusterMetadataTopic) continue
    const known = image.topicsById.get(topicId)
    if (known !== undefined) {
      const recorded = known.partitions[index]
      if (recorded === undefined) growBackOrForget(parts, directory, known, index, logEndOffset)
      // Brought here by hand while nothing ran, which Kafka takes for what it is.
      else if (recorded.directory !== null && recorded.directory !== directory.directoryId) {
        const place = { leader: unchangedLeader, directories: [directory.directoryId] }
        moved.push({ kind: 'partitionChange', topicId, partitionId: index, ...place })
      }
      continue
    }
    if (topicId === zeroUuid && logEndOffset > 0) {
      const path = directory.strayPartition(topic, index)
      log.warn({ topic, partition: index, path }, 'moved aside a partition folder without a topic id')
    } else if (topicId === zeroUuid || removedTopicIds.has(topicId) || image.topics.has(topic)) {
      log.info({ topic, partition: index, topicId }, 'removed the files of a deleted topic')
      directory.deletePartition(topic, index)
    } else {
      const orphan = orphans.get(topicId) ?? { name: topic, indexes: [], isEmpty: true }
      orphan.indexes.push(index)
      orphan.isEmpty &&= logEndOffset === 0
      orphans.set(topicId, orphan)
    }
  }
  writeInBatches(metadataLog, moved, log)
  for (const [topicId, { name, indexes, isEmpty }] of orphans) {
    if (isEmpty) {
      log.info({ topic: name, topicId }, 'removed the empty files of a topic that was never created')
      for (const index of indexes) directories.deletePartition(name, index)
      continue
    }
    const partitionCount = Math.max(...indexes) + 1
    const command = { name, topicId, partitionCount, replicationFactor: 1, assignments: [], configs: new Map() }
    const decided = createTopic(image, settings, command)
    if (isRefusal(decided)) {
      log.warn({ topic: name, topicId, reason: decided.message }, 'left the files of an unknown topic in place')
      continue
    }
    log.warn({ topic: name, topicId, partitions: partitionCount }, 'recovered a topic found on disk without a metadata record')
    // Nothing was promised about this record yet; it becomes durable with the next one at the latest.
    metadataLog.write(placed(decided.records, name, directories)).catch(() => {})
  }
  const isOffline = (topic: string, index: number, directoryId: Uuid | null): boolean =>
    directories.isMissing(directoryId) && directories.partition(topic, index) === undefined
  takeTheLead(parts, isOffline)
  resignFromOffline({ image, metadataLog, log, isOffline })
}

/** A partition that its topic does not have, as far as the record says: it had just been added. */
function growBackOrForget(
  parts: Reconciliation,
  directory: DataDirectory,
  topic: TopicImage,
  index: number,
  logEndOffset: Offset,
): void {
  const { image, metadataLog, settings, log } = parts
  if (logEndOffset === 0) {
    log.info({ topic: topic.name, partition: index }, 'removed the empty files of a partition that was never added')
    directory.deletePartition(topic.name, index)
    return
  }
  const decided = createPartitions(image, settings, { name: topic.name, count: index + 1, assignments: null })
  if (isRefusal(decided)) return
  log.warn({ topic: topic.name, partitions: index + 1 }, 'recovered a partition found on disk without a metadata record')
  metadataLog.write(placed(decided.records, topic.name, parts.directory)).catch(() => {})
}

/** A directory of a cluster in which other nodes keep partitions is not ours to serve. */
function refuseOthers({ image, settings: { nodeId } }: Reconciliation): void {
  for (const { name, partitions } of image.topics.values()) {
    for (const { index, replicas } of partitions) {
      if (replicas.includes(nodeId)) continue
      throw new InconsistentDirectoryError(
        `${name}-${index} has replicas on ${replicas.join(', ')}, not on this node (${nodeId})`,
      )
    }
  }
}

/**
 * A directory that was empty while another, which has partitions, is not to be found, is most likely one that was not mounted:
 * what is written there would be hidden when it is. Kafka, too, does not start.
 */
function refuseUnmounted({ directory: directories, image }: Reconciliation): void {
  const { made } = directories
  if (made.length === 0) return
  let missing = 0
  for (const { name, partitions } of image.topics.values()) {
    for (const { index, directory } of partitions) {
      if (directories.isMissing(directory) && directories.partition(name, index) === undefined) missing++
    }
  }
  if (missing === 0) return
  for (const dir of made) directories.unmake(dir)
  throw new UnusableDirectoryError(
    `${made.map(({ path }) => path).join(', ')}: empty, and ${missing} partitions are in a directory that is not here. Mount it, or ` +
      'leave what is empty out of log.dirs: they stay offline until their topics are deleted',
  )
}

/** What a crash left of a partition that was being moved: the longer log is the one that was written to. */
function keepOneOfEach({ directory: directories, image, log }: Reconciliation): void {
  const kept = new Map<string, Place>()
  for (const place of [...directories.places()]) {
    const { topic, index, topicId } = place.partition
    const key = `${topicId} ${index}`
    const other = kept.get(key)
    if (other === undefined || topicId === zeroUuid || topic === clusterMetadataTopic) {
      kept.set(key, place)
      continue
    }
    const recorded = image.topicsById.get(topicId)?.partitions[index]?.directory ?? null
    const [winner, loser] = isRather(place, other, recorded) ? [place, other] : [other, place]
    kept.set(key, winner)
    const path = loser.directory.strayPartition(topic, index)
    log.warn({ topic, partition: index, path, kept: winner.directory.path }, 'moved aside a copy of a partition that was moved')
  }
}

/** Whether the first is the one to keep. */
function isRather(one: Place, other: Place, recorded: Uuid | null): boolean {
  const [a, b] = [one.partition, other.partition]
  if (a.logEndOffset !== b.logEndOffset) return a.logEndOffset > b.logEndOffset
  if (a.logStartOffset !== b.logStartOffset) return a.logStartOffset > b.logStartOffset
  return one.directory.directoryId === recorded
}

/**
 * In a directory that Kafka wrote, a partition has no leader after a clean shutdown, nor has one whose directory was offline:
 * this node takes over, and writes it down as Kafka's controller would.
 */
function takeTheLead({ image, metadataLog, settings, log }: Reconciliation, isOffline: OfflineParts['isOffline']): void {
  const { nodeId } = settings
  const elections: MetadataRecordInput[] = []
  for (const { name, topicId, partitions } of image.topics.values()) {
    for (const { index, leader, isr, directory } of partitions) {
      if ((leader === nodeId && isr.length === 1) || isOffline(name, index, directory)) continue
      elections.push({ kind: 'partitionChange', topicId, partitionId: index, leader: nodeId, isr: [nodeId], replicas: [nodeId] })
    }
  }
  if (elections.length === 0) return
  log.info({ partitions: elections.length }, 'took over leadership of partitions without a leader or with other replicas')
  writeInBatches(metadataLog, elections, log)
}

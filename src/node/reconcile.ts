/**
 * At start: makes the directory and the image agree. A crash can fall between the record of a topic and its files.
 *
 *   record says removed, files are there   → the files go
 *   files are there, no record of them     → the topic is recorded again: its batches may have been acknowledged. Where there
 *                                            is not one batch, nothing was: the files go, and the topic was never created
 *   files without a known topic            → nothing of them was ever synced, so nothing was acknowledged; moved aside
 *   record is there, files are not         → Topics makes the partitions when it opens them
 */

import { type Offset, type Uuid, zeroUuid } from '../base/ids.js'
import type { Log } from '../base/log.js'
import { type ClusterSettings, createPartitions, createTopic } from '../cluster/controller.js'
import type { ClusterImage, TopicImage } from '../cluster/image.js'
import { clusterMetadataTopic } from '../cluster/topic-name.js'
import { isRefusal } from '../protocol/errors.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import type { DataDirectory } from '../storage/directory/data-directory.js'
import { InconsistentDirectoryError } from '../storage/directory/open-directory.js'
import type { MetadataLog } from './metadata-log.js'

interface Reconciliation {
  readonly directory: DataDirectory
  readonly image: ClusterImage
  readonly metadataLog: MetadataLog
  readonly removedTopicIds: ReadonlySet<Uuid>
  readonly settings: ClusterSettings
  readonly log: Log
}

export function reconcile(parts: Reconciliation): void {
  const { directory, image, metadataLog, removedTopicIds, settings, log } = parts
  takeTheLead(parts)
  // By id: several topics of one name may have been begun, one after the other, without a record.
  const orphans = new Map<Uuid, { name: string; indexes: number[]; isEmpty: boolean }>()
  for (const { topic, index, topicId, logEndOffset } of [...directory.partitions.values()]) {
    if (topic === clusterMetadataTopic) continue
    const known = image.topicsById.get(topicId)
    if (known !== undefined) {
      if (index >= known.partitions.length) growBackOrForget(parts, known, index, logEndOffset)
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
  for (const [topicId, { name, indexes, isEmpty }] of orphans) {
    if (isEmpty) {
      log.info({ topic: name, topicId }, 'removed the empty files of a topic that was never created')
      for (const index of indexes) directory.deletePartition(name, index)
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
    metadataLog.write(decided.records).catch(() => {})
  }
}

/** A partition that its topic does not have, as far as the record says: it had just been added. */
function growBackOrForget(parts: Reconciliation, topic: TopicImage, index: number, logEndOffset: Offset): void {
  const { directory, image, metadataLog, settings, log } = parts
  if (logEndOffset === 0) {
    log.info({ topic: topic.name, partition: index }, 'removed the empty files of a partition that was never added')
    directory.deletePartition(topic.name, index)
    return
  }
  const decided = createPartitions(image, settings, { name: topic.name, count: index + 1, assignments: null })
  if (isRefusal(decided)) return
  log.warn({ topic: topic.name, partitions: index + 1 }, 'recovered a partition found on disk without a metadata record')
  metadataLog.write(decided.records).catch(() => {})
}

/**
 * In a directory that Kafka wrote, a partition has no leader after a clean shutdown: this node takes over, and writes
 * it down as Kafka's controller would. A directory of a cluster in which other nodes keep partitions is not ours to serve.
 */
function takeTheLead({ image, metadataLog, settings, log }: Reconciliation): void {
  const { nodeId } = settings
  const elections: MetadataRecordInput[] = []
  for (const { name, topicId, partitions } of image.topics.values()) {
    for (const { index, leader, replicas, isr } of partitions) {
      if (!replicas.includes(nodeId)) {
        throw new InconsistentDirectoryError(
          `${name}-${index} has replicas on ${replicas.join(', ')}, not on this node (${nodeId})`,
        )
      }
      if (leader === nodeId && isr.length === 1) continue
      elections.push({ kind: 'partitionChange', topicId, partitionId: index, leader: nodeId, isr: [nodeId], replicas: [nodeId] })
    }
  }
  if (elections.length === 0) return
  log.info({ partitions: elections.length }, 'took over leadership of partitions without a leader or with other replicas')
  for (let from = 0; from < elections.length; from += recordsPerBatchMax) {
    metadataLog.write(elections.slice(from, from + recordsPerBatchMax)).catch(() => {})
  }
}

const recordsPerBatchMax = 1000

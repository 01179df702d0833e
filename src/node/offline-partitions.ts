/**
 * What the records say of partitions whose directory is offline: nobody leads them. Kafka's controller writes the same when a
 * broker tells it of the directory; a start that finds the directory again takes the lead again.
 */
import type { Uuid } from '../base/ids.js'
import type { Log } from '../base/log.js'
import { type ClusterImage, noLeader } from '../cluster/image.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import type { MetadataLog } from './metadata-log.js'

/** Records of one decision are one batch, which has a size. */
const recordsPerBatchMax = 1000

export interface OfflineParts {
  readonly image: ClusterImage
  readonly metadataLog: MetadataLog
  readonly log: Log
  readonly isOffline: (topic: string, index: number, directory: Uuid | null) => boolean
}

/** Writes it down; a disk that does not take it gets it at the next start. */
export function resignFromOffline({ image, metadataLog, log, isOffline }: OfflineParts): void {
  const changes: MetadataRecordInput[] = []
  for (const { name, topicId, partitions } of image.topics.values()) {
    for (const { index, leader, directory } of partitions) {
      if (leader === noLeader || !isOffline(name, index, directory)) continue
      changes.push({ kind: 'partitionChange', topicId, partitionId: index, leader: noLeader })
    }
  }
  if (changes.length === 0) return
  log.error({ partitions: changes.length }, 'partitions are offline: the directory that they are in is not here')
  writeInBatches(metadataLog, changes, log)
}

export function writeInBatches(metadataLog: MetadataLog, records: readonly MetadataRecordInput[], log: Log): void {
  for (let from = 0; from < records.length; from += recordsPerBatchMax) {
    metadataLog.writeOrAssume(records.slice(from, from + recordsPerBatchMax), log)
  }
}

import { resolve } from 'node:path'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { AlterReplicaLogDirs } from '../../protocol/messages/alter-replica-log-dirs.js'
import { DiskFailure } from '../../storage/files.js'
import { handler, type RequestContext } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// AlterReplicaLogDirs v1-2: to which directory partitions are to go; they are moved after the answer. Of a partition that is
// named twice the last one counts.
export const alterReplicaLogDirs = handler(AlterReplicaLogDirs, (request, context) => {
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const byTopic = new Map<string, Map<number, ErrorCode>>()
  for (const { path, topics } of request.dirs) {
    for (const { name, partitions } of topics) {
      const codes = byTopic.get(name) ?? new Map<number, ErrorCode>()
      for (const partition of partitions) byTopic.set(name, codes.set(partition, codeOf(path, name, partition, context)))
    }
  }
  const results = Array.from(byTopic, ([topicName, codes]) => ({
    topicName,
    partitions: Array.from(codes, ([partitionIndex, errorCode]) => ({ partitionIndex, errorCode })),
  }))
  return { results }
})

/** Kafka's copy of a partition on its way is `<topic>-<partition>.<32 digits>-future`, and no name is longer than this. */
const directoryNameMax = 255
const futureSuffixLength = 1 + 32 + '-future'.length

function codeOf(path: string, topic: string, index: number, { broker }: RequestContext): ErrorCode {
  const { logDirs, topics } = broker
  if (`${topic}-${index}`.length + futureSuffixLength > directoryNameMax) return Errors.INVALID_TOPIC_EXCEPTION
  const dir = logDirs.all.find(one => one.isForTopics && resolve(one.path) === path)
  if (dir === undefined) return Errors.LOG_DIR_NOT_FOUND
  if (!dir.isOnline) return Errors.KAFKA_STORAGE_ERROR
  if (logDirs.isCordoned(dir)) return Errors.INVALID_REPLICA_ASSIGNMENT
  const partition = topics.partition(topic, index)
  if (partition === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION
  if (partition.isOffline) return Errors.KAFKA_STORAGE_ERROR
  try {
    if (dir.directory !== null) logDirs.move(partition, dir.directory)
    return Errors.NONE
  } catch (error) {
    if (error instanceof DiskFailure) return Errors.KAFKA_STORAGE_ERROR
    throw error
  }
}

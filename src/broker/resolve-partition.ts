/** Which partition a client means, and whether it may have it: asked by every API that reads or writes one. */
import type { Uuid } from '../base/ids.js'
import { isInternalTopic } from '../cluster/topic-name.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { Operation } from '../security/acl/acl.js'
import type { Partition } from '../storage/partition.js'
import type { RequestContext } from './handler.js'

/** The client does not say which leader it knows. */
export const anyLeaderEpoch = -1
/** Kafka's admin client writes markers and tombstones into internal topics under this name. */
const adminClientId = '__admin_client'

/**
 * `operation` is what the client must be allowed; null: that has been asked already. `name` is null for an id that no topic has;
 * with `topicId` the topic of that name must be the one that had the id. On the hot path: makes nothing.
 */
export function resolvePartition(
  context: RequestContext,
  name: string | null,
  index: number,
  operation: Operation | null,
  currentLeaderEpoch = anyLeaderEpoch,
  topicId: Uuid | null = null,
): Partition | ErrorCode {
  // 1. Is there such a topic, and may this client know?
  if (name === null) return Errors.UNKNOWN_TOPIC_ID
  if (operation !== null && !context.may(operation, 'topic', name)) return Errors.TOPIC_AUTHORIZATION_FAILED
  // 2. Is the partition led here?
  const partition = context.broker.topics.partition(name, index)
  if (partition === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION
  if (topicId !== null && partition.topicId !== topicId) return Errors.INCONSISTENT_TOPIC_ID
  // 3. Internal topics are written by coordinators.
  const isChange = operation === 'write' || operation === 'delete'
  if (isChange && isInternalTopic(name) && !(operation === 'write' && context.clientId === adminClientId)) {
    return Errors.INVALID_TOPIC_EXCEPTION
  }
  // 4. Is its directory there?
  if (partition.isOffline) return Errors.KAFKA_STORAGE_ERROR
  // 5. [KIP-320] Does the client know the leader that we are?
  if (currentLeaderEpoch !== anyLeaderEpoch && currentLeaderEpoch !== partition.leaderEpoch) {
    return currentLeaderEpoch < partition.leaderEpoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH
  }
  return partition
}

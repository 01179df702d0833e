import { Errors } from '../../protocol/errors.js'
import { OffsetDelete } from '../../protocol/messages/offset-delete.js'
import type { RequestOf } from '../../protocol/schema.js'
import { handler } from '../handler.js'
import { knownPartitions, mergedTopics } from '../known-partitions.js'

type TopicRequest = RequestOf<typeof OffsetDelete>['topics'][number]

// OffsetDelete v0: forgets committed offsets of partitions that no member subscribes to (KIP-496).
export const offsetDelete = handler(OffsetDelete, async (request, context) => {
  const { broker, version } = context
  if (!context.may('delete', 'group', request.groupId)) {
    return OffsetDelete.failure(request, Errors.GROUP_AUTHORIZATION_FAILED, version)
  }
  // As in Kafka, a topic of which nothing is asked is left out, unless there is no such topic, or it is not to be seen.
  const isAnswered = ({ name, partitions }: TopicRequest): boolean =>
    partitions.length > 0 || !context.may('read', 'topic', name) || !broker.topics.image.topics.has(name)
  const topics = request.topics.filter(isAnswered)
  const { known, refused } = knownPartitions(topics, ({ name }, partition) => {
    if (!context.may('read', 'topic', name)) return Errors.TOPIC_AUTHORIZATION_FAILED
    return broker.topics.partition(name, partition) === undefined ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE
  })
  // The group is asked for whatever is left: what is wrong with it counts first.
  const answer = await broker.groups.deleteOffsets({ ...request, topics: known }, { version })
  if (answer.errorCode !== Errors.NONE || refused.length === 0) return answer
  return { ...answer, topics: mergedTopics([...refused, ...answer.topics]) }
})

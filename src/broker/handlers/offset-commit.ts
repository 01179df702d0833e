import { Errors } from '../../protocol/errors.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { handler } from '../handler.js'
import { knownPartitions, mergedTopics } from '../known-partitions.js'
import { topicNameOf, unknownTopicCode } from '../topic-reference.js'

// OffsetCommit v0-10: a group's positions. v10: topics by id; the coordinator knows names only, so ids are resolved here.
// Offsets live in the group's log in every version, also in v0, which once meant ZooKeeper.
export const offsetCommit = handler(OffsetCommit, (request, context) => {
  const { broker, version } = context
  if (!context.may('read', 'group', request.groupId)) {
    return OffsetCommit.failure(request, Errors.GROUP_AUTHORIZATION_FAILED, version)
  }
  const usesIds = version >= 10
  const topics = request.topics
    .filter(({ partitions }) => partitions.length > 0)
    .map(topic => ({ ...topic, name: topicNameOf(topic, usesIds, broker.topics.image) ?? '' }))
  const { known, refused } = knownPartitions(topics, ({ name }, partition) => {
    const isId = usesIds && name === ''
    if (!isId && !context.may('read', 'topic', name)) return Errors.TOPIC_AUTHORIZATION_FAILED
    return broker.topics.partition(name, partition) === undefined ? unknownTopicCode(name, usesIds) : Errors.NONE
  })
  if (known.length === 0) return { topics: refused }
  const committed = broker.groups.commitOffsets({ ...request, topics: known }, { version })
  if (refused.length === 0) return committed
  return committed.then(answer => ({ ...answer, topics: mergedTopics([...refused, ...answer.topics]) }))
})

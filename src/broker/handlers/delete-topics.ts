import { type Uuid, zeroUuid } from '../../base/ids.js'
import { unknownTopic } from '../../cluster/topic-name.js'
import { type ErrorCode, Errors, isRefusal } from '../../protocol/errors.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { authorizationFailed } from '../authorization-failed.js'
import { handler, type RequestContext } from '../handler.js'
import { mayMutate } from '../mutation-quota.js'
import { RequestFailure } from '../outcomes.js'
import { repeatedIn, withoutRepeats } from '../repeated.js'

type TopicAnswer = ResponseOf<typeof DeleteTopics>['responses'][number]

// DeleteTopics v0-6: deletes topics; the name is free when the answer is there. v5: messages; beyond the client's
// quota of mutations refused (KIP-599). v6: by name or by id.
export const deleteTopics = handler(DeleteTopics, async (request, context) => {
  if (!context.broker.config.get('delete.topic.enable')) {
    throw new RequestFailure(context.version < 3 ? Errors.INVALID_REQUEST : Errors.TOPIC_DELETION_DISABLED)
  }
  const asked = context.version >= 6 ? request.topics : request.topicNames.map(name => ({ name, topicId: zeroUuid }))
  const { image } = context.broker.topics
  const repeated = repeatedIn(asked.map(referenceKey))
  const ids = new Set(asked.flatMap(({ name, topicId }) => (name === null ? [topicId] : [])))
  const namedByBoth = new Set<Uuid>()
  for (const { name } of asked) {
    const topicId = image.topics.get(name ?? '')?.topicId
    if (topicId === undefined || name === null || !ids.has(topicId)) continue
    if (context.may('describe', 'topic', name) && context.may('delete', 'topic', name)) namedByBoth.add(topicId)
  }
  const responses: TopicAnswer[] = []
  for (const topic of withoutRepeats(asked, referenceKey)) {
    const { name, topicId } = topic
    const ownId = name === null ? topicId : image.topics.get(name)?.topicId
    if (repeated.has(referenceKey(topic))) {
      const message = name === null ? 'Duplicate topic id.' : 'Duplicate topic name.'
      responses.push(refused(topic, Errors.INVALID_REQUEST, message))
    } else if (ownId === undefined || !namedByBoth.has(ownId)) responses.push(await remove(topic, context))
    else if (name !== null) {
      const message = 'The provided topic name maps to an ID that was already supplied.'
      responses.push(refused({ name, topicId: ownId }, Errors.INVALID_REQUEST, message))
    }
    const paused = context.pause()
    if (paused !== null) await paused
  }
  return { responses }
})

function referenceKey({ name, topicId }: TopicReference): string {
  return `${topicId} ${name}`
}

interface TopicReference {
  readonly name: string | null
  readonly topicId: Uuid
}

async function remove(asked: TopicReference, context: RequestContext): Promise<TopicAnswer> {
  const { broker } = context
  if (asked.name === null && asked.topicId === zeroUuid) {
    return refused(asked, Errors.INVALID_REQUEST, 'Neither topic name nor id were specified.')
  }
  if (asked.name !== null && asked.topicId !== zeroUuid) {
    return refused(asked, Errors.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
  }
  const { image } = broker.topics
  const topic = asked.name === null ? image.topicsById.get(asked.topicId) : image.topics.get(asked.name)
  const name = asked.name ?? topic?.name
  const isSeen = name === undefined || context.may('describe', 'topic', name)
  if (name !== undefined && !(isSeen && (topic === undefined || context.may('delete', 'topic', name)))) {
    // By id the name is told to who may see it.
    const told = { name: isSeen ? name : asked.name, topicId: asked.topicId }
    return refused(told, Errors.TOPIC_AUTHORIZATION_FAILED, authorizationFailed(Errors.TOPIC_AUTHORIZATION_FAILED))
  }
  if (topic === undefined) {
    const byId = asked.name === null
    return byId
      ? refused(asked, Errors.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
      : refused(asked, Errors.UNKNOWN_TOPIC_OR_PARTITION, unknownTopic)
  }
  if (!mayMutate(context, topic.partitions.length, 5)) {
    return refused({ name: topic.name, topicId: topic.topicId }, Errors.THROTTLING_QUOTA_EXCEEDED, null)
  }
  const deleted = await broker.topics.delete(topic.name)
  if (isRefusal(deleted)) return refused(asked, deleted.errorCode, deleted.message)
  return { name: topic.name, topicId: topic.topicId, errorCode: Errors.NONE }
}

function refused({ name, topicId }: TopicReference, errorCode: ErrorCode, errorMessage: string | null): TopicAnswer {
  return { name, topicId, errorCode, errorMessage }
}

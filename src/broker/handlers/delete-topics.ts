import { type Uuid, zeroUuid } from '../../base/ids.js'
import type { ClusterImage } from '../../cluster/image.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext, RequestFailure } from '../handler.js'
import { repeatedIn } from '../repeated.js'

type TopicAnswer = ResponseOf<typeof DeleteTopics>['responses'][number]

// DeleteTopics v0-6: deletes topics; the name is free when the answer is there. v5: messages. v6: by name or by id.
export const deleteTopics = handler(DeleteTopics, async (request, context) => {
  if (!context.broker.config.get('delete.topic.enable')) {
    throw new RequestFailure(context.version < 3 ? Errors.INVALID_REQUEST : Errors.TOPIC_DELETION_DISABLED)
  }
  const asked = context.version >= 6 ? request.topics : request.topicNames.map(name => ({ name, topicId: zeroUuid }))
  const { image } = context.broker.topics
  const repeated = repeatedIn(asked.map(reference => topicKey(reference, image)))
  const responses: TopicAnswer[] = []
  for (const topic of asked) {
    responses.push(
      repeated.has(topicKey(topic, image))
        ? refused(topic, Errors.INVALID_REQUEST, 'Duplicate topic name or id.')
        : await remove(topic, context),
    )
  }
  return { responses }
})

/** The same for a topic's name and for its id. */
function topicKey({ name, topicId }: TopicReference, image: ClusterImage): string {
  return image.topics.get(name ?? '')?.topicId ?? name ?? topicId
}

interface TopicReference {
  readonly name: string | null
  readonly topicId: Uuid
}

async function remove(asked: TopicReference, { broker }: RequestContext): Promise<TopicAnswer> {
  if (asked.name === null && asked.topicId === zeroUuid) {
    return refused(asked, Errors.INVALID_REQUEST, 'Neither topic name nor id were specified.')
  }
  if (asked.name !== null && asked.topicId !== zeroUuid) {
    return refused(asked, Errors.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
  }
  const { image } = broker.topics
  const topic = asked.name === null ? image.topicsById.get(asked.topicId) : image.topics.get(asked.name)
  if (topic === undefined) {
    const byId = asked.name === null
    return byId
      ? refused(asked, Errors.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
      : refused(asked, Errors.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.')
  }
  const deleted = await broker.topics.delete(topic.name)
  if ('kind' in deleted) return refused(asked, deleted.errorCode, deleted.message)
  return { name: topic.name, topicId: topic.topicId, errorCode: Errors.NONE }
}

function refused({ name, topicId }: TopicReference, errorCode: ErrorCode, errorMessage: string): TopicAnswer {
  return { name, topicId, errorCode, errorMessage }
}

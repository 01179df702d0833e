import type { Configs, TopicImage } from '../../cluster/image.js'
import { describeTopicConfig } from '../../config/describe.js'
import { topicConfig } from '../../config/topic-config.js'
import { type ErrorCode, Errors, isRefusal } from '../../protocol/errors.js'
import { CreateTopics } from '../../protocol/messages/create-topics.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'
import { repeatedIn, withoutRepeats } from '../repeated.js'
import { createTopic, excessOf, ownConfigs, type TopicRequest, topicCreation } from '../topic-creation.js'

type TopicAnswer = ResponseOf<typeof CreateTopics>['topics'][number]

// CreateTopics v0-7: creates topics, each for itself. A topic can be used as soon as the answer is there. v1: validate_only.
// v4: -1 for the broker's defaults (KIP-464). v5: the effective configs in the answer (KIP-525). v6: what is beyond the client's
// quota of mutations is refused (KIP-599). v7: the topic id.
export const createTopics = handler(CreateTopics, async (request, context) => {
  const repeated = repeatedIn(request.topics.map(({ name }) => name))
  const mayCreate = topicCreation(context)
  const excess = excessOf(
    request.topics.filter(({ name }) => !repeated.has(name) && mayCreate(name)),
    context.broker,
  )
  if (excess !== null) return { topics: request.topics.map(({ name }) => refused(name, Errors.POLICY_VIOLATION, excess)) }
  const asked = withoutRepeats(request.topics, ({ name }) => name)
  const topics = await answersTo(asked, context, (topic): TopicAnswer | Promise<TopicAnswer> => {
    const { name } = topic
    if (repeated.has(name)) return refused(name, Errors.INVALID_REQUEST, 'Duplicate topic name.')
    if (mayCreate(name)) return create(topic, request.validateOnly, context)
    return refused(name, Errors.TOPIC_AUTHORIZATION_FAILED, 'Authorization failed.')
  })
  return { topics }
})

async function create(asked: TopicRequest, validateOnly: boolean, context: RequestContext): Promise<TopicAnswer> {
  const topic = await createTopic(asked, validateOnly, context)
  if (!isRefusal(topic)) return created(topic, ownConfigs(asked), context)
  const { errorCode, message } = topic
  return refused(asked.name, errorCode, errorCode === Errors.THROTTLING_QUOTA_EXCEEDED ? null : message)
}

function created(topic: TopicImage, own: Configs, context: RequestContext): TopicAnswer {
  const made = { name: topic.name, topicId: topic.topicId, errorCode: Errors.NONE, errorMessage: null }
  if (!context.may('describe_configs', 'topic', topic.name)) {
    return { ...made, topicConfigErrorCode: Errors.TOPIC_AUTHORIZATION_FAILED }
  }
  const configs = describeTopicConfig(topicConfig(context.broker.config, own), null)
  return {
    ...made,
    numPartitions: topic.partitions.length,
    replicationFactor: topic.partitions[0]?.replicas.length ?? 1,
    configs,
  }
}

function refused(name: string, errorCode: ErrorCode, errorMessage: string | null): TopicAnswer {
  return { name, errorCode, errorMessage }
}

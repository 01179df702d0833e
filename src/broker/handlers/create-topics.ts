import type { ClusterRefusal, CreateTopicCommand } from '../../cluster/controller.js'
import type { TopicImage } from '../../cluster/image.js'
import { isInternalTopic } from '../../cluster/topic-name.js'
import { describeTopicConfig } from '../../config/describe.js'
import { topicConfig, validateTopicConfig } from '../../config/topic-config.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { CreateTopics } from '../../protocol/messages/create-topics.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { repeatedIn, withoutRepeats } from '../repeated.js'

type TopicRequest = RequestOf<typeof CreateTopics>['topics'][number]
type TopicAnswer = ResponseOf<typeof CreateTopics>['topics'][number]

// CreateTopics v0-7: creates topics, each for itself. A topic can be used as soon as the answer is there. v1: validate_only.
// v4: -1 for the broker's defaults (KIP-464). v5: the effective configs in the answer (KIP-525). v7: the topic id.
export const createTopics = handler(CreateTopics, async (request, context) => {
  const repeated = repeatedIn(request.topics.map(({ name }) => name))
  const topics: TopicAnswer[] = []
  for (const topic of withoutRepeats(request.topics, ({ name }) => name)) {
    const isRepeated = repeated.has(topic.name)
    topics.push(
      isRepeated
        ? refused(topic.name, Errors.INVALID_REQUEST, 'Duplicate topic name.')
        : await create(topic, request.validateOnly, context),
    )
  }
  return { topics }
})

async function create(asked: TopicRequest, validateOnly: boolean, { broker }: RequestContext): Promise<TopicAnswer> {
  const { name } = asked
  const problem = configProblem(asked, broker)
  const command: Omit<CreateTopicCommand, 'topicId'> = {
    name,
    partitionCount: asked.numPartitions,
    replicationFactor: asked.replicationFactor,
    assignments: asked.assignments,
    configs: new Map(asked.configs.map(config => [config.name, config.value ?? ''])),
  }
  // Kafka looks at the name and the partitions before the configs.
  const decided = broker.topics.tryCreate(command)
  if (decided.kind === 'refused') return refusedBy(name, decided)
  if (isInternalTopic(name)) {
    const message = `Creation of internal topic ${name} is prohibited.`
    return refused(name, Errors.INVALID_REQUEST, message)
  }
  if (problem !== null) return refused(name, Errors.INVALID_CONFIG, problem)
  if (validateOnly) return created(decided.result, true, broker)
  const topic = await broker.topics.create(command)
  return 'kind' in topic ? refusedBy(name, topic) : created(topic, false, broker)
}

function configProblem(asked: TopicRequest, broker: RequestContext['broker']): string | null {
  const names = new Set(asked.configs.map(({ name }) => name))
  if (names.size !== asked.configs.length) return 'A config is given more than once.'
  return validateTopicConfig(
    broker.config,
    asked.configs.map(({ name, value }) => [name, value] as const),
  )
}

function created(topic: TopicImage, isTrial: boolean, broker: RequestContext['broker']): TopicAnswer {
  const configs = describeTopicConfig(topicConfig(broker.config, topic.configs), null)
  return {
    name: topic.name,
    // A topic that was only tried has no id.
    ...(isTrial ? {} : { topicId: topic.topicId }),
    errorCode: Errors.NONE,
    errorMessage: null,
    numPartitions: topic.partitions.length,
    replicationFactor: topic.partitions[0]?.replicas.length ?? 1,
    configs,
  }
}

function refusedBy(name: string, { errorCode, message }: ClusterRefusal): TopicAnswer {
  return refused(name, errorCode, message)
}

function refused(name: string, errorCode: ErrorCode, errorMessage: string): TopicAnswer {
  return { name, errorCode, errorMessage }
}

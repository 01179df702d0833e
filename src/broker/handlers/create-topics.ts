import { type CreateTopicCommand, partitionsPerRequestMax, recordsPerRequestMax } from '../../cluster/controller.js'
import type { Configs, TopicImage } from '../../cluster/image.js'
import { topicNameProblem } from '../../cluster/topic-name.js'
import { describeTopicConfig } from '../../config/describe.js'
import { topicConfig, validateTopicConfig } from '../../config/topic-config.js'
import { type ErrorCode, Errors, isRefusal, type Refusal } from '../../protocol/errors.js'
import { CreateTopics } from '../../protocol/messages/create-topics.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'
import { mayMutate } from '../mutation-quota.js'
import { repeatedIn, withoutRepeats } from '../repeated.js'

type TopicRequest = RequestOf<typeof CreateTopics>['topics'][number]
type TopicAnswer = ResponseOf<typeof CreateTopics>['topics'][number]

// CreateTopics v0-7: creates topics, each for itself. A topic can be used as soon as the answer is there. v1: validate_only.
// v4: -1 for the broker's defaults (KIP-464). v5: the effective configs in the answer (KIP-525). v6: what is beyond the client's
// quota of mutations is refused (KIP-599). v7: the topic id.
export const createTopics = handler(CreateTopics, async (request, context) => {
  const repeated = repeatedIn(request.topics.map(({ name }) => name))
  const mayCreateAny = context.may('create', 'cluster', '')
  const mayCreate = (name: string): boolean => mayCreateAny || context.may('create', 'topic', name)
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

/** Kafka's word for a request that would make too much at once; null when it would not. */
function excessOf(asked: readonly TopicRequest[], { config, topics: { image } }: RequestContext['broker']): string | null {
  let partitions = 0
  let records = 0
  for (const { name, numPartitions, assignments, configs } of asked) {
    const count =
      assignments.length > 0 ? assignments.length : numPartitions === -1 ? config.get('num.partitions') : numPartitions
    partitions += count
    if (partitions > partitionsPerRequestMax) return 'Excessively large number of partitions per request.'
    if (!image.topics.has(name) && topicNameProblem(name) === null) records += 1 + configs.length + count
  }
  return records > recordsPerRequestMax ? 'Unable to perform excessively large batch operation.' : null
}

async function create(asked: TopicRequest, validateOnly: boolean, context: RequestContext): Promise<TopicAnswer> {
  const { broker } = context
  const { name } = asked
  const problem = configProblem(asked, broker)
  const command: Omit<CreateTopicCommand, 'topicId'> = {
    name,
    partitionCount: asked.numPartitions,
    replicationFactor: asked.replicationFactor,
    assignments: asked.assignments,
    configs: new Map(asked.configs.map(config => [config.name, config.value ?? ''])),
  }
  // In Kafka's order: the name, then the configs, then the partitions.
  const decided = broker.topics.tryCreate(command)
  if (isRefusal(decided) && (problem === null || isAboutName(decided))) return refusedBy(name, decided)
  if (problem !== null) return refused(name, Errors.INVALID_CONFIG, problem)
  if (isRefusal(decided)) return refusedBy(name, decided)
  if (!mayMutate(context, decided.result.partitions.length, 6)) return refused(name, Errors.THROTTLING_QUOTA_EXCEEDED, null)
  if (validateOnly) return created(decided.result, command.configs, context)
  const topic = await broker.topics.create(command)
  return isRefusal(topic) ? refusedBy(name, topic) : created(topic, command.configs, context)
}

function isAboutName({ errorCode }: Refusal): boolean {
  return (
    errorCode === Errors.INVALID_TOPIC_EXCEPTION ||
    errorCode === Errors.TOPIC_ALREADY_EXISTS ||
    errorCode === Errors.INVALID_REQUEST
  )
}

function configProblem(asked: TopicRequest, broker: RequestContext['broker']): string | null {
  // A key that is given twice is what it is given last, as in Kafka.
  return validateTopicConfig(broker.config, new Map(asked.configs.map(({ name, value }) => [name, value])))
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

function refusedBy(name: string, { errorCode, message }: Refusal): TopicAnswer {
  return refused(name, errorCode, message)
}

function refused(name: string, errorCode: ErrorCode, errorMessage: string | null): TopicAnswer {
  return { name, errorCode, errorMessage }
}

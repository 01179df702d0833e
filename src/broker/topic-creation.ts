/** Making topics as a client asks for them, whichever its request is: CreateTopics, or what needs topics of its own. */
import { type CreateTopicCommand, partitionsPerRequestMax, recordsPerRequestMax } from '../cluster/controller.js'
import type { TopicImage } from '../cluster/image.js'
import { topicNameProblem } from '../cluster/topic-name.js'
import { validateTopicConfig } from '../config/topic-config.js'
import { Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import type { CreateTopics } from '../protocol/messages/create-topics.js'
import type { RequestOf } from '../protocol/schema.js'
import type { RequestContext } from './handler.js'
import { mayMutate } from './mutation-quota.js'

export type TopicRequest = RequestOf<typeof CreateTopics>['topics'][number]

/** Whether this client may make a topic of this name. */
export function topicCreation(context: RequestContext): (name: string) => boolean {
  const mayCreateAny = context.may('create', 'cluster', '')
  return name => mayCreateAny || context.may('create', 'topic', name)
}

/** Kafka's word for a request that would make too much at once; null when it would not. */
export function excessOf(asked: readonly TopicRequest[], { config, topics: { image } }: RequestContext['broker']): string | null {
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

/** The topic as it is, or, to be validated only, as it would be. */
export async function createTopic(
  asked: TopicRequest,
  validateOnly: boolean,
  context: RequestContext,
): Promise<TopicImage | Refusal> {
  const { broker } = context
  const problem = configProblem(asked, broker)
  const command: Omit<CreateTopicCommand, 'topicId'> = {
    name: asked.name,
    partitionCount: asked.numPartitions,
    replicationFactor: asked.replicationFactor,
    assignments: asked.assignments,
    configs: ownConfigs(asked),
  }
  // In Kafka's order: the name, then the configs, then the partitions.
  const decided = broker.topics.tryCreate(command)
  if (isRefusal(decided) && (problem === null || isAboutName(decided))) return decided
  if (problem !== null) return refuse(Errors.INVALID_CONFIG, problem)
  if (isRefusal(decided)) return decided
  if (!mayMutate(context, decided.result.partitions.length, 6)) return refuse(Errors.THROTTLING_QUOTA_EXCEEDED, '')
  return validateOnly ? decided.result : broker.topics.create(command)
}

export function ownConfigs({ configs }: TopicRequest): ReadonlyMap<string, string> {
  return new Map(configs.map(({ name, value }) => [name, value ?? '']))
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

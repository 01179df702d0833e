import { partitionsPerRequestMax } from '../../cluster/controller.js'
import { type ErrorCode, Errors, isRefusal } from '../../protocol/errors.js'
import { CreatePartitions } from '../../protocol/messages/create-partitions.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'
import { mayMutate } from '../mutation-quota.js'
import { repeatedIn, withoutRepeats } from '../repeated.js'

type TopicRequest = RequestOf<typeof CreatePartitions>['topics'][number]
type Result = ResponseOf<typeof CreatePartitions>['results'][number]

// CreatePartitions v0-3: grows topics; `count` is the total afterwards. One result per topic, always: librdkafka relies
// on it. A topic that is named twice is not touched. v3: what is beyond the client's quota of mutations is refused (KIP-599).
export const createPartitions = handler(CreatePartitions, async (request, context) => {
  const repeated = repeatedIn(request.topics.map(({ name }) => name))
  const isExcessive = addedBy(request.topics, repeated, context) > partitionsPerRequestMax
  if (isExcessive) return { results: request.topics.map(({ name }) => failed(name, Errors.POLICY_VIOLATION, excessive)) }
  const asked = withoutRepeats(request.topics, ({ name }) => name)
  const results = await answersTo(asked, context, (topic): Result | Promise<Result> => {
    const { name } = topic
    if (repeated.has(name)) return failed(name, Errors.INVALID_REQUEST, 'Duplicate topic name.')
    if (context.may('alter', 'topic', name)) return grow(topic, request.validateOnly, context)
    return failed(name, Errors.TOPIC_AUTHORIZATION_FAILED, null)
  })
  return { results }
})

const excessive = 'Excessively large number of additional partitions per request.'

function addedBy(asked: readonly TopicRequest[], repeated: ReadonlySet<string>, context: RequestContext): number {
  let added = 0
  for (const { name, count } of asked) {
    const isCounted = !repeated.has(name) && context.may('alter', 'topic', name)
    const topic = isCounted ? context.broker.topics.image.topics.get(name) : undefined
    if (topic !== undefined) added += Math.max(0, count - topic.partitions.length)
  }
  return added
}

async function grow(asked: TopicRequest, validateOnly: boolean, context: RequestContext): Promise<Result> {
  const { topics } = context.broker
  const decided = topics.tryAddPartitions(asked)
  // Of a topic that does not exist Kafka says nothing more.
  if (!topics.image.topics.has(asked.name)) return failed(asked.name, Errors.UNKNOWN_TOPIC_OR_PARTITION, null)
  if (isRefusal(decided)) return failed(asked.name, decided.errorCode, decided.message)
  const added = asked.count - (topics.image.topics.get(asked.name)?.partitions.length ?? asked.count)
  if (!mayMutate(context, added, 3)) return failed(asked.name, Errors.THROTTLING_QUOTA_EXCEEDED, null)
  const outcome = validateOnly ? decided : await topics.addPartitions(asked)
  if (isRefusal(outcome)) return failed(asked.name, outcome.errorCode, outcome.message)
  return { name: asked.name, errorCode: Errors.NONE }
}

function failed(name: string, errorCode: ErrorCode, errorMessage: string | null): Result {
  return { name, errorCode, errorMessage }
}

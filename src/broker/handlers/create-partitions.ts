import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { CreatePartitions } from '../../protocol/messages/create-partitions.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'

type TopicRequest = RequestOf<typeof CreatePartitions>['topics'][number]
type Result = ResponseOf<typeof CreatePartitions>['results'][number]

// CreatePartitions v0-3: grows topics; `count` is the total afterwards. One result per topic, always: librdkafka relies
// on it.
export const createPartitions = handler(CreatePartitions, async (request, context) => {
  const results: Result[] = []
  const seen = new Set<string>()
  for (const topic of request.topics) {
    const isRepeated = seen.has(topic.name)
    seen.add(topic.name)
    results.push(
      isRepeated
        ? failed(topic.name, Errors.INVALID_REQUEST, 'Duplicate topic name.')
        : await grow(topic, request.validateOnly, context),
    )
  }
  return { results }
})

async function grow(asked: TopicRequest, validateOnly: boolean, { broker }: RequestContext): Promise<Result> {
  const outcome = validateOnly ? broker.topics.tryAddPartitions(asked) : await broker.topics.addPartitions(asked)
  if ('kind' in outcome && outcome.kind === 'refused') return failed(asked.name, outcome.errorCode, outcome.message)
  return { name: asked.name, errorCode: Errors.NONE }
}

function failed(name: string, errorCode: ErrorCode, errorMessage: string): Result {
  return { name, errorCode, errorMessage }
}

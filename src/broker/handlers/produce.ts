import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { Produce } from '../../protocol/messages/produce.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { Appended, Refusal } from '../../storage/types.js'
import { CloseConnection, handler, noAnswer, Ordered, type RequestContext } from '../handler.js'
import { collapsed, type TopicSpelling } from '../repeated.js'
import { resolvePartition } from '../resolve-partition.js'
import { storageErrorFor } from '../storage-failure.js'

type ProduceRequest = RequestOf<typeof Produce>
type TopicResponses = ResponseOf<typeof Produce>['responses']
type PartitionResponse = TopicResponses[number]['partitionResponses'][number]

// Produce v0-13: appends one record batch per partition; of old clients (v0-2) it is made from a message set. Every append is
// done when the handler returns, in the order of the request; acks=all then waits until they are durable, acks=1 does not,
// acks=0 is not answered. [KIP-890] later versions let transactional producers add partitions implicitly; there are no
// transactional ids here, so such a request is refused as a whole.
export const produce = handler(Produce, (request, context) => {
  const { acks } = request
  if (acks < -1 || acks > 1) return Produce.failure(request, Errors.INVALID_REQUIRED_ACKS, context.version)
  if (request.transactionalId !== null) {
    if (acks === 0) throw new CloseConnection('a transactional produce with acks=0 was refused')
    return Produce.failure(request, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, context.version)
  }
  const durables: Promise<void>[] = []
  const responses = appendAll(request, context, durables)
  if (acks === 0) {
    // Nobody reads an answer; a closed connection is the only way to say that something went wrong.
    if (hasError(responses)) throw new CloseConnection('a produce with acks=0 was refused')
    for (const durable of durables) durable.catch(() => {}) // A failed sync stops the broker by itself.
    return noAnswer
  }
  if (acks === 1 || durables.length === 0) {
    for (const durable of durables) durable.catch(() => {})
    return { responses }
  }
  return new Ordered(whenDurable(responses, durables, context.version))
})

/** Apart from the handler, so that what waits here keeps the answer and not the request with its batches. */
async function whenDurable(
  responses: TopicResponses,
  durables: readonly Promise<void>[],
  version: number,
): Promise<ResponseOf<typeof Produce>> {
  try {
    await Promise.all(durables)
    return { responses }
  } catch {
    const errorCode = storageErrorFor(Errors.KAFKA_STORAGE_ERROR, version >= 4)
    const failed = responses.map(topic => ({
      ...topic,
      partitionResponses: topic.partitionResponses.map(partition =>
        partition.errorCode === Errors.NONE ? refused(partition.index, errorCode, null) : partition,
      ),
    }))
    return { responses: failed }
  }
}

function appendAll(request: ProduceRequest, context: RequestContext, durables: Promise<void>[]): TopicResponses {
  const { topics } = context.broker
  const responses: TopicResponses[number][] = []
  const usesIds = context.version >= 13
  for (const topicData of collapsed(request.topicData, usesIds ? byId : byName)) {
    const name = usesIds ? (topics.image.topicsById.get(topicData.topicId)?.name ?? null) : topicData.name
    const partitionResponses: PartitionResponse[] = []
    for (const { index, records } of topicData.partitionData) {
      const partition = resolvePartition(context, name, index, 'write')
      if (typeof partition === 'number') {
        const isInternal = partition === Errors.INVALID_TOPIC_EXCEPTION
        partitionResponses.push(refused(index, partition, isInternal ? `Cannot append to internal topic ${name}` : null))
      }
      // A message set may be empty: there is nothing to store and nothing to complain about.
      else if (context.version <= 2 && records?.byteLength === 0) {
        partitionResponses.push({ index, errorCode: Errors.NONE, baseOffset: -1 })
      } else if (records === null) partitionResponses.push(refused(index, Errors.INVALID_RECORD, 'No record batch was given.'))
      else {
        const outcome = partition.append(records, { kind: 'client', apiVersion: context.version })
        if (outcome.kind === 'appended' && outcome.durable !== null) durables.push(outcome.durable)
        partitionResponses.push(
          outcome.kind === 'appended' ? appended(index, outcome) : appendRefused(index, outcome, context.version),
        )
      }
    }
    responses.push({ name: topicData.name, topicId: topicData.topicId, partitionResponses })
  }
  return responses
}

type TopicData = ProduceRequest['topicData'][number]
const byName: TopicSpelling<TopicData, TopicData['partitionData'][number]> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitionData }) => partitionData,
  indexOf: ({ index }) => index,
  withPartitions: (topicData, partitionData) => ({ ...topicData, partitionData: [...partitionData] }),
}
const byId: typeof byName = { ...byName, keyOf: ({ topicId }) => topicId }

function appended(index: number, { baseOffset, logAppendTimeMs, logStartOffset }: Appended): PartitionResponse {
  return { index, errorCode: Errors.NONE, baseOffset, logAppendTimeMs, logStartOffset }
}

function appendRefused(index: number, refusal: Refusal, version: number): PartitionResponse {
  const recordErrors = refusal.recordErrors.map(({ batchIndex, message }) => ({ batchIndex, batchIndexErrorMessage: message }))
  const errorCode = storageErrorFor(refusal.errorCode, version >= 4)
  return { ...refused(index, errorCode, refusal.message), recordErrors }
}

function refused(index: number, errorCode: ErrorCode, errorMessage: string | null): PartitionResponse {
  return { index, errorCode, baseOffset: -1, errorMessage }
}

function hasError(responses: TopicResponses): boolean {
  return responses.some(topic => topic.partitionResponses.some(partition => partition.errorCode !== Errors.NONE))
}

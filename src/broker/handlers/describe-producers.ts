import { topicNameProblem, unknownTopic } from '../../cluster/topic-name.js'
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { DescribeProducers } from '../../protocol/messages/describe-producers.js'
import type { ResponseOf } from '../../protocol/schema.js'
import type { Partition } from '../../storage/partition.js'
import { authorizationFailed } from '../authorization-failed.js'
import { handler, type RequestContext } from '../handler.js'
import { resolvePartition } from '../resolve-partition.js'

type TopicAnswer = ResponseOf<typeof DescribeProducers>['topics'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

// DescribeProducers v0: who writes to a partition under a producer id, and since where in a transaction (KIP-664). A partition
// that is named twice is answered twice and looked at once.
export const describeProducers = handler(DescribeProducers, async (request, context) => {
  const described = new Map<string, Map<number, PartitionAnswer>>()
  const topics: TopicAnswer[] = []
  for (const { name, partitionIndexes } of request.topics) {
    const ofTopic = described.get(name) ?? new Map<number, PartitionAnswer>()
    described.set(name, ofTopic)
    for (const index of partitionIndexes) {
      if (ofTopic.has(index)) continue
      ofTopic.set(index, producersOf(name, index, context))
      const paused = context.pause()
      if (paused !== null) await paused
    }
    topics.push({ name, partitions: partitionIndexes.map(index => ofTopic.get(index) as PartitionAnswer) })
  }
  return { topics }
})

function producersOf(topic: string, partitionIndex: number, context: RequestContext): PartitionAnswer {
  const problem = topicNameProblem(topic)
  if (problem !== null) return { ...failed(partitionIndex, Errors.INVALID_TOPIC_EXCEPTION), errorMessage: problem }
  const partition = resolvePartition(context, topic, partitionIndex, 'read')
  if (partition === Errors.TOPIC_AUTHORIZATION_FAILED) {
    return { ...failed(partitionIndex, partition), errorMessage: authorizationFailed(partition) }
  }
  if (isErrorCode(partition)) {
    const isUnknown = !context.broker.topics.image.topics.has(topic)
    return { ...failed(partitionIndex, partition), errorMessage: isUnknown ? unknownTopic : null }
  }
  return { partitionIndex, errorCode: Errors.NONE, activeProducers: activeIn(partition) }
}

function activeIn(partition: Partition): PartitionAnswer['activeProducers'] {
  return Array.from(partition.producers(), entry => ({
    producerId: entry.producerId,
    producerEpoch: entry.producerEpoch,
    lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
    lastTimestamp: entry.lastTimestampMs,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.currentTxnFirstOffset,
  }))
}

function failed(partitionIndex: number, errorCode: ErrorCode): PartitionAnswer {
  return { partitionIndex, errorCode, activeProducers: [] }
}

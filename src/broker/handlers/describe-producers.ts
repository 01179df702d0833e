import { topicNameProblem } from '../../cluster/topic-name.js'
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { DescribeProducers } from '../../protocol/messages/describe-producers.js'
import type { ResponseOf } from '../../protocol/schema.js'
import type { Partition } from '../../storage/partition.js'
import { handler, type RequestContext } from '../handler.js'
import { resolvePartition } from '../resolve-partition.js'

type TopicAnswer = ResponseOf<typeof DescribeProducers>['topics'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

// DescribeProducers v0: who writes to a partition under a producer id, and since where in a transaction (KIP-664).
export const describeProducers = handler(DescribeProducers, (request, context) => ({
  topics: request.topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map(index => producersOf(name, index, context)),
  })),
}))

function producersOf(topic: string, partitionIndex: number, context: RequestContext): PartitionAnswer {
  if (topicNameProblem(topic) !== null) return failed(partitionIndex, Errors.INVALID_TOPIC_EXCEPTION)
  const partition = resolvePartition(context, topic, partitionIndex, 'read')
  if (isErrorCode(partition)) return failed(partitionIndex, partition)
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

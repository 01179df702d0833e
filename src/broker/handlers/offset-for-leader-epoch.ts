import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { OffsetForLeaderEpoch } from '../../protocol/messages/offset-for-leader-epoch.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { resolvePartition } from '../resolve-partition.js'

type PartitionRequest = RequestOf<typeof OffsetForLeaderEpoch>['topics'][number]['partitions'][number]
type PartitionAnswer = ResponseOf<typeof OffsetForLeaderEpoch>['topics'][number]['partitions'][number]

// OffsetForLeaderEpoch v0-4: where an epoch of leadership ended, so that a consumer can tell whether what it read is still
// part of the log (KIP-320).
export const offsetForLeaderEpoch = handler(OffsetForLeaderEpoch, (request, context) => ({
  topics: request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(asked => endOfEpoch(topic, asked, context)),
  })),
}))

function endOfEpoch(topic: string, asked: PartitionRequest, context: RequestContext): PartitionAnswer {
  // Followers may by what they are; consumers by the topic [KIP-320].
  const mayAsk = context.may('cluster_action', 'cluster', '') || context.may('describe', 'topic', topic)
  if (!mayAsk) return failed(asked, Errors.TOPIC_AUTHORIZATION_FAILED)
  const partition = resolvePartition(context, topic, asked.partition, null, asked.currentLeaderEpoch)
  if (isErrorCode(partition)) return failed(asked, partition)
  const { leaderEpoch, endOffset } = partition.endOffsetForEpoch(asked.leaderEpoch)
  return { partition: asked.partition, errorCode: Errors.NONE, leaderEpoch, endOffset }
}

function failed({ partition }: PartitionRequest, errorCode: ErrorCode): PartitionAnswer {
  return { partition, errorCode }
}

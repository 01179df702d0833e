import { zeroUuid } from '../../base/ids.js'
import { clusterMetadataTopic, unknownTopic } from '../../cluster/topic-name.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeQuorum } from '../../protocol/messages/describe-quorum.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

type Quorum = ResponseOf<typeof DescribeQuorum>
type QuorumTopics = RequestOf<typeof DescribeQuorum>['topics']

// DescribeQuorum v0-2: the one controller leads the log of the metadata and is its only voter. A request for anything beside that
// one partition gets nothing but errors, as in Kafka.
export const describeQuorum = handler(DescribeQuorum, ({ topics }, context) => {
  if (!context.may('describe', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const isTheQuorum = asksForOne(topics)
  return {
    errorCode: Errors.NONE,
    errorMessage: '',
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) =>
        isTheQuorum ? quorum(context) : { ...unknown, partitionIndex, currentVoters: [], observers: [] },
      ),
    })),
    nodes: isTheQuorum
      ? [{ nodeId: context.broker.nodeId, listeners: context.broker.controllerEndpoints(context.connection) }]
      : [],
  }
})

function asksForOne(topics: QuorumTopics): boolean {
  const [topic] = topics
  if (topics.length !== 1 || topic?.topicName !== clusterMetadataTopic) return false
  return topic.partitions.length === 1 && topic.partitions[0]?.partitionIndex === 0
}

const unknown = {
  errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION,
  errorMessage: unknownTopic,
  leaderId: 0,
  leaderEpoch: 0,
  highWatermark: 0,
}

function quorum({ broker }: RequestContext): Quorum['topics'][number]['partitions'][number] {
  const { endOffset, highWatermark, leaderEpoch } = broker.metadataLog
  const nowMs = broker.world.nowMs()
  const leader = {
    replicaId: broker.nodeId,
    // [KIP-853] Directories are told where voters are in the log, which is so from kraft.version 1 on.
    replicaDirectoryId: zeroUuid,
    logEndOffset: endOffset,
    lastFetchTimestamp: nowMs,
    lastCaughtUpTimestamp: nowMs,
  }
  return {
    partitionIndex: 0,
    errorCode: Errors.NONE,
    errorMessage: '',
    leaderId: broker.nodeId,
    leaderEpoch,
    highWatermark,
    currentVoters: [leader],
    observers: [],
  }
}

import { zeroUuid } from '../../base/ids.js'
import { noLeader, type TopicImage } from '../../cluster/image.js'
import { isInternalTopic, topicNameProblem } from '../../cluster/topic-name.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeTopicPartitions } from '../../protocol/messages/describe-topic-partitions.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

type DescribeRequest = RequestOf<typeof DescribeTopicPartitions>
type TopicAnswer = ResponseOf<typeof DescribeTopicPartitions>['topics'][number]

// DescribeTopicPartitions v0 (KIP-966): topics in the order of their names, a page at a time. A page that is full says by
// its cursor where the next one starts. Never creates a topic.
export const describeTopicPartitions = handler(DescribeTopicPartitions, (request, context) => {
  const { broker } = context
  const { image } = broker.topics
  const limit = Math.min(request.responsePartitionLimit, broker.config.get('max.request.partition.size.limit'))
  const wanted = wantedNames(request, [...image.topics.keys()])
  const mayDescribe = (name: string): boolean => context.may('describe', 'topic', name)
  const names = wanted.filter(mayDescribe)
  // Of all topics only those that the client may see; of named ones it is told, behind the page.
  const denied = request.topics.length === 0 ? [] : wanted.filter(name => !mayDescribe(name)).map(refused)
  const topics: TopicAnswer[] = []
  let left = Math.max(limit, 1)
  for (const name of names) {
    const topic = image.topics.get(name)
    const first = name === request.cursor?.topicName ? Math.max(0, request.cursor.partitionIndex) : 0
    if (left === 0) return { topics: [...topics, ...denied], nextCursor: { topicName: name, partitionIndex: first } }
    if (topic === undefined) {
      topics.push(unknown(name, context))
      continue
    }
    const end = Math.min(topic.partitions.length, first + left)
    topics.push(page(topic, first, end, context))
    left -= end - first
    if (end < topic.partitions.length)
      return { topics: [...topics, ...denied], nextCursor: { topicName: name, partitionIndex: end } }
  }
  return { topics: [...topics, ...denied] }
})

function wantedNames({ topics, cursor }: DescribeRequest, all: readonly string[]): string[] {
  const asked = topics.length === 0 ? all : topics.map(({ name }) => name)
  if (cursor !== null && cursor.partitionIndex < 0) throw new RequestFailure(Errors.INVALID_REQUEST)
  const start = cursor?.topicName ?? ''
  if (cursor !== null && topics.length > 0 && !asked.includes(start)) throw new RequestFailure(Errors.INVALID_REQUEST)
  return [...new Set(asked)].filter(name => name >= start).sort()
}

function page(topic: TopicImage, first: number, end: number, context: RequestContext): TopicAnswer {
  return {
    errorCode: Errors.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.slice(first, end).map(({ index, leader, leaderEpoch, replicas, isr }) => ({
      errorCode: Errors.NONE,
      partitionIndex: index,
      leaderId: leader,
      leaderEpoch,
      replicaNodes: replicas,
      // [KIP-966] Who was in sync last stays eligible when its directory is offline.
      isrNodes: leader === noLeader ? [] : isr,
      eligibleLeaderReplicas: leader === noLeader ? replicas : [],
      lastKnownElr: leader === noLeader ? replicas : [],
      offlineReplicas: leader === noLeader ? replicas : [],
    })),
    topicAuthorizedOperations: context.operationsOn('topic', topic.name),
  }
}

function unknown(name: string, context: RequestContext): TopicAnswer {
  const errorCode = topicNameProblem(name) === null ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION
  return {
    errorCode,
    name,
    topicId: zeroUuid,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: context.operationsOn('topic', name),
  }
}

function refused(name: string): TopicAnswer {
  return { errorCode: Errors.TOPIC_AUTHORIZATION_FAILED, name, topicId: zeroUuid, isInternal: false, partitions: [] }
}

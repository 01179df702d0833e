import type { Bytes } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import { zeroUuid } from '../../base/ids.js'
import { noLeader, type PartitionImage, type TopicImage } from '../../cluster/image.js'
import { clusterMetadataTopic, isInternalTopic, topicNameProblem } from '../../cluster/topic-name.js'
import { type ErrorCode, Errors, isRefusal } from '../../protocol/errors.js'
import { encodeBody } from '../../protocol/frame.js'
import { Metadata } from '../../protocol/messages/metadata.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { clusterOperations } from '../cluster-operations.js'
import { handler, type RequestContext } from '../handler.js'
import { inSlices } from '../long-answer.js'
import { allNodes, thisNode } from '../nodes.js'
import { operationsNotAsked } from '../operations.js'
import { EncodedAnswer, RequestFailure } from '../outcomes.js'

type MetadataRequest = RequestOf<typeof Metadata>
type TopicAnswer = ResponseOf<typeof Metadata>['topics'][number]

// Metadata v0-13: who leads what, and the place where topics are created by asking for them. Creation is synchronous: the
// first answer already names the new topic, where Kafka answers UNKNOWN_TOPIC_OR_PARTITION once and lets the client retry.
// The response for all topics is encoded once for each state of the cluster.
export const metadata = handler(Metadata, async (request, context) => {
  // v0 has no null: empty asks for all. From v1 empty asks for none.
  const wantsAll = request.topics === null || (context.version === 0 && request.topics.length === 0)
  if (wantsAll) return new EncodedAnswer(await allTopics(request, context))
  return answerOf(request, context, await describeTopics(request, context))
})

function answerOf(request: MetadataRequest, context: RequestContext, topics: TopicAnswer[]): ResponseOf<typeof Metadata> {
  const { broker, version } = context
  const asksForCluster = request.includeClusterAuthorizedOperations && version >= 8 && version <= 10
  return {
    brokers: allNodes(context),
    clusterId: broker.clusterId,
    controllerId: thisNode(context).nodeId,
    topics,
    clusterAuthorizedOperations: asksForCluster ? clusterOperations(context) : operationsNotAsked,
  }
}

type OperationsOf = (name: string) => number

function operationsFor(request: MetadataRequest, context: RequestContext): OperationsOf {
  return request.includeTopicAuthorizedOperations ? name => context.operationsOn('topic', name) : () => operationsNotAsked
}

function allTopics(request: MetadataRequest, context: RequestContext): Promise<Bytes> {
  const { broker, version } = context
  const { image } = broker.topics
  const operations = operationsFor(request, context)
  // Who asks is part of it, because what a client may see is.
  const { name, type } = context.session.principal
  const who = broker.authorization === null ? null : [type, name, context.connection.remoteAddress]
  const key = JSON.stringify([version, request.includeTopicAuthorizedOperations, answerOf(request, context, []), who])
  return broker.encodedAnswers.of(key, image.revision, () =>
    inSlices(
      () => context.pause(),
      Metadata.name,
      async pause => {
        const topics: TopicAnswer[] = []
        for (const topic of [...image.topics.values()]) {
          if (context.may('describe', 'topic', topic.name)) topics.push(known(topic, operations))
          const paused = pause()
          if (paused !== null) await paused
        }
        return encodeBody(Metadata.response, version, answerOf(request, context, topics), pause)
      },
    ),
  )
}

async function describeTopics(request: MetadataRequest, context: RequestContext): Promise<TopicAnswer[]> {
  const { topics } = context.broker
  const operations = operationsFor(request, context)
  const answers: TopicAnswer[] = []
  const answered = new Set<string>()
  // As in Kafka: where one topic is asked for by its id, all are, and names alone are passed over.
  const usesIds = context.version >= 12 && request.topics?.some(({ topicId }) => topicId !== zeroUuid)
  for (const { name, topicId } of request.topics ?? []) {
    if (usesIds && topicId === zeroUuid) continue
    // v10 and v11 have the fields, but only v12 may ask by id.
    if (context.version < 12 && (name === null || topicId !== zeroUuid)) throw new RequestFailure(Errors.INVALID_REQUEST)
    // Asked for twice, answered once: an answer may be a million times as long as its question.
    const key = `${topicId} ${name}`
    if (answered.has(key)) continue
    answered.add(key)
    const paused = context.pause()
    if (paused !== null) await paused
    // Java's admin client leaves the name empty when it asks by id.
    if (name === null || topicId !== zeroUuid) {
      const topic = topics.image.topicsById.get(topicId)
      if (topic === undefined) answers.push(unknown(null, topicId, Errors.UNKNOWN_TOPIC_ID))
      // Ids are no secret, names are.
      else if (!context.may('describe', 'topic', topic.name))
        answers.push(unknown(null, topicId, Errors.TOPIC_AUTHORIZATION_FAILED))
      else answers.push(known(topic, operations))
    } else answers.push(await describeNamed(name, request.allowAutoTopicCreation, operations, context))
  }
  return answers
}

async function describeNamed(
  name: string,
  mayCreate: boolean,
  operations: OperationsOf,
  context: RequestContext,
): Promise<TopicAnswer> {
  // Nobody else learns whether there is such a topic, nor whether there could be.
  if (!context.may('describe', 'topic', name)) return denied(name)
  const { broker } = context
  const topic = broker.topics.image.topics.get(name)
  if (topic !== undefined) return known(topic, operations)
  if (topicNameProblem(name) !== null) return unknown(name, zeroUuid, Errors.INVALID_TOPIC_EXCEPTION, operations(name))
  if (!mayCreate || name === clusterMetadataTopic || !broker.config.get('auto.create.topics.enable')) {
    return unknown(name, zeroUuid, Errors.UNKNOWN_TOPIC_OR_PARTITION, operations(name))
  }
  if (!(context.may('create', 'cluster', '') || context.may('create', 'topic', name))) {
    return unknown(name, zeroUuid, Errors.TOPIC_AUTHORIZATION_FAILED)
  }
  // A client that asks for data does not know what a quota of mutations is.
  if (context.metered?.mayMutate(broker.config.get('num.partitions'), true) === false) {
    return unknown(name, zeroUuid, Errors.UNKNOWN_TOPIC_OR_PARTITION, operations(name))
  }
  const created = await broker.topics.createOnDemand(name)
  if (!isRefusal(created)) return known(created, operations)
  // Two clients asked at once: the other one's topic is as good.
  const others = broker.topics.image.topics.get(name)
  return others === undefined ? unknown(name, zeroUuid, created.errorCode, operations(name)) : known(others, operations)
}

function denied(name: string): TopicAnswer {
  return { ...unknown(name, zeroUuid, Errors.TOPIC_AUTHORIZATION_FAILED), isInternal: false }
}

function known(topic: TopicImage, operations: OperationsOf): TopicAnswer {
  return {
    errorCode: Errors.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.map(describePartition),
    topicAuthorizedOperations: operations(topic.name),
  }
}

function describePartition(partition: PartitionImage): TopicAnswer['partitions'][number] {
  const isOffline = partition.leader === noLeader
  return {
    errorCode: isOffline ? Errors.LEADER_NOT_AVAILABLE : Errors.NONE,
    partitionIndex: partition.index,
    leaderId: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: isOffline ? noNodes : partition.isr,
    offlineReplicas: isOffline ? partition.replicas : noNodes,
  }
}

const noNodes: readonly number[] = []

/** As in Kafka, without an authorizer every operation is told of a name, whether there is such a topic or not. */
function unknown(
  name: string | null,
  topicId: Uuid,
  errorCode: ErrorCode,
  topicAuthorizedOperations = operationsNotAsked,
): TopicAnswer {
  const isInternal = name !== null && isInternalTopic(name)
  return { errorCode, name, topicId, isInternal, partitions: [], topicAuthorizedOperations }
}

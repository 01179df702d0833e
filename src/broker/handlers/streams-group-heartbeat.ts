import { isInternalTopic, topicNameProblem } from '../../cluster/topic-name.js'
import type { HeartbeatAnswer } from '../../coordinator/group/streams/heartbeat-answer.js'
import { statusCodes } from '../../coordinator/group/streams/topology.js'
import { type ErrorCode, Errors, errorName, isRefusal } from '../../protocol/errors.js'
import { StreamsGroupHeartbeat } from '../../protocol/messages/streams-group-heartbeat.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { isGroupProtocolEnabled } from '../group-protocols.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'
import { createTopic, excessOf, type TopicRequest, topicCreation } from '../topic-creation.js'

// StreamsGroupHeartbeat v0-1: joins, leaves and keeps alive a member of a streams group (KIP-1071). Internal topics that its
// topology lacks are made here, with the rights of the client; the answer still says that they are missing, as Kafka's does.
export const streamsGroupHeartbeat = handler(StreamsGroupHeartbeat, async (request, context) => {
  const { broker, version, clientId, connection } = context
  if (!isGroupProtocolEnabled(broker, 'streams')) {
    return { errorCode: Errors.UNSUPPORTED_VERSION }
  }
  if (!context.may('read', 'group', request.groupId)) return { errorCode: Errors.GROUP_AUTHORIZATION_FAILED }
  const problem = await topicsProblem(request, context)
  if (problem !== null) return problem
  const call = { version, clientId, clientHost: `/${connection.remoteAddress}` }
  const answer = await broker.groups.streamsHeartbeat(request, call)
  return answer.missingTopics.length === 0 ? answer.response : makeTopics(answer, context)
})

async function topicsProblem(
  { topology }: RequestOf<typeof StreamsGroupHeartbeat>,
  context: RequestContext,
): Promise<ResponseOf<typeof StreamsGroupHeartbeat> | null> {
  if (topology === null) return null
  const names = new Set<string>()
  for (const { sourceTopics, repartitionSinkTopics, repartitionSourceTopics, stateChangelogTopics } of topology.subtopologies) {
    for (const name of [...sourceTopics, ...repartitionSinkTopics]) names.add(name)
    for (const { name } of [...repartitionSourceTopics, ...stateChangelogTopics]) names.add(name)
  }
  const prohibited = [...names].filter(isInternalTopic)
  if (prohibited.length > 0) {
    return invalidTopology(`Use of Kafka internal topics ${prohibited.join(',')} in a Kafka Streams topology is prohibited.`)
  }
  const invalid = [...names].filter(name => topicNameProblem(name) !== null)
  if (invalid.length > 0) return invalidTopology(`Topic names ${invalid.join(',')} are not valid topic names.`)
  // By name, of topics that are there and of those that are not.
  const seen = await answersTo(names, context, name => context.may('describe', 'topic', name))
  return seen.includes(false) ? { errorCode: Errors.TOPIC_AUTHORIZATION_FAILED } : null
}

function invalidTopology(errorMessage: string): ResponseOf<typeof StreamsGroupHeartbeat> {
  return { errorCode: Errors.STREAMS_INVALID_TOPOLOGY, errorMessage }
}

async function makeTopics(
  { response, missingTopics }: HeartbeatAnswer,
  context: RequestContext,
): Promise<ResponseOf<typeof StreamsGroupHeartbeat>> {
  const mayCreate = topicCreation(context)
  const denied = missingTopics.filter(({ name }) => !mayCreate(name)).map(({ name }) => name)
  if (denied.length > 0) return withDetail(response, `Unauthorized to CREATE on topics ${denied.join(', ')}.`)
  const asked = missingTopics.map(
    ({ name, partitions, replicationFactor, topicConfigs }): TopicRequest => ({
      name,
      numPartitions: partitions,
      replicationFactor: replicationFactor === 0 ? -1 : replicationFactor,
      assignments: [],
      configs: topicConfigs.map(({ key, value }) => ({ name: key, value })),
    }),
  )
  const excess = excessOf(asked, context.broker)
  const failures =
    excess === null
      ? await answersTo(asked, context, topic => failureOf(topic, context))
      : asked.map(({ name }) => `${name} (${excess})`)
  const failed = failures.filter(failure => failure !== null)
  if (failed.length === 0) return response
  const told = failed.slice(0, failuresToldMax).join(', ')
  const more = failed.length > failuresToldMax ? ` and ${failed.length - failuresToldMax} more` : ''
  return withDetail(response, `Creation failed: ${told}${more}.`)
}

const failuresToldMax = 3

async function failureOf(topic: TopicRequest, context: RequestContext): Promise<string | null> {
  const made = await createTopic(topic, false, context)
  // Another member was faster.
  if (!isRefusal(made) || made.errorCode === Errors.TOPIC_ALREADY_EXISTS) return null
  return `${topic.name} (${made.message === '' ? errorName(made.errorCode as ErrorCode) : made.message})`
}

function withDetail(
  response: ResponseOf<typeof StreamsGroupHeartbeat>,
  detail: string,
): ResponseOf<typeof StreamsGroupHeartbeat> {
  const status = response.status?.map(one =>
    one.statusCode === statusCodes.missingInternalTopics ? { ...one, statusDetail: `${one.statusDetail}; ${detail}` } : one,
  )
  return { ...response, status: status ?? [] }
}

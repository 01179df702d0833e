import { Errors } from '../../protocol/errors.js'
import { ConsumerGroupHeartbeat } from '../../protocol/messages/consumer-group-heartbeat.js'
import { isGroupProtocolEnabled } from '../group-protocols.js'
import { handler, type RequestContext } from '../handler.js'
import { patternOf, patternProblem } from '../pattern.js'

// ConsumerGroupHeartbeat v0-1: a member of a consumer group joins, lives and leaves (KIP-848).
export const consumerGroupHeartbeat = handler(ConsumerGroupHeartbeat, (request, context) => {
  const { broker, version, clientId, connection } = context
  const refused = (errorCode: number) => ConsumerGroupHeartbeat.failure(request, errorCode, version)
  if (!isGroupProtocolEnabled(broker, 'consumer')) return refused(Errors.UNSUPPORTED_VERSION)
  if (!context.may('read', 'group', request.groupId)) return refused(Errors.GROUP_AUTHORIZATION_FAILED)
  const isHidden = (topic: string): boolean => !context.may('describe', 'topic', topic)
  if (request.subscribedTopicNames?.some(isHidden)) return refused(Errors.TOPIC_AUTHORIZATION_FAILED)
  return broker.groups.consumerHeartbeat(request, {
    version,
    clientId,
    clientHost: `/${connection.remoteAddress}`,
    regexProblem: regexProblem(request.subscribedTopicRegex),
    topicsMatching: pattern => topicsMatching(pattern, context),
    topicsRevision: () => broker.topics.image.topicsRevision,
  })
})

function regexProblem(regex: string | null): string | null {
  const problem = regex === null || regex === '' ? null : patternProblem(regex)
  return problem === null ? null : `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${problem}.`
}

/** All topics are looked at, in slices that this shares with other look-ups; what the client may not see is left out. */
async function topicsMatching(pattern: string, context: RequestContext): Promise<ReadonlySet<string>> {
  const { broker } = context
  const matches = patternOf(pattern)
  const names = new Set<string>()
  if (matches === null) return names
  for (const name of [...broker.topics.image.topics.keys()]) {
    const paused = broker.lookUps.pause()
    if (paused !== null) await paused
    if (matches(name) && context.may('describe', 'topic', name)) names.add(name)
  }
  return names
}

import { Errors } from '../../protocol/errors.js'
import { StreamsGroupDescribe } from '../../protocol/messages/streams-group-describe.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { isGroupProtocolEnabled } from '../group-protocols.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'

type DescribedGroup = ResponseOf<typeof StreamsGroupDescribe>['groups'][number]

// StreamsGroupDescribe v0-1: streams groups, their topologies, members and tasks (KIP-1071).
export const streamsGroupDescribe = handler(StreamsGroupDescribe, async (request, context) => {
  const { broker, version } = context
  if (!isGroupProtocolEnabled(broker, 'streams')) {
    return StreamsGroupDescribe.failure(request, Errors.UNSUPPORTED_VERSION, version)
  }
  const isAllowed = await answersTo(request.groupIds, context, groupId => context.may('describe', 'group', groupId))
  const allowed = { ...request, groupIds: request.groupIds.filter((_, at) => isAllowed[at]) }
  const denied = { ...request, groupIds: request.groupIds.filter((_, at) => !isAllowed[at]) }
  const call = { version, pause: () => context.pause() }
  const { groups: described } = await broker.groups.describeStreams(allowed, call)
  const groups = await answersTo(described, context, group => {
    if (group.errorCode !== Errors.NONE) return group
    if (!maySee(group, context)) return hidden(group)
    if (!request.includeAuthorizedOperations) return group
    return { ...group, authorizedOperations: context.operationsOn('group', group.groupId) }
  })
  return { groups: [...StreamsGroupDescribe.failure(denied, Errors.GROUP_AUTHORIZATION_FAILED, version).groups, ...groups] }
})

/** All topics of its topology. */
function maySee({ topology }: DescribedGroup, context: RequestContext): boolean {
  const may = (name: string): boolean => context.may('describe', 'topic', name)
  return (topology?.subtopologies ?? []).every(
    ({ sourceTopics, repartitionSinkTopics, repartitionSourceTopics, stateChangelogTopics }) =>
      sourceTopics.every(may) &&
      repartitionSinkTopics.every(may) &&
      repartitionSourceTopics.every(({ name }) => may(name)) &&
      stateChangelogTopics.every(({ name }) => may(name)),
  )
}

function hidden({ groupId }: DescribedGroup): DescribedGroup {
  return {
    groupId,
    errorCode: Errors.TOPIC_AUTHORIZATION_FAILED,
    errorMessage: 'The described group uses topics that the client is not authorized to describe.',
  }
}

import { Errors } from '../../protocol/errors.js'
import { ConsumerGroupDescribe } from '../../protocol/messages/consumer-group-describe.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { isGroupProtocolEnabled } from '../group-protocols.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'

type DescribedGroup = ResponseOf<typeof ConsumerGroupDescribe>['groups'][number]

// ConsumerGroupDescribe v0-1: epochs, members and assignments of consumer groups (KIP-848).
export const consumerGroupDescribe = handler(ConsumerGroupDescribe, async (request, context) => {
  const { broker, version } = context
  if (!isGroupProtocolEnabled(broker, 'consumer')) {
    return ConsumerGroupDescribe.failure(request, Errors.UNSUPPORTED_VERSION, version)
  }
  const isAllowed = await answersTo(request.groupIds, context, groupId => context.may('describe', 'group', groupId))
  const allowed = { ...request, groupIds: request.groupIds.filter((_, at) => isAllowed[at]) }
  const denied = { ...request, groupIds: request.groupIds.filter((_, at) => !isAllowed[at]) }
  const described =
    allowed.groupIds.length === 0
      ? []
      : (await broker.groups.describeConsumer(allowed, { version, pause: () => context.pause() })).groups
  const groups = await answersTo(described, context, group => shown(group, request.includeAuthorizedOperations, context))
  return { groups: [...ConsumerGroupDescribe.failure(denied, Errors.GROUP_AUTHORIZATION_FAILED, version).groups, ...groups] }
})

/** A group with a topic that the client may not see is not shown at all. */
function shown(group: DescribedGroup, withOperations: boolean, context: RequestContext): DescribedGroup {
  if (group.errorCode !== Errors.NONE) return group
  const topics = group.members?.flatMap(({ assignment, targetAssignment }) => [
    ...assignment.topicPartitions,
    ...targetAssignment.topicPartitions,
  ])
  const names = new Set(topics?.map(({ topicName }) => topicName))
  for (const name of names) {
    if (!context.may('describe', 'topic', name)) {
      const errorMessage = 'The group has described topic(s) that the client is not authorized to describe.'
      return { errorCode: Errors.TOPIC_AUTHORIZATION_FAILED, errorMessage, groupId: group.groupId }
    }
  }
  return withOperations ? { ...group, authorizedOperations: context.operationsOn('group', group.groupId) } : group
}

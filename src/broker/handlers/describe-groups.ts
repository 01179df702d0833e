import { Errors } from '../../protocol/errors.js'
import { DescribeGroups } from '../../protocol/messages/describe-groups.js'
import { handler } from '../handler.js'
import { answersTo } from '../many.js'

// DescribeGroups v0-6: state, members and assignments of classic groups.
export const describeGroups = handler(DescribeGroups, async (request, context) => {
  const { broker, version } = context
  const isAllowed = await answersTo(request.groups, context, groupId => context.may('describe', 'group', groupId))
  const allowed = { ...request, groups: request.groups.filter((_, at) => isAllowed[at]) }
  const denied = { ...request, groups: request.groups.filter((_, at) => !isAllowed[at]) }
  const described =
    allowed.groups.length === 0 ? [] : (await broker.groups.describe(allowed, { version, pause: () => context.pause() })).groups
  const groups = request.includeAuthorizedOperations
    ? await answersTo(described, context, group =>
        group.errorCode === Errors.NONE
          ? { ...group, authorizedOperations: context.operationsOn('group', group.groupId) }
          : group,
      )
    : described
  return { groups: [...DescribeGroups.failure(denied, Errors.GROUP_AUTHORIZATION_FAILED, version).groups, ...groups] }
})

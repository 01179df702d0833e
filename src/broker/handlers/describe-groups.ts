import { Errors } from '../../protocol/errors.js'
import { DescribeGroups } from '../../protocol/messages/describe-groups.js'
import { handler } from '../handler.js'
import { groupOperations } from '../operations.js'

// DescribeGroups v0-6: state, members and assignments of classic groups.
export const describeGroups = handler(DescribeGroups, async (request, { broker, version }) => {
  const response = await broker.groups.describe(request, { version })
  if (!request.includeAuthorizedOperations) return response
  const groups = response.groups.map(group =>
    group.errorCode === Errors.NONE ? { ...group, authorizedOperations: groupOperations } : group,
  )
  return { ...response, groups }
})

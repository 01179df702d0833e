import { DescribeGroups } from '../../protocol/messages/describe-groups.js'
import { handler } from '../handler.js'
import { groupOperations } from '../operations.js'

// DescribeGroups v0-6: state, members and assignments of classic groups.
export const describeGroups = handler(DescribeGroups, async (request, { broker, version }) => {
  const response = await broker.groups.describe(request, { version })
  if (!request.includeAuthorizedOperations) return response
  return { ...response, groups: response.groups.map(group => ({ ...group, authorizedOperations: groupOperations })) }
})

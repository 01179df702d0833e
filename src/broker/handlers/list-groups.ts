import { ListGroups } from '../../protocol/messages/list-groups.js'
import { handler } from '../handler.js'

// ListGroups v0-5: every group of this broker. v4: only in some states, v5: only of some types.
export const listGroups = handler(ListGroups, async (request, context) => {
  const answer = await context.broker.groups.list(request, { version: context.version })
  // Who may not see the cluster sees the groups that it may see, and is never refused.
  if (context.may('describe', 'cluster', '')) return answer
  return { ...answer, groups: answer.groups.filter(({ groupId }) => context.may('describe', 'group', groupId)) }
})

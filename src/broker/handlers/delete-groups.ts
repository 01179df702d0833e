import { Errors } from '../../protocol/errors.js'
import { DeleteGroups } from '../../protocol/messages/delete-groups.js'
import { handler } from '../handler.js'

// DeleteGroups v0-3: forgets empty groups with their offsets. A group that is named twice is deleted and answered once.
export const deleteGroups = handler(DeleteGroups, async (request, context) => {
  const { broker, version } = context
  const call = { version, pause: () => context.pause() }
  const mayDelete = (groupId: string): boolean => context.may('delete', 'group', groupId)
  const denied = new Set(request.groupsNames.filter(groupId => !mayDelete(groupId)))
  const refused = DeleteGroups.failure({ groupsNames: [...denied] }, Errors.GROUP_AUTHORIZATION_FAILED, version).results
  if (denied.size === 0) return broker.groups.deleteGroups(request, call)
  const { results } = await broker.groups.deleteGroups({ groupsNames: request.groupsNames.filter(mayDelete) }, call)
  return { results: [...refused, ...results] }
})

import { DeleteGroups } from '../../protocol/messages/delete-groups.js'
import { handler } from '../handler.js'

// DeleteGroups v0-3: forgets empty groups with their offsets. A group that is named twice is deleted and answered once.
export const deleteGroups = handler(DeleteGroups, (request, { broker, version }) =>
  broker.groups.deleteGroups(request, { version }),
)

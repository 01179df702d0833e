import { ListGroups } from '../../protocol/messages/list-groups.js'
import { handler } from '../handler.js'

// ListGroups v0-5: every group of this broker. v4: only in some states, v5: only of some types.
export const listGroups = handler(ListGroups, (request, { broker, version }) => broker.groups.list(request, { version }))

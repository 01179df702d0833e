import { SyncGroup } from '../../protocol/messages/sync-group.js'
import { handler } from '../handler.js'

// SyncGroup v0-5: the leader brings the assignments of a generation, everybody fetches theirs.
export const syncGroup = handler(SyncGroup, (request, { broker, version }) => broker.groups.sync(request, { version }))

import { Errors } from '../../protocol/errors.js'
import { SyncGroup } from '../../protocol/messages/sync-group.js'
import { handler } from '../handler.js'

// SyncGroup v0-5: the leader brings the assignments of a generation, everybody fetches theirs. v5: whoever syncs says of
// which protocol (KIP-559), and is looked at no further when it does not.
export const syncGroup = handler(SyncGroup, (request, { broker, version }) => {
  const isNamed = version < 5 || (request.protocolType !== null && request.protocolName !== null)
  if (!isNamed) return SyncGroup.failure(request, Errors.INCONSISTENT_GROUP_PROTOCOL, version)
  return broker.groups.sync(request, { version })
})

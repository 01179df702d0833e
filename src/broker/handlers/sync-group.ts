import { Errors } from '../../protocol/errors.js'
import { SyncGroup } from '../../protocol/messages/sync-group.js'
import { handler } from '../handler.js'

// SyncGroup v0-5: the leader sends the assignments of a generation, and each member gets its own. v5: the request must name
// the protocol (KIP-559).
export const syncGroup = handler(SyncGroup, (request, context) => {
  const { broker, version } = context
  const isNamed = version < 5 || (request.protocolType !== null && request.protocolName !== null)
  if (!isNamed) return SyncGroup.failure(request, Errors.INCONSISTENT_GROUP_PROTOCOL, version)
  if (!context.may('read', 'group', request.groupId)) {
    return SyncGroup.failure(request, Errors.GROUP_AUTHORIZATION_FAILED, version)
  }
  return broker.groups.sync(request, { version })
})

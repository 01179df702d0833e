import { Errors } from '../../protocol/errors.js'
import { JoinGroup } from '../../protocol/messages/join-group.js'
import { handler } from '../handler.js'

// JoinGroup v0-9: a member of a classic group asks to take part in its next generation. Parked until all have joined.
export const joinGroup = handler(JoinGroup, (request, context) => {
  const { broker, version, clientId, connection } = context
  if (!context.may('read', 'group', request.groupId)) {
    return JoinGroup.failure(request, Errors.GROUP_AUTHORIZATION_FAILED, version)
  }
  return broker.groups.join(request, { version, clientId, clientHost: `/${connection.remoteAddress}` })
})

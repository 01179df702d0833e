import { JoinGroup } from '../../protocol/messages/join-group.js'
import { handler } from '../handler.js'

// JoinGroup v0-9: a member of a classic group asks to take part in its next generation. Parked until all have joined.
export const joinGroup = handler(JoinGroup, (request, { broker, version, clientId, connection }) =>
  broker.groups.join(request, { version, clientId, clientHost: `/${connection.remoteAddress}` }),
)

import { Errors } from '../../protocol/errors.js'
import { Heartbeat } from '../../protocol/messages/heartbeat.js'
import { handler } from '../handler.js'

// Heartbeat v0-4: keeps a classic member alive and tells it of a rebalance. v3: static members (KIP-345).
export const heartbeat = handler(Heartbeat, (request, context) =>
  context.may('read', 'group', request.groupId)
    ? context.broker.groups.heartbeat(request, { version: context.version })
    : { errorCode: Errors.GROUP_AUTHORIZATION_FAILED },
)

import { Errors } from '../../protocol/errors.js'
import { LeaveGroup } from '../../protocol/messages/leave-group.js'
import { handler } from '../handler.js'

// LeaveGroup v0-5: members leave, or are removed by an operator. v3: several at once (KIP-345).
export const leaveGroup = handler(LeaveGroup, (request, context) =>
  context.may('read', 'group', request.groupId)
    ? context.broker.groups.leave(request, { version: context.version })
    : { errorCode: Errors.GROUP_AUTHORIZATION_FAILED },
)

import { LeaveGroup } from '../../protocol/messages/leave-group.js'
import { handler } from '../handler.js'

// LeaveGroup v0-5: members leave, or are removed by an operator. v3: several at once (KIP-345).
export const leaveGroup = handler(LeaveGroup, (request, { broker, version }) => broker.groups.leave(request, { version }))

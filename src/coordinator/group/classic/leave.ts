// LeaveGroup v0-5: takes members out at once, instead of waiting for their sessions to end. v0-2: the sender itself.
// v3: several, also by instance id alone, which is how an operator removes static members (KIP-345).
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import { LeaveGroup } from '../../../protocol/messages/leave-group.js'
import { command, type GroupTurn } from '../command.js'
import { leave as leaveConsumerGroup } from '../consumer/classic-members.js'
import { groupOf } from '../lookup.js'
import { type ClassicGroup, sessionKey } from './group.js'
import { membershipError, removeMember } from './membership.js'
import { afterRemoval, forgetIfCrowded } from './rebalance.js'

export const leave = command(LeaveGroup, (shard, { request, context: { version }, token }, turn) => {
  if (request.groupId === '') {
    turn.answer(token, { errorCode: Errors.INVALID_GROUP_ID })
    return
  }
  const leaving = version >= 3 ? request.members : [{ memberId: request.memberId, groupInstanceId: null, reason: null }]
  const found = shard.groups.get(request.groupId)
  const group = groupOf(shard, request.groupId, 'classic')
  const errors = found?.kind === 'consumer' ? leaveConsumerGroup(shard, found, leaving, turn) : null

  const clientIds = leaving.map(({ memberId }) => group?.members.get(memberId)?.clientId ?? null)
  const members = leaving.map(({ memberId, groupInstanceId }, at) => ({
    memberId,
    groupInstanceId,
    errorCode:
      errors?.[at] ?? (group === undefined ? Errors.UNKNOWN_MEMBER_ID : removeOne(group, memberId, groupInstanceId, turn)),
  }))
  // All are out before the group reacts, so that one request makes one rebalance.
  const gone = members.findIndex(({ errorCode }) => errorCode === Errors.NONE)
  if (group !== undefined && gone >= 0) {
    const { memberId, reason: said } = leaving[gone]!
    afterRemoval(shard, group, { reason: 'member-left', memberId, clientId: clientIds[gone]!, said }, turn)
    forgetIfCrowded(shard, group)
  }
  if (version >= 3) turn.answer(token, { errorCode: Errors.NONE, members })
  else turn.answer(token, { errorCode: members[0]?.errorCode ?? Errors.UNKNOWN_MEMBER_ID })
})

function removeOne(group: ClassicGroup, memberId: string, groupInstanceId: string | null, turn: GroupTurn): ErrorCode {
  if (group.pendingMembers.delete(memberId)) {
    turn.cancelDeadline(sessionKey(group.groupId, memberId))
    return Errors.NONE
  }
  // By instance id alone: its current member.
  const isByInstance = memberId === '' && groupInstanceId !== null
  const actualId = isByInstance ? (group.staticMembers.get(groupInstanceId) ?? '') : memberId
  const error = membershipError(group, actualId, groupInstanceId)
  const member = group.members.get(actualId)
  if (error !== Errors.NONE || member === undefined) return error
  removeMember(group, member, turn)
  return Errors.NONE
}

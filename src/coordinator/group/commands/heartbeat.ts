// Heartbeat v0-4: keeps a member's session alive, and is how members hear of a rebalance. v3: static members (KIP-345).
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { HeartbeatCommand } from '../command.js'
import { armSession, membershipError } from '../membership.js'
import type { GroupShard, GroupTurn } from '../state.js'

export function heartbeat(shard: GroupShard, command: HeartbeatCommand, turn: GroupTurn): void {
  turn.answer(command.token, { errorCode: beat(shard, command.request, turn) })
}

function beat(shard: GroupShard, request: HeartbeatCommand['request'], turn: GroupTurn): ErrorCode {
  if (request.groupId === '') return Errors.INVALID_GROUP_ID
  const group = shard.groups.get(request.groupId)
  if (group === undefined) return Errors.UNKNOWN_MEMBER_ID
  const error = membershipError(group, request.memberId, request.groupInstanceId)
  if (error !== Errors.NONE) return error
  if (request.generationId !== group.generation) return Errors.ILLEGAL_GENERATION
  const member = group.members.get(request.memberId)
  if (member === undefined || group.state === 'Empty') return Errors.UNKNOWN_MEMBER_ID
  armSession(group, member, turn)
  // In CompletingRebalance a member may beat before it has synced; that is in order.
  return group.state === 'PreparingRebalance' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
}

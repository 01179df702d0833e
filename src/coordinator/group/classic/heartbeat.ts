// Heartbeat v0-4: keeps a member's session alive, and is how members hear of a rebalance. v3: static members (KIP-345).
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import { Heartbeat } from '../../../protocol/messages/heartbeat.js'
import type { RequestOf } from '../../../protocol/schema.js'
import { command, type GroupTurn } from '../command.js'
import { heartbeat as beatInConsumerGroup } from '../consumer/classic-members.js'
import { groupOf } from '../lookup.js'
import type { GroupShard } from '../state.js'
import { armSession, membershipError } from './membership.js'

export const heartbeat = command(Heartbeat, (shard, { request, token }, turn) => {
  turn.answer(token, { errorCode: beat(shard, request, turn) })
})

function beat(shard: GroupShard, request: RequestOf<typeof Heartbeat>, turn: GroupTurn): ErrorCode {
  if (request.groupId === '') return Errors.INVALID_GROUP_ID
  const found = shard.groups.get(request.groupId)
  if (found?.kind === 'consumer') return beatInConsumerGroup(shard, found, request, turn)
  const group = groupOf(shard, request.groupId, 'classic')
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

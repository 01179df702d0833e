/** A member of a streams group goes: for good, or, if it is static, to come back before its session is over. */
import { Errors, isRefusal, type Refusal, refuse } from '../../../protocol/errors.js'
import type { GroupTurn } from '../command.js'
import type { GroupShard } from '../state.js'
import type { StreamsGroup } from './group.js'
import type { HeartbeatAnswer } from './heartbeat-answer.js'
import { type HeartbeatRequest, leavingForNow } from './heartbeat-request.js'
import { fenced, knownMember, type Member, removeMember, unknown } from './membership.js'
import { noHeldTasks } from './tasks.js'

export function leave(shard: GroupShard, request: HeartbeatRequest, turn: GroupTurn): HeartbeatAnswer | Refusal {
  const { groupId, memberId, memberEpoch } = request
  const group = shard.groups.get(groupId)
  if (group === undefined) return refuse(Errors.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`)
  if (group.kind !== 'streams') return refuse(Errors.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a streams group.`)
  // As in Kafka also when the member turns out to be another.
  if (request.shutdownApplication) group.shutdownRequestedBy ??= memberId
  const member = leavingMember(group, request)
  if (isRefusal(member)) return member
  if (memberEpoch === leavingForNow) {
    const { assigned } = member.current
    const active = new Map(Array.from(assigned.active.keys(), task => [task, 0] as const))
    const current = { ...member.current, memberEpoch, assigned: { ...assigned, active }, pendingRevocation: noHeldTasks }
    turn.write({ type: 'streams-current', key: { groupId, memberId: member.memberId }, value: current })
  } else removeMember(shard, group, member.memberId, 'member-left', turn)
  return { response: { errorCode: Errors.NONE, memberId, memberEpoch }, missingTopics: [] }
}

function leavingMember(group: StreamsGroup, { memberId, instanceId }: HeartbeatRequest): Member | Refusal {
  if (instanceId === null) return knownMember(group, memberId) ?? unknown(group, memberId)
  const ownerId = group.state.staticMembers.get(instanceId)
  const owner = ownerId === undefined ? null : knownMember(group, ownerId)
  if (owner === null) return refuse(Errors.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
  return owner.memberId === memberId ? owner : fenced(memberId, instanceId, owner.memberId)
}

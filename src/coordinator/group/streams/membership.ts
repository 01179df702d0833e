/** Who sends a heartbeat: a member that is known, one that is new, or a static member in the place of another. */
import { Errors, type Refusal, refuse } from '../../../protocol/errors.js'
import { sessionKey } from '../classic/group.js'
import type { GroupTurn } from '../command.js'
import type { RebalanceReason } from '../rebalance-cause.js'
import { noteRebalance } from '../rebalances.js'
import type { GroupShard } from '../state.js'
import { currentOf, epochOf, revocationKey, type StreamsGroup } from './group.js'
import { type HeartbeatRequest, joining, leavingForNow } from './heartbeat-request.js'
import { type CurrentAssignment, unrevokedTasks } from './reconcile.js'
import { type MemberMetadata, nothingYet, unknownMember } from './state.js'
import { roles, type Tasks } from './tasks.js'

export interface Member {
  readonly memberId: string
  readonly metadata: MemberMetadata
  readonly current: CurrentAssignment
  /** Whose place it takes. */
  readonly replaces: string | null
}

export function memberOf(group: StreamsGroup, request: HeartbeatRequest, owned: Tasks | null): Member | Refusal {
  const { memberId, memberEpoch, instanceId } = request
  if (instanceId !== null) return staticMemberOf(group, request, instanceId, owned)
  const known = knownMember(group, memberId)
  if (memberEpoch === joining) return known ?? { memberId, metadata: unknownMember, current: nothingYet, replaces: null }
  return known === null ? unknown(group, memberId) : (epochProblem(known.current, memberEpoch, owned) ?? known)
}

function staticMemberOf(
  group: StreamsGroup,
  { memberId, memberEpoch }: HeartbeatRequest,
  instanceId: string,
  owned: Tasks | null,
): Member | Refusal {
  const ownerId = group.state.staticMembers.get(instanceId)
  const owner = ownerId === undefined ? null : knownMember(group, ownerId)
  if (memberEpoch !== joining) {
    if (owner === null) return refuse(Errors.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
    if (owner.memberId !== memberId) return fenced(memberId, instanceId, owner.memberId)
    return epochProblem(owner.current, memberEpoch, owned) ?? owner
  }
  if (owner === null) {
    return knownMember(group, memberId) ?? { memberId, metadata: unknownMember, current: nothingYet, replaces: null }
  }
  if (owner.current.memberEpoch !== leavingForNow) {
    const who = `Static member ${memberId} with instance id ${instanceId}`
    return refuse(
      Errors.UNRELEASED_INSTANCE_ID,
      `${who} cannot join the group because the instance id is owned by ${owner.memberId} member.`,
    )
  }
  const current = { ...owner.current, memberEpoch: 0, previousMemberEpoch: 0 }
  return { memberId, metadata: owner.metadata, current, replaces: owner.memberId }
}

export function knownMember({ state }: StreamsGroup, memberId: string): Member | null {
  const metadata = state.members.get(memberId)
  return metadata === undefined ? null : { memberId, metadata, current: currentOf(state, memberId), replaces: null }
}

export function unknown({ groupId }: StreamsGroup, memberId: string): Refusal {
  return refuse(Errors.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`)
}

export function fenced(memberId: string, instanceId: string, ownerId: string): Refusal {
  const who = `Static member ${memberId} with instance id ${instanceId}`
  return refuse(Errors.FENCED_INSTANCE_ID, `${who} was fenced by member ${ownerId}.`)
}

/** An older epoch is let in only as the one before, of a member that did not get the last answer. */
function epochProblem(current: CurrentAssignment, received: number, owned: Tasks | null): Refusal | null {
  const { memberEpoch, previousMemberEpoch, assigned } = current
  if (received === memberEpoch) return null
  const isRetry =
    received === previousMemberEpoch &&
    owned !== null &&
    roles.every(role => [...owned[role]].every(task => assigned[role].has(task)))
  if (received < memberEpoch && isRetry) return null
  const size = received > memberEpoch ? 'greater' : 'smaller'
  return refuse(
    Errors.FENCED_MEMBER_EPOCH,
    `The streams group member has a ${size} member epoch (${received}) than the one known by the group coordinator ` +
      `(${memberEpoch}). The member must abandon all its partitions and rejoin.`,
  )
}

/** Takes a member out of the group, whose epoch ends with it. */
export function removeMember(
  shard: GroupShard,
  group: StreamsGroup,
  memberId: string,
  reason: RebalanceReason,
  turn: GroupTurn,
): void {
  const { groupId, state, shutdownRequestedBy } = group
  writeTombstones(group, memberId, turn)
  const before = epochOf(state)
  const epoch = before.epoch + 1
  turn.write({ type: 'streams-epoch', key: { groupId }, value: { ...before, epoch } })
  const clientId = state.members.get(memberId)?.clientId ?? null
  noteRebalance(shard, groupId, { reason, memberId, clientId }, { epoch, members: state.members.size - 1 }, turn)
  disarm(shard, group, memberId, turn)
  if (state.members.size === 1) {
    turn.write({ type: 'streams-target-epoch', key: { groupId }, value: { epoch, atMs: 0 } })
    group.shutdownRequestedBy = null
    group.assigning = null
  }
  turn.ifRefused(() => {
    group.shutdownRequestedBy = shutdownRequestedBy
  })
}

export function writeTombstones({ groupId }: StreamsGroup, memberId: string, turn: GroupTurn): void {
  const key = { groupId, memberId }
  turn.write({ type: 'streams-current', key, value: null })
  turn.write({ type: 'streams-target', key, value: null })
  turn.write({ type: 'streams-member', key, value: null })
}

export function armSession(shard: GroupShard, { groupId }: StreamsGroup, memberId: string, turn: GroupTurn): void {
  const { sessionTimeoutMs } = shard.config().streamsGroup(groupId)
  turn.setDeadline(sessionKey(groupId, memberId), sessionTimeoutMs, { type: 'expire-streams-member', groupId, memberId })
}

/** A member that has to give up tasks has the time that it asked for. */
export function armRevocation(
  { groupId }: StreamsGroup,
  memberId: string,
  { rebalanceTimeoutMs }: MemberMetadata,
  { state, memberEpoch }: CurrentAssignment,
  turn: GroupTurn,
): void {
  const key = revocationKey(groupId, memberId)
  if (state !== unrevokedTasks) turn.cancelDeadline(key)
  else turn.setDeadline(key, rebalanceTimeoutMs, { type: 'expire-streams-revocation', groupId, memberId, memberEpoch })
}

/** A whole session, and all its time to give up what it has to. */
export function arm(shard: GroupShard, group: StreamsGroup, memberId: string, turn: GroupTurn): void {
  const member = knownMember(group, memberId)
  if (member === null) return
  armSession(shard, group, memberId, turn)
  armRevocation(group, memberId, member.metadata, member.current, turn)
}

/** Nothing that was to happen to the member will, and what it told is forgotten. */
export function disarm(shard: GroupShard, group: StreamsGroup, memberId: string, turn: GroupTurn): void {
  group.endpoints.delete(memberId)
  group.taskOffsets.delete(memberId)
  turn.cancelDeadline(sessionKey(group.groupId, memberId))
  turn.cancelDeadline(revocationKey(group.groupId, memberId))
  turn.ifRefused(undo => arm(shard, group, memberId, undo))
}

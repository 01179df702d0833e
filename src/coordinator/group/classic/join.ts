// JoinGroup v0-9: a member asks to be part of the next generation, and is answered when that begins.
// v4: a member without an id is given one and must come back with it (KIP-394). v5: static members (KIP-345).
// v9: an instance that comes back as leader may be told that nothing is to be assigned (KIP-814).
import { emptyBytes } from '../../../base/bytes.js'
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import { JoinGroup } from '../../../protocol/messages/join-group.js'
import type { RequestOf } from '../../../protocol/schema.js'
import { type Asked, command, type GroupTurn, type MemberContext } from '../command.js'
import { memberIdPrefixCharsMax, nameCharsMax, newMemberJoinTimeoutMs, pendingMembersMax } from '../config.js'
import { join as joinConsumerGroup } from '../consumer/classic-members.js'
import { kindOf } from '../kinds.js'
import { giveWay, groupOf, groupOfOther } from '../lookup.js'
import type { Cause, RebalanceReason } from '../rebalance-cause.js'
import type { GroupShard } from '../state.js'
import { type ClassicGroup, createGroup, createMember, type Member, sessionKey } from './group.js'
import {
  addMember,
  armSession,
  electProtocol,
  matchesProtocols,
  membershipError,
  parkJoin,
  protocolsOf,
  replaceStaticMember,
  supportsProtocols,
  updateMember,
} from './membership.js'
import { groupRecord } from './metadata.js'
import {
  dropPendingMember,
  isCrowded,
  leaveMember,
  maybeCompleteJoin,
  prepareOrCompleteJoin,
  prepareRebalance,
  waitForSyncs,
} from './rebalance.js'
import { type JoinResponse, joinFailure, joinResponse } from './responses.js'

type JoinRequest = RequestOf<typeof JoinGroup>
type AskedJoin = Asked<JoinRequest, JoinResponse, MemberContext>

export const join = command(JoinGroup, decide, (request, errorCode) => joinFailure(errorCode, request.memberId))

/** Between asking for the coordinator and joining, a client may have to make a connection. */
export function announce(shard: GroupShard, groupId: string): void {
  const group = groupOf(shard, groupId, 'classic')
  if (group?.announcement === 'none') group.announcement = 'heard'
}

function decide(shard: GroupShard, asked: AskedJoin, turn: GroupTurn): void {
  const { request, token } = asked
  const other = groupOfOther(shard, request.groupId, 'classic')
  if (other !== undefined && !kindOf(other).isEmpty(other)) {
    const isOpen = other.kind === 'consumer' && requestError(shard, asked) === Errors.NONE
    const refused = joinFailure(requestError(shard, asked) || Errors.INCONSISTENT_GROUP_PROTOCOL, '')
    turn.answer(token, isOpen ? joinConsumerGroup(shard, other, asked, turn) : refused)
    return
  }
  const group = groupOf(shard, request.groupId, 'classic') ?? createGroup(request.groupId, turn.nowMs)
  const error = requestError(shard, asked) || admissionError(shard, group, asked)
  if (error === Errors.GROUP_MAX_SIZE_REACHED) {
    giveUpPlace(shard, group, request.memberId, turn)
    turn.answer(token, joinFailure(error, ''))
  } else if (error !== Errors.NONE) {
    // As in Kafka a newcomer's group is there although it was not let in.
    if (error === Errors.INCONSISTENT_GROUP_PROTOCOL && other === undefined) shard.groups.set(group.groupId, group)
    turn.answer(token, joinFailure(error, request.memberId))
  } else {
    // The group comes into being with its first member; one of another kind that has none left makes room for it.
    if (other !== undefined) giveWay(shard, other, turn)
    shard.groups.set(group.groupId, group)
    if (request.memberId === '') joinNewcomer(shard, group, asked, turn)
    else joinKnown(shard, group, asked, turn)
  }
}

/** What can be refused without looking at the group. */
function requestError(shard: GroupShard, { request, context: { clientHost } }: AskedJoin): ErrorCode {
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = shard.config()
  if (request.groupId === '') return Errors.INVALID_GROUP_ID
  if (request.groupId.length > nameCharsMax) return Errors.INVALID_GROUP_ID
  if (request.sessionTimeoutMs < groupMinSessionTimeoutMs) return Errors.INVALID_SESSION_TIMEOUT
  if (request.sessionTimeoutMs > groupMaxSessionTimeoutMs) return Errors.INVALID_SESSION_TIMEOUT
  const names = [request.groupInstanceId ?? '', request.protocolType, clientHost, ...request.protocols.map(({ name }) => name)]
  return names.some(name => name.length > nameCharsMax) ? Errors.INVALID_REQUEST : Errors.NONE
}

function admissionError(shard: GroupShard, group: ClassicGroup, { request, context: { version } }: AskedJoin): ErrorCode {
  const isNewcomer = request.memberId === ''
  // A group that does not exist has no members.
  const isThere = shard.groups.get(group.groupId) === group
  if (!(isNewcomer || isThere)) return Errors.UNKNOWN_MEMBER_ID
  if (!isThere && isCrowded(shard)) return Errors.GROUP_MAX_SIZE_REACHED
  if (!hasRoomFor(shard, group, request)) return Errors.GROUP_MAX_SIZE_REACHED
  if (!supportsProtocols(group, request.protocolType, request.protocols)) return Errors.INCONSISTENT_GROUP_PROTOCOL
  const getsAnId = isNewcomer && request.groupInstanceId === null && version >= 4
  return getsAnId && group.pendingMembers.size >= pendingMembersMax ? Errors.GROUP_MAX_SIZE_REACHED : Errors.NONE
}

/**
 * While a rebalance gathers members, those who have rejoined count, so that a group whose size was lowered under it loses
 * the last to come; otherwise members count. An instance that comes back takes no more room than it has.
 */
function hasRoomFor(shard: GroupShard, group: ClassicGroup, request: JoinRequest): boolean {
  const { groupMaxSize } = shard.config()
  const member = group.members.get(request.memberId || (group.staticMembers.get(request.groupInstanceId ?? '') ?? ''))
  switch (group.state) {
    case 'Empty':
      return true
    case 'PreparingRebalance':
      return (member !== undefined && member.parkedJoin !== null) || group.parkedJoins < groupMaxSize
    case 'CompletingRebalance':
    case 'Stable':
      return member !== undefined || group.members.size < groupMaxSize
  }
}

/** Its place has gone to others on the way. */
function giveUpPlace(shard: GroupShard, group: ClassicGroup, memberId: string, turn: GroupTurn): void {
  const member = group.members.get(memberId)
  if (member !== undefined) leaveMember(shard, group, member, 'no-room', turn)
  else if (group.pendingMembers.has(memberId)) {
    turn.cancelDeadline(sessionKey(group.groupId, memberId))
    dropPendingMember(shard, group, memberId, turn)
  }
}

function joinNewcomer(shard: GroupShard, group: ClassicGroup, asked: AskedJoin, turn: GroupTurn): void {
  const { request, context, token } = asked
  const prefix = request.groupInstanceId ?? context.clientId.slice(0, memberIdPrefixCharsMax)
  const memberId = `${prefix}-${turn.env.newId()}`
  if (request.groupInstanceId !== null) {
    const current = group.members.get(group.staticMembers.get(request.groupInstanceId) ?? '')
    if (current === undefined) addNewMember(shard, group, asked, memberId, turn)
    else returnStaticMember(shard, group, asked, current, memberId, turn)
  } else if (context.version >= 4) {
    // [KIP-394] A client that gives up before it knows its id would leave a member without a client.
    group.pendingMembers.add(memberId)
    noteNewcomer(group)
    turn.setDeadline(sessionKey(group.groupId, memberId), request.sessionTimeoutMs, {
      type: 'expire-member',
      groupId: group.groupId,
      memberId,
    })
    turn.answer(token, joinFailure(Errors.MEMBER_ID_REQUIRED, memberId))
  } else {
    addNewMember(shard, group, asked, memberId, turn)
  }
}

function joinKnown(shard: GroupShard, group: ClassicGroup, asked: AskedJoin, turn: GroupTurn): void {
  const { request, token } = asked
  const { memberId } = request
  if (group.pendingMembers.has(memberId) && request.groupInstanceId === null) {
    addNewMember(shard, group, asked, memberId, turn)
    return
  }
  const error = membershipError(group, memberId, request.groupInstanceId)
  const member = group.members.get(memberId)
  if (error !== Errors.NONE || member === undefined) {
    turn.answer(token, joinFailure(error, memberId))
    return
  }

  const isSame = matchesProtocols(member, request.protocols)
  switch (group.state) {
    case 'PreparingRebalance':
      rejoin(group, asked, member, turn)
      maybeCompleteJoin(group, turn)
      return
    case 'CompletingRebalance':
      // Most likely the answer to its first join got lost.
      if (isSame) {
        turn.answer(token, joinResponse(group, memberId))
        return
      }
      break
    case 'Stable':
      // The leader rejoins when something changed that its metadata does not show, such as a topic's partitions.
      if (group.leaderId !== memberId && isSame) {
        turn.answer(token, joinResponse(group, memberId))
        return
      }
      break
    case 'Empty':
      turn.answer(token, joinFailure(Errors.UNKNOWN_MEMBER_ID, memberId))
      return
  }
  // The old generation's waiting syncs are answered before this join is parked.
  rejoin(group, asked, member, turn)
  prepareRebalance(shard, group, causeOf(isSame ? 'leader-rejoined' : 'subscription-changed', member, request), turn)
}

const causeOf = (reason: RebalanceReason, { memberId, clientId }: Member, { reason: said }: JoinRequest): Cause => ({
  reason,
  memberId,
  clientId,
  said,
})

function addNewMember(shard: GroupShard, group: ClassicGroup, asked: AskedJoin, memberId: string, turn: GroupTurn): void {
  const { request } = asked
  const member = createMember(
    {
      memberId,
      groupInstanceId: request.groupInstanceId,
      clientId: asked.context.clientId,
      clientHost: asked.context.clientHost,
    },
    group.groupId,
    { ...wishesOf(asked), assignment: emptyBytes, isNew: true },
  )
  noteNewcomer(group)
  addMember(group, member, request.protocolType)
  parkJoin(group, member, asked.token, turn)
  // Its session does not run yet: it may not know its id. What runs is the time for which its join may stay parked.
  armSession(group, member, turn, newMemberJoinTimeoutMs)
  prepareOrCompleteJoin(shard, group, causeOf('member-joined', member, request), turn)
}

/** The first generation waits longer when a member joined or got an id. */
function noteNewcomer(group: ClassicGroup): void {
  if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.hasNewMember = true
}

function rejoin(group: ClassicGroup, asked: AskedJoin, member: Member, turn: GroupTurn): void {
  updateMember(group, member, wishesOf(asked))
  parkJoin(group, member, asked.token, turn)
}

/** [KIP-345] An instance is back, without its member id: its client was restarted. */
function returnStaticMember(
  shard: GroupShard,
  group: ClassicGroup,
  asked: AskedJoin,
  old: Member,
  memberId: string,
  turn: GroupTurn,
): void {
  const { token, context } = asked
  const leaderBefore = group.leaderId
  const undo = group.state === 'Stable' ? replacementUndo(group, old) : null
  const member = replaceStaticMember(group, old, memberId, turn)
  updateMember(group, member, wishesOf(asked))
  armSession(group, member, turn)

  // In a stable group whose protocol stays what it is, it gets its old assignment back, without a rebalance.
  if (group.state === 'Stable' && group.protocolName === electProtocol(group)) {
    turn.write(groupRecord(group))
    turn.ifRefused(again => {
      again.cancelDeadline(member.sessionKey)
      undo?.(again)
      armSession(group, old, again)
    })
    const response = joinResponse(group, memberId)
    // Below v9 a leader cannot be told to leave the assignment alone; so it is told that another member is the leader.
    if (context.version < 9) turn.answer(token, { ...response, leader: leaderBefore ?? '', members: [] })
    else turn.answer(token, { ...response, skipAssignment: group.leaderId === memberId })
    return
  }
  parkJoin(group, member, token, turn)
  // The leader may have been given the old id already; what it assigns to that would be lost.
  prepareOrCompleteJoin(shard, group, causeOf('member-returned', member, asked.request), turn)
}

/** Puts the old member back in its place. For a stable group, in which no member waits for an answer. */
function replacementUndo(group: ClassicGroup, old: Member): (turn: GroupTurn) => void {
  const { members, staticMembers, protocolSupport, pendingSyncs, leaderId } = group
  const before = { members: [...members], support: [...protocolSupport], awaitsSync: pendingSyncs.has(old.memberId) }
  return turn => {
    members.clear()
    for (const [id, member] of before.members) members.set(id, member)
    protocolSupport.clear()
    for (const [name, count] of before.support) protocolSupport.set(name, count)
    if (old.groupInstanceId !== null) staticMembers.set(old.groupInstanceId, old.memberId)
    group.leaderId = leaderId
    if (!before.awaitsSync) return
    pendingSyncs.add(old.memberId)
    waitForSyncs(group, turn)
  }
}

function wishesOf({
  request,
  context: { version },
}: AskedJoin): Pick<Member, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'> {
  return {
    protocols: protocolsOf(request.protocols),
    rebalanceTimeoutMs: version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
    sessionTimeoutMs: request.sessionTimeoutMs,
  }
}

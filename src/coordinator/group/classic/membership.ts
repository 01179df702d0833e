/**
 * Who is in a group: adding, replacing and removing members, with the counts that follow from them (parked joins, support
 * of protocols), and the election of leader and protocol. No state changes of the group, no deadlines but a session's.
 */
import { assert } from '../../../base/assert.js'
import { copyOf, equalBytes } from '../../../base/bytes.js'
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { JoinGroup } from '../../../protocol/messages/join-group.js'
import type { RequestOf } from '../../../protocol/schema.js'
import type { Token } from '../../machine.js'
import type { GroupTurn } from '../command.js'
import { type ClassicGroup, createMember, type Member, type Protocol, syncKey } from './group.js'
import { type JoinResponse, joinFailure, type SyncResponse, syncFailure } from './responses.js'

type RequestedProtocols = RequestOf<typeof JoinGroup>['protocols']

/** Copies, because the group keeps them beyond the request's frame. A name that is listed twice counts once. */
export function protocolsOf(requested: RequestedProtocols): Protocol[] {
  const names = new Set<string>()
  const protocols: Protocol[] = []
  for (const { name, metadata } of requested) {
    if (names.has(name)) continue
    names.add(name)
    protocols.push({ name, metadata: copyOf(metadata) })
  }
  return protocols
}

/** Would the group still have a protocol that all members support? */
export function supportsProtocols(group: ClassicGroup, protocolType: string, requested: RequestedProtocols): boolean {
  if (group.state === 'Empty') return protocolType !== '' && requested.length > 0
  if (group.protocolType !== protocolType) return false
  return requested.some(({ name }) => (group.protocolSupport.get(name) ?? 0) === group.members.size)
}

export function matchesProtocols(member: Member, requested: RequestedProtocols): boolean {
  if (member.protocols.length !== requested.length) return false
  return member.protocols.every((protocol, index) => {
    const other = requested[index]
    return other !== undefined && other.name === protocol.name && equalBytes(other.metadata, protocol.metadata)
  })
}

/** Is this member, under this instance id, the one the group knows? */
export function membershipError(group: ClassicGroup, memberId: string, groupInstanceId: string | null): ErrorCode {
  if (groupInstanceId !== null) {
    const current = group.staticMembers.get(groupInstanceId)
    if (current === undefined) return Errors.UNKNOWN_MEMBER_ID
    if (current !== memberId) return Errors.FENCED_INSTANCE_ID
  }
  return group.members.has(memberId) ? Errors.NONE : Errors.UNKNOWN_MEMBER_ID
}

export function addMember(group: ClassicGroup, member: Member, protocolType: string): void {
  assert(!group.members.has(member.memberId), 'a member is added once')
  if (member.groupInstanceId !== null) {
    assert(!group.staticMembers.has(member.groupInstanceId), 'an instance has one member')
    group.staticMembers.set(member.groupInstanceId, member.memberId)
  }
  if (group.members.size === 0) group.protocolType = protocolType
  group.leaderId ??= member.memberId
  group.members.set(member.memberId, member)
  countProtocols(group, member, 1)
  group.pendingMembers.delete(member.memberId)
}

export function updateMember(
  group: ClassicGroup,
  member: Member,
  changes: Pick<Member, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>,
): void {
  countProtocols(group, member, -1)
  member.protocols = changes.protocols
  member.rebalanceTimeoutMs = changes.rebalanceTimeoutMs
  member.sessionTimeoutMs = changes.sessionTimeoutMs
  countProtocols(group, member, 1)
}

/** Whatever the member has parked is answered: it is not the group's any more. */
export function removeMember(group: ClassicGroup, member: Member, turn: GroupTurn): void {
  releaseJoin(group, member, turn, joinFailure(Errors.UNKNOWN_MEMBER_ID, ''))
  releaseSync(member, turn, syncFailure(Errors.UNKNOWN_MEMBER_ID))
  turn.cancelDeadline(member.sessionKey)
  countProtocols(group, member, -1)
  group.members.delete(member.memberId)
  if (member.groupInstanceId !== null) group.staticMembers.delete(member.groupInstanceId)
  group.pendingSyncs.delete(member.memberId)
  if (group.leaderId === member.memberId) group.leaderId = group.members.keys().next().value ?? null
}

/**
 * [KIP-345] The same instance came back without its member id. The new member inherits everything but the id; a
 * request that still waits under the old id is fenced.
 */
export function replaceStaticMember(group: ClassicGroup, old: Member, memberId: string, turn: GroupTurn): Member {
  assert(old.groupInstanceId !== null, 'only an instance can be replaced')
  releaseJoin(group, old, turn, joinFailure(Errors.FENCED_INSTANCE_ID, old.memberId))
  releaseSync(old, turn, syncFailure(Errors.FENCED_INSTANCE_ID))
  turn.cancelDeadline(old.sessionKey)
  const member = createMember({ ...old, memberId }, group.groupId, { ...old, isNew: false })
  group.members.delete(old.memberId)
  group.members.set(memberId, member)
  group.staticMembers.set(old.groupInstanceId, memberId)
  if (group.pendingSyncs.delete(old.memberId) && group.pendingSyncs.size === 0) turn.cancelDeadline(syncKey(group.groupId))
  if (group.leaderId === old.memberId) group.leaderId = memberId
  return member
}

export function parkJoin(group: ClassicGroup, member: Member, token: Token<JoinResponse>, turn: GroupTurn): void {
  // The same member asked twice: its first request is from a connection it has given up.
  releaseJoin(group, member, turn, joinFailure(Errors.REBALANCE_IN_PROGRESS, member.memberId))
  member.parkedJoin = token
  group.parkedJoins++
}

export function releaseJoin(group: ClassicGroup, member: Member, turn: GroupTurn, response: JoinResponse): void {
  if (member.parkedJoin === null) return
  turn.answer(member.parkedJoin, response)
  member.parkedJoin = null
  group.parkedJoins--
}

export function parkSync(member: Member, token: Token<SyncResponse>, turn: GroupTurn): void {
  releaseSync(member, turn, syncFailure(Errors.REBALANCE_IN_PROGRESS))
  member.parkedSync = token
}

/** True when there was one. */
export function releaseSync(member: Member, turn: GroupTurn, response: SyncResponse): boolean {
  if (member.parkedSync === null) return false
  turn.answer(member.parkedSync, response)
  member.parkedSync = null
  return true
}

export function armSession(group: ClassicGroup, member: Member, turn: GroupTurn, afterMs = member.sessionTimeoutMs): void {
  turn.setDeadline(member.sessionKey, afterMs, { type: 'expire-member', groupId: group.groupId, memberId: member.memberId })
}

/** The group waits as long as its slowest member asked for. */
export function rebalanceTimeoutMsOf(group: ClassicGroup): number {
  let longestMs = 0
  for (const member of group.members.values()) longestMs = Math.max(longestMs, member.rebalanceTimeoutMs)
  return longestMs
}

export const haveAllJoined = (group: ClassicGroup): boolean =>
  group.members.size === group.parkedJoins && group.pendingMembers.size === 0

/** Keeps the leader, or takes the first member that has rejoined; false when there is none. */
export function electJoinedLeader(group: ClassicGroup): boolean {
  if (group.leaderId === null) return false
  if (group.members.get(group.leaderId)?.parkedJoin != null) return true
  for (const member of group.members.values()) {
    if (member.parkedJoin === null) continue
    group.leaderId = member.memberId
    return true
  }
  return false
}

/** Each member votes for the first in its list that all support; most votes win, among equals the first that got one. */
export function electProtocol(group: ClassicGroup): string {
  const votes = new Map<string, number>()
  for (const member of group.members.values()) {
    const choice = member.protocols.find(({ name }) => group.protocolSupport.get(name) === group.members.size)
    assert(choice !== undefined, 'a group has a protocol that all its members support')
    votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
  }
  let winner: string | null = null
  for (const [name, count] of votes) if (winner === null || count > (votes.get(winner) ?? 0)) winner = name
  assert(winner !== null, 'only a group with members elects a protocol')
  return winner
}

function countProtocols(group: ClassicGroup, member: Member, by: 1 | -1): void {
  for (const { name } of member.protocols) {
    const count = (group.protocolSupport.get(name) ?? 0) + by
    if (count === 0) group.protocolSupport.delete(name)
    else group.protocolSupport.set(name, count)
  }
}

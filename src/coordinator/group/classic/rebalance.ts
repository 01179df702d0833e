/**
 * The life of a rebalance, from the first reason for one to the moment when all members know their generation; how the
 * assignment then gets to them is sync.ts's part. Names of the steps are Kafka's.
 */
import { emptyBytes } from '../../../base/bytes.js'
import { Errors } from '../../../protocol/errors.js'
import type { GroupTurn } from '../command.js'
import { unwrittenGroupsMax } from '../config.js'
import type { Cause, RebalanceReason } from '../rebalance-cause.js'
import { noteRebalance } from '../rebalances.js'
import { type GroupShard, isWritten, writtenGroups } from '../state.js'
import { type ClassicGroup, type GroupState, joinKey, type Member, syncKey } from './group.js'
import {
  armSession,
  electJoinedLeader,
  electProtocol,
  haveAllJoined,
  rebalanceTimeoutMsOf,
  releaseJoin,
  releaseSync,
  removeMember,
} from './membership.js'
import { groupRecord } from './metadata.js'
import { joinResponse, syncFailure } from './responses.js'
import { subscribedTopicsOf } from './subscription.js'

/** A group of which no member came back, or whose record was refused, looks again no sooner than this. */
const retryMsMin = 1_000

/** Starts a rebalance; in a group that is in one already, sees whether it can be completed now. */
export function prepareOrCompleteJoin(shard: GroupShard, group: ClassicGroup, cause: Cause, turn: GroupTurn): void {
  if (group.state === 'PreparingRebalance') maybeCompleteJoin(group, turn)
  else prepareRebalance(shard, group, cause, turn)
}

export function prepareRebalance(shard: GroupShard, group: ClassicGroup, cause: Cause, turn: GroupTurn): void {
  noteRebalance(shard, group.groupId, cause, { epoch: group.generation + 1, members: group.members.size }, turn)

  // 1. Members that wait for an assignment of the old generation must join again.
  if (group.state === 'CompletingRebalance') {
    for (const member of group.members.values()) {
      member.assignment = emptyBytes
      if (releaseSync(member, turn, syncFailure(Errors.REBALANCE_IN_PROGRESS))) armSession(group, member, turn)
    }
  }
  endSyncWait(group, turn)

  // 2. The first members of an empty group are given time for others to come along.
  if (group.state === 'Empty') {
    const delayMs = shard.config().groupInitialRebalanceDelayMs
    const remainingMs = Math.max(rebalanceTimeoutMsOf(group) - delayMs, 0)
    group.hasNewMember = false
    group.announcement = 'none'
    waitForNewcomers(group, turn, delayMs, remainingMs)
    moveTo(group, 'PreparingRebalance', turn)
    return
  }

  // 3. Otherwise all known members are waited for, as long as the slowest of them asked.
  moveTo(group, 'PreparingRebalance', turn)
  if (haveAllJoined(group)) completeJoin(group, turn)
  else turn.setDeadline(joinKey(group.groupId), rebalanceTimeoutMsOf(group), { type: 'expire-join', groupId: group.groupId })
}

/** One step of an initial rebalance has passed: go on waiting while newcomers arrive and time remains. */
export function continueInitialRebalance(
  shard: GroupShard,
  group: ClassicGroup,
  turn: GroupTurn,
  delayMs: number,
  remainingMs: number,
): void {
  const isExpectingMore = group.hasNewMember || group.announcement === 'heard'
  if (!isExpectingMore || remainingMs === 0) {
    completeJoin(group, turn)
    return
  }
  group.announcement = group.hasNewMember ? 'none' : 'waited for'
  group.hasNewMember = false
  const nextDelayMs = Math.min(shard.config().groupInitialRebalanceDelayMs, remainingMs)
  waitForNewcomers(group, turn, nextDelayMs, Math.max(remainingMs - delayMs, 0))
}

function waitForNewcomers(group: ClassicGroup, turn: GroupTurn, delayMs: number, remainingMs: number): void {
  const { groupId } = group
  turn.setDeadline(joinKey(groupId), delayMs, { type: 'expire-initial-delay', groupId, delayMs, remainingMs })
}

/** Completes the join phase if all members have rejoined. An initial rebalance ends by time alone. */
export function maybeCompleteJoin(group: ClassicGroup, turn: GroupTurn): void {
  if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return
  if (haveAllJoined(group)) completeJoin(group, turn)
}

/** Ends the join phase with the members that are there, and begins the next generation. */
export function completeJoin(group: ClassicGroup, turn: GroupTurn): void {
  turn.cancelDeadline(joinKey(group.groupId))

  // 1. Dynamic members that did not rejoin are out. Static ones keep their place until their session ends [KIP-345].
  for (const member of [...group.members.values()]) {
    if (member.parkedJoin === null && member.groupInstanceId === null) removeMember(group, member, turn)
  }

  // 2. Only static members are left, and none has rejoined: there is no possible leader. Check again later.
  if (group.members.size > 0 && !electJoinedLeader(group)) {
    const afterMs = Math.max(rebalanceTimeoutMsOf(group), retryMsMin)
    turn.setDeadline(joinKey(group.groupId), afterMs, { type: 'expire-join', groupId: group.groupId })
    return
  }

  // 3. The next generation.
  group.generation++
  group.pendingSyncs.clear()
  group.protocolName = group.members.size === 0 ? null : electProtocol(group)
  group.subscribedTopics = subscribedTopicsOf(group)
  if (group.members.size === 0) {
    becomeEmpty(group, turn)
    return
  }
  moveTo(group, 'CompletingRebalance', turn)
  for (const member of group.members.values()) welcome(group, member, turn)
  waitForSyncs(group, turn)
}

export function waitForSyncs(group: ClassicGroup, turn: GroupTurn): void {
  const { groupId, generation } = group
  turn.setDeadline(syncKey(groupId), rebalanceTimeoutMsOf(group), { type: 'expire-sync', groupId, generation })
}

function becomeEmpty(group: ClassicGroup, turn: GroupTurn): void {
  moveTo(group, 'Empty', turn)
  turn.write(groupRecord(group))
  turn.ifRefused(again => {
    group.generation--
    moveTo(group, 'PreparingRebalance', again)
    again.setDeadline(joinKey(group.groupId), retryMsMin, { type: 'expire-join', groupId: group.groupId })
  })
}

function welcome(group: ClassicGroup, member: Member, turn: GroupTurn): void {
  releaseJoin(group, member, turn, joinResponse(group, member.memberId))
  armSession(group, member, turn)
  member.isNew = false
  group.pendingSyncs.add(member.memberId)
}

/** A member left or timed out: the others must share its partitions. */
export function leaveMember(
  shard: GroupShard,
  group: ClassicGroup,
  member: Member,
  reason: RebalanceReason,
  turn: GroupTurn,
): void {
  removeMember(group, member, turn)
  afterRemoval(shard, group, { reason, ...member }, turn)
}

export function afterRemoval(shard: GroupShard, group: ClassicGroup, cause: Cause, turn: GroupTurn): void {
  if (group.state === 'Stable' || group.state === 'CompletingRebalance') prepareRebalance(shard, group, cause, turn)
  else maybeCompleteJoin(group, turn)
}

/** An id that was given out is not waited for any longer. */
export function dropPendingMember(shard: GroupShard, group: ClassicGroup, memberId: string, turn: GroupTurn): void {
  group.pendingMembers.delete(memberId)
  maybeCompleteJoin(group, turn)
  forgetIfCrowded(shard, group)
}

/** As in Kafka, an empty group stays until the next check for expired offsets. */
export function forgetIfCrowded(shard: GroupShard, group: ClassicGroup): void {
  if (isCrowded(shard)) forgetIfUnused(shard, group)
}

/** Groups come into being by being asked for: those of which the log knows nothing have a bound. */
export function isCrowded(shard: GroupShard): boolean {
  return shard.groups.size - writtenGroups(shard) > unwrittenGroupsMax
}

/** A group of which neither log nor members know anything is no group. */
export function forgetIfUnused(shard: GroupShard, group: ClassicGroup): void {
  // From its first generation on a group has a record, or is just writing it.
  if (group.state !== 'Empty' || group.generation > 0 || group.pendingMembers.size > 0) return
  if (!isWritten(shard, group.groupId)) shard.groups.delete(group.groupId)
}

export function endSyncWait(group: ClassicGroup, turn: GroupTurn): void {
  group.pendingSyncs.clear()
  turn.cancelDeadline(syncKey(group.groupId))
}

export function moveTo(group: ClassicGroup, state: GroupState, turn: GroupTurn): void {
  group.previousState = group.state
  group.state = state
  group.stateSinceMs = turn.nowMs
}

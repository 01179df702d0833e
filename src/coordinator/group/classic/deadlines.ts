/** Deadlines of classic groups: a member's session, the wait for joins, the wait for syncs. */

import type { GroupTurn } from '../command.js'
import { groupOf } from '../lookup.js'
import { type Cause, nobody } from '../rebalance-cause.js'
import type { GroupShard } from '../state.js'
import type { ClassicDeadline } from './group.js'
import { removeMember } from './membership.js'
import { completeJoin, continueInitialRebalance, dropPendingMember, leaveMember, prepareRebalance } from './rebalance.js'

type Deadline<Type> = Extract<ClassicDeadline, { type: Type }>

export const classicDeadlines: {
  readonly [Type in ClassicDeadline['type']]: (shard: GroupShard, deadline: Deadline<Type>, turn: GroupTurn) => void
} = {
  'expire-member': expireMember,
  'expire-join': expireJoin,
  'expire-initial-delay': expireInitialDelay,
  'expire-sync': expireSync,
}

function expireMember(shard: GroupShard, { groupId, memberId }: Deadline<'expire-member'>, turn: GroupTurn): void {
  const group = groupOf(shard, groupId, 'classic')
  if (group === undefined) return
  if (group.pendingMembers.has(memberId)) {
    dropPendingMember(shard, group, memberId, turn)
    return
  }
  const member = group.members.get(memberId)
  if (member === undefined) return
  // While its request is parked here a member cannot send heartbeats: its session restarts with the answer. That does
  // not hold for a first join, for which this deadline is the limit of the parking itself.
  const isWaiting = member.parkedJoin !== null || member.parkedSync !== null
  if (isWaiting && !member.isNew) return
  leaveMember(shard, group, member, 'session-expired', turn)
}

function expireJoin(shard: GroupShard, { groupId }: Deadline<'expire-join'>, turn: GroupTurn): void {
  const group = groupOf(shard, groupId, 'classic')
  if (group?.state === 'PreparingRebalance') completeJoin(group, turn)
}

function expireInitialDelay(shard: GroupShard, command: Deadline<'expire-initial-delay'>, turn: GroupTurn): void {
  const group = groupOf(shard, command.groupId, 'classic')
  if (group?.state !== 'PreparingRebalance') return
  continueInitialRebalance(shard, group, turn, command.delayMs, command.remainingMs)
}

/** Members that took part in the join but never asked for their assignment hold partitions that are not being read. */
function expireSync(shard: GroupShard, { groupId, generation }: Deadline<'expire-sync'>, turn: GroupTurn): void {
  const group = groupOf(shard, groupId, 'classic')
  if (group === undefined || group.generation !== generation || group.pendingSyncs.size === 0) return
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
  let cause: Cause = { reason: 'sync-timeout', ...nobody }
  for (const memberId of [...group.pendingSyncs]) {
    const member = group.members.get(memberId)
    if (member === undefined) continue
    removeMember(group, member, turn)
    cause = { reason: 'sync-timeout', ...member }
  }
  prepareRebalance(shard, group, cause, turn)
}

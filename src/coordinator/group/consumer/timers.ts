/** The time that members have: to be heard of, to let go of partitions, and, of the classic protocol, to join and to sync. */
import type { GroupTurn } from '../command.js'
import type { GroupShard } from '../state.js'
import type { ConsumerDeadline, ConsumerGroup, MemberTimers } from './group.js'
import { type MemberMetadata, newcomer } from './state.js'

export function timersOf({ groupId, timers }: ConsumerGroup, memberId: string): MemberTimers {
  const known = timers.get(memberId)
  if (known !== undefined) return known
  // The length keeps "a b" + "c" and "a" + "b c" apart: ids may contain anything.
  const names = `${groupId.length} ${groupId} ${memberId}`
  const made: MemberTimers = {
    sessionKey: `consumer session ${names}`,
    rebalanceKey: `consumer rebalance ${names}`,
    joinKey: `consumer join ${names}`,
    syncKey: `consumer sync ${names}`,
    onSessionEnd: { type: 'expire-consumer-session', groupId, memberId },
    isToJoin: false,
  }
  timers.set(memberId, made)
  return made
}

export function armSession(
  shard: GroupShard,
  group: ConsumerGroup,
  memberId: string,
  turn: GroupTurn,
  metadata = group.state.members.get(memberId),
): void {
  const { sessionKey, onSessionEnd } = timersOf(group, memberId)
  const ownMs = metadata?.classicMemberMetadata?.sessionTimeoutMs
  turn.setDeadline(sessionKey, ownMs ?? shard.config().consumerGroup(group.groupId).sessionTimeoutMs, onSessionEnd)
}

export function armRebalance(
  group: ConsumerGroup,
  memberId: string,
  { rebalanceTimeoutMs }: MemberMetadata,
  memberEpoch: number,
  turn: GroupTurn,
): void {
  const { groupId } = group
  const command: ConsumerDeadline = { type: 'expire-consumer-rebalance', groupId, memberId, memberEpoch }
  turn.setDeadline(timersOf(group, memberId).rebalanceKey, rebalanceTimeoutMs, command)
}

/** Whatever the member has let go of; if that cannot be written down, it has not. */
export function cancelRebalance(group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  const { pendingRevocation } = group.state.current.get(memberId) ?? newcomer
  if (pendingRevocation.size === 0) return
  turn.cancelDeadline(timersOf(group, memberId).rebalanceKey)
  turn.ifRefused(again => rearmRebalance(group, memberId, again))
}

export function cancelTimers(shard: GroupShard, group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  const { sessionKey, rebalanceKey, joinKey, syncKey } = timersOf(group, memberId)
  for (const key of [sessionKey, rebalanceKey, joinKey, syncKey]) turn.cancelDeadline(key)
  group.timers.delete(memberId)
  turn.ifRefused(again => armAll(shard, group, memberId, again))
}

/** As after a restart: the whole time once more, for what the log says of the member. */
export function armAll(shard: GroupShard, group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  if (!group.state.members.has(memberId)) return
  armSession(shard, group, memberId, turn)
  rearmRebalance(group, memberId, turn)
}

function rearmRebalance(group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  const metadata = group.state.members.get(memberId)
  const { memberEpoch, pendingRevocation } = group.state.current.get(memberId) ?? newcomer
  if (metadata !== undefined && pendingRevocation.size > 0) armRebalance(group, memberId, metadata, memberEpoch, turn)
}

/** A member of the classic protocol was told to join again; the first time counts. */
export function armJoin(group: ConsumerGroup, memberId: string, { rebalanceTimeoutMs }: MemberMetadata, turn: GroupTurn): void {
  const timers = timersOf(group, memberId)
  if (timers.isToJoin) return
  timers.isToJoin = true
  turn.setDeadline(timers.joinKey, rebalanceTimeoutMs, { type: 'expire-consumer-join', groupId: group.groupId, memberId })
}

/** It has joined, and is to ask for its assignment. */
export function armSync(group: ConsumerGroup, memberId: string, { rebalanceTimeoutMs }: MemberMetadata, turn: GroupTurn): void {
  const timers = timersOf(group, memberId)
  timers.isToJoin = false
  turn.cancelDeadline(timers.joinKey)
  turn.setDeadline(timers.syncKey, rebalanceTimeoutMs, { type: 'expire-consumer-join', groupId: group.groupId, memberId })
}

export function cancelSync(group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  turn.cancelDeadline(timersOf(group, memberId).syncKey)
}

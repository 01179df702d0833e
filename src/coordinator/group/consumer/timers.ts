/** The time that members have: to be heard of, and to let go of partitions. */
import type { GroupTurn } from '../command.js'
import type { GroupShard } from '../state.js'
import type { ConsumerGroup, MemberTimers } from './group.js'
import type { MemberMetadata } from './state.js'

function timersOf({ groupId, timers }: ConsumerGroup, memberId: string): MemberTimers {
  const known = timers.get(memberId)
  if (known !== undefined) return known
  // The length keeps "a b" + "c" and "a" + "b c" apart: ids may contain anything.
  const names = `${groupId.length} ${groupId} ${memberId}`
  const made: MemberTimers = {
    sessionKey: `consumer session ${names}`,
    rebalanceKey: `consumer rebalance ${names}`,
    onSessionEnd: { type: 'expire-consumer-session', groupId, memberId },
  }
  timers.set(memberId, made)
  return made
}

export function armSession(shard: GroupShard, group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  const { sessionKey, onSessionEnd } = timersOf(group, memberId)
  const metadata = group.state.members.get(memberId)
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
  const command = { type: 'expire-consumer-rebalance', groupId, memberId, memberEpoch } as const
  turn.setDeadline(timersOf(group, memberId).rebalanceKey, rebalanceTimeoutMs, command)
}

export function cancelRebalance(group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  turn.cancelDeadline(timersOf(group, memberId).rebalanceKey)
}

export function cancelTimers(group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  const { sessionKey, rebalanceKey } = timersOf(group, memberId)
  turn.cancelDeadline(sessionKey)
  turn.cancelDeadline(rebalanceKey)
  group.timers.delete(memberId)
}

/** Deadlines of consumer groups: a member's session, and its time to let go of partitions. */
import type { GroupTurn } from '../command.js'
import { groupOf } from '../lookup.js'
import type { GroupShard } from '../state.js'
import type { ConsumerDeadline } from './group.js'
import { removeMembers } from './leave.js'
import { unrevokedPartitions } from './state.js'

type Deadline<Type extends ConsumerDeadline['type']> = Extract<ConsumerDeadline, { type: Type }>

export const consumerDeadlines: {
  readonly [Type in ConsumerDeadline['type']]: (shard: GroupShard, deadline: Deadline<Type>, turn: GroupTurn) => void
} = {
  'expire-consumer-session': expireSession,
  'expire-consumer-rebalance': expireRebalance,
  'expire-consumer-join': expireSession,
}

function expireSession(
  shard: GroupShard,
  { groupId, memberId }: Deadline<'expire-consumer-session' | 'expire-consumer-join'>,
  turn: GroupTurn,
): void {
  const group = groupOf(shard, groupId, 'consumer')
  if (group === undefined) return
  if (group.state.members.has(memberId)) removeMembers(shard, group, [memberId], { reason: 'session-expired' }, turn)
  else group.timers.delete(memberId)
}

/** It has what others wait for. In another epoch it has let go since. */
function expireRebalance(shard: GroupShard, deadline: Deadline<'expire-consumer-rebalance'>, turn: GroupTurn): void {
  const { groupId, memberId, memberEpoch } = deadline
  const group = groupOf(shard, groupId, 'consumer')
  const current = group?.state.current.get(memberId)
  if (group === undefined || current?.memberEpoch !== memberEpoch || current.state !== unrevokedPartitions) return
  removeMembers(shard, group, [memberId], { reason: 'rebalance-timeout' }, turn)
}

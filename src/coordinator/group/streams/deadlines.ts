/** Deadlines of streams groups: a member's session, its time to give up tasks, the wait of a new group for more members. */
import type { GroupTurn } from '../command.js'
import { groupOf } from '../lookup.js'
import type { GroupShard } from '../state.js'
import { currentOf, epochOf, type StreamsDeadline } from './group.js'
import { removeMember } from './membership.js'
import { unrevokedTasks } from './reconcile.js'
import { nextTarget } from './target.js'

type Deadline<Type> = Extract<StreamsDeadline, { type: Type }>

export const streamsDeadlines = {
  'expire-streams-member': expireMember,
  'expire-streams-revocation': expireRevocation,
  'end-streams-delay': endDelay,
}

function expireMember(shard: GroupShard, { groupId, memberId }: Deadline<'expire-streams-member'>, turn: GroupTurn): void {
  const group = groupOf(shard, groupId, 'streams')
  if (group?.state.members.has(memberId) === true) removeMember(shard, group, memberId, 'session-expired', turn)
}

function expireRevocation(
  shard: GroupShard,
  { groupId, memberId, memberEpoch }: Deadline<'expire-streams-revocation'>,
  turn: GroupTurn,
): void {
  const group = groupOf(shard, groupId, 'streams')
  if (group?.state.members.has(memberId) !== true) return
  const current = currentOf(group.state, memberId)
  if (current.state === unrevokedTasks && current.memberEpoch === memberEpoch)
    removeMember(shard, group, memberId, 'rebalance-timeout', turn)
}

function endDelay(shard: GroupShard, { groupId }: Deadline<'end-streams-delay'>, turn: GroupTurn): void {
  const group = groupOf(shard, groupId, 'streams')
  if (group === undefined) return
  group.isDelayed = false
  // Nobody is there any more, or nobody has been heard of since the start.
  if (group.state.members.size === 0 || group.configured === null) return
  const { epoch, assignmentConfigs } = epochOf(group.state)
  const config = shard.config().streamsGroup(groupId)
  nextTarget(group, null, epoch, group.configured.topology, assignmentConfigs, config, turn)
}

/** A member of a consumer group leaves, or is taken for gone; an instance may say that it will be back. */
import { Errors, type Refusal, refuse } from '../../../protocol/errors.js'
import type { ConsumerGroupHeartbeat } from '../../../protocol/messages/consumer-group-heartbeat.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import type { GroupTurn } from '../command.js'
import { groupOf } from '../lookup.js'
import type { Cause } from '../rebalance-cause.js'
import { noteRebalance } from '../rebalances.js'
import type { GroupShard } from '../state.js'
import { downgrade, isToDowngrade } from './downgrade.js'
import type { ConsumerGroup } from './group.js'
import { awayEpoch, instanceProblem, memberOf, removeMember, sinceNever, unknownMember } from './members.js'
import { epochOf, nothingOwned } from './state.js'
import { metadataHash } from './subscriptions.js'
import { cancelRebalance } from './timers.js'

type Request = RequestOf<typeof ConsumerGroupHeartbeat>

export function leave(shard: GroupShard, request: Request, turn: GroupTurn): ResponseOf<typeof ConsumerGroupHeartbeat> | Refusal {
  const { groupId, memberId, memberEpoch, instanceId } = request
  const group = groupOf(shard, groupId, 'consumer')
  if (group === undefined) {
    const why = shard.groups.has(groupId) ? `Group ${groupId} is not a consumer group.` : `Group ${groupId} not found.`
    return refuse(Errors.GROUP_ID_NOT_FOUND, why)
  }
  const problem = instanceId === null ? null : instanceProblem(group, memberId, instanceId)
  if (problem !== null) return problem
  if (!group.state.members.has(memberId)) return unknownMember(group, memberId)
  if (memberEpoch === awayEpoch) goAway(group, memberId, turn)
  else removeMembers(shard, group, [memberId], { reason: 'member-left' }, turn)
  return { errorCode: Errors.NONE, memberId, memberEpoch }
}

/** It keeps its partitions, and its session runs on: when that ends it has left after all. */
function goAway(group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  const { current } = memberOf(group, memberId)
  cancelRebalance(group, memberId, turn)
  const value = { ...current, memberEpoch: awayEpoch, assigned: sinceNever(current.assigned), pendingRevocation: nothingOwned }
  turn.write({ type: 'consumer-current', key: { groupId: group.groupId, memberId }, value })
}

/**
 * The others share what they had, in the group's next epoch, at the next heartbeat of any of them; in the next generation of a
 * classic group, if all that are left speak that protocol.
 */
export function removeMembers(
  shard: GroupShard,
  group: ConsumerGroup,
  memberIds: readonly string[],
  why: Pick<Cause, 'reason' | 'said'>,
  turn: GroupTurn,
): void {
  const { groupId, state } = group
  const [memberId = null] = memberIds
  const cause = { ...why, memberId, clientId: state.members.get(memberId ?? '')?.clientId ?? null }
  const leaving = new Set(memberIds)
  if (isToDowngrade(shard, group, leaving)) {
    downgrade(shard, group, leaving, null, cause, turn)
    return
  }
  for (const memberId of memberIds) removeMember(shard, group, memberId, turn)
  const names = new Map(state.namedTopics)
  const regexes = new Map(state.namedRegexes)
  for (const memberId of memberIds) {
    const metadata = state.members.get(memberId)
    for (const name of metadata?.subscribedTopicNames ?? []) countDown(names, name)
    countDown(regexes, metadata?.subscribedTopicRegex ?? '')
  }
  for (const regularExpression of state.regexes.keys()) {
    if (!regexes.has(regularExpression)) turn.write({ type: 'consumer-regex', key: { groupId, regularExpression }, value: null })
  }
  const topics = new Set(names.keys())
  for (const regex of regexes.keys()) for (const topic of state.regexes.get(regex)?.topics ?? []) topics.add(topic)
  const epoch = epochOf(state) + 1
  noteRebalance(shard, groupId, cause, { epoch, members: state.members.size - leaving.size }, turn)
  turn.write({ type: 'consumer-epoch', key: { groupId }, value: { epoch, metadataHash: metadataHash(topics, turn.env.topics) } })
  if (leaving.size < state.members.size) return
  // Nobody is left to be assigned anything.
  group.assigning = null
  turn.write({ type: 'consumer-target-epoch', key: { groupId }, value: { assignmentEpoch: epoch, assignmentTimestamp: 0 } })
}

function countDown(counts: Map<string, number>, name: string): void {
  const count = counts.get(name)
  if (count === undefined) return
  if (count === 1) counts.delete(name)
  else counts.set(name, count - 1)
}

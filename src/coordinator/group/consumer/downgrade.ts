/**
 * [KIP-848] The last member of the consumer protocol has gone, and members of the classic one are left: the group becomes a
 * classic one, in which each of them has what it was to have. They gather for the next generation, and find a leader.
 */
import { emptyBytes } from '../../../base/bytes.js'
import { assignmentBytes } from '../../../protocol/messages/consumer-protocol.js'
import type { TopicsView } from '../../machine.js'
import { type ClassicGroup, createGroup, createMember, joinKey } from '../classic/group.js'
import { addMember, armSession, electProtocol } from '../classic/membership.js'
import { groupRecord } from '../classic/metadata.js'
import { moveTo, prepareRebalance } from '../classic/rebalance.js'
import { consumerProtocolType, subscribedTopicsOf } from '../classic/subscription.js'
import type { GroupTurn } from '../command.js'
import type { Cause } from '../rebalance-cause.js'
import type { GroupShard } from '../state.js'
import type { ConsumerGroup } from './group.js'
import { epochOf, type MemberMetadata, noPartitions, type Partitions } from './state.js'
import { armAll, cancelTimers } from './timers.js'
import { writeTombstones } from './tombstones.js'

/** Whether that is so once these are gone, and so many of the classic protocol have come. */
export function isToDowngrade(
  shard: GroupShard,
  { groupId, state }: ConsumerGroup,
  leaving: ReadonlySet<string>,
  joining = 0,
): boolean {
  const left = state.members.size - leaving.size + joining
  if (left <= 0 || left > shard.config().groupMaxSize) return false
  if (!['downgrade', 'bidirectional'].includes(shard.config().consumerGroup(groupId).migrationPolicy)) return false
  for (const [memberId, { classicMemberMetadata }] of state.members) {
    if (classicMemberMetadata === null && !leaving.has(memberId)) return false
  }
  return true
}

/** A member that has come in another's place, with what its records will say. */
export interface Joining {
  readonly memberId: string
  readonly metadata: MemberMetadata
  readonly target: Partitions
  readonly memberEpoch: number
}

/** `joining`: it takes the place of the last of the others, so nothing moves and nobody has to join again. */
export function downgrade(
  shard: GroupShard,
  group: ConsumerGroup,
  leaving: ReadonlySet<string>,
  joining: Joining | null,
  cause: Cause | null,
  turn: GroupTurn,
): void {
  const { groupId } = group
  const classic = classicOf(group, leaving, joining, turn)
  for (const memberId of group.state.members.keys()) cancelTimers(shard, group, memberId, turn)
  if (joining !== null) {
    cancelTimers(shard, group, joining.memberId, turn)
    for (const type of ['consumer-current', 'consumer-target', 'consumer-member'] as const) {
      turn.write({ type, key: { groupId, memberId: joining.memberId }, value: null })
    }
  }
  writeTombstones(group, turn)
  turn.write(groupRecord(classic))
  shard.groups.set(groupId, classic)
  for (const member of classic.members.values()) armSession(classic, member, turn)
  turn.ifRefused(again => {
    shard.groups.set(groupId, group)
    for (const member of classic.members.values()) again.cancelDeadline(member.sessionKey)
    again.cancelDeadline(joinKey(groupId))
    for (const memberId of group.state.members.keys()) armAll(shard, group, memberId, again)
  })
  if (cause !== null) prepareRebalance(shard, classic, cause, turn)
}

function classicOf(group: ConsumerGroup, leaving: ReadonlySet<string>, joining: Joining | null, turn: GroupTurn): ClassicGroup {
  const { groupId, state } = group
  const classic = createGroup(groupId, turn.nowMs)
  const { topics } = turn.env
  for (const [memberId, metadata] of state.members) {
    if (!leaving.has(memberId)) add(classic, memberId, metadata, state.targets.get(memberId) ?? noPartitions, topics)
  }
  if (joining !== null) add(classic, joining.memberId, joining.metadata, joining.target, topics)
  classic.generation = joining?.memberEpoch ?? epochOf(state)
  classic.protocolName = electProtocol(classic)
  classic.subscribedTopics = subscribedTopicsOf(classic)
  moveTo(classic, 'Stable', turn)
  return classic
}

function add(
  classic: ClassicGroup,
  memberId: string,
  { instanceId, clientId, clientHost, rebalanceTimeoutMs, classicMemberMetadata }: MemberMetadata,
  target: Partitions,
  topics: TopicsView,
): void {
  const protocols = classicMemberMetadata?.supportedProtocols ?? []
  const assignment = assignmentBytes(named(target, topics), protocols[0]?.metadata ?? emptyBytes)
  const identity = { memberId, groupInstanceId: instanceId, clientId, clientHost }
  const sessionTimeoutMs = classicMemberMetadata?.sessionTimeoutMs ?? 0
  const member = createMember(identity, classic.groupId, {
    rebalanceTimeoutMs,
    sessionTimeoutMs,
    protocols,
    assignment,
    isNew: false,
  })
  addMember(classic, member, consumerProtocolType)
}

/** Of topics that are there. */
export function named(partitions: ReadonlyMap<string, Iterable<number>>, { topicsById }: TopicsView) {
  return Array.from(partitions, ([topicId, those]) => ({
    topic: topicsById.get(topicId)?.name ?? '',
    partitions: [...those].sort((a, b) => a - b),
  })).filter(({ topic }) => topic !== '')
}

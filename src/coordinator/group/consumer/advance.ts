/** What a heartbeat does, of whichever protocol: the group's epoch, what its members are to have, one step to that. */
import { equalBytes } from '../../../base/bytes.js'
import type { Uuid } from '../../../base/ids.js'
import type { GroupTurn } from '../command.js'
import type { ConsumerGroupConfig } from '../config.js'
import { nobody, type RebalanceReason } from '../rebalance-cause.js'
import { noteRebalance } from '../rebalances.js'
import type { GroupShard } from '../state.js'
import type { ConsumerGroup } from './group.js'
import type { Found } from './members.js'
import { type Owned, reconcile } from './reconcile.js'
import {
  assignmentEpochOf,
  type CurrentAssignment,
  epochOf,
  type MemberMetadata,
  type Partitions,
  unrevokedPartitions,
} from './state.js'
import { isSubscribedTo, metadataHash, subscribedTopics } from './subscriptions.js'
import { type Members, membersOf, preferredAssignor, writeTarget } from './target.js'
import { armRebalance, cancelRebalance } from './timers.js'

/** `metadata`: what the member says of itself now; `owned`: what it says it has. What it has after this is returned. */
export function advance(
  shard: GroupShard,
  group: ConsumerGroup,
  member: Found,
  metadata: MemberMetadata,
  owned: Owned,
  config: ConsumerGroupConfig,
  turn: GroupTurn,
): CurrentAssignment {
  const { memberId, replacedId } = member
  const { state } = group

  // 1. When the member wants other topics, or the topics have changed, the group is in its next epoch.
  const change = changeOf(group, member, metadata, turn)
  const members: Members = { group, memberId, metadata, target: member.target, replacedId }
  const epoch = nextEpoch(shard, members, member, change, config, turn)

  // 2. Who is to have what in it. What happens within the interval waits for its end.
  let targetEpoch = assignmentEpochOf(state)
  let { target } = member
  const isDue = state.assignedAtMs === 0 || turn.nowMs >= state.assignedAtMs + config.assignmentIntervalMs
  if (epoch > targetEpoch && isDue && group.assigning === null) {
    const next = writeTarget(members, epoch, config, turn)
    if (next !== null) {
      target = next
      targetEpoch = epoch
    }
  }

  // 3. One step of the member towards that.
  return step(members, member.current, target, targetEpoch, owned, change.isSubscription, turn)
}

interface Change {
  /** Topics that the member names, or its regular expression. */
  readonly isSubscription: boolean
  /** The group has to assign anew; not for a regular expression that is still to be matched. */
  readonly isToAssign: boolean
}

/** Writes down what is new about the member. */
function changeOf(group: ConsumerGroup, member: Found, after: MemberMetadata, turn: GroupTurn): Change {
  const { groupId, state } = group
  const before = member.metadata
  if (before === undefined || !isSameMember(before, after)) {
    turn.write({ type: 'consumer-member', key: { groupId, memberId: member.memberId }, value: after })
  }
  const hasOtherNames = !areSameTexts(before?.subscribedTopicNames ?? [], after.subscribedTopicNames)
  const [oldRegex, newRegex] = [before?.subscribedTopicRegex ?? '', after.subscribedTopicRegex ?? '']
  if (oldRegex === newRegex) return { isSubscription: hasOtherNames, isToAssign: hasOtherNames }
  if (oldRegex !== '' && state.namedRegexes.get(oldRegex) === 1 && state.regexes.has(oldRegex)) {
    turn.write({ type: 'consumer-regex', key: { groupId, regularExpression: oldRegex }, value: null })
  }
  return { isSubscription: true, isToAssign: hasOtherNames || newRegex === '' || state.regexes.has(newRegex) }
}

function isSameMember(a: MemberMetadata, b: MemberMetadata): boolean {
  return (
    a.instanceId === b.instanceId &&
    a.rackId === b.rackId &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    a.subscribedTopicRegex === b.subscribedTopicRegex &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.serverAssignor === b.serverAssignor &&
    isSameClassic(a.classicMemberMetadata, b.classicMemberMetadata) &&
    areSameTexts(a.subscribedTopicNames, b.subscribedTopicNames)
  )
}

function isSameClassic(a: MemberMetadata['classicMemberMetadata'], b: MemberMetadata['classicMemberMetadata']): boolean {
  if (a === null || b === null) return a === b
  if (a.sessionTimeoutMs !== b.sessionTimeoutMs || a.supportedProtocols.length !== b.supportedProtocols.length) return false
  return a.supportedProtocols.every(({ name, metadata }, at) => {
    const other = b.supportedProtocols[at]!
    return other.name === name && equalBytes(other.metadata, metadata)
  })
}

function areSameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, at) => text === b[at]))
}

/** The epoch of the group after what the member said, and after what became of the topics since the last heartbeat. */
function nextEpoch(
  shard: GroupShard,
  members: Members,
  { metadata: before, replacedId }: Found,
  change: Change,
  config: ConsumerGroupConfig,
  turn: GroupTurn,
): number {
  const { group, metadata: after } = members
  const { groupId, state } = group
  const { topics } = turn.env
  const epoch = epochOf(state)
  const isOtherAssignor = hasOtherAssignor(members, before, config)
  const isToAssign = change.isToAssign || isOtherAssignor
  if (!isToAssign && group.hashedRevision === topics.topicsRevision) return epoch
  const hash = metadataHash(subscribedTopics(state, { before, after }), topics)
  const revisionBefore = group.hashedRevision
  group.hashedRevision = topics.topicsRevision
  if (!isToAssign && hash === state.metadataHash) return epoch
  turn.write({ type: 'consumer-epoch', key: { groupId }, value: { epoch: epoch + 1, metadataHash: hash } })
  turn.ifRefused(() => {
    group.hashedRevision = revisionBefore
  })
  const reason = (): RebalanceReason => {
    if (replacedId !== null) return 'member-returned'
    if (before === undefined) return 'member-joined'
    if (change.isToAssign) return 'subscription-changed'
    return isOtherAssignor ? 'assignor-changed' : 'topics-changed'
  }
  const cause = reason() === 'topics-changed' ? nobody : { memberId: members.memberId, clientId: after.clientId }
  const size = [...membersOf(members)].length
  noteRebalance(shard, groupId, { reason: reason(), ...cause }, { epoch: epoch + 1, members: size }, turn)
  return epoch + 1
}

function hasOtherAssignor(
  members: Members,
  before: MemberMetadata | undefined,
  { assignors: names }: ConsumerGroupConfig,
): boolean {
  if (before !== undefined && before.serverAssignor === members.metadata.serverAssignor) return false
  if (before === undefined && members.metadata.serverAssignor === null) return false
  const all = Array.from(membersOf(members), ([, metadata]) => metadata)
  return preferredAssignor(members.group.state.members.values(), names) !== preferredAssignor(all, names)
}

/** Brings the member a step further, and writes that down. */
function step(
  { group, memberId, metadata }: Members,
  current: CurrentAssignment,
  target: Partitions,
  targetEpoch: number,
  owned: Owned,
  hasNewSubscription: boolean,
  turn: GroupTurn,
): CurrentAssignment {
  const { groupId, state } = group
  const { topicsById } = turn.env.topics
  const isWanted = isSubscribedTo(metadata, state.regexes)
  const next = reconcile(current, {
    memberId,
    target,
    targetEpoch,
    owned,
    hasNewSubscription,
    isSubscribed(topicId: Uuid) {
      const topic = topicsById.get(topicId)
      return topic !== undefined && isWanted(topic.name)
    },
    ownerOf: (topicId, partition) => state.owners.get(topicId)?.get(partition),
  })
  if (next === current) return current
  turn.write({ type: 'consumer-current', key: { groupId, memberId }, value: next })
  if (next.state === unrevokedPartitions) armRebalance(group, memberId, metadata, next.memberEpoch, turn)
  else cancelRebalance(group, memberId, turn)
  return next
}

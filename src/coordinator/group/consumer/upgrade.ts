/**
 * [KIP-848] A member of the consumer protocol joins a group of classic members: the group becomes a consumer group, in which
 * each of them keeps its id and what it was assigned. They are told to join again, and see no difference from then on.
 */
import type { Uuid } from '../../../base/ids.js'
import { Errors, type Refusal, refuse } from '../../../protocol/errors.js'
import { assignmentOf, type ProtocolAssignment, subscriptionOf } from '../../../protocol/messages/consumer-protocol.js'
import type { TopicsView } from '../../machine.js'
import { type ClassicGroup, joinKey, type Member, metadataOf, sessionKey, syncKey } from '../classic/group.js'
import { armSession as armClassicSession, releaseJoin, releaseSync } from '../classic/membership.js'
import { groupTombstone } from '../classic/metadata.js'
import { prepareRebalance } from '../classic/rebalance.js'
import { joinFailure, syncFailure } from '../classic/responses.js'
import { consumerProtocolType } from '../classic/subscription.js'
import type { GroupTurn } from '../command.js'
import type { ConsumerGroupConfig } from '../config.js'
import { nobody } from '../rebalance-cause.js'
import type { GroupShard } from '../state.js'
import { type ConsumerGroup, createConsumerGroup } from './group.js'
import { consumerRows } from './records.js'
import type { ConsumerRecord, MemberMetadata, OwnedPartitions, Partitions } from './state.js'
import { metadataHash } from './subscriptions.js'
import { armAll } from './timers.js'

/** What the group would be; nothing has changed yet. */
export function upgraded(group: ClassicGroup, config: ConsumerGroupConfig, topics: TopicsView): Upgrade | Refusal {
  const cannot = (why: string): Refusal =>
    refuse(Errors.GROUP_ID_NOT_FOUND, `Cannot upgrade classic group ${group.groupId} to consumer group because ${why}`)
  if (!['upgrade', 'bidirectional'].includes(config.migrationPolicy)) return cannot('online upgrade is disabled.')
  if (group.protocolType !== consumerProtocolType) return cannot('the group does not use the consumer embedded protocol.')
  if (group.members.size > config.maxSize) return cannot('the group size exceeds the consumer group maximum size.')
  const members: [Member, MemberMetadata, OwnedPartitions][] = []
  for (const member of group.members.values()) {
    const metadata = memberMetadata(group, member)
    const assignment = assignmentOf(member.assignment)
    if (metadata === null || assignment === null) return cannot('the embedded consumer protocol is malformed.')
    if ((assignment.userData?.byteLength ?? 0) > 0) {
      return cannot(
        'an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before ' +
          're-attempting the upgrade.',
      )
    }
    members.push([member, metadata, ownedOf(assignment, group.generation, topics)])
  }
  return { classic: group, ...begun(group, members, topics) }
}

export interface Upgrade {
  readonly classic: ClassicGroup
  /** As it will be when the records are applied. */
  readonly group: ConsumerGroup
  readonly records: readonly ConsumerRecord[]
}

export const isUpgrade = (found: ConsumerGroup | Upgrade): found is Upgrade => 'classic' in found

function memberMetadata(group: ClassicGroup, member: Member): MemberMetadata | null {
  const own = metadataOf(member, group.protocolName)
  const subscription = subscriptionOf(own.byteLength > 0 ? own : (member.protocols[0]?.metadata ?? own))
  if (subscription === null) return null
  return {
    instanceId: member.groupInstanceId,
    rackId: subscription.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...new Set(subscription.topics)].sort(),
    subscribedTopicRegex: '',
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    serverAssignor: null,
    classicMemberMetadata: {
      sessionTimeoutMs: member.sessionTimeoutMs,
      supportedProtocols: member.protocols.map(({ name, metadata }) => ({ name, metadata })),
    },
  }
}

/** Topics and partitions that are not there, or not any more, are nobody's. */
function ownedOf({ assignedPartitions }: ProtocolAssignment, epoch: number, { topics }: TopicsView): OwnedPartitions {
  const owned = new Map<Uuid, ReadonlyMap<number, number>>()
  for (const { topic, partitions } of assignedPartitions) {
    const known = topics.get(topic)
    const there = partitions.filter(one => one >= 0 && one < (known?.partitions.length ?? 0))
    if (known !== undefined && there.length > 0) owned.set(known.topicId, new Map(there.map(one => [one, epoch])))
  }
  return owned
}

function begun(
  { groupId, generation }: ClassicGroup,
  members: readonly (readonly [Member, MemberMetadata, OwnedPartitions])[],
  topics: TopicsView,
): Pick<Upgrade, 'group' | 'records'> {
  const names = new Set(members.flatMap(([, { subscribedTopicNames }]) => subscribedTopicNames))
  const key = { groupId }
  const keyOf = ({ memberId }: Member) => ({ groupId, memberId })
  const records: ConsumerRecord[] = [
    ...members.map(([member, value]): ConsumerRecord => ({ type: 'consumer-member', key: keyOf(member), value })),
    { type: 'consumer-epoch', key, value: { epoch: generation, metadataHash: metadataHash(names, topics) } },
    ...members.map(
      ([member, , owned]): ConsumerRecord => ({ type: 'consumer-target', key: keyOf(member), value: targetOf(owned) }),
    ),
    { type: 'consumer-target-epoch', key, value: { assignmentEpoch: generation, assignmentTimestamp: 0 } },
    ...members.map(([member, , assigned]): ConsumerRecord => {
      const value = { memberEpoch: generation, previousMemberEpoch: generation, state: 0, assigned, pendingRevocation: new Map() }
      return { type: 'consumer-current', key: keyOf(member), value }
    }),
  ]
  // The heartbeat that sets this off goes on with a group that is there already. Applied once more they change nothing.
  const group = createConsumerGroup(groupId)
  const draft = { groups: new Map([[groupId, group]]), consumer: new Map() } as unknown as GroupShard
  for (const record of records) {
    const { apply } = consumerRows[record.type] as { apply(shard: GroupShard, record: ConsumerRecord, producer: null): void }
    apply(draft, record, null)
  }
  return { group, records }
}

const targetOf = (owned: OwnedPartitions): Partitions =>
  new Map(Array.from(owned, ([topicId, partitions]) => [topicId, [...partitions.keys()].sort((a, b) => a - b)]))

export function carryOutUpgrade(shard: GroupShard, { classic, group, records }: Upgrade, turn: GroupTurn): void {
  const { groupId } = classic
  for (const member of classic.members.values()) {
    releaseJoin(classic, member, turn, joinFailure(Errors.REBALANCE_IN_PROGRESS, member.memberId))
    releaseSync(member, turn, syncFailure(Errors.REBALANCE_IN_PROGRESS))
    turn.cancelDeadline(member.sessionKey)
  }
  for (const memberId of classic.pendingMembers) turn.cancelDeadline(sessionKey(groupId, memberId))
  turn.cancelDeadline(joinKey(groupId))
  turn.cancelDeadline(syncKey(groupId))
  if (shard.metadata.has(groupId)) turn.write(groupTombstone(groupId))
  for (const record of records) turn.write(record)
  shard.groups.set(groupId, group)
  for (const memberId of classic.members.keys()) armAll(shard, group, memberId, turn)
  turn.ifRefused(again => {
    shard.groups.set(groupId, classic)
    classic.pendingMembers.clear()
    for (const member of classic.members.values()) armClassicSession(classic, member, again)
    if (classic.state !== 'PreparingRebalance') prepareRebalance(shard, classic, { reason: 'log-refused', ...nobody }, again)
    else again.setDeadline(joinKey(groupId), 0, { type: 'expire-join', groupId })
  })
}

/**
 * The records of a consumer group, in Kafka's schemas, and what each of them changes. What follows from several of them (who owns
 * a partition, who is an instance, how many name a topic) is kept beside them, and comes out the same in every order of keys.
 */
import { copyOf } from '../../../base/bytes.js'
import type { Uuid } from '../../../base/ids.js'
import type { Decoded } from '../../../protocol/schema.js'
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupPartitionMetadataKey,
  ConsumerGroupPartitionMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
} from '../../../protocol/state/consumer-group.js'
import { plainRow, type RecordRow } from '../record-row.js'
import type { GroupShard } from '../state.js'
import {
  type ConsumerRecord,
  type ConsumerState,
  type CurrentAssignment,
  emptyState,
  isBlank,
  type MemberMetadata,
  type OwnedPartitions,
  type Partitions,
} from './state.js'

type Rows = { readonly [Type in ConsumerRecord['type']]: RecordRow<Extract<ConsumerRecord, { type: Type }>> }

export const consumerRows: Rows = {
  'consumer-epoch': plainRow('consumer-epoch', ConsumerGroupMetadataKey, ConsumerGroupMetadataValue, {
    read: value => value,
    write: value => value,
    apply: (shard, { groupId }, value) =>
      change(shard, groupId, state => {
        state.epoch = value?.epoch ?? null
        state.metadataHash = value?.metadataHash ?? 0
      }),
  }),
  'consumer-partition-metadata': plainRow(
    'consumer-partition-metadata',
    ConsumerGroupPartitionMetadataKey,
    ConsumerGroupPartitionMetadataValue,
    { read: () => null, write: () => ({ topics: [] }), apply: () => {} },
  ),
  'consumer-member': plainRow('consumer-member', ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue, {
    read(value) {
      for (const protocol of value.classicMemberMetadata?.supportedProtocols ?? []) protocol.metadata = copyOf(protocol.metadata)
      return value
    },
    write: value => value,
    apply: (shard, { groupId, memberId }, value) => change(shard, groupId, state => setMember(state, memberId, value)),
  }),
  'consumer-target-epoch': plainRow(
    'consumer-target-epoch',
    ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue,
    {
      read: value => value,
      write: value => value,
      apply: (shard, { groupId }, value) =>
        change(shard, groupId, state => {
          state.assignmentEpoch = value?.assignmentEpoch ?? null
          state.assignedAtMs = value?.assignmentTimestamp ?? 0
        }),
    },
  ),
  'consumer-target': plainRow(
    'consumer-target',
    ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue,
    {
      read: ({ topicPartitions }) => partitionsFrom(topicPartitions),
      write: value => ({ topicPartitions: Array.from(value, ([topicId, partitions]) => ({ topicId, partitions })) }),
      apply: (shard, { groupId, memberId }, value) =>
        change(shard, groupId, ({ targets }) => {
          if (value === null) targets.delete(memberId)
          else targets.set(memberId, value)
        }),
    },
  ),
  'consumer-current': plainRow(
    'consumer-current',
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupCurrentMemberAssignmentValue,
    {
      read: currentFrom,
      write: ({ memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation }) => ({
        memberEpoch,
        previousMemberEpoch,
        state,
        assignedPartitions: ownedTo(assigned),
        partitionsPendingRevocation: ownedTo(pendingRevocation),
      }),
      apply: (shard, { groupId, memberId }, value) => change(shard, groupId, state => setCurrent(state, memberId, value)),
    },
  ),
  'consumer-regex': plainRow('consumer-regex', ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue, {
    read: ({ topics, version, timestamp }) => ({ topics: new Set(topics), version, resolvedAtMs: timestamp }),
    write: ({ topics, version, resolvedAtMs }) => ({ topics: [...topics].sort(), version, timestamp: resolvedAtMs }),
    apply: (shard, { groupId, regularExpression }, value) =>
      change(shard, groupId, ({ regexes }) => {
        if (value === null) regexes.delete(regularExpression)
        else regexes.set(regularExpression, value)
      }),
  }),
}

/** A group at work and the log's word of it are one: what the first record begins is what the command began. */
function change(shard: GroupShard, groupId: string, apply: (state: ConsumerState) => void): void {
  const group = shard.groups.get(groupId)
  const state = shard.consumer.get(groupId) ?? (group?.kind === 'consumer' ? group.state : emptyState())
  apply(state)
  if (isBlank(state)) shard.consumer.delete(groupId)
  else shard.consumer.set(groupId, state)
}

function setMember(state: ConsumerState, memberId: string, value: MemberMetadata | null): void {
  const { members, staticMembers } = state
  const before = members.get(memberId)
  if (before !== undefined) {
    count(state, before, -1)
    const { instanceId } = before
    // An instance whose member was replaced is another member's already.
    if (instanceId !== null && staticMembers.get(instanceId) === memberId) staticMembers.delete(instanceId)
  }
  if (value === null) {
    members.delete(memberId)
    return
  }
  members.set(memberId, value)
  if (value.instanceId !== null) staticMembers.set(value.instanceId, memberId)
  count(state, value, 1)
}

function count(state: ConsumerState, metadata: MemberMetadata, by: 1 | -1): void {
  for (const topic of metadata.subscribedTopicNames) add(state.namedTopics, topic, by)
  if (metadata.subscribedTopicRegex !== null && metadata.subscribedTopicRegex !== '') {
    add(state.namedRegexes, metadata.subscribedTopicRegex, by)
  }
  if (metadata.classicMemberMetadata === null) return
  state.classicMembers += by
  for (const { name } of metadata.classicMemberMetadata.supportedProtocols) add(state.classicProtocols, name, by)
}

function add(counts: Map<string, number>, name: string, by: 1 | -1): void {
  const sum = (counts.get(name) ?? 0) + by
  if (sum === 0) counts.delete(name)
  else counts.set(name, sum)
}

function setCurrent(state: ConsumerState, memberId: string, value: CurrentAssignment | null): void {
  const before = state.current.get(memberId)
  if (before !== undefined) {
    disown(state.owners, memberId, before.assigned)
    disown(state.owners, memberId, before.pendingRevocation)
  }
  if (value === null) {
    state.current.delete(memberId)
    return
  }
  state.current.set(memberId, value)
  own(state.owners, memberId, value.assigned)
  own(state.owners, memberId, value.pendingRevocation)
}

function own(owners: ConsumerState['owners'], memberId: string, owned: OwnedPartitions): void {
  for (const [topicId, partitions] of owned) {
    const ofTopic = owners.get(topicId) ?? new Map<number, string>()
    owners.set(topicId, ofTopic)
    for (const partition of partitions.keys()) ofTopic.set(partition, memberId)
  }
}

function disown(owners: ConsumerState['owners'], memberId: string, owned: OwnedPartitions): void {
  for (const [topicId, partitions] of owned) {
    const ofTopic = owners.get(topicId)
    if (ofTopic === undefined) continue
    for (const partition of partitions.keys()) if (ofTopic.get(partition) === memberId) ofTopic.delete(partition)
    if (ofTopic.size === 0) owners.delete(topicId)
  }
}

function partitionsFrom(
  topicPartitions: Decoded<(typeof ConsumerGroupTargetAssignmentMemberValue)['fields']>['topicPartitions'],
): Partitions {
  return new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, partitions.sort((a, b) => a - b)]))
}

function currentFrom(value: Decoded<(typeof ConsumerGroupCurrentMemberAssignmentValue)['fields']>): CurrentAssignment {
  const { memberEpoch, previousMemberEpoch, state, assignedPartitions, partitionsPendingRevocation } = value
  // Before KIP-1251 no epoch was written beside a partition: the member's is the latest that it can be.
  const ownedFrom = (owned: typeof assignedPartitions): OwnedPartitions =>
    new Map(
      owned.map(({ topicId, partitions, assignmentEpochs }): [Uuid, ReadonlyMap<number, number>] => [
        topicId,
        new Map(partitions.map((partition, at) => [partition, assignmentEpochs?.[at] ?? memberEpoch])),
      ]),
    )
  const [assigned, pendingRevocation] = [ownedFrom(assignedPartitions), ownedFrom(partitionsPendingRevocation)]
  return { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation }
}

function ownedTo(owned: OwnedPartitions) {
  return Array.from(owned, ([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions.keys()],
    assignmentEpochs: [...partitions.values()],
  }))
}

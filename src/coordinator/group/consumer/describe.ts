// ConsumerGroupDescribe v0-1: epochs, members and assignments of one consumer group (KIP-848). Names of topics that are there no
// more are left out with their partitions.
import { Errors } from '../../../protocol/errors.js'
import type { ConsumerGroupDescribe } from '../../../protocol/messages/consumer-group-describe.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import type { TopicsView } from '../../machine.js'
import { askEach } from '../ask-each.js'
import type { CallContext, Command, Shards } from '../command.js'
import { groupOf } from '../lookup.js'
import { once } from '../once.js'
import type { GroupShard } from '../state.js'
import { type ConsumerGroup, stateOf } from './group.js'
import { memberOf } from './members.js'
import { assignmentEpochOf, epochOf, type MemberMetadata } from './state.js'
import { preferredAssignor } from './target.js'

export async function describeConsumer(
  shards: Shards,
  request: RequestOf<typeof ConsumerGroupDescribe>,
  context: CallContext,
): Promise<ResponseOf<typeof ConsumerGroupDescribe>> {
  const describeOne = once(groupId => shards.ask(describeGroup, { groupId }, context))
  const [named, nameless] = [request.groupIds.filter(id => id !== ''), request.groupIds.filter(id => id === '')]
  const invalid = nameless.map(groupId => ({ errorCode: Errors.INVALID_GROUP_ID, groupId }))
  return { groups: [...invalid, ...(await askEach(named, context.pause, describeOne))] }
}

type DescribedGroup = ResponseOf<typeof ConsumerGroupDescribe>['groups'][number]
type DescribedMember = NonNullable<DescribedGroup['members']>[number]

const describeGroup: Command<{ readonly groupId: string }, DescribedGroup> = {
  decide(shard, { request: { groupId }, token }, turn) {
    const group = groupOf(shard, groupId, 'consumer')
    turn.answer(token, group === undefined ? absent(shard, groupId) : present(shard, group, turn.env.topics))
  },
  failure: ({ groupId }, errorCode) => ({ errorCode, groupId }),
}

function absent(shard: GroupShard, groupId: string): DescribedGroup {
  const why = shard.groups.has(groupId) ? `Group ${groupId} is not a consumer group.` : `Group ${groupId} not found.`
  return { errorCode: Errors.GROUP_ID_NOT_FOUND, errorMessage: why, groupId }
}

function present(shard: GroupShard, group: ConsumerGroup, topics: TopicsView): DescribedGroup {
  const { groupId, state } = group
  return {
    errorCode: Errors.NONE,
    groupId,
    groupState: stateOf(group),
    groupEpoch: epochOf(state),
    assignmentEpoch: assignmentEpochOf(state),
    assignorName: preferredAssignor(state.members.values(), shard.config().consumerGroup(groupId).assignors),
    members: Array.from(state.members, ([memberId, metadata]) => described(group, memberId, metadata, topics)),
  }
}

function described(group: ConsumerGroup, memberId: string, metadata: MemberMetadata, topics: TopicsView): DescribedMember {
  const { current, target } = memberOf(group, memberId)
  const { instanceId, rackId, clientId, clientHost, subscribedTopicNames, subscribedTopicRegex } = metadata
  const has = new Map<string, number[]>()
  for (const owned of [current.assigned, current.pendingRevocation]) {
    for (const [topicId, partitions] of owned) has.set(topicId, [...(has.get(topicId) ?? []), ...partitions.keys()])
  }
  return {
    memberId,
    instanceId,
    rackId,
    memberEpoch: current.memberEpoch,
    clientId,
    clientHost,
    subscribedTopicNames,
    subscribedTopicRegex,
    assignment: named(has, topics),
    targetAssignment: named(target, topics),
    memberType: metadata.classicMemberMetadata === null ? 1 : 0,
  }
}

function named(assignment: ReadonlyMap<string, readonly number[]>, { topicsById }: TopicsView): DescribedMember['assignment'] {
  const topicPartitions = []
  for (const [topicId, partitions] of assignment) {
    const topicName = topicsById.get(topicId)?.name
    if (topicName !== undefined) topicPartitions.push({ topicId, topicName, partitions: [...partitions].sort((a, b) => a - b) })
  }
  return { topicPartitions }
}

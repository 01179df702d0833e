// StreamsGroupDescribe v0-1: state, topology and members of streams groups (KIP-1071). v1: the assignor (KIP-1357).
// Descriptions of topologies (KIP-1331) are not stored: who asks for one is told so.
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { StreamsGroupDescribe } from '../../../protocol/messages/streams-group-describe.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import { askEach } from '../ask-each.js'
import type { CallContext, Command, Shards } from '../command.js'
import { once } from '../once.js'
import { assignmentOf, currentOf, epochOf, type StreamsGroup, stateOf, type TaskOffsets } from './group.js'
import { listOf, noTasks, type Tasks, taskOf } from './tasks.js'
import type { Subtopology, TopicInfo, Topology } from './topology.js'

type DescribedGroup = ResponseOf<typeof StreamsGroupDescribe>['groups'][number]
type DescribedMember = NonNullable<DescribedGroup['members']>[number]

const notStored = 1

export async function describeStreams(
  shards: Shards,
  request: RequestOf<typeof StreamsGroupDescribe>,
  context: CallContext,
): Promise<ResponseOf<typeof StreamsGroupDescribe>> {
  const describe = once(groupId => shards.ask(describeGroup, { groupId }, context))
  const groups = await askEach(request.groupIds, context.pause, describe)
  if (!request.includeTopologyDescription) return { groups }
  return {
    groups: groups.map(group => (group.errorCode === Errors.NONE ? { ...group, topologyDescriptionStatus: notStored } : group)),
  }
}

const describeGroup: Command<{ readonly groupId: string }, DescribedGroup> = {
  decide(shard, { request: { groupId }, token }, turn) {
    const group = shard.groups.get(groupId)
    if (groupId === '') turn.answer(token, failed(groupId, Errors.INVALID_GROUP_ID, null))
    else if (group === undefined) turn.answer(token, failed(groupId, Errors.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`))
    else if (group.kind !== 'streams') {
      turn.answer(token, failed(groupId, Errors.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a streams group.`))
    } else turn.answer(token, described(group, shard.config().streamsGroup(groupId).assignor))
  },
  failure: ({ groupId }, errorCode) => failed(groupId, errorCode, null),
}

const failed = (groupId: string, errorCode: ErrorCode, errorMessage: string | null): DescribedGroup => ({
  groupId,
  errorCode,
  errorMessage,
})

function described(group: StreamsGroup, assignorName: string): DescribedGroup {
  const { groupId, state, configured } = group
  const isReady = configured !== null && configured.topology.status === null
  return {
    errorCode: Errors.NONE,
    groupId,
    groupState: stateOf(group),
    groupEpoch: epochOf(state).epoch,
    assignmentEpoch: assignmentOf(state).epoch,
    topology: state.topology === null ? null : topologyOf(state.topology, isReady ? configured.topology.subtopologies : null),
    members: Array.from(state.members.keys(), memberId => memberOf(group, memberId)),
    assignorName,
  }
}

function topologyOf(
  { epoch, subtopologies }: Topology,
  configured: readonly { readonly described: Subtopology }[] | null,
): NonNullable<DescribedGroup['topology']> {
  const known =
    configured?.map(({ described }) => described) ?? sortedBy([...subtopologies], ({ subtopologyId }) => subtopologyId)
  return {
    epoch,
    subtopologies: known.map(one => ({
      subtopologyId: one.subtopologyId,
      sourceTopics: [...one.sourceTopics].sort(),
      repartitionSinkTopics: [...one.repartitionSinkTopics].sort(),
      stateChangelogTopics: topicInfos(one.stateChangelogTopics),
      repartitionSourceTopics: topicInfos(one.repartitionSourceTopics),
    })),
  }
}

const topicInfos = (list: readonly TopicInfo[]): TopicInfo[] => sortedBy([...list], ({ name }) => name)

function sortedBy<Item>(items: Item[], nameOf: (item: Item) => string): Item[] {
  return items.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

function memberOf({ state, taskOffsets }: StreamsGroup, memberId: string): DescribedMember {
  const metadata = state.members.get(memberId)!
  const { memberEpoch, assigned } = currentOf(state, memberId)
  const { active, standby, warmup } = assigned
  const told = taskOffsets.get(memberId)
  return {
    memberId,
    memberEpoch,
    instanceId: metadata.instanceId,
    rackId: metadata.rackId,
    clientId: metadata.clientId,
    clientHost: metadata.clientHost,
    topologyEpoch: metadata.topologyEpoch,
    processId: metadata.processId,
    userEndpoint: metadata.userEndpoint,
    clientTags: metadata.clientTags,
    taskOffsets: offsetsOf(told?.offsets),
    taskEndOffsets: offsetsOf(told?.endOffsets),
    assignment: {
      activeTasks: listOf(active.keys()),
      standbyTasks: listOf(standby.keys()),
      warmupTasks: listOf(warmup.keys()),
    },
    targetAssignment: assignmentFrom(state.targets.get(memberId) ?? noTasks),
  }
}

function assignmentFrom({ active, standby, warmup }: Tasks): DescribedMember['targetAssignment'] {
  return { activeTasks: listOf(active), standbyTasks: listOf(standby), warmupTasks: listOf(warmup) }
}

function offsetsOf(offsets: TaskOffsets['offsets'] = new Map()): DescribedMember['taskOffsets'] {
  return listOf(offsets.keys()).flatMap(({ subtopologyId, partitions }) =>
    partitions.map(partition => ({ subtopologyId, partition, offset: offsets.get(taskOf(subtopologyId, partition)) ?? 0 })),
  )
}

/** The records of a streams group, in Kafka's schemas, and what each of them changes. */
import {
  StreamsGroupCurrentMemberAssignmentKey,
  StreamsGroupCurrentMemberAssignmentValue,
  StreamsGroupMemberMetadataKey,
  StreamsGroupMemberMetadataValue,
  StreamsGroupMetadataKey,
  StreamsGroupMetadataValue,
  StreamsGroupTargetAssignmentMemberKey,
  StreamsGroupTargetAssignmentMemberValue,
  StreamsGroupTargetAssignmentMetadataKey,
  StreamsGroupTargetAssignmentMetadataValue,
  StreamsGroupTopologyKey,
  StreamsGroupTopologyValue,
} from '../../../protocol/state/streams-group.js'
import { plainRow, type RecordRow } from '../record-row.js'
import type { GroupShard } from '../state.js'
import { emptyState, isBlank, type StreamsRecord, type StreamsState, setCurrent, setMember } from './state.js'
import { activeFrom, activeListOf, heldFrom, listOf, tasksFrom } from './tasks.js'

type Rows = { readonly [Type in StreamsRecord['type']]: RecordRow<Extract<StreamsRecord, { type: Type }>> }

export const streamsRows: Rows = {
  'streams-epoch': plainRow('streams-epoch', StreamsGroupMetadataKey, StreamsGroupMetadataValue, {
    read: ({ lastAssignmentConfigs, ...rest }) => ({
      ...rest,
      assignmentConfigs: new Map((lastAssignmentConfigs ?? []).map(({ key, value }) => [key, value])),
    }),
    write: ({ assignmentConfigs, ...rest }) => ({
      ...rest,
      lastAssignmentConfigs: Array.from(assignmentConfigs, ([key, value]) => ({ key, value })),
    }),
    apply: (shard, { groupId }, value) =>
      change(shard, groupId, state => {
        state.epoch = value
      }),
  }),
  'streams-topology': plainRow('streams-topology', StreamsGroupTopologyKey, StreamsGroupTopologyValue, {
    read: value => value,
    write: value => value,
    apply: (shard, { groupId }, value) =>
      change(shard, groupId, state => {
        state.topology = value
      }),
  }),
  'streams-member': plainRow('streams-member', StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue, {
    read: value => value,
    write: value => value,
    apply: (shard, { groupId, memberId }, value) => change(shard, groupId, state => setMember(state, memberId, value)),
  }),
  'streams-target-epoch': plainRow(
    'streams-target-epoch',
    StreamsGroupTargetAssignmentMetadataKey,
    StreamsGroupTargetAssignmentMetadataValue,
    {
      read: ({ assignmentEpoch, assignmentTimestamp }) => ({ epoch: assignmentEpoch, atMs: assignmentTimestamp }),
      write: ({ epoch, atMs }) => ({ assignmentEpoch: epoch, assignmentTimestamp: atMs }),
      apply: (shard, { groupId }, value) =>
        change(shard, groupId, state => {
          state.assignment = value
        }),
    },
  ),
  'streams-target': plainRow('streams-target', StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue, {
    read: ({ activeTasks, standbyTasks, warmupTasks }) =>
      tasksFrom({ active: activeTasks, standby: standbyTasks, warmup: warmupTasks }),
    write: ({ active, standby, warmup }) => ({
      activeTasks: listOf(active),
      standbyTasks: listOf(standby),
      warmupTasks: listOf(warmup),
    }),
    apply: (shard, { groupId, memberId }, value) =>
      change(shard, groupId, ({ targets }) => {
        if (value === null) targets.delete(memberId)
        else targets.set(memberId, value)
      }),
  }),
  'streams-current': plainRow(
    'streams-current',
    StreamsGroupCurrentMemberAssignmentKey,
    StreamsGroupCurrentMemberAssignmentValue,
    {
      read: ({ memberEpoch, previousMemberEpoch, state, ...tasks }) => ({
        memberEpoch,
        previousMemberEpoch,
        state,
        assigned: {
          active: activeFrom(tasks.activeTasks, memberEpoch),
          standby: heldFrom(tasks.standbyTasks),
          warmup: heldFrom(tasks.warmupTasks),
        },
        pendingRevocation: {
          active: activeFrom(tasks.activeTasksPendingRevocation, memberEpoch),
          standby: heldFrom(tasks.standbyTasksPendingRevocation),
          warmup: heldFrom(tasks.warmupTasksPendingRevocation),
        },
      }),
      write: ({ memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation }) => ({
        memberEpoch,
        previousMemberEpoch,
        state,
        activeTasks: activeListOf(assigned.active),
        standbyTasks: listOf(assigned.standby.keys()),
        warmupTasks: listOf(assigned.warmup.keys()),
        activeTasksPendingRevocation: activeListOf(pendingRevocation.active),
        standbyTasksPendingRevocation: listOf(pendingRevocation.standby.keys()),
        warmupTasksPendingRevocation: listOf(pendingRevocation.warmup.keys()),
      }),
      apply: (shard, { groupId, memberId }, value) => change(shard, groupId, state => setCurrent(state, memberId, value)),
    },
  ),
}

/** A group at work and the log's word of it are one: what the first record begins is what the command began. */
function change(shard: GroupShard, groupId: string, apply: (state: StreamsState) => void): void {
  const group = shard.groups.get(groupId)
  const state = shard.streams.get(groupId) ?? (group?.kind === 'streams' ? group.state : emptyState())
  apply(state)
  if (isBlank(state)) shard.streams.delete(groupId)
  else shard.streams.set(groupId, state)
}

/** Streams groups as committed offsets, lists and deletions see them. */
import { Errors } from '../../../protocol/errors.js'
import type { GroupTurn } from '../command.js'
import type { GroupKind } from '../kind.js'
import type { GroupShard } from '../state.js'
import { commitError, fetchError, transactionalCommitError } from './commit-error.js'
import { createStreamsGroup, delayKey, readerOf, type StreamsGroup, stateOf } from './group.js'
import { arm } from './membership.js'

export const streamsKind: GroupKind<StreamsGroup> = {
  load,
  listed: group => ({
    groupId: group.groupId,
    protocolType: 'streams',
    groupState: stateOf(group),
    groupType: 'streams',
  }),
  memberCount: ({ state }) => state.members.size,
  isEmpty: ({ state }) => state.members.size === 0,
  isUnused: ({ state }) => state.members.size === 0,
  remove,
  fetchError,
  acceptCommit: (group, request, version) => commitError(group, request, version),
  transactionalCommitError,
  offsetDeletionError: () => Errors.NONE,
  isSubscribed,
  retentionStartMs: (group, topic, committed) => (isSubscribed(group, topic) ? null : committed.commitTimestampMs),
}

/** Every member has a whole session to show that it lives. */
function load(shard: GroupShard, turn: GroupTurn): void {
  for (const [groupId, state] of shard.streams) {
    const group = createStreamsGroup(groupId, state)
    shard.groups.set(groupId, group)
    for (const memberId of state.members.keys()) arm(shard, group, memberId, turn)
  }
}

function isSubscribed({ state: { members, topology } }: StreamsGroup, topic: string): boolean {
  return members.size > 0 && topology !== null && readerOf(topology, topic) !== null
}

/** All that the log knows of the group but its offsets, in Kafka's order. */
function remove(shard: GroupShard, group: StreamsGroup, turn: GroupTurn): void {
  const { groupId, state } = group
  for (const memberId of state.current.keys()) turn.write({ type: 'streams-current', key: { groupId, memberId }, value: null })
  for (const memberId of state.targets.keys()) turn.write({ type: 'streams-target', key: { groupId, memberId }, value: null })
  turn.write({ type: 'streams-target-epoch', key: { groupId }, value: null })
  for (const memberId of state.members.keys()) turn.write({ type: 'streams-member', key: { groupId, memberId }, value: null })
  turn.write({ type: 'streams-epoch', key: { groupId }, value: null })
  turn.write({ type: 'streams-topology', key: { groupId }, value: null })
  turn.cancelDeadline(delayKey(groupId))
  shard.groups.delete(groupId)
  turn.ifRefused(() => {
    group.isDelayed = false
    shard.groups.set(groupId, group)
  })
}

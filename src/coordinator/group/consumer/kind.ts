/** Consumer groups as committed offsets, lists and deletions see them. */
import { Errors } from '../../../protocol/errors.js'
import type { GroupTurn } from '../command.js'
import type { GroupKind } from '../kind.js'
import type { GroupShard } from '../state.js'
import { commitError, fetchError, transactionalCommitError } from './commit-error.js'
import { type ConsumerGroup, createConsumerGroup, stateOf } from './group.js'
import { armAll } from './timers.js'
import { writeTombstones } from './tombstones.js'

export const consumerKind: GroupKind<ConsumerGroup> = {
  load,
  listed: group => ({
    groupId: group.groupId,
    protocolType: 'consumer',
    groupState: stateOf(group),
    groupType: 'consumer',
  }),
  memberCount: ({ state }) => state.members.size,
  isEmpty: ({ state }) => state.members.size === 0,
  isUnused: ({ state }) => state.members.size === 0,
  remove,
  fetchError,
  acceptCommit: (group, request, version, turn) => commitError(group, request, version, turn.env.topics),
  transactionalCommitError: (group, request, turn) => transactionalCommitError(group, request, turn.env.topics),
  offsetDeletionError: () => Errors.NONE,
  isSubscribed,
  // Its members come and go: what nobody reads expires by itself.
  retentionStartMs: (group, topic, committed) => (isSubscribed(group, topic) ? null : committed.commitTimestampMs),
}

/** Everybody has a whole session to show that it lives, and the whole time to let go. */
function load(shard: GroupShard, turn: GroupTurn): void {
  for (const [groupId, state] of shard.consumer) {
    const group = createConsumerGroup(groupId, state)
    shard.groups.set(groupId, group)
    for (const memberId of state.members.keys()) armAll(shard, group, memberId, turn)
  }
}

function isSubscribed({ state: { namedTopics, namedRegexes, regexes } }: ConsumerGroup, topic: string): boolean {
  if (namedTopics.has(topic)) return true
  for (const regex of namedRegexes.keys()) if (regexes.get(regex)?.topics.has(topic) === true) return true
  return false
}

function remove(shard: GroupShard, group: ConsumerGroup, turn: GroupTurn): void {
  writeTombstones(group, turn)
  shard.groups.delete(group.groupId)
  turn.ifRefused(() => {
    shard.groups.set(group.groupId, group)
  })
}

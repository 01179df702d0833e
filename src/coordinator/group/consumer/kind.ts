/** Consumer groups as committed offsets, lists and deletions see them. */
import { Errors } from '../../../protocol/errors.js'
import type { GroupTurn } from '../command.js'
import type { GroupKind } from '../kind.js'
import type { GroupShard } from '../state.js'
import { commitError, transactionalCommitError } from './commit-error.js'
import { type ConsumerGroup, createConsumerGroup, stateOf } from './group.js'
import { newcomer, unrevokedPartitions } from './state.js'
import { armRebalance, armSession } from './timers.js'

export const consumerKind: GroupKind<ConsumerGroup> = {
  load,
  listed: group => ({
    groupId: group.groupId,
    protocolType: 'consumer',
    groupState: stateOf(group),
    groupType: 'consumer',
  }),
  isEmpty: ({ state }) => state.members.size === 0,
  isUnused: ({ state }) => state.members.size === 0,
  remove,
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
    for (const [memberId, metadata] of state.members) {
      armSession(shard, group, memberId, turn)
      const { memberEpoch, state: memberState } = state.current.get(memberId) ?? newcomer
      if (memberState === unrevokedPartitions) armRebalance(group, memberId, metadata, memberEpoch, turn)
    }
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

/** All that the log knows of the group but its offsets, in Kafka's order. */
export function writeTombstones({ groupId, state }: ConsumerGroup, turn: GroupTurn): void {
  for (const memberId of state.current.keys()) turn.write({ type: 'consumer-current', key: { groupId, memberId }, value: null })
  for (const memberId of state.targets.keys()) turn.write({ type: 'consumer-target', key: { groupId, memberId }, value: null })
  turn.write({ type: 'consumer-target-epoch', key: { groupId }, value: null })
  for (const memberId of state.members.keys()) turn.write({ type: 'consumer-member', key: { groupId, memberId }, value: null })
  turn.write({ type: 'consumer-partition-metadata', key: { groupId }, value: null })
  for (const regularExpression of state.regexes.keys()) {
    turn.write({ type: 'consumer-regex', key: { groupId, regularExpression }, value: null })
  }
  turn.write({ type: 'consumer-epoch', key: { groupId }, value: null })
}

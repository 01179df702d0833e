/**
 * Forgets offsets that nobody has needed for the retention time [KIP-211], and groups of which nothing is left then.
 * An offset with an expiry of its own (OffsetCommit v2-4) goes by that.
 */
import { type CommittedOffset, type Group, type GroupShard, type GroupTurn, offsetsKey } from '../state.js'
import { consumerProtocolType, isSubscribed } from '../subscription.js'
import { removeEmptyGroup } from './delete-groups.js'

export function expireOffsets(shard: GroupShard, turn: GroupTurn): void {
  turn.isDivisible = true
  for (const group of shard.groups.values()) {
    if (turn.records.length >= expiredAtOnceMax) {
      turn.setDeadline(offsetsKey, pauseMs, { type: 'expire-offsets' })
      return
    }
    const isBare = expireOffsetsOf(shard, group, turn)
    if (isBare && group.state === 'Empty' && group.pendingMembers.size === 0) removeEmptyGroup(shard, group, turn)
  }
  scheduleOffsetExpiry(shard, turn)
}

/** Records of one step; what is left comes after a pause for the others. */
const expiredAtOnceMax = 2_000
const pauseMs = 10

export function scheduleOffsetExpiry(shard: GroupShard, turn: GroupTurn): void {
  turn.setDeadline(offsetsKey, shard.config().offsetsRetentionCheckIntervalMs, { type: 'expire-offsets' })
}

/** True when the group has no offsets left. */
function expireOffsetsOf(shard: GroupShard, group: Group, turn: GroupTurn): boolean {
  const { groupId } = group
  const { offsetsRetentionMs } = shard.config()
  let isBare = true
  for (const [topic, partitions] of shard.offsets.get(groupId) ?? []) {
    for (const [partition, committed] of partitions) {
      const expiresAtMs = expiryOf(group, topic, committed, offsetsRetentionMs)
      if (expiresAtMs !== null && turn.nowMs >= expiresAtMs) {
        turn.write({ type: 'offset', groupId, topic, partition, value: null })
      } else isBare = false
    }
  }
  return isBare
}

/** null: not as long as the group is what it is. */
function expiryOf(group: Group, topic: string, committed: CommittedOffset, retentionMs: number): number | null {
  const sinceMs = retentionStart(group, topic, committed)
  if (sinceMs === null) return null
  return committed.expireTimestampMs !== -1 ? committed.expireTimestampMs : sinceMs + retentionMs
}

function retentionStart(group: Group, topic: string, committed: CommittedOffset): number | null {
  // A simple group has no life of its own: the commit is all there is.
  if (group.protocolType === null) return committed.commitTimestampMs
  if (isSubscribed(group, topic)) return null
  // Written by a Kafka that did not note when the group became empty.
  if (group.state === 'Empty') return group.stateSinceMs === -1 ? committed.commitTimestampMs : group.stateSinceMs
  const knowsTopics = group.protocolType === consumerProtocolType && group.subscribedTopics !== null
  return group.state === 'Stable' && knowsTopics ? committed.commitTimestampMs : null
}

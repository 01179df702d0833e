/**
 * Expires offsets that were unused for the retention time [KIP-211], and groups of which nothing is left then.
 * An offset with an expiry of its own (OffsetCommit v2-4) goes by that.
 */

import type { GroupTurn } from '../command.js'
import { kindOf } from '../kinds.js'
import { type CommittedOffset, type Group, type GroupShard, offsetsKey } from '../state.js'
import { isPending } from './pending.js'

export function expireOffsets(shard: GroupShard, turn: GroupTurn): void {
  turn.isDivisible = true
  for (const group of shard.groups.values()) {
    if (turn.records.length >= expiredAtOnceMax) {
      turn.setDeadline(offsetsKey, pauseMs, { type: 'expire-offsets' })
      return
    }
    const isBare = expireOffsetsOf(shard, group, turn)
    const kind = kindOf(group)
    if (isBare && kind.isUnused(group)) kind.remove(shard, group, turn)
  }
  scheduleOffsetExpiry(shard, turn)
}

/** Records of one step; what is left comes after a pause for the others. */
const expiredAtOnceMax = 2_000
const pauseMs = 10

export function scheduleOffsetExpiry(shard: GroupShard, turn: GroupTurn): void {
  turn.setDeadline(offsetsKey, shard.config().offsetsRetentionCheckIntervalMs, { type: 'expire-offsets' })
}

/** True when the group has no offsets left, nor will get any. What a transaction is about to replace does not expire. */
function expireOffsetsOf(shard: GroupShard, group: Group, turn: GroupTurn): boolean {
  const { groupId } = group
  const { offsetsRetentionMs } = shard.config()
  let isBare = !shard.pendingOffsets.byGroup.has(groupId)
  for (const [topic, partitions] of shard.offsets.get(groupId) ?? []) {
    for (const [partition, committed] of partitions) {
      const expiresAtMs = expiryOf(group, topic, committed, offsetsRetentionMs)
      if (expiresAtMs !== null && turn.nowMs >= expiresAtMs && !isPending(shard, groupId, topic, partition)) {
        turn.write({ type: 'offset', groupId, topic, partition, value: null })
      } else isBare = false
    }
  }
  return isBare
}

/** null: not as long as the group is what it is. */
function expiryOf(group: Group, topic: string, committed: CommittedOffset, retentionMs: number): number | null {
  const sinceMs = kindOf(group).retentionStartMs(group, topic, committed)
  if (sinceMs === null) return null
  return committed.expireTimestampMs !== -1 ? committed.expireTimestampMs : sinceMs + retentionMs
}

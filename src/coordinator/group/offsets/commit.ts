// OffsetCommit v1-10: stores a group's positions. v1: a timestamp per partition. v2-4: a retention of the request's own.
// v7: static members (KIP-345). v9: a group that is not there is GROUP_ID_NOT_FOUND, no longer ILLEGAL_GENERATION.
// Topics are taken by name: for v10 the handler first fills `name` from `topicId`; both come back in the answer.
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import { OffsetCommit } from '../../../protocol/messages/offset-commit.js'
import { createGroup } from '../classic/group.js'
import { forgetIfUnused } from '../classic/rebalance.js'
import { command, type GroupTurn } from '../command.js'
import { nameCharsMax } from '../config.js'
import type { CommitRequest } from '../kind.js'
import { kindOf } from '../kinds.js'
import type { CommittedOffset, GroupShard } from '../state.js'

type CommittedPartition = CommitRequest['topics'][number]['partitions'][number]

export const commitOffsets = command(OffsetCommit, (shard, { request, context, token }, turn) => {
  const group = shard.groups.get(request.groupId)
  const { version } = context
  const error = group === undefined ? beginError(request, version) : kindOf(group).acceptCommit(group, request, version, turn)
  const metadataCharsMax = shard.config().offsetMetadataMaxBytes
  const topics = request.topics.map(topic => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitions.map(partition => {
      const errorCode = error || metadataError(partition, metadataCharsMax)
      if (errorCode === Errors.NONE) {
        turn.write({
          type: 'offset',
          groupId: request.groupId,
          topic: topic.name,
          partition: partition.partitionIndex,
          value: committedOffset(partition, request.retentionTimeMs, turn.nowMs),
        })
      }
      return { partitionIndex: partition.partitionIndex, errorCode }
    }),
  }))
  if (group === undefined && turn.records.length > 0) beginGroup(shard, request.groupId, turn)
  turn.answer(token, { topics })
})

/** A simple group is nothing but its offsets: it begins with the first one. */
export function beginGroup(shard: GroupShard, groupId: string, turn: GroupTurn): void {
  const begun = createGroup(groupId, turn.nowMs)
  shard.groups.set(groupId, begun)
  turn.ifRefused(() => forgetIfUnused(shard, begun))
}

/** A group that is not there begins with its first offset, unless the request names a member. */
function beginError({ groupId, generationIdOrMemberEpoch }: CommitRequest, version: number): ErrorCode {
  if (groupId.length > nameCharsMax) return Errors.INVALID_GROUP_ID
  if (generationIdOrMemberEpoch < 0) return Errors.NONE
  return version >= 9 ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION
}

export function metadataError({ committedMetadata }: Pick<CommittedPartition, 'committedMetadata'>, charsMax: number): ErrorCode {
  return (committedMetadata?.length ?? 0) > charsMax ? Errors.OFFSET_METADATA_TOO_LARGE : Errors.NONE
}

function committedOffset(partition: CommittedPartition, retentionTimeMs: number, nowMs: number): CommittedOffset {
  const hasOwnRetention = retentionTimeMs !== -1
  return {
    offset: partition.committedOffset,
    // The version of the record that has an expiry has no leader epoch; what is not written is not remembered.
    leaderEpoch: hasOwnRetention ? -1 : partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
    commitTimestampMs: partition.commitTimestamp === -1 ? nowMs : partition.commitTimestamp,
    expireTimestampMs: hasOwnRetention ? Math.max(0, Math.min(nowMs + retentionTimeMs, Number.MAX_SAFE_INTEGER)) : -1,
  }
}

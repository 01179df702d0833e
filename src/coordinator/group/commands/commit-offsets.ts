// OffsetCommit v1-10: stores a group's positions. v1: a timestamp per partition. v2-4: a retention of the request's own.
// v7: static members (KIP-345). v9: a group that is not there is GROUP_ID_NOT_FOUND, no longer ILLEGAL_GENERATION.
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { CommitOffsetsCommand } from '../command.js'
import { nameCharsMax } from '../config.js'
import { armSession, membershipError } from '../membership.js'
import { forgetIfUnused } from '../rebalance.js'
import { type CommittedOffset, createGroup, type Group, type GroupShard, type GroupTurn } from '../state.js'

type CommitRequest = CommitOffsetsCommand['request']
type CommittedPartition = CommitRequest['topics'][number]['partitions'][number]

export function commitOffsets(shard: GroupShard, command: CommitOffsetsCommand, turn: GroupTurn): void {
  const { request } = command
  const group = shard.groups.get(request.groupId)
  const error = commitError(group, command)

  // A commit proves that the member lives. (Not in CompletingRebalance, where it is refused.)
  const member = group?.members.get(request.memberId)
  if (error === Errors.NONE && group !== undefined && member !== undefined) armSession(group, member, turn)

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
  // A simple group is nothing but its offsets: it begins with the first one.
  if (group === undefined && turn.records.length > 0) {
    const begun = createGroup(request.groupId, turn.nowMs)
    shard.groups.set(request.groupId, begun)
    turn.ifRefused(() => forgetIfUnused(shard, begun))
  }
  turn.answer(command.token, { topics })
}

function commitError(group: Group | undefined, { request, version }: CommitOffsetsCommand): ErrorCode {
  const generation = request.generationIdOrMemberEpoch
  if (group === undefined) {
    if (request.groupId.length > nameCharsMax) return Errors.INVALID_GROUP_ID
    if (generation < 0) return Errors.NONE
    return version >= 9 ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION
  }
  // Without members anybody may set positions, which is what tools that reset offsets do.
  if (generation < 0 && group.state === 'Empty') return Errors.NONE
  if (generation < 0 && request.memberId === '' && request.groupInstanceId === null) return Errors.UNKNOWN_MEMBER_ID
  const error = membershipError(group, request.memberId, request.groupInstanceId)
  if (error !== Errors.NONE) return error
  if (generation !== group.generation) return Errors.ILLEGAL_GENERATION
  return group.state === 'CompletingRebalance' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
}

function metadataError({ committedMetadata }: CommittedPartition, charsMax: number): ErrorCode {
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

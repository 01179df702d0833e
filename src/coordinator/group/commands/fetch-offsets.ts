// OffsetFetch v1-10: a group's positions. An unknown group, topic or partition is no error: its offset is -1.
// v2: null topics are all there are. v5: leader epoch (KIP-320).
import { zeroUuid } from '../../../base/ids.js'
import { Errors } from '../../../protocol/errors.js'
import type { FetchedGroup, FetchOffsetsCommand } from '../command.js'
import type { CommittedOffset, GroupOffsets, GroupShard, GroupTurn } from '../state.js'

type FetchedPartition = FetchedGroup['topics'][number]['partitions'][number]

export function fetchOffsets(shard: GroupShard, command: FetchOffsetsCommand, turn: GroupTurn): void {
  const { groupId, topics } = command
  const offsets = shard.offsets.get(groupId)
  turn.answer(command.token, {
    groupId,
    errorCode: Errors.NONE,
    topics: topics === null ? allOf(offsets) : topics.map(topic => wantedOf(offsets?.get(topic.name), topic)),
  })
}

function allOf(offsets: GroupOffsets | undefined): FetchedGroup['topics'] {
  return Array.from(offsets ?? [], ([name, partitions]) => ({
    name,
    topicId: zeroUuid,
    partitions: Array.from(partitions, ([partitionIndex, committed]) => fetched(partitionIndex, committed)),
  }))
}

function wantedOf(
  offsets: ReadonlyMap<number, CommittedOffset> | undefined,
  { name, topicId, partitionIndexes }: NonNullable<FetchOffsetsCommand['topics']>[number],
): FetchedGroup['topics'][number] {
  return { name, topicId, partitions: partitionIndexes.map(index => fetched(index, offsets?.get(index))) }
}

function fetched(partitionIndex: number, committed: CommittedOffset | undefined): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: committed?.offset ?? -1,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? '',
    errorCode: Errors.NONE,
  }
}

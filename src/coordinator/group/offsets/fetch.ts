// OffsetFetch v1-10: a group's positions. An unknown group, topic or partition is no error: its offset is -1.
// v2: null topics are all there are. v5: leader epoch (KIP-320). v8: several groups in one request (KIP-709).
// Topics are taken by name, as in OffsetCommit. Where a group asks for all its topics, the handler drops from the answer what
// the client may not see, and fills in ids for v10.
import { zeroUuid } from '../../../base/ids.js'
import { Errors } from '../../../protocol/errors.js'
import { OffsetFetch } from '../../../protocol/messages/offset-fetch.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import type { CallContext, Command, Shards } from '../command.js'
import { once } from '../once.js'
import type { CommittedOffset, GroupOffsets } from '../state.js'

type FetchRequest = RequestOf<typeof OffsetFetch>
type FetchedGroup = NonNullable<ResponseOf<typeof OffsetFetch>['groups']>[number]
type FetchedPartition = FetchedGroup['topics'][number]['partitions'][number]
/** null: all that the group has committed. */
type WantedTopics = FetchRequest['groups'][number]['topics']

/** Two shapes of the same question: one group at the top of the request, or a list of groups from v8 on. */
export async function fetchOffsets(
  shards: Shards,
  request: FetchRequest,
  context: CallContext,
): Promise<ResponseOf<typeof OffsetFetch>> {
  const fetchGroup = (groupId: string, topics: WantedTopics): Promise<FetchedGroup> =>
    shards.ask(fetchOfGroup, { groupId, topics }, context)
  if (context.version >= 8) {
    const fetchAll = once(groupId => fetchGroup(groupId, null))
    const fetchOne = ({ groupId, topics }: FetchRequest['groups'][number]) =>
      topics === null ? fetchAll(groupId) : fetchGroup(groupId, topics)
    return { groups: await Promise.all(request.groups.map(fetchOne)) }
  }
  const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: zeroUuid, partitionIndexes })) ?? null
  const group = await fetchGroup(request.groupId, topics)
  const errorCode = group.errorCode ?? Errors.NONE
  if (errorCode !== Errors.NONE) return OffsetFetch.failure(request, errorCode, context.version)
  return { errorCode, topics: group.topics.map(({ name, partitions }) => ({ name: name ?? '', partitions })) }
}

const fetchOfGroup: Command<{ readonly groupId: string; readonly topics: WantedTopics }, FetchedGroup> = {
  decide(shard, { request: { groupId, topics }, token }, turn) {
    const offsets = shard.offsets.get(groupId)
    turn.answer(token, {
      groupId,
      errorCode: Errors.NONE,
      topics: topics === null ? allOf(offsets) : topics.map(topic => wantedOf(offsets?.get(topic.name), topic)),
    })
  },
  failure: ({ groupId }, errorCode) => ({ groupId, topics: [], errorCode }),
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
  { name, topicId, partitionIndexes }: NonNullable<WantedTopics>[number],
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

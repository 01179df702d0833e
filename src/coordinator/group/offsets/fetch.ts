// OffsetFetch v1-10: a group's positions. An unknown group, topic or partition is no error: its offset is -1.
// v2: null topics are all there are. v5: leader epoch (KIP-320). v8: several groups in one request (KIP-709).
// v9: a member of the consumer protocol says in which epoch it reads (KIP-848).
// v7: who reads for transactions asks for stable offsets only (KIP-447).
// Topics are taken by name, as in OffsetCommit. Where a group asks for all its topics, the handler drops from the answer what
// the client may not see, and fills in ids for v10.
import { zeroUuid } from '../../../base/ids.js'
import { Errors } from '../../../protocol/errors.js'
import { OffsetFetch } from '../../../protocol/messages/offset-fetch.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import { askEach } from '../ask-each.js'
import type { CallContext, Command, Shards } from '../command.js'
import { kindOf } from '../kinds.js'
import { once } from '../once.js'
import type { CommittedOffset, GroupOffsets, GroupShard } from '../state.js'

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
  const { requireStable } = request
  const fetchGroup = (group: Omit<GroupRequest, 'requireStable'>): Promise<FetchedGroup> =>
    shards.ask(fetchOfGroup, { ...group, requireStable }, context)
  if (context.version >= 8) {
    const fetchAll = once(groupId => fetchGroup({ groupId, topics: null, ...nobody }))
    const fetchOne = (group: FetchRequest['groups'][number]) => {
      const isOfNobody = group.memberId === null && group.memberEpoch < 0
      return group.topics === null && isOfNobody ? fetchAll(group.groupId) : fetchGroup(group)
    }
    return { groups: await askEach(request.groups, context.pause, fetchOne) }
  }
  const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: zeroUuid, partitionIndexes })) ?? null
  const group = await fetchGroup({ groupId: request.groupId, topics, ...nobody })
  const errorCode = group.errorCode ?? Errors.NONE
  if (errorCode !== Errors.NONE) return OffsetFetch.failure(request, errorCode, context.version)
  return { errorCode, topics: group.topics.map(({ name, partitions }) => ({ name: name ?? '', partitions })) }
}

const nobody = { memberId: null, memberEpoch: -1 }

interface GroupRequest {
  readonly groupId: string
  readonly memberId: string | null
  readonly memberEpoch: number
  readonly topics: WantedTopics
  readonly requireStable: boolean
}

const fetchOfGroup: Command<GroupRequest, FetchedGroup> = {
  decide(shard, { request, token }, turn) {
    const { groupId, topics } = request
    const group = shard.groups.get(groupId)
    const error = group === undefined ? Errors.NONE : kindOf(group).fetchError(group, request.memberId, request.memberEpoch)
    if (error !== Errors.NONE) {
      turn.answer(token, { groupId, topics: [], errorCode: error })
      return
    }
    const offsets = shard.offsets.get(groupId)
    const isUnstable = unstableOffsets(shard, request)
    turn.answer(token, {
      groupId,
      errorCode: Errors.NONE,
      topics: topics === null ? allOf(offsets, isUnstable) : topics.map(topic => wantedOf(offsets, topic, isUnstable)),
    })
  },
  failure: ({ groupId }, errorCode) => ({ groupId, topics: [], errorCode }),
}

/** Of which partitions the client does not want to hear until a transaction has ended. */
type IsUnstable = (topic: string, partition: number) => boolean

// [KIP-447]
function unstableOffsets(shard: GroupShard, { groupId, requireStable }: GroupRequest): IsUnstable {
  const pending = requireStable ? shard.pendingOffsets.byGroup.get(groupId) : undefined
  return (topic, partition) => pending?.get(topic)?.has(partition) === true
}

/** What was committed already; what would be committed for the first time is not mentioned. */
function allOf(offsets: GroupOffsets | undefined, isUnstable: IsUnstable): FetchedGroup['topics'] {
  return Array.from(offsets ?? [], ([name, partitions]) => ({
    name,
    topicId: zeroUuid,
    partitions: Array.from(partitions, ([index, committed]) => fetched(index, committed, isUnstable(name, index))),
  }))
}

function wantedOf(
  offsets: GroupOffsets | undefined,
  { name, topicId, partitionIndexes }: NonNullable<WantedTopics>[number],
  isUnstable: IsUnstable,
): FetchedGroup['topics'][number] {
  const partitions = offsets?.get(name)
  return {
    name,
    topicId,
    partitions: partitionIndexes.map(index => fetched(index, partitions?.get(index), isUnstable(name, index))),
  }
}

function fetched(partitionIndex: number, committed: CommittedOffset | undefined, isUnstable: boolean): FetchedPartition {
  const told = isUnstable ? undefined : committed
  return {
    partitionIndex,
    committedOffset: told?.offset ?? -1,
    committedLeaderEpoch: told?.leaderEpoch ?? -1,
    metadata: told?.metadata ?? '',
    errorCode: isUnstable ? Errors.UNSTABLE_OFFSET_COMMIT : Errors.NONE,
  }
}

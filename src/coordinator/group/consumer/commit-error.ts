/** Who may commit offsets of a consumer group, and in which epoch. */
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { TopicsView } from '../../machine.js'
import type { CommittedTopics, Committer } from '../kind.js'
import type { ConsumerGroup } from './group.js'
import type { CurrentAssignment } from './state.js'

/** Who may read the group's offsets: nobody in particular, or a member in its epoch. */
export function fetchError({ state }: ConsumerGroup, memberId: string | null, memberEpoch: number): ErrorCode {
  if (memberId === null) return memberEpoch < 0 ? Errors.NONE : Errors.UNKNOWN_SERVER_ERROR
  const metadata = state.members.get(memberId)
  if (metadata === undefined) return Errors.UNKNOWN_MEMBER_ID
  if (memberEpoch === state.current.get(memberId)?.memberEpoch) return Errors.NONE
  return metadata.classicMemberMetadata === null ? Errors.STALE_MEMBER_EPOCH : Errors.ILLEGAL_GENERATION
}

/** From this version of OffsetCommit on a member of the consumer protocol may commit. */
const memberVersionMin = 9

export function commitError(group: ConsumerGroup, request: CommitOf, version: number, topics: TopicsView): ErrorCode {
  const { memberId } = request
  // Without members any client may commit offsets, as tools that reset offsets do.
  if (request.generationIdOrMemberEpoch < 0 && group.state.members.size === 0) return Errors.NONE
  const metadata = group.state.members.get(memberId)
  if (metadata === undefined) return Errors.UNKNOWN_MEMBER_ID
  if (metadata.classicMemberMetadata === null && version < memberVersionMin) return Errors.UNSUPPORTED_VERSION
  return epochError(group, request, topics)
}

/** [KIP-447] Producers of before it do not say for whom they commit. */
export function transactionalCommitError(group: ConsumerGroup, request: CommitOf, topics: TopicsView): ErrorCode {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch } = request
  const isNobody = generationIdOrMemberEpoch < 0 && memberId === '' && groupInstanceId === null
  if (isNobody || (generationIdOrMemberEpoch < 0 && group.state.members.size === 0)) return Errors.NONE
  return group.state.members.has(memberId) ? epochError(group, request, topics) : Errors.UNKNOWN_MEMBER_ID
}

type CommitOf = Committer & { readonly topics: CommittedTopics }

/**
 * [KIP-1251] While a group rebalances a member commits what it gives up in the epoch in which it had it. It may, if the
 * partition was its own in that epoch: one that has gone to another and come back since is not.
 */
function epochError(group: ConsumerGroup, request: CommitOf, { topics }: TopicsView): ErrorCode {
  const { memberId, generationIdOrMemberEpoch: epoch } = request
  const { classicMemberMetadata } = group.state.members.get(memberId) ?? {}
  const stale = classicMemberMetadata ? Errors.ILLEGAL_GENERATION : Errors.STALE_MEMBER_EPOCH
  const current = group.state.current.get(memberId)
  const memberEpoch = current?.memberEpoch ?? 0
  if (epoch === memberEpoch) return Errors.NONE
  if (current === undefined || epoch > memberEpoch) return stale
  for (const { name, partitions } of request.topics) {
    const topicId = topics.get(name)?.topicId ?? ''
    for (const { partitionIndex } of partitions) {
      if (epoch < assignmentEpochOf(current, topicId, partitionIndex)) return stale
    }
  }
  return Errors.NONE
}

/** Since when the partition is the member's without a break; infinite when it is not. */
function assignmentEpochOf({ assigned, pendingRevocation }: CurrentAssignment, topicId: string, partition: number): number {
  return assigned.get(topicId)?.get(partition) ?? pendingRevocation.get(topicId)?.get(partition) ?? Number.POSITIVE_INFINITY
}

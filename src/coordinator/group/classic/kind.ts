/** Classic groups as committed offsets, lists and deletions see them. Groups that only store offsets are classic, too. */
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { GroupTurn } from '../command.js'
import type { CommitRequest, Committer, GroupKind } from '../kind.js'
import { nobody } from '../rebalance-cause.js'
import type { CommittedOffset, GroupShard } from '../state.js'
import { type ClassicGroup, sessionKey } from './group.js'
import { armSession, membershipError } from './membership.js'
import { groupTombstone, restoreGroup } from './metadata.js'
import { prepareRebalance } from './rebalance.js'
import { consumerProtocolType, isSubscribed } from './subscription.js'

export const classicKind: GroupKind<ClassicGroup> = {
  load,
  listed: ({ groupId, protocolType, state, kind }) => ({
    groupId,
    protocolType: protocolType ?? '',
    groupState: state,
    groupType: kind,
  }),
  memberCount: ({ members }) => members.size,
  isEmpty: group => group.state === 'Empty',
  isUnused: group => group.state === 'Empty' && group.pendingMembers.size === 0,
  remove,
  fetchError: () => Errors.NONE,
  acceptCommit,
  transactionalCommitError,
  // What members of another kind read cannot be known.
  offsetDeletionError: group =>
    group.state !== 'Empty' && group.protocolType !== consumerProtocolType ? Errors.NON_EMPTY_GROUP : Errors.NONE,
  isSubscribed,
  retentionStartMs,
}

function load(shard: GroupShard, turn: GroupTurn): void {
  for (const [groupId, metadata] of shard.metadata) {
    const group = restoreGroup(groupId, metadata)
    shard.groups.set(groupId, group)
    for (const member of group.members.values()) armSession(group, member, turn)
    // The bound was lowered while the group was down: the members rejoin, and the last to come find no room.
    if (group.members.size > shard.config().groupMaxSize) prepareRebalance(shard, group, { reason: 'no-room', ...nobody }, turn)
  }
}

function remove(shard: GroupShard, group: ClassicGroup, turn: GroupTurn): void {
  for (const memberId of group.pendingMembers) turn.cancelDeadline(sessionKey(group.groupId, memberId))
  if (shard.metadata.has(group.groupId)) turn.write(groupTombstone(group.groupId))
  shard.groups.delete(group.groupId)
  turn.ifRefused(() => {
    group.pendingMembers.clear()
    shard.groups.set(group.groupId, group)
  })
}

function acceptCommit(group: ClassicGroup, request: CommitRequest, _version: number, turn: GroupTurn): ErrorCode {
  const error = commitError(group, request)
  // A commit proves that the member lives. (Not in CompletingRebalance, where it is refused.)
  const member = group.members.get(request.memberId)
  if (error === Errors.NONE && member !== undefined) armSession(group, member, turn)
  return error
}

function commitError(group: ClassicGroup, committer: Committer): ErrorCode {
  if (isOfEmptyGroup(group, committer)) return Errors.NONE
  if (isNobody(committer)) return Errors.UNKNOWN_MEMBER_ID
  const error = memberCommitError(group, committer)
  if (error !== Errors.NONE) return error
  return group.state === 'CompletingRebalance' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
}

/** [KIP-447] Producers of before it do not say for whom they commit; zombies among them are known by their epoch. */
function transactionalCommitError(group: ClassicGroup, committer: Committer): ErrorCode {
  if (isOfEmptyGroup(group, committer) || isNobody(committer)) return Errors.NONE
  return memberCommitError(group, committer)
}

/** Without members any client may commit offsets, as tools that reset offsets do. */
function isOfEmptyGroup(group: ClassicGroup, { generationIdOrMemberEpoch }: Committer): boolean {
  return generationIdOrMemberEpoch < 0 && group.state === 'Empty'
}

function isNobody({ memberId, groupInstanceId, generationIdOrMemberEpoch }: Committer): boolean {
  return generationIdOrMemberEpoch < 0 && memberId === '' && groupInstanceId === null
}

function memberCommitError(group: ClassicGroup, committer: Committer): ErrorCode {
  const error = membershipError(group, committer.memberId, committer.groupInstanceId)
  if (error !== Errors.NONE) return error
  return committer.generationIdOrMemberEpoch === group.generation ? Errors.NONE : Errors.ILLEGAL_GENERATION
}

function retentionStartMs(group: ClassicGroup, topic: string, committed: CommittedOffset): number | null {
  // A simple group has no life of its own: the commit is all there is.
  if (group.protocolType === null) return committed.commitTimestampMs
  if (isSubscribed(group, topic)) return null
  // Written by a Kafka that did not note when the group became empty.
  if (group.state === 'Empty') return group.stateSinceMs === -1 ? committed.commitTimestampMs : group.stateSinceMs
  const knowsTopics = group.protocolType === consumerProtocolType && group.subscribedTopics !== null
  return group.state === 'Stable' && knowsTopics ? committed.commitTimestampMs : null
}

/** The face that groups of all kinds have in common: what committed offsets, lists and deletions need to know of one. */
import type { ErrorCode } from '../../protocol/errors.js'
import type { ListGroups } from '../../protocol/messages/list-groups.js'
import type { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { GroupTurn } from './command.js'
import type { CommittedOffset, GroupShard } from './state.js'

export type ListedGroup = ResponseOf<typeof ListGroups>['groups'][number]
export type CommitRequest = RequestOf<typeof OffsetCommit>
/** Who commits: a member, by its id and its generation or epoch, or nobody in particular. */
export type Committer = Pick<CommitRequest, 'memberId' | 'groupInstanceId' | 'generationIdOrMemberEpoch'>

/** What of a commit says which partitions it is about; ids only where the client named them. */
export type CommittedTopics = readonly {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number }[]
}[]

export interface GroupKind<Group> {
  /** After a replay: puts the groups that the log has of this kind to work. */
  load(shard: GroupShard, turn: GroupTurn): void
  listed(group: Group): ListedGroup
  memberCount(group: Group): number
  /** It has no members. */
  isEmpty(group: Group): boolean
  /** Nor has any member been given an id in it. */
  isUnused(group: Group): boolean
  /** Takes an empty group out, with what the log knows of it but its offsets. */
  remove(shard: GroupShard, group: Group, turn: GroupTurn): void
  /** Why this member, or nobody in particular, may not read the group's positions. */
  fetchError(group: Group, memberId: string | null, memberEpoch: number): ErrorCode
  /** Whether these positions may be set by who wants to; a member that may has shown that it lives. */
  acceptCommit(group: Group, request: CommitRequest, version: number, turn: GroupTurn): ErrorCode
  /** The same in a transaction: no sign of life, since it is the producer that sends it. */
  transactionalCommitError(group: Group, request: Committer & { readonly topics: CommittedTopics }, turn: GroupTurn): ErrorCode
  /** Why no offset of the group can be deleted, whatever its topic. */
  offsetDeletionError(group: Group): ErrorCode
  isSubscribed(group: Group, topic: string): boolean
  /** Since when the retention of this offset runs; null: it does not, as long as the group is what it is. */
  retentionStartMs(group: Group, topic: string, committed: CommittedOffset): number | null
}

/** Who may commit offsets of a streams group, and in which epoch. */
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { CommittedTopics, Committer } from '../kind.js'
import { currentOf, readerOf, type StreamsGroup } from './group.js'
import { taskOf } from './tasks.js'

/** From this version of OffsetCommit on a member of the streams protocol may commit. */
const memberVersionMin = 9

type Commit = Committer & { readonly topics: CommittedTopics }

export function commitError(group: StreamsGroup, commit: Commit, version: number): ErrorCode {
  if (isOfEmptyGroup(group, commit)) return Errors.NONE
  if (!group.state.members.has(commit.memberId)) return Errors.UNKNOWN_MEMBER_ID
  return version < memberVersionMin ? Errors.UNSUPPORTED_VERSION : epochError(group, commit)
}

/** [KIP-447] Producers of before it do not say for whom they commit; zombies among them are known by their epoch. */
export function transactionalCommitError(group: StreamsGroup, commit: Commit): ErrorCode {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch } = commit
  if (isOfEmptyGroup(group, commit)) return Errors.NONE
  if (generationIdOrMemberEpoch === -1 && memberId === '' && groupInstanceId === null) return Errors.NONE
  return group.state.members.has(memberId) ? epochError(group, commit) : Errors.UNKNOWN_MEMBER_ID
}

function isOfEmptyGroup({ state }: StreamsGroup, { generationIdOrMemberEpoch }: Committer): boolean {
  return generationIdOrMemberEpoch < 0 && state.members.size === 0
}

/** [KIP-1251] An older epoch is right for tasks that the member has had since then, given up or not. */
function epochError({ state }: StreamsGroup, { memberId, generationIdOrMemberEpoch: received, topics }: Commit): ErrorCode {
  const { memberEpoch, assigned, pendingRevocation } = currentOf(state, memberId)
  const { topology } = state
  if (received === memberEpoch) return Errors.NONE
  if (received > memberEpoch || topology === null) return Errors.STALE_MEMBER_EPOCH
  for (const { name, partitions } of topics) {
    const subtopologyId = readerOf(topology, name)
    if (subtopologyId === null) return Errors.STALE_MEMBER_EPOCH
    for (const { partitionIndex } of partitions) {
      const task = taskOf(subtopologyId, partitionIndex)
      const since = assigned.active.get(task) ?? pendingRevocation.active.get(task)
      if (since === undefined || received < since) return Errors.STALE_MEMBER_EPOCH
    }
  }
  return Errors.NONE
}

/** Who may read the group's offsets: nobody in particular, or a member in its epoch. */
export function fetchError({ state }: StreamsGroup, memberId: string | null, memberEpoch: number): ErrorCode {
  if (memberId === null) return memberEpoch < 0 ? Errors.NONE : Errors.UNKNOWN_SERVER_ERROR
  if (!state.members.has(memberId)) return Errors.UNKNOWN_MEMBER_ID
  return currentOf(state, memberId).memberEpoch === memberEpoch ? Errors.NONE : Errors.STALE_MEMBER_EPOCH
}

// SyncGroup v0-5: the leader hands in who gets what; every member is answered with its own part once the group's record
// is written. v3: static members (KIP-345). v5: the member says which protocol it believes in (KIP-559).
import { copyOf, emptyBytes } from '../../../base/bytes.js'
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import { SyncGroup } from '../../../protocol/messages/sync-group.js'
import type { RequestOf } from '../../../protocol/schema.js'
import { command, type GroupTurn } from '../command.js'
import { sync as syncInConsumerGroup } from '../consumer/classic-members.js'
import { groupOf } from '../lookup.js'
import { nobody } from '../rebalance-cause.js'
import type { GroupShard } from '../state.js'
import { type ClassicGroup, syncKey } from './group.js'
import { armSession, membershipError, parkSync, releaseSync } from './membership.js'
import { groupRecord } from './metadata.js'
import { endSyncWait, moveTo, prepareRebalance } from './rebalance.js'
import { syncFailure, syncResponse } from './responses.js'

type SyncRequest = RequestOf<typeof SyncGroup>

export const sync = command(
  SyncGroup,
  (shard, { request, token }, turn) => {
    const found = shard.groups.get(request.groupId)
    if (found?.kind === 'consumer') {
      turn.answer(token, syncInConsumerGroup(shard, found, request, turn))
      return
    }
    const group = groupOf(shard, request.groupId, 'classic')
    const error = request.groupId === '' ? Errors.INVALID_GROUP_ID : syncError(group, request)
    const member = group?.members.get(request.memberId)
    if (error !== Errors.NONE || group === undefined || member === undefined) {
      turn.answer(token, syncFailure(error))
      return
    }

    group.pendingSyncs.delete(member.memberId)
    if (group.pendingSyncs.size === 0) turn.cancelDeadline(syncKey(group.groupId))
    if (group.state === 'Stable') {
      turn.answer(token, syncResponse(group, member))
      return
    }

    parkSync(member, token, turn)
    if (group.leaderId === member.memberId) assign(shard, group, request.assignments, turn)
  },
  (_request, errorCode) => syncFailure(errorCode),
)

function syncError(group: ClassicGroup | undefined, request: SyncRequest): ErrorCode {
  if (group === undefined || group.state === 'Empty') return Errors.UNKNOWN_MEMBER_ID
  const error = membershipError(group, request.memberId, request.groupInstanceId)
  if (error !== Errors.NONE) return error
  if (request.generationId !== group.generation) return Errors.ILLEGAL_GENERATION
  if (differs(request.protocolType, group.protocolType)) return Errors.INCONSISTENT_GROUP_PROTOCOL
  if (differs(request.protocolName, group.protocolName)) return Errors.INCONSISTENT_GROUP_PROTOCOL
  return group.state === 'PreparingRebalance' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
}

const differs = (said: string | null, actual: string | null): boolean => said !== null && actual !== null && said !== actual

/** The generation is complete: written first, then sent to all waiting members; later ones find it in Stable. */
function assign(shard: GroupShard, group: ClassicGroup, assignments: SyncRequest['assignments'], turn: GroupTurn): void {
  const given = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  for (const member of group.members.values()) {
    const assignment = given.get(member.memberId)
    // Members that the leader forgot get nothing, which is not the same as no answer.
    member.assignment = assignment === undefined ? emptyBytes : copyOf(assignment)
  }
  moveTo(group, 'Stable', turn)
  turn.write(groupRecord(group))
  // All waiting members get an error, and try a new generation.
  turn.ifRefused(again => {
    moveTo(group, 'CompletingRebalance', again)
    prepareRebalance(shard, group, { reason: 'log-refused', ...nobody }, again)
  })
  for (const member of group.members.values()) {
    // While it waited here, its session may have run out unnoticed.
    if (releaseSync(member, turn, syncResponse(group, member))) armSession(group, member, turn)
  }
  if (group.pendingSyncs.size === 0) endSyncWait(group, turn)
}

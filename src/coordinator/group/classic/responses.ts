/**
 * The answers of JoinGroup and SyncGroup, which are given from several places. A null protocol name is "" in versions
 * that have no null; the codec sees to that.
 */
import { emptyBytes } from '../../../base/bytes.js'
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { JoinGroup } from '../../../protocol/messages/join-group.js'
import type { SyncGroup } from '../../../protocol/messages/sync-group.js'
import type { ResponseOf } from '../../../protocol/schema.js'
import { type ClassicGroup, type Member, metadataOf } from './group.js'

export type JoinResponse = ResponseOf<typeof JoinGroup>
export type SyncResponse = ResponseOf<typeof SyncGroup>

export function joinFailure(errorCode: ErrorCode, memberId: string): JoinResponse {
  return { errorCode, generationId: -1, protocolType: null, protocolName: null, leader: '', memberId, members: [] }
}

/** The group's current generation, as this member sees it: only the leader is told who else is there. */
export function joinResponse(group: ClassicGroup, memberId: string): JoinResponse {
  return {
    errorCode: Errors.NONE,
    generationId: group.generation,
    protocolType: group.protocolType,
    // A protocol without a name is none to Kafka.
    protocolName: group.protocolName || null,
    leader: group.leaderId ?? '',
    memberId,
    members: group.leaderId === memberId ? membersFor(group) : [],
  }
}

function membersFor(group: ClassicGroup): JoinResponse['members'] {
  return Array.from(group.members.values(), member => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataOf(member, group.protocolName),
  }))
}

export function syncFailure(errorCode: ErrorCode): SyncResponse {
  return { errorCode, protocolType: null, protocolName: null, assignment: emptyBytes }
}

export function syncResponse(group: ClassicGroup, member: Member): SyncResponse {
  return {
    errorCode: Errors.NONE,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    assignment: member.assignment,
  }
}

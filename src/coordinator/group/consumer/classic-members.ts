/**
 * [KIP-848] Members of the classic protocol in a consumer group: their JoinGroup is a heartbeat that brings them a step
 * further, and SyncGroup hands out what they have then. They are followers without a leader, are never kept waiting, and are
 * told to join again whenever there is a step to take.
 */
import { type Bytes, copyOf, emptyBytes, fromHex, toBase64Url } from '../../../base/bytes.js'
import { type ErrorCode, Errors, isErrorCode } from '../../../protocol/errors.js'
import { assignmentBytes, type Subscription, subscriptionOf } from '../../../protocol/messages/consumer-protocol.js'
import type { Heartbeat } from '../../../protocol/messages/heartbeat.js'
import type { JoinGroup } from '../../../protocol/messages/join-group.js'
import type { LeaveGroup } from '../../../protocol/messages/leave-group.js'
import type { SyncGroup } from '../../../protocol/messages/sync-group.js'
import type { RequestOf } from '../../../protocol/schema.js'
import type { TopicsView } from '../../machine.js'
import { type JoinResponse, joinFailure, type SyncResponse, syncFailure } from '../classic/responses.js'
import { consumerProtocolType } from '../classic/subscription.js'
import type { Asked, GroupTurn, MemberContext } from '../command.js'
import type { GroupShard } from '../state.js'
import { advance } from './advance.js'
import { downgrade, isToDowngrade, named } from './downgrade.js'
import type { ConsumerGroup } from './group.js'
import { removeMembers } from './leave.js'
import { type Found, instanceProblem, memberOf, replaceInstance } from './members.js'
import type { Owned } from './reconcile.js'
import {
  assignmentEpochOf,
  type CurrentAssignment,
  type MemberMetadata,
  unreleasedPartitions,
  unrevokedPartitions,
} from './state.js'
import { armJoin, armSession, armSync, cancelSync } from './timers.js'

type JoinRequest = RequestOf<typeof JoinGroup>

export function join(
  shard: GroupShard,
  group: ConsumerGroup,
  { request, context }: Asked<JoinRequest, JoinResponse, MemberContext>,
  turn: GroupTurn,
): JoinResponse {
  const config = shard.config().consumerGroup(group.groupId)
  const { members, staticMembers } = group.state
  const { groupInstanceId } = request
  const isNewcomer = request.memberId === ''
  // A text like those that members of the consumer protocol make up for themselves.
  const memberId = isNewcomer ? toBase64Url(fromHex(turn.env.newId().replaceAll('-', ''))) : request.memberId
  const currentId = groupInstanceId === null ? undefined : staticMembers.get(groupInstanceId)
  if (members.size >= config.maxSize && !members.has(memberId) && currentId === undefined) {
    return joinFailure(Errors.GROUP_MAX_SIZE_REACHED, '')
  }
  const subscription = request.protocols[0] === undefined ? null : subscriptionOf(request.protocols[0].metadata)
  if (config.migrationPolicy === 'disabled' || !supportsProtocols(group, request) || subscription === null) {
    return joinFailure(Errors.INCONSISTENT_GROUP_PROTOCOL, request.memberId)
  }
  if (isNewcomer && groupInstanceId === null && context.version >= 4) return joinFailure(Errors.MEMBER_ID_REQUIRED, memberId)
  const problem = isNewcomer || groupInstanceId === null ? null : instanceProblem(group, memberId, groupInstanceId)
  if (problem !== null) return joinFailure(problem.errorCode, memberId)

  const isReplacing = isNewcomer && currentId !== undefined
  const found: Found = isReplacing
    ? { ...memberOf(group, currentId), memberId, replacedId: currentId }
    : memberOf(group, memberId)
  const metadata = updated(found.metadata, { request, context }, subscription)
  const leaving = new Set(isReplacing ? [currentId] : [])
  const isLast = isReplacing && isToDowngrade(shard, group, leaving, 1)
  const member = isReplacing ? replaceInstance(shard, group, found, turn) : found
  const { memberEpoch } = advance(shard, group, member, metadata, ownedBy(subscription, turn.env.topics), config, turn)
  if (isLast) downgrade(shard, group, leaving, { memberId, metadata, target: member.target, memberEpoch }, null, turn)
  else {
    armSession(shard, group, memberId, turn, metadata)
    armSync(group, memberId, metadata, turn)
  }
  return {
    errorCode: Errors.NONE,
    generationId: memberEpoch,
    protocolType: consumerProtocolType,
    protocolName: request.protocols[0]?.name ?? null,
    leader: '',
    memberId,
    members: [],
  }
}

function supportsProtocols({ state }: ConsumerGroup, { protocolType, protocols }: JoinRequest): boolean {
  if (protocolType !== consumerProtocolType) return false
  return protocols.some(({ name }) => (state.classicProtocols.get(name) ?? 0) === state.classicMembers)
}

function updated(
  before: MemberMetadata | undefined,
  { request, context }: Pick<Asked<JoinRequest, JoinResponse, MemberContext>, 'request' | 'context'>,
  subscription: Subscription,
): MemberMetadata {
  return {
    instanceId: request.groupInstanceId ?? before?.instanceId ?? null,
    rackId: subscription.rackId ?? before?.rackId ?? null,
    clientId: context.clientId,
    clientHost: context.clientHost,
    subscribedTopicNames: [...new Set(subscription.topics)].sort(),
    subscribedTopicRegex: '',
    rebalanceTimeoutMs: context.version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
    serverAssignor: null,
    classicMemberMetadata: {
      sessionTimeoutMs: request.sessionTimeoutMs,
      supportedProtocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: copyOf(metadata) })),
    },
  }
}

/** By name in the subscription; before its version 1 nothing is said of it. */
function ownedBy({ ownedPartitions }: Subscription, { topics }: TopicsView): Owned {
  return ownedPartitions.flatMap(({ topic, partitions }) => {
    const topicId = topics.get(topic)?.topicId
    return topicId === undefined ? [] : [{ topicId, partitions }]
  })
}

interface Classic {
  readonly memberId: string
  readonly metadata: MemberMetadata
  readonly current: CurrentAssignment
  readonly protocols: NonNullable<MemberMetadata['classicMemberMetadata']>['supportedProtocols']
}

/** The member, in its generation. */
function classicMember(
  group: ConsumerGroup,
  { memberId, groupInstanceId, generationId }: { memberId: string; groupInstanceId: string | null; generationId: number },
): Classic | ErrorCode {
  const problem = groupInstanceId === null ? null : instanceProblem(group, memberId, groupInstanceId)
  if (problem !== null) return problem.errorCode
  const { metadata, current } = memberOf(group, memberId)
  if (metadata === undefined || metadata.classicMemberMetadata === null) return Errors.UNKNOWN_MEMBER_ID
  if (generationId !== current.memberEpoch) return Errors.ILLEGAL_GENERATION
  return { memberId, metadata, current, protocols: metadata.classicMemberMetadata.supportedProtocols }
}

export function sync(
  shard: GroupShard,
  group: ConsumerGroup,
  request: RequestOf<typeof SyncGroup>,
  turn: GroupTurn,
): SyncResponse {
  const member = classicMember(group, request)
  if (isErrorCode(member)) return syncFailure(member)
  const { memberId, metadata, current, protocols } = member
  const { protocolType, protocolName } = request
  const isOther = (protocolType ?? consumerProtocolType) !== consumerProtocolType
  if (isOther || (protocolName ?? protocols[0]?.name) !== protocols[0]?.name) {
    return syncFailure(Errors.INCONSISTENT_GROUP_PROTOCOL)
  }
  if (assignmentEpochOf(group.state) > current.memberEpoch && current.state !== unrevokedPartitions) {
    armJoin(group, memberId, metadata, turn)
    return syncFailure(Errors.REBALANCE_IN_PROGRESS)
  }
  cancelSync(group, memberId, turn)
  armSession(shard, group, memberId, turn)
  const partitions = new Map(Array.from(current.assigned, ([topicId, those]) => [topicId, those.keys()]))
  const assignment: Bytes = assignmentBytes(named(partitions, turn.env.topics), protocols[0]?.metadata ?? emptyBytes)
  return { errorCode: Errors.NONE, protocolType, protocolName, assignment }
}

export function heartbeat(
  shard: GroupShard,
  group: ConsumerGroup,
  request: RequestOf<typeof Heartbeat>,
  turn: GroupTurn,
): ErrorCode {
  const member = classicMember(group, request)
  if (isErrorCode(member)) return member
  const { memberId, metadata } = member
  armSession(shard, group, memberId, turn)
  if (!isToJoin(group, member)) return Errors.NONE
  armJoin(group, memberId, metadata, turn)
  return Errors.REBALANCE_IN_PROGRESS
}

/** There is a newer target, or something to let go of, or what it waits for is free. */
function isToJoin({ state }: ConsumerGroup, { memberId, current }: Classic): boolean {
  if (current.memberEpoch < assignmentEpochOf(state) || current.state === unrevokedPartitions) return true
  if (current.state !== unreleasedPartitions) return false
  for (const [topicId, partitions] of state.targets.get(memberId) ?? []) {
    const has = current.assigned.get(topicId)
    for (const partition of partitions) {
      if (has?.has(partition) !== true && state.owners.get(topicId)?.has(partition) === true) return false
    }
  }
  return true
}

/** Members of either protocol may be taken out by an operator; the error of each. */
export function leave(
  shard: GroupShard,
  group: ConsumerGroup,
  leaving: readonly Pick<RequestOf<typeof LeaveGroup>['members'][number], 'memberId' | 'groupInstanceId' | 'reason'>[],
  turn: GroupTurn,
): ErrorCode[] {
  const { members, staticMembers } = group.state
  const gone = new Set<string>()
  let said: string | null = null
  const errors = leaving.map(({ memberId, groupInstanceId, reason }) => {
    const isByInstance = memberId === '' && groupInstanceId !== null
    const actualId = isByInstance ? (staticMembers.get(groupInstanceId) ?? '') : memberId
    const problem = groupInstanceId === null || isByInstance ? null : instanceProblem(group, memberId, groupInstanceId)
    if (problem !== null) return problem.errorCode
    if (!members.has(actualId)) return Errors.UNKNOWN_MEMBER_ID
    gone.add(actualId)
    said ??= reason
    return Errors.NONE
  })
  if (gone.size > 0) removeMembers(shard, group, [...gone], { reason: 'member-left', said }, turn)
  return errors
}

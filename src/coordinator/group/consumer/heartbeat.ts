// ConsumerGroupHeartbeat v0-1: a member of a consumer group joins, lives, and is brought to what it is to have (KIP-848).
// All that one heartbeat changes is one batch in the log. Leaving is leave.ts's part.
import { fromHex, toBase64Url } from '../../../base/bytes.js'
import { Errors, isRefusal, type Refusal, refuse } from '../../../protocol/errors.js'
import { ConsumerGroupHeartbeat } from '../../../protocol/messages/consumer-group-heartbeat.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import type { Asked, Command, GroupTurn, MemberContext } from '../command.js'
import { type ConsumerGroupConfig, isBlank, nameCharsMax } from '../config.js'
import { kindOf } from '../kinds.js'
import { giveWay, groupOf, groupOfOther } from '../lookup.js'
import type { GroupShard } from '../state.js'
import { advance } from './advance.js'
import { type ConsumerGroup, createConsumerGroup } from './group.js'
import { leave } from './leave.js'
import { awayEpoch, epochProblem, type Found, instanceProblem, memberOf, replaceInstance, unknownMember } from './members.js'
import { regexesToMatch } from './regex.js'
import type { MemberMetadata, OwnedPartitions } from './state.js'
import { assignors } from './target.js'
import { armSession } from './timers.js'
import { carryOutUpgrade, isUpgrade, type Upgrade, upgraded } from './upgrade.js'

export type HeartbeatRequest = RequestOf<typeof ConsumerGroupHeartbeat>
export type HeartbeatResponse = ResponseOf<typeof ConsumerGroupHeartbeat>

export interface HeartbeatContext extends MemberContext {
  /** What is wrong with the regular expression of the request. */
  readonly regexProblem: string | null
}

export interface Beat {
  readonly response: HeartbeatResponse
  /** Regular expressions of the group that are to be matched with the topics; null: none are, or they are being matched. */
  readonly toMatch: readonly string[] | null
}

export const heartbeat: Command<HeartbeatRequest, Beat, HeartbeatContext> = {
  decide(shard, asked, turn) {
    const beat = decide(shard, asked, turn)
    turn.answer(asked.token, isRefusal(beat) ? { response: refused(beat), toMatch: null } : beat)
  },
  failure: (request, errorCode, version) => ({
    response: ConsumerGroupHeartbeat.failure(request, errorCode, version),
    toMatch: null,
  }),
}

const refused = ({ errorCode, message }: Refusal): HeartbeatResponse => ({ errorCode, errorMessage: message })

type AskedBeat = Asked<HeartbeatRequest, Beat, HeartbeatContext>

function decide(shard: GroupShard, asked: AskedBeat, turn: GroupTurn): Beat | Refusal {
  const { request, context } = asked
  const config = shard.config().consumerGroup(request.groupId)
  const problem = requestProblem(request, context.version, config)
  if (problem !== null) return problem
  if (request.memberEpoch < 0) {
    const response = leave(shard, request, turn)
    return isRefusal(response) ? response : { response, toMatch: null }
  }
  const found = groupFor(shard, request, config, turn)
  if (isRefusal(found)) return found
  const group = isUpgrade(found) ? found.group : found
  const member = memberFor(group, request, config, turn)
  if (isRefusal(member)) return member
  const metadata = updated(member.metadata, request, context)
  const pattern = regexProblem(group, member, metadata, context)
  if (pattern !== null) return pattern
  // From here on nothing is refused.
  if (isUpgrade(found)) carryOutUpgrade(shard, found, turn)
  else begin(shard, group, turn)
  return live(shard, group, member, metadata, asked, config, turn)
}

const invalid = (message: string): Refusal => refuse(Errors.INVALID_REQUEST, message)

/** What can be refused without looking at the group, in Kafka's order and words. */
function requestProblem(request: HeartbeatRequest, version: number, { assignors: names }: ConsumerGroupConfig): Refusal | null {
  const { memberEpoch, instanceId, serverAssignor } = request
  if (isBlank(request.memberId) && (version >= 1 || memberEpoch > 0 || memberEpoch === -1))
    return invalid("MemberId can't be empty.")
  if (isBlank(request.groupId)) return invalid("GroupId can't be empty.")
  if (instanceId !== null && isBlank(instanceId)) return invalid("InstanceId can't be empty.")
  if (request.rackId !== null && isBlank(request.rackId)) return invalid("RackId can't be empty.")
  if (memberEpoch === 0) {
    if (request.rebalanceTimeoutMs === -1) return invalid('RebalanceTimeoutMs must be provided in first request.')
    if (request.topicPartitions?.length !== 0) return invalid('TopicPartitions must be empty when (re-)joining.')
    if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
      return invalid('Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.')
    }
  } else if (memberEpoch === awayEpoch) {
    if (instanceId === null) return invalid("InstanceId can't be null.")
  } else if (memberEpoch < awayEpoch) return invalid('MemberEpoch is invalid.')
  if (serverAssignor !== null && !(names.includes(serverAssignor) && Object.hasOwn(assignors, serverAssignor))) {
    const supported = `Supported assignors: ${names.join(', ')}.`
    return refuse(Errors.UNSUPPORTED_ASSIGNOR, `ServerAssignor ${serverAssignor} is not supported. ${supported}`)
  }
  const texts = [request.groupId, request.memberId, instanceId ?? '', request.rackId ?? '']
  return texts.some(text => text.length > nameCharsMax) ? invalid('A name is too long.') : null
}

/** The group, or what it will be: a newcomer turns a classic one into one of its own protocol. */
function groupFor(
  shard: GroupShard,
  { groupId, memberEpoch }: HeartbeatRequest,
  config: ConsumerGroupConfig,
  turn: GroupTurn,
): ConsumerGroup | Upgrade | Refusal {
  const known = groupOf(shard, groupId, 'consumer')
  if (known !== undefined) return known
  const other = groupOfOther(shard, groupId, 'consumer')
  const isNewcomer = memberEpoch === 0
  if (other !== undefined) {
    const isConvertible = isNewcomer && other.kind === 'classic'
    if (!isConvertible) return refuse(Errors.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a consumer group.`)
    if (!kindOf(other).isEmpty(other)) return upgraded(other, config, turn.env.topics)
  } else if (!isNewcomer) return refuse(Errors.GROUP_ID_NOT_FOUND, `Consumer group ${groupId} not found.`)
  return createConsumerGroup(groupId)
}

/** The member that sends this, or a new one. */
function memberFor(
  group: ConsumerGroup,
  request: HeartbeatRequest,
  { maxSize }: ConsumerGroupConfig,
  turn: GroupTurn,
): Found | Refusal {
  const { memberEpoch, instanceId } = request
  const { members, staticMembers } = group.state
  const memberId = request.memberId === '' ? idFrom(turn.env.newId()) : request.memberId
  const currentId = instanceId === null ? undefined : staticMembers.get(instanceId)
  if (members.size >= maxSize && !members.has(memberId) && currentId === undefined) {
    const message = `The consumer group has reached its maximum capacity of ${maxSize} members.`
    return refuse(Errors.GROUP_MAX_SIZE_REACHED, message)
  }
  if (memberEpoch > 0) {
    if (instanceId === null && !members.has(memberId)) return unknownMember(group, memberId)
    const problem = instanceId === null ? null : instanceProblem(group, memberId, instanceId)
    const member = memberOf(group, memberId)
    return problem ?? epochProblem(member.current, memberEpoch, request.topicPartitions) ?? member
  }
  if (currentId === undefined) return memberOf(group, memberId)
  const old = memberOf(group, currentId)
  const isClassic = old.metadata?.classicMemberMetadata != null
  if (!isClassic && old.current.memberEpoch !== awayEpoch) {
    return refuse(
      Errors.UNRELEASED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ` +
        `${currentId} member.`,
    )
  }
  return { ...old, memberId, replacedId: currentId }
}

/** In Kafka's text form. */
const idFrom = (uuid: string): string => toBase64Url(fromHex(uuid.replaceAll('-', '')))

function regexProblem(group: ConsumerGroup, member: Found, after: MemberMetadata, context: HeartbeatContext): Refusal | null {
  const regex = after.subscribedTopicRegex ?? ''
  if (context.regexProblem === null || regex === (member.metadata?.subscribedTopicRegex ?? '')) return null
  return group.state.namedRegexes.has(regex) ? null : refuse(Errors.INVALID_REGULAR_EXPRESSION, context.regexProblem)
}

/** The heartbeat of a member that may be here. */
function live(
  shard: GroupShard,
  group: ConsumerGroup,
  found: Found,
  metadata: MemberMetadata,
  { request }: AskedBeat,
  config: ConsumerGroupConfig,
  turn: GroupTurn,
): Beat {
  const { memberId } = found
  const member = found.replacedId === null ? found : replaceInstance(shard, group, found, turn)
  const next = advance(shard, group, member, metadata, request.topicPartitions, config, turn)
  armSession(shard, group, memberId, turn)
  const isFull =
    request.rebalanceTimeoutMs !== -1 &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
    request.topicPartitions !== null
  const isTold = request.memberEpoch === 0 || isFull || !hasSamePartitions(member.current.assigned, next.assigned)
  const response: HeartbeatResponse = {
    errorCode: Errors.NONE,
    memberId,
    memberEpoch: next.memberEpoch,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    assignment: isTold ? { topicPartitions: told(next.assigned) } : null,
  }
  return { response, toMatch: regexesToMatch(group, { before: member.metadata, after: metadata }, config, turn) }
}

/** The group comes into being with its first member; one of another kind that has none left makes room for it. */
function begin(shard: GroupShard, group: ConsumerGroup, turn: GroupTurn): void {
  const { groupId } = group
  const known = shard.groups.get(groupId)
  if (known === group) return
  if (known !== undefined) giveWay(shard, known, turn)
  shard.groups.set(groupId, group)
  turn.ifRefused(() => {
    if (shard.groups.get(groupId) === group) shard.groups.delete(groupId)
  })
}

/** Null is what was said before. */
function updated(
  before: MemberMetadata | undefined,
  request: HeartbeatRequest,
  { clientId, clientHost }: HeartbeatContext,
): MemberMetadata {
  const names = request.subscribedTopicNames
  return {
    instanceId: request.instanceId ?? before?.instanceId ?? null,
    rackId: request.rackId ?? before?.rackId ?? null,
    clientId,
    clientHost,
    subscribedTopicNames: names === null ? (before?.subscribedTopicNames ?? []) : [...new Set(names)].sort(),
    subscribedTopicRegex: request.subscribedTopicRegex ?? before?.subscribedTopicRegex ?? '',
    rebalanceTimeoutMs: request.rebalanceTimeoutMs === -1 ? (before?.rebalanceTimeoutMs ?? -1) : request.rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? before?.serverAssignor ?? null,
    classicMemberMetadata: null,
  }
}

function hasSamePartitions(a: OwnedPartitions, b: OwnedPartitions): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId)
    if (others === undefined || others.size !== partitions.size) return false
    for (const [partition, epoch] of partitions) if (others.get(partition) !== epoch) return false
  }
  return true
}

const told = (assigned: OwnedPartitions) =>
  Array.from(assigned, ([topicId, partitions]) => ({ topicId, partitions: [...partitions.keys()].sort((a, b) => a - b) }))

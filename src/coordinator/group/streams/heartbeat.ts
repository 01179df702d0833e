// StreamsGroupHeartbeat v0-1: a member of a streams group joins, lives, and leaves (KIP-1071). Kafka's order of checks and
// records; reconcile.ts says how tasks change hands, topology.ts what has to be there first.
// Not here: warm-up tasks, which no assignor of Kafka's hands out so far; source topics by regular expression, which it
// refuses.
import { Errors, isRefusal, type Refusal, refuse } from '../../../protocol/errors.js'
import { StreamsGroupHeartbeat } from '../../../protocol/messages/streams-group-heartbeat.js'
import type { Command, GroupTurn, MemberContext } from '../command.js'
import type { StreamsGroupConfig } from '../config.js'
import { giveWay } from '../lookup.js'
import type { RebalanceReason } from '../rebalance-cause.js'
import { noteRebalance } from '../rebalances.js'
import type { GroupShard } from '../state.js'
import { configureAgain } from './configure-again.js'
import { endpointsOf } from './endpoints-of-group.js'
import { type Configured, createStreamsGroup, delayKey, epochOf, type StreamsGroup } from './group.js'
import type { HeartbeatAnswer } from './heartbeat-answer.js'
import { type HeartbeatRequest, invalid, joining, ownedTasks, requestProblem } from './heartbeat-request.js'
import { leave } from './leave.js'
import { arm, armRevocation, armSession, disarm, type Member, memberOf, writeTombstones } from './membership.js'
import { isOther, isSameMetadata, updated } from './metadata.js'
import { mayGoOn, reconcile } from './reconcile.js'
import { type Epoch, holdersOf } from './state.js'
import { type AssignmentConfigs, assignmentConfigs, type NextTarget, nextTarget } from './target.js'
import { keepOffsets, reportedOffsets } from './task-offsets.js'
import { isSame, listOf, noTasks } from './tasks.js'
import { type ConfiguredTopology, malformedTopology, type Status, statusCodes, type Topology } from './topology.js'

export const streamsHeartbeat: Command<HeartbeatRequest, HeartbeatAnswer, MemberContext> = {
  decide(shard, { request, context, token }, turn) {
    const answered = requestProblem(request) ?? answer(shard, request, context, turn)
    turn.answer(token, isRefusal(answered) ? refused(answered) : answered)
  },
  failure: (request, errorCode, version) => ({
    response: StreamsGroupHeartbeat.failure(request, errorCode, version),
    missingTopics: [],
  }),
}

function answer(
  shard: GroupShard,
  request: HeartbeatRequest,
  context: MemberContext,
  turn: GroupTurn,
): HeartbeatAnswer | Refusal {
  if (request.memberEpoch < 0) return leave(shard, request, turn)
  const beat = admit(shard, request, context, turn)
  return isRefusal(beat) ? beat : carryOut(shard, beat, turn)
}

function refused({ errorCode, message }: Refusal): HeartbeatAnswer {
  return { response: { errorCode, errorMessage: message === '' ? null : message }, missingTopics: [] }
}

/** A heartbeat that is right: what its member was, and what it is from now on. */
interface Beat {
  readonly request: HeartbeatRequest
  readonly version: number
  readonly config: StreamsGroupConfig
  readonly group: StreamsGroup
  readonly isNewGroup: boolean
  readonly before: Member
  readonly member: Member
  readonly topology: Topology
  readonly configured: Configured
}

/** Everything that can be refused, before anything is changed. */
function admit(shard: GroupShard, request: HeartbeatRequest, context: MemberContext, turn: GroupTurn): Beat | Refusal {
  const config = shard.config().streamsGroup(request.groupId)
  const group = groupFor(shard, request)
  if (isRefusal(group)) return group
  if (isFull(group, request, config)) {
    const message = `The streams group has reached its maximum capacity of ${config.maxSize} members.`
    return refuse(Errors.GROUP_MAX_SIZE_REACHED, message)
  }
  const owned = ownedTasks(request)
  const before = memberOf(group, request, owned)
  if (isRefusal(before)) return before
  const topology = topologyFor(group, request)
  if (isRefusal(topology)) return topology
  const configured = configureAgain(group, topology, turn.env.topics)
  if (isRefusal(configured)) return configured
  const problem = ownedProblem(request, configured.topology)
  if (problem !== null) return problem
  const offsets = reportedOffsets(group, request)
  if (offsets !== null && isRefusal(offsets)) return offsets
  if (!mayGoOn(before.current, owned)) {
    const message = 'The streams group member is in a unknown state. The member must abandon all its tasks and rejoin.'
    return refuse(Errors.FENCED_MEMBER_EPOCH, message)
  }
  if (offsets !== null) keepOffsets(group, request.memberId, offsets)
  const member = { ...before, metadata: updated(before.metadata, request, context) }
  const isNewGroup = shard.groups.get(request.groupId) !== group
  return { request, version: context.version, config, group, isNewGroup, before, member, topology, configured }
}

function carryOut(shard: GroupShard, beat: Beat, turn: GroupTurn): HeartbeatAnswer {
  const { request, config, group, before, configured } = beat
  const { groupId, memberId } = request

  // 1. Who is there, and what it runs.
  if (beat.isNewGroup) begin(shard, group, turn)
  if (before.replaces !== null) replace(shard, group, before, before.replaces, turn)
  const isChanged = !isSameMetadata(before.metadata, beat.member.metadata)
  if (isChanged) turn.write({ type: 'streams-member', key: { groupId, memberId }, value: beat.member.metadata })
  if (group.state.topology === null) turn.write({ type: 'streams-topology', key: { groupId }, value: beat.topology })

  // 2. What is to be assigned. Something else begins an epoch.
  const configs = assignmentConfigs(config)
  const groupEpoch = epochFor(shard, beat, isChanged, configs, turn)
  if (group.state.members.size === 0 && config.initialRebalanceDelayMs > 0 && !group.isDelayed) {
    group.isDelayed = true
    turn.setDeadline(delayKey(groupId), config.initialRebalanceDelayMs, { type: 'end-streams-delay', groupId })
  }
  const target = nextTarget(group, beat.member, groupEpoch, configured.topology, configs, config, turn)

  // 3. What this member has of it.
  const { metadata } = beat.member
  const owned = ownedTasks(request)
  const current = reconcile(before.current, metadata.processId, target, owned, holdersOf(group.state))
  if (current !== before.current) {
    turn.write({ type: 'streams-current', key: { groupId, memberId }, value: current })
    armRevocation(group, memberId, metadata, current, turn)
    turn.ifRefused(undo => arm(shard, group, memberId, undo))
  }
  armSession(shard, group, memberId, turn)
  if (request.shutdownApplication) group.shutdownRequestedBy ??= memberId

  const answer = answerOf({ ...beat, member: { ...beat.member, current } }, target, configs, turn)
  if (beat.isNewGroup) forgetFirstBeat(group)
  return answer
}

function groupFor(shard: GroupShard, { groupId, memberEpoch }: HeartbeatRequest): StreamsGroup | Refusal {
  const found = shard.groups.get(groupId)
  if (found?.kind === 'streams') return found
  if (memberEpoch === joining && (found === undefined || (found.kind === 'classic' && found.state === 'Empty'))) {
    return createStreamsGroup(groupId)
  }
  const message = found === undefined ? `Streams group ${groupId} not found.` : `Group ${groupId} is not a streams group.`
  return refuse(Errors.GROUP_ID_NOT_FOUND, message)
}

function isFull({ state }: StreamsGroup, request: HeartbeatRequest, { maxSize }: StreamsGroupConfig): boolean {
  if (request.memberEpoch !== joining || state.members.size < maxSize) return false
  return !state.members.has(request.memberId) && !(request.instanceId !== null && state.staticMembers.has(request.instanceId))
}

/** The topology of the group, which is that of its first member. */
function topologyFor({ state }: StreamsGroup, { topology: told }: HeartbeatRequest): Topology | Refusal {
  const { topology } = state
  if (told === null) return topology ?? refuse(Errors.UNKNOWN_SERVER_ERROR, '')
  if (malformedTopology(told)) return refuse(Errors.UNKNOWN_SERVER_ERROR, '')
  if (topology === null) return told
  if (topology.epoch > told.epoch || isSameTopology(topology, told)) return topology
  return invalid('Topology updates are not supported yet.')
}

function isSameTopology(one: Topology, other: Topology): boolean {
  const spelled = ({ epoch, subtopologies }: Topology): string =>
    JSON.stringify([epoch, [...subtopologies].sort((a, b) => (a.subtopologyId < b.subtopologyId ? -1 : 1))])
  return spelled(one) === spelled(other)
}

function ownedProblem(request: HeartbeatRequest, { subtopologies, status }: ConfiguredTopology): Refusal | null {
  if (status !== null || subtopologies === null) return null
  for (const list of [request.activeTasks, request.standbyTasks, request.warmupTasks]) {
    for (const { subtopologyId, partitions } of list ?? []) {
      const subtopology = subtopologies.find(one => one.subtopologyId === subtopologyId)
      if (subtopology === undefined) return invalid(`Subtopology ${subtopologyId} does not exist in the topology.`)
      const { taskCount } = subtopology
      const wrong = partitions.find(partition => partition < 0 || partition >= taskCount)
      if (wrong === undefined) continue
      const what = `Task ${wrong} for subtopology ${subtopologyId} is invalid.`
      return invalid(`${what} Number of tasks for this subtopology: ${taskCount}`)
    }
  }
  return null
}

/** An empty classic group makes room; its offsets stay. */
function begin(shard: GroupShard, group: StreamsGroup, turn: GroupTurn): void {
  const found = shard.groups.get(group.groupId)
  if (found !== undefined) giveWay(shard, found, turn)
  shard.groups.set(group.groupId, group)
  turn.ifRefused(() => {
    shard.groups.delete(group.groupId)
  })
}

/** What Kafka knows of a group before its first records are there does not outlive them. */
function forgetFirstBeat(group: StreamsGroup): void {
  group.configured = null
  group.shutdownRequestedBy = null
  group.endpointInformationEpoch = 0
  group.endpoints.clear()
  group.taskOffsets.clear()
}

/** A static member comes back under another id, to what it had. */
function replace(shard: GroupShard, group: StreamsGroup, member: Member, replacedId: string, turn: GroupTurn): void {
  const key = { groupId: group.groupId, memberId: member.memberId }
  writeTombstones(group, replacedId, turn)
  // It was worked out for another member.
  group.assigning = null
  turn.write({ type: 'streams-member', key, value: member.metadata })
  turn.write({ type: 'streams-target', key, value: group.state.targets.get(replacedId) ?? noTasks })
  turn.write({ type: 'streams-current', key, value: member.current })
  disarm(shard, group, replacedId, turn)
}

/** The group's epoch, a new one if anything has changed that tasks depend on. */
function epochFor(shard: GroupShard, beat: Beat, isChanged: boolean, configs: AssignmentConfigs, turn: GroupTurn): number {
  const { request, group, topology, configured } = beat
  const before = epochOf(group.state)
  const epoch: Epoch = {
    ...before,
    epoch: before.epoch + 1,
    metadataHash: configured.metadataHash,
    validatedTopologyEpoch: configured.topology.status === null ? topology.epoch : -1,
    assignmentConfigs: configs,
  }
  const isOtherMember = isChanged && (request.instanceId === null || isOther(beat.before.metadata, beat.member.metadata))
  const isNew =
    isOtherMember ||
    epoch.metadataHash !== before.metadataHash ||
    epoch.validatedTopologyEpoch !== before.validatedTopologyEpoch ||
    !isSameConfigs(configs, before.assignmentConfigs)
  if (!isNew) return before.epoch
  turn.write({ type: 'streams-epoch', key: { groupId: group.groupId }, value: epoch })
  noteEpoch(shard, beat, isOtherMember, epoch, turn)
  return epoch.epoch
}

function noteEpoch(shard: GroupShard, beat: Beat, isOtherMember: boolean, { epoch, metadataHash }: Epoch, turn: GroupTurn): void {
  const { group, member, before } = beat
  const { members } = group.state
  const isKnown = members.has(member.memberId) || before.replaces !== null
  const reason = (): RebalanceReason => {
    if (!isKnown) return 'member-joined'
    if (before.replaces !== null) return 'member-returned'
    if (isOtherMember) return 'subscription-changed'
    return metadataHash === epochOf(group.state).metadataHash ? 'topology-changed' : 'topics-changed'
  }
  const cause = { reason: reason(), memberId: member.memberId, clientId: member.metadata.clientId }
  noteRebalance(shard, group.groupId, cause, { epoch, members: members.size + (isKnown ? 0 : 1) }, turn)
}

function isSameConfigs(one: AssignmentConfigs, other: AssignmentConfigs): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value)
}

function answerOf(beat: Beat, target: NextTarget, configs: AssignmentConfigs, turn: GroupTurn): HeartbeatAnswer {
  const { request, config, group, before, member, configured } = beat
  const { assigned, memberEpoch } = member.current
  const isReassigned = !isSame(before.current.assigned, assigned)
  const tellsTasks = request.memberEpoch === joining || isReassigned
  const isMoved = !isSameEndpoint(before.metadata.userEndpoint, member.metadata.userEndpoint)
  if (isMoved || (isReassigned && member.metadata.userEndpoint !== null)) group.endpointInformationEpoch++
  const isInformed = group.endpointInformationEpoch === request.endpointInformationEpoch
  const { topics } = turn.env.topics
  return {
    response: {
      errorCode: Errors.NONE,
      memberId: member.memberId,
      memberEpoch,
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      taskOffsetIntervalMs: config.taskOffsetIntervalMs,
      acceptableRecoveryLag: config.acceptableRecoveryLag,
      status: statusOf(beat, target, configs),
      activeTasks: tellsTasks ? listOf(assigned.active.keys()) : null,
      standbyTasks: tellsTasks ? listOf(assigned.standby.keys()) : null,
      warmupTasks: tellsTasks ? listOf(assigned.warmup.keys()) : null,
      endpointInformationEpoch: beat.isNewGroup ? 0 : group.endpointInformationEpoch,
      partitionsByUserEndpoint: isInformed ? null : endpointsOf(group, member, configured.topology, topics),
    },
    missingTopics: configured.topology.missingTopics,
  }
}

type Endpoint = Member['metadata']['userEndpoint']

function isSameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one === other || (one !== null && one.host === other?.host && one.port === other.port)
}

function statusOf(
  { version, group, member, topology, configured }: Beat,
  target: NextTarget,
  configs: AssignmentConfigs,
): Status[] {
  const statuses: Status[] = []
  const add = (statusCode: number, statusDetail: string): void => void statuses.push({ statusCode, statusDetail })
  const { topologyEpoch, clientTags } = member.metadata
  if (group.state.topology !== null && topologyEpoch < topology.epoch) {
    const what = `The member's topology epoch ${topologyEpoch} is behind the group's topology epoch ${topology.epoch}.`
    add(statusCodes.staleTopology, what)
  }
  if (target.delayedBy !== null) {
    add(statusCodes.assignmentDelayed, `Assignment delayed due to the configured ${target.delayedBy}.`)
  }
  if (configured.topology.status !== null) statuses.push(configured.topology.status)
  if (group.shutdownRequestedBy !== null) {
    const why = 'encountered a fatal error and requested a shutdown for the entire application.'
    add(statusCodes.shutdownApplication, `Streams group member ${group.shutdownRequestedBy} ${why}`)
  }
  const tags = configs.get('rack.aware.assignment.tags')?.split(',') ?? []
  const missing = tags.filter(tag => !clientTags.some(({ key }) => key === tag))
  // [KAFKA-20744] Clients of version 0 do not know this status.
  if (version >= 1 && missing.length > 0) {
    const how = "Configure them via 'client.tag.<tagKey>' in your Streams config."
    add(
      statusCodes.missingClientTags,
      `Missing required client tags for rack-aware standby assignment: [${missing.join(', ')}]. ${how}`,
    )
  }
  return statuses
}

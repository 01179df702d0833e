/** What a heartbeat of a streams group may say, whatever the group is; Kafka's checks in its order, in its words. */
import { Errors, type Refusal, refuse } from '../../../protocol/errors.js'
import type { StreamsGroupHeartbeat } from '../../../protocol/messages/streams-group-heartbeat.js'
import type { RequestOf } from '../../../protocol/schema.js'
import { isBlank, nameCharsMax } from '../config.js'
import { type Tasks, tasksFrom } from './tasks.js'

export type HeartbeatRequest = RequestOf<typeof StreamsGroupHeartbeat>

export const joining = 0
/** A static member that will be back. */
export const leavingForNow = -2

export function requestProblem(request: HeartbeatRequest): Refusal | null {
  const { memberEpoch, topology, activeTasks, standbyTasks, warmupTasks } = request
  if (topology?.subtopologies.some(({ sourceTopicRegex }) => sourceTopicRegex.length > 0) === true) {
    return invalid('Regular expressions for source topics are not supported yet.')
  }
  for (const [name, text] of [
    ['MemberId', request.memberId],
    ['GroupId', request.groupId],
    ['InstanceId', request.instanceId],
    ['RackId', request.rackId],
  ] as const) {
    if (text === null) continue
    if (isBlank(text)) return invalid(`${name} can't be empty.`)
    if (text.length > nameCharsMax) return invalid(`${name} can't be longer than ${nameCharsMax} characters.`)
  }
  if (memberEpoch === joining) {
    const problem = joinProblem(request)
    if (problem !== null) return problem
  } else if (memberEpoch === leavingForNow) {
    if (request.instanceId === null) return invalid("InstanceId can't be null.")
  } else if (memberEpoch < leavingForNow) {
    return invalid(`MemberEpoch is ${memberEpoch}, but must be greater than or equal to -2.`)
  }
  const lists = [activeTasks, standbyTasks, warmupTasks]
  if (lists.includes(null) && lists.some(list => list !== null)) {
    return invalid('If one task-type is non-null, all must be non-null.')
  }
  return memberEpoch !== joining && topology !== null ? invalid('Topology can only be provided when (re-)joining.') : null
}

function joinProblem({ rebalanceTimeoutMs, topology, activeTasks, standbyTasks, warmupTasks }: HeartbeatRequest): Refusal | null {
  if (rebalanceTimeoutMs === -1) return invalid('RebalanceTimeoutMs must be provided in first request.')
  for (const [name, list] of [
    ['ActiveTasks', activeTasks],
    ['StandbyTasks', standbyTasks],
    ['WarmupTasks', warmupTasks],
  ] as const) {
    if (list === null || list.length > 0) return invalid(`${name} must be empty when (re-)joining.`)
  }
  if (topology === null) return invalid('Topology must be non-null when (re-)joining.')
  for (const { stateChangelogTopics } of topology.subtopologies) {
    for (const { name, partitions } of stateChangelogTopics) {
      if (partitions === 0) continue
      const why = `must have an undefined partition count, but it is set to ${partitions}.`
      return refuse(Errors.STREAMS_INVALID_TOPOLOGY, `Changelog topic ${name} ${why}`)
    }
  }
  return null
}

/** What the member says that it has; null when it does not say. */
export function ownedTasks({ activeTasks, standbyTasks, warmupTasks }: HeartbeatRequest): Tasks | null {
  if (activeTasks === null || standbyTasks === null || warmupTasks === null) return null
  return tasksFrom({ active: activeTasks, standby: standbyTasks, warmup: warmupTasks })
}

export const invalid = (message: string): Refusal => refuse(Errors.INVALID_REQUEST, message)

/** What each member is to have. It is worked out once for an epoch of the group, when its time has come. */
import { assign } from '../assigning.js'
import type { GroupTurn } from '../command.js'
import type { StreamsGroupConfig } from '../config.js'
import { type Steps, spent, type WritingSteps } from '../steps.js'
import { type AssignedMember, assignSticky } from './assignors/sticky.js'
import { assignmentOf, currentOf, type StreamsGroup } from './group.js'
import type { Member } from './membership.js'
import type { StreamsRecord } from './state.js'
import { isSame, noTasks, type Tasks } from './tasks.js'
import type { ConfiguredTopology } from './topology.js'

export interface NextTarget {
  readonly epoch: number
  /** Of the member that asks. */
  readonly tasks: Tasks
  /** Why it is not that of the group's epoch. */
  readonly delayedBy: 'initial rebalance delay' | 'assignment interval' | null
}

/** By which configs tasks are assigned: a change of them begins an epoch. */
export type AssignmentConfigs = ReadonlyMap<string, string>

export function assignmentConfigs({ numStandbyReplicas, rackAwareAssignmentTags }: StreamsGroupConfig): AssignmentConfigs {
  const configs = new Map([['num.standby.replicas', String(numStandbyReplicas)]])
  if (rackAwareAssignmentTags.length > 0) configs.set('rack.aware.assignment.tags', rackAwareAssignmentTags.join(','))
  return configs
}

/** `asking`: as it is from now on; null at the end of a group's delay. */
export function nextTarget(
  group: StreamsGroup,
  asking: Member | null,
  groupEpoch: number,
  { subtopologies, status }: ConfiguredTopology,
  configs: AssignmentConfigs,
  { assignmentIntervalMs, assignmentStepsPerTurn }: StreamsGroupConfig,
  turn: GroupTurn,
): NextTarget {
  const { state } = group
  const assignment = assignmentOf(state)
  if (group.isDelayed) return { epoch: assignment.epoch, tasks: noTasks, delayedBy: 'initial rebalance delay' }
  const targetOf = (memberId: string): Tasks | undefined =>
    state.targets.get(memberId === asking?.memberId ? (asking.replaces ?? memberId) : memberId)
  const own = asking === null ? noTasks : (targetOf(asking.memberId) ?? noTasks)
  if (assignment.epoch >= groupEpoch) return { epoch: assignment.epoch, tasks: own, delayedBy: null }
  if (assignment.atMs !== 0 && turn.nowMs < assignment.atMs + assignmentIntervalMs) {
    return { epoch: assignment.epoch, tasks: own, delayedBy: 'assignment interval' }
  }

  if (group.assigning !== null) return { epoch: assignment.epoch, tasks: own, delayedBy: null }
  const standbyReplicas = Number(configs.get('num.standby.replicas') ?? 0)
  const sticky = assignSticky(membersOf(group, asking), status === null ? (subtopologies ?? []) : [], standbyReplicas)
  const tasks = assign(group, targetSteps(group, asking, groupEpoch, sticky, turn.nowMs), assignmentStepsPerTurn, turn)
  if (tasks === null) return { epoch: assignment.epoch, tasks: own, delayedBy: null }
  return { epoch: groupEpoch, tasks, delayedBy: null }
}

/** What the member that asks is to have comes of it. */
function* targetSteps(
  { groupId, state }: StreamsGroup,
  asking: Member | null,
  epoch: number,
  assignor: Steps<Map<string, Tasks>>,
  atMs: number,
): WritingSteps<StreamsRecord, Tasks> {
  const replaced = asking?.replaces == null ? undefined : state.targets.get(asking.replaces)
  const targets = yield* assignor
  for (const [memberId, tasks] of targets) {
    yield* spent(tasks.active.size + tasks.standby.size)
    const before = (memberId === asking?.memberId ? replaced : undefined) ?? state.targets.get(memberId)
    if (before === undefined || !isSame(before, tasks)) yield { type: 'streams-target', key: { groupId, memberId }, value: tasks }
  }
  yield { type: 'streams-target-epoch', key: { groupId }, value: { epoch, atMs } }
  return asking === null ? noTasks : (targets.get(asking.memberId) ?? noTasks)
}

function membersOf(group: StreamsGroup, asking: Member | null): AssignedMember[] {
  const members: AssignedMember[] = []
  const add = (memberId: string, processId: string, { active, standby }: Member['current']['assigned']): void => {
    const taskOffsets = group.taskOffsets.get(memberId)?.offsets ?? noOffsets
    members.push({ memberId, processId, active, standby, taskOffsets })
  }
  for (const [memberId, { processId }] of group.state.members) {
    if (memberId === asking?.memberId || memberId === asking?.replaces) continue
    add(memberId, processId, currentOf(group.state, memberId).assigned)
  }
  if (asking !== null) add(asking.memberId, asking.metadata.processId, asking.current.assigned)
  return members
}

const noOffsets: ReadonlyMap<string, number> = new Map()

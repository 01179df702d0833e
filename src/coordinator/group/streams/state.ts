/**
 * What the log says of a streams group (KIP-1071), and what follows from it alone. All of it is durable: a group at work is
 * this and a few things that its members tell again (group.ts).
 */
import type { Int64 } from '../../../base/int64.js'
import type { Decoded } from '../../../protocol/schema.js'
import type { StreamsGroupMemberMetadataValue } from '../../../protocol/state/streams-group.js'
import type { PlainRecord } from '../plain-record.js'
import { type CurrentAssignment, type Holders, stable } from './reconcile.js'
import { noHeldTasks, type Role, roles, type Tasks } from './tasks.js'
import type { Topology } from './topology.js'

export interface Epoch {
  readonly epoch: number
  readonly metadataHash: Int64
  /** -1: topics are missing, or not as the topology needs them. */
  readonly validatedTopologyEpoch: number
  /** By which configs the epoch was begun. */
  readonly assignmentConfigs: ReadonlyMap<string, string>
  /** [KIP-1331] Of a broker that stores descriptions, which this one does not: kept as they were found. */
  readonly storedDescriptionTopologyEpoch: number
  readonly failedDescriptionTopologyEpoch: number
}

/** Who a member is; never changed, only replaced. Tags in the order of their keys. */
export type MemberMetadata = Readonly<Decoded<(typeof StreamsGroupMemberMetadataValue)['fields']>>

export interface StreamsState {
  /** null: the log has none. */
  epoch: Epoch | null
  topology: Topology | null
  assignment: { readonly epoch: number; readonly atMs: number } | null
  readonly members: Map<string, MemberMetadata>
  readonly targets: Map<string, Tasks>
  readonly current: Map<string, CurrentAssignment>
  /** Instance id → member id. */
  readonly staticMembers: Map<string, string>
  /** Task → members that have it, or have not given it up yet. No empty sets inside. */
  readonly holders: { readonly [R in Role]: Map<string, Set<string>> }
}

/** Of a group that the log does not know. */
export const firstEpoch: Epoch = {
  epoch: 1,
  metadataHash: 0,
  validatedTopologyEpoch: -1,
  assignmentConfigs: new Map(),
  storedDescriptionTopologyEpoch: -1,
  failedDescriptionTopologyEpoch: -1,
}
export const firstAssignment = { epoch: 1, atMs: 0 }

/** Of a member that the group does not know. */
export const unknownMember: MemberMetadata = {
  instanceId: null,
  rackId: null,
  clientId: '',
  clientHost: '',
  rebalanceTimeoutMs: -1,
  topologyEpoch: -1,
  processId: '',
  userEndpoint: null,
  clientTags: [],
}
export const nothingYet: CurrentAssignment = {
  memberEpoch: 0,
  previousMemberEpoch: 0,
  state: stable,
  assigned: noHeldTasks,
  pendingRevocation: noHeldTasks,
}

export interface GroupKey {
  readonly groupId: string
}
export interface MemberKey extends GroupKey {
  readonly memberId: string
}

export type StreamsRecord =
  | PlainRecord<'streams-epoch', GroupKey, Epoch>
  | PlainRecord<'streams-topology', GroupKey, Topology>
  | PlainRecord<'streams-member', MemberKey, MemberMetadata>
  | PlainRecord<'streams-target-epoch', GroupKey, { readonly epoch: number; readonly atMs: number }>
  | PlainRecord<'streams-target', MemberKey, Tasks>
  | PlainRecord<'streams-current', MemberKey, CurrentAssignment>

export function emptyState(): StreamsState {
  return {
    epoch: null,
    topology: null,
    assignment: null,
    members: new Map(),
    targets: new Map(),
    current: new Map(),
    staticMembers: new Map(),
    holders: { active: new Map(), standby: new Map(), warmup: new Map() },
  }
}

/** The log knows nothing of the group. */
export function isBlank({ epoch, topology, assignment, members, targets, current }: StreamsState): boolean {
  return epoch === null && topology === null && assignment === null && members.size + targets.size + current.size === 0
}

export function holdersOf({ holders, members }: StreamsState): Holders {
  return {
    isHeld: (role, task) => holders[role].has(task),
    isHeldIn(processId, role, task) {
      for (const memberId of holders[role].get(task) ?? []) if (members.get(memberId)?.processId === processId) return true
      return false
    },
  }
}

export function setMember({ members, staticMembers }: StreamsState, memberId: string, value: MemberMetadata | null): void {
  const instanceId = members.get(memberId)?.instanceId ?? null
  // An instance whose member was replaced is another member's already.
  if (instanceId !== null && staticMembers.get(instanceId) === memberId) staticMembers.delete(instanceId)
  if (value === null) {
    members.delete(memberId)
    return
  }
  members.set(memberId, value)
  if (value.instanceId !== null) staticMembers.set(value.instanceId, memberId)
}

export function setCurrent({ current, holders }: StreamsState, memberId: string, value: CurrentAssignment | null): void {
  const before = current.get(memberId)
  if (before !== undefined) {
    forEachTask(before, (role, task) => {
      const members = holders[role].get(task)
      if (members?.delete(memberId) === true && members.size === 0) holders[role].delete(task)
    })
  }
  if (value === null) {
    current.delete(memberId)
    return
  }
  current.set(memberId, value)
  forEachTask(value, (role, task) => {
    const members = holders[role].get(task)
    if (members === undefined) holders[role].set(task, new Set([memberId]))
    else members.add(memberId)
  })
}

function forEachTask({ assigned, pendingRevocation }: CurrentAssignment, visit: (role: Role, task: string) => void): void {
  for (const role of roles) {
    for (const task of assigned[role].keys()) visit(role, task)
    for (const task of pendingRevocation[role].keys()) visit(role, task)
  }
}

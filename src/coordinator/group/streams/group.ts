/** A streams group at work: what the log says of it, and what its members would tell again. */
import type { EndpointPartitions } from './endpoints.js'
import { type CurrentAssignment, isReconciledTo } from './reconcile.js'
import { emptyState, firstAssignment, firstEpoch, nothingYet, type StreamsState } from './state.js'
import type { ConfiguredTopology, Topology } from './topology.js'

export interface StreamsGroup {
  readonly kind: 'streams'
  readonly groupId: string
  readonly state: StreamsState
  /** What became of the topology; null: not looked at since the start. */
  configured: Configured | null
  /** The first assignment of the group waits for more members. */
  isDelayed: boolean
  /** Who asked all members to stop, until they have. */
  shutdownRequestedBy: string | null
  /** By it clients know whether they have the latest of the endpoints. */
  endpointInformationEpoch: number
  readonly endpoints: Map<string, KnownEndpoint>
  readonly taskOffsets: Map<string, TaskOffsets>
  /** What the next target comes of, while it is worked out. */
  assigning: object | null
}

export interface Configured {
  readonly topology: ConfiguredTopology
  /** Of its topics, and all of them, when they were last looked at. */
  readonly metadataHash: number
  readonly topicsRevision: number
}

/** Good while the member has these tasks, of this topology. */
export interface KnownEndpoint {
  readonly current: CurrentAssignment
  readonly topology: ConfiguredTopology
  readonly partitions: EndpointPartitions
}

/** Task → sum of the offsets of its changelogs, in a member's copy and in the topics. */
export interface TaskOffsets {
  readonly offsets: ReadonlyMap<string, number>
  readonly endOffsets: ReadonlyMap<string, number>
}

export type StreamsDeadline =
  /** A member's session is over. */
  | { readonly type: 'expire-streams-member'; readonly groupId: string; readonly memberId: string }
  /** A member had to give up tasks, and did not. */
  | {
      readonly type: 'expire-streams-revocation'
      readonly groupId: string
      readonly memberId: string
      readonly memberEpoch: number
    }
  /** The wait of a new group for more members is over. */
  | { readonly type: 'end-streams-delay'; readonly groupId: string }

// The length keeps "a b" + "c" and "a" + "b c" apart: ids may contain anything.
export const revocationKey = (groupId: string, memberId: string): string => `revocation ${groupId.length} ${groupId} ${memberId}`
export const delayKey = (groupId: string): string => `delay ${groupId}`

/** `state`: what a replay found, if it found anything. */
export function createStreamsGroup(groupId: string, state = emptyState()): StreamsGroup {
  return {
    kind: 'streams',
    groupId,
    state,
    configured: null,
    isDelayed: false,
    shutdownRequestedBy: null,
    endpointInformationEpoch: 0,
    endpoints: new Map(),
    taskOffsets: new Map(),
    assigning: null,
  }
}

export type StreamsGroupState = 'Empty' | 'NotReady' | 'Assigning' | 'Reconciling' | 'Stable'

export function stateOf({ state }: StreamsGroup): StreamsGroupState {
  const { epoch, validatedTopologyEpoch } = epochOf(state)
  if (state.members.size === 0) return 'Empty'
  if (state.topology?.epoch !== validatedTopologyEpoch) return 'NotReady'
  const assignmentEpoch = assignmentOf(state).epoch
  if (epoch > assignmentEpoch) return 'Assigning'
  for (const memberId of state.members.keys()) {
    if (!isReconciledTo(currentOf(state, memberId), assignmentEpoch)) return 'Reconciling'
  }
  return 'Stable'
}

export const epochOf = ({ epoch }: StreamsState) => epoch ?? firstEpoch
export const assignmentOf = ({ assignment }: StreamsState) => assignment ?? firstAssignment
export const currentOf = ({ current }: StreamsState, memberId: string): CurrentAssignment => current.get(memberId) ?? nothingYet

/** Which subtopology reads a topic; of several the last. */
export function readerOf(topology: Topology, topic: string): string | null {
  let readers = readersOf.get(topology)
  if (readers === undefined) {
    readers = new Map()
    readersOf.set(topology, readers)
    for (const { subtopologyId, sourceTopics, repartitionSourceTopics } of topology.subtopologies) {
      for (const name of sourceTopics) readers.set(name, subtopologyId)
      for (const { name } of repartitionSourceTopics) readers.set(name, subtopologyId)
    }
  }
  return readers.get(topic) ?? null
}

/** A topology is never changed, only replaced. */
const readersOf = new WeakMap<Topology, Map<string, string>>()

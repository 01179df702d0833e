/** The vocabulary of classic groups: their states, members and deadlines. */
import { type Bytes, emptyBytes } from '../../../base/bytes.js'
import type { JoinGroup } from '../../../protocol/messages/join-group.js'
import type { SyncGroup } from '../../../protocol/messages/sync-group.js'
import type { ResponseOf } from '../../../protocol/schema.js'
import type { Token } from '../../machine.js'

/**
 *            first member joins            all rejoined, or time is up         leader syncs
 *   Empty ──────────────────▶ PreparingRebalance ──────────▶ CompletingRebalance ──────▶ Stable
 *     ▲                          │        ▲  ▲                        │                    │
 *     └──── no members left ─────┘        │  └──── a member leaves, joins, changes ────────┤
 *                                         └────────────── or does not sync in time ────────┘
 */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export interface Protocol {
  readonly name: string
  /** Opaque: Connect, Schema Registry and Streams put their own things there. */
  readonly metadata: Bytes
}

export interface Member {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** Name of its session's deadline. */
  readonly sessionKey: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  /** What it can speak, best first; after a restart only what the group had chosen. */
  protocols: readonly Protocol[]
  assignment: Bytes
  /** Its first join is still parked. It does not know its id (v0-3), so nothing but the join itself can keep it alive. */
  isNew: boolean
  /** A request whose answer comes with a later decision. */
  parkedJoin: Token<ResponseOf<typeof JoinGroup>> | null
  parkedSync: Token<ResponseOf<typeof SyncGroup>> | null
}

export interface ClassicGroup {
  readonly kind: 'classic'
  readonly groupId: string
  state: GroupState
  previousState: GroupState
  stateSinceMs: number
  generation: number
  /** null until the first member: a group that only stores offsets. */
  protocolType: string | null
  /** The chosen protocol of this generation. */
  protocolName: string | null
  leaderId: string | null
  /** In order of arrival; the next leader is the first one. */
  readonly members: Map<string, Member>
  /** Instance id → member id. */
  readonly staticMembers: Map<string, string>
  /** Ids given out with MEMBER_ID_REQUIRED whose owners have not come back yet. */
  readonly pendingMembers: Set<string>
  /** Members of this generation that have not sent SyncGroup. */
  readonly pendingSyncs: Set<string>
  /** Members with a parked join. */
  parkedJoins: number
  /** Protocol name → members that support it. */
  readonly protocolSupport: Map<string, number>
  /** A member joined, or got an id, since the initial rebalance was last extended. */
  hasNewMember: boolean
  /** A client asked for the coordinator. That extends it only once until a member joins, because tools ask repeatedly. */
  announcement: 'none' | 'heard' | 'waited for'
  /** Topics the members of a consumer group read; null: not known, because the metadata is not a consumer's. */
  subscribedTopics: ReadonlySet<string> | null
}

export function createGroup(groupId: string, nowMs: number): ClassicGroup {
  return {
    kind: 'classic',
    groupId,
    state: 'Empty',
    previousState: 'Empty',
    stateSinceMs: nowMs,
    generation: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    members: new Map(),
    staticMembers: new Map(),
    pendingMembers: new Set(),
    pendingSyncs: new Set(),
    parkedJoins: 0,
    protocolSupport: new Map(),
    hasNewMember: false,
    announcement: 'none',
    subscribedTopics: null,
  }
}

export function createMember(
  identity: Pick<Member, 'memberId' | 'groupInstanceId' | 'clientId' | 'clientHost'>,
  groupId: string,
  rest: Pick<Member, 'rebalanceTimeoutMs' | 'sessionTimeoutMs' | 'protocols' | 'assignment' | 'isNew'>,
): Member {
  return {
    memberId: identity.memberId,
    groupInstanceId: identity.groupInstanceId,
    clientId: identity.clientId,
    clientHost: identity.clientHost,
    sessionKey: sessionKey(groupId, identity.memberId),
    rebalanceTimeoutMs: rest.rebalanceTimeoutMs,
    sessionTimeoutMs: rest.sessionTimeoutMs,
    protocols: rest.protocols,
    assignment: rest.assignment,
    isNew: rest.isNew,
    parkedJoin: null,
    parkedSync: null,
  }
}

/** What the member said under the group's chosen protocol. */
export function metadataOf(member: Member, protocolName: string | null): Bytes {
  return member.protocols.find(protocol => protocol.name === protocolName)?.metadata ?? emptyBytes
}

// The length keeps "a b" + "c" and "a" + "b c" apart: ids may contain anything.
export const sessionKey = (groupId: string, memberId: string): string => `session ${groupId.length} ${groupId} ${memberId}`
export const joinKey = (groupId: string): string => `join ${groupId}`
export const syncKey = (groupId: string): string => `sync ${groupId}`

export type ClassicDeadline =
  /** A member's session is over, or an id that was given out was not used in time. */
  | { readonly type: 'expire-member'; readonly groupId: string; readonly memberId: string }
  /** The wait for all members to rejoin is over. */
  | { readonly type: 'expire-join'; readonly groupId: string }
  /** One step of the wait of a group's first rebalance is over; `remainingMs`: how much longer newcomers may extend it. */
  | {
      readonly type: 'expire-initial-delay'
      readonly groupId: string
      readonly delayMs: number
      readonly remainingMs: number
    }
  /** The wait for all members to send SyncGroup is over. */
  | { readonly type: 'expire-sync'; readonly groupId: string; readonly generation: number }

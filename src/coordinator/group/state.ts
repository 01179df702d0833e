/**
 * The state of one shard, and the vocabulary of classic groups.
 *
 *   durable   metadata, offsets, pendingOffsets   what the records of __consumer_offsets say; changed by apply.ts alone
 *   volatile  groups                              the groups at work; changed by the commands alone
 *
 * A group exists while it is in `groups`. It can be there without metadata: a simple group has nothing but offsets, and
 * a group whose first members are only just coming in writes nothing before its first generation is complete. A group
 * that is not there is what Kafka calls Dead. In states Stable and Empty a group is exactly what its metadata says.
 */

import { type Bytes, emptyBytes } from '../../base/bytes.js'
import type { ProducerId } from '../../base/ids.js'
import type { Int64 } from '../../base/int64.js'
import type { JoinGroup } from '../../protocol/messages/join-group.js'
import type { SyncGroup } from '../../protocol/messages/sync-group.js'
import type { Decoded, ResponseOf } from '../../protocol/schema.js'
import type { GroupMetadataValue } from '../../protocol/state/group.js'
import type { Token, Turn } from '../machine.js'
import type { GroupCommand } from './command.js'
import type { GroupConfig } from './config.js'

export type GroupMetadata = Decoded<(typeof GroupMetadataValue)['fields']>

export interface CommittedOffset {
  /** Whatever the client says; the broker only keeps it. */
  readonly offset: Int64
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** Set when the commit asked for a retention of its own (OffsetCommit v2-4); -1: the broker's retention holds. */
  readonly expireTimestampMs: number
}

export interface OffsetRecord {
  readonly type: 'offset'
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly value: CommittedOffset | null
}

export type GroupRecord =
  | { readonly type: 'group'; readonly groupId: string; readonly value: GroupMetadata | null }
  | OffsetRecord

/** Offsets of one group: topic → partition → offset. No empty maps inside. */
export type GroupOffsets = Map<string, Map<number, CommittedOffset>>

export interface GroupShard {
  readonly config: () => GroupConfig
  readonly metadata: Map<string, GroupMetadata>
  readonly offsets: Map<string, GroupOffsets>
  /** Committed in transactions that have not ended: the latest for each partition of a group. */
  readonly pendingOffsets: Map<ProducerId, Map<string, OffsetRecord>>
  readonly groups: Map<string, Group>
}

export type GroupTurn = Turn<GroupCommand, GroupRecord>

/**
 *            first member joins            all rejoined, or time is up         leader syncs
 *   Empty ──────────────────▶ PreparingRebalance ──────────▶ CompletingRebalance ──────▶ Stable
 *     ▲                          │        ▲  ▲                        │                    │
 *     └──── nobody is left ──────┘        │  └──── a member leaves, joins, changes ────────┤
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

export interface Group {
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
  /** Somebody joined, or was given an id, since the initial rebalance was last extended. */
  hasNewMember: boolean
  /** Somebody asked where to join. That extends it once, until somebody comes: tools ask as well, again and again. */
  announcement: 'none' | 'heard' | 'waited for'
  /** Topics the members of a consumer group read; null: not known, because the metadata is not a consumer's. */
  subscribedTopics: ReadonlySet<string> | null
}

export function createGroup(groupId: string, nowMs: number): Group {
  return {
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
export const offsetsKey = 'offsets'

/**
 * What the log says of a consumer group (KIP-848), and what follows from it alone. All of it is durable: a group at work is
 * this and a few caches (group.ts).
 */
import type { Uuid } from '../../../base/ids.js'
import type { Decoded } from '../../../protocol/schema.js'
import type { ConsumerGroupMemberMetadataValue } from '../../../protocol/state/consumer-group.js'
import type { PlainRecord } from '../plain-record.js'

/** Who a member is and what it wants; never changed, only replaced. */
export type MemberMetadata = Readonly<Decoded<(typeof ConsumerGroupMemberMetadataValue)['fields']>>

/** By topic id; partitions ascend. No empty lists inside. */
export type Partitions = ReadonlyMap<Uuid, readonly number[]>

/** Partition → epoch in which it was assigned, by topic id. No empty maps inside. */
export type OwnedPartitions = ReadonlyMap<Uuid, ReadonlyMap<number, number>>

/**
 *              target differs                    revoked                    the rest is free
 *   stable ───────────────────▶ unrevoked ─────────────────▶ unreleased ───────────────────▶ stable
 */
export const stable = 0
/** The member has to give up partitions first, and stays in its epoch until it has. */
export const unrevokedPartitions = 1
/** Partitions that are to be the member's have another owner still. */
export const unreleasedPartitions = 2

export const noPartitions: Partitions = new Map()
export const nothingOwned: OwnedPartitions = new Map()

/** What a member has now; never changed, only replaced. */
export interface CurrentAssignment {
  readonly memberEpoch: number
  readonly previousMemberEpoch: number
  readonly state: number
  readonly assigned: OwnedPartitions
  readonly pendingRevocation: OwnedPartitions
}

export interface ResolvedRegex {
  readonly topics: ReadonlySet<string>
  readonly version: number
  readonly resolvedAtMs: number
}

/** Of a group whose log says none: nobody has subscribed to anything yet. */
export const firstEpoch = 1

export interface ConsumerState {
  /** null: not written yet. */
  epoch: number | null
  metadataHash: number
  /** null: not written yet. */
  assignmentEpoch: number | null
  assignedAtMs: number
  readonly members: Map<string, MemberMetadata>
  readonly targets: Map<string, Partitions>
  readonly current: Map<string, CurrentAssignment>
  readonly regexes: Map<string, ResolvedRegex>
  /** Instance id → member id. */
  readonly staticMembers: Map<string, string>
  /** Who has a partition, or has not given it up yet. No empty maps inside. */
  readonly owners: Map<Uuid, Map<number, string>>
  /** How many members name a topic; and how many a regular expression. */
  readonly namedTopics: Map<string, number>
  readonly namedRegexes: Map<string, number>
  /** How many members speak the classic protocol, and how many of them support each of its assignors. */
  classicMembers: number
  readonly classicProtocols: Map<string, number>
}

export interface GroupKey {
  readonly groupId: string
}
export interface MemberKey extends GroupKey {
  readonly memberId: string
}
export interface RegexKey extends GroupKey {
  readonly regularExpression: string
}

export type ConsumerRecord =
  | PlainRecord<'consumer-epoch', GroupKey, { readonly epoch: number; readonly metadataHash: number }>
  | PlainRecord<'consumer-partition-metadata', GroupKey, unknown>
  | PlainRecord<'consumer-member', MemberKey, MemberMetadata>
  | PlainRecord<'consumer-target-epoch', GroupKey, { readonly assignmentEpoch: number; readonly assignmentTimestamp: number }>
  | PlainRecord<'consumer-target', MemberKey, Partitions>
  | PlainRecord<'consumer-current', MemberKey, CurrentAssignment>
  | PlainRecord<'consumer-regex', RegexKey, ResolvedRegex>

export function emptyState(): ConsumerState {
  return {
    epoch: null,
    metadataHash: 0,
    assignmentEpoch: null,
    assignedAtMs: 0,
    members: new Map(),
    targets: new Map(),
    current: new Map(),
    regexes: new Map(),
    staticMembers: new Map(),
    owners: new Map(),
    namedTopics: new Map(),
    namedRegexes: new Map(),
    classicMembers: 0,
    classicProtocols: new Map(),
  }
}

/** The log knows nothing of the group. */
export function isBlank({ epoch, assignmentEpoch, members, targets, current, regexes }: ConsumerState): boolean {
  const entries = members.size + targets.size + current.size + regexes.size
  return epoch === null && assignmentEpoch === null && entries === 0
}

export const epochOf = ({ epoch }: ConsumerState): number => epoch ?? firstEpoch
export const assignmentEpochOf = ({ assignmentEpoch }: ConsumerState): number => assignmentEpoch ?? firstEpoch

/** Of a member that has just come. */
export const newcomer: CurrentAssignment = {
  memberEpoch: 0,
  previousMemberEpoch: 0,
  state: stable,
  assigned: nothingOwned,
  pendingRevocation: nothingOwned,
}

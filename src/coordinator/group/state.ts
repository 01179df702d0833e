/**
 * The state of one shard: groups of every kind, and committed offsets.
 *
 *   durable   metadata, offsets, pendingOffsets   what the records of __consumer_offsets say; changed by apply.ts alone
 *   volatile  groups                              the groups at work; changed by the commands alone
 *
 * A group exists while it is in `groups`. It can be there without metadata: a simple group has nothing but offsets, and
 * a group whose first members are only just coming in writes nothing before its first generation is complete. A group
 * that is not there is what Kafka calls Dead. In states Stable and Empty a group is exactly what its metadata says.
 */

import type { ProducerId } from '../../base/ids.js'
import type { Int64 } from '../../base/int64.js'
import type { Decoded } from '../../protocol/schema.js'
import type { GroupMetadataValue } from '../../protocol/state/group.js'
import type { ClassicGroup } from './classic/group.js'
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

export interface OffsetPlace {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

export interface OffsetRecord extends OffsetPlace {
  readonly type: 'offset'
  readonly value: CommittedOffset | null
}

export type GroupRecord =
  | { readonly type: 'group'; readonly groupId: string; readonly value: GroupMetadata | null }
  | OffsetRecord

/** Offsets of one group: topic → partition → offset. No empty maps inside. */
export type GroupOffsets = Map<string, Map<number, CommittedOffset>>

/** Offsets of one partition that were committed in transactions which have not ended: the latest of each producer. */
export interface PendingPartition extends OffsetPlace {
  /** null: something later in the log has taken its place, and a commit will not bring it back. */
  readonly offsets: Map<ProducerId, { readonly value: CommittedOffset; readonly order: number } | null>
}

/** Two ways to the same partitions. No empty maps or sets inside. */
export interface PendingOffsets {
  readonly byProducer: Map<ProducerId, Set<PendingPartition>>
  readonly byGroup: Map<string, Map<string, Map<number, PendingPartition>>>
  count: number
  /** Orders rise along the log. */
  lastOrder: number
}

/** Kinds differ in all but the face in kind.ts. */
export type Group = ClassicGroup

export interface GroupShard {
  readonly config: () => GroupConfig
  readonly metadata: Map<string, GroupMetadata>
  readonly offsets: Map<string, GroupOffsets>
  readonly pendingOffsets: PendingOffsets
  readonly groups: Map<string, Group>
}

export const offsetsKey = 'offsets'

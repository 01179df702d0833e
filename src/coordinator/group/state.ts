/**
 * The state of one shard: groups of every kind, and committed offsets.
 *
 *   durable   metadata, consumer, streams, offsets, pendingOffsets   what the records of __consumer_offsets say; changed by
 *                                                                    `apply` of their rows alone (records.ts)
 *   volatile  groups                                                 the groups at work; changed by the commands alone
 *             rebalances                                             why they rebalanced; read by nobody here
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
import type { ConsumerGroup } from './consumer/group.js'
import type { ConsumerRecord, ConsumerState } from './consumer/state.js'
import type { Rebalances } from './rebalance-cause.js'
import type { StreamsGroup } from './streams/group.js'
import type { StreamsRecord, StreamsState } from './streams/state.js'

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

export interface ClassicRecord {
  readonly type: 'group'
  readonly groupId: string
  readonly value: GroupMetadata | null
}

export type GroupRecord = OffsetRecord | ClassicRecord | ConsumerRecord | StreamsRecord

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
export type Group = ClassicGroup | ConsumerGroup | StreamsGroup
export type GroupOf<Kind extends Group['kind']> = Extract<Group, { kind: Kind }>

export interface GroupShard {
  readonly config: () => GroupConfig
  /** Of classic groups. */
  readonly metadata: Map<string, GroupMetadata>
  /** Of consumer groups. */
  readonly consumer: Map<string, ConsumerState>
  /** Of streams groups. */
  readonly streams: Map<string, StreamsState>
  readonly offsets: Map<string, GroupOffsets>
  readonly pendingOffsets: PendingOffsets
  readonly groups: Map<string, Group>
  readonly rebalances: Rebalances
}

export const offsetsKey = 'offsets'

/** Groups of which the log says something, of whatever kind. */
export function writtenGroups({ metadata, consumer, streams, offsets, pendingOffsets }: GroupShard): number {
  return metadata.size + consumer.size + streams.size + offsets.size + pendingOffsets.byGroup.size
}

export function isWritten({ metadata, consumer, streams, offsets, pendingOffsets }: GroupShard, groupId: string): boolean {
  return [metadata, consumer, streams, offsets, pendingOffsets.byGroup].some(groups => groups.has(groupId))
}

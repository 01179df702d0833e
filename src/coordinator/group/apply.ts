/**
 * What a record means: the only code that changes durable state, live and on replay alike. Records with different keys
 * do not touch each other, so a compacted log says the same as the whole one.
 */
import type { Marker, Producer } from '../../protocol/records/marker.js'
import type { CommittedOffset, GroupRecord, GroupShard, OffsetRecord } from './state.js'

export function apply(shard: GroupShard, record: GroupRecord, producer: Producer | null): void {
  switch (record.type) {
    case 'group':
      if (record.value === null) shard.metadata.delete(record.groupId)
      else shard.metadata.set(record.groupId, record.value)
      return
    case 'offset':
      if (producer !== null) addPending(shard, record, producer)
      else {
        if (shard.pendingOffsets.size > 0) dropPending(shard, record)
        applyOffset(shard, record)
      }
  }
}

/** [KIP-98] Offsets of a transaction are the group's when it is committed, and never were when it is aborted. */
export function applyMarker(shard: GroupShard, { producer: { producerId }, isCommit }: Marker): void {
  const pending = shard.pendingOffsets.get(producerId)
  shard.pendingOffsets.delete(producerId)
  if (isCommit && pending !== undefined) for (const record of pending.values()) applyOffset(shard, record)
}

function applyOffset(shard: GroupShard, record: OffsetRecord): void {
  if (record.value === null) forgetOffset(shard, record)
  else rememberOffset(shard, record, record.value)
}

function addPending({ pendingOffsets }: GroupShard, record: OffsetRecord, { producerId }: Producer): void {
  const pending = pendingOffsets.get(producerId)
  if (pending === undefined) pendingOffsets.set(producerId, new Map([[pendingKey(record), record]]))
  else pending.set(pendingKey(record), record)
}

/** What comes later in the log wins, whenever the transaction before it ends. */
function dropPending({ pendingOffsets }: GroupShard, record: OffsetRecord): void {
  const key = pendingKey(record)
  for (const [producerId, pending] of pendingOffsets) {
    pending.delete(key)
    if (pending.size === 0) pendingOffsets.delete(producerId)
  }
}

const pendingKey = ({ groupId, topic, partition }: OffsetRecord): string => `${groupId.length} ${groupId} ${partition} ${topic}`

function rememberOffset(shard: GroupShard, record: OffsetRecord, value: CommittedOffset): void {
  const topics = shard.offsets.get(record.groupId) ?? new Map<string, Map<number, CommittedOffset>>()
  shard.offsets.set(record.groupId, topics)
  const partitions = topics.get(record.topic) ?? new Map<number, CommittedOffset>()
  topics.set(record.topic, partitions)
  partitions.set(record.partition, value)
}

function forgetOffset(shard: GroupShard, { groupId, topic, partition }: OffsetRecord): void {
  const topics = shard.offsets.get(groupId)
  const partitions = topics?.get(topic)
  if (topics === undefined || partitions === undefined) return
  partitions.delete(partition)
  if (partitions.size === 0) topics.delete(topic)
  if (topics.size === 0) shard.offsets.delete(groupId)
}

/**
 * What a record means: the only code that changes durable state, live and on replay alike. Records with different keys
 * do not touch each other, so a compacted log says the same as the whole one.
 */
import type { Marker, Producer } from '../../protocol/records/marker.js'
import { addPending, endPending, forgetPending, outdatePending } from './offsets/pending.js'
import type { CommittedOffset, GroupRecord, GroupShard, OffsetPlace, OffsetRecord } from './state.js'

export function apply(shard: GroupShard, record: GroupRecord, producer: Producer | null): void {
  switch (record.type) {
    case 'group':
      if (record.value === null) shard.metadata.delete(record.groupId)
      else shard.metadata.set(record.groupId, record.value)
      return
    case 'offset':
      applyOffset(shard, record, producer)
  }
}

function applyOffset(shard: GroupShard, record: OffsetRecord, producer: Producer | null): void {
  const { value } = record
  if (value === null) {
    forgetPending(shard.pendingOffsets, record)
    forgetOffset(shard, record)
  } else if (producer !== null) addPending(shard.pendingOffsets, record, value, producer.producerId)
  else {
    outdatePending(shard.pendingOffsets, record)
    rememberOffset(shard, record, value)
  }
}

/** [KIP-98] Offsets of a transaction are the group's when it is committed, and never were when it is aborted. */
export function applyMarker(shard: GroupShard, { producer, isCommit }: Marker): void {
  for (const { place, value } of endPending(shard.pendingOffsets, producer.producerId, isCommit))
    rememberOffset(shard, place, value)
}

function rememberOffset(shard: GroupShard, record: OffsetPlace, value: CommittedOffset): void {
  const topics = shard.offsets.get(record.groupId) ?? new Map<string, Map<number, CommittedOffset>>()
  shard.offsets.set(record.groupId, topics)
  const partitions = topics.get(record.topic) ?? new Map<number, CommittedOffset>()
  topics.set(record.topic, partitions)
  partitions.set(record.partition, value)
}

function forgetOffset(shard: GroupShard, { groupId, topic, partition }: OffsetPlace): void {
  const topics = shard.offsets.get(groupId)
  const partitions = topics?.get(topic)
  if (topics === undefined || partitions === undefined) return
  partitions.delete(partition)
  if (partitions.size === 0) topics.delete(topic)
  if (topics.size === 0) shard.offsets.delete(groupId)
}

/**
 * What a record means: the only code that changes durable state, live and on replay alike. Records with different keys
 * do not touch each other, so a compacted log says the same as the whole one.
 */
import type { CommittedOffset, GroupRecord, GroupShard } from './state.js'

export function apply(shard: GroupShard, record: GroupRecord): void {
  switch (record.type) {
    case 'group':
      if (record.value === null) shard.metadata.delete(record.groupId)
      else shard.metadata.set(record.groupId, record.value)
      return
    case 'offset':
      if (record.value === null) forgetOffset(shard, record)
      else rememberOffset(shard, record, record.value)
  }
}

type OffsetRecord = Extract<GroupRecord, { type: 'offset' }>

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

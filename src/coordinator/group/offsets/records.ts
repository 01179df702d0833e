/** The record of a committed offset. Written is the version that Kafka and the tools around it have long agreed on. */
import type { Bytes } from '../../../base/bytes.js'
import { zeroUuid } from '../../../base/ids.js'
import { decode } from '../../../protocol/codec.js'
import type { Marker, Producer } from '../../../protocol/records/marker.js'
import { inRange } from '../../../protocol/schema.js'
import { OffsetCommitKey, OffsetCommitValue } from '../../../protocol/state/offsets.js'
import { type RecordRow, versioned } from '../record-row.js'
import type { CommittedOffset, GroupShard, OffsetPlace, OffsetRecord } from '../state.js'
import { addPending, endPending, forgetPending, outdatePending } from './pending.js'

const keyType = 1
const valueVersion = 3
/** The one version with an expiry. */
const expiringValueVersion = 1

export const offsetRow: RecordRow<OffsetRecord> = {
  keyTypes: OffsetCommitKey.versions,
  encode: ({ groupId, topic, partition, value }) => ({
    key: versioned(OffsetCommitKey, keyType, { group: groupId, topic, partition }),
    value: value === null ? null : encodeOffset(value),
  }),
  decode(type, key, version, value) {
    const { group: groupId, topic, partition } = decode(OffsetCommitKey, type, key)
    if (value === null) return { type: 'offset', groupId, topic, partition, value: null }
    if (!inRange(OffsetCommitValue.versions, version)) return null
    const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp } = decode(OffsetCommitValue, version, value)
    const committed = { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp, expireTimestampMs: expireTimestamp }
    return { type: 'offset', groupId, topic, partition, value: committed }
  },
  apply: applyOffset,
}

function encodeOffset(committed: CommittedOffset): Bytes {
  const version = committed.expireTimestampMs === -1 ? valueVersion : expiringValueVersion
  return versioned(OffsetCommitValue, version, {
    offset: committed.offset,
    leaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
    commitTimestamp: committed.commitTimestampMs,
    expireTimestamp: committed.expireTimestampMs,
    topicId: zeroUuid,
  })
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

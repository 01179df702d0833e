/**
 * Records of __consumer_offsets that hold a group's committed positions. A key starts with an int16 that is its type, a
 * value with an int16 that is its version; both stand outside these schemas and are the `version` to decode with. A value
 * of null (a tombstone) forgets the position. Which version is written is the coordinator's decision, not made here.
 */
import { int32, int64, int64Exact, message, string, uuid } from '../schema.js'

// Key types 0 and 1 have the same bytes; Kafka reads both and writes 1.
export const OffsetCommitKey = message({
  name: 'OffsetCommitKey',
  versions: '0-1',
  flexible: 'none',
  fields: {
    group: string('0+'),
    topic: string('0+'),
    partition: int32('0+'),
  },
})

// v1: expiry of its own, for requests that carried a retention time. v3: leader epoch (KIP-320). v4: flexible (KIP-915),
// topic id (KIP-848). Tools that read this topic by themselves know v0, v1 and v3 only.
export const OffsetCommitValue = message({
  name: 'OffsetCommitValue',
  versions: '0-4',
  flexible: '4+',
  fields: {
    offset: int64Exact('0+'),
    leaderEpoch: int32('3+', { default: -1 }),
    metadata: string('0+'),
    commitTimestamp: int64('0+'),
    expireTimestamp: int64('1', { default: -1 }),
    topicId: uuid('4+', { tag: 0, tagged: '4+' }),
  },
})

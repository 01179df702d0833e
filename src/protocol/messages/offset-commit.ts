import { zeroUuid } from '../../base/ids.js'
import { api, array, int16, int32, int64, int64Exact, string, uuid } from '../schema.js'

// OffsetCommit v0-10: stores a group's positions. v1: membership, a timestamp per partition. v2: a retention time instead
// of the timestamp. v5: no retention time (KIP-211). v6: leader epoch (KIP-320). v7: static members (KIP-345).
// v8: flexible. v9: the consumer protocol's member epoch in place of the generation (KIP-848). v10: topics by id.
export const OffsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: '0-10',
  flexible: '8+',
  request: {
    groupId: string('0+'),
    generationIdOrMemberEpoch: int32('1+', { default: -1 }),
    memberId: string('1+', { default: '' }),
    groupInstanceId: string('7+', { nullable: '7+', default: null }),
    retentionTimeMs: int64('2-4', { default: -1 }),
    topics: array('0+', {
      name: string('0-9', { default: '' }),
      topicId: uuid('10+', { default: zeroUuid }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64Exact('0+'),
        committedLeaderEpoch: int32('6+', { default: -1 }),
        commitTimestamp: int64('1', { default: -1 }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32('3+', { default: 0 }),
    topics: array('0+', {
      name: string('0-9', { default: '' }),
      topicId: uuid('10+', { default: zeroUuid }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
  failure: (request, errorCode) => ({
    topics: request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }),
})

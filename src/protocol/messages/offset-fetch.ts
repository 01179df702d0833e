import { zeroUuid } from '../../base/ids.js'
import { api, array, arrayOf, bool, int16, int32, int64Exact, string, uuid } from '../schema.js'

// OffsetFetch v0-10: a group's committed positions. v0 meant offsets kept in ZooKeeper; its bytes are v1's. v2: null asks
// for all topics, error for the whole group. v5: leader epoch (KIP-320). v6: flexible. v7: only stable offsets (KIP-447).
// v8: several groups at once (KIP-709). v9: the consumer protocol's member (KIP-848). v10: topics by id.
export const OffsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: '0-10',
  flexible: '6+',
  request: {
    groupId: string('0-7', { default: '' }),
    topics: array(
      '0-7',
      {
        name: string('0-7'),
        partitionIndexes: arrayOf('0-7', 'int32'),
      },
      { nullable: '2-7', default: [] },
    ),
    groups: array(
      '8+',
      {
        groupId: string('8+'),
        memberId: string('9+', { nullable: '9+', default: null }),
        memberEpoch: int32('9+', { default: -1 }),
        topics: array(
          '8+',
          {
            name: string('8-9', { default: '' }),
            topicId: uuid('10+', { default: zeroUuid }),
            partitionIndexes: arrayOf('8+', 'int32'),
          },
          { nullable: '8+' },
        ),
      },
      { default: [] },
    ),
    requireStable: bool('7+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('3+', { default: 0 }),
    topics: array(
      '0-7',
      {
        name: string('0-7'),
        partitions: array('0-7', {
          partitionIndex: int32('0-7'),
          committedOffset: int64Exact('0-7'),
          committedLeaderEpoch: int32('5-7', { default: -1 }),
          metadata: string('0-7', { nullable: '0-7' }),
          errorCode: int16('0-7'),
        }),
      },
      { default: [] },
    ),
    errorCode: int16('2-7', { default: 0 }),
    groups: array(
      '8+',
      {
        groupId: string('8+'),
        topics: array('8+', {
          name: string('8-9', { default: '' }),
          topicId: uuid('10+', { default: zeroUuid }),
          partitions: array('8+', {
            partitionIndex: int32('8+'),
            committedOffset: int64Exact('8+'),
            committedLeaderEpoch: int32('8+', { default: -1 }),
            metadata: string('8+', { nullable: '8+' }),
            errorCode: int16('8+'),
          }),
        }),
        errorCode: int16('8+', { default: 0 }),
      },
      { default: [] },
    ),
  },
  // Each shape has its own place for it: per partition, then once at the top, then per group.
  failure: (request, errorCode, version) => {
    if (version >= 8) return { groups: request.groups.map(({ groupId }) => ({ groupId, topics: [], errorCode })) }
    if (version >= 2) return { errorCode }
    return {
      topics: (request.topics ?? []).map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map(partitionIndex => ({ partitionIndex, committedOffset: -1, metadata: '', errorCode })),
      })),
    }
  },
})

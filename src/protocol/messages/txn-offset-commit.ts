import { zeroUuid } from '../../base/ids.js'
import { api, array, int16, int32, int64, int64Exact, string, uuid } from '../schema.js'

// TxnOffsetCommit v0-6: stores a group's positions as part of a transaction (KIP-98). v2: leader epoch (KIP-320). v3:
// flexible, membership (KIP-447). v4: may answer TRANSACTION_ABORTABLE (KIP-890). v5: adds the offsets to the transaction,
// too (KIP-890). v6: topics by id (KIP-1319).
export const TxnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: '0-6',
  flexible: '3+',
  request: {
    transactionalId: string('0+'),
    groupId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    generationIdOrMemberEpoch: int32('3+', { default: -1 }),
    memberId: string('3+', { default: '' }),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    topics: array('0+', {
      name: string('0-5', { default: '' }),
      topicId: uuid('6+', { default: zeroUuid }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64Exact('0+'),
        committedLeaderEpoch: int32('2+', { default: -1 }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    topics: array('0+', {
      name: string('0-5', { default: '' }),
      topicId: uuid('6+', { default: zeroUuid }),
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

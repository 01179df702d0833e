import { zeroUuid } from '../../base/ids.js'
import { api, array, arrayOf, bool, int16, int32, string, struct, uuid } from '../schema.js'

// DescribeTopicPartitions v0: topics in pages, with eligible leader replicas (KIP-966). Flexible from the start. Topics
// come sorted by name; the cursor names the first partition of the next page.
export const DescribeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: '0',
  flexible: '0+',
  request: {
    topics: array('0+', { name: string('0+') }),
    responsePartitionLimit: int32('0+', { default: 2000 }),
    cursor: struct(
      '0+',
      {
        topicName: string('0+'),
        partitionIndex: int32('0+'),
      },
      { nullable: '0+', default: null },
    ),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    topics: array('0+', {
      errorCode: int16('0+'),
      name: string('0+', { nullable: '0+' }),
      topicId: uuid('0+'),
      isInternal: bool('0+', { default: false }),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+', { default: -1 }),
        replicaNodes: arrayOf('0+', 'int32'),
        isrNodes: arrayOf('0+', 'int32'),
        eligibleLeaderReplicas: arrayOf('0+', 'int32', { nullable: '0+', default: null }),
        lastKnownElr: arrayOf('0+', 'int32', { nullable: '0+', default: null }),
        offlineReplicas: arrayOf('0+', 'int32'),
      }),
      topicAuthorizedOperations: int32('0+', { default: -0x8000_0000 }),
    }),
    nextCursor: struct(
      '0+',
      {
        topicName: string('0+'),
        partitionIndex: int32('0+'),
      },
      { nullable: '0+', default: null },
    ),
  },
  failure: (request, errorCode) => ({
    topics: request.topics.map(({ name }) => ({ errorCode, name, topicId: zeroUuid, partitions: [] })),
  }),
})

import { api, array, arrayOf, int16, int32, string, struct, uuid } from '../schema.js'

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: arrayOf('0+', 'int32'),
} as const

// ConsumerGroupHeartbeat v0-1: a member of a consumer group joins, lives, tells what it has, is told what it is to have, and
// leaves (KIP-848). v1: regular expressions; the client makes up the member id (KIP-1082).
export const ConsumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupId: string('0+'),
    memberId: string('0+'),
    // 0 joins, -1 leaves, -2 is an instance that will be back.
    memberEpoch: int32('0+'),
    // From here on null, or -1, is what was said before.
    instanceId: string('0+', { nullable: '0+', default: null }),
    rackId: string('0+', { nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    subscribedTopicNames: arrayOf('0+', 'string', { nullable: '0+', default: null }),
    subscribedTopicRegex: string('1+', { nullable: '1+', default: null }),
    serverAssignor: string('0+', { nullable: '0+', default: null }),
    topicPartitions: array('0+', topicPartitions, { nullable: '0+', default: null }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+', default: null }),
    memberEpoch: int32('0+', { default: 0 }),
    heartbeatIntervalMs: int32('0+', { default: 0 }),
    // null: it has not changed.
    assignment: struct('0+', { topicPartitions: array('0+', topicPartitions) }, { nullable: '0+', default: null }),
  },
  failure: (_request, errorCode) => ({ errorCode }),
})

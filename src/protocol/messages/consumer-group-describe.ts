import { api, array, arrayOf, bool, int8, int16, int32, string, struct, uuid } from '../schema.js'

const assignment = {
  topicPartitions: array('0+', {
    topicId: uuid('0+'),
    topicName: string('0+'),
    partitions: arrayOf('0+', 'int32'),
  }),
} as const

// ConsumerGroupDescribe v0-1: epochs, members and assignments of consumer groups (KIP-848). v1: which protocol a member speaks
// (KIP-1099).
export const ConsumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupIds: arrayOf('0+', 'string'),
    includeAuthorizedOperations: bool('0+'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    groups: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
      groupId: string('0+'),
      groupState: string('0+', { default: '' }),
      groupEpoch: int32('0+', { default: 0 }),
      assignmentEpoch: int32('0+', { default: 0 }),
      assignorName: string('0+', { default: '' }),
      members: array(
        '0+',
        {
          memberId: string('0+'),
          instanceId: string('0+', { nullable: '0+', default: null }),
          rackId: string('0+', { nullable: '0+', default: null }),
          memberEpoch: int32('0+'),
          clientId: string('0+'),
          clientHost: string('0+'),
          subscribedTopicNames: arrayOf('0+', 'string'),
          subscribedTopicRegex: string('0+', { nullable: '0+', default: null }),
          assignment: struct('0+', assignment),
          targetAssignment: struct('0+', assignment),
          // 0: classic, 1: consumer.
          memberType: int8('1+', { default: -1 }),
        },
        { default: [] },
      ),
      authorizedOperations: int32('0+', { default: -0x8000_0000 }),
    }),
  },
  failure: (request, errorCode) => ({ groups: request.groupIds.map(groupId => ({ errorCode, groupId })) }),
})

/**
 * Records of __consumer_offsets that hold a consumer group (KIP-848). As with offsets, an int16 in front of the key is its type
 * and one in front of the value its version, and a value of null forgets what the key names.
 */
import { array, arrayOf, bytes, int8, int32, int64, message, string, struct, uuid } from '../schema.js'

export const ConsumerGroupMetadataKey = message({
  name: 'ConsumerGroupMetadataKey',
  versions: '3',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
  },
})

// Tag 0: topics that members subscribe to, as they were when the epoch began (KIP-1101).
export const ConsumerGroupMetadataValue = message({
  name: 'ConsumerGroupMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
    metadataHash: int64('0+', { tag: 0, tagged: '0+' }),
  },
})

// What the hash above has taken the place of; only tombstones are written.
export const ConsumerGroupPartitionMetadataKey = message({
  name: 'ConsumerGroupPartitionMetadataKey',
  versions: '4',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
  },
})

export const ConsumerGroupPartitionMetadataValue = message({
  name: 'ConsumerGroupPartitionMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
      numPartitions: int32('0+'),
      partitionMetadata: array('0+', {
        partition: int32('0+'),
        racks: arrayOf('0+', 'string'),
      }),
    }),
  },
})

export const ConsumerGroupMemberMetadataKey = message({
  name: 'ConsumerGroupMemberMetadataKey',
  versions: '5',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})

// Tag 0: of a member that speaks the classic protocol.
export const ConsumerGroupMemberMetadataValue = message({
  name: 'ConsumerGroupMemberMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: arrayOf('0+', 'string'),
    subscribedTopicRegex: string('0+', { nullable: '0+' }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    serverAssignor: string('0+', { nullable: '0+' }),
    classicMemberMetadata: struct(
      '0+',
      {
        sessionTimeoutMs: int32('0+'),
        supportedProtocols: array('0+', {
          name: string('0+'),
          metadata: bytes('0+'),
        }),
      },
      { nullable: '0+', default: null, tag: 0, tagged: '0+' },
    ),
  },
})

export const ConsumerGroupTargetAssignmentMetadataKey = message({
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  versions: '6',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
  },
})

// Tag 0: KIP-1263.
export const ConsumerGroupTargetAssignmentMetadataValue = message({
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { tag: 0, tagged: '0+' }),
  },
})

export const ConsumerGroupTargetAssignmentMemberKey = message({
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  versions: '7',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})

export const ConsumerGroupTargetAssignmentMemberValue = message({
  name: 'ConsumerGroupTargetAssignmentMemberValue',
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: arrayOf('0+', 'int32'),
    }),
  },
})

export const ConsumerGroupCurrentMemberAssignmentKey = message({
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  versions: '8',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})

// Tag 0: in which epoch each partition was assigned, as many as there are partitions (KIP-1251).
const ownedPartitions = {
  topicId: uuid('0+'),
  partitions: arrayOf('0+', 'int32'),
  assignmentEpochs: arrayOf('0+', 'int32', { nullable: '0+', default: null, tag: 0, tagged: '0+' }),
} as const

export const ConsumerGroupCurrentMemberAssignmentValue = message({
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    assignedPartitions: array('0+', ownedPartitions),
    partitionsPendingRevocation: array('0+', ownedPartitions),
  },
})

export const ConsumerGroupRegularExpressionKey = message({
  name: 'ConsumerGroupRegularExpressionKey',
  versions: '16',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
    regularExpression: string('0+'),
  },
})

export const ConsumerGroupRegularExpressionValue = message({
  name: 'ConsumerGroupRegularExpressionValue',
  versions: '0',
  flexible: '0+',
  fields: {
    topics: arrayOf('0+', 'string'),
    version: int64('0+'),
    timestamp: int64('0+'),
  },
})

/**
 * Records of __consumer_offsets that hold a streams group (KIP-1071). As with offsets, an int16 in front of the key is its type
 * and one in front of the value its version, and a value of null forgets what the key names.
 */
import { endpoint, keyValue, subtopology, taskIds } from '../messages/streams-fields.js'
import { array, arrayOf, int8, int32, int64, int64Exact, message, string, struct } from '../schema.js'

export const StreamsGroupMetadataKey = message({
  name: 'StreamsGroupMetadataKey',
  versions: '17',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
  },
})

// The epoch of the topology whose topics are all there. Tags 2 and 3: of a broker that stores descriptions (KIP-1331).
export const StreamsGroupMetadataValue = message({
  name: 'StreamsGroupMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
    metadataHash: int64Exact('0+'),
    validatedTopologyEpoch: int32('0+', { default: -1, tag: 0, tagged: '0+' }),
    lastAssignmentConfigs: array('0+', keyValue, { nullable: '0+', default: null, tag: 1, tagged: '0+' }),
    storedDescriptionTopologyEpoch: int32('0+', { default: -1, tag: 2, tagged: '0+' }),
    failedDescriptionTopologyEpoch: int32('0+', { default: -1, tag: 3, tagged: '0+' }),
  },
})

export const StreamsGroupMemberMetadataKey = message({
  name: 'StreamsGroupMemberMetadataKey',
  versions: '19',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})

export const StreamsGroupMemberMetadataValue = message({
  name: 'StreamsGroupMemberMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    topologyEpoch: int32('0+'),
    processId: string('0+'),
    userEndpoint: struct('0+', endpoint, { nullable: '0+', default: null }),
    clientTags: array('0+', keyValue),
  },
})

export const StreamsGroupTargetAssignmentMetadataKey = message({
  name: 'StreamsGroupTargetAssignmentMetadataKey',
  versions: '20',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
  },
})

// Tag 0: KIP-1263.
export const StreamsGroupTargetAssignmentMetadataValue = message({
  name: 'StreamsGroupTargetAssignmentMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { default: 0, tag: 0, tagged: '0+' }),
  },
})

export const StreamsGroupTargetAssignmentMemberKey = message({
  name: 'StreamsGroupTargetAssignmentMemberKey',
  versions: '21',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})

export const StreamsGroupTargetAssignmentMemberValue = message({
  name: 'StreamsGroupTargetAssignmentMemberValue',
  versions: '0',
  flexible: '0+',
  fields: {
    activeTasks: array('0+', taskIds),
    standbyTasks: array('0+', taskIds),
    warmupTasks: array('0+', taskIds),
  },
})

export const StreamsGroupCurrentMemberAssignmentKey = message({
  name: 'StreamsGroupCurrentMemberAssignmentKey',
  versions: '22',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})

// Tag 0: in which epoch each active task was assigned, as many as there are partitions (KIP-1251).
const heldTasks = {
  ...taskIds,
  assignmentEpochs: arrayOf('0+', 'int32', { nullable: '0+', default: null, tag: 0, tagged: '0+' }),
} as const

export const StreamsGroupCurrentMemberAssignmentValue = message({
  name: 'StreamsGroupCurrentMemberAssignmentValue',
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    activeTasks: array('0+', heldTasks),
    standbyTasks: array('0+', heldTasks),
    warmupTasks: array('0+', heldTasks),
    activeTasksPendingRevocation: array('0+', heldTasks),
    standbyTasksPendingRevocation: array('0+', heldTasks),
    warmupTasksPendingRevocation: array('0+', heldTasks),
  },
})

export const StreamsGroupTopologyKey = message({
  name: 'StreamsGroupTopologyKey',
  versions: '23',
  flexible: 'none',
  fields: {
    groupId: string('0+'),
  },
})

export const StreamsGroupTopologyValue = message({
  name: 'StreamsGroupTopologyValue',
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
    subtopologies: array('0+', subtopology),
  },
})

import { api, array, arrayOf, bool, int8, int16, int32, string, struct } from '../schema.js'
import { endpoint, keyValue, taskIds, taskOffset, topicInfo, topologyDescription } from './streams-fields.js'

const assignment = {
  activeTasks: array('0+', taskIds),
  standbyTasks: array('0+', taskIds),
  warmupTasks: array('0+', taskIds),
} as const

// StreamsGroupDescribe v0-1: state, topology and members of streams groups (KIP-1071). v1: the description of the topology
// (KIP-1331), the assignor (KIP-1357).
export const StreamsGroupDescribe = api({
  key: 89,
  name: 'StreamsGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupIds: arrayOf('0+', 'string'),
    includeAuthorizedOperations: bool('0+'),
    includeTopologyDescription: bool('1+', { default: false }),
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
      topology: struct(
        '0+',
        {
          epoch: int32('0+'),
          subtopologies: array(
            '0+',
            {
              subtopologyId: string('0+'),
              sourceTopics: arrayOf('0+', 'string'),
              repartitionSinkTopics: arrayOf('0+', 'string'),
              stateChangelogTopics: array('0+', topicInfo),
              repartitionSourceTopics: array('0+', topicInfo),
            },
            { nullable: '0+', default: null },
          ),
        },
        { nullable: '0+', default: null },
      ),
      members: array(
        '0+',
        {
          memberId: string('0+'),
          memberEpoch: int32('0+'),
          instanceId: string('0+', { nullable: '0+', default: null }),
          rackId: string('0+', { nullable: '0+', default: null }),
          clientId: string('0+'),
          clientHost: string('0+'),
          topologyEpoch: int32('0+'),
          processId: string('0+'),
          userEndpoint: struct('0+', endpoint, { nullable: '0+', default: null }),
          clientTags: array('0+', keyValue),
          taskOffsets: array('0+', taskOffset),
          taskEndOffsets: array('0+', taskOffset),
          assignment: struct('0+', assignment),
          targetAssignment: struct('0+', assignment),
          isClassic: bool('0+', { default: false }),
        },
        { default: [] },
      ),
      authorizedOperations: int32('0+', { default: -0x8000_0000 }),
      topologyDescription: struct('1+', topologyDescription('1+'), { nullable: '1+', default: null }),
      // 0: not asked for. 1: not stored.
      topologyDescriptionStatus: int8('1+', { default: 0 }),
      assignorName: string('1+', { nullable: '1+', default: null }),
    }),
  },
  failure: (request, errorCode) => ({ groups: request.groupIds.map(groupId => ({ groupId, errorCode })) }),
})

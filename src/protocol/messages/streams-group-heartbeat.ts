import { api, array, arrayOf, bool, int8, int16, int32, int64Exact, string, struct } from '../schema.js'
import { endpoint, keyValue, subtopology, taskIds, taskOffset } from './streams-fields.js'

// StreamsGroupHeartbeat v0-1: joins, leaves and keeps alive a member of a streams group, and tells it its tasks (KIP-1071).
// v1: asks for the description of the topology, and for missing tags of the client (KIP-1331); the lag as an int64.
export const StreamsGroupHeartbeat = api({
  key: 88,
  name: 'StreamsGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupId: string('0+'),
    memberId: string('0+'),
    // 0 to join, -1 to leave, -2 of a static member that will be back.
    memberEpoch: int32('0+'),
    endpointInformationEpoch: int32('0+'),
    // From here on null, or -1, is what has not changed since the last heartbeat.
    instanceId: string('0+', { nullable: '0+', default: null }),
    rackId: string('0+', { nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    topology: struct('0+', { epoch: int32('0+'), subtopologies: array('0+', subtopology) }, { nullable: '0+', default: null }),
    activeTasks: array('0+', taskIds, { nullable: '0+', default: null }),
    standbyTasks: array('0+', taskIds, { nullable: '0+', default: null }),
    warmupTasks: array('0+', taskIds, { nullable: '0+', default: null }),
    processId: string('0+', { nullable: '0+', default: null }),
    userEndpoint: struct('0+', endpoint, { nullable: '0+', default: null }),
    clientTags: array('0+', keyValue, { nullable: '0+', default: null }),
    taskOffsets: array('0+', taskOffset, { nullable: '0+', default: null }),
    taskEndOffsets: array('0+', taskOffset, { nullable: '0+', default: null }),
    shutdownApplication: bool('0+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { default: '' }),
    memberEpoch: int32('0+', { default: 0 }),
    heartbeatIntervalMs: int32('0+', { default: 0 }),
    acceptableRecoveryLagLegacy: int32('0', { default: 0 }),
    taskOffsetIntervalMs: int32('0+', { default: 0 }),
    acceptableRecoveryLag: int64Exact('1+', { default: -1 }),
    status: array('0+', { statusCode: int8('0+'), statusDetail: string('0+') }, { nullable: '0+', default: [] }),
    activeTasks: array('0+', taskIds, { nullable: '0+', default: null }),
    standbyTasks: array('0+', taskIds, { nullable: '0+', default: null }),
    warmupTasks: array('0+', taskIds, { nullable: '0+', default: null }),
    topologyDescriptionRequired: bool('1+', { default: false }),
    endpointInformationEpoch: int32('0+', { default: 0 }),
    // One entry for each member that has an endpoint.
    partitionsByUserEndpoint: array(
      '0+',
      {
        userEndpoint: struct('0+', endpoint),
        activePartitions: array('0+', { topic: string('0+'), partitions: arrayOf('0+', 'int32') }),
        standbyPartitions: array('0+', { topic: string('0+'), partitions: arrayOf('0+', 'int32') }),
      },
      { nullable: '0+', default: null },
    ),
  },
  failure: (_request, errorCode) => ({ errorCode }),
})

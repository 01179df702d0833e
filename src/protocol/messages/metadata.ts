import { zeroUuid } from '../../base/ids.js'
import { api, array, arrayOf, bool, int16, int32, string, uuid } from '../schema.js'

// Metadata v0-13: which brokers there are and who leads which partition. v0: an empty list asks for all topics; from v1
// null does, and empty asks for none. v1: rack, controller, internal topics. v2: cluster id (KIP-78). v4: whether to
// create topics (KIP-204). v5: offline replicas (KIP-112). v7: leader epoch (KIP-320). v8: authorised operations
// (KIP-430). v9: flexible. v10: topic ids (KIP-516). v11: the cluster's operations moved to DescribeCluster (KIP-700).
// v12: topics may be asked for by id. v13: an error for the whole answer (KIP-1102).
export const Metadata = api({
  key: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: '9+',
  request: {
    topics: array(
      '0+',
      {
        topicId: uuid('10+', { default: zeroUuid }),
        name: string('0+', { nullable: '10+' }),
      },
      { nullable: '1+' },
    ),
    allowAutoTopicCreation: bool('4+', { default: true }),
    includeClusterAuthorizedOperations: bool('8-10', { default: false }),
    includeTopicAuthorizedOperations: bool('8+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('3+', { default: 0 }),
    brokers: array('0+', {
      nodeId: int32('0+'),
      host: string('0+'),
      port: int32('0+'),
      rack: string('1+', { nullable: '1+', default: null }),
    }),
    clusterId: string('2+', { nullable: '2+', default: null }),
    controllerId: int32('1+', { default: -1 }),
    topics: array('0+', {
      errorCode: int16('0+'),
      name: string('0+', { nullable: '12+' }),
      topicId: uuid('10+'),
      isInternal: bool('1+', { default: false }),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('7+', { default: -1 }),
        replicaNodes: arrayOf('0+', 'int32'),
        isrNodes: arrayOf('0+', 'int32'),
        offlineReplicas: arrayOf('5+', 'int32'),
      }),
      // All bits unset and the sign set: "not asked for".
      topicAuthorizedOperations: int32('8+', { default: -0x8000_0000 }),
    }),
    clusterAuthorizedOperations: int32('8-10', { default: -0x8000_0000 }),
    errorCode: int16('13+', { default: 0 }),
  },
  // Said per topic: the error at the top is v13's, and Kafka keeps it for failures that its handler foresees.
  failure: (request, errorCode) => ({
    brokers: [],
    topics: (request.topics ?? []).map(({ name, topicId }) => ({ errorCode, name: name ?? '', topicId, partitions: [] })),
  }),
})

import { api, array, arrayOf, int16, int32, string } from '../schema.js'

// ListPartitionReassignments v0: which partitions are on their way to other brokers (KIP-455). Flexible from the start.
export const ListPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: '0',
  flexible: '0+',
  request: {
    timeoutMs: int32('0+', { default: 60_000 }),
    topics: array('0+', { name: string('0+'), partitionIndexes: arrayOf('0+', 'int32') }, { nullable: '0+', default: null }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        replicas: arrayOf('0+', 'int32'),
        addingReplicas: arrayOf('0+', 'int32'),
        removingReplicas: arrayOf('0+', 'int32'),
      }),
    }),
  },
  failure: ({ topics }, errorCode) => ({
    errorCode,
    errorMessage: null,
    topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map(partitionIndex => ({
        partitionIndex,
        replicas: [],
        addingReplicas: [],
        removingReplicas: [],
      })),
    })),
  }),
})

import { api, array, arrayOf, int8, int16, int32, string } from '../schema.js'

// ElectLeaders v0-2: asks for another leader of partitions (KIP-183). v1: the kind of election (KIP-460), and an error for the
// whole request. v2: flexible.
export const ElectLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: '0-2',
  flexible: '2+',
  request: {
    electionType: int8('1+'),
    // Null is every partition.
    topicPartitions: array('0+', { topic: string('0+'), partitions: arrayOf('0+', 'int32') }, { nullable: '0+' }),
    timeoutMs: int32('0+', { default: 60_000 }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('1+'),
    replicaElectionResults: array('0+', {
      topic: string('0+'),
      partitionResult: array('0+', {
        partitionId: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    }),
  },
  failure: ({ topicPartitions }, errorCode) => ({
    errorCode,
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map(partitionId => ({ partitionId, errorCode, errorMessage: null })),
    })),
  }),
})

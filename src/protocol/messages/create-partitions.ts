import { api, array, arrayOf, bool, int16, int32, string } from '../schema.js'

// CreatePartitions v0-3: raises topics to a total number of partitions (KIP-195). v2: flexible. v3: may answer
// THROTTLING_QUOTA_EXCEEDED (KIP-599).
export const CreatePartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: '2+',
  request: {
    topics: array('0+', {
      name: string('0+'),
      count: int32('0+'),
      // Null leaves the placing of the new partitions to the cluster.
      assignments: array('0+', { brokerIds: arrayOf('0+', 'int32') }, { nullable: '0+' }),
    }),
    timeoutMs: int32('0+'),
    validateOnly: bool('0+'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      name: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
    }),
  },
  failure: (request, errorCode) => ({ results: request.topics.map(({ name }) => ({ name, errorCode })) }),
})

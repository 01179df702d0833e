import { api, array, arrayOf, int8, int16, int32, int64, int64Exact, string } from '../schema.js'

// ListOffsets v0-11: the offset for a timestamp, or for a sentinel: -1 the end, -2 the start, and in later versions more.
// v0: up to maxNumOffsets segment starts per partition, newest first. v1: one offset with its timestamp (KIP-79).
// v2: isolation level (KIP-98). v4: leader epochs (KIP-320). v5: may answer OFFSET_NOT_AVAILABLE. v6: flexible.
// v7: -3, the largest timestamp (KIP-734). v8: -4, the local start (KIP-405). v9: -5, the last tiered offset (KIP-1005).
// v10: timeout for asynchronous remote lookups (KIP-1075). v11: -6, the earliest offset waiting for upload (KIP-1023).
export const ListOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: '0-11',
  flexible: '6+',
  request: {
    replicaId: int32('0+'),
    isolationLevel: int8('2+', { default: 0 }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        currentLeaderEpoch: int32('4+', { default: -1 }),
        timestamp: int64Exact('0+'),
        maxNumOffsets: int32('0', { default: 1 }),
      }),
    }),
    timeoutMs: int32('10+', { default: 0 }),
  },
  response: {
    throttleTimeMs: int32('2+', { default: 0 }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        oldStyleOffsets: arrayOf('0', 'int64', { default: [] }),
        timestamp: int64Exact('1+', { default: -1 }),
        offset: int64('1+', { default: -1 }),
        leaderEpoch: int32('4+', { default: -1 }),
      }),
    }),
  },
  failure: (request, errorCode) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }),
})

import { api, array, int16, int32, int64, string, uint16, uuid } from '../schema.js'

const replicas = () =>
  array('0+', {
    replicaId: int32('0+'),
    replicaDirectoryId: uuid('2+'),
    logEndOffset: int64('0+'),
    lastFetchTimestamp: int64('1+', { default: -1 }),
    lastCaughtUpTimestamp: int64('1+', { default: -1 }),
  })

// DescribeQuorum v0-2: who leads and who follows the log of the cluster's metadata (KIP-595). v1: times (KIP-836). v2: messages,
// directories, and where the controllers listen (KIP-853). Flexible from the start.
export const DescribeQuorum = api({
  key: 55,
  name: 'DescribeQuorum',
  versions: '0-2',
  flexible: '0+',
  request: {
    topics: array('0+', { topicName: string('0+'), partitions: array('0+', { partitionIndex: int32('0+') }) }),
  },
  response: {
    errorCode: int16('0+'),
    errorMessage: string('2+', { nullable: '2+' }),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('2+', { nullable: '2+' }),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
        highWatermark: int64('0+'),
        currentVoters: replicas(),
        observers: replicas(),
      }),
    }),
    nodes: array('2+', {
      nodeId: int32('2+'),
      listeners: array('2+', { name: string('2+'), host: string('2+'), port: uint16('2+') }),
    }),
  },
  failure: (_request, errorCode) => ({ errorCode, errorMessage: null, topics: [], nodes: [] }),
})

import { api, array, bool, int8, int16, int32, string } from '../schema.js'

// DescribeCluster v0-2: the brokers and the controller, for admin clients (KIP-700). v1: endpoint type, 1 brokers or
// 2 controllers (KIP-919). v2: fenced brokers, on demand (KIP-1073). Flexible from the start.
export const DescribeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  request: {
    includeClusterAuthorizedOperations: bool('0+'),
    endpointType: int8('1+', { default: 1 }),
    includeFencedBrokers: bool('2+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    endpointType: int8('1+', { default: 1 }),
    clusterId: string('0+'),
    controllerId: int32('0+', { default: -1 }),
    brokers: array('0+', {
      brokerId: int32('0+'),
      host: string('0+'),
      port: int32('0+'),
      rack: string('0+', { nullable: '0+', default: null }),
      isFenced: bool('2+', { default: false }),
    }),
    clusterAuthorizedOperations: int32('0+', { default: -0x8000_0000 }),
  },
  failure: (_request, errorCode) => ({ errorCode, clusterId: '', brokers: [] }),
})

import { api, array, bool, int16, int32, string, uint16, uuid } from '../schema.js'

// AddRaftVoter v0-1: a controller is to take part in decisions (KIP-853). v1: whether to wait until that is decided (KIP-1186).
// Flexible from the start.
export const AddRaftVoter = api({
  key: 80,
  name: 'AddRaftVoter',
  versions: '0-1',
  flexible: '0+',
  request: {
    clusterId: string('0+', { nullable: '0+' }),
    timeoutMs: int32('0+'),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array('0+', { name: string('0+'), host: string('0+'), port: uint16('0+') }),
    ackWhenCommitted: bool('1+', { default: true }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
  failure: (_request, errorCode) => ({ errorCode, errorMessage: null }),
})

import { api, int16, int32, string, uuid } from '../schema.js'

// RemoveRaftVoter v0: a controller takes no part in decisions any more (KIP-853). Flexible from the start.
export const RemoveRaftVoter = api({
  key: 81,
  name: 'RemoveRaftVoter',
  versions: '0',
  flexible: '0+',
  request: {
    clusterId: string('0+', { nullable: '0+' }),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
  failure: (_request, errorCode) => ({ errorCode, errorMessage: null }),
})

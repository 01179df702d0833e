import { emptyBytes } from '../../base/bytes.js'
import { api, array, bytes, int16, int32, string } from '../schema.js'

// SyncGroup v0-5: the leader hands in the assignments, every member is answered with its own. v3: static members
// (KIP-345). v4: flexible. v5: protocol type and name, which must be the group's (KIP-559).
export const SyncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  request: {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    protocolType: string('5+', { nullable: '5+', default: null }),
    protocolName: string('5+', { nullable: '5+', default: null }),
    assignments: array('0+', {
      memberId: string('0+'),
      assignment: bytes('0+'),
    }),
  },
  response: {
    throttleTimeMs: int32('1+', { default: 0 }),
    errorCode: int16('0+'),
    protocolType: string('5+', { nullable: '5+', default: null }),
    protocolName: string('5+', { nullable: '5+', default: null }),
    assignment: bytes('0+'),
  },
  failure: (_request, errorCode) => ({ errorCode, assignment: emptyBytes }),
})

import { api, array, bool, bytes, int16, int32, string } from '../schema.js'

// JoinGroup v0-9: enters a classic group, and is answered when the group's next generation is known. v1: rebalance
// timeout (KIP-62). v4: a member without an id is given one and asked to join again (KIP-394). v5: static members
// (KIP-345). v6: flexible. v7: protocol type in the answer (KIP-559). v8: reason (KIP-800). v9: the leader may be told
// to skip assigning (KIP-814).
export const JoinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  request: {
    groupId: string('0+'),
    sessionTimeoutMs: int32('0+'),
    // -1 only says that the version does not carry it; the session timeout stands in.
    rebalanceTimeoutMs: int32('1+', { default: -1 }),
    memberId: string('0+'),
    groupInstanceId: string('5+', { nullable: '5+', default: null }),
    protocolType: string('0+'),
    protocols: array('0+', {
      name: string('0+'),
      metadata: bytes('0+'),
    }),
    reason: string('8+', { nullable: '8+', default: null }),
  },
  response: {
    throttleTimeMs: int32('2+', { default: 0 }),
    errorCode: int16('0+'),
    generationId: int32('0+', { default: -1 }),
    protocolType: string('7+', { nullable: '7+', default: null }),
    protocolName: string('0+', { nullable: '7+' }),
    leader: string('0+'),
    skipAssignment: bool('9+', { default: false }),
    memberId: string('0+'),
    members: array('0+', {
      memberId: string('0+'),
      groupInstanceId: string('5+', { nullable: '5+', default: null }),
      metadata: bytes('0+'),
    }),
  },
  // No protocol: null from v7 on, and "" below, which is what null becomes there.
  failure: (_request, errorCode) => ({ errorCode, protocolName: null, leader: '', memberId: '', members: [] }),
})

import { api, int16, int32, string } from '../schema.js'

// Heartbeat v0-4: keeps a classic group member alive. v3: static members (KIP-345). v4: flexible.
export const Heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  request: {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
  },
  response: {
    throttleTimeMs: int32('1+', { default: 0 }),
    errorCode: int16('0+'),
  },
  failure: (_request, errorCode) => ({ errorCode }),
})

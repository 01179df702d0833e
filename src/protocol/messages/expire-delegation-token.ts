import { api, bytes, int16, int32, int64 } from '../schema.js'

// ExpireDelegationToken v1-2: a token lasts so much longer and no more; below zero it is over at once (KIP-48). v2: flexible.
export const ExpireDelegationToken = api({
  key: 40,
  name: 'ExpireDelegationToken',
  versions: '1-2',
  flexible: '2+',
  request: { hmac: bytes('0+'), expiryTimePeriodMs: int64('0+') },
  response: { errorCode: int16('0+'), expiryTimestampMs: int64('0+'), throttleTimeMs: int32('0+', { default: 0 }) },
  failure: (_request, errorCode) => ({ errorCode, expiryTimestampMs: -1 }),
})

import { api, bytes, int16, int32, int64 } from '../schema.js'

// RenewDelegationToken v1-2: a token lasts longer, up to its maximum (KIP-48). v2: flexible.
export const RenewDelegationToken = api({
  key: 39,
  name: 'RenewDelegationToken',
  versions: '1-2',
  flexible: '2+',
  request: { hmac: bytes('0+'), renewPeriodMs: int64('0+') },
  response: { errorCode: int16('0+'), expiryTimestampMs: int64('0+'), throttleTimeMs: int32('0+', { default: 0 }) },
  failure: (_request, errorCode) => ({ errorCode, expiryTimestampMs: -1 }),
})

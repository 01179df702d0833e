import { emptyBytes } from '../../base/bytes.js'
import { api, bytes, int16, int64, string } from '../schema.js'

// SaslAuthenticate v0-2: one token of an authentication, and the answer to it (KIP-152). v1: how long the session lasts before
// the client has to authenticate again (KIP-368). v2: flexible.
export const SaslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  versions: '0-2',
  flexible: '2+',
  request: { authBytes: bytes('0+') },
  response: {
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    authBytes: bytes('0+'),
    sessionLifetimeMs: int64('1+', { default: 0 }),
  },
  failure: (_request, errorCode) => ({ errorCode, errorMessage: null, authBytes: emptyBytes }),
})

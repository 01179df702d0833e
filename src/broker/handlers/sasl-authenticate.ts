import { emptyBytes } from '../../base/bytes.js'
import { Errors } from '../../protocol/errors.js'
import { SaslAuthenticate } from '../../protocol/messages/sasl-authenticate.js'
import { handler } from '../handler.js'

const notNow = {
  errorCode: Errors.ILLEGAL_SASL_STATE,
  errorMessage: 'SaslAuthenticate request received after successful authentication',
  authBytes: emptyBytes,
}

// SaslAuthenticate v0-2: one token of an authentication that SaslHandshake v1 began.
export const saslAuthenticate = handler(SaslAuthenticate, ({ authBytes }, { session: { authentication } }) =>
  authentication?.isUnderWay === true ? authentication.authenticate(authBytes) : notNow,
)

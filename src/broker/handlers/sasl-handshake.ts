import { Errors } from '../../protocol/errors.js'
import { SaslHandshake } from '../../protocol/messages/sasl-handshake.js'
import { handler } from '../handler.js'

// SaslHandshake v0-1: begins an authentication, also a further one (KIP-368). Where there is nothing to begin, it is refused and
// the connection stays.
export const saslHandshake = handler(SaslHandshake, ({ mechanism }, { session, version }) => {
  const { authentication } = session
  if (authentication === null) return { errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] }
  return authentication.handshake(mechanism, version)
})

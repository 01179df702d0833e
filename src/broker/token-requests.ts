/** What all requests about delegation tokens share (KIP-48): whether tokens are on, and who may ask for them. */
import type { BrokerConfig } from '../config/broker-config.js'
import type { TokenSettings } from '../security/delegation-tokens.js'
import { anonymous, principalText } from '../security/principal.js'
import type { Session } from './session.js'

/** Null without delegation.token.secret.key: there are no tokens. */
export function tokenSettings(config: BrokerConfig): TokenSettings | null {
  const secretKey = config.get('delegation.token.secret.key')
  if (secretKey === null || secretKey === '') return null
  return {
    secretKey,
    lifetimeMsMax: config.get('delegation.token.max.lifetime.ms'),
    expiryTimeMs: config.get('delegation.token.expiry.time.ms'),
  }
}

/** Who is known by more than an address, and not by a token itself. */
export function mayAskForTokens({ connection, isTokenAuthenticated, principal }: Session): boolean {
  const protocol = connection.listenerProtocol
  if (isTokenAuthenticated || protocol === 'PLAINTEXT') return false
  return protocol !== 'SSL' || principalText(principal) !== principalText(anonymous)
}

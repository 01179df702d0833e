/**
 * One SASL mechanism, and one authentication with it: tokens in, tokens out, until the client is known or refused. Knows nothing
 * of frames, sessions and connections. What the client is told are Kafka's own texts; what is logged never holds a secret.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Principal } from '../principal.js'

export interface Mechanism {
  readonly name: string
  begin(): SaslExchange
}

export interface SaslExchange {
  /** Not called again after `done` or `failed`, nor before the last call has answered. The token is over when it answers. */
  evaluate(token: Bytes): SaslStep | Promise<SaslStep>
}

export type SaslStep =
  | { readonly kind: 'continue'; readonly token: Bytes }
  | Authenticated
  | {
      readonly kind: 'failed'
      /** To the client. */
      readonly told: string
      /** For the log. */
      readonly reason: string
    }

export interface Authenticated {
  readonly kind: 'done'
  readonly token: Bytes
  readonly principal: Principal
  /** As Kafka calls it: when the token that was shown expires, in milliseconds since 1970. */
  readonly lifetimeMs: number | null
  /** By a delegation token, which may not be used to make others. */
  readonly isTokenAuthenticated?: true
}

/** Kafka's own exceptions reach the client with their text. */
export function failed(told: string, reason = told): SaslStep {
  return { kind: 'failed', told, reason }
}

/** What Kafka says of every other one. */
export function invalidCredentials(mechanism: string, reason: string): SaslStep {
  return failed(`Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism}`, reason)
}

/**
 * OAUTHBEARER (RFC 7628, KIP-255): one token with a bearer token in it. A refusal takes a round trip more: the server answers
 * with JSON that says what is wrong, the client with a single ^A, and only then has the authentication failed. Clients that are
 * told at once hang or hide the reason. Which tokens are good is a validator's business.
 */
import { type Bytes, emptyBytes, utf8Decode, utf8Encode } from '../../base/bytes.js'
import { user } from '../principal.js'
import { failed, invalidCredentials, type Mechanism, type SaslExchange, type SaslStep } from './mechanism.js'

const name = 'OAUTHBEARER'

export interface ValidToken {
  readonly kind: 'valid'
  readonly principalName: string
  /** Milliseconds since 1970. */
  readonly expiryMs: number
}

export interface InvalidToken {
  readonly kind: 'invalid'
  /** For the log. */
  readonly reason: string
  /** The scope that the token should have: `insufficient_scope`, and not `invalid_token`. */
  readonly missingScope?: string
}

export type TokenValidator = (token: string) => ValidToken | InvalidToken | Promise<ValidToken | InvalidToken>

export function oauthBearer(validate: TokenValidator): Mechanism {
  return { name, begin: () => new OAuthBearerExchange(validate) }
}

const saslName = '((?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+)'
const initialResponse = new RegExp(`^n,(?:a=${saslName})?,\\x01((?:[A-Za-z]+=[\\x21-\\x7e \\t\\r\\n]+\\x01)*)\\x01$`)
const authValue = /^(\w+) +([-_.a-zA-Z0-9]+)$/
const acknowledged = 1

class OAuthBearerExchange implements SaslExchange {
  readonly #validate: TokenValidator
  #refusal: { readonly told: string; readonly reason: string } | null = null

  constructor(validate: TokenValidator) {
    this.#validate = validate
  }

  async evaluate(token: Bytes): Promise<SaslStep> {
    if (this.#refusal !== null && token.byteLength === 1 && token[0] === acknowledged) {
      return failed(this.#refusal.told, this.#refusal.reason)
    }
    this.#refusal = null
    const match = initialResponse.exec(utf8Decode(token, 0, token.byteLength))
    if (match === null) return malformed('Invalid OAUTHBEARER client first message')
    const [, authorizationId = '', pairs = ''] = match
    // Other pairs are extensions, which Kafka's handlers all take, and nothing here reads.
    const auth = pairs.split('\x01').findLast(pair => pair.startsWith('auth='))
    if (auth === undefined) return malformed("Invalid OAUTHBEARER client first message: 'auth' not specified")
    const [, scheme, bearer] = authValue.exec(auth.slice('auth='.length)) ?? []
    if (scheme === undefined || bearer === undefined) {
      return malformed("Invalid OAUTHBEARER client first message: invalid 'auth' format")
    }
    if (scheme.toLowerCase() !== 'bearer') {
      return malformed('Invalid scheme in OAUTHBEARER client first message')
    }

    const validated = await this.#validate(bearer)
    if (validated.kind === 'invalid') {
      const { missingScope, reason } = validated
      const told = missingScope === undefined ? invalid : `{"status":"insufficient_scope", "scope":"${missingScope}"}`
      this.#refusal = { told, reason }
      return { kind: 'continue', token: utf8Encode(told) }
    }
    const { principalName, expiryMs } = validated
    if (authorizationId !== '' && authorizationId !== principalName) {
      return failed(
        `Authentication failed: Client requested an authorization id (${authorizationId}) that is different from the token's ` +
          `principal name (${principalName})`,
      )
    }
    return { kind: 'done', token: emptyBytes, principal: user(principalName), lifetimeMs: expiryMs }
  }
}

const invalid = '{"status":"invalid_token"}'

const malformed = (reason: string): SaslStep => invalidCredentials(name, reason)

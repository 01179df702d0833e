/** PLAIN (RFC 4616): one token with the password in it. Texts and the order of checks are those of Kafka's PlainSaslServer. */
import { type Bytes, emptyBytes, utf8Decode } from '../../base/bytes.js'
import { equalSecretTexts } from '../../base/crypto.js'
import { user } from '../principal.js'
import { failed, type Mechanism, type SaslStep } from './mechanism.js'

/** Null for an unknown user. */
export type PasswordOf = (name: string) => string | null

export function plain(passwordOf: PasswordOf): Mechanism {
  return { name: 'PLAIN', begin: () => ({ evaluate: token => evaluate(token, passwordOf) }) }
}

function evaluate(token: Bytes, passwordOf: PasswordOf): SaslStep {
  const parts = utf8Decode(token, 0, token.byteLength).split('\0')
  if (parts.length !== 3) {
    // Kafka stops at the fourth.
    return failed(`Invalid SASL/PLAIN response: expected 3 tokens, got ${Math.min(parts.length, 4)}`)
  }
  const [authorizationId, name, password] = parts as [string, string, string]
  if (name === '') return failed('Authentication failed: username not specified')
  if (password === '') return failed('Authentication failed: password not specified')
  const expected = passwordOf(name)
  // Compared for an unknown user, too: it must not be the faster answer.
  const isRight = equalSecretTexts(password, expected ?? `${password}.`)
  if (expected === null || !isRight) return failed('Authentication failed: Invalid username or password')
  if (authorizationId !== '' && authorizationId !== name) {
    return failed('Authentication failed: Client requested an authorization id that is different from username')
  }
  return { kind: 'done', token: emptyBytes, principal: user(name), lifetimeMs: null }
}

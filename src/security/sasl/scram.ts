/**
 * SCRAM-SHA-256 and -512 (RFC 5802, RFC 7677; KIP-84), and delegation tokens by them (KIP-48): with the extension
 * `tokenauth=true` the name is a token's id and the password its HMAC.
 *
 *   C: n,,n=user,r=cnonce
 *   S: r=cnonce+snonce,s=salt,i=4096
 *   C: c=biws,r=cnonce+snonce,p=proof
 *   S: v=signature
 *
 * An unknown user gets a salt, always the same, and fails at the last step, as a wrong password does. Kafka refuses the first
 * message, which tells who exists.
 */
import { type Bytes, fromBase64, toBase64, utf8Decode, utf8Encode } from '../../base/bytes.js'
import { equalSecrets, hash, hmac } from '../../base/crypto.js'
import { type Principal, user } from '../principal.js'
import { type ScramCredential, type ScramMechanism, scramIterationsMin } from '../scram-credentials.js'
import { failed, invalidCredentials, type Mechanism, type SaslExchange, type SaslStep } from './mechanism.js'

/** What a delegation token lets in, and as whom. */
export interface TokenLogin {
  readonly credential: ScramCredential
  readonly owner: Principal
  /** Milliseconds since 1970. */
  readonly expiryMs: number
}

export interface ScramSource {
  /** Null for an unknown user. */
  credentialOf(name: string, mechanism: ScramMechanism): ScramCredential | null
  /** Null for an unknown token; that it has expired is the session's business, as in Kafka. */
  tokenOf(tokenId: string, mechanism: ScramMechanism): Promise<TokenLogin | null>
  /** From which the salts of unknown users are made: random, as long-lived as the broker's data. */
  readonly secret: Bytes
  /** Printable, random, without a comma. */
  newNonce(): string
}

export function scram(mechanism: ScramMechanism, source: ScramSource): Mechanism {
  return { name: mechanism.name, begin: () => new ScramExchange(mechanism, source) }
}

const saslName = '((?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+)'
const value = '[\\x01-\\x2b\\x2d-\\x7f]+'
const extensions = `((?:,[A-Za-z]+=${value})*)`
const nonce = '([\\x21-\\x2b\\x2d-\\x7e]+)'
// Both as Kafka takes them: without channel binding, with extensions that nobody knows.
const clientFirst = new RegExp(`^n,(?:a=${saslName})?,((?:m=${value},)?n=${saslName},r=${nonce}${extensions})$`)
const clientFinal = new RegExp(`^(c=[a-zA-Z0-9/+=]+,r=${nonce}${extensions}),p=([a-zA-Z0-9/+=]+)$`)

/** As long as what Kafka's tools make for those who exist. */
const saltBytes = 26

interface Login {
  readonly credential: ScramCredential
  readonly owner: Principal
  readonly expiryMs: number | null
}

interface Challenge {
  readonly name: string
  readonly isToken: boolean
  readonly nonce: string
  /** The first two messages, which both sides sign with the third. */
  readonly signed: string
  readonly credential: ScramCredential
  /** Null: the proof of nobody is right. */
  readonly login: Login | null
}

class ScramExchange implements SaslExchange {
  readonly #mechanism: ScramMechanism
  readonly #source: ScramSource
  #challenge: Challenge | null = null

  constructor(mechanism: ScramMechanism, source: ScramSource) {
    this.#mechanism = mechanism
    this.#source = source
  }

  evaluate(token: Bytes): SaslStep | Promise<SaslStep> {
    const message = utf8Decode(token, 0, token.byteLength)
    return this.#challenge === null ? this.#challenged(message) : this.#proven(message, this.#challenge)
  }

  async #challenged(message: string): Promise<SaslStep> {
    const match = clientFirst.exec(message)
    if (match === null) return this.#refused('Invalid SCRAM client first message format')
    const [, authorizationId = '', signed = '', escaped = '', clientNonce = '', extended = ''] = match
    const name = escaped.replaceAll('=2C', ',').replaceAll('=3D', '=')
    const isToken = /,tokenauth=true(?:,|$)/i.test(extended)
    const login = isToken ? await this.#source.tokenOf(name, this.#mechanism) : this.#userOf(name)
    if (authorizationId !== '' && authorizationId !== name) {
      return failed('Authentication failed: Client requested an authorization id that is different from username')
    }
    if (login !== null && login.credential.iterations < scramIterationsMin) {
      return this.#refused(`${login.credential.iterations} iterations are fewer than ${scramIterationsMin}`)
    }
    const credential = login?.credential ?? this.#credentialOfNobody(name)
    const bothNonces = clientNonce + this.#source.newNonce()
    const challenge = `r=${bothNonces},s=${toBase64(credential.salt)},i=${credential.iterations}`
    this.#challenge = { name, isToken, nonce: bothNonces, signed: `${signed},${challenge}`, credential, login }
    return { kind: 'continue', token: utf8Encode(challenge) }
  }

  #proven(message: string, { name, isToken, nonce, signed, credential, login }: Challenge): SaslStep {
    const match = clientFinal.exec(message)
    if (match === null) return this.#refused('Invalid SCRAM client final message format')
    const [, withoutProof = '', finalNonce = '', , proofText = ''] = match
    if (finalNonce !== nonce) return this.#refused('Invalid client nonce in the final client message.')
    const algorithm = this.#mechanism.hash
    const authMessage = utf8Encode(`${signed},${withoutProof}`)
    const clientSignature = hmac(algorithm, credential.storedKey, authMessage)
    const clientKey = exclusiveOr(clientSignature, fromBase64(proofText))
    const isRight = equalSecrets(hash(algorithm, clientKey), credential.storedKey)
    const who = `${isToken ? 'token' : 'user'} ${name}`
    if (login === null) return this.#refused(`unknown ${who}`)
    if (!isRight) return this.#refused(`wrong password of ${who}`)
    return {
      kind: 'done',
      token: utf8Encode(`v=${toBase64(hmac(algorithm, credential.serverKey, authMessage))}`),
      principal: login.owner,
      lifetimeMs: login.expiryMs,
      ...(isToken ? { isTokenAuthenticated: true } : {}),
    }
  }

  #refused(reason: string): SaslStep {
    return invalidCredentials(this.#mechanism.name, reason)
  }

  #userOf(name: string): Login | null {
    const credential = this.#source.credentialOf(name, this.#mechanism)
    return credential === null ? null : { credential, owner: user(name), expiryMs: null }
  }

  #credentialOfNobody(name: string): ScramCredential {
    const of = (what: string) =>
      hmac(this.#mechanism.hash, this.#source.secret, utf8Encode(`${what} ${this.#mechanism.name} ${name}`))
    return {
      salt: of('salt').slice(0, saltBytes),
      storedKey: of('stored key'),
      serverKey: of('server key'),
      iterations: scramIterationsMin,
    }
  }
}

/** As long as the longer one: a proof of another length is the key of nobody. */
function exclusiveOr(a: Bytes, b: Bytes): Bytes {
  const both = new Uint8Array(Math.max(a.byteLength, b.byteLength))
  for (const [at, byte] of a.entries()) both[at] = byte
  for (const [at, byte] of b.entries()) both[at] = (both[at] as number) ^ byte
  return both
}

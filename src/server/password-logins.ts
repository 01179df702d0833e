/**
 * Logging in by name and password, for who has no SASL to speak: the users are SCRAM's, and PLAIN's of the listeners that have
 * it. An unknown user and a wrong password take the same work and get the same answer.
 */
import { type Bytes, utf8Encode } from '../base/bytes.js'
import { equalSecrets, equalSecretTexts, hmac } from '../base/crypto.js'
import type { Access } from '../cluster/access-image.js'
import { type Principal, user } from '../security/principal.js'
import type { PasswordOf } from '../security/sasl/plain.js'
import {
  credentialFromPassword,
  type ScramCredential,
  scramIterationsMin,
  scramMechanisms,
} from '../security/scram-credentials.js'

export interface Login {
  readonly principal: Principal
  /** The password that let the user in is still the user's. */
  isStillRight(): boolean
}

export class PasswordLogins {
  readonly #access: Access
  readonly #plain: readonly PasswordOf[]
  readonly #secret: Bytes

  /** @param secret of which salts of unknown users are made */
  constructor(access: Access, plain: readonly PasswordOf[], secret: Bytes) {
    this.#access = access
    this.#plain = plain
    this.#secret = secret
  }

  /** Null: there is no such user, or the password is another. */
  async login(name: string, password: string): Promise<Login | null> {
    if (name === '' || password === '') return null
    for (const passwordOf of this.#plain) {
      const expected = passwordOf(name)
      const isRight = equalSecretTexts(password, expected ?? `${password}.`)
      if (expected !== null && isRight) return { principal: user(name), isStillRight: () => passwordOf(name) === expected }
    }
    let login: Login | null = null
    for (const { hash, type } of scramMechanisms) {
      const known = this.#credentialOf(name, type)
      // As much work as for a user with Kafka's own number of iterations.
      const of = known ?? { salt: hmac('sha256', this.#secret, utf8Encode(name)), iterations: scramIterationsMin }
      const given = await credentialFromPassword(hash, password, of)
      if (known === null || !equalSecrets(given.storedKey, known.storedKey)) continue
      login ??= { principal: user(name), isStillRight: () => this.#credentialOf(name, type) === known }
    }
    return login
  }

  #credentialOf(name: string, type: number): ScramCredential | null {
    return this.#access.scramCredentials.get(name)?.get(type) ?? null
  }
}

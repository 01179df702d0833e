/** Who has logged in by a browser: by a token of which a hash is kept, in memory, until it is old or the password is another. */
import { toBase64Url, toHex, utf8Encode } from '../base/bytes.js'
import { hash } from '../base/crypto.js'
import type { World } from '../base/world.js'
import type { Login } from '../server/password-logins.js'

/** The oldest makes room. */
const sessionsMax = 1000
export const sessionMsMax = 12 * 60 * 60 * 1000
const tokenBytes = 32

interface Entry {
  readonly login: Login
  readonly expiresMs: number
}

export class SessionStore {
  readonly #world: World
  readonly #entries = new Map<string, Entry>()

  constructor(world: World) {
    this.#world = world
  }

  /** The token that the browser keeps. */
  add(login: Login): string {
    const token = toBase64Url(this.#world.randomBytes(tokenBytes))
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= sessionsMax && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(keyOf(token), { login, expiresMs: this.#world.host.monotonicMs() + sessionMsMax })
    return token
  }

  get(token: string): Login | null {
    const entry = this.#entries.get(keyOf(token))
    if (entry === undefined) return null
    if (entry.expiresMs > this.#world.host.monotonicMs() && entry.login.isStillRight()) return entry.login
    this.delete(token)
    return null
  }

  delete(token: string): void {
    this.#entries.delete(keyOf(token))
  }
}

const keyOf = (token: string): string => toHex(hash('sha256', utf8Encode(token)))

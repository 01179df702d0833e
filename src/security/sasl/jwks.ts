/**
 * Bearer tokens that an issuer has signed, checked with its public keys (a JWKS, KIP-768). Tokens are verified by the library
 * jose, which is loaded by the first one. The keys are read at the start, again after `refreshMs`, and in the background when a
 * token names a key that is not there (it fails now), as in Kafka. Nothing is read from a place that is not allowed.
 */
import type { Clock, Timer } from '../../base/world.js'
import type { InvalidToken, TokenValidator } from './oauthbearer.js'

/** The keys `sasl.oauthbearer.…` of a listener. */
export interface JwksSettings {
  readonly url: string
  readonly refreshMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMsMax: number
  readonly expectedIssuer: string | null
  /** Any of them will do. Without them a token that is meant for someone is refused. */
  readonly expectedAudience: readonly string[] | null
  readonly clockSkewSeconds: number
  readonly subClaimName: string
  readonly scopeClaimName: string
}

export interface JwksPorts {
  /** The text at a URL; bounded in size and time, without following redirects. */
  readonly read: (url: string) => Promise<string>
  readonly clock: Clock
  readonly nowMs: () => number
  readonly warn: (reason: string) => void
}

/** Null when `url` may be read; Kafka asks the same of its property `org.apache.kafka.sasl.oauthbearer.allowed.urls`. */
export function jwksUrlProblem(url: string, allowed: readonly string[]): string | null {
  if (!/^(https?|file):/.test(url)) return `${url} is no URL of http, https or file`
  if (allowed.includes(url)) return null
  return `${url} is not allowed: org.apache.kafka.sasl.oauthbearer.allowed.urls must name it`
}

interface KeySet {
  readonly keys: readonly { readonly kid?: string }[]
}

/** Unknown ids of keys that are asked about once, so that tokens cannot make the broker ask for more. */
const missedKeysMax = 16

export class JwksTokens {
  readonly #settings: JwksSettings
  readonly #ports: JwksPorts
  #keySet: KeySet | null = null
  #verifying: ReturnType<typeof verifier> | null = null
  #reading: Promise<void> | null = null
  #timer: Timer | null = null
  readonly #missed = new Set<string>()

  constructor(settings: JwksSettings, ports: JwksPorts) {
    this.#settings = settings
    this.#ports = ports
  }

  /** Rejects when there are no keys to begin with. */
  async start(): Promise<void> {
    this.#keySet = await this.#read()
    this.#readAgainIn(this.#settings.refreshMs)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  readonly validate: TokenValidator = async token => {
    const keySet = this.#keySet
    if (keySet === null) return invalid('no keys of the issuer')
    try {
      this.#verifying ??= verifier(keySet)
      const { jwtVerify, keys } = await this.#verifying
      const { expectedIssuer, expectedAudience, clockSkewSeconds, subClaimName } = this.#settings
      const { payload } = await jwtVerify(token, keys, {
        requiredClaims: ['exp', 'iat'],
        clockTolerance: clockSkewSeconds,
        currentDate: new Date(this.#ports.nowMs()),
        ...(expectedIssuer === null ? {} : { issuer: expectedIssuer }),
        ...(expectedAudience === null ? {} : { audience: [...expectedAudience] }),
      })
      if (expectedAudience === null && payload.aud !== undefined) return invalid('a token for an audience, and none is expected')
      const principalName = payload[subClaimName]
      if (typeof principalName !== 'string' || principalName.trim() === '') return invalid(`no claim ${subClaimName} with a text`)
      if (!isScope(payload[this.#settings.scopeClaimName])) return invalid('a scope of another form')
      return { kind: 'valid', principalName: principalName.trim(), expiryMs: Math.floor((payload.exp as number) * 1000) }
    } catch (error) {
      if (codeOf(error) === 'ERR_JWKS_NO_MATCHING_KEY') this.#missedKey(token)
      return invalid(error instanceof Error ? error.message : String(error))
    }
  }

  #missedKey(token: string): void {
    const header = token.slice(0, token.indexOf('.'))
    if (this.#missed.has(header) || this.#missed.size >= missedKeysMax) return
    this.#missed.add(header)
    void this.#readInBackground()
  }

  #readInBackground(): Promise<void> {
    this.#reading ??= this.#retried(this.#settings.retryBackoffMs).finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #retried(backoffMs: number): Promise<void> {
    try {
      this.#keySet = await this.#read()
      this.#verifying = null
      if (this.#timer !== null) this.#readAgainIn(this.#settings.refreshMs)
    } catch (error) {
      // The keys that are there stay good.
      this.#ports.warn(error instanceof Error ? error.message : String(error))
      const { refreshMs, retryBackoffMsMax } = this.#settings
      if (this.#timer === null) return
      const waitMs = Math.min(backoffMs, retryBackoffMsMax, refreshMs)
      this.#timer.cancel()
      this.#timer = this.#ports.clock.after(waitMs, () => void this.#retried(backoffMs * 2))
    }
  }

  #readAgainIn(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#ports.clock.after(delayMs, () => {
      this.#missed.clear()
      void this.#readInBackground()
    })
  }

  async #read(): Promise<KeySet> {
    const text = await this.#ports.read(this.#settings.url)
    try {
      const parsed = JSON.parse(text) as Partial<KeySet>
      if (Array.isArray(parsed.keys)) return parsed as KeySet
    } catch {}
    throw new Error(`what ${this.#settings.url} holds is no set of keys`)
  }
}

async function verifier(keySet: KeySet) {
  const { createLocalJWKSet, jwtVerify } = await import('jose')
  return { jwtVerify, keys: createLocalJWKSet(keySet as Parameters<typeof createLocalJWKSet>[0]) }
}

/** None, a text or a list of texts, of which none is empty, as Kafka asks. */
function isScope(claim: unknown): boolean {
  if (claim === undefined) return true
  const elements: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  return elements.every(one => typeof one === 'string' && one.trim() !== '')
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null)

const invalid = (reason: string): InvalidToken => ({ kind: 'invalid', reason })

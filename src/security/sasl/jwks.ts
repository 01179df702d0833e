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

/**
 * Keys are read no more often than this for tokens that name unknown ones, of which anybody can write as many as he likes.
 * What is missed in between is looked for afterwards: a new key of the issuer counts from then on.
 */
export const missedKeyPauseMs = 5_000

export class JwksTokens {
  readonly #settings: JwksSettings
  readonly #ports: JwksPorts
  #keySet: KeySet | null = null
  #verifying: ReturnType<typeof verifier> | null = null
  #isReading = false
  #timer: Timer | null = null
  #missedTimer: Timer | null = null
  #readAtMs = Number.NEGATIVE_INFINITY
  #backoffMs: number
  #isStopped = false

  constructor(settings: JwksSettings, ports: JwksPorts) {
    this.#settings = settings
    this.#ports = ports
    this.#backoffMs = settings.retryBackoffMs
  }

  /** Rejects when there are no keys to begin with. */
  async start(): Promise<void> {
    this.#keySet = await this.#read()
    this.#readAgainIn(this.#settings.refreshMs)
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#missedTimer?.cancel()
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
      // It cannot have expired before it was issued or valid. Both of required claims are numbers here.
      const { exp = 0, iat = 0, nbf = 0 } = payload
      if (iat > exp || nbf > exp) return invalid('a token that was over before it began')
      const principalName = payload[subClaimName]
      if (typeof principalName !== 'string' || principalName.trim() === '') return invalid(`no claim ${subClaimName} with a text`)
      if (!isScope(payload[this.#settings.scopeClaimName])) return invalid('a scope of another form')
      return { kind: 'valid', principalName: principalName.trim(), expiryMs: Math.floor(exp * 1000) }
    } catch (error) {
      if (codeOf(error) === 'ERR_JWKS_NO_MATCHING_KEY') this.#missedKey()
      return invalid(error instanceof Error ? error.message : String(error))
    }
  }

  #missedKey(): void {
    if (this.#missedTimer !== null || this.#isStopped) return
    const { clock } = this.#ports
    const waitMs = this.#readAtMs + missedKeyPauseMs - clock.monotonicMs()
    if (waitMs <= 0) this.#readInBackground()
    else {
      this.#missedTimer = clock.after(waitMs, () => {
        this.#missedTimer = null
        this.#readInBackground()
      })
    }
  }

  #readInBackground(): void {
    if (this.#isReading) return
    this.#isReading = true
    this.#readAtMs = this.#ports.clock.monotonicMs()
    void this.#readOrKept().finally(() => {
      this.#isReading = false
    })
  }

  async #readOrKept(): Promise<void> {
    const { refreshMs, retryBackoffMs, retryBackoffMsMax } = this.#settings
    try {
      this.#keySet = await this.#read()
      this.#verifying = null
      this.#backoffMs = retryBackoffMs
      this.#readAgainIn(refreshMs)
    } catch (error) {
      // The keys that are there stay good.
      this.#ports.warn(error instanceof Error ? error.message : String(error))
      this.#readAgainIn(Math.min(this.#backoffMs, retryBackoffMsMax, refreshMs))
      this.#backoffMs = Math.min(this.#backoffMs * 2, retryBackoffMsMax)
    }
  }

  #readAgainIn(delayMs: number): void {
    this.#timer?.cancel()
    if (!this.#isStopped) this.#timer = this.#ports.clock.after(delayMs, () => this.#readInBackground())
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

/** A text that is not empty, a list of such texts, each once, or something else, which is no scope: as Kafka asks. */
function isScope(claim: unknown): boolean {
  if (typeof claim !== 'string' && !Array.isArray(claim)) return true
  const elements: readonly unknown[] = typeof claim === 'string' ? [claim] : claim
  const texts = elements.map(one => (typeof one === 'string' ? one.trim() : ''))
  return texts.every(text => text !== '') && new Set(texts).size === texts.length
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null)

const invalid = (reason: string): InvalidToken => ({ kind: 'invalid', reason })

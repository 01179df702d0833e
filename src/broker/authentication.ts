/**
 * How far one connection has authenticated by SASL (KIP-43, KIP-152), and for how long it has (KIP-368).
 *
 *   greeting ── ApiVersions ──▶ handshake ── SaslHandshake v1 ──▶ tokens ──▶ done
 *      └─────── SaslHandshake ──────┘  └──── SaslHandshake v0 ──▶ raw tokens ──▶ done
 *
 * A session that ends begins again at the handshake; until it is done nothing else is served. What is not in turn before that
 * closes the connection, as in Kafka; so does a refusal, which is told after a delay. Texts are Kafka's.
 */
import { assert } from '../base/assert.js'
import { type Bytes, copyOf, emptyBytes } from '../base/bytes.js'
import { roundedInt64Max } from '../base/int64.js'
import type { Timer, World } from '../base/world.js'
import type { ConnectionControl } from '../net/connection.js'
import type { ConnectionInfo } from '../net/connection-info.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import { frameBytesMin } from '../protocol/frame.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { SaslAuthenticate } from '../protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '../protocol/messages/sasl-handshake.js'
import type { Api } from '../protocol/schema.js'
import { type Principal, principalText } from '../security/principal.js'
import type { Authenticated, Mechanism, SaslExchange } from '../security/sasl/mechanism.js'
import { CloseConnection } from './outcomes.js'

/** SASL as one listener speaks it. */
export interface SaslListener {
  /** By name, in the order in which clients are told. */
  readonly mechanisms: ReadonlyMap<string, SaslMechanism>
  /** `sasl.server.max.receive.size` */
  readonly tokenBytesMax: number
  /** `connection.failed.authentication.delay.ms` */
  readonly failureDelayMs: number
  /** From connecting to being known. */
  readonly handshakeMsMax: number
}

export interface SaslMechanism {
  readonly mechanism: Mechanism
  /** `connections.max.reauth.ms`; 0: a session lasts as long as its token. */
  readonly sessionMsMax: number
}

/** What becomes known of the session that authenticates. */
interface Client {
  readonly connection: ConnectionInfo
  readonly control: ConnectionControl
  principal: Principal
  isTokenAuthenticated: boolean
  onClosed(listener: () => void): () => void
}

type State = 'greeting' | 'handshake' | 'tokens' | 'raw tokens' | 'other mechanism' | 'done' | 'failed'

interface HandshakeAnswer {
  readonly errorCode: ErrorCode
  readonly mechanisms: readonly string[]
}

interface TokenAnswer {
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
  readonly authBytes: Bytes
  readonly sessionLifetimeMs?: number
}

interface Answered {
  readonly authBytes: Bytes
  /** Above zero in the last answer alone. */
  readonly sessionLifetimeMs: number
}

interface Refused {
  /** To the client. */
  readonly told: string
  /** For the log. */
  readonly reason: string
}

/** Who authenticates again within this time is refused. */
const againMsMin = 1000
/** Of a name or a reason in the log: a client chooses how long they are. */
const loggedLengthMax = 200

export class Authentication {
  readonly #session: Client
  readonly #listener: SaslListener
  readonly #world: World
  readonly #deadline: Timer
  #state: State = 'greeting'
  #exchange: SaslExchange | null = null
  #mechanism: SaslMechanism | null = null
  /** By the host's clock; null: the session lasts as long as the connection. */
  #expiresMs: number | null = null
  #hasBeenDone = false
  #begunAgainMs = Number.NEGATIVE_INFINITY

  constructor(session: Client, listener: SaslListener, world: World) {
    this.#session = session
    this.#listener = listener
    this.#world = world
    const { control, connection } = session
    control.boundFrames({ min: frameBytesMin, max: listener.tokenBytesMax })
    const leftMs = connection.connectedMs + listener.handshakeMsMax - world.host.monotonicMs()
    this.#deadline = world.host.after(Math.max(0, leftMs), () =>
      control.close(`not authenticated within ${listener.handshakeMsMax} ms`),
    )
    session.onClosed(() => this.#deadline.cancel())
  }

  /** The client is who it says; what belongs to logging in comes before, and again at the end of a session. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** SaslAuthenticate is in turn. */
  get isUnderWay(): boolean {
    return this.#state === 'tokens'
  }

  /** The next frame is a token, whatever it looks like. */
  get takesTokens(): boolean {
    return this.#state === 'raw tokens'
  }

  /** Whether a request is served now; false: it is told that it is out of turn. @throws CloseConnection */
  admits(api: Api): boolean {
    switch (this.#state) {
      case 'done':
        return this.#admitsKnown(api)
      case 'tokens':
        return api.key === SaslAuthenticate.key
      case 'greeting':
        if (api.key === ApiVersions.key || api.key === SaslHandshake.key) return true
        break
      case 'handshake':
        if (api.key === SaslHandshake.key) return true
        break
      case 'other mechanism':
        throw new CloseConnection('another mechanism at a re-authentication')
    }
    throw new CloseConnection(`${api.name} before authentication`)
  }

  #admitsKnown(api: Api): boolean {
    if (this.#expiresMs === null) return true
    const nowMs = this.#world.host.monotonicMs()
    if (api.key === SaslHandshake.key && nowMs - this.#begunAgainMs >= againMsMin) {
      this.#begunAgainMs = nowMs
      this.#state = 'handshake'
      return true
    }
    // An idle connection may stay, as in Kafka.
    if (nowMs > this.#expiresMs) throw new CloseConnection('the session has expired')
    return true
  }

  /** ApiVersions was answered, which it is once. */
  greeted(): void {
    if (this.#state === 'greeting') this.#state = 'handshake'
  }

  handshake(name: string, version: number): HandshakeAnswer | Promise<HandshakeAnswer> {
    if (this.#state === 'done') return { errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] }
    const mechanisms = [...this.#listener.mechanisms.keys()]
    const chosen = this.#listener.mechanisms.get(name)
    if (chosen === undefined) {
      // As in Kafka, who is known already is told nothing.
      if (this.#hasBeenDone) throw new CloseConnection(`no mechanism ${name.slice(0, loggedLengthMax)} at a re-authentication`)
      const answer = { errorCode: Errors.UNSUPPORTED_SASL_MECHANISM, mechanisms }
      return this.refused(`no mechanism ${name.slice(0, loggedLengthMax)}`).then(() => answer)
    }
    if (this.#mechanism !== null && this.#mechanism !== chosen) this.#state = 'other mechanism'
    else {
      this.#mechanism = chosen
      this.#exchange = chosen.mechanism.begin()
      this.#state = version === 0 ? 'raw tokens' : 'tokens'
      const min = version === 0 ? 0 : frameBytesMin
      this.#session.control.boundFrames({ min, max: this.#listener.tokenBytesMax })
    }
    return { errorCode: Errors.NONE, mechanisms }
  }

  async authenticate(token: Bytes): Promise<TokenAnswer> {
    const outcome = await this.#evaluated(token)
    if ('authBytes' in outcome) return { errorCode: Errors.NONE, errorMessage: '', ...outcome }
    await this.refused(outcome.reason)
    return { errorCode: Errors.SASL_AUTHENTICATION_FAILED, errorMessage: outcome.told, authBytes: emptyBytes }
  }

  /** A token without a header; there is no answer to one that is refused. */
  async takeToken(token: Bytes): Promise<Bytes> {
    const outcome = await this.#evaluated(token)
    if ('authBytes' in outcome) return outcome.authBytes
    await this.#delayed()
    throw new CloseConnection(outcome.reason)
  }

  async #evaluated(token: Bytes): Promise<Answered | Refused> {
    const exchange = this.#exchange
    assert(exchange !== null, 'a token follows a handshake')
    const step = await exchange.evaluate(copyOf(token))
    if (step.kind === 'continue') return { authBytes: step.token, sessionLifetimeMs: 0 }
    if (step.kind !== 'done') return this.#refusal(step.told, step.reason)
    const changed = this.#hasBeenDone ? changedPrincipal(this.#session.principal, step.principal) : null
    if (changed !== null) return this.#refusal(changed, changed)
    return { authBytes: step.token, sessionLifetimeMs: this.#done(step) }
  }

  #refusal(told: string, reason: string): Refused {
    const what = this.#hasBeenDone ? 're-authentication' : 'authentication'
    return {
      told: told.replace('failed during authentication', `failed during ${what}`),
      reason: `${what} with ${this.#mechanism?.mechanism.name} failed: ${reason.slice(0, loggedLengthMax)}`,
    }
  }

  /** How long the session lasts; 0: without an end. */
  #done({ principal, lifetimeMs, isTokenAuthenticated }: Authenticated): number {
    const session = this.#session
    if (!this.#hasBeenDone) session.principal = principal
    session.isTokenAuthenticated = isTokenAuthenticated === true
    this.#hasBeenDone = true
    this.#state = 'done'
    this.#exchange = null
    this.#deadline.cancel()
    session.control.boundFrames(null)
    const sessionMsMax = this.#mechanism?.sessionMsMax ?? 0
    // A token may say that it lasts longer than a long can tell.
    const byToken = lifetimeMs === null ? Number.POSITIVE_INFINITY : Math.min(lifetimeMs, roundedInt64Max) - this.#world.nowMs()
    const lastsMs = Math.max(0, Math.min(byToken, sessionMsMax > 0 ? sessionMsMax : Number.POSITIVE_INFINITY))
    if (lastsMs === Number.POSITIVE_INFINITY) {
      this.#expiresMs = null
      return 0
    }
    this.#expiresMs = this.#world.host.monotonicMs() + lastsMs
    return lastsMs
  }

  /** The connection ends once what is answered now has left; that is delayed, so that guessing takes time. */
  async refused(reason: string): Promise<void> {
    await this.#delayed()
    this.#session.control.close(reason)
  }

  async #delayed(): Promise<void> {
    this.#state = 'failed'
    const { failureDelayMs } = this.#listener
    if (failureDelayMs > 0) await new Promise<void>(resolve => this.#world.host.after(failureDelayMs, resolve))
  }
}

function changedPrincipal(before: Principal, now: Principal): string | null {
  if (principalText(before) === principalText(now)) return null
  return `Cannot change principals during re-authentication from ${before.type}.${before.name}: ${now.type}.${now.name}`
}

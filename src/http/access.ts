/**
 * Who asks, and what that may do: by the cookie of a session, by name and password, or as everyone where everyone may. Rights to
 * topics and groups are for the core to decide; here it is decided who it is, and whether anything may be changed at all.
 */
import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { anonymous, type Principal } from '../security/principal.js'
import type { Login } from '../server/password-logins.js'
import { failure } from './failures.js'
import { KafkaClient } from './kafka-client.js'
import { type HttpParts, needsLogin } from './parts.js'
import { SessionStore } from './session-store.js'

export interface Env {
  readonly Bindings: HttpBindings
  readonly Variables: {
    readonly principal: Principal
    /** Of this request; closed when it is answered. */
    readonly kafka: KafkaClient
    /** Another one, for who answers longer than a request takes: it is closed by who opened it. */
    readonly openKafka: () => KafkaClient
  }
}
export type App = OpenAPIHono<Env>

/** Requests at a time; further ones are told to come again. */
const requestsMax = 64
/** Passwords that are looked at at a time: each takes milliseconds by design. */
const loginsMax = 8
/** From a request to its answer; streams have a time of their own. */
const answerMsMax = 30_000

export class Access {
  readonly sessions: SessionStore
  readonly #parts: HttpParts
  #logins = 0
  #requests = 0

  constructor(parts: HttpParts) {
    this.#parts = parts
    this.sessions = new SessionStore(parts.world)
  }

  /** A cookie is for a host whatever its port: two brokers of one machine must not share it. */
  get cookieName(): string {
    return `gregor_${this.#parts.broker.services.clusterId.replace(/[^A-Za-z0-9]/g, '-')}`
  }

  get mayWrite(): boolean {
    return this.#parts.isLoopback || this.#parts.broker.config.get('gregor.http.allow.writes')
  }

  /** @throws HttpFailure when name or password is wrong, after the delay that Kafka's clients get */
  async login(name: string, password: string): Promise<Login> {
    const { hasTls, isLoopback, broker, world } = this.#parts
    if (!hasTls && !isLoopback) throw failure('LOGIN_REQUIRED', 'Nobody logs in here: a password would travel in the clear.')
    if (this.#logins >= loginsMax) throw failure('TOO_MANY_REQUESTS', 'Too many log in at this moment.')
    this.#logins++
    let login: Login | null
    try {
      login = await broker.logins.login(name, password)
    } finally {
      this.#logins--
    }
    if (login !== null) return login
    // Who was wrong waits in no place of those who may be right.
    const delayMs = broker.config.get('connection.failed.authentication.delay.ms')
    if (delayMs > 0) await new Promise<void>(resolve => world.host.after(delayMs, resolve))
    throw failure('LOGIN_REQUIRED', 'The name or the password is wrong.')
  }

  /** Stands before the routes of the API. */
  readonly guard: MiddlewareHandler<Env> = async (context, next) => {
    const isWrite = context.req.method !== 'GET' && context.req.method !== 'HEAD'
    const principal = await this.principalOf(context)
    if (principal === null) {
      // A browser would ask by a window of its own; the console has a page for it.
      if (context.req.header('sec-fetch-site') === undefined)
        context.header('WWW-Authenticate', 'Basic realm="gregor", charset="UTF-8"')
      throw failure('LOGIN_REQUIRED', 'Log in: by POST /api/v1/session, or by name and password with each request.')
    }
    if (isWrite && !this.mayWrite) {
      throw failure('READ_ONLY', 'This port changes nothing; gregor.http.allow.writes=true lets it.')
    }
    if (this.#requests >= requestsMax) throw failure('TOO_MANY_REQUESTS', 'Too many requests at this moment.')
    this.#requests++
    const openKafka = () => this.#open(principal, context)
    const kafka = openKafka()
    context.set('principal', principal)
    context.set('kafka', kafka)
    context.set('openKafka', openKafka)
    const deadline = this.#parts.world.host.after(answerMsMax, () => kafka.close())
    try {
      await next()
    } finally {
      deadline.cancel()
      kafka.close()
      this.#requests--
    }
  }

  /** Null: a login is needed and was not shown. @throws HttpFailure when one was shown that is wrong */
  async principalOf(context: Context<Env>): Promise<Principal | null> {
    const token = getCookie(context, this.cookieName)
    const login = token === undefined ? null : this.sessions.get(token)
    if (login !== null) return login.principal
    const basic = basicOf(context.req.header('authorization'))
    if (basic !== null) return (await this.login(basic.name, basic.password)).principal
    return needsLogin(this.#parts.broker) ? null : anonymous
  }

  #open(principal: Principal, context: Context<Env>): KafkaClient {
    const { remoteAddress = '', remotePort = 0 } = context.env.incoming.socket
    const { broker, world } = this.#parts
    return new KafkaClient({ serveAs: broker.serveAs, world, principal, remoteAddress, remotePort })
  }
}

function basicOf(header: string | undefined): { readonly name: string; readonly password: string } | null {
  const [, encoded] = /^basic\s+([A-Za-z0-9+/=_-]+)\s*$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? { name: text, password: '' } : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

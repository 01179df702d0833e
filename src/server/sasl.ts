/** SASL of the listeners that speak it: what of it cannot be had stops the start, before anything is opened. */
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Bytes, toBase64Url } from '../base/bytes.js'
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { SaslListener, SaslMechanism } from '../broker/authentication.js'
import { tokenSettings } from '../broker/token-requests.js'
import type { Access } from '../cluster/access-image.js'
import type { BrokerConfig, ListenerSettings } from '../config/broker-config.js'
import { ConfigError } from '../config/resolve.js'
import { type DelegationToken, tokenPassword } from '../security/delegation-tokens.js'
import { type JaasEntry, parseJaasConfig, plainUsers } from '../security/sasl/jaas.js'
import { JwksTokens, jwksUrlProblem } from '../security/sasl/jwks.js'
import type { Mechanism } from '../security/sasl/mechanism.js'
import { oauthBearer } from '../security/sasl/oauthbearer.js'
import { type PasswordOf, plain } from '../security/sasl/plain.js'
import { type ScramSource, scram, type TokenLogin } from '../security/sasl/scram.js'
import { unsecuredTokenOptions, unsecuredTokens } from '../security/sasl/unsecured-tokens.js'
import {
  credentialFromPassword,
  type ScramCredential,
  type ScramMechanism,
  scramIterationsMin,
  scramMechanisms,
} from '../security/scram-credentials.js'
import { PasswordLogins } from './password-logins.js'

export interface Sasl {
  /** By listener name; a listener without SASL has none. */
  readonly listeners: ReadonlyMap<string, SaslListener>
  /** For who has a name and a password and speaks no SASL. */
  readonly logins: PasswordLogins
  /** What is told apart from a real credential by nobody who does not know it: salts of unknown users come from it. */
  useSecret(secret: Bytes): void
  /** Keys of issuers are read again no more. */
  stop(): void
}

export interface SaslPorts {
  readonly world: World
  readonly log: Log
  readonly access: Access
}

/** @throws ConfigError that names every problem. */
export async function openSasl(config: BrokerConfig, ports: SaslPorts): Promise<Sasl> {
  const { world, access } = ports
  let secret: Bytes = world.randomBytes(secretBytes)
  const problems: string[] = []
  const issuers: JwksTokens[] = []
  const tokens = new TokenLogins(access, tokenSettings(config)?.secretKey ?? null, world)
  const source: ScramSource = {
    credentialOf: (name, { type }) => access.scramCredentials.get(name)?.get(type) ?? null,
    tokenOf: (tokenId, mechanism) => tokens.loginOf(tokenId, mechanism),
    get secret() {
      return secret
    },
    newNonce: () => toBase64Url(world.randomBytes(nonceBytes)),
  }
  const passwords: PasswordOf[] = []
  const parts: Parts = { config, ports, source, problems, issuers, passwords }
  const listeners = new Map<string, SaslListener>()
  for (const { name, protocol } of [...config.listeners, ...config.controllerListeners]) {
    if (protocol.startsWith('SASL_')) listeners.set(name, saslListener(name, parts))
  }
  const stop = (): void => {
    for (const issuer of issuers) issuer.stop()
  }
  const isReady = problems.length === 0
  const starts = isReady ? await Promise.allSettled(issuers.map(issuer => issuer.start())) : []
  for (const start of starts) {
    if (start.status === 'rejected') problems.push(`sasl.oauthbearer.jwks.endpoint.url: ${messageOf(start.reason)}`)
  }
  if (problems.length > 0) {
    stop()
    throw new ConfigError(problems)
  }
  return {
    listeners,
    logins: new PasswordLogins(access, passwords, world.randomBytes(secretBytes)),
    useSecret: kept => {
      secret = kept
    },
    stop,
  }
}

const secretBytes = 32
const nonceBytes = 20
const saltBytes = 26

/** Delegation tokens as SCRAM asks for them: a credential takes milliseconds to make, and is kept as long as its token. */
class TokenLogins {
  readonly #credentials = new WeakMap<DelegationToken, Map<string, Promise<ScramCredential>>>()

  constructor(
    readonly access: Access,
    readonly secretKey: string | null,
    readonly world: World,
  ) {}

  async loginOf(tokenId: string, { name, hash }: ScramMechanism): Promise<TokenLogin | null> {
    const token = this.access.delegationTokens.get(tokenId)
    if (token === undefined || this.secretKey === null) return null
    const kept = this.#credentials.get(token) ?? new Map<string, Promise<ScramCredential>>()
    this.#credentials.set(token, kept)
    let credential = kept.get(name)
    if (credential === undefined) {
      const of = { salt: this.world.randomBytes(saltBytes), iterations: scramIterationsMin }
      credential = credentialFromPassword(hash, tokenPassword(tokenId, this.secretKey), of)
      kept.set(name, credential)
    }
    return { credential: await credential, owner: token.owner, expiryMs: token.expiryMs }
  }
}

interface Parts {
  readonly config: BrokerConfig
  readonly ports: SaslPorts
  readonly source: ScramSource
  readonly problems: string[]
  readonly issuers: JwksTokens[]
  /** Of PLAIN, on listeners for clients. */
  readonly passwords: PasswordOf[]
}

const gssapi = 'GSSAPI'

function saslListener(name: string, parts: Parts): SaslListener {
  const { config, ports, problems } = parts
  const listener = config.forListener(name)
  const enabled = listener.get('sasl.enabled.mechanisms')
  const key = listener.nameOf('sasl.enabled.mechanisms')
  const known = enabled.filter(mechanism => mechanism !== gssapi)
  if (known.length === 0) {
    problems.push(
      `listener ${name}: ${key} names no mechanism but GSSAPI, Kafka’s default, which is not there; ` +
        'set it to PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER',
    )
  } else if (known.length < enabled.length) ports.log.warn({ listener: name }, `${key}: GSSAPI is not there, and is left out`)
  const mechanisms = new Map<string, SaslMechanism>()
  for (const mechanism of known) {
    const settings = listener.forMechanism(mechanism)
    const made = mechanismOf(name, mechanism, settings, parts)
    if (typeof made === 'string') problems.push(`listener ${name}: ${made}`)
    else mechanisms.set(mechanism, { mechanism: made, sessionMsMax: settings.get('connections.max.reauth.ms') })
  }
  return {
    mechanisms,
    tokenBytesMax: listener.get('sasl.server.max.receive.size'),
    failureDelayMs: config.get('connection.failed.authentication.delay.ms'),
    handshakeMsMax: config.get('gregor.handshake.timeout.ms'),
  }
}

/** The mechanism, or the sentence that says what is wrong. */
function mechanismOf(listenerName: string, name: string, settings: ListenerSettings, parts: Parts): Mechanism | string {
  const ofScram = scramMechanisms.find(mechanism => mechanism.name === name)
  const handlerClass = settings.get('sasl.server.callback.handler.class')
  const handlerKey = settings.nameOf('sasl.server.callback.handler.class')
  if (name !== 'OAUTHBEARER' && handlerClass !== null && settings.isOwn('sasl.server.callback.handler.class')) {
    return `${handlerKey}: Gregor does not load ${handlerClass}`
  }
  if (ofScram !== undefined) return scram(ofScram, parts.source)
  if (name === 'PLAIN') {
    const entry = jaasOf(settings, plainModule)
    if (typeof entry === 'string') return entry
    const users = plainUsers(entry)
    const passwordOf: PasswordOf = user => users.get(user) ?? null
    if (parts.config.listeners.some(({ name }) => name === listenerName)) parts.passwords.push(passwordOf)
    return plain(passwordOf)
  }
  if (name === 'OAUTHBEARER') {
    if (handlerClass === null) return unsecured(settings, parts)
    return signedTokenHandlers.includes(handlerClass)
      ? signed(settings, parts)
      : `${handlerKey}: Gregor does not load ${handlerClass}`
  }
  return `${settings.nameOf('sasl.enabled.mechanisms')}: there is no mechanism ${name}`
}

const plainModule = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const oauthModule = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule'
const signedTokenHandlers = [
  'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
  'org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerValidatorCallbackHandler',
]

function jaasOf(settings: ListenerSettings, loginModule: string): JaasEntry | string {
  const text = settings.get('sasl.jaas.config')
  const key = settings.nameOf('sasl.jaas.config')
  if (text === null) return `${key} is missing; it names ${loginModule} and its options, for one listener and mechanism`
  const entry = parseJaasConfig(text)
  if (typeof entry === 'string') return `${key}: ${entry}`
  return entry.loginModule === loginModule ? entry : `${key}: the login module must be ${loginModule}`
}

function unsecured(settings: ListenerSettings, { config, ports }: Parts): Mechanism | string {
  const entry = jaasOf(settings, oauthModule)
  if (typeof entry === 'string') return entry
  const options = unsecuredTokenOptions(entry.options)
  if ('problem' in options) return `${settings.nameOf('sasl.jaas.config')}: ${options.problem}`
  const isGuarded = config.get('authorizer.class.name') !== ''
  if (isGuarded) {
    const key = settings.nameOf('sasl.enabled.mechanisms')
    ports.log.warn({}, `${key}: OAUTHBEARER without keys of an issuer believes everyone, also who says to be a super user`)
  }
  return oauthBearer(unsecuredTokens(options, () => ports.world.nowMs()))
}

function signed(settings: ListenerSettings, { config, ports, issuers }: Parts): Mechanism | string {
  const url = settings.get('sasl.oauthbearer.jwks.endpoint.url')
  const key = settings.nameOf('sasl.oauthbearer.jwks.endpoint.url')
  if (url === null) return `${key} is missing; it says where the keys of the issuer are`
  const problem = jwksUrlProblem(url, config.get('org.apache.kafka.sasl.oauthbearer.allowed.urls'))
  if (problem !== null) return `${key}: ${problem}`
  const audiences = settings.get('sasl.oauthbearer.expected.audience')
  const tokens = new JwksTokens(
    {
      url,
      refreshMs: settings.get('sasl.oauthbearer.jwks.endpoint.refresh.ms'),
      retryBackoffMs: settings.get('sasl.oauthbearer.jwks.endpoint.retry.backoff.ms'),
      retryBackoffMsMax: settings.get('sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms'),
      expectedIssuer: settings.get('sasl.oauthbearer.expected.issuer'),
      expectedAudience: audiences.length === 0 ? null : audiences,
      clockSkewSeconds: settings.get('sasl.oauthbearer.clock.skew.seconds'),
      subClaimName: settings.get('sasl.oauthbearer.sub.claim.name'),
      scopeClaimName: settings.get('sasl.oauthbearer.scope.claim.name'),
    },
    {
      read: readBounded,
      clock: ports.world.host,
      nowMs: () => ports.world.nowMs(),
      warn: reason =>
        ports.log.warn({ reason }, 'keys of an issuer of bearer tokens could not be read; those from before stay in use'),
    },
  )
  issuers.push(tokens)
  return oauthBearer(tokens.validate)
}

const keySetBytesMax = 1024 * 1024
const keySetMsMax = 10_000

/** Follows nothing: an allowed URL must not lead to one that is not. */
async function readBounded(url: string): Promise<string> {
  const tooLong = new Error(`${url} holds more than ${keySetBytesMax} bytes`)
  if (url.startsWith('file:')) {
    const file = await open(fileURLToPath(url))
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(keySetBytesMax + 1))
      if (bytesRead > keySetBytesMax) throw tooLong
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  }
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(keySetMsMax) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    length += piece.byteLength
    if (length > keySetBytesMax) throw tooLong
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * The HTTP port: bound when the broker is ready, by a bare server that knows no HTTP. What does (Hono, the routes, the console)
 * is loaded by the first client, so that a start and a broker at which nobody looks pay for one listening socket.
 *
 *   bare server ── first client ──▶ import('./app-server.js') ──▶ the HTTP server takes over the listening handle
 */
import net from 'node:net'
import type { Log } from '../base/log.js'
import { loggersOf } from '../base/loggers.js'
import type { World } from '../base/world.js'
import { type HttpAddress, isLoopback, parseHttpAddress } from '../config/http-keys.js'
import { addressText } from '../config/listeners.js'
import { ConfigError } from '../config/resolve.js'
import { TlsProblem } from '../net/tls/settings.js'
import type { RunningBroker } from '../server/broker.js'
import { type Application, type HttpParts, httpConnectionsMax, needsLogin } from './parts.js'
import { type HttpIdentity, hasHttpTls, readHttpIdentity } from './tls.js'

export interface HttpListener {
  /** As a browser on this machine reaches it. */
  readonly url: string
  /** The port that was asked for, and is in use. */
  readonly takenPort: number | null
  readonly hasTls: boolean
  /** Reads the key store again; what could not be used, as sentences. */
  reloadCertificates(): Promise<readonly string[]>
  /** What is under way has `graceMs`. */
  close(graceMs: number): Promise<void>
}

export interface HttpOptions {
  readonly broker: RunningBroker
  readonly world: World
  readonly log: Log
  /** Listening does not keep the process alive. */
  readonly unref: boolean
}

/** Ports that are tried behind the one that was asked for; then any free one does. */
const nextPortsMax = 100

/** Null: there is none to open. @throws ConfigError; the system's error, such as EADDRINUSE. */
export async function openHttp(options: HttpOptions): Promise<HttpListener | null> {
  const { broker, world, unref } = options
  const { config } = broker
  const address = parseHttpAddress(config.get('gregor.http.listener') ?? '')
  if (address === null || address === 'wrong') return null
  const log = loggersOf(options.log).named('kafka.network')
  const hasTls = hasHttpTls(config)
  const isLocal = isLoopback(address.host)
  if (!isLocal && !hasTls && needsLogin(broker)) {
    throw new ConfigError([
      'gregor.http.listener: users would send their passwords in the clear; set gregor.http.tls.keystore.location, or listen ' +
        'on 127.0.0.1',
    ])
  }
  let identity = hasTls ? await identityOf(broker) : null
  const server = net.createServer({ pauseOnConnect: true, noDelay: true })
  server.maxConnections = httpConnectionsMax
  const port = await bound(server, address)
  if (unref) server.unref()
  server.on('error', error => log.warn({ reason: error.message }, 'a client of the HTTP port was not accepted'))

  const closing = new AbortController()
  const parts = { broker, world, log, isLoopback: isLocal, hasTls, host: address.host, closing: closing.signal }
  const waiting = new Set<net.Socket>()
  let application: Promise<Application> | null = null
  server.on('connection', socket => {
    waiting.add(socket)
    socket.on('error', () => {}).on('close', () => waiting.delete(socket))
    application ??= load(parts, identity).then(
      loaded => {
        if (!closing.signal.aborted) loaded.takeOver(server, unref)
        for (const socket of waiting) loaded.serve(socket)
        return loaded
      },
      error => {
        log.error({ err: error }, 'the HTTP port cannot be served')
        for (const socket of waiting) socket.destroy()
        // The next client tries again.
        application = null
        throw error
      },
    )
    application.catch(() => {})
  })
  const host = address.host === '' || address.host === '0.0.0.0' || address.host === '::' ? '127.0.0.1' : address.host
  return {
    url: `${hasTls ? 'https' : 'http'}://${addressText(host, port)}`,
    takenPort: address.port === 0 || address.port === port ? null : address.port,
    hasTls,
    async reloadCertificates() {
      if (!hasTls) return []
      try {
        identity = await readHttpIdentity(config)
        const loaded = await application
        loaded?.useIdentity(identity)
        return []
      } catch (error) {
        if (!(error instanceof TlsProblem)) throw error
        return [error.message]
      }
    },
    async close(graceMs) {
      closing.abort()
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of waiting) socket.destroy()
      const loaded = await application?.catch(() => null)
      // The handle is that of the HTTP server now, which says when it is closed.
      await (loaded ? loaded.close(graceMs) : closed)
    },
  }
}

async function load(parts: HttpParts, identity: HttpIdentity | null): Promise<Application> {
  const { openApplication } = await import('./app-server.js')
  return openApplication(parts, identity)
}

async function identityOf({ config }: RunningBroker): Promise<HttpIdentity> {
  try {
    return await readHttpIdentity(config)
  } catch (error) {
    throw error instanceof TlsProblem ? new ConfigError([error.message]) : error
  }
}

async function bound(server: net.Server, { host, port, orNext }: HttpAddress): Promise<number> {
  const next = Array.from({ length: nextPortsMax }, (_, at) => port + 1 + at).filter(one => one <= 65_535)
  for (const candidate of orNext && port !== 0 ? [port, ...next, 0] : [port]) {
    try {
      return await listen(server, host, candidate)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' && orNext && candidate !== 0) continue
      throw Object.assign(new Error(`gregor.http.listener: ${message}`), { code })
    }
  }
  throw new Error('a free port is always tried last')
}

function listen(server: net.Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.off('error', reject)
      resolve((server.address() as net.AddressInfo).port)
    })
  })
}

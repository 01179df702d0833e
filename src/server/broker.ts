/**
 * Wires a broker: first its core, then listeners before it, so that the port opens when everything behind it is ready.
 * Stopping goes the other way.
 */
import type { Log } from '../base/log.js'
import { loggersOf } from '../base/loggers.js'
import { CountingMeter, silentMeter } from '../base/meter.js'
import type { ServeAs } from '../broker/dispatch.js'
import type { Broker } from '../broker/services.js'
import type { BrokerConfig } from '../config/broker-config.js'
import type { ListenerConfig } from '../config/listeners.js'
import { LiveConfig } from '../config/live-config.js'
import type { Serve } from '../net/connection.js'
import { ConnectionQuotas } from '../net/connection-quotas.js'
import { type FrameMemory, frameMemory } from '../net/frame-memory.js'
import { Listener } from '../net/listener.js'
import { loadNativeCalls, type NativeCalls, nativeFailure } from '../net/native.js'
import type { SecurityProtocol } from '../net/security-protocol.js'
import type { TlsAcceptor } from '../net/tls/tls-acceptor.js'
import type { Durability } from '../storage/types.js'
import { reportCodecs } from './codec-report.js'
import { connectionLimits, connectionRates, followConnectionLimits, isListenerForBrokers } from './connection-limits.js'
import { type CoreOptions, openCore, quotaWindows } from './core.js'
import { FaultReport } from './fault-report.js'
import { type Life, type Observed, observedOf } from './observed.js'
import type { PasswordLogins } from './password-logins.js'
import { followTls, openTls, reloadTls } from './tls.js'

export interface BrokerOptions extends CoreOptions {
  /** Listening does not keep the process alive. */
  readonly unref: boolean
}

export interface RunningBroker {
  readonly services: Broker
  readonly config: LiveConfig
  /** For who asks within the process. */
  readonly serveAs: ServeAs
  readonly logins: PasswordLogins
  readonly observed: Observed
  /** Since 1970. */
  readonly startedMs: number
  readonly listeners: readonly {
    readonly name: string
    readonly protocol: SecurityProtocol
    readonly host: string
    readonly port: number
  }[]
  /** Those of controllers, where clients are not sent. */
  readonly controllerListeners: readonly { readonly name: string; readonly port: number }[]
  readonly directory: { readonly path: string; readonly isEphemeral: boolean }
  readonly durability: Durability
  readonly sendPath: 'sendfile' | 'copy'
  /** Of all connections; its limits may be set while it serves. */
  readonly connectionQuotas: ConnectionQuotas
  /** Whether a listener speaks TLS. */
  readonly hasTls: boolean
  /** Reads key stores and trust stores again; running connections live on. What could not be used, as sentences. */
  reloadCertificates(): Promise<readonly string[]>
  /** Answers what is under way (at most `graceMs`), syncs and closes. */
  stop(graceMs: number): Promise<void>
}

/** Libraries are loaded for it, which would make every start longer. */
const codecReportDelayMs = 1000

/** Bound on received bytes that wait, all connections together, when queued.max.request.bytes does not set one. */
const frameMemoryDefaultBytes = 512 * 1024 * 1024

export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const config = LiveConfig.of(options.config)
  const log = loggersOf(options.log).named('kafka.network')
  const native = nativeCallsFor(config, log)
  const quotas = new ConnectionQuotas(options.world.host, await connectionLimits(config), quotaWindows(config))
  const tls = await openTls(config, options.world, log)
  const ports = new Map<string, number>()
  const life: Life = { isStopping: false, hasFailed: false }
  const onFatal = (error: Error): void => {
    life.hasFailed = true
    options.onFatal(error)
  }
  // Who asked for no HTTP port sees no metrics, and pays for none.
  const meter = options.meter ?? (config.get('gregor.http.listener') ? new CountingMeter(options.world.host) : silentMeter)
  const core = await openCore({ ...options, config, meter, onFatal, boundPortOf: name => ports.get(name) })
  try {
    await followConnectionLimits(config, quotas)
    quotas.ratePerAddress = connectionRates(core.services.topics.image.quotas)
    await followTls(config, tls, log)
    const parts = { native, quotas, tls, memory: frameMemoryOf(config, options) }
    const listenAt = { ...options, config, log }
    const listeners = await listen(listenAt, config.listeners, { ...parts, serve: core.serve })
    const ofControllers = await listen(listenAt, config.controllerListeners, { ...parts, serve: core.serveControllers }).catch(
      async error => {
        await Promise.all(listeners.map(listener => listener.close(0)))
        throw error
      },
    )
    for (const { name, port } of ofControllers) ports.set(name, port)
    const codecReport = options.world.host.after(codecReportDelayMs, () => reportCodecs(log))
    return {
      services: core.services,
      config,
      serveAs: core.serveAs,
      logins: core.logins,
      startedMs: options.world.nowMs(),
      observed: observedOf(core, [...listeners, ...ofControllers], life, meter),
      listeners: listeners.map((listener, at) => ({
        name: listener.name,
        protocol: config.listeners[at]?.protocol ?? 'PLAINTEXT',
        host: config.listeners[at]?.host ?? '',
        port: listener.port,
      })),
      controllerListeners: ofControllers.map(({ name, port }) => ({ name, port })),
      directory: core.directory,
      durability: core.durability,
      get sendPath() {
        return native() === null ? 'copy' : 'sendfile'
      },
      connectionQuotas: quotas,
      hasTls: tls.size > 0,
      reloadCertificates: () => reloadTls(tls, log),
      async stop(graceMs) {
        life.isStopping = true
        codecReport.cancel()
        core.stopServing()
        await Promise.all([...listeners, ...ofControllers].map(listener => listener.close(graceMs)))
        await core.close()
      },
    }
  } catch (error) {
    core.stopServing()
    await core.close()
    throw error
  }
}

/** Loaded when the first client connects or `sendPath` is read: loading takes as long as the rest of a start. */
function nativeCallsFor(config: BrokerConfig, log: Log): () => NativeCalls | null {
  const wanted = config.get('gregor.send.path')
  if (wanted === 'copy') return () => null
  if (wanted === 'sendfile' && loadNativeCalls() === null) {
    log.warn({ reason: nativeFailure() }, 'sendfile(2) is not available; falling back to read and write')
  }
  return loadNativeCalls
}

interface ListenerParts {
  readonly serve: Serve
  readonly native: () => NativeCalls | null
  readonly quotas: ConnectionQuotas
  readonly tls: ReadonlyMap<string, TlsAcceptor>
  readonly memory: FrameMemory
}

function frameMemoryOf(config: BrokerConfig, { world }: BrokerOptions): FrameMemory {
  const queuedBytesMax = config.get('queued.max.request.bytes')
  return frameMemory(queuedBytesMax < 0 ? frameMemoryDefaultBytes : queuedBytesMax, world.host)
}

async function listen(
  options: BrokerOptions,
  configs: readonly ListenerConfig[],
  { serve, native, quotas, tls, memory }: ListenerParts,
): Promise<Listener[]> {
  const { config, world, log, unref } = options
  const faults = new FaultReport(log, world.host)
  const listeners: Listener[] = []
  try {
    for (const { name, protocol, host, port } of configs) {
      const listener = await Listener.listen({
        name,
        protocol,
        tls: tls.get(name) ?? null,
        host,
        port,
        clock: world.host,
        serve,
        native,
        memory,
        frameBytesMax: config.get('socket.request.max.bytes'),
        idleMsMax: config.get('connections.max.idle.ms'),
        quotas,
        isProtected: isListenerForBrokers(config, name),
        backlog: config.get('socket.listen.backlog.size'),
        sendBufferBytes: config.get('socket.send.buffer.bytes'),
        receiveBufferBytes: config.get('socket.receive.buffer.bytes'),
        unref,
        onFault: (connection, error) => faults.closed(connection, error),
        onRefused: (remoteAddress, reason) => faults.refused(remoteAddress, reason),
        onWaiting: reason => faults.waiting(name, reason),
      })
      listeners.push(listener)
    }
  } catch (error) {
    await Promise.all(listeners.map(listener => listener.close(0)))
    throw error
  }
  return listeners
}

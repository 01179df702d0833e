/** TLS of the listeners that speak it: opened before anything else, since a broker that cannot protect must not start. */
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import { type BrokerConfig, configSources, type ListenerSettings, listenerPrefix } from '../config/broker-config.js'
import type { SecurityProtocol } from '../config/listeners.js'
import type { LiveConfig } from '../config/live-config.js'
import { ConfigError } from '../config/resolve.js'
import { sslKeys } from '../config/ssl-keys.js'
import { type SslSettings, TlsProblem } from '../net/tls/settings.js'
import { TlsAcceptor } from '../net/tls/tls-acceptor.js'
import { distinguishedNameText, principalMapping } from '../security/principals.js'

const allListeners = ({ listeners, controllerListeners }: BrokerConfig) => [...listeners, ...controllerListeners]

/** By listener name; a listener without TLS has none. @throws ConfigError that names every problem. */
export async function openTls(config: BrokerConfig, world: World, log: Log): Promise<ReadonlyMap<string, TlsAcceptor>> {
  const acceptors = new Map<string, TlsAcceptor>()
  const problems: string[] = []
  for (const { name, protocol } of allListeners(config)) {
    if (!protocol.endsWith('SSL')) continue
    const listener = config.forListener(name)
    const mapping = principalMapping(listener.get('ssl.principal.mapping.rules'))
    if (typeof mapping === 'string') {
      problems.push(`listener ${name}: ${listener.nameOf('ssl.principal.mapping.rules')}: ${mapping}`)
      continue
    }
    try {
      const acceptor = await TlsAcceptor.open({
        settings: sslSettings(listener, protocol),
        clock: world.host,
        nowMs: () => world.nowMs(),
        handshakeMsMax: config.get('gregor.handshake.timeout.ms'),
        nameOf: subject => mapping.nameOf(distinguishedNameText(subject)),
        onWarning: warning => log.warn({ listener: name }, warning),
      })
      acceptors.set(name, acceptor)
    } catch (error) {
      if (!(error instanceof TlsProblem)) throw error
      problems.push(`listener ${name}: ${error.message}`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return acceptors
}

/**
 * Takes up what is set of TLS while the broker runs: what cannot be used is refused before it is written down. A value that is
 * set again makes the files be read again. @throws ConfigError when what was set in an earlier run cannot be used.
 */
export async function followTls(config: LiveConfig, acceptors: ReadonlyMap<string, TlsAcceptor>, log: Log): Promise<void> {
  const keys = Object.keys(sslKeys) as (keyof typeof sslKeys)[]
  const protocols = new Map(allListeners(config).map(({ name, protocol }) => [name, protocol]))
  config.observe({
    keys,
    async problemOf(candidate, named) {
      for (const [name, acceptor] of acceptors) {
        if (!named.some(key => key.startsWith('ssl.') || key.startsWith(listenerPrefix(name)))) continue
        const settings = sslSettings(candidate.forListener(name), protocols.get(name) as SecurityProtocol)
        const problem = await acceptor.problemOf(settings)
        if (problem === null) continue
        // Whoever may set a path must not learn by it which files there are, nor what is in them.
        log.warn({ listener: name, reason: problem }, 'an ssl.* config that was asked for cannot be used')
        return `listener ${name}: these ssl.* configs cannot be used; the log of the broker says why`
      }
      return null
    },
    async changed() {
      await reloadTls(acceptors, log)
    },
  })
  const isSet = config.given.some(
    ({ source, texts }) =>
      source === configSources.dynamicBroker && [...texts.keys()].some(name => /^(?:listener\.name\.[^.]+\.)?ssl\./.test(name)),
  )
  if (!isSet) return
  const problems = await reloadTls(acceptors, log)
  if (problems.length > 0) throw new ConfigError(problems)
}

/** Reads the stores of all listeners again. One that cannot be used leaves its listener as it was; what was wrong is answered. */
export async function reloadTls(acceptors: ReadonlyMap<string, TlsAcceptor>, log: Log): Promise<readonly string[]> {
  const problems: string[] = []
  for (const [listener, acceptor] of acceptors) {
    try {
      await acceptor.reload()
      log.info({ listener }, 'certificates were read again; new connections use them')
    } catch (error) {
      if (!(error instanceof TlsProblem)) throw error
      problems.push(`listener ${listener}: ${error.message}`)
      log.error({ listener, reason: error.message }, 'certificates were not replaced; those from before stay in use')
    }
  }
  return problems
}

/** On a SASL_SSL listener clients are asked for certificates only where that was said of it alone, as in Kafka. */
export function sslSettings(listener: ListenerSettings, protocol: SecurityProtocol): SslSettings {
  const asksNoCertificate = protocol === 'SASL_SSL' && !listener.isOwn('ssl.client.auth')
  const get = (key: Parameters<SslSettings['get']>[0]): unknown =>
    key === 'ssl.client.auth' && asksNoCertificate ? 'none' : listener.get(key)
  return { get: get as SslSettings['get'], nameOf: key => listener.nameOf(key) }
}

/** TLS of the listeners that speak it: opened before anything else, since a broker that cannot protect must not start. */
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { SecurityProtocol } from '../config/listeners.js'
import { type BrokerConfig, ConfigError, type ListenerSettings } from '../config/resolve.js'
import { type SslSettings, TlsProblem } from '../net/tls/settings.js'
import { TlsAcceptor } from '../net/tls/tls-acceptor.js'
import { distinguishedNameText, principalMapping } from '../security/principals.js'

/** By listener name; a listener without TLS has none. @throws ConfigError that names every problem. */
export async function openTls(config: BrokerConfig, world: World, log: Log): Promise<ReadonlyMap<string, TlsAcceptor>> {
  const acceptors = new Map<string, TlsAcceptor>()
  const problems: string[] = []
  for (const { name, protocol } of config.listeners) {
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

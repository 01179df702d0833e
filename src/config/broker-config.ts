/**
 * The broker's configuration as everybody reads it: typed values, those of one listener, and, for tools, what each place gave.
 * How it is put together from sources is for resolve.ts; what changes while the broker runs for live-config.ts.
 */
import type { ConfigKey } from './key.js'
import { type BrokerKey, type BrokerValue, brokerKeyOf, brokerKeys, type ListenerKey } from './keys.js'
import type { ListenerConfig } from './listeners.js'

/** DescribeConfigsResponse.ConfigSource: where a value was set. */
export const configSources = {
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  brokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const

/** What one place gives, by whole names, in Kafka's spelling of the values. Names that are no keys are among them. */
export interface GivenConfigs {
  readonly source: number
  readonly texts: ReadonlyMap<string, string>
}

export interface BrokerConfig {
  get<K extends BrokerKey>(key: K): BrokerValue<K>
  /** The text of the strongest place that gives this key; null when the default holds. */
  textOf(key: BrokerKey): string | null
  /** The strongest place first. */
  readonly given: readonly GivenConfigs[]
  readonly listeners: readonly ListenerConfig[]
  /** Those of controller.listener.names, where the same node is asked for what concerns controllers. */
  readonly controllerListeners: readonly ListenerConfig[]
  /** The keys of one listener: its own where it has them, else the broker's. */
  forListener(name: string): ListenerSettings
  /** That of the cluster's metadata: metadata.log.dir, or the first of log.dirs. */
  readonly dataDirectory: string
  /** log.dirs: those of topics. */
  readonly dataDirectories: readonly string[]
  /** Values that were given for one listener alone, by whole names. */
  readonly ofListeners: ReadonlyMap<string, unknown>
}

export interface ListenerSettings {
  get<K extends ListenerKey>(key: K): BrokerValue<K>
  /** The name under which the value was given, for messages. */
  nameOf(key: ListenerKey): string
  /** Given for this listener alone. */
  isOwn(key: ListenerKey): boolean
  /** The keys of one SASL mechanism: its own where it has them, else the listener's. */
  forMechanism(name: string): ListenerSettings
}

interface BrokerConfigParts {
  readonly read: (key: BrokerKey) => unknown
  /** By whole names. */
  readonly ofListeners: ReadonlyMap<string, unknown>
  readonly given: readonly GivenConfigs[]
  readonly listeners: readonly ListenerConfig[]
  readonly controllerListeners: readonly ListenerConfig[]
  readonly dataDirectory: string
  readonly dataDirectories: readonly string[]
}

export function brokerConfig({ read, ofListeners, given, ...rest }: BrokerConfigParts): BrokerConfig {
  const get = read as BrokerConfig['get']
  return Object.freeze({
    ...rest,
    given,
    ofListeners,
    get,
    textOf: (key: BrokerKey) => textIn(given, key),
    forListener: (name: string) => listenerSettings([listenerPrefix(name)], ofListeners, get),
  })
}

function textIn(given: readonly GivenConfigs[], name: string): string | null {
  for (const { texts } of given) {
    const text = texts.get(name)
    if (text !== undefined) return text
  }
  return null
}

/** @param prefixes the strongest first */
function listenerSettings(
  prefixes: readonly [string, ...string[]],
  ofListeners: ReadonlyMap<string, unknown>,
  get: BrokerConfig['get'],
): ListenerSettings {
  const own = (key: ListenerKey) => prefixes.map(prefix => prefix + key).find(name => ofListeners.has(name))
  return {
    get: key => {
      const name = own(key)
      return (name === undefined ? get(key) : ofListeners.get(name)) as BrokerValue<typeof key>
    },
    nameOf: key => own(key) ?? key,
    isOwn: key => own(key) !== undefined,
    forMechanism: name => listenerSettings([`${prefixes[0]}${name.toLowerCase()}.`, ...prefixes], ofListeners, get),
  }
}

/** [KIP-103] Kafka lower-cases the listener's name here. */
export function listenerPrefix(listener: string): string {
  return `listener.name.${listener.toLowerCase()}.`
}

const listenerKeyPattern = /^listener\.name\.([^.]+)\.(?:(plain|scram-sha-256|scram-sha-512|oauthbearer)\.)?(.+)$/

/** What stands behind listener.name.NAME. and a mechanism, whether it is a key or not; null for any other name. */
export function listenerBaseOf(name: string): string | null {
  return listenerKeyPattern.exec(name)?.[3] ?? null
}

/** The key that `name` gives to one listener alone, with the name spelt as it is looked for; null for any other name. */
export function listenerKeyOf(name: string): { readonly key: BrokerKey; readonly name: string } | null {
  const parts = listenerKeyPattern.exec(name)
  if (parts === null) return null
  const [, listener = '', mechanism, base = ''] = parts
  const key = brokerKeyOf(base)
  const row = key === null ? null : (brokerKeys[key] as ConfigKey<unknown>)
  if (key === null || !row?.perListener || (mechanism !== undefined && !row.perMechanism)) return null
  return { key, name: `${listenerPrefix(listener)}${mechanism === undefined ? '' : `${mechanism}.`}${key}` }
}

/** Whether the value of a broker's config is for no eyes: a password, or of a name that is no key. */
export function isSecretConfig(name: string): boolean {
  const key = listenerKeyOf(name)?.key ?? brokerKeyOf(name)
  return key === null || (brokerKeys[key] as ConfigKey<unknown>).type === 'password'
}

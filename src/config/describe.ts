/**
 * Configurations as DescribeConfigs shows them: every known key with its value, where the value comes from, and what else
 * it could have come from. Field names are those of the response, so a handler returns these objects as they are.
 */
import { type ConfigKey, type ConfigType, formatValue } from './key.js'
import { type BrokerKey, brokerKeyNames, brokerKeys } from './keys.js'
import type { BrokerConfig } from './resolve.js'
import { brokerSynonyms, type TopicConfig } from './topic-config.js'
import { type TopicKey, topicKeyNames, topicKeys } from './topic-keys.js'

/** DescribeConfigsResponse.ConfigSource: where a value was set. */
export const configSources = { dynamicTopic: 1, dynamicBroker: 2, dynamicDefaultBroker: 3, staticBroker: 4, default: 5 } as const

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

export interface DescribedConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  /** Version 0 of the response has this instead of configSource. */
  readonly isDefault: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  /** Strongest first; the first one is the value in force. */
  readonly synonyms: readonly ConfigSynonym[]
  readonly configType: number
  readonly documentation: string
}

/** `only` is the request's list of names; null is all. Names that do not exist are left out, as in Kafka. */
export function describeTopicConfig(config: TopicConfig, only: readonly string[] | null): DescribedConfig[] {
  const wanted = wantedNames(only)
  const isShown = (name: TopicKey): boolean => !(topicKeys[name] as ConfigKey<unknown>).hidden || config.textOf(name) !== null
  return topicKeyNames
    .filter(name => wanted(name) && isShown(name))
    .map(name => {
      const synonyms: ConfigSynonym[] = []
      const override = config.textOf(name)
      if (override !== null) synonyms.push({ name, value: override, source: configSources.dynamicTopic })
      // Kafka shows every synonym that is set, and the default of the strongest alone.
      for (const [at, key] of brokerSynonyms(name).entries()) pushBrokerSynonyms(synonyms, config.broker, key, at === 0)
      synonyms.sort((a, b) => a.source - b.source)
      return described(name, topicKeys[name], override ?? formatValue(topicKeys[name], config.get(name)), synonyms, false)
    })
}

/** The broker's own configuration; read-only, also where Kafka can change a key while it runs. */
export function describeBrokerConfig(config: BrokerConfig, only: readonly string[] | null): DescribedConfig[] {
  const wanted = wantedNames(only)
  const brokerWide = brokerKeyNames.filter(wanted).map(name => {
    const row: ConfigKey<unknown> = brokerKeys[name]
    const synonyms: ConfigSynonym[] = []
    pushBrokerSynonyms(synonyms, config, name)
    return described(name, row, config.textOf(name) ?? formatValue(row, row.default), synonyms, true)
  })
  const ofListeners = [...config.listenerKeys]
    .filter(([name]) => wanted(name))
    .map(([name, { key, text }]) => {
      const synonyms: ConfigSynonym[] = [{ name, value: text, source: configSources.staticBroker }]
      pushBrokerSynonyms(synonyms, config, key)
      return described(name, brokerKeys[key], text, synonyms, true)
    })
  return [...brokerWide, ...ofListeners]
}

// DescribeConfigsResponse.ConfigType.
const typeCodes: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

function described(
  name: string,
  row: ConfigKey<unknown>,
  value: string | null,
  synonyms: readonly ConfigSynonym[],
  readOnly: boolean,
): DescribedConfig {
  const configSource = synonyms[0]?.source ?? configSources.default
  const isSensitive = row.type === 'password'
  return {
    name,
    value: isSensitive ? null : value,
    readOnly,
    isDefault: configSource === configSources.default,
    configSource,
    isSensitive,
    synonyms: isSensitive ? synonyms.map(synonym => ({ ...synonym, value: null })) : synonyms,
    configType: typeCodes[row.type],
    documentation: row.inert ? `${row.doc} ${inertNote}` : row.doc,
  }
}

/** What a key's documentation says when nothing acts on the key. */
const inertNote = 'Accepted for compatibility; has no effect in this version.'

function pushBrokerSynonyms(synonyms: ConfigSynonym[], config: BrokerConfig, name: BrokerKey, withDefault = true): void {
  const row: ConfigKey<unknown> = brokerKeys[name]
  const text = config.textOf(name)
  if (text !== null) synonyms.push({ name, value: text, source: configSources.staticBroker })
  if (withDefault && row.default !== null)
    synonyms.push({ name, value: formatValue(row, row.default), source: configSources.default })
}

function wantedNames(only: readonly string[] | null): (name: string) => boolean {
  // Kafka reads an empty list as "all", too.
  if (only === null || only.length === 0) return () => true
  const names = new Set(only)
  return name => names.has(name)
}

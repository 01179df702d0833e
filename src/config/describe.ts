/**
 * Configurations as DescribeConfigs shows them: every known key with its value, where the value comes from, and what else
 * it could have come from. Field names are those of the response, so a handler returns these objects as they are.
 */
import { type BrokerConfig, configSources, type GivenConfigs, listenerKeyOf } from './broker-config.js'
import { clientMetricsKeys } from './client-metrics.js'
import { type GroupKey, groupKeys, groupSynonym, groupValue, isGroupKey } from './group-config.js'
import { type ConfigKey, type ConfigType, formatValue, type ParsedValue, parseValue } from './key.js'
import { brokerKeyNames, brokerKeyOf, brokerKeys } from './keys.js'
import type { TopicConfig } from './topic-config.js'
import { type TopicKey, topicKeyNames, topicKeys } from './topic-keys.js'

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
  readonly documentation: string | null
}

type Overrides = ReadonlyMap<string, string>

/** `only` is the request's list of names; null is all. Names that do not exist are left out, as in Kafka. */
export function describeTopicConfig(config: TopicConfig, only: readonly string[] | null): DescribedConfig[] {
  const wanted = wantedNames(only)
  const isShown = (name: TopicKey): boolean => !(topicKeys[name] as ConfigKey<unknown>).hidden || config.textOf(name) !== null
  return topicKeyNames
    .filter(name => wanted(name) && isShown(name))
    .map(name => {
      const row: ConfigKey<unknown> = topicKeys[name]
      const override = config.textOf(name)
      const synonyms: ConfigSynonym[] = override === null ? [] : [{ name, value: override, source: configSources.topic }]
      const [strongest] = row.brokerKeys ?? []
      if (strongest !== undefined) synonyms.push(...brokerSynonyms(config.broker, strongest))
      return described(name, row, override ?? formatValue(row, config.get(name)), synonyms, false)
    })
}

/** The broker's own configuration, whatever it was given, with names that are no keys: what they hold may be a secret. */
export function describeBrokerConfig(config: BrokerConfig, only: readonly string[] | null): DescribedConfig[] {
  const names = new Set<string>(brokerKeyNames.filter(name => !(brokerKeys[name] as ConfigKey<unknown>).hidden))
  for (const { texts } of config.given) for (const name of texts.keys()) names.add(name)
  return [...names].filter(wantedNames(only)).map(name => describedBrokerKey(name, brokerSynonyms(config, name)))
}

/** What is set for all brokers while they run. */
export function describeClusterWideConfig(config: BrokerConfig, only: readonly string[] | null): DescribedConfig[] {
  const given = config.given.filter(({ source }) => source === configSources.dynamicDefaultBroker)
  const names = given.flatMap(({ texts }) => [...texts.keys()])
  return names.filter(wantedNames(only)).map(name => describedBrokerKey(name, givenSynonyms(given, [name])))
}

export function describeGroupConfig(
  broker: BrokerConfig,
  overrides: Overrides,
  only: readonly string[] | null,
): DescribedConfig[] {
  const names = Object.keys(groupKeys).filter(isGroupKey)
  const wanted = wantedNames(only)
  const isShown = (name: GroupKey): boolean => !(groupKeys[name] as ConfigKey<unknown>).hidden || overrides.has(name)
  return names
    .filter(name => wanted(name) && isShown(name))
    .map(name => {
      const row: ConfigKey<unknown> = groupKeys[name]
      const override = overrides.get(name)
      const brokerKey = groupSynonym(name)
      const own = override === undefined ? null : textOf(name, row, override)
      const synonyms: ConfigSynonym[] = own === null ? [] : [{ name, value: own, source: configSources.group }]
      const inherited = formatValue(row, groupValue(broker, name))
      if (brokerKey !== null) {
        const ofBroker = brokerSynonyms(broker, brokerKey)
        // One assignor is in force, of several that the broker may name.
        const isList = (brokerKeys[brokerKey] as ConfigKey<unknown>).type === 'list' && row.type !== 'list'
        synonyms.push(...ofBroker.map(synonym => (isList ? { ...synonym, value: synonym.value?.split(',')[0] ?? '' } : synonym)))
      } else if (inherited !== null) synonyms.push({ name, value: inherited, source: configSources.default })
      return described(name, row, own ?? inherited, synonyms, false)
    })
}

export function describeClientMetricsConfig(overrides: Overrides, only: readonly string[] | null): DescribedConfig[] {
  const rows: [string, ConfigKey<unknown>][] = Object.entries(clientMetricsKeys)
  const wanted = wantedNames(only)
  return rows
    .filter(([name]) => wanted(name))
    .map(([name, row]) => {
      const override = overrides.get(name)
      const own = override === undefined ? null : textOf(name, row, override)
      const synonyms = own === null ? [] : [{ name, value: own, source: configSources.clientMetrics }]
      return described(name, row, own ?? formatValue(row, row.default), synonyms, false)
    })
}

/** As the log of the process is: by logger, its level. */
export function describeLoggers(levels: ReadonlyMap<string, string>, only: readonly string[] | null): DescribedConfig[] {
  const wanted = wantedNames(only)
  return [...levels]
    .filter(([name]) => wanted(name))
    .map(([name, value]) => ({
      name,
      value,
      readOnly: false,
      isDefault: false,
      configSource: configSources.brokerLogger,
      isSensitive: false,
      synonyms: [],
      configType: 0,
      documentation: '',
    }))
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
    synonyms: isSensitive ? withoutValues(synonyms) : synonyms,
    configType: typeCodes[row.type],
    documentation: row.effect === undefined || row.effect === 'refused' ? row.doc : `${row.doc} ${noEffect}`,
  }
}

/** What a key's documentation says when nothing acts on the key. */
const noEffect = 'Accepted for compatibility; has no effect in this version.'

function describedBrokerKey(name: string, synonyms: readonly ConfigSynonym[]): DescribedConfig {
  const key = listenerKeyOf(name)?.key ?? brokerKeyOf(name)
  if (key !== null) {
    const row: ConfigKey<unknown> = brokerKeys[key]
    const value = synonyms.find(synonym => synonym.name === name)?.value ?? formatValue(row, row.default)
    return described(name, row, value, synonyms, row.dynamic === undefined || name !== key)
  }
  const configSource = synonyms[0]?.source ?? configSources.default
  const isUnknown = { value: null, readOnly: true, isDefault: false, isSensitive: true, configType: 0, documentation: null }
  return { name, configSource, synonyms: withoutValues(synonyms), ...isUnknown }
}

function withoutValues(synonyms: readonly ConfigSynonym[]): ConfigSynonym[] {
  return synonyms.map(synonym => ({ ...synonym, value: null }))
}

/** What gives the value of a broker key, the strongest first: of every place each name, then the defaults. */
function brokerSynonyms(config: BrokerConfig, name: string): ConfigSynonym[] {
  const names = namesOf(name)
  const synonyms = givenSynonyms(config.given, names)
  for (const other of names) {
    const key = brokerKeyOf(other)
    const row: ConfigKey<unknown> | null = key === null ? null : brokerKeys[key]
    if (row !== null && row.default !== null) {
      synonyms.push({ name: other, value: formatValue(row, row.default), source: configSources.default })
    }
  }
  // As in Kafka, which leaves out what would be stronger by another name.
  const first = synonyms.findIndex(synonym => synonym.name === name)
  return first === -1 ? [] : synonyms.slice(first)
}

function givenSynonyms(given: readonly GivenConfigs[], names: readonly string[]): ConfigSynonym[] {
  return given.flatMap(({ source, texts }) =>
    names.filter(name => texts.has(name)).map(name => ({ name, value: texts.get(name) ?? null, source })),
  )
}

/** The names under which the value may be given, the strongest first. */
function namesOf(name: string): readonly string[] {
  const ofListener = listenerKeyOf(name)
  if (ofListener !== null) return [name, ofListener.key]
  return timesByAnyUnit.get(name) ?? [name]
}

const timesByAnyUnit: ReadonlyMap<string, readonly string[]> = new Map(
  topicKeyNames.flatMap(topicKey => {
    const names = (topicKeys[topicKey] as ConfigKey<unknown>).brokerKeys ?? []
    // One of them is the default of another in Kafka, and nothing more.
    return names.length < 2 ? [] : names.filter(name => name !== 'log.flush.scheduler.interval.ms').map(name => [name, names])
  }),
)

function textOf(name: string, row: ConfigKey<unknown>, raw: string): string {
  const parsed = parseValue(name, row, raw)
  return 'text' in parsed ? (parsed as ParsedValue).text : raw
}

function wantedNames(only: readonly string[] | null): (name: string) => boolean {
  // Kafka reads an empty list as "all", too.
  if (only === null || only.length === 0) return () => true
  const names = new Set(only)
  return name => names.has(name)
}

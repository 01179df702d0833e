/**
 * The configuration of one topic: its own overrides over the broker's defaults, resolved once into plain values, because
 * the append path asks for them on every batch. Validation is separate and speaks Kafka's messages.
 */
import { isRefusal } from '../protocol/errors.js'
import type { BrokerConfig } from './broker-config.js'
import { compressionTypeProblem } from './compression-type.js'
import { type ConfigKey, longMax, parseValue, unsynced } from './key.js'
import type { BrokerKey } from './keys.js'
import { isTopicKey, type TopicKey, type TopicValue, topicKeyNames, topicKeys } from './topic-keys.js'

export interface TopicConfig {
  get<K extends TopicKey>(key: K): TopicValue<K>
  /** The override of this topic in Kafka's spelling of the value; null when the topic does not set the key. */
  textOf(key: TopicKey): string | null
  readonly broker: BrokerConfig
}

export type ConfigOverrides = ReadonlyMap<string, string> | Readonly<Record<string, string>>

/** `overrides` have been validated; one that has become unreadable since then (bounds change) counts as not set. */
export function topicConfig(broker: BrokerConfig, overrides: ConfigOverrides): TopicConfig {
  const texts = new Map<TopicKey, string>()
  const values = new Map<TopicKey, unknown>()
  for (const [name, raw] of overrides instanceof Map ? overrides : Object.entries(overrides)) {
    if (!isTopicKey(name)) continue
    const parsed = parseValue(name, topicKeys[name], raw)
    if (isRefusal(parsed)) continue
    texts.set(name, parsed.text)
    values.set(name, parsed.value)
  }
  for (const key of topicKeyNames) if (!values.has(key)) values.set(key, brokerDefault(broker, key))
  return Object.freeze({
    get: <K extends TopicKey>(key: K) => values.get(key) as TopicValue<K>,
    textOf: (key: TopicKey) => texts.get(key) ?? null,
    broker,
  })
}

/**
 * Why these overrides cannot be a topic's configs, as the message of an INVALID_CONFIG (40) answer; null when they can.
 * A null value, which the wire allows, is refused as in Kafka.
 */
export function validateTopicConfig(
  broker: BrokerConfig,
  overrides: Iterable<readonly [name: string, value: string | null]>,
): string | null {
  const valid = new Map<string, string>()
  for (const [name, value] of overrides) {
    if (!isTopicKey(name)) return `Unknown topic config name: ${name}`
    if (value === null) return `Null value not supported for topic configs: ${name}`
    const parsed = parseValue(name, topicKeys[name], value)
    if (isRefusal(parsed)) return parsed.message
    valid.set(name, value)
  }
  const config = topicConfig(broker, valid)
  const minLagMs = config.get('min.compaction.lag.ms')
  const maxLagMs = config.get('max.compaction.lag.ms')
  if (minLagMs > maxLagMs) {
    return `conflict topic config setting min.compaction.lag.ms (${minLagMs}) > max.compaction.lag.ms (${maxLagMs})`
  }
  if (config.get('remote.storage.enable')) {
    return 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'
  }
  const flushKey = (['flush.messages', 'flush.ms'] as const).find(key => valid.has(key) && config.get(key) !== longMax)
  if (flushKey !== undefined && broker.get('gregor.durability') === 'os') return `${flushKey}: ${unsynced}`
  return valid.has('compression.type') ? compressionTypeProblem(config.get('compression.type')) : null
}

/** What the broker's own keys say for a topic that does not set `key`; the row's default where no broker key does. */
function brokerDefault(broker: BrokerConfig, key: TopicKey): unknown {
  const row: ConfigKey<unknown> = topicKeys[key]
  for (const name of row.brokerKeys ?? []) {
    const value = broker.get(name as BrokerKey)
    if (value !== null) return inMilliseconds(name, value)
  }
  return row.default
}

/** Broker keys may count in hours or minutes, as their names say; -1 stays "no limit". */
function inMilliseconds(brokerKey: string, value: unknown): unknown {
  const unitMs = brokerKey.endsWith('.hours') ? 3_600_000 : brokerKey.endsWith('.minutes') ? 60_000 : 1
  if (unitMs === 1) return value
  return (value as number) < 0 ? -1 : (value as number) * unitMs
}

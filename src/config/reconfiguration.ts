/**
 * What those who use dynamic configs refuse in Kafka (validateReconfiguration), beyond what stops a start: values that would lock
 * everyone out, and steps that are too large. Pure; what needs files or names is for observers.
 */
import type { BrokerConfig } from './broker-config.js'
import type { BrokerKey } from './keys.js'
import { topicConfig } from './topic-config.js'

type Changed = (key: BrokerKey) => boolean

/** Why nobody could take this value back: it counts as not set, wherever it was written down. */
export function lockedOut(key: BrokerKey, value: unknown): string | null {
  const bounds = key === 'max.connections' || key === 'max.connection.creation.rate'
  return bounds && (value as number) <= 0 ? `Invalid ${key} ${value}` : null
}

/** @param isSet whether the key is among what was set while the broker runs */
export function reconfigurationProblem(before: BrokerConfig, after: BrokerConfig, isSet: Changed): string | null {
  for (const key of threadCounts) {
    const [current, count] = [before.get(key) as number, after.get(key) as number]
    if (count === current) continue
    const problem = `Dynamic thread count update validation failed for ${key}=${count}`
    if (count < Math.floor(current / 2)) return `${problem}, value should be at least half the current value ${current}`
    if (count > current * 2) return `${problem}, value should not be greater than double the current value ${current}`
  }
  for (const unit of ['ms', 'bytes'] as const) {
    const names = [`log.retention.${unit}`, `log.local.retention.${unit}`, `log.remote.copy.lag.${unit}`] as const
    const problem = names.some(isSet) ? tierProblem(after, names) : null
    if (problem !== null) return problem
  }
  return null
}

const threadCounts = [
  'num.replica.fetchers',
  'remote.log.reader.threads',
  'remote.log.manager.copier.thread.pool.size',
  'remote.log.manager.expiration.thread.pool.size',
  'remote.log.manager.follower.thread.pool.size',
] as const

/** As much as retention, in the tiers' keys. */
const asRetention = -2
const unlimited = -1

type TierKeys = readonly [BrokerKey, BrokerKey, BrokerKey]

/** [KIP-405] What is kept locally is a part of what is kept, and what is not copied yet a part of that. */
function tierProblem(config: BrokerConfig, [retentionKey, localKey, lagKey]: TierKeys): string | null {
  const topic = topicConfig(config, {})
  const retention = topic.get(retentionKey === 'log.retention.ms' ? 'retention.ms' : 'retention.bytes')
  const [local, lag] = [config.get(localKey) as number, config.get(lagKey) as number]
  const invalid = (key: BrokerKey, value: number, why: string) => `Invalid value ${value} for configuration ${key}: ${why}`
  if (retention !== unlimited && local === unlimited) {
    return invalid(localKey, local, `Value must not be -1 as ${retentionKey} value is set as ${retention}.`)
  }
  if (retention !== unlimited && local > retention) {
    return invalid(localKey, local, `Value must not be more than ${retentionKey} property value: ${retention}`)
  }
  const kept = local === asRetention ? retention : local
  if (kept === unlimited || lag <= kept) return null
  return invalid(lagKey, lag, `Value must not exceed ${localKey} (effective value: ${kept})`)
}

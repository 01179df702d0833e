/** Why configs cannot be set while a broker runs, in Kafka's order and words; pure, unlike what their users say of them. */
import { isRefusal } from '../protocol/errors.js'
import { listenerKeyOf } from './broker-config.js'
import { type ConfigKey, parseValue } from './key.js'
import { brokerKeyOf, brokerKeys } from './keys.js'
import { asksForProtection } from './resolve.js'

/** @param perBroker of one broker, not of all of them */
export function dynamicProblem(configs: ReadonlyMap<string, string>, perBroker: boolean): string | null {
  const names = [...configs.keys()]
  const fixed = names.filter(name => {
    const row = rowOf(name)
    return row === null ? asksForProtection(name) : row.dynamic === undefined
  })
  if (fixed.length > 0) return `Cannot update these configs dynamically: ${listed(fixed)}`
  const stores = names.filter(isStoreKey)
  if (stores.length > 0) {
    const why = 'These security configs can be dynamically updated only per-listener using the listener prefix'
    return `${why}: ${listed(stores)}`
  }
  for (const [name, text] of configs) {
    const row = rowOf(name)
    const parsed = row === null ? null : parseValue(listenerKeyOf(name)?.key ?? name, row, text)
    if (parsed !== null && isRefusal(parsed)) return parsed.message
  }
  if (!perBroker) {
    const own = names.filter(name => rowOf(name)?.dynamic === 'per-broker' || isOfListener(name))
    if (own.length > 0) {
      return `Cannot update these configs at default cluster level, broker id must be specified: ${listed(own)}`
    }
  }
  return null
}

function rowOf(name: string): ConfigKey<unknown> | null {
  const key = listenerKeyOf(name)?.key ?? brokerKeyOf(name)
  return key === null ? null : brokerKeys[key]
}

/** What a listener shows and trusts; without a listener's name it is set where the broker is started. */
function isStoreKey(name: string): boolean {
  return /^ssl\.(?:keystore\.|truststore\.|key\.password$)/.test(name)
}

function isOfListener(name: string): boolean {
  return name.startsWith('listener.name.') && rowOf(name)?.dynamic !== 'cluster-wide'
}

const listed = (names: readonly string[]): string => `[${names.join(', ')}]`

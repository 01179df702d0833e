/**
 * What becomes of a resource's configs when some of them change (KIP-339), in the steps of Kafka. Pure; whether the outcome
 * can be the resource's configs is for others to say.
 */
import { Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import { type ConfigKey, formatValue } from './key.js'
import { brokerKeyOf, brokerKeys } from './keys.js'
import { isTopicKey, topicKeys } from './topic-keys.js'

export type ConfigOperation = 'set' | 'delete' | 'append' | 'subtract'

export interface ConfigChange {
  readonly name: string
  readonly operation: ConfigOperation
  /** Ignored when the operation is delete. */
  readonly value: string
}

/** The list that is added to or taken from, or why there is none. */
export type ListOf = (name: string, operation: ConfigOperation) => ConfigKey<unknown> | Refusal

export const topicListOf: ListOf = (name, operation) => {
  const row: ConfigKey<unknown> | null = isTopicKey(name) ? topicKeys[name] : null
  return row?.type === 'list' ? row : noList(name, operation)
}

export const brokerListOf: ListOf = (name, operation) => {
  const key = brokerKeyOf(name)
  if (key === null) return refuse(Errors.INVALID_CONFIG, `Unknown config name: ${name}`)
  const row: ConfigKey<unknown> = brokerKeys[key]
  if (row.type === 'list') return row
  return refuse(Errors.INVALID_CONFIG, `Config value ${operation} is not allowed for config key: ${name}`)
}

/** Groups and client metrics: Kafka takes none of their keys for a list here. */
export const noList = (name: string, operation: ConfigOperation): Refusal =>
  refuse(Errors.INVALID_CONFIG, `Can't ${operation.toUpperCase()} to key ${name} because its type is not LIST.`)

/** The configs afterwards, or why they cannot be changed like this. */
export function changedConfigs(
  current: ReadonlyMap<string, string>,
  changes: readonly ConfigChange[],
  listOf: ListOf,
): ReadonlyMap<string, string> | Refusal {
  const configs = new Map(current)
  for (const { name, operation, value } of changes) {
    if (operation === 'set') configs.set(name, value)
    else if (operation === 'delete') configs.delete(name)
    else {
      const row = listOf(name, operation)
      if (isRefusal(row)) return row
      // As in Kafka, an unset list starts as the key's own default, whatever the broker's is.
      const before = parts(configs.get(name) ?? formatValue(row, row.default) ?? '')
      // Kafka's broker looks at what is added to its own lists before its controller drops what is named twice.
      const named = row.mayRepeat || row.throttledReplicas ? [...new Set(elements(value))] : elements(value)
      const after =
        operation === 'append'
          ? [...before, ...named.filter(part => !before.includes(part))]
          : before.filter(part => !named.includes(part))
      configs.set(name, after.join(','))
    }
  }
  return configs
}

function parts(text: string): string[] {
  return elements(text).filter(part => part !== '')
}

/** As Java splits: no empty ones at the end, but one of nothing. Empty ones are refused with the value that they make. */
function elements(text: string): string[] {
  if (text === '') return ['']
  return text
    .replace(/,+$/, '')
    .split(',')
    .map(part => part.trim())
}

/**
 * What becomes of a topic's overrides when some of them change (KIP-339), in the steps of Kafka's controller. Pure; whether
 * the outcome can be a topic's configs is for `validateTopicConfig` to say.
 */
import { Errors, type Refusal, refuse } from '../protocol/errors.js'
import { formatValue } from './key.js'
import { isTopicKey, topicKeys } from './topic-keys.js'

export type ConfigOperation = 'set' | 'delete' | 'append' | 'subtract'

export interface ConfigChange {
  readonly name: string
  readonly operation: ConfigOperation
  /** Ignored when the operation is delete. */
  readonly value: string
}

/** The overrides afterwards, or why they cannot be changed like this. */
export function changedOverrides(
  current: ReadonlyMap<string, string>,
  changes: readonly ConfigChange[],
): ReadonlyMap<string, string> | Refusal {
  const overrides = new Map(current)
  for (const { name, operation, value } of changes) {
    if (operation === 'set') overrides.set(name, value)
    else if (operation === 'delete') overrides.delete(name)
    else {
      if (!isTopicKey(name) || topicKeys[name].type !== 'list') {
        return refuse(Errors.INVALID_CONFIG, `Can't ${operation.toUpperCase()} to key ${name} because its type is not LIST.`)
      }
      // As in Kafka, an unset list starts as the topic key's own default, whatever the broker's is.
      const before = parts(overrides.get(name) ?? formatValue(topicKeys[name], topicKeys[name].default) ?? '')
      const named = [...new Set(parts(value))]
      const after =
        operation === 'append'
          ? [...before, ...named.filter(part => !before.includes(part))]
          : before.filter(part => !named.includes(part))
      overrides.set(name, after.join(','))
    }
  }
  return overrides
}

function parts(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

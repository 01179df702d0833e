/** Method by method: what a client was told by Kafka, and by Gregor. */

import type { Row, Served, Told } from './client.js'
import { keyOf } from './not-served.js'

export interface Verdict {
  readonly method: string
  readonly kind: 'equal' | 'not served' | 'different'
  /** How often it was called, and with another outcome each time. */
  readonly kafka: readonly string[]
  readonly gregor: readonly string[]
}

export function judged(kafka: Told, gregor: Told, served: Served): readonly Verdict[] {
  const [atKafka, atGregor] = [byMethod(kafka.rows), byMethod(gregor.rows)]
  return [...new Set([...atKafka.keys(), ...atGregor.keys()])].map(method => {
    const [one, other] = [atKafka.get(method) ?? [], atGregor.get(method) ?? []]
    return { method, kind: kindOf(method, one, other, served), kafka: one, gregor: other }
  })
}

function kindOf(method: string, kafka: readonly string[], gregor: readonly string[], served: Served): Verdict['kind'] {
  if (kafka.length === gregor.length && kafka.every((outcome, i) => outcome === gregor[i])) return 'equal'
  const key = keyOf(method)
  // Clients say it in words of their own.
  const isRefused = gregor.some(outcome => /unsupported|not support|too old/i.test(outcome))
  // kafka-python stumbles over the number of an API that Kafka has.
  const isUnknown = kafka.some(outcome => outcome.includes('is not a valid ApiKey'))
  return key !== null && !served.keys.includes(key) && (isRefused || isUnknown) ? 'not served' : 'different'
}

function byMethod(rows: readonly Row[]): Map<string, string[]> {
  const outcomes = new Map<string, string[]>()
  for (const { method, outcome } of rows) {
    const list = outcomes.get(method) ?? []
    outcomes.set(method, list)
    list.push(outcome)
  }
  return outcomes
}

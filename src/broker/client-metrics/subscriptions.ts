/**
 * Which metrics a client is to push, and how often (KIP-714): what the configs of client metrics that match it ask for together.
 * Patterns are compiled when the configs change, and cost a time that is linear in what they are held against.
 */
import { fromBase64Url, utf8Encode, viewOf } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import { type ClientMetricsConfig, clientMetricsKeys } from '../../config/client-metrics.js'
import { crc32c } from '../../protocol/records/crc32c.js'
import { patternOf } from '../pattern.js'

/** What a client is told apart by, under the names of the configs. */
export type ClientAttributes = Readonly<Record<string, string>>

export interface Subscription {
  /** Names what is asked for, and differs from client to client. */
  readonly id: number
  /** Beginnings of names, in order; none is nothing, * alone is all. */
  readonly metrics: readonly string[]
  readonly pushIntervalMs: number
}

interface Wanted extends ClientMetricsConfig {
  readonly matches: readonly { readonly attribute: string; readonly fits: (text: string) => boolean }[]
}

const all = '*'

export class Subscriptions {
  readonly #configs: () => readonly ClientMetricsConfig[]
  readonly #configsRevision: () => number
  #seenRevision = -1
  #text = ''
  #version = 0
  #wanted: readonly Wanted[] = []
  /** By their text: after a change only what is new is compiled. */
  #patterns = new Map<string, (text: string) => boolean>()

  /** @param configsRevision is another number after every change of a config, of whatever it is one. */
  constructor(configs: () => readonly ClientMetricsConfig[], configsRevision: () => number) {
    this.#configs = configs
    this.#configsRevision = configsRevision
  }

  /** Another number after every change of what is asked for. */
  get version(): number {
    const revision = this.#configsRevision()
    if (revision !== this.#seenRevision) {
      this.#seenRevision = revision
      this.#renew()
    }
    return this.#version
  }

  of(clientInstanceId: Uuid, attributes: ClientAttributes): Subscription {
    const found = this.#wanted.filter(({ matches }) => matches.every(({ attribute, fits }) => fits(attributes[attribute] ?? '')))
    const asked = [...new Set(found.flatMap(({ metrics }) => metrics))].sort()
    const metrics = asked.includes(all) ? [all] : asked
    // As in Kafka, no interval is longer than the default one.
    const pushIntervalMs = Math.min(clientMetricsKeys['interval.ms'].default, ...found.map(({ intervalMs }) => intervalMs))
    return { id: subscriptionId(metrics, pushIntervalMs, clientInstanceId), metrics, pushIntervalMs }
  }

  #renew(): void {
    const configs = this.#configs()
    const text = JSON.stringify(configs)
    if (text === this.#text) return
    this.#text = text
    this.#version++
    const before = this.#patterns
    this.#patterns = new Map()
    const compiled = (pattern: string): ((text: string) => boolean) => {
      // Kafka's directories may have patterns that are none here: nobody fits.
      const fits = before.get(pattern) ?? this.#patterns.get(pattern) ?? patternOf(pattern) ?? (() => false)
      this.#patterns.set(pattern, fits)
      return fits
    }
    this.#wanted = configs.map(config => ({ ...config, matches: matchesOf(config, compiled) }))
  }
}

/** Of two patterns for one attribute the last counts. */
function matchesOf({ match }: ClientMetricsConfig, compiled: (pattern: string) => (text: string) => boolean): Wanted['matches'] {
  const byAttribute = new Map(match.map(entry => entry.split('=').map(part => part.trim()) as [string, string]))
  return Array.from(byAttribute, ([attribute, pattern]) => ({ attribute, fits: compiled(pattern) }))
}

/** Kafka's number: of the metrics, as Java prints a set, and the interval, and of the client. */
function subscriptionId(metrics: readonly string[], pushIntervalMs: number, clientInstanceId: Uuid): number {
  const text = utf8Encode(`[${metrics.join(', ')}]${pushIntervalMs}`)
  const words = viewOf(fromBase64Url(clientInstanceId))
  const hash = words.getInt32(0) ^ words.getInt32(4) ^ words.getInt32(8) ^ words.getInt32(12)
  return crc32c(text, 0, text.byteLength) ^ hash
}

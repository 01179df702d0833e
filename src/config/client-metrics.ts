/** The configs of a client metrics subscription (KIP-714), one row each. Refusals are Kafka's, with its two codes. */
import { Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import { type ConfigKey, int, list, parseValue } from './key.js'

export const clientMetricsKeys = {
  metrics: list([], 'Metrics that clients push, by the beginnings of their names; * is all.', { mayRepeat: true }),
  'interval.ms': int(300_000, 'How often they push them: 100 to 3600000.'),
  match: list([], 'Which clients, as attribute=pattern; empty for all.', { mayRepeat: true }),
} satisfies Readonly<Record<string, ConfigKey<unknown>>>

type ClientMetricsKey = keyof typeof clientMetricsKeys

/** What a pattern may be about. */
export const clientMetricsAttributes: readonly string[] = [
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
]

export const [intervalMsMin, intervalMsMax] = [100, 3_600_000]

export interface ClientMetricsConfig {
  readonly metrics: readonly string[]
  readonly intervalMs: number
  /** As attribute=pattern, with blanks around the two; the pattern must fit the whole value. */
  readonly match: readonly string[]
}

/** `overrides` have been validated. */
export function clientMetricsConfig(overrides: ReadonlyMap<string, string>): ClientMetricsConfig {
  const get = (key: ClientMetricsKey): unknown => {
    const raw = overrides.get(key)
    const parsed = raw === undefined ? null : parseValue(key, clientMetricsKeys[key], raw)
    return parsed === null || isRefusal(parsed) ? clientMetricsKeys[key].default : parsed.value
  }
  return {
    metrics: get('metrics') as readonly string[],
    intervalMs: get('interval.ms') as number,
    match: get('match') as readonly string[],
  }
}

/** @param isPattern whether it is a regular expression that can be used */
export function clientMetricsRefusal(
  overrides: ReadonlyMap<string, string>,
  isPattern: (text: string) => boolean,
): Refusal | null {
  for (const name of overrides.keys()) {
    if (!Object.hasOwn(clientMetricsKeys, name)) {
      return refuse(Errors.INVALID_REQUEST, `Unknown client metrics configuration: ${name}`)
    }
  }
  for (const [name, raw] of overrides) {
    const parsed = parseValue(name, clientMetricsKeys[name as ClientMetricsKey], raw)
    if (isRefusal(parsed)) return parsed
  }
  const { intervalMs, match } = clientMetricsConfig(overrides)
  if (intervalMs < intervalMsMin || intervalMs > intervalMsMax) {
    const bounds = `interval must be between ${intervalMsMin} and ${intervalMsMax} (1 hour)`
    return refuse(Errors.INVALID_REQUEST, `Invalid value ${intervalMs} for interval.ms, ${bounds}`)
  }
  for (const entry of match) {
    const [attribute = '', pattern = '', ...rest] = entry.split('=')
    const isPair = pattern.trim() !== '' && rest.length === 0
    const isSound = isPair && clientMetricsAttributes.includes(attribute.trim()) && isPattern(pattern.trim())
    if (!isSound) return refuse(Errors.INVALID_CONFIG, `Illegal client matching pattern: ${entry}`)
  }
  return null
}

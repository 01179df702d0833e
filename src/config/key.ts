/**
 * What one row of a config table is made of, and how text becomes its value and back. Parsing follows Kafka's ConfigDef
 * (Java number syntax, its refusal texts), because tools show these messages to people. Never knows a single key's name.
 */
import { Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'

export type ConfigType = 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password'

/**
 * moot: nothing, and no more in a Kafka that has one node and the same features. none: nothing here, although something in
 * Kafka; it is refused over the protocol. refused: the key asks for protection that this version cannot give, so that another
 * value than the default refuses the start.
 */
export type Effect = 'moot' | 'none' | 'refused'

export interface KeyTraits {
  /** Lowest and highest value, both allowed. */
  readonly min?: number
  readonly max?: number
  /** One more allowed number outside min…max. */
  readonly also?: number
  /** What the key does where it does not do what Kafka does with it. */
  readonly effect?: Effect
  /** Moot because the whole feature is not there: a start says so of another value than the default. */
  readonly unserved?: boolean
  /** Whether the broker takes it up while it runs: as a value of this broker alone, or also as one of all brokers. */
  readonly dynamic?: 'per-broker' | 'cluster-wide'
  /** May be given for one listener alone, as listener.name.NAME.KEY. */
  readonly perListener?: boolean
  /** And for one mechanism of it alone, as listener.name.NAME.MECHANISM.KEY. */
  readonly perMechanism?: boolean
  /** Known, but shown only where it is set, as what Kafka calls internal. */
  readonly hidden?: boolean
  /** Older names of the same key. */
  readonly aliases?: readonly string[]
  /** Kafka's default where ours differs on purpose; the doc says why. */
  readonly kafkaDefault?: string
  /** A list that drops what it names twice; others refuse it (KIP-1161). */
  readonly mayRepeat?: boolean
  /** Elements are partition:broker pairs, or the single element '*'; empty and repeated ones are taken. */
  readonly throttledReplicas?: boolean
  /** earliest, latest, or by_duration: with a duration as ISO 8601 writes it. */
  readonly shareOffsetReset?: boolean
  /** Topic keys: the broker keys that give the default, the strongest first. Units are in the names. */
  readonly brokerKeys?: readonly string[]
}

export interface ConfigKey<T> extends KeyTraits {
  readonly type: ConfigType
  readonly default: T
  readonly doc: string
  /** Allowed values of a string, or of each element of a list. */
  readonly oneOf?: readonly string[]
}

export type ValueOf<Key> = Key extends ConfigKey<infer T> ? T : never

/**
 * Kafka's longs reach 2^63-1, mostly as "never". A value outside the safe integers saturates at them; its text is kept
 * exact, so what a tool reads back is what was written.
 */
export const longMax = Number.MAX_SAFE_INTEGER

type Numeric<D> = ConfigKey<number | (D & null)>

export function int<D extends number | null>(value: D, doc: string, traits: KeyTraits = {}): Numeric<D> {
  return { type: 'int', default: value, doc, ...traits } as Numeric<D>
}

export function short(value: number, doc: string, traits: KeyTraits = {}): ConfigKey<number> {
  return { type: 'short', default: value, doc, ...traits }
}

export function long<D extends number | null>(value: D, doc: string, traits: KeyTraits = {}): Numeric<D> {
  return { type: 'long', default: value, doc, ...traits } as Numeric<D>
}

export function double(value: number, doc: string, traits: KeyTraits = {}): ConfigKey<number> {
  return { type: 'double', default: value, doc, ...traits }
}

export function boolean(value: boolean, doc: string, traits: KeyTraits = {}): ConfigKey<boolean> {
  return { type: 'boolean', default: value, doc, ...traits }
}

export function text<D extends string | null>(value: D, doc: string, traits: KeyTraits = {}): ConfigKey<string | (D & null)> {
  return { type: 'string', default: value, doc, ...traits } as ConfigKey<string | (D & null)>
}

/** A secret: never described, never printed. */
export function password(doc: string, traits: KeyTraits = {}): ConfigKey<string | null> {
  return { type: 'password', default: null, doc, ...traits }
}

/** A Java class, of which a broker without Java can only know the name. */
export function javaClass<D extends string | null>(
  value: D,
  doc: string,
  traits: KeyTraits = {},
): ConfigKey<string | (D & null)> {
  return { type: 'class', default: value, doc, ...traits } as ConfigKey<string | (D & null)>
}

export function choice<const V extends string>(
  value: NoInfer<V>,
  oneOf: readonly V[],
  doc: string,
  traits: KeyTraits = {},
): ConfigKey<V> {
  return { type: 'string', default: value, oneOf, doc, ...traits }
}

type Elements<D, V> = ConfigKey<readonly V[] | (D & null)>

export function list<D extends readonly string[] | null>(value: D, doc: string, traits: KeyTraits = {}): Elements<D, string> {
  return { type: 'list', default: value, doc, ...traits } as Elements<D, string>
}

export function choices<const V extends string>(
  value: readonly NoInfer<V>[],
  oneOf: readonly V[],
  doc: string,
  traits: KeyTraits = {},
): ConfigKey<readonly V[]> {
  return { type: 'list', default: value, oneOf, doc, ...traits }
}

export interface ParsedValue {
  readonly value: unknown
  /** The value as Kafka prints it. */
  readonly text: string
}

/** The value that `raw` spells, or what is wrong with it: "Invalid value 0 for configuration num.partitions: …". */
export function parseValue(name: string, key: ConfigKey<unknown>, raw: string): ParsedValue | Refusal {
  const parsed = parseType(key, raw.trim())
  if (isRefusal(parsed)) return invalidValue(name, raw, parsed.message)
  const problem = key.type === 'list' ? listProblem(name, key, parsed.value as readonly string[]) : null
  if (problem !== null) return refuse(Errors.INVALID_CONFIG, problem)
  const members: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
  const stranger = key.oneOf === undefined ? undefined : members.find(member => !key.oneOf?.includes(member as string))
  if (stranger !== undefined) return invalidValue(name, String(stranger), `String must be one of: ${key.oneOf?.join(', ')}`)
  const wrong = boundsProblem(key, parsed.value) ?? formProblem(name, key, members)
  if (wrong === null) return parsed
  return invalidValue(name, key.type === 'list' ? `[${members.join(', ')}]` : parsed.text, wrong)
}

function listProblem(name: string, key: ConfigKey<unknown>, elements: readonly string[]): string | null {
  if (key.throttledReplicas) return null
  if (new Set(elements).size < elements.length) return `Configuration '${name}' values must not be duplicated.`
  return elements.includes('') ? `Configuration '${name}' values must not be empty.` : null
}

function invalidValue(name: string, raw: string, problem: string): Refusal {
  return refuse(Errors.INVALID_CONFIG, `Invalid value ${raw} for configuration ${name}: ${problem}`)
}

/** What stands for a secret wherever a value is printed, as in Kafka. */
export const hiddenText = '[hidden]'

/** The value as Kafka prints it in DescribeConfigs; null for "not set". */
export function formatValue(key: ConfigKey<unknown>, value: unknown): string | null {
  if (value === null) return null
  if (Array.isArray(value)) return value.join(',')
  if (key.type === 'long' && value === longMax) return '9223372036854775807'
  if (key.type === 'double') return javaDouble(value as number)
  return String(value)
}

/** Java writes 1.0E10 where JavaScript writes 10000000000. */
function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const magnitude = Math.abs(value)
  if (value !== 0 && (magnitude >= 1e7 || magnitude < 1e-3)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e')
    return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** What is said to who wants a log synced, where none is: the promise would be empty. */
export const unsynced = 'with gregor.durability=os nothing is synced; with fsync all is that was acknowledged, whatever this says'

/** What the value must be, in words; empty when anything of the type will do. */
export function allowedValues(key: ConfigKey<unknown>): string {
  if (key.oneOf !== undefined) return key.oneOf.join(', ')
  if (key.throttledReplicas) return '* or partition:broker,…'
  const range =
    key.min !== undefined && key.max !== undefined
      ? `${key.min} to ${key.max}`
      : key.min !== undefined
        ? `at least ${key.min}`
        : key.max !== undefined
          ? `at most ${key.max}`
          : ''
  return key.also === undefined ? range : `${range}, or ${key.also}`
}

// --- parsing ---

const integerRanges = {
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

function parseType(key: ConfigKey<unknown>, trimmed: string): ParsedValue | Refusal {
  switch (key.type) {
    case 'boolean': {
      const lower = trimmed.toLowerCase()
      if (lower !== 'true' && lower !== 'false') return refuse(Errors.INVALID_CONFIG, 'Expected value to be either true or false')
      return { value: lower === 'true', text: lower }
    }
    case 'string':
    case 'class':
      return { value: trimmed, text: trimmed }
    case 'password':
      return { value: trimmed, text: hiddenText }
    case 'list': {
      const named = trimmed === '' ? [] : trimmed.split(/\s*,\s*/)
      const elements = key.mayRepeat ? [...new Set(named)] : named
      return { value: elements, text: elements.join(',') }
    }
    case 'double': {
      const value = javaDoublePattern.test(trimmed) ? Number(trimmed.replace(/[fd]$/i, '')) : null
      if (value === null) return refuse(Errors.INVALID_CONFIG, 'Not a number of type DOUBLE')
      return { value, text: formatValue(key, value) as string }
    }
    case 'short':
    case 'int':
    case 'long': {
      const [lowest, highest] = integerRanges[key.type]
      // 20 characters are a sign and the 19 digits of 2^63; longer texts with leading zeros are not real values.
      const exact = /^[+-]?\d{1,20}$/.test(trimmed) ? BigInt(trimmed.replace('+', '')) : null
      if (exact === null || exact < lowest || exact > highest) {
        return refuse(Errors.INVALID_CONFIG, `Not a number of type ${key.type.toUpperCase()}`)
      }
      return { value: Math.max(-longMax, Math.min(longMax, Number(exact))), text: exact.toString() }
    }
  }
}

/** What Double.parseDouble takes, but for hexadecimal. */
const javaDoublePattern = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/

function boundsProblem(key: ConfigKey<unknown>, value: unknown): string | null {
  if (typeof value !== 'number' || value === key.also) return null
  const tooLow = key.min !== undefined && value < key.min
  const tooHigh = key.max !== undefined && value > key.max
  if (!tooLow && !tooHigh) return null
  if (key.also !== undefined) return `Value must be between ${key.min} and ${key.max} or equal to ${key.also}`
  return tooLow ? `Value must be at least ${key.min}` : `Value must be no more than ${key.max}`
}

function formProblem(name: string, key: ConfigKey<unknown>, members: readonly unknown[]): string | null {
  if (key.shareOffsetReset && !shareOffsetResetPattern.test(String(members[0]))) {
    return (
      `Invalid value \`${members[0]}\` for configuration ${name}. The value must be either 'earliest', 'latest' or of the format ` +
      "'by_duration:<PnDTnHnMn.nS>'."
    )
  }
  if (key.throttledReplicas) {
    const isWildcard = members.join('') === '*'
    if (!isWildcard && !members.every(member => /^(?:\d+:\d+)?$/.test(String(member)))) {
      return (
        `${name} must be the literal '*' or a list of replicas in the following format: ` +
        '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
      )
    }
  }
  return null
}

const shareOffsetResetPattern =
  /^(?:earliest|latest|by_duration:\+?[Pp](?=\d|[Tt]\d)(?:\d+[Dd])?(?:[Tt](?=\d)(?:\d+[Hh])?(?:\d+[Mm])?(?:\d+(?:\.\d+)?[Ss])?)?)$/

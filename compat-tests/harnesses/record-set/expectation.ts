/**
 * The rule of the record set: what a producer is asked to write, and what must arrive at a consumer. A field is compared when
 * the format of the producer and the format of the consumer both carry it and both clients' interfaces show it; everything
 * else must be equal, byte for byte. What a format carries follows from its magic: timestamps from 1 on, headers from 2 on.
 * What a client's interface cannot say is its own statement (`rs-capabilities`), printed in the report, and holds against
 * every broker. Pure.
 */
import { base64, type ConsumedLine, FIRST_TIMESTAMP_MS, type ProducedLine, producedLine, type SetRecord } from './record-set.js'

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type Codec = (typeof codecs)[number]

/** What some clients cannot say or cannot tell from something else. */
export const features = [
  'null key',
  'empty key',
  'null value',
  'empty value',
  'null key and value',
  'repeated headers',
  'null header value',
  'empty header value',
  'distant timestamp',
] as const

export type Feature = (typeof features)[number]

export interface Capabilities {
  readonly codecs: readonly Codec[]
  /** Where it reads fewer codecs than it writes, or more. */
  readonly consumeCodecs?: readonly Codec[]
  /** The format it writes and asks for: 0 and 1 are message sets, 2 is the record batch. */
  readonly magic: 0 | 1 | 2
  /** Where it asks for an older format than it writes. */
  readonly consumeMagic?: 0 | 1 | 2
  /** Whether its interface sets and shows them, given a format that has them. */
  readonly headers: boolean
  readonly timestamps: boolean
  readonly cannotProduce?: readonly Feature[]
  readonly cannotConsume?: readonly Feature[]
}

export interface Moment {
  readonly fromMs: number
  readonly toMs: number
}

export function writesHeaders(of: Capabilities): boolean {
  return of.headers && of.magic >= 2
}

/** A client without a way to set timestamps still stamps its records by its own clock when its format has them. */
function writesTimestamps(of: Capabilities): boolean {
  return of.timestamps && of.magic >= 1
}

function readsHeaders({ headers, magic, consumeMagic = magic }: Capabilities): boolean {
  return headers && consumeMagic >= 2
}

function readsTimestamps({ timestamps, magic, consumeMagic = magic }: Capabilities): boolean {
  return timestamps && consumeMagic >= 1
}

/** The part of the set that this producer can say, in order. */
export function producible(set: readonly SetRecord[], producer: Capabilities): readonly SetRecord[] {
  const unsayable = new Set(producer.cannotProduce ?? [])
  return set.filter(record => featuresOf(record, producer).every(feature => !unsayable.has(feature)))
}

export function producedLines(set: readonly SetRecord[], producer: Capabilities): readonly ProducedLine[] {
  const carried = { headers: writesHeaders(producer), timestamps: writesTimestamps(producer) }
  return producible(set, producer).map(record => producedLine(record, carried))
}

/** Of what the producer writes of this record, what some clients cannot say or tell. */
function featuresOf({ key, value, headers, timestampMs }: SetRecord, producer: Capabilities): Feature[] {
  const found: Feature[] = []
  if (key === null) found.push('null key')
  if (key?.length === 0) found.push('empty key')
  if (value === null) found.push('null value')
  if (value?.length === 0) found.push('empty value')
  if (key === null && value === null) found.push('null key and value')
  if (writesTimestamps(producer) && Math.abs(timestampMs - FIRST_TIMESTAMP_MS) >= 2 ** 31) found.push('distant timestamp')
  if (!writesHeaders(producer)) return found
  if (new Set(headers.map(({ name }) => name)).size < headers.length) found.push('repeated headers')
  if (headers.some(header => header.value === null)) found.push('null header value')
  if (headers.some(header => header.value?.length === 0)) found.push('empty header value')
  return found
}

/** null when everything arrived as it must, else the first thing that did not. */
export function faultOf(
  consumed: readonly ConsumedLine[],
  set: readonly SetRecord[],
  producer: Capabilities,
  consumer: Capabilities,
  /** When the producer ran: the clock of a client that stamps its records itself must lie in it. */
  produced: Moment,
): string | null {
  const expected = producible(set, producer)
  for (const [index, line] of consumed.entries()) {
    const record = expected[index]
    if (record === undefined) return `${consumed.length} records where ${expected.length} were produced`
    const fault = recordFault(line, index, record, producer, consumer, produced)
    if (fault !== null) return `record ${index} (${record.key?.toString().slice(0, 30) ?? 'no key'}): ${fault}`
  }
  return consumed.length === expected.length ? null : `${consumed.length} of ${expected.length} records`
}

function recordFault(
  line: ConsumedLine,
  index: number,
  record: SetRecord,
  producer: Capabilities,
  consumer: Capabilities,
  produced: Moment,
): string | null {
  const blind = new Set(consumer.cannotConsume ?? [])
  if (line.offset !== index) return `offset ${line.offset} where ${index} is due`
  if (!sameBytes(line.key, record.key, blind.has('null key') || blind.has('empty key')))
    return differs('key', line.key, record.key)
  if (!sameBytes(line.value, record.value, blind.has('null value') || blind.has('empty value')))
    return differs('value', line.value, record.value)
  if (writesHeaders(producer) && readsHeaders(consumer)) {
    const fault = headersFault(line, record, producer, blind)
    if (fault !== null) return fault
  }
  return readsTimestamps(consumer) ? timestampFault(line.timestamp ?? null, record, producer, produced) : null
}

/** `blurred`: this client shows null and empty as the same. */
function sameBytes(got: string | null, wanted: Buffer | null, blurred: boolean): boolean {
  return blurred ? (got ?? '') === (base64(wanted) ?? '') : got === base64(wanted)
}

function headersFault(line: ConsumedLine, record: SetRecord, producer: Capabilities, blind: ReadonlySet<Feature>): string | null {
  // A client that shows a name once shows one of its values, which one is its own affair.
  if (blind.has('repeated headers') && featuresOf(record, producer).includes('repeated headers')) return null
  const got = line.headers ?? []
  if (got.length !== record.headers.length) return `${got.length} headers, not ${record.headers.length}`
  const blurred = blind.has('null header value') || blind.has('empty header value')
  for (const [index, { name, value }] of record.headers.entries()) {
    const [gotName, gotValue] = got[index]!
    if (gotName !== name) return `header ${index} is named ${gotName}, not ${name}`
    if (!sameBytes(gotValue, value, blurred)) return differs(`header ${name}`, gotValue, value)
  }
  return null
}

function timestampFault(got: number | null, record: SetRecord, producer: Capabilities, produced: Moment): string | null {
  // Records without a timestamp show as such in every later format; its spelling is -1.
  if (producer.magic === 0) return got === null || got === -1 ? null : `timestamp ${got} of a record that had none`
  if (writesTimestamps(producer)) return got === record.timestampMs ? null : `timestamp ${got}, not ${record.timestampMs}`
  return got !== null && got >= produced.fromMs && got <= produced.toMs ? null : `timestamp ${got} is not of its producer's clock`
}

function differs(field: string, got: string | null, wanted: Buffer | null): string {
  return `${field} is ${sketch(got)}, not ${sketch(base64(wanted))}`
}

function sketch(text: string | null): string {
  return text === null ? 'null' : text.length > 40 ? `${text.slice(0, 40)}… (${text.length} characters of base64)` : `"${text}"`
}

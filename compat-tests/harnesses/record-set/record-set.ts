/**
 * The one record set that every client produces and consumes, and its form in a file: one JSON object per line, keys, values
 * and header values in base64, so that nothing on the way depends on how a language reads text. The same bytes on every
 * machine. Never says what a client may lose of it: that is expectation.ts.
 */
import { Random } from '../../lib/random.js'

export interface SetRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly timestampMs: number
}

export interface Header {
  readonly name: string
  readonly value: Buffer | null
}

/** Below the default max.message.bytes (1,048,588) with room for the small records beside it in one batch. */
const LARGE_VALUE_BYTES = 1_000_000

/** Far from today, so that no client's own clock passes for it; topics of the set must never expire by time. */
export const FIRST_TIMESTAMP_MS = 1_234_567_890_123
const DAY_MS = 86_400_000

/** Enough to make one compressed message set or batch of many inner messages. */
const PLAIN_RECORDS = 40

/** Two bytes as the varint that counts them. */
const MANY_HEADERS = 70

/** A set of its own, written uncompressed only: rskafka cannot read a batch that contains one such record. */
export function nullHeaderSet(): readonly SetRecord[] {
  return [
    record('before', 'v', [header('name', 'value')]),
    record('a null header value', 'v', [header('null', null)]),
    record('null beside others', 'v', [header('first', 'x'), header('null', null), header('last', '')]),
    record(null, null, [header('null', null)]),
  ]
}

export function recordSet(): readonly SetRecord[] {
  const random = new Random(4)
  return [
    record('key', 'value'),
    record(null, 'no key'),
    record('no value', null),
    record('empty value', ''),
    record('', 'empty key'),
    record(null, null),
    record(null, ''),
    record(
      'Schlüssel ключ 鍵 🗝️',
      'Zwölf Boxkämpfer; съешь ещё этих мягких булок; いろはにほへと; نص حكيم; e\u0301\u200d\u{1f469}',
    ),
    record(everyByte(), Buffer.concat([everyByte(), everyByte()])),
    record('line ends', 'a\nb\r\nc\td\0e'),
    record('one header', 'v', [header('name', 'value')]),
    record('an empty header value', 'v', [header('empty', '')]),
    record('a header name twice', 'v', [header('name', 'first'), header('other', 'x'), header('name', 'second')]),
    record('a unicode header', 'v', [header('Überschrift 見出し', Buffer.from('значение'))]),
    record('binary header value', 'v', [header('bytes', everyByte())]),
    record(
      'many headers',
      'v',
      Array.from({ length: MANY_HEADERS }, (_, index) => header(`header-${10 + index}`, `${index}`)),
    ),
    record(null, null, [header('only', 'headers')]),
    // Out of order and more than 2^31 ms apart: deltas of both signs that 32 bits do not hold.
    record('later', 'two hundred days', [], FIRST_TIMESTAMP_MS + 200 * DAY_MS),
    record('earlier', 'a hundred days before', [], FIRST_TIMESTAMP_MS - 100 * DAY_MS),
    record('k'.repeat(300), 'a key whose length takes two bytes as a varint'),
    ...Array.from({ length: PLAIN_RECORDS }, (_, index) =>
      record(index % 3 === 0 ? null : `key-${index % 7}`, `plain record ${index} ${words(random, index)}`, [], at(index)),
    ),
    record('large', largeValue(random)),
    record('last', 'a small record behind the large one'),
  ]
}

function record(
  key: string | Buffer | null,
  value: string | Buffer | null,
  headers: readonly Header[] = [],
  timestampMs = FIRST_TIMESTAMP_MS,
): SetRecord {
  return { key: bytes(key), value: bytes(value), headers, timestampMs }
}

function header(name: string, value: string | Buffer | null): Header {
  return { name, value: bytes(value) }
}

function bytes(of: string | Buffer | null): Buffer | null {
  return typeof of === 'string' ? Buffer.from(of) : of
}

function at(index: number): number {
  return FIRST_TIMESTAMP_MS + index * 1000 + (index % 5)
}

function everyByte(): Buffer {
  return Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
}

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick(['offset', 'leader', 'epoch', 'commit', 'batch', 'fetch'])).join(' ')
}

/** Half noise, half repetition: codecs leave some blocks as they are and compress others. */
function largeValue(random: Random): Buffer {
  const value = Buffer.alloc(LARGE_VALUE_BYTES)
  for (let position = 0; position < value.length; position += 4) {
    const isNoise = (position >> 15) % 2 === 0
    value.writeUInt32LE(isNoise ? random.uint32() : position >> 9, position)
  }
  return value
}

/** What a producer is given: a field is left out where the client cannot set it. */
export interface ProducedLine {
  readonly key: string | null
  readonly value: string | null
  readonly headers?: readonly (readonly [string, string | null])[]
  readonly timestamp?: number
}

/** What a consumer writes. `timestamp` is null where the client has none. */
export interface ConsumedLine {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers?: readonly (readonly [string, string | null])[] | null
  readonly timestamp?: number | null
}

export function producedLine(of: SetRecord, with_: { readonly headers: boolean; readonly timestamps: boolean }): ProducedLine {
  return {
    key: base64(of.key),
    value: base64(of.value),
    ...(with_.headers && { headers: of.headers.map(({ name, value }) => [name, base64(value)] as const) }),
    ...(with_.timestamps && { timestamp: of.timestampMs }),
  }
}

export function base64(of: Buffer | null): string | null {
  return of === null ? null : of.toString('base64')
}

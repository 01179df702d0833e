/**
 * What holds for every message in every version: it survives the wire unchanged, and bytes that are not it are refused as
 * malformed, never with another error. That the layout is Kafka's is conformance.test.ts's business.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, emptyBytes, toBase64Url, toHex } from '../base/bytes.js'
import { zeroUuid } from '../base/ids.js'
import { int64Of } from '../base/int64.js'
import { decode, decodeInSlices, encode, encodeInSlices } from './codec.js'
import { Errors } from './errors.js'
import { allApis, allMessages, versionsOf } from './messages/all.test-support.js'
import { type Field, type Fields, inRange, type Message, type PrimitiveKind } from './schema.js'
import { MalformedError, Reader, Writer } from './wire.js'

const everyVersion = allMessages.flatMap(message => versionsOf(message).map(version => ({ message, version })))

describe('a message comes back from the wire as it went, and none of its beginnings is taken for it', () => {
  for (const { message, version } of everyVersion) {
    test(`${message.name} v${version}`, () => {
      fc.assert(
        fc.property(structs(message.fields, version), value => {
          const bytes = encoded(message, version, value)
          const reader = new Reader(bytes)
          const back = decode(message, version, reader)
          expect(reader.remaining).toBe(0)
          expect(comparable(back)).toEqual(comparable(value))
          expect(toHex(encoded(message, version, back))).toBe(toHex(bytes))
          const sliced = new Writer()
          for (const _ of encodeInSlices(message, version, sliced, value as never));
          expect(toHex(sliced.finish())).toBe(toHex(bytes))
          expect(comparable(wholeOf(decodeInSlices(message, version, new Reader(bytes))))).toEqual(comparable(value))
          // What is left out is written as its default.
          expect(toHex(encoded(message, version, withoutDefaults(message.fields, value)))).toBe(toHex(bytes))
          for (let end = 0; end < bytes.byteLength; end++) {
            if (decodes(message, version, new Reader(bytes, 0, end))) throw new Error(`decoded from ${end} bytes`)
          }
        }),
        { numRuns: 8 },
      )
    })
  }
})

function wholeOf<Whole>(slices: Generator<void, Whole>): Whole {
  for (;;) {
    const step = slices.next()
    if (step.done === true) return step.value
  }
}

// A length in each of the two encodings that no frame can hold, and one that means null.
const lies = [
  [0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff],
]

describe('damaged bytes are decoded or refused as malformed, and lengths that lie make nothing grow', () => {
  for (const { message, version } of everyVersion) {
    test(`${message.name} v${version}`, () => {
      fc.assert(
        fc.property(structs(message.fields, version), value => {
          const bytes = encoded(message, version, value)
          for (let at = 0; at < bytes.byteLength; at++) {
            for (const lie of lies) {
              const damaged = Uint8Array.from(bytes)
              damaged.set(lie.slice(0, bytes.byteLength - at), at)
              decodes(message, version, new Reader(damaged))
            }
          }
        }),
        { numRuns: 1 },
      )
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void decodes(message, version, new Reader(bytes))),
        { numRuns: 15 },
      )
    })
  }
})

describe('a failure of the whole request is said in every version wherever the answer has a place for it', () => {
  for (const api of allApis) {
    for (const version of versionsOf(api.request)) {
      test(`${api.name} v${version}`, () => {
        const failureOf = (request: Struct): number[] => {
          const failure = api.failure(request, Errors.NOT_COORDINATOR, version)
          return errorCodesIn(decode(api.response, version, new Reader(encoded(api.response, version, failure))))
        }
        // A request may name nothing: then there may be no place for the code, and there is no other code either.
        const any = fc.property(structs(api.request.fields, version), request => {
          expect(failureOf(request).every(code => code === Errors.NOT_COORDINATOR)).toBe(true)
        })
        const full = fc.property(structs(api.request.fields, version, 'filled'), request => {
          expect(failureOf(request)).toContain(Errors.NOT_COORDINATOR)
        })
        fc.assert(any, { numRuns: 5 })
        // Before v3 the only place is beside a directory, and a failed request has none.
        const hasPlace = api.name !== 'DescribeLogDirs' || version >= 3
        if (hasPlace) fc.assert(full, { numRuns: 3 })
      })
    }
  }
})

// ---- values

type Struct = Record<string, unknown>
/** Filled: no array is empty, nothing is null. */
type Size = 'any' | 'filled'

/** Values of the shape that decoding yields: all fields, those that the version does not carry with their default. */
function structs(fields: Fields, version: number, size: Size = 'any'): fc.Arbitrary<Struct> {
  const members: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, field] of Object.entries(fields)) {
    members[name] = inRange(field.versions, version) ? values(field, version, size) : fc.constant(defaultOf(field))
  }
  return fc.record(members, { noNullPrototype: true })
}

function values(field: Field, version: number, size: Size): fc.Arbitrary<unknown> {
  let some: fc.Arbitrary<unknown>
  if (field.kind === 'struct') some = structs(field.fields as Fields, version, size)
  else if (field.kind === 'array') {
    const elements = field.fields ? structs(field.fields, version, size) : primitives[field.element as PrimitiveKind]
    some = fc.array(elements, { minLength: size === 'filled' ? 1 : 0, maxLength: 3 })
  } else some = field.isExact ? anyInt64 : primitives[field.kind]
  if (size === 'filled') return some
  if (inRange(field.nullable, version)) some = fc.option(some, { nil: null, freq: 3 })
  // Defaults are what tagged fields are left out for, so they come up on purpose.
  return field.optional ? fc.oneof({ weight: 3, arbitrary: some }, { weight: 1, arbitrary: fc.constant(defaultOf(field)) }) : some
}

const anyInt64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(int64Of)

const primitives: Readonly<Record<PrimitiveKind, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -0x80, max: 0x7f }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  int64: fc.maxSafeInteger(),
  float64: fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity)),
  // Any characters but halves of surrogate pairs, which UTF-8 cannot say.
  string: fc.string({ unit: 'binary', maxLength: 12 }),
  bytes: fc.uint8Array({ maxLength: 16 }),
  records: fc.uint8Array({ maxLength: 16 }),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => toBase64Url(bytes)),
}

function defaultOf(field: Field): unknown {
  if (field.defaultValue !== undefined) return field.defaultValue
  if (field.kind === 'array') return []
  if (field.kind === 'bytes') return emptyBytes
  if (field.kind === 'uuid') return zeroUuid
  return Object.fromEntries(Object.entries(field.fields as Fields).map(([name, member]) => [name, defaultOf(member)]))
}

/** The same value with every optional field left out that has its default. */
function withoutDefaults(fields: Fields, value: Struct): Struct {
  const rest: Struct = {}
  for (const [name, field] of Object.entries(fields)) {
    const member = value[name]
    if (field.optional && toText(member) === toText(defaultOf(field))) continue
    if (field.fields === undefined || member === null) rest[name] = member
    else if (field.kind === 'struct') rest[name] = withoutDefaults(field.fields, member as Struct)
    else rest[name] = (member as Struct[]).map(element => withoutDefaults(field.fields as Fields, element))
  }
  return rest
}

// ---- reading and comparing

function encoded(message: Message, version: number, value: Struct): Bytes {
  // Hardly any room at first, so that every kind of field gets to be the one that makes the buffer grow.
  const writer = new Writer(1)
  encode(message, version, writer, value)
  return writer.finish()
}

/** Whether the bytes are this message. Any other complaint than MalformedError is a failure of the test. */
function decodes(message: Message, version: number, reader: Reader): boolean {
  try {
    decode(message, version, reader)
    return true
  } catch (error) {
    if (error instanceof MalformedError) return false
    throw error
  }
}

/** Bytes as text: a view into a frame and an array are the same value. And -0, which is no default and which JSON calls 0. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`
  if (typeof value === 'bigint') return String(value)
  if (Object.is(value, -0)) return '-0'
  if (Array.isArray(value)) return value.map(comparable)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, comparable(member)]))
}

function toText(value: unknown): string {
  return JSON.stringify(comparable(value))
}

/** Codes in fields of the two names it has, at any depth; 0 is left out where it stands for a field the version lacks. */
function errorCodesIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(errorCodesIn)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'errorCode' || name === 'partitionErrorCode' ? (member === 0 ? [] : [member as number]) : errorCodesIn(member),
  )
}

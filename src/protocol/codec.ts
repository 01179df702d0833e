/**
 * The compiler: turns a schema literal and a version into straight-line decode and encode functions, on first use.
 * An absent field decodes to its default, so every version of a message yields one object shape.
 *
 * The generated code is JavaScript text made of schema names and constants only; nothing from the network gets into it.
 */

import { assert } from '../base/assert.js'
import { emptyBytes } from '../base/bytes.js'
import { zeroUuid } from '../base/ids.js'
import { type Decoded, type Encodable, type Field, type Fields, inRange, type Message, type PrimitiveKind } from './schema.js'
import { numbersPerStruct, type Reader, type Writer } from './wire.js'

interface Codec {
  readonly decode: (reader: Reader) => unknown
  readonly encode: (writer: Writer, value: unknown) => void
  /** These are made when the first large value comes. */
  sliced: ((writer: Writer, value: unknown) => Iterable<void>) | null
  slicedDecode: ((reader: Reader) => Generator<void, unknown>) | null
}

const compiled = new WeakMap<Message, Codec[]>()

/** Reads one message. Throws MalformedError when the bytes are not that message. */
export function decode<F extends Fields>(message: Message<F>, version: number, reader: Reader): Decoded<F> {
  return codecOf(message, version).decode(reader) as Decoded<F>
}

/** Appends one message to `writer`. */
export function encode<F extends Fields>(message: Message<F>, version: number, writer: Writer, value: Encodable<F>): void {
  codecOf(message, version).encode(writer, value)
}

/** Reads as `decode` does, and stops for breath wherever so many more elements of arrays are read. */
export function decodeInSlices<F extends Fields>(
  message: Message<F>,
  version: number,
  reader: Reader,
): Generator<void, Decoded<F>> {
  const codec = codecOf(message, version)
  codec.slicedDecode ??= compileSlicedDecoder(message, version)
  return codec.slicedDecode(reader) as Generator<void, Decoded<F>>
}

/** Encodes as `encode` does, and stops for breath wherever so many more elements of arrays are written. */
export function encodeInSlices<F extends Fields>(
  message: Message<F>,
  version: number,
  writer: Writer,
  value: Encodable<F>,
): Iterable<void> {
  const codec = codecOf(message, version)
  codec.sliced ??= compileSliced(message, version)
  return codec.sliced(writer, value)
}

function codecOf(message: Message, version: number): Codec {
  let codecs = compiled.get(message)
  if (codecs === undefined) {
    codecs = []
    compiled.set(message, codecs)
  }
  let codec = codecs[version]
  if (codec === undefined) {
    assert(inRange(message.versions, version), `${message.name} has a version ${version}`)
    codec = compile(message, version)
    codecs[version] = codec
  }
  return codec
}

function compile(message: Message, version: number): Codec {
  const context = contextOf(message, version)
  const decodeName = structDecoder(context, message.fields)
  const encodeName = structEncoder(context, message.fields)
  const result = `{ decode: ${decodeName}, encode: ${encodeName} }`
  return { ...evaluated<Pick<Codec, 'decode' | 'encode'>>(context, result, `${message.name}.v${version}`), ...unsliced }
}

const unsliced = { sliced: null, slicedDecode: null }
const contextOf = (message: Message, version: number): Context => ({
  ...{ version, isFlexible: inRange(message.flexible, version), functions: [], count: 0 },
})

function compileSliced(message: Message, version: number): NonNullable<Codec['sliced']> {
  const context = contextOf(message, version)
  const name = slicedEncoder(context, message.fields)
  return evaluated(context, name, `${message.name}.v${version}.sliced`)
}

function compileSlicedDecoder(message: Message, version: number): NonNullable<Codec['slicedDecode']> {
  const context = contextOf(message, version)
  const name = structDecoder(context, message.fields, true)
  return evaluated(context, name, `${message.name}.v${version}.slicedDecoder`)
}

/** What the generated functions are good for. `name` is what stacks and profiles call the text. */
function evaluated<T>({ functions }: Context, result: string, name: string): T {
  const source = `'use strict';\n${functions.join('\n')}\nreturn ${result}\n//# sourceURL=gregor/codec/${name}.js`
  return new Function('emptyBytes', source)(emptyBytes) as T
}

interface Context {
  readonly version: number
  readonly isFlexible: boolean
  /** Text of the functions generated so far. */
  readonly functions: string[]
  count: number
}

const isTagged = (context: Context, field: Field): boolean =>
  field.tag !== undefined && context.isFlexible && inRange(field.tagged, context.version)
const isPresent = (context: Context, field: Field): boolean =>
  inRange(field.versions, context.version) && !isTagged(context, field)
const isNullable = (context: Context, field: Field): boolean => inRange(field.nullable, context.version)
const namesOf = (fields: Fields): [string, Field][] => Object.entries(fields)

const taggedOf = (context: Context, fields: Fields): [string, Field][] =>
  namesOf(fields).filter(([, field]) => inRange(field.versions, context.version) && isTagged(context, field))

/** Reader/Writer method for a primitive, e.g. compactNullableString. */
function methodOf(context: Context, kind: PrimitiveKind, nullable: boolean): string {
  if (kind !== 'string' && kind !== 'bytes' && kind !== 'records') return kind
  const isNull = nullable || kind === 'records'
  const name = isNull ? `Nullable${kind[0]?.toUpperCase()}${kind.slice(1)}` : `${kind[0]?.toUpperCase()}${kind.slice(1)}`
  return context.isFlexible ? `compact${name}` : `${name[0]?.toLowerCase()}${name.slice(1)}`
}

// ---- decoding

/** `isSliced`: a generator, which stops inside of its arrays, and of theirs. */
function structDecoder(context: Context, fields: Fields, isSliced = false): string {
  const name = `decode${context.count++}`
  const lines: string[] = []
  for (const [key, field] of namesOf(fields)) {
    const read = isPresent(context, field) ? readExpression(context, field, isSliced) : defaultExpression(field)
    lines.push(`let ${key}_ = ${read};`)
  }
  if (context.isFlexible) {
    const tagged = taggedOf(context, fields)
    if (tagged.length === 0) lines.push('r.skipTags();')
    else {
      const cases = tagged.map(
        ([key, field]) => `case ${field.tag}: ${key}_ = ${readExpression(context, field)}; r.expectAt(end); break;`,
      )
      lines.push(
        'for (let left = r.tagCount(); left > 0; left--) {',
        'const tag = r.unsignedVarint(), size = r.unsignedVarint(), end = r.position + size;',
        `switch (tag) { ${cases.join(' ')} default: r.skip(size) }`,
        '}',
      )
    }
  }
  const members = namesOf(fields).map(([key]) => `${key}: ${key}_`)
  const begin = isSliced ? 'function*' : 'function'
  context.functions.push(`${begin} ${name}(r) {\n${lines.join('\n')}\nreturn { ${members.join(', ')} }\n}`)
  return name
}

function readExpression(context: Context, field: Field, isSliced = false): string {
  const nullable = isNullable(context, field)
  if (field.kind === 'struct') {
    const read = `${structDecoder(context, field.fields as Fields)}(r)`
    if (!nullable) return read
    // Kafka's definitions call for two ways to say null: -1 in a place of its own, 0 behind a tag.
    return isTagged(context, field) ? `(r.int8() <= 0 ? null : ${read})` : `(r.int8() < 0 ? null : ${read})`
  }
  if (field.kind === 'array') {
    const read = `${arrayDecoder(context, field, nullable, isSliced)}(r)`
    return isSliced ? `yield* ${read}` : read
  }
  // Records are read as the bytes they are; only writing them has a form of its own.
  const isRecords = field.kind === 'records'
  const method = field.isExact ? 'int64Exact' : methodOf(context, isRecords ? 'bytes' : field.kind, isRecords || nullable)
  return `r.${method}()`
}

function arrayDecoder(context: Context, field: Field, nullable: boolean, isSliced: boolean): string {
  const name = `decodeArray${context.count++}`
  const least = Math.max(
    1,
    field.fields ? structBytesMin(context, field.fields) : primitiveBytesMin(context, field.element as PrimitiveKind),
  )
  const length = `r.${context.isFlexible ? 'compactArrayLength' : 'arrayLength'}(${least})`
  const { fields } = field
  const hasStops = isSliced && fields !== undefined && hasArrays(context, fields)
  const element = fields
    ? `${hasStops ? 'yield* ' : ''}${structDecoder(context, fields, hasStops)}(r)`
    : `r.${methodOf(context, field.element as PrimitiveKind, false)}()`
  const charged = fields || field.element === 'string' ? 'length' : `length >> ${Math.log2(numbersPerStruct)}`
  context.functions.push(
    `${isSliced ? 'function*' : 'function'} ${name}(r) {
const length = ${nullable ? length : `r.nonNullLength(${length})`};
if (length < 0) return null;
r.structs(${charged});
const items = [];
for (let i = 0; i < length; i++) { items.push(${element});${isSliced ? stop : ''} }
return items
}`,
  )
  return name
}

const hasArrays = (context: Context, fields: Fields): boolean =>
  namesOf(fields).some(([, field]) => isPresent(context, field) && field.kind === 'array')

/** The least bytes a struct takes on the wire: what makes an array's claimed length checkable. */
function structBytesMin(context: Context, fields: Fields): number {
  let total = context.isFlexible ? 1 : 0
  for (const [, field] of namesOf(fields)) {
    if (!isPresent(context, field)) continue
    if (field.kind === 'array') total += context.isFlexible ? 1 : 4
    else if (field.kind === 'struct') total += isNullable(context, field) ? 1 : structBytesMin(context, field.fields as Fields)
    else total += primitiveBytesMin(context, field.kind)
  }
  return total
}

function primitiveBytesMin(context: Context, kind: PrimitiveKind): number {
  switch (kind) {
    case 'bool':
    case 'int8':
      return 1
    case 'int16':
    case 'uint16':
      return 2
    case 'int32':
      return 4
    case 'int64':
    case 'float64':
      return 8
    case 'uuid':
      return 16
    case 'string':
      return context.isFlexible ? 1 : 2
    case 'bytes':
    case 'records':
      return context.isFlexible ? 1 : 4
  }
}

function defaultExpression(field: Field): string {
  if (field.defaultValue === null) return 'null'
  switch (field.kind) {
    case 'array':
      return '[]'
    case 'bytes':
      return 'emptyBytes'
    case 'uuid':
      return `'${zeroUuid}'`
    case 'struct':
      return `{ ${namesOf(field.fields as Fields)
        .map(([key, inner]) => `${key}: ${defaultExpression(inner)}`)
        .join(', ')} }`
    default:
      return typeof field.defaultValue === 'string' ? JSON.stringify(field.defaultValue) : String(field.defaultValue)
  }
}

// ---- encoding

function structEncoder(context: Context, fields: Fields): string {
  const name = `encode${context.count++}`
  const lines: string[] = []
  for (const [key, field] of namesOf(fields)) {
    if (isPresent(context, field)) lines.push(writeStatement(context, field, valueExpression(key, field)))
  }
  if (context.isFlexible) lines.push(...tagWriter(context, fields))
  context.functions.push(`function ${name}(w, v) {\n${lines.join('\n')}\n}`)
  return name
}

/** Elements of an array between two stops. */
const elementsPerStop = 64
const stop = ` if (i % ${elementsPerStop} === 0) yield`

/** The encoder of a struct as a generator: it stops inside of its arrays of structs, and of theirs. */
function slicedEncoder(context: Context, fields: Fields): string {
  const name = `sliced${context.count++}`
  const lines: string[] = []
  for (const [key, field] of namesOf(fields)) {
    if (!isPresent(context, field)) continue
    const value = valueExpression(key, field)
    lines.push(hasStructs(field) ? slicedArrayWriter(context, field, value) : writeStatement(context, field, value))
  }
  if (context.isFlexible) lines.push(...tagWriter(context, fields))
  context.functions.push(`function* ${name}(w, v) {\n${lines.join('\n')}\n}`)
  return name
}

const hasStructs = (field: Field): boolean => field.kind === 'array' && field.fields !== undefined

function slicedArrayWriter(context: Context, field: Field, value: string): string {
  const fields = field.fields as Fields
  const hasInner = namesOf(fields).some(([, inner]) => isPresent(context, inner) && hasStructs(inner))
  const write = hasInner ? `yield* ${slicedEncoder(context, fields)}(w, x[i])` : `${structEncoder(context, fields)}(w, x[i])`
  return arrayStatement(context, field, value, `{ ${write};${stop} }`)
}

const valueExpression = (key: string, field: Field): string =>
  field.optional ? `(v.${key} === undefined ? ${defaultExpression(field)} : v.${key})` : `v.${key}`

function writeStatement(context: Context, field: Field, value: string): string {
  const nullable = isNullable(context, field)
  if (field.kind === 'struct') {
    const write = structEncoder(context, field.fields as Fields)
    const absent = isTagged(context, field) ? 0 : -1
    const body = nullable ? `if (x === null) w.int8(${absent}); else { w.int8(1); ${write}(w, x) }` : `${write}(w, x)`
    return `{ const x = ${value}; ${body} }`
  }
  if (field.kind === 'array') {
    const write = field.fields
      ? `${structEncoder(context, field.fields)}(w, x[i])`
      : `w.${methodOf(context, field.element as PrimitiveKind, false)}(x[i])`
    return arrayStatement(context, field, value, write)
  }
  // Likewise "" stands for a null string in versions without null (Kafka's own habit, e.g. JoinGroup below 7).
  const isText = field.kind === 'string' || field.kind === 'bytes'
  const present = isText && !nullable ? `(${value} ?? ${field.kind === 'string' ? "''" : 'emptyBytes'})` : value
  const method = field.isExact ? 'int64Exact' : methodOf(context, field.kind, nullable)
  return `w.${method}(${present});`
}

function arrayStatement(context: Context, field: Field, value: string, write: string): string {
  const length = context.isFlexible ? 'w.unsignedVarint(x.length + 1)' : 'w.int32(x.length)'
  const absent = context.isFlexible ? 'w.unsignedVarint(0)' : 'w.int32(-1)'
  const body = `${length}; for (let i = 0; i < x.length; i++) ${write}`
  // A null where this version cannot say null is written as empty.
  return isNullable(context, field)
    ? `{ const x = ${value}; if (x === null) ${absent}; else { ${body} } }`
    : `{ const x = (${value} ?? []); ${body} }`
}

function tagWriter(context: Context, fields: Fields): string[] {
  const tagged = taggedOf(context, fields).sort(([, a], [, b]) => (a.tag as number) - (b.tag as number))
  if (tagged.length === 0) return ['w.uint8(0);']
  const lines = ['let tags = 0;']
  for (const [key, field] of tagged) {
    lines.push(
      `const ${key}_ = ${valueExpression(key, field)};`,
      `const has_${key} = ${differsFromDefault(field, `${key}_`)};`,
      `if (has_${key}) tags++;`,
    )
  }
  lines.push('w.unsignedVarint(tags);')
  for (const [key, field] of tagged) {
    const write = writeStatement(context, field, `${key}_`)
    lines.push(`if (has_${key}) { w.unsignedVarint(${field.tag}); const start = w.beginTag(); ${write} w.endTag(start) }`)
  }
  return lines
}

function differsFromDefault(field: Field, value: string): string {
  // Whatever Kafka's definition says, its reader takes a struct that is left out for one of defaults: null is said.
  if (field.defaultValue === null) return field.kind === 'struct' ? 'true' : `${value} !== null`
  switch (field.kind) {
    case 'array':
      return `${value} === null || ${value}.length > 0`
    case 'bytes':
    case 'records':
      return `${value} === null || ${value}.byteLength > 0`
    case 'struct': {
      const inner = namesOf(field.fields as Fields).map(
        ([key, member]) => `(${value}.${key} !== undefined && (${differsFromDefault(member, `${value}.${key}`)}))`,
      )
      return `${value} === null || ${inner.join(' || ')}`
    }
    default:
      return `${value} !== ${defaultExpression(field)}`
  }
}

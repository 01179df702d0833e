/**
 * The schema language. A message is a literal: fields in wire order, each with the versions that carry it, as in Kafka's
 * own definitions ("0+", "3-7", "2"). TypeScript infers from the literal what a decoded message looks like and what an
 * encoder accepts. Nothing here reads or writes a byte; codec.ts compiles these literals.
 *
 * Two types per schema:
 *   Decoded<F>    what decoding yields: every field present; a field its version does not carry has its default.
 *   Encodable<F>  what encoding takes: a field declared with `default` or `tag` may be left out.
 */

import type { Bytes } from '../base/bytes.js'
import type { Uuid } from '../base/ids.js'
import type { Int64 } from '../base/int64.js'
import type { Slice } from '../base/slice.js'

export type Versions = `${number}+` | `${number}-${number}` | `${number}` | 'none'

export interface VersionRange {
  readonly min: number
  /** Infinity for an open range; less than min when empty. */
  readonly max: number
}

/** Record batches inside a message: bytes in memory, or an ordered list of ranges sent from where they lie. */
export type RecordsInput = Bytes | readonly Slice[]

export type PrimitiveKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'records'
  | 'uuid'

export interface FieldOptions<T> {
  /** Versions in which the field may be null. */
  readonly nullable?: Versions
  /**
   * Value when the version does not carry the field, or the writer leaves it out. Kafka's implicit ones: 0, "", false, [],
   * zero uuid.
   */
  readonly default?: T | null
  /** The field travels in the tagged section with this number … */
  readonly tag?: number
  /** … in these versions (mandatory with `tag`). */
  readonly tagged?: Versions
}

declare const decodedType: unique symbol
declare const inputType: unique symbol

export interface Field<Out = unknown, In = unknown, Optional extends boolean = boolean> {
  readonly kind: PrimitiveKind | 'struct' | 'array'
  readonly versions: VersionRange
  readonly nullable: VersionRange
  readonly tag: number | undefined
  readonly tagged: VersionRange
  readonly hasDefault: boolean
  readonly defaultValue: unknown
  readonly isExact: boolean
  /** Of a struct, or of the struct that an array holds. */
  readonly fields: Fields | undefined
  /** Of an array of primitives. */
  readonly element: PrimitiveKind | undefined
  readonly optional: Optional
  readonly [decodedType]?: Out
  readonly [inputType]?: In
}
export type Fields = Readonly<Record<string, Field>>

type OutOf<F> = F extends Field<infer Out, unknown> ? Out : never
type InOf<F> = F extends Field<unknown, infer In> ? In : never
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K]['optional'] extends true ? K : never }[keyof F]

export type Decoded<F extends Fields> = { -readonly [K in keyof F]: OutOf<F[K]> }
export type Encodable<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: InOf<F[K]>
} & { readonly [K in OptionalKeys<F>]?: InOf<F[K]> | undefined }

type Null<O> = O extends { readonly nullable: Versions } ? null : never
type Optional<O> = O extends { readonly default: unknown } | { readonly tag: number } ? true : false
type Declare<T, O, In = T> = Field<T | Null<O>, In | Null<O>, Optional<O>>

const none: VersionRange = { min: 0, max: -1 }

/** Parses "0+", "3-7", "2" or "none". */
export function parseVersions(text: Versions): VersionRange {
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  if (match === null) return none
  const min = Number(match[1])
  return { min, max: match[2] ? Number.POSITIVE_INFINITY : match[3] === undefined ? min : Number(match[3]) }
}

export function inRange(range: VersionRange, version: number): boolean {
  return version >= range.min && version <= range.max
}

function declare(
  kind: Field['kind'],
  versions: Versions,
  options: FieldOptions<unknown> = {},
  rest: { fields?: Fields; element?: PrimitiveKind; isExact?: boolean } = {},
): Field<never, never, never> {
  return {
    kind,
    versions: parseVersions(versions),
    nullable: options.nullable === undefined ? none : parseVersions(options.nullable),
    tag: options.tag,
    tagged: options.tagged === undefined ? none : parseVersions(options.tagged),
    hasDefault: options.default !== undefined,
    defaultValue: options.default === undefined ? implicitDefault(kind) : options.default,
    isExact: rest.isExact ?? false,
    fields: rest.fields,
    element: rest.element,
    optional: (options.default !== undefined || options.tag !== undefined) as never,
  }
}

function implicitDefault(kind: Field['kind']): unknown {
  if (kind === 'bool') return false
  if (kind === 'string') return ''
  if (kind === 'records') return null
  // Fresh values for these are made by the compiler.
  if (kind === 'bytes' || kind === 'array' || kind === 'struct' || kind === 'uuid') return undefined
  return 0
}

function primitive<T, In = T>(kind: PrimitiveKind, isExact = false) {
  return <const O extends FieldOptions<T>>(versions: Versions, options?: O): Declare<T, O, In> =>
    declare(kind, versions, options, { isExact })
}

export const bool = primitive<boolean>('bool')
export const int8 = primitive<number>('int8')
export const int16 = primitive<number>('int16')
/** Ports. */
export const uint16 = primitive<number>('uint16')
export const int32 = primitive<number>('int32')
/** A number; what a peer sends beyond ±2^53 is clamped. For what the broker counts with: offsets, ids, durations. */
export const int64 = primitive<number>('int64')
/** An int64 that is stored, compared and returned as it came: committed offsets, records' timestamps. */
export const int64Exact = primitive<Int64>('int64', true)
export const float64 = primitive<number>('float64')
export const string = primitive<string>('string')
/** A view into the frame: copy it to keep it. */
export const bytes = primitive<Bytes>('bytes')
export const uuid = primitive<Uuid>('uuid')
/** Record batches; always nullable, as in Kafka. Decodes to a view into the frame. */
export function records<const O extends FieldOptions<Bytes>>(
  versions: Versions,
  options?: O,
): Field<Bytes | null, RecordsInput | null, Optional<O>> {
  return declare('records', versions, { nullable: '0+', ...options })
}

/** A nested struct. In a nullable version it travels as int8 -1 (null) or 1 and the struct. */
export function struct<const F extends Fields, const O extends FieldOptions<never>>(
  versions: Versions,
  fields: F,
  options?: O,
): Field<Decoded<F> | Null<O>, Encodable<F> | Null<O>, Optional<O>> {
  return declare('struct', versions, options, { fields })
}

/** An array of structs. */
export function array<const F extends Fields, const O extends FieldOptions<readonly never[]>>(
  versions: Versions,
  fields: F,
  options?: O,
): Field<Decoded<F>[] | Null<O>, readonly Encodable<F>[] | Null<O>, Optional<O>> {
  return declare('array', versions, options, { fields })
}

interface PrimitiveTypes {
  bool: boolean
  int8: number
  int16: number
  uint16: number
  int32: number
  int64: number
  float64: number
  string: string
  bytes: Bytes
  uuid: Uuid
}

/** An array of primitives: `arrayOf('0+', 'int32')`. */
export function arrayOf<K extends keyof PrimitiveTypes, const O extends FieldOptions<readonly never[]>>(
  versions: Versions,
  element: K,
  options?: O,
): Field<PrimitiveTypes[K][] | Null<O>, readonly PrimitiveTypes[K][] | Null<O>, Optional<O>> {
  return declare('array', versions, options, { element })
}

/** A versioned struct with a name: one side of an API, or a record of an internal topic. */
export interface Message<F extends Fields = Fields> {
  readonly name: string
  readonly versions: VersionRange
  readonly flexible: VersionRange
  readonly fields: F
}

export function message<const F extends Fields>(declaration: {
  readonly name: string
  readonly versions: Versions
  readonly flexible: Versions
  readonly fields: F
}): Message<F> {
  return {
    name: declaration.name,
    versions: parseVersions(declaration.versions),
    flexible: parseVersions(declaration.flexible),
    fields: declaration.fields,
  }
}

/** A request and its response, and how this API spells a failure of the whole request. */
export interface Api<Req extends Fields = Fields, Res extends Fields = Fields> {
  readonly key: number
  readonly name: string
  readonly versions: VersionRange
  readonly flexible: VersionRange
  readonly request: Message<Req>
  readonly response: Message<Res>
  readonly failure: (request: Decoded<Req>, errorCode: number, version: number) => Encodable<Res>
}

export type RequestOf<A> = A extends Api<infer Req, infer _Res> ? Decoded<Req> : never
export type ResponseOf<A> = A extends Api<infer _Req, infer Res> ? Encodable<Res> : never
/** What a client sees of a response; for tests and tools. */
export type DecodedResponseOf<A> = A extends Api<infer _Req, infer Res> ? Decoded<Res> : never

export function api<const Req extends Fields, const Res extends Fields>(declaration: {
  readonly key: number
  readonly name: string
  /** What this broker implements and advertises. */
  readonly versions: Versions
  readonly flexible: Versions
  readonly request: Req
  readonly response: Res
  readonly failure: (request: Decoded<Req>, errorCode: number, version: number) => Encodable<NoInfer<Res>>
}): Api<Req, Res> {
  const { key, name, versions, flexible, request, response, failure } = declaration
  return {
    key,
    name,
    versions: parseVersions(versions),
    flexible: parseVersions(flexible),
    request: message({ name: `${name}Request`, versions, flexible, fields: request }),
    response: message({ name: `${name}Response`, versions, flexible, fields: response }),
    failure,
  }
}

/** Whether such a message may carry record batches, and with them ranges of files. */
export function mayCarryRecords(fields: Fields): boolean {
  return Object.values(fields).some(
    ({ kind, fields: inner }) => kind === 'records' || (inner !== undefined && mayCarryRecords(inner)),
  )
}

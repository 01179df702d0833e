/**
 * Records as JSON: bytes are text where they are UTF-8 and base64 where they are not. No byte of a record is ever anything else
 * than a value of JSON.
 */
import { isUtf8 } from 'node:buffer'
import { z } from '@hono/zod-openapi'
import { type Bytes, fromBase64, toBase64, utf8Decode, utf8Encode } from '../base/bytes.js'
import type { BatchRecord } from '../protocol/records/records.js'

export const Field = z
  .object({
    encoding: z.enum(['utf8', 'base64']),
    data: z.string(),
    bytes: z.number().int().openapi({ description: 'Length of all of it' }),
    isTruncated: z.boolean(),
    schemaId: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Of a schema registry, where the bytes begin like one: 0 and four' }),
  })
  .openapi('Field')
export type Field = z.infer<typeof Field>

export const RecordJson = z
  .object({
    partition: z.number().int(),
    offset: z.number().int(),
    timestampMs: z.number(),
    timestampType: z.enum(['CreateTime', 'LogAppendTime']),
    key: Field.nullable(),
    value: Field.nullable(),
    headers: z.array(z.object({ key: z.string(), value: Field.nullable() })),
    producerId: z.number().int().nullable(),
    isTransactional: z.boolean(),
    compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
  })
  .openapi('Record')
export type RecordJson = z.infer<typeof RecordJson>

export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** What is said of a whole batch. */
export interface BatchFacts {
  readonly partition: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly producerId: number | null
  readonly isTransactional: boolean
  readonly compression: (typeof compressions)[number]
}

export function recordJson(record: BatchRecord, facts: BatchFacts, fieldBytesMax: number): RecordJson {
  const { partition, ...rest } = facts
  return {
    partition,
    offset: record.offset,
    timestampMs: Number(record.timestampMs),
    key: fieldOf(record.key, fieldBytesMax),
    value: fieldOf(record.value, fieldBytesMax),
    headers: record.headers.map(({ key, value }) => ({ key, value: fieldOf(value, fieldBytesMax) })),
    ...rest,
  }
}

function fieldOf(bytes: Bytes | null, bytesMax: number): Field | null {
  if (bytes === null) return null
  const isTruncated = bytes.byteLength > bytesMax
  const shown = isTruncated ? bytes.subarray(0, bytesMax) : bytes
  const text = textOf(shown, isTruncated)
  return {
    encoding: text === null ? 'base64' : 'utf8',
    data: text ?? toBase64(shown),
    bytes: bytes.byteLength,
    isTruncated,
    schemaId: schemaIdOf(bytes),
  }
}

/** Null when the bytes are no UTF-8; of what was cut off the last character may be incomplete. */
function textOf(bytes: Bytes, isCut: boolean): string | null {
  // A decoder that throws costs far more than a look.
  if (!isCut) return isUtf8(bytes) ? utf8Decode(bytes, 0, bytes.byteLength) : null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true })
  } catch {
    return null
  }
}

function schemaIdOf(bytes: Bytes): number | null {
  if (bytes.byteLength < 5 || bytes[0] !== 0) return null
  return (bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!
}

/** Bytes that come in: a text, or {"base64": "…"}, or a field as it was shown. */
export const FieldInput = z
  .union([
    z.string(),
    z.strictObject({ base64: z.base64() }),
    z.object({ encoding: z.enum(['utf8', 'base64']), data: z.string(), isTruncated: z.literal(false).optional() }),
  ])
  .nullable()
  .openapi('FieldInput')
export type FieldInput = z.infer<typeof FieldInput>

export function bytesOf(input: FieldInput): Bytes | null {
  if (input === null) return null
  if (typeof input === 'string') return utf8Encode(input)
  if ('base64' in input) return fromBase64(input.base64)
  return input.encoding === 'utf8' ? utf8Encode(input.data) : fromBase64(input.data)
}

const headersMax = 1000

export const RecordInput = z
  .object({
    partition: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .optional(),
    key: FieldInput.default(null),
    value: FieldInput.default(null),
    headers: z
      .array(z.object({ key: z.string().max(32_767), value: FieldInput.default(null) }))
      .max(headersMax)
      .default([]),
    timestampMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  })
  .openapi('RecordInput')
export type RecordInput = z.infer<typeof RecordInput>

/** Of each field that is searched: what is behind it would hold up everyone else. */
export const searchedBytesMax = 256 * 1024
const decoder = new TextDecoder()

/** Whether a record has the text in its key, its value or a header, as far as they are searched. */
export function filterOf(text: string | undefined): (record: BatchRecord) => boolean {
  if (text === undefined || text === '') return () => true
  const wanted = text.toLowerCase()
  const has = (bytes: Bytes | null): boolean =>
    bytes !== null && decoder.decode(bytes.subarray(0, searchedBytesMax)).toLowerCase().includes(wanted)
  return ({ key, value, headers }) =>
    has(key) || has(value) || headers.some(header => header.key.toLowerCase().includes(wanted) || has(header.value))
}

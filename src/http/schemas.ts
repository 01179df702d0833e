/** Pieces of schemas that several routes have. Bounds are those of Kafka's own types. */
import { z } from '@hono/zod-openapi'

export const int32Max = 2 ** 31 - 1

export const topicName = z.string().min(1).max(249)
export const groupName = z.string().min(1).max(32_767)
export const partitionIndex = z.number().int().min(0).max(int32Max)
export const offset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Of a path or a query, which are texts. */
export const numberText = (schema: z.ZodNumber) =>
  z
    .string()
    .regex(/^-?\d{1,16}$/, 'a whole number is needed')
    .transform(Number)
    .pipe(schema)
export const flagText = z.enum(['true', 'false']).transform(text => text === 'true')

export const topicParams = z.object({ topic: topicName })

export const rowsMax = 1000

/** What every list takes. */
export const listQuery = z.strictObject({
  search: z.string().max(249).optional().openapi({ description: 'Only what has this text in its name, whatever its case' }),
  order: z.enum(['asc', 'desc']).default('asc'),
  offset: numberText(z.number().int().min(0).max(int32Max)).default(0).openapi({ description: 'Rows to pass over' }),
  limit: numberText(z.number().int().min(1).max(rowsMax))
    .default(100)
    .openapi({ description: `Rows, at most ${rowsMax}` }),
})

/** A page of a list. */
export function pageOf<S extends z.ZodType>(row: S) {
  return z.object({
    rows: z.array(row),
    total: z.number().int().openapi({ description: 'Rows of all pages' }),
    next: z.number().int().nullable().openapi({ description: 'The offset of the next page; null on the last' }),
  })
}

export interface PageQuery {
  readonly offset: number
  readonly limit: number
}

export function paged<Row>(
  all: readonly Row[],
  { offset, limit }: PageQuery,
): { rows: Row[]; total: number; next: number | null } {
  const end = offset + limit
  return { rows: all.slice(offset, end), total: all.length, next: end < all.length ? end : null }
}

export function matching(search: string | undefined): (name: string) => boolean {
  const text = search?.toLowerCase() ?? ''
  return text === '' ? () => true : name => name.toLowerCase().includes(text)
}

/** By `keyOf`, then by name. */
export function sorted<Row>(
  rows: readonly Row[],
  order: 'asc' | 'desc',
  keyOf: (row: Row) => string | number,
  nameOf: (row: Row) => string,
): Row[] {
  const sign = order === 'asc' ? 1 : -1
  const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0)
  return rows.toSorted((a, b) => sign * compare(keyOf(a), keyOf(b)) || compare(nameOf(a), nameOf(b)))
}

export const ConfigValues = z.record(z.string().min(1).max(32_767), z.string().max(65_536))

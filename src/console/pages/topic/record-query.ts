/** What of a topic is looked at, as it stands in the address; pure. */
import { type Query, queryText } from '../../path.js'

export type From = 'end' | 'start' | 'offset' | 'timestamp'
const froms: readonly From[] = ['end', 'start', 'offset', 'timestamp']

export interface RecordQuery {
  readonly from: From
  /** An offset or a time in milliseconds; null where `from` has none, or none is entered. */
  readonly at: number | null
  readonly partition: number | null
  readonly filter: string
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly limit: number
}

const limits: readonly number[] = [50, 100, 500]

export function recordQueryOf(query: Query): RecordQuery {
  return {
    from: froms.find(from => from === query.from) ?? 'end',
    at: wholeNumber(query.at),
    partition: wholeNumber(query.partition),
    filter: query.filter ?? '',
    isolation: query.isolation === 'read_uncommitted' ? 'read_uncommitted' : 'read_committed',
    limit: limits.find(limit => String(limit) === query.limit) ?? 50,
  }
}

export const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null

/** The part that all of browsing, tailing and exporting have. */
const narrowed = ({ partition, filter, isolation }: RecordQuery) => ({ partition, filter, isolation })

/** Null while it is not known from where. */
export function browseQuery(query: RecordQuery): string | null {
  const { from, at, limit } = query
  if (from === 'end' || from === 'start') return queryText({ from, ...narrowed(query), limit })
  return at === null ? null : queryText({ from, at, ...narrowed(query), limit })
}

/** What is looked at, as a file; all of it when nothing narrower is asked. */
export function exportQuery(query: RecordQuery, format: string): string {
  const { from, at } = query
  const place = (from === 'offset' || from === 'timestamp') && at !== null ? { from, at } : {}
  return queryText({ ...place, ...narrowed(query), format })
}

export const liveQuery = (query: RecordQuery, rate: number): string => queryText({ ...narrowed(query), rate })

/** A record by partition and offset, as in open=3:1024. */
export function recordPlace(text: string | undefined): { readonly partition: number; readonly offset: number } | null {
  const [partition, offset, more] = (text ?? '').split(':').map(wholeNumber)
  return partition == null || offset == null || more !== undefined ? null : { partition, offset }
}

/** For a field of date and time, in the reader's zone: 2026-11-30T23:11:07.123 */
export function localTime(ms: number): string {
  const at = new Date(ms)
  return Number.isNaN(at.getTime()) ? '' : new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, -1)
}

/** A list of the API, a page at a time; search, order and offset stand in the address. */

import { queryText } from '../path.js'
import { query, setQuery } from '../router.js'
import { type Polled, usePoll } from './poll.js'
import type { Page } from './types.js'

export interface Listing<Row> extends Polled<Page<Row>> {
  readonly search: string
  readonly sort: string
  readonly order: 'asc' | 'desc'
  readonly offset: number
  readonly limit: number
}

export const rowsPerPage = 100

interface ListOptions {
  readonly sort: string
  readonly order?: 'asc' | 'desc'
  readonly everyMs?: number
  /** Names of further parts of the address that the route takes. */
  readonly filters?: readonly string[]
  /** What the route is asked besides. */
  readonly fixed?: Readonly<Record<string, string>>
}

export function useList<Row>(path: string, options: ListOptions): Listing<Row> {
  const given = query.value
  const sort = given.sort ?? options.sort
  const order = (given.order ?? options.order ?? 'asc') === 'desc' ? 'desc' : 'asc'
  const offset = Math.max(0, Math.trunc(Number(given.offset ?? 0)) || 0)
  const search = given.search ?? ''
  const filters = Object.fromEntries((options.filters ?? []).map(name => [name, given[name]]))
  const asked = queryText({ search, sort, order, offset, limit: rowsPerPage, ...filters, ...options.fixed })
  return { ...usePoll<Page<Row>>(path + asked, options.everyMs ?? 5000), search, sort, order, offset, limit: rowsPerPage }
}

/** The other order of the column that is sorted by, or another column. */
export function sortBy(listing: Pick<Listing<unknown>, 'sort' | 'order'>, column: string): void {
  const order = listing.sort === column && listing.order === 'asc' ? 'desc' : 'asc'
  setQuery({ sort: column, order, offset: null })
}

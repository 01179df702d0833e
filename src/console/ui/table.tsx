/** Tables. Of more rows than `allRowsMax` only those in sight are made, in a frame that scrolls by itself. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Listing, rowsPerPage, sortBy } from '../api/list.js'
import { count } from '../format.js'
import { setQuery } from '../router.js'
import { Icon } from './icons.js'
import { rowsInSight } from './window.js'

const allRowsMax = 150
const rowHeights = { line: 34, lines: 52 }

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
  /** The name by which the route, or `onSort`, sorts. */
  readonly sort?: string
  /** number: to the right, with digits of one width. mono: names and values of programs. wide: takes what is left. */
  readonly kind?: 'number' | 'mono' | 'wide' | 'actions'
  readonly hint?: string
}

interface TableProps<Row> {
  /** What it lists, for those who hear it. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  readonly sort?: string
  readonly order?: 'asc' | 'desc'
  readonly onSort?: (column: string) => void
  /** Said instead of rows. */
  readonly empty?: ComponentChildren
  readonly isDimmed?: boolean
  /** Rows of two lines. */
  readonly isTall?: boolean
  readonly rowClass?: (row: Row) => string | undefined
  /** A click anywhere in a row; what does the same by keys stands in one of its cells. */
  readonly onRow?: (row: Row) => void
}

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, keyOf, sort, order, onSort, empty, isDimmed, isTall, rowClass, onRow } = props
  const rowHeight = isTall ? rowHeights.lines : rowHeights.line
  const frame = useRef<HTMLElement>(null)
  const [scrollTop, setScrollTop] = useState(0)
  const [height, setHeight] = useState(800)
  const isLong = rows.length > allRowsMax
  useLayoutEffect(() => {
    if (isLong && frame.current !== null) setHeight(frame.current.clientHeight)
  }, [isLong])
  const { first, end } = isLong ? rowsInSight(rows.length, rowHeight, scrollTop, height) : { first: 0, end: rows.length }
  if (rows.length === 0 && empty !== undefined) return <div class="empty">{empty}</div>
  return (
    <section
      ref={frame}
      class={`table-frame${isLong ? ' long' : ''}${isDimmed ? ' dimmed' : ''}${isTall ? ' tall' : ''}`}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
      tabIndex={0}
      onScroll={isLong ? event => setScrollTop(rowHeight * Math.floor(event.currentTarget.scrollTop / rowHeight)) : undefined}
    >
      <table aria-label={label} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map(column => (
              <Heading key={column.title} column={column} sort={sort} order={order} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap columns={columns.length} height={first * rowHeight} />}
          {rows.slice(first, end).map((row, at) => (
            <tr
              key={keyOf(row)}
              class={rowClass?.(row)}
              aria-rowindex={isLong ? first + at + 2 : undefined}
              onClick={onRow && (() => onRow(row))}
            >
              {columns.map(column => (
                <td key={column.title} class={column.kind}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {end < rows.length && <Gap columns={columns.length} height={(rows.length - end) * rowHeight} />}
        </tbody>
      </table>
    </section>
  )
}

interface HeadingProps<Row> {
  readonly column: Column<Row>
  readonly sort: string | undefined
  readonly order: 'asc' | 'desc' | undefined
  readonly onSort: ((column: string) => void) | undefined
}

function Heading<Row>({ column, sort, order, onSort }: HeadingProps<Row>) {
  const { title, kind, hint } = column
  const isSorted = column.sort !== undefined && column.sort === sort
  const direction = order === 'desc' ? 'descending' : 'ascending'
  const text = kind === 'actions' ? <span class="sr">{title}</span> : title
  return (
    <th scope="col" class={kind} title={hint} aria-sort={isSorted ? direction : undefined}>
      {column.sort === undefined || onSort === undefined ? (
        text
      ) : (
        <button type="button" class="sort" onClick={() => onSort(column.sort!)}>
          {text}
          {isSorted && <Icon name={order === 'desc' ? 'down' : 'up'} size={12} />}
        </button>
      )}
    </th>
  )
}

function Gap({ columns, height }: { readonly columns: number; readonly height: number }) {
  return (
    <tr class="gap">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  )
}

interface ListTableProps<Row> extends Pick<TableProps<Row>, 'label' | 'columns' | 'keyOf' | 'empty' | 'rowClass'> {
  readonly listing: Listing<Row>
}

/** A list of the API (`useList`) with its pages. */
export function ListTable<Row>({ listing, empty, ...table }: ListTableProps<Row>) {
  const { data, sort, order, search, failure } = listing
  if (data === null) return failure === null ? <div class="empty">Loading…</div> : null
  const none = search === '' ? empty : `Nothing has “${search}” in its name.`
  return (
    <>
      <Table
        {...table}
        rows={data.rows}
        sort={sort}
        order={order}
        onSort={column => sortBy(listing, column)}
        empty={none}
        isDimmed={failure !== null}
      />
      <Pager total={data.total} offset={listing.offset} />
    </>
  )
}

function Pager({ total, offset }: { readonly total: number; readonly offset: number }) {
  if (total <= rowsPerPage && offset === 0) return null
  const last = Math.min(offset + rowsPerPage, total)
  const to = (place: number) => () => setQuery({ offset: Math.max(0, place) || null })
  const lastPage = Math.floor((total - 1) / rowsPerPage) * rowsPerPage
  return (
    <nav class="pager" aria-label="Pages">
      <span>
        {count(Math.min(offset + 1, total))}–{count(last)} of {count(total)}
      </span>
      <button type="button" disabled={offset === 0} onClick={to(0)}>
        First
      </button>
      <button type="button" disabled={offset === 0} onClick={to(offset - rowsPerPage)}>
        <Icon name="left" /> Previous
      </button>
      <button type="button" disabled={last >= total} onClick={to(offset + rowsPerPage)}>
        Next <Icon name="right" />
      </button>
      <button type="button" disabled={last >= total} onClick={to(lastPage)}>
        Last
      </button>
    </nav>
  )
}

/** Records as lines of a file, of the three kinds that are exported, and back from two of them. */
import { z } from '@hono/zod-openapi'
import { failure } from './failures.js'
import { type Field, type RecordInput, type RecordJson, RecordInput as RecordSchema } from './record-json.js'

export const formats = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  kcat: 'application/x-ndjson',
} as const
export type Format = keyof typeof formats

const columns = ['partition', 'offset', 'timestamp_ms', 'key_encoding', 'key', 'value_encoding', 'value', 'headers'] as const
type Column = (typeof columns)[number]

export const firstLine = (format: Format): string => (format === 'csv' ? `${columns.join(',')}\n` : '')

export function lineOf(format: Format, topic: string, record: RecordJson): string {
  switch (format) {
    case 'ndjson':
      return `${JSON.stringify({ topic, ...record })}\n`
    case 'csv':
      return `${csvOf(record)}\n`
    case 'kcat':
      return `${JSON.stringify(kcatOf(topic, record))}\n`
  }
}

/** As `kcat -C -J` prints it: bytes that are no text are base64 here, where kcat prints what is no JSON. */
function kcatOf(topic: string, { partition, offset, timestampMs, timestampType, key, value, headers }: RecordJson) {
  return {
    topic,
    partition,
    offset,
    tstype: timestampType === 'CreateTime' ? 'create' : 'logappend',
    ts: timestampMs,
    broker: 1,
    ...(headers.length === 0 ? {} : { headers: headers.flatMap(header => [header.key, header.value?.data ?? null]) }),
    key: key?.data ?? null,
    payload: value?.data ?? null,
  }
}

function csvOf({ partition, offset, timestampMs, key, value, headers }: RecordJson): string {
  const fields: Record<Column, string> = {
    partition: String(partition),
    offset: String(offset),
    timestamp_ms: String(timestampMs),
    key_encoding: key?.encoding ?? '',
    key: key?.data ?? '',
    value_encoding: value?.encoding ?? '',
    value: value?.data ?? '',
    headers: headers.length === 0 ? '' : JSON.stringify(headers),
  }
  return columns.map(column => quoted(fields[column])).join(',')
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

// --- back ---

/** What one line may have. */
export const lineBytesMax = 8 * 1024 * 1024

/**
 * Takes text as it comes, and gives the records that are whole, each before the next is looked at.
 * @throws HttpFailure that names the line
 */
export interface RecordParser {
  push(text: string): Iterable<RecordInput>
  end(): Iterable<RecordInput>
}

export function parserOf(format: 'ndjson' | 'csv'): RecordParser {
  return format === 'ndjson' ? new NdjsonParser() : new CsvParser()
}

/** Cuts text into lines, where it may be cut; each character is looked at once, however long a line is. */
class Lines {
  readonly #hasQuotes: boolean
  #pieces: string[] = []
  #chars = 0
  #isQuoted = false
  /** Of the line that comes next. */
  number = 1

  constructor(hasQuotes: boolean) {
    this.#hasQuotes = hasQuotes
  }

  *push(text: string): Generator<string> {
    let from = 0
    for (let end = this.#endIn(text, from); end >= 0; end = this.#endIn(text, from)) {
      this.#keep(text.slice(from, end))
      from = end + 1
      yield this.rest()
    }
    this.#keep(text.slice(from))
  }

  /** What is there without its end. */
  rest(): string {
    const line = this.#pieces.join('')
    this.#pieces = []
    this.#chars = 0
    this.number++
    return line
  }

  #endIn(text: string, from: number): number {
    if (!this.#hasQuotes) return text.indexOf('\n', from)
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit === quote) this.#isQuoted = !this.#isQuoted
      else if (unit === lineEnd && !this.#isQuoted) return at
    }
    return -1
  }

  #keep(piece: string): void {
    this.#chars += piece.length
    if (this.#chars > lineBytesMax) throw wrong(this.number, `has more than ${lineBytesMax} characters`)
    if (piece !== '') this.#pieces.push(piece)
  }
}

const [quote, lineEnd] = [34, 10]

class NdjsonParser implements RecordParser {
  readonly #lines = new Lines(false)

  end(): RecordInput[] {
    return this.#parse(this.#lines.rest())
  }

  *push(text: string): Generator<RecordInput> {
    for (const line of this.#lines.push(text)) yield* this.#parse(line)
  }

  #parse(line: string): RecordInput[] {
    const number = this.#lines.number - 1
    return line.trim() === '' ? [] : [recordOf(jsonOf(line, number), number)]
  }
}

class CsvParser implements RecordParser {
  readonly #rows = new Lines(true)
  #row = 0
  #columns: Column[] | null = null

  end(): RecordInput[] {
    return this.#parse(this.#rows.rest())
  }

  *push(text: string): Generator<RecordInput> {
    for (const row of this.#rows.push(text)) yield* this.#parse(row)
  }

  #parse(row: string): RecordInput[] {
    this.#row++
    const text = row.endsWith('\r') ? row.slice(0, -1) : row
    if (text === '') return []
    const cells = cellsOf(text)
    if (cells === null) throw wrong(this.#row, 'a quote does not end')
    if (this.#columns === null) {
      const unknown = cells.find(cell => !(columns as readonly string[]).includes(cell))
      if (unknown !== undefined) throw wrong(1, `there is no column ${unknown.slice(0, 64)}; there are ${columns.join(', ')}`)
      this.#columns = cells as Column[]
      return []
    }
    if (cells.length !== this.#columns.length) throw wrong(this.#row, `${cells.length} cells, not ${this.#columns.length}`)
    const values = new Map(this.#columns.map((column, at) => [column, cells[at] as string]))
    return [recordOf(this.#recordOf(values), this.#row)]
  }

  #recordOf(values: ReadonlyMap<Column, string>): unknown {
    const number = (column: Column) => (values.get(column) ? Number(values.get(column)) : undefined)
    const headers = values.get('headers') ?? ''
    return {
      partition: number('partition'),
      timestampMs: number('timestamp_ms'),
      key: fieldOf(values.get('key_encoding'), values.get('key')),
      value: fieldOf(values.get('value_encoding'), values.get('value')),
      ...(headers === '' ? {} : { headers: jsonOf(headers, this.#row) }),
    }
  }
}

/** An empty cell is null, unless a column says how it is encoded. */
function fieldOf(encoding: string | undefined, data: string | undefined): unknown {
  if (data === undefined) return null
  if (encoding === undefined) return data === '' ? null : data
  return encoding === '' ? null : ({ encoding, data } as Partial<Field>)
}

/** Null when a quote does not end. */
function cellsOf(row: string): string[] | null {
  const cells: string[] = []
  for (let at = 0; at <= row.length; ) {
    if (row[at] !== '"') {
      const comma = row.indexOf(',', at)
      const end = comma < 0 ? row.length : comma
      cells.push(row.slice(at, end))
      at = end + 1
      continue
    }
    let cell = ''
    for (at++; ; ) {
      const quote = row.indexOf('"', at)
      if (quote < 0) return null
      cell += row.slice(at, quote)
      at = quote + 1
      if (row[at] !== '"') break
      cell += '"'
      at++
    }
    cells.push(cell)
    if (at < row.length && row[at] !== ',') return null
    at++
  }
  return cells
}

function jsonOf(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw wrong(line, 'is not JSON')
  }
}

function recordOf(value: unknown, line: number): RecordInput {
  const parsed = RecordSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw wrong(line, `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is no record'}`.trim())
}

function wrong(line: number, what: string) {
  return failure('INVALID_INPUT', `line ${line}: ${what}`)
}

export const Imported = z.object({ imported: z.number().int() }).openapi('Imported')

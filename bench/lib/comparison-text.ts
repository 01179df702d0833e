// A comparison as text for a terminal: a line for each peer, medians with the spread behind them, then the headline figures
// as multiples of Gregor's competitor and of the machine's limit, and the verdict on each target.
import {
  type Comparison,
  entryOf,
  type Figure,
  limitOf,
  type MeasuredEntry,
  ratioOf,
  ratioText,
  verdictsOf,
} from './comparison.js'
import { spreadOf } from './statistics.js'

export function comparisonText(comparison: Comparison): string {
  const measured = comparison.entries.filter((entry): entry is MeasuredEntry => 'values' in entry)
  const figures = comparison.figures.filter(({ key }) => measured.some(({ values }) => values[key] !== undefined))
  const kafka = entryOf(comparison, 'kafka')
  const limit = limitOf(comparison)
  const headlines = figures.filter(({ isHeadline }) => isHeadline === true)
  const references = [
    ...(kafka === null ? [] : [{ name: '× kafka', entry: kafka }]),
    ...(limit === null ? [] : [{ name: '× limit', entry: limit }]),
  ]
  const ratioColumns = headlines.flatMap(figure =>
    references.filter(({ entry }) => entry.values[figure.key] !== undefined).map(reference => ({ figure, reference })),
  )
  const heading = [
    '',
    ...figures.map(({ unit }) => unit),
    ...ratioColumns.map(({ figure, reference }) => `${figure.unit} ${reference.name}`),
  ]
  const rows = comparison.entries.map(entry => {
    if (!('values' in entry)) return [entry.name, `not run: ${entry.notRun}`]
    const ratios = ratioColumns.map(({ figure, reference }) => {
      if (entry === reference.entry) return '1'
      const value = ratioOf(entry, reference.entry, figure.key)
      return value === null ? '' : ratioText(value)
    })
    return [entry.name, ...figures.map(figure => spreadText(entry, figure)), ...ratios]
  })
  const lines = aligned([heading, ...rows])
  const verdicts = verdictsOf(comparison).map(({ text, isMet }) => `  ${isMet ? 'met   ' : 'MISSED'} ${text}`)
  const { recordsChecked } = comparison
  const checked = recordsChecked === undefined ? [] : [`  ${recordsChecked.toLocaleString('en')} records read back and right`]
  return [comparison.title, ...lines, ...verdicts, ...checked, ''].join('\n')
}

function spreadText({ values }: MeasuredEntry, { key }: Figure): string {
  const all = values[key]
  if (all === undefined) return ''
  const { min, median, max, count } = spreadOf(all)
  return count === 1 ? figureText(median) : `${figureText(median)} (${figureText(min)}–${figureText(max)})`
}

/** Three significant digits, large numbers without a fraction. */
export function figureText(value: number): string {
  if (Number.isNaN(value)) return '–'
  const size = Math.abs(value)
  if (size >= 10_000) return Math.round(value).toLocaleString('en')
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A row of two cells is a name and a sentence, which may run over the columns. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map(row => row.length))
  const full = rows.filter(row => row.length === columns)
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...full.map(row => row[column]!.length)))
  widths[0] = Math.max(...rows.map(row => row[0]!.length))
  return rows.map(row => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : row.length === columns ? cell.padStart(widths[column]!) : cell,
    )
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

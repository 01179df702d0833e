// The tables as text for a terminal and as data for a file.
import type { MeasuredSeries, Table } from './figure.js'
import { ratio, spreadOf } from './statistics.js'

const columns = ['min', 'median', 'max', '× limit', 'target', 'MB/s'] as const

export function tableText(table: Table): string {
  const limit = table.series.find((series): series is MeasuredSeries => 'values' in series && series.isLimit === true)
  const hasTargets = table.series.some(series => 'values' in series && series.target !== undefined)
  const hasRates = table.series.some(series => 'values' in series && series.megabytesPerSecond !== undefined)
  const shown = columns.filter(
    column =>
      (column !== 'target' || hasTargets) && (column !== 'MB/s' || hasRates) && (column !== '× limit' || limit !== undefined),
  )
  const rows = table.series.map(series => {
    if ('notRun' in series) return { name: series.name, cells: null, notRun: series.notRun }
    const spread = spreadOf(series.values)
    const cells: Record<(typeof columns)[number], string> = {
      min: figureText(spread.min),
      median: figureText(spread.median),
      max: figureText(spread.max),
      '× limit': limit === undefined ? '' : series === limit ? 'limit' : ratio(series.values, limit.values).toFixed(2),
      target: series.target === undefined ? '' : `≤ ${series.target}`,
      'MB/s': series.megabytesPerSecond === undefined ? '' : spreadOf(series.megabytesPerSecond).median.toFixed(0),
    }
    return { name: series.name, cells, notRun: '' }
  })
  const nameWidth = Math.max(...rows.map(row => row.name.length))
  const heading = `${`  ${table.unit}`.padEnd(nameWidth + 2)}${shown.map(column => column.padStart(9)).join('')}`
  const lines = rows.map(({ name, cells, notRun }) =>
    cells === null
      ? `  ${name.padEnd(nameWidth)}  not run: ${notRun}`
      : `  ${name.padEnd(nameWidth)}${shown.map(column => cells[column].padStart(9)).join('')}`,
  )
  return [table.title, heading, ...lines, ''].join('\n')
}

/** Three significant digits, and no more than two places. */
function figureText(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

// The tables as text for a terminal and as data for a file.
import type { MeasuredSeries, Table } from './figure.js'
import { ratio, spreadOf } from './statistics.js'

const columnWidth = 9

export function tableText(table: Table): string {
  const measured = table.series.filter((series): series is MeasuredSeries => 'values' in series)
  const columns = [
    column('min', series => figureText(spreadOf(series.values).min)),
    column('median', series => figureText(spreadOf(series.values).median)),
    column('max', series => figureText(spreadOf(series.values).max)),
    column('target', ({ target }) => (target === undefined ? '' : `≤ ${target}`)),
    column('MB/s', ({ megabytesPerSecond: rate }) => (rate === undefined ? '' : spreadOf(rate).median.toFixed(0))),
  ].filter(({ text }) => measured.some(series => text(series) !== ''))
  const nameWidth = Math.max(...table.series.map(({ name }) => name.length))
  const heading = `${`  ${table.unit}`.padEnd(nameWidth + 2)}${columns.map(({ title }) => title.padStart(columnWidth)).join('')}`
  const lines = table.series.map(series => {
    const name = `  ${series.name.padEnd(nameWidth)}`
    if ('notRun' in series) return `${name}  not run: ${series.notRun}`
    const limit = measured.find(other => other.name === series.limit)
    const beside = limit === undefined ? '' : `   ${ratio(series.values, limit.values).toFixed(2)} × ${limit.name}`
    return `${name}${columns.map(({ text }) => text(series).padStart(columnWidth)).join('')}${beside}`
  })
  return [table.title, heading, ...lines, ''].join('\n')
}

function column(title: string, text: (series: MeasuredSeries) => string) {
  return { title, text }
}

/** Three significant digits, and no more than two places. */
function figureText(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

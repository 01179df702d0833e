// Comparisons as pictures: for each question one chart of bars that say how many times Kafka's figure Gregor's is, on a
// logarithmic scale around 1, with the target as a mark. And the same figures as text. Both name the machine and the
// versions. The colours follow the reader's light or dark scheme.
import { type Comparison, entryOf, type Figure, ratioOf, ratioText, type Target } from './comparison.js'
import { comparisonText } from './comparison-text.js'
import type { Machine } from './machine.js'

export interface Chart {
  readonly file: string
  readonly text: string
}

export interface Setting {
  readonly machine: Machine
  readonly versions: readonly string[]
}

interface Bar {
  readonly label: string
  /** Gregor's as a multiple of Kafka's. */
  readonly ratio: number
  readonly isBetter: boolean
  readonly target: number | null
}

const titles: Readonly<Record<string, string>> = {
  wire: 'Throughput and its price',
  latency: 'Latency',
  restart: 'Start, restart and memory',
  tools: 'Standard tools',
}

export function charts(comparisons: readonly Comparison[], setting: Setting): Chart[] {
  const drawn = Object.entries(titles).flatMap(([question, title]): Chart[] => {
    const own = comparisons.filter(comparison => comparison.question === question)
    return barUnits(own).flatMap(unit => {
      const bars = own.flatMap(comparison => barsOf(comparison, unit))
      if (bars.length === 0) return []
      const file = `${question}-${unit.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`
      return [{ file, text: svg(`${title}: ${unit}, Gregor ÷ Kafka`, bars, settingLines(setting)) }]
    })
  })
  if (comparisons.length === 0) return []
  const text = ['# Figures of the last run', '', ...settingLines(setting).map(line => `- ${line}`), '']
  for (const comparison of comparisons) text.push('```text', comparisonText(comparison).trimEnd(), '```', '')
  return [...drawn, { file: 'figures.md', text: text.join('\n') }]
}

function settingLines({ machine, versions }: Setting): string[] {
  const { cores, processor, memoryGibibytes, system } = machine
  return [`${cores} cores (${processor}), ${memoryGibibytes} GiB, ${system}; clients on the same machine`, versions.join(' · ')]
}

function barUnits(comparisons: readonly Comparison[]): string[] {
  const headlines = comparisons.flatMap(({ figures }) => figures.filter(({ isHeadline }) => isHeadline === true))
  return [...new Set(headlines.map(({ unit }) => unit))]
}

function barsOf(comparison: Comparison, unit: string): Bar[] {
  const figure = comparison.figures.find(candidate => candidate.unit === unit && candidate.isHeadline === true)
  if (figure === undefined) return []
  const ratio = ratioOf(entryOf(comparison, 'gregor'), entryOf(comparison, 'kafka'), figure.key)
  if (ratio === null || ratio <= 0) return []
  return [{ label: comparison.title, ratio, isBetter: isBetter(figure, ratio), target: targetOf(comparison.targets, figure) }]
}

function isBetter({ isLowerBetter }: Figure, ratio: number): boolean {
  return isLowerBetter ? ratio < 1 : ratio > 1
}

function targetOf(targets: readonly Target[] | undefined, { key }: Figure): number | null {
  const target = targets?.find(({ figure, to }) => figure === key && to === 'kafka')
  return target?.atMost ?? target?.atLeast ?? null
}

const width = 860
const labelWidth = 430
const valueWidth = 70
const rowHeight = 24
const top = 64
const charactersMax = 66

/** Logarithmic: half and double are as far from 1. */
function svg(title: string, bars: readonly Bar[], footer: readonly string[]): string {
  const marks = bars.flatMap(({ ratio, target }) => (target === null ? [ratio] : [ratio, target]))
  const reach = Math.max(1, ...marks.map(value => Math.abs(Math.log2(value)))) * 1.05
  const plotWidth = width - labelWidth - valueWidth - 20
  const x = (value: number) => labelWidth + (plotWidth * (Math.log2(value) + reach)) / (2 * reach)
  const bottom = top + bars.length * rowHeight
  const height = bottom + 24 + footer.length * 16
  const rows = bars.map((bar, index) => barSvg(bar, top + index * rowHeight, x))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>
  svg { color-scheme: light dark; font: 12px system-ui, sans-serif; background: #ffffff }
  text { fill: #1f2328 } .quiet { fill: #59636e } .axis { stroke: #818b98 } .target { stroke: #1f2328; stroke-width: 2 }
  .better { fill: #2da44e } .worse { fill: #cf5a3c }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117 }
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .axis { stroke: #656c76 } .target { stroke: #e6edf3 }
    .better { fill: #3fb950 } .worse { fill: #e5735a }
  }
</style>
<text x="16" y="26" font-size="16" font-weight="600">${escaped(title)}</text>
<text x="16" y="46" class="quiet">Bars from 1 (as Kafka); green is better for Gregor, the upright mark is the target; logarithmic</text>
<line class="axis" x1="${px(x(1))}" x2="${px(x(1))}" y1="${top - 4}" y2="${bottom}"/>
${rows.join('\n')}
${footer.map((line, index) => `<text x="16" y="${bottom + 24 + index * 16}" class="quiet" font-size="11">${escaped(line)}</text>`).join('\n')}
</svg>
`
}

function barSvg({ label, ratio, isBetter, target }: Bar, y: number, x: (value: number) => number): string {
  const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))]
  const short = label.length > charactersMax ? `${label.slice(0, charactersMax - 1)}…` : label
  const parts = [
    `<text x="${labelWidth - 10}" y="${y + 15}" text-anchor="end">${escaped(short)}</text>`,
    `<rect class="${isBetter ? 'better' : 'worse'}" x="${px(from)}" y="${y + 4}" width="${px(Math.max(1, to - from))}" height="14" rx="2"/>`,
    `<text x="${width - 16}" y="${y + 15}" text-anchor="end">${ratioText(ratio)}</text>`,
  ]
  if (target !== null) {
    parts.push(`<line class="target" x1="${px(x(target))}" x2="${px(x(target))}" y1="${y + 1}" y2="${y + 21}"/>`)
  }
  return parts.join('')
}

function px(value: number): string {
  return value.toFixed(1)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

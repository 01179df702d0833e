/** Lines over time, drawn by uPlot; the latest values stand beside the names. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { time, unknown } from '../format.js'
import { look } from './theme.js'

export interface Series {
  readonly label: string
  /** By time; null where nothing is known. */
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  readonly title: string
  /** In seconds, as uPlot counts; increasing. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  /** A value in words. */
  readonly format: (value: number | null) => string
  readonly height?: number
}

const seriesMax = 6

export function Chart({ title, times, series, format, height = 150 }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const labels = series.map(({ label }) => label).join('\n')
  const data: uPlot.AlignedData = [times as number[], ...series.map(({ values }) => values as (number | null)[])]
  const latest = useRef(data)
  latest.current = data
  const appearance = look.value
  // Made again for other lines and other colours.
  useLayoutEffect(() => {
    const element = place.current!
    const names = labels.split('\n')
    plot.current = new uPlot(optionsOf(element, names, format, height), latest.current, element)
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      plot.current?.destroy()
    }
  }, [labels, height, appearance])
  useEffect(() => plot.current?.setData(data))
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        {series.map(({ label, values }, at) => (
          <span key={label} class={`chart-value ink-${(at % seriesMax) + 1}`}>
            <i aria-hidden="true" />
            {label} <b>{values.length === 0 ? unknown : format(values.at(-1) ?? null)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="chart-plot" style={{ height: `${height}px` }} aria-hidden="true" />
    </figure>
  )
}

function optionsOf(element: HTMLElement, labels: readonly string[], format: ChartProps['format'], height: number): uPlot.Options {
  const muted = colourOf(element, 'chart-axis')
  const line = colourOf(element, 'chart-grid')
  const font = `11px ${getComputedStyle(element).fontFamily}`
  const axis: uPlot.Axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } }
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 28, 0, 0],
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 90,
        values: (_, values) => values.map(value => time(1000 * value).slice(11, 19)),
      },
      { ...axis, size: 68, space: 32, values: (_, values) => values.map(value => format(value)) },
    ],
    series: [
      {},
      ...labels.map((label, at) => {
        const stroke = colourOf(element, `ink-${(at % seriesMax) + 1}`)
        return { label, stroke, width: 1.5, points: { show: false }, ...(at === 0 ? { fill: faint(stroke) } : {}) }
      }),
    ],
  }
}

/** A canvas takes no variables of style sheets: an element with the class knows what they come to. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('i')
  probe.className = name
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

const faint = (colour: string): string => colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.10)')

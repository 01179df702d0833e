// What a question that compares peers answers with: one comparison for each load, with an entry for each peer and each limit
// of the machine that took the same load in turns.
import { ratio, spreadOf } from './statistics.js'

/** What is measured of each run, and what a larger value means. */
export interface Figure {
  readonly key: string
  readonly unit: string
  readonly isLowerBetter: boolean
  /** Ratios of it are shown. */
  readonly isHeadline?: boolean
}

export type Entry = MeasuredEntry | { readonly name: string; readonly notRun: string }

export interface MeasuredEntry {
  readonly name: string
  /** A limit of the machine, which no broker is expected to pass. */
  readonly isLimit: boolean
  /** By the figure's key, one value per run. A figure that says nothing here is absent. */
  readonly values: Readonly<Record<string, readonly number[]>>
}

export interface Comparison {
  /** Unique within the question. */
  readonly id: string
  readonly question: string
  readonly title: string
  readonly figures: readonly Figure[]
  readonly entries: readonly Entry[]
  /** What the project aims at for Gregor, as ratios to Kafka or to the limit of this comparison. */
  readonly targets?: readonly Target[]
  /** Records found right in the logs that this load left behind. */
  readonly recordsChecked?: number
}

export interface Target {
  readonly figure: string
  /** The value itself, or set in proportion to Kafka's or to the limit's. */
  readonly to: 'kafka' | 'limit' | 'value'
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Verdict {
  readonly text: string
  readonly isMet: boolean
}

export function entryOf(comparison: Comparison, name: string): MeasuredEntry | null {
  const found = comparison.entries.find(entry => entry.name === name)
  return found !== undefined && 'values' in found ? found : null
}

export function limitOf(comparison: Comparison): MeasuredEntry | null {
  return comparison.entries.find((entry): entry is MeasuredEntry => 'values' in entry && entry.isLimit) ?? null
}

/** Null where one of them was not measured. */
export function ratioOf(of: MeasuredEntry | null, to: MeasuredEntry | null, figure: string): number | null {
  const values = of?.values[figure]
  const others = to?.values[figure]
  if (values === undefined || others === undefined || spreadOf(others).median === 0) return null
  return ratio(values, others)
}

/** Ratios far from 1 still tell. */
export function ratioText(value: number): string {
  return value < 0.1 ? value.toFixed(3) : value < 100 ? value.toFixed(2) : value.toFixed(0)
}

export function verdictsOf(comparison: Comparison): Verdict[] {
  return (comparison.targets ?? []).flatMap(target => {
    const measured = targetValue(comparison, target)
    if (measured === null) return []
    const bound = target.atMost ?? target.atLeast!
    const isMet = target.atMost === undefined ? measured >= bound : measured <= bound
    const unit = comparison.figures.find(({ key }) => key === target.figure)?.unit ?? target.figure
    const to = target.to === 'kafka' ? ' × Kafka' : target.to === 'limit' ? ' × limit' : ''
    const sign = target.atMost === undefined ? '≥' : '≤'
    return [{ text: `${unit}: ${ratioText(measured)}${to}, target ${sign} ${bound}${to}`, isMet }]
  })
}

function targetValue(comparison: Comparison, { figure, to }: Target): number | null {
  const gregor = entryOf(comparison, 'gregor')
  if (to === 'value') return gregor?.values[figure] === undefined ? null : spreadOf(gregor.values[figure]).median
  return ratioOf(gregor, to === 'kafka' ? entryOf(comparison, 'kafka') : limitOf(comparison), figure)
}

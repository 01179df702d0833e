// What every question of the bench answers with: a table of series, each with its values per run and, where there is one,
// the name of the series that stands for the machine's own limit in the same run.

export interface Table {
  readonly id: string
  readonly title: string
  /** Of every value. */
  readonly unit: string
  readonly series: readonly Series[]
}

export type Series = MeasuredSeries | { readonly name: string; readonly notRun: string }

export interface MeasuredSeries {
  readonly name: string
  /** One per run. */
  readonly values: readonly number[]
  /** What the project aims at, in the table's unit: at most this. */
  readonly target?: number
  /** Name of the series of the same table that this one is set in proportion to. */
  readonly limit?: string | undefined
  /** Of the same runs, beside the figure: millions of bytes of records per second, both processes on one machine. */
  readonly megabytesPerSecond?: readonly number[]
}

export interface BenchOptions {
  readonly isQuick: boolean
  /** Measured runs of each series, after one warm-up. */
  readonly runs: number
  /** A folder of the bench, removed at the end. */
  readonly scratch: string
  /** Says what is going on; nothing of it is a result. */
  readonly progress: (text: string) => void
}

// What a series of runs amounts to: smallest, middle and largest value, and the ratio of two series that were measured in
// turns. Never an average: on a shared machine one disturbed run would spoil it.

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
  readonly count: number
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values')
  const sorted = [...values].sort((a, b) => a - b)
  const count = sorted.length
  const lower = sorted[(count - 1) >> 1]!
  const upper = sorted[count >> 1]!
  return { min: sorted[0]!, median: (lower + upper) / 2, max: sorted[count - 1]!, count }
}

/** How many times the limit's median a median is. Medians of one run: figures of different runs are not comparable. */
export function ratio(of: Spread, to: Spread): number {
  return of.median / to.median
}

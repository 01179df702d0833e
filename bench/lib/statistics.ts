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

/**
 * How many times the limit. Run by run where both were measured in turns, and then the middle one: what disturbed a run
 * disturbed its neighbour too. Of the medians otherwise.
 */
export function ratio(of: readonly number[], to: readonly number[]): number {
  if (of.length !== to.length) return spreadOf(of).median / spreadOf(to).median
  return spreadOf(of.map((value, run) => value / to[run]!)).median
}

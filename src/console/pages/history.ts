/** What only grows, looked at again and again, as rates and lengths of time over the last minutes; pure. */
import type { Counters } from '../api/types.js'

export interface Sample {
  readonly atMs: number
  readonly counters: Counters
}

const keptMs = 10 * 60_000
/** Looked away for longer: what was meanwhile is not shown. */
const gapMs = 15_000

/** With one more; those that are too old go. A broker that was started anew counts from nothing: so does this. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1)
  if (last !== undefined && sample.counters.startedMs !== last.counters.startedMs) return [sample]
  if (last !== undefined && sample.atMs <= last.atMs) return samples
  return [...samples.filter(({ atMs }) => atMs > sample.atMs - keptMs), sample]
}

/** In seconds: between two samples each. */
export const timesOf = (samples: readonly Sample[]): number[] => samples.slice(1).map(({ atMs }) => atMs / 1000)

type Pair<Value> = (before: Sample, now: Sample) => Value | null

function between<Value>(samples: readonly Sample[], value: Pair<Value>): (Value | null)[] {
  return samples.slice(1).map((now, at) => {
    const before = samples[at]!
    return now.atMs - before.atMs > gapMs ? null : value(before, now)
  })
}

/** How much it grew a second. */
export function ratesOf(samples: readonly Sample[], total: (counters: Counters) => number): (number | null)[] {
  return between(samples, (before, now) => {
    const grown = total(now.counters) - total(before.counters)
    return grown < 0 ? null : (grown * 1000) / (now.atMs - before.atMs)
  })
}

/** Requests by how long they took: the number of those below 2^n microseconds, for each n. */
export type Cumulated = readonly number[]

/** What a share of them took at most, in milliseconds; null where there was none. */
export function quantilesOf(
  samples: readonly Sample[],
  buckets: (counters: Counters) => Cumulated | null,
  share: number,
): (number | null)[] {
  return between(samples, (before, now) => quantile(buckets(before.counters), buckets(now.counters), share))
}

export function quantile(before: Cumulated | null, now: Cumulated | null, share: number): number | null {
  if (now === null) return null
  const counts = now.map((count, at) => count - (before?.[at] ?? 0))
  const all = counts.at(-1) ?? 0
  if (all <= 0) return null
  const wanted = share * all
  const at = counts.findIndex(count => count >= wanted)
  const below = counts[at - 1] ?? 0
  const lowest = at === 0 ? 0 : 2 ** (at - 1)
  // As if they lay evenly in their bucket.
  const us = lowest + ((wanted - below) / (counts[at]! - below)) * (2 ** at - lowest)
  return us / 1000
}

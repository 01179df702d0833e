/**
 * Quantiles of the last minutes out of counts since the start: between scrapes the counts are remembered, and what is told is of
 * the time since those that are five minutes old. As in Kafka, whose quantiles weigh the last five minutes most.
 */
import type { ApiCounters } from '../../base/meter.js'

export const phases = ['queue', 'handler', 'wait', 'send', 'total'] as const
export type Phase = (typeof phases)[number]

export interface ApiSeen {
  readonly apiName: string
  readonly counters: ApiCounters
  /** Of the last minutes, in seconds. */
  quantile(phase: Phase, quantile: number): number
}

const rememberedMs = 5 * 60_000
/** Between two that are remembered. */
const stepMs = 60_000

type Cumulated = Readonly<Record<Phase, readonly number[]>>

interface Remembered {
  readonly atMs: number
  readonly apis: ReadonlyMap<ApiCounters, Cumulated>
}

export class Latencies {
  /** Oldest first. */
  readonly #remembered: Remembered[] = []

  /** Of all APIs that have been asked for. */
  see(apis: Iterable<ApiCounters>, nowMs: number): ApiSeen[] {
    const present = new Map<ApiCounters, Cumulated>()
    for (const counters of apis) if (counters.requests > 0) present.set(counters, cumulated(counters))
    const before = this.#remembered[0]?.apis
    if (nowMs - (this.#remembered.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY) >= stepMs) {
      this.#remembered.push({ atMs: nowMs, apis: present })
    }
    while (this.#remembered.length > 1 && nowMs - this.#remembered[1]!.atMs >= rememberedMs) this.#remembered.shift()
    return Array.from(present, ([counters, now]) => ({
      apiName: counters.apiName,
      counters,
      quantile: (phase, quantile) => quantileOf(now[phase], before?.get(counters)?.[phase], quantile),
    }))
  }
}

function cumulated({ queue, handler, wait, send, total }: ApiCounters): Cumulated {
  return {
    queue: queue.cumulated(),
    handler: handler.cumulated(),
    wait: wait.cumulated(),
    send: send.cumulated(),
    total: total.cumulated(),
  }
}

/** In seconds, within the bucket as if all in it were evenly far apart; 0 where nothing was counted. */
export function quantileOf(now: readonly number[], before: readonly number[] | undefined, quantile: number): number {
  const countAt = (bucket: number): number => (bucket < 0 ? 0 : now[bucket]! - (before?.[bucket] ?? 0))
  const wanted = quantile * countAt(now.length - 1)
  if (wanted === 0) return 0
  let bucket = 0
  while (countAt(bucket) < wanted) bucket++
  // Less than a microsecond is none.
  if (bucket === 0) return 0
  const below = countAt(bucket - 1)
  const from = 2 ** (bucket - 1)
  return (from + (from * (wanted - below)) / (countAt(bucket) - below)) / 1e6
}

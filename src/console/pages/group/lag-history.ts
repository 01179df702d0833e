/** What a group's lag was while the page has been open: the broker keeps no history, and nobody pays for one. */
import { useRef } from 'preact/hooks'
import type { Group } from './types.js'

export interface Moment {
  readonly atMs: number
  readonly lagByTopic: ReadonlyMap<string, number>
  readonly committed: number
  readonly ends: number
}

export interface LagHistory {
  /** In seconds. */
  readonly times: readonly number[]
  readonly series: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]
  /** Records a second, of the last half minute; null before there are two looks. */
  readonly readPerSecond: number | null
  readonly writtenPerSecond: number | null
}

const momentsMax = 450
const topicsShownMax = 5
const rateMs = 30_000

export function useLagHistory(group: Group | null, atMs: number): LagHistory {
  const moments = useRef<Moment[]>([])
  if (group !== null && moments.current.at(-1)?.atMs !== atMs) {
    moments.current.push(momentOf(group, atMs))
    if (moments.current.length > momentsMax) moments.current.shift()
  }
  return historyOf(moments.current)
}

function momentOf({ positions }: Group, atMs: number): Moment {
  const lagByTopic = new Map<string, number>()
  let [committed, ends] = [0, 0]
  for (const { topic, lag, committedOffset, endOffset } of positions) {
    if (lag !== null) lagByTopic.set(topic, (lagByTopic.get(topic) ?? 0) + lag)
    if (committedOffset === null || endOffset === null) continue
    committed += committedOffset
    ends += endOffset
  }
  return { atMs, lagByTopic, committed, ends }
}

export function historyOf(moments: readonly Moment[]): LagHistory {
  const latest = moments.at(-1)
  const topics = [...(latest?.lagByTopic ?? [])].sort(([, a], [, b]) => b - a).map(([topic]) => topic)
  const total = { label: 'Lag', values: moments.map(({ lagByTopic }) => sum(lagByTopic.values())) }
  const byTopic = topics.slice(0, topicsShownMax).map(topic => ({
    label: topic,
    values: moments.map(({ lagByTopic }) => lagByTopic.get(topic) ?? null),
  }))
  const first = latest === undefined ? undefined : moments.find(({ atMs }) => latest.atMs - atMs <= rateMs)
  const seconds = latest === undefined || first === undefined ? 0 : (latest.atMs - first.atMs) / 1000
  // A reset moves positions back: that is no reading.
  const perSecond = (now: number, then: number) => (seconds === 0 ? null : Math.max(0, (now - then) / seconds))
  return {
    times: moments.map(({ atMs }) => atMs / 1000),
    series: topics.length > 1 ? byTopic : [total],
    readPerSecond: perSecond(latest?.committed ?? 0, first?.committed ?? 0),
    writtenPerSecond: perSecond(latest?.ends ?? 0, first?.ends ?? 0),
  }
}

function sum(values: Iterable<number>): number | null {
  let total: number | null = null
  for (const value of values) total = (total ?? 0) + value
  return total
}

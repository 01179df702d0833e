/**
 * The latest value of each metric that one client pushed, by its name and attributes. Deltas are added up, so that a counter is
 * what it came to since the client was first heard. Bounded: what is beyond is left out and counted.
 */
import type { Labels, MetricDescription, Point } from './metrics-data.js'

export const seriesPerClientMax = 5000
export const bytesPerClientMax = 2 * 1024 * 1024
/** Of the objects around a value; measured. */
const seriesBytes = 300

export interface PushedMetric extends MetricDescription {
  readonly attributes: Labels
  readonly value: number
  /** By the client's clock. */
  readonly timeMs: number
}

interface Series extends PushedMetric {
  readonly bytes: number
  pushedMs: number
  value: number
  timeMs: number
}

export class KeptMetrics {
  readonly #series = new Map<string, Series>()
  #bytes = 0
  #leftOut = 0

  /** About what it takes in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many points found no room since the client was first heard. */
  get leftOut(): number {
    return this.#leftOut
  }

  *values(): Generator<PushedMetric, void> {
    for (const { bytes: _bytes, pushedMs: _pushedMs, ...metric } of this.#series.values()) yield metric
  }

  keep({ metric, attributes, value, isDelta, timeMs }: Point, nowMs: number): void {
    const key = JSON.stringify([metric.name, metric.kind, ...[...attributes].sort(([a], [b]) => (a < b ? -1 : 1))])
    const known = this.#series.get(key)
    if (value === null) {
      if (known !== undefined) this.#remove(key, known)
    } else if (known !== undefined) {
      known.value = isDelta ? known.value + value : value
      known.timeMs = timeMs
      known.pushedMs = nowMs
    } else {
      const bytes = seriesBytes + 2 * (2 * key.length + metric.unit.length + metric.description.length)
      if (this.#series.size >= seriesPerClientMax || this.#bytes + bytes > bytesPerClientMax) this.#leftOut++
      else {
        this.#series.set(key, { ...metric, attributes, value, timeMs, bytes, pushedMs: nowMs })
        this.#bytes += bytes
      }
    }
  }

  /** What was not pushed since is gone. */
  forgetBefore(pushedMs: number): void {
    for (const [key, series] of this.#series) if (series.pushedMs < pushedMs) this.#remove(key, series)
  }

  clear(): void {
    this.#series.clear()
    this.#bytes = 0
  }

  #remove(key: string, series: Series): void {
    this.#series.delete(key)
    this.#bytes -= series.bytes
  }
}

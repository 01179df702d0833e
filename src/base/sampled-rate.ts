/**
 * How much happens a second, as Kafka's metrics count it: in samples, of which the newest count (quota.window.num,
 * quota.window.size.seconds). The window is never taken for shorter than all samples but one, so what has been quiet may burst to
 * ten times its quota in the usual eleven samples, and then pays. Pure: it is told the time, which never goes back.
 */
export interface SampleWindows {
  /** At least 1. */
  readonly count: number
  readonly lengthMs: number
}

export const usualWindows: SampleWindows = { count: 11, lengthMs: 1000 }

interface Sample {
  startMs: number
  lastMs: number
  sum: number
}

export class SampledRate {
  readonly #windows: SampleWindows
  /** Oldest first. */
  readonly #samples: Sample[] = []

  constructor(windows = usualWindows) {
    this.#windows = windows
  }

  /** So much has happened; a negative amount takes it back. */
  record(amount: number, nowMs: number): void {
    this.#purge(nowMs)
    const newest = this.#samples.at(-1)
    if (newest !== undefined && nowMs - newest.startMs < this.#windows.lengthMs) {
      newest.sum += amount
      newest.lastMs = nowMs
    } else this.#samples.push({ startMs: nowMs, lastMs: nowMs, sum: amount })
  }

  /** How long nothing must happen until the rate is back at its quota; 0 when it is not above. */
  excessMs(perSecondMax: number, nowMs: number): number {
    this.#purge(nowMs)
    let sum = 0
    for (const sample of this.#samples) sum += sample.sum
    return Math.max(0, (sum / perSecondMax) * 1000 - this.#windowMs(nowMs))
  }

  #windowMs(nowMs: number): number {
    const { count, lengthMs } = this.#windows
    const elapsedMs = nowMs - (this.#samples[0]?.startMs ?? nowMs)
    const missing = count - 1 - Math.floor(elapsedMs / lengthMs)
    return Math.max(1, elapsedMs + Math.max(0, missing) * lengthMs)
  }

  /** A sample that overlaps the window counts as a whole. */
  #purge(nowMs: number): void {
    const { count, lengthMs } = this.#windows
    while (this.#samples.length > 0 && nowMs - this.#samples[0]!.lastMs >= count * lengthMs) this.#samples.shift()
  }
}

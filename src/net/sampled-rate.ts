/**
 * How often something happens a second, as Kafka's metrics count it: in samples of a second, of which the last eleven count
 * (quota.window.num, quota.window.size.seconds). The window is never taken for shorter than ten seconds, so what has been quiet
 * may burst to ten times its quota, and then pays.
 */
const sampleMs = 1000
const samplesMax = 11

interface Sample {
  startMs: number
  lastMs: number
  count: number
}

export class SampledRate {
  /** Oldest first. */
  readonly #samples: Sample[] = []

  /** One more has happened. Times never go back. */
  record(nowMs: number): void {
    this.#purge(nowMs)
    const newest = this.#samples.at(-1)
    if (newest !== undefined && nowMs - newest.startMs < sampleMs) {
      newest.count++
      newest.lastMs = nowMs
    } else this.#samples.push({ startMs: nowMs, lastMs: nowMs, count: 1 })
  }

  /** How long nothing must happen until the rate is back at its quota; 0 when it is not above. */
  excessMs(perSecondMax: number, nowMs: number): number {
    this.#purge(nowMs)
    const count = this.#samples.reduce((sum, sample) => sum + sample.count, 0)
    const windowMs = this.#windowMs(nowMs)
    return Math.max(0, (count / perSecondMax) * 1000 - windowMs)
  }

  #windowMs(nowMs: number): number {
    const elapsedMs = nowMs - (this.#samples[0]?.startMs ?? nowMs)
    const missing = samplesMax - 1 - Math.floor(elapsedMs / sampleMs)
    return elapsedMs + Math.max(0, missing) * sampleMs
  }

  #purge(nowMs: number): void {
    while (this.#samples.length > 0 && nowMs - this.#samples[0]!.lastMs >= samplesMax * sampleMs) this.#samples.shift()
  }
}

/**
 * Credits that come at a steady rate, up to a burst: what controller mutations are paid with (KIP-599). It starts full. Who has
 * any may spend more than it has, and then waits until the debt is paid. Pure: it is told the time, which never goes back.
 */
import type { SampleWindows } from '../../base/sampled-rate.js'

export class TokenBucket {
  readonly #burstSeconds: number
  #tokens = 0
  #refilledMs = Number.NEGATIVE_INFINITY

  constructor({ count, lengthMs }: SampleWindows) {
    this.#burstSeconds = (count * lengthMs) / 1000
  }

  take(tokens: number, perSecond: number, nowMs: number): void {
    this.#refill(perSecond, nowMs)
    this.#tokens -= tokens
  }

  /** How long it takes until nothing is owed; 0 when nothing is. */
  debtMs(perSecond: number, nowMs: number): number {
    this.#refill(perSecond, nowMs)
    return Math.max(0, (-this.#tokens / perSecond) * 1000)
  }

  #refill(perSecond: number, nowMs: number): void {
    const earned = (perSecond * (nowMs - this.#refilledMs)) / 1000
    this.#tokens = Math.min(this.#burstSeconds * perSecond, this.#tokens + earned)
    this.#refilledMs = nowMs
  }
}

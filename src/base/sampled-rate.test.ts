import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SampledRate, type SampleWindows, usualWindows } from './sampled-rate.js'

/** A client that uses so much at a time for as long as it may, and waits as long as it is told: what it used, by second. */
function usedBySecond(amount: number, perSecondMax: number, seconds: number, windows: SampleWindows = usualWindows): number[] {
  const rate = new SampledRate(windows)
  const used = new Array<number>(seconds).fill(0)
  for (let nowMs = 5000; nowMs < 5000 + seconds * 1000; ) {
    rate.record(amount, nowMs)
    used[Math.floor(nowMs / 1000) - 5]! += amount
    nowMs += Math.max(1, Math.round(rate.excessMs(perSecondMax, nowMs)))
  }
  return used
}
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length

describe('a rate', () => {
  test('may burst to ten windows, and then has to wait for what is beyond', () => {
    const rate = new SampledRate()
    rate.record(1000, 0)
    expect(rate.excessMs(100, 0)).toBe(0)
    rate.record(50, 0)
    expect(rate.excessMs(100, 0)).toBe(500)
    expect(rate.excessMs(100, 500)).toBe(0)
  })
  test('is taken over no less than ten windows, and over more when its samples are older', () => {
    const rate = new SampledRate()
    rate.record(2000, 0)
    expect(rate.excessMs(100, 999)).toBe(20_000 - 10_999)
    // A window of its own is over: it counts as one of the ten.
    expect(rate.excessMs(100, 1000)).toBe(20_000 - 10_000)
    expect(rate.excessMs(100, 10_500)).toBe(20_000 - 10_500)
  })
  test('forgets a sample eleven windows after it was last added to', () => {
    const rate = new SampledRate()
    rate.record(5000, 0)
    rate.record(5000, 900)
    expect(rate.excessMs(100, 11_899)).toBeGreaterThan(0)
    expect(rate.excessMs(100, 11_900)).toBe(0)
  })
  test('takes back what did not come about', () => {
    const rate = new SampledRate()
    rate.record(900, 0)
    rate.record(400, 10)
    expect(rate.excessMs(100, 10)).toBeGreaterThan(0)
    rate.record(-400, 10)
    expect(rate.excessMs(100, 10)).toBe(0)
  })
  test('counts over other windows where it is told so', () => {
    const rate = new SampledRate({ count: 3, lengthMs: 2000 })
    rate.record(500, 0)
    expect(rate.excessMs(100, 0)).toBe(1000)
  })
  test('of one window of no age is defined', () => {
    const rate = new SampledRate({ count: 1, lengthMs: 1000 })
    rate.record(1, 0)
    expect(rate.excessMs(1, 0)).toBe(999)
  })
  test('whoever waits as told uses its quota, from the second on in which the burst is paid', () => {
    // No more than one use in five milliseconds, so that the pauses are whole ones.
    const amounts = fc.integer({ min: 500, max: 4000 })
    const quotas = fc.integer({ min: 5000, max: 100_000 })
    fc.assert(
      fc.property(amounts, quotas, (amount, perSecondMax) => {
        const used = usedBySecond(amount, perSecondMax, 120)
        expect(mean(used.slice(12)) / perSecondMax).toBeGreaterThan(0.9)
        expect(mean(used.slice(12)) / perSecondMax).toBeLessThan(1.1)
      }),
      { numRuns: 50 },
    )
  })
})

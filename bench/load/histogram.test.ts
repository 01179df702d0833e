import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.js'

describe('the histogram', () => {
  it('gives percentiles within one per cent of the values', () => {
    const histogram = new Histogram()
    for (let value = 1; value <= 10_000; value++) histogram.record(value / 10)
    for (const share of [0.5, 0.99, 0.999]) {
      const exact = share * 1000
      expect(Math.abs(histogram.percentileMs(share) - exact) / exact).toBeLessThan(0.01)
    }
    expect(histogram.maxMs).toBe(1000)
    expect(histogram.count).toBe(10_000)
  })

  it('shows a single slow one in the last percentile only', () => {
    const histogram = new Histogram()
    for (let count = 0; count < 9_999; count++) histogram.record(1)
    histogram.record(500)
    expect(histogram.percentileMs(0.999)).toBeLessThan(1.01)
    expect(histogram.percentileMs(1)).toBe(500)
  })

  it('has no percentile without values', () => {
    expect(new Histogram().percentileMs(0.5)).toBeNaN()
  })
})

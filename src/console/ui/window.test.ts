import { describe, expect, it } from 'vitest'
import { rowsInSight } from './window.js'

describe('the rows of a long table that are made', () => {
  it('are those in sight and some around them, wherever it is scrolled to', () => {
    for (let scrollTop = 0; scrollTop <= 10_000 * 34; scrollTop += 997) {
      const { first, end } = rowsInSight(10_000, 34, scrollTop, 700)
      expect(first * 34).toBeLessThanOrEqual(scrollTop)
      expect(end * 34).toBeGreaterThanOrEqual(Math.min(scrollTop + 700, 10_000 * 34))
      expect(end - first).toBeLessThan(90)
    }
  })

  it('stay the same for a small scroll', () => {
    expect(rowsInSight(10_000, 34, 5000, 700)).toEqual(rowsInSight(10_000, 34, 5010, 700))
  })

  it('are all there are when they are few, and none of none', () => {
    expect(rowsInSight(10, 34, 0, 700)).toEqual({ first: 0, end: 10 })
    expect(rowsInSight(0, 34, 500, 700)).toEqual({ first: 0, end: 0 })
  })

  it('are the last ones when the table has become shorter than it was scrolled', () => {
    expect(rowsInSight(100, 34, 100_000, 700)).toEqual({ first: 84, end: 100 })
  })
})

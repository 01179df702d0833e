import { describe, expect, it } from 'vitest'
import type { Counters } from '../api/types.js'
import { quantile, quantilesOf, ratesOf, type Sample, timesOf, withSample } from './history.js'

const counters = (messagesIn: number, startedMs = 0): Counters => ({
  startedMs,
  messagesIn,
  bytesIn: 0,
  bytesOut: 0,
  requests: 0,
  failedRequests: 0,
  apis: [{ name: 'Produce', requests: messagesIn, failedRequests: 0, cumulatedUs: [0, messagesIn, messagesIn] }],
})
const samplesOf = (...looks: readonly (readonly [atMs: number, messagesIn: number, startedMs?: number])[]) =>
  looks.reduce<readonly Sample[]>((samples, [atMs, ...given]) => withSample(samples, { atMs, counters: counters(...given) }), [])
const messagesIn = (given: Counters) => given.messagesIn

describe('rates of what only grows', () => {
  it('are what came between two looks, a second', () => {
    const samples = samplesOf([1000, 10], [3000, 30], [3500, 31])
    expect([timesOf(samples), ratesOf(samples, messagesIn)]).toEqual([
      [3, 3.5],
      [10, 2],
    ])
  })

  it('are none of a single look, and begin anew with the broker', () => {
    expect(ratesOf(samplesOf([1000, 10]), messagesIn)).toEqual([])
    expect(ratesOf(samplesOf([1000, 10], [2000, 4, 1500]), messagesIn)).toEqual([])
  })

  it('are not known where nobody looked', () => {
    expect(ratesOf(samplesOf([1000, 10], [61_000, 70], [62_000, 71]), messagesIn)).toEqual([null, 1])
  })

  it('are kept for ten minutes; a look that comes late is none', () => {
    const looks = Array.from({ length: 1000 }, (_, at) => [at * 1000, at] as const)
    const times = timesOf(samplesOf(...looks, [5, 0]))
    expect([times[0], times.at(-1)]).toEqual([401, 999])
  })
})

describe('how long a share of the requests took', () => {
  it('is found in the bucket that it falls into', () => {
    // Ten below 1 µs, then ten below 1024 µs.
    const now = [10, ...Array(9).fill(10), 20, 20]
    expect(quantile(null, now, 0.5)).toBeCloseTo(0.001)
    expect(quantile(null, now, 0.75)).toBeCloseTo(0.768)
    expect(quantile(null, now, 1)).toBeCloseTo(1.024)
  })

  it('counts those since the last look alone, and is not known of none', () => {
    expect(quantile([5, 5, 5], [5, 6, 6], 0.99)).toBeCloseTo(0.00199)
    expect(quantile([5, 5, 5], [5, 5, 5], 0.99)).toBeNull()
    expect(quantile(null, null, 0.99)).toBeNull()
    const samples = samplesOf([1000, 10], [2000, 10], [3000, 12])
    expect(quantilesOf(samples, given => given.apis[0]!.cumulatedUs, 1)).toEqual([null, 0.002])
  })
})

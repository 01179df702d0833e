import { expect, it } from 'vitest'
import { CountingMeter } from '../../base/meter.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { Latencies, quantileOf } from './latencies.js'

it('a quantile is told within its bucket, and of nothing it is nothing', () => {
  // 10 took less than 1 µs, 10 less than 4 µs.
  const cumulated = [10, 10, 20, 20]
  expect(quantileOf(cumulated, undefined, 0.25)).toBe(0)
  expect(quantileOf(cumulated, undefined, 0.75)).toBe(3e-6)
  expect(quantileOf(cumulated, undefined, 1)).toBe(4e-6)
  expect(quantileOf(cumulated, cumulated, 0.5)).toBe(0)
})

it('what was long ago no longer counts for a quantile', () => {
  const counters = new CountingMeter(fakeWorld()).countersOf('Produce', 0)
  const latencies = new Latencies()
  const tell = (atMs: number) => latencies.see([counters], atMs)[0]!.quantile('total', 1)
  counters.byVersion[0] = 1
  for (let n = 0; n < 100; n++) counters.total.record(1_000_000)
  expect(tell(0)).toBeGreaterThan(0.9)
  for (let atMs = 60_000; atMs <= 360_000; atMs += 60_000) tell(atMs)
  counters.total.record(100)
  expect(tell(420_000)).toBeLessThan(0.001)
})

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ranges, reasons } from './types.js'

it('partitions that follow each other are one range, in whatever order they come', () => {
  expect(ranges([])).toBe('')
  expect(ranges([5])).toBe('5')
  expect(ranges([2, 0, 1, 5, 7, 6])).toBe('0–2, 5–7')
})

it('each reason of the broker for a rebalance has its words', () => {
  const place = new URL('../../../coordinator/group/rebalance-cause.ts', import.meta.url)
  const [list = ''] = readFileSync(place, 'utf8').match(/rebalanceReasons = \[[^\]]*/) ?? []
  const names = Array.from(list.matchAll(/'([a-z-]+)'/g), ([, name]) => name)
  expect(names.length).toBeGreaterThan(5)
  expect(Object.keys(reasons).sort()).toEqual(names.sort())
})

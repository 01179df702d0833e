import { expect, test } from 'vitest'
import { fakeWorld } from '../testing/fake-world.js'
import { longJson } from './long-json.js'

test('many values are the JSON that they are at once, with pauses between them', async () => {
  const { host } = fakeWorld()
  const items = Array.from({ length: 50 }, (_, n) => ({ n, text: `"${n}"` }))
  let turns = 0
  const timed = { ...host, monotonicMs: () => turns++ }
  expect(JSON.parse(await longJson(timed, 'rows', items, { cursor: null, scanned: { records: 1 } }))).toEqual({
    rows: items,
    cursor: null,
    scanned: { records: 1 },
  })
  expect(JSON.parse(await longJson(timed, 'rows', [], { a: 1 }))).toEqual({ rows: [], a: 1 })
  expect(turns).toBeGreaterThan(50)
})

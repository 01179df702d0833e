import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deadlines } from './deadlines.js'

function takeAll(deadlines: Deadlines<string>, nowMs: number): string[] {
  const taken: string[] = []
  const mark = deadlines.mark()
  for (let next = deadlines.takeDue(nowMs, mark); next !== null; next = deadlines.takeDue(nowMs, mark)) taken.push(next)
  return taken
}

test('what is due comes in order of time, and of setting where times are equal', () => {
  const deadlines = new Deadlines<string>()
  deadlines.set('c', 30, 'c')
  deadlines.set('a', 10, 'a')
  deadlines.set('b1', 20, 'b1')
  deadlines.set('b2', 20, 'b2')
  expect(takeAll(deadlines, 9)).toEqual([])
  expect(takeAll(deadlines, 20)).toEqual(['a', 'b1', 'b2'])
  expect(takeAll(deadlines, 99)).toEqual(['c'])
  expect(deadlines.earliestMs()).toBeNull()
})

test('setting a key again moves its deadline, in both directions', () => {
  const deadlines = new Deadlines<string>()
  deadlines.set('a', 10, 'first')
  deadlines.set('a', 50, 'later')
  expect(takeAll(deadlines, 49)).toEqual([])
  deadlines.set('a', 20, 'earlier')
  expect(takeAll(deadlines, 20)).toEqual(['earlier'])
  expect(takeAll(deadlines, 99)).toEqual([])
})

test('a deadline that is set while others are carried out waits for the next round', () => {
  const deadlines = new Deadlines<string>()
  deadlines.set('a', 10, 'a')
  const mark = deadlines.mark()
  expect(deadlines.takeDue(10, mark)).toBe('a')
  deadlines.set('a', 10, 'a')
  expect(deadlines.takeDue(10, mark)).toBeNull()
  expect(takeAll(deadlines, 10)).toEqual(['a'])
})

test('it behaves like a map of key to time', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, at: fc.nat(50) }),
    fc.record({ do: fc.constant('cancel' as const), key, at: fc.constant(0) }),
    fc.record({ do: fc.constant('take' as const), key, at: fc.nat(10) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), steps => {
      const deadlines = new Deadlines<string>()
      const model = new Map<string, number>()
      let nowMs = 0
      for (const { do: what, key, at } of steps) {
        if (what === 'set') {
          deadlines.set(key, nowMs + at, key)
          model.set(key, nowMs + at)
        } else if (what === 'cancel') {
          deadlines.cancel(key)
          model.delete(key)
        } else {
          nowMs += at
          const due = [...model].filter(([, atMs]) => atMs <= nowMs).map(([due]) => due)
          expect(takeAll(deadlines, nowMs).sort()).toEqual(due.sort())
          for (const gone of due) model.delete(gone)
        }
        expect(deadlines.size).toBe(model.size)
        const earliest = deadlines.earliestMs()
        if (model.size === 0) expect(earliest).toBeNull()
        else expect(earliest).toBeLessThanOrEqual(Math.min(...model.values()))
      }
    }),
  )
})

import { expect, test } from 'vitest'
import { patternOf } from './pattern.js'

test('a whole text is one of the pattern’s', () => {
  expect(['a', 'aa', 'b'].map(text => patternOf('a{1,2}')?.(text))).toEqual([true, true, false])
  const date = '[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?Z?)?'
  expect(patternOf(date)?.('2026-11-30T14:35:00.5Z')).toBe(true)
  expect(patternOf('\\pL{500}')?.('x'.repeat(500))).toBe(true)
})

test('what is no pattern is null', () => {
  expect(patternOf('(')).toBeNull()
  expect(patternOf('x'.repeat(1001))).toBeNull()
})

// Compiling them takes a second.
test.each([
  '\\pL{1000}'.repeat(100),
  '[[:^ascii:]\\pL\\pN]{999}'.repeat(40),
  '\\pL{2,900}'.repeat(90),
  '(?:\\pL{30}){31}'.repeat(9),
])('a pattern that repeats itself more than a thousand times is refused before it is compiled: %s', text => {
  expect(patternOf(text)).toBeNull()
})

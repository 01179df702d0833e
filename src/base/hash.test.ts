import { expect, test } from 'vitest'
import { StableHash } from './hash.js'

const hashOf = (...values: (string | number)[]): number =>
  values.reduce((hash: StableHash, value) => hash.add(value), new StableHash()).value

test('a hash is the same for ever: it is in logs', () => {
  expect(hashOf()).toBe(3_338_908_027_751_811)
  expect(hashOf('topic', 3)).toBe(8_851_806_566_373_213)
})

test('values are told apart, and so is their order', () => {
  const all = [
    hashOf('ab', 'c'),
    hashOf('a', 'bc'),
    hashOf('abc'),
    hashOf('c', 'ab'),
    hashOf('ab', 'c', ''),
    hashOf(1),
    hashOf(2),
  ]
  expect(new Set(all).size).toBe(all.length)
  for (const hash of all) expect(Number.isSafeInteger(hash) && hash >= 0).toBe(true)
})

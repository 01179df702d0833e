import { expect, test } from 'vitest'
import { javaHash, partitionFor } from './partitioner.js'

// Values printed by Java: text.hashCode().
test('the hash is that of a Java string, over UTF-16 units', () => {
  expect(javaHash('')).toBe(0)
  expect(javaHash('hello')).toBe(99_162_322)
  expect(javaHash('console-consumer-12345')).toBe(158_455_506)
  expect(javaHash('my-group')).toBe(-1_906_497_762)
  expect(javaHash('polygenelubricants')).toBe(-2_147_483_648)
  expect(javaHash('😀')).toBe(1_772_899)
})

test('a group has a partition, also where Java has no absolute value', () => {
  expect(partitionFor('hello', 50)).toBe(22)
  expect(partitionFor('my-group', 50)).toBe(12)
  expect(partitionFor('polygenelubricants', 50)).toBe(0)
})

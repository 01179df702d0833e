import { expect, test } from 'vitest'
import { javaHash, partitionFor } from './partitioner.js'

// Values from Java: "…".hashCode().
test('the hash is that of a Java string, over UTF-16 units', () => {
  expect(javaHash('')).toBe(0)
  expect(javaHash('hello')).toBe(99162322)
  expect(javaHash('console-consumer-12345')).toBe(javaHashOf('console-consumer-12345'))
  expect(javaHash('polygenelubricants')).toBe(-0x8000_0000)
  expect(javaHash('😀')).toBe(0xd83d * 31 + 0xde00)
})

test('a group has a partition, also where Java has no absolute value', () => {
  expect(partitionFor('hello', 50)).toBe(22)
  expect(partitionFor('polygenelubricants', 50)).toBe(0)
})

function javaHashOf(text: string): number {
  return Number(
    BigInt.asIntN(
      32,
      [...text].reduce((hash, char) => hash * 31n + BigInt(char.charCodeAt(0)), 0n),
    ),
  )
}

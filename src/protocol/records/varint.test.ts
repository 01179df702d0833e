import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../base/bytes.js'
import type { Int64 } from '../../base/int64.js'
import { MalformedError } from '../wire.js'
import { VarintReader, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.js'

function varintHex(value: number): string {
  const bytes = new Uint8Array(5)
  return toHex(bytes.subarray(0, writeVarint(bytes, 0, value)))
}
function varlongHex(value: Int64): string {
  const bytes = new Uint8Array(10)
  return toHex(bytes.subarray(0, writeVarlong(bytes, 0, value)))
}
/** Zigzag and base 128 as the format defines them, by BigInt. */
function expectedHex(value: bigint): string {
  let raw = value >= 0n ? value * 2n : -value * 2n - 1n
  let hex = ''
  for (; raw >= 0x80n; raw >>= 7n) hex += ((raw & 0x7fn) | 0x80n).toString(16).padStart(2, '0')
  return hex + raw.toString(16).padStart(2, '0')
}
const readVarint = (hex: string): number => new VarintReader(fromHex(hex)).varint()
const readVarlong = (hex: string): Int64 => new VarintReader(fromHex(hex)).varlong()

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const safeInteger = fc.oneof(
  fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 0, max: 53 }).chain(bits => fc.constantFrom(2 ** bits - 1, -(2 ** bits) + 1, -(2 ** Math.min(bits, 52)))),
)

test('small values zigzag: 0, -1, 1, -2', () => {
  expect([0, -1, 1, -2, 63, -64, 64].map(varintHex)).toEqual(['00', '01', '02', '03', '7e', '7f', '8001'])
})

test('every int32 is written as the format says, in the size that was promised, and read back', () => {
  fc.assert(
    fc.property(int32, value => {
      const hex = varintHex(value)
      expect(hex).toBe(expectedHex(BigInt(value)))
      expect(hex.length / 2).toBe(varintSize(value))
      expect(readVarint(hex)).toBe(value)
    }),
  )
})

test('every safe integer is written as the format says, in the size that was promised, and read back', () => {
  fc.assert(
    fc.property(safeInteger, value => {
      const hex = varlongHex(value)
      expect(hex).toBe(expectedHex(BigInt(value)))
      expect(hex.length / 2).toBe(varlongSize(value))
      expect(readVarlong(hex)).toBe(value)
    }),
  )
})

test('a varlong beyond 2^53 is exact in both directions', () => {
  expect(readVarlong(expectedHex(2n ** 53n - 1n))).toBe(2 ** 53 - 1)
  for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 53n) - 1n, -(2n ** 63n)]) {
    const hex = varlongHex(value)
    expect(hex).toBe(expectedHex(value))
    expect(hex.length / 2).toBe(varlongSize(value))
    expect(readVarlong(hex)).toBe(value)
  }
})

test('a varint of more than 32 bits, or cut off, is refused', () => {
  for (const hex of ['ffffffff1f', 'ffffffffff01', '', '80', 'ffffffff']) expect(() => readVarint(hex)).toThrow(MalformedError)
  for (const hex of ['', '80', 'ffffffffffffffffffff01']) expect(() => readVarlong(hex)).toThrow(MalformedError)
})

test('values are read one after the other up to the end that was given', () => {
  const reader = new VarintReader(fromHex('0002048001ff'), 1, 5)
  expect([reader.varint(), reader.varlong(), reader.varint()]).toEqual([1, 2, 64])
  expect(() => reader.varint()).toThrow(MalformedError)
})

import { expect, test } from 'vitest'
import { assert, InvariantError, unreachable } from './assert.js'
import {
  allocate,
  asBuffer,
  concat,
  copyOf,
  equalBytes,
  fromBase64Url,
  fromHex,
  toBase64Url,
  toHex,
  utf8Decode,
  utf8Encode,
  utf8Length,
  utf8Write,
  viewOf,
} from './bytes.js'

test('a copy lives on when its source is written over', () => {
  const source = Uint8Array.of(1, 2, 3, 4)
  const copy = copyOf(source.subarray(1, 3))
  source.fill(9)
  expect([...copy]).toEqual([2, 3])
})

test('a view covers exactly its range of the memory behind it', () => {
  const memory = new Uint8Array(16)
  const view = viewOf(memory.subarray(4, 8))
  view.setInt32(0, 0x01020304)
  expect([...memory.subarray(4, 8)]).toEqual([1, 2, 3, 4])
  expect(() => view.setInt8(4, 0)).toThrow(RangeError)
  asBuffer(memory.subarray(8, 10)).fill(7)
  expect(toHex(memory)).toBe('00000000010203040707000000000000')
})

test('texts and bytes of every notation come back', () => {
  const text = 'zażółć 🐛'
  const bytes = utf8Encode(text)
  expect(utf8Length(text)).toBe(bytes.byteLength)
  expect(utf8Decode(bytes, 0, bytes.byteLength)).toBe(text)
  expect(fromHex(toHex(bytes))).toEqual(bytes)
  expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes)
  expect(toBase64Url(bytes, 1, 4)).toBe(toBase64Url(copyOf(bytes.subarray(1, 4))))
  const target = allocate(bytes.byteLength + 3)
  expect(utf8Write(target, text, 2)).toBe(bytes.byteLength)
  expect(utf8Decode(target, 2, 2 + bytes.byteLength)).toBe(text)
})

test('malformed UTF-8 becomes U+FFFD', () => {
  expect(utf8Decode(Uint8Array.of(0x61, 0xff, 0x62), 0, 3)).toBe('a\ufffdb')
})

test('equal bytes are equal wherever they lie', () => {
  const joined = concat([Uint8Array.of(1, 2), Uint8Array.of(1, 2)])
  expect(equalBytes(joined.subarray(0, 2), joined.subarray(2))).toBe(true)
  expect(equalBytes(joined, joined.subarray(0, 3))).toBe(false)
  expect(equalBytes(joined.subarray(0, 2), joined.subarray(1, 3))).toBe(false)
})

test('a broken invariant says what should hold', () => {
  expect(() => assert(true, 'never said')).not.toThrow()
  expect(() => assert(false, 'offsets increase')).toThrow(new InvariantError('offsets increase'))
  expect(() => unreachable('x' as never)).toThrow(InvariantError)
})

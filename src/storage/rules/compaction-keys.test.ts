import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyOffsets } from './compaction-keys.js'

const roomy = () => new KeyOffsets(10_000, 1 << 20, 0.9)
const bytes = (text: string) => Buffer.from(text)
const put = (keys: KeyOffsets, key: Buffer, offset: number) => keys.put(key, 0, key.byteLength, offset)
const get = (keys: KeyOffsets, key: Buffer) => keys.get(key, 0, key.byteLength)

test('knows the offset that was put last for a key, and none of a key that was never put', () => {
  const keys = roomy()
  put(keys, bytes('a'), 0)
  put(keys, bytes('b'), 1)
  put(keys, bytes('a'), 2)
  expect([get(keys, bytes('a')), get(keys, bytes('b')), get(keys, bytes('c')), keys.size]).toEqual([2, 1, -1, 2])
})

test('the empty key is a key', () => {
  const keys = roomy()
  expect(get(keys, bytes(''))).toBe(-1)
  put(keys, bytes(''), 0)
  expect(get(keys, bytes(''))).toBe(0)
})

test('takes a key from the middle of other bytes', () => {
  const keys = roomy()
  put(keys, bytes('key-1'), 7)
  expect(keys.get(bytes('xxkey-1yy'), 2, 7)).toBe(7)
})

test('says when there is no more room, and stays within its share of the memory', () => {
  const keys = new KeyOffsets(1000, 24 * 10, 0.9)
  const taken = Array.from({ length: 20 }, (_, n) => put(keys, bytes(`k${n}`), n))
  expect(taken.filter(Boolean)).toHaveLength(9)
  expect(get(keys, bytes('k8'))).toBe(8)
  expect(get(keys, bytes('k9'))).toBe(-1)
})

test('room for as many keys as were asked for, if the memory has it', () => {
  const keys = new KeyOffsets(500, 1 << 20, 0.9)
  for (let n = 0; n < 500; n++) expect(put(keys, bytes(`k${n}`), n)).toBe(true)
})

test('any keys, of any length, agree with a Map', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 300 }), list => {
      const keys = roomy()
      const model = new Map<string, number>()
      list.forEach((key, offset) => {
        put(keys, Buffer.from(key), offset)
        model.set(Buffer.from(key).toString('hex'), offset)
      })
      expect(keys.size).toBe(model.size)
      for (const [hex, offset] of model) expect(get(keys, Buffer.from(hex, 'hex'))).toBe(offset)
    }),
    { numRuns: 60 },
  )
})

test('keys that differ in one byte, anywhere, are different keys', () => {
  for (const length of [1, 3, 4, 15, 16, 17, 31, 33]) {
    const keys = roomy()
    const key = Buffer.alloc(length, 0x61)
    put(keys, key, 1)
    for (let at = 0; at < length; at++) {
      const other = Buffer.from(key)
      other[at]! ^= 1
      expect(get(keys, other)).toBe(-1)
    }
    expect(get(keys, Buffer.alloc(length + 1, 0x61))).toBe(-1)
  }
})

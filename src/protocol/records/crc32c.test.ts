import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, utf8Encode } from '../../base/bytes.js'
import { nativeCrc, portableCrc } from '../../base/packages.js'
import { crc32c } from './crc32c.js'

test('the published check values', () => {
  // RFC 3720 appendix B.4 and the CRC catalogue's check string.
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index)
  expect(crc32c(utf8Encode('123456789'), 0, 9)).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32), 0, 32)).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff), 0, 32)).toBe(0x62a8ab43)
  expect(crc32c(ascending, 0, 32)).toBe(0x46dd794e)
  expect(crc32c(ascending, 3, 3)).toBe(0)
})

test('the sum of a whole is that of its parts, one after the other, by both packages', () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index * 7)
  for (const middle of [1, 511, 513, 2500, 4999]) {
    expect(crc32c(bytes, middle, 5000, crc32c(bytes, 0, middle))).toBe(crc32c(bytes, 0, 5000))
  }
})

test('both packages give the same sum, at every start and length', () => {
  const native = nativeCrc()
  const sums = [crc32c, (bytes: Bytes, start: number, end: number) => portableCrc().buf(bytes.subarray(start, end)) >>> 0]
  if (native !== null) sums.push((bytes, start, end) => native.crc32c(bytes.subarray(start, end)))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000, size: 'max' }), fc.nat(40), fc.nat(40), (bytes, skipFront, skipBack) => {
      const start = Math.min(skipFront, bytes.length)
      const end = Math.max(start, bytes.length - skipBack)
      expect(new Set(sums.map(sum => sum(bytes, start, end))).size).toBe(1)
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { nativeCrc32c } from '../../base/native-crc32c.js'
import { crc32c, crc32cSource, portableCrc32c } from './crc32c.js'

test('the published check values', () => {
  // RFC 3720 appendix B.4 and the CRC catalogue's check string.
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index)
  for (const sum of [crc32c, portableCrc32c]) {
    expect(sum(utf8Encode('123456789'), 0, 9)).toBe(0xe3069283)
    expect(sum(new Uint8Array(32), 0, 32)).toBe(0x8a9136aa)
    expect(sum(new Uint8Array(32).fill(0xff), 0, 32)).toBe(0x62a8ab43)
    expect(sum(ascending, 0, 32)).toBe(0x46dd794e)
    expect(sum(ascending, 3, 3)).toBe(0)
  }
})

test('the native and the portable sum are the same, at every start and length', () => {
  // Without the optional package this compares the portable sum with itself.
  expect(crc32cSource).toBe(nativeCrc32c === null ? 'portable' : 'native')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000, size: 'max' }), fc.nat(40), fc.nat(40), (bytes, skipFront, skipBack) => {
      const start = Math.min(skipFront, bytes.length)
      const end = Math.max(start, bytes.length - skipBack)
      expect(crc32c(bytes, start, end)).toBe(portableCrc32c(bytes, start, end))
    }),
  )
})

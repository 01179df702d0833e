/** Kafka's primitive encodings, byte by byte, and what is refused of them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex, utf8Encode } from '../base/bytes.js'
import { zeroUuid } from '../base/ids.js'
import { MalformedError, Reader, stringBytesMax, Writer } from './wire.js'

const reading = (hex: string): Reader => new Reader(fromHex(hex.replaceAll(' ', '')))
function written(write: (writer: Writer) => void): string {
  const writer = new Writer(1)
  write(writer)
  return toHex(writer.finish())
}

describe('int64', () => {
  test('has both words, and signs, right at their edges', () => {
    const edges = [
      0,
      -1,
      1,
      0x7fff_ffff,
      0x8000_0000,
      0xffff_ffff,
      2 ** 32,
      -(2 ** 32),
      -(2 ** 32) - 1,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
    ]
    for (const value of edges) {
      const hex = written(writer => writer.int64(value))
      const expected = BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0')
      expect(hex).toBe(expected)
      expect(reading(hex).int64()).toBe(value)
      expect(reading(hex).int64Exact()).toBe(value)
    }
  })

  test('beyond 2^53 is clamped, and kept to the last bit where it is exact', () => {
    for (const hex of ['7fffffffffffffff', '0020000000000000', '8000000000000000', 'ffdfffffffffffff']) {
      const clamped = hex < '8' ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
      expect(reading(hex).int64()).toBe(clamped)
      const exact = reading(hex).int64Exact()
      expect(exact).toBe(BigInt.asIntN(64, BigInt(`0x${hex}`)))
      expect(written(writer => writer.int64Exact(exact))).toBe(hex)
    }
  })

  test('any exact number comes back', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), value => reading(written(writer => writer.int64(value))).int64() === value))
  })
})

describe('unsigned varint', () => {
  test.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [16_384, '808001'],
    [2 ** 32 - 1, 'ffffffff0f'],
  ])('%i', (value, hex) => {
    expect(written(writer => writer.unsignedVarint(value))).toBe(hex)
    expect(reading(hex).unsignedVarint()).toBe(value)
  })

  test('longer than 32 bits or than the frame is malformed', () => {
    for (const hex of ['ffffffff10', 'ffffffffff01', 'ff', ''])
      expect(() => reading(hex).unsignedVarint()).toThrow(MalformedError)
  })
})

describe('strings', () => {
  test('in both encodings, null and empty apart', () => {
    expect(written(writer => writer.string('é'))).toBe('0002c3a9')
    expect(written(writer => writer.compactString('é'))).toBe('03c3a9')
    expect(written(writer => writer.nullableString(null))).toBe('ffff')
    expect(written(writer => writer.compactNullableString(null))).toBe('00')
    expect(written(writer => writer.compactString(''))).toBe('01')
    expect(reading('ffff').nullableString()).toBe(null)
    expect(reading('00').compactNullableString()).toBe(null)
    expect(reading('0000').nullableString()).toBe('')
    expect(reading('01').compactNullableString()).toBe('')
  })

  test('null where null is not allowed is malformed', () => {
    expect(() => reading('ffff').string()).toThrow(MalformedError)
    expect(() => reading('00').compactString()).toThrow(MalformedError)
    expect(() => reading('ffffffff').bytes()).toThrow(MalformedError)
    expect(() => reading('00').compactBytes()).toThrow(MalformedError)
  })

  test('malformed UTF-8 becomes the replacement character, as in Java', () => {
    expect(reading('0003 61ff62').string()).toBe('a\ufffdb')
  })

  test('a text too long for a string is cut, not written with a length that wrapped around', () => {
    for (const text of ['x'.repeat(40_000), 'é'.repeat(20_000), '😀'.repeat(20_000)]) {
      const plain = reading(written(writer => writer.string(text)))
      const compact = reading(written(writer => writer.compactString(text)))
      const cut = plain.string()
      expect(plain.remaining).toBe(0)
      expect(compact.compactString()).toBe(cut)
      expect(cut.length).toBeGreaterThan(10_000)
      expect(utf8Encode(cut).byteLength).toBeLessThanOrEqual(stringBytesMax)
      expect(text.startsWith(cut.slice(0, 10_000))).toBe(true)
    }
    const longest = 'x'.repeat(stringBytesMax)
    expect(reading(written(writer => writer.string(longest))).string()).toBe(longest)
  })

  test('more than Short.MAX bytes are refused in the compact encoding too', () => {
    const writer = new Writer()
    writer.compactBytes(utf8Encode('x'.repeat(stringBytesMax + 1)))
    expect(() => new Reader(writer.finish()).compactString()).toThrow(MalformedError)
  })
})

test('a length beyond what is left is refused, whatever it is the length of', () => {
  const longs: [string, (reader: Reader) => unknown][] = [
    ['7fff', reader => reader.string()],
    ['7fff', reader => reader.nullableString()],
    ['8000', reader => reader.string()],
    ['03 61', reader => reader.compactString()],
    ['7fffffff', reader => reader.bytes()],
    ['80000000', reader => reader.bytes()],
    ['7fffffff', reader => reader.nullableBytes()],
    ['ffffffff0f', reader => reader.compactBytes()],
    ['7fffffff', reader => reader.arrayLength(1)],
    ['00000002 00000001 000000', reader => reader.arrayLength(4)],
    ['ffffffff0f', reader => reader.compactArrayLength(1)],
    ['01 00 7f', reader => reader.skipTags()],
    ['ffffffff0f', reader => reader.skipTags()],
    ['00'.repeat(15), reader => reader.uuid()],
    ['', reader => reader.bool()],
  ]
  for (const [hex, read] of longs) expect(() => read(reading(hex)), hex).toThrow(MalformedError)
})

test('a reader ends where its range ends, not where its buffer does', () => {
  const reader = new Reader(fromHex('0102030405'), 1, 3)
  expect(reader.int16()).toBe(0x0203)
  expect(reader.remaining).toBe(0)
  expect(() => reader.int8()).toThrow(MalformedError)
})

test('bytes are read as a view into the frame', () => {
  const frame = fromHex('00000002 aabb'.replace(' ', ''))
  const view = new Reader(frame).bytes()
  frame[4] = 0xcc
  expect(toHex(view)).toBe('ccbb')
})

test('uuids have 16 bytes, and nothing shorter is written', () => {
  expect(written(writer => writer.uuid(zeroUuid))).toBe('00'.repeat(16))
  expect(reading('0102030405060708090a0b0c0d0e0f10').uuid()).toBe('AQIDBAUGBwgJCgsMDQ4PEA')
  expect(() => new Writer().uuid('')).toThrow('a uuid has 16 bytes')
})

test('every kind of value may be the one that makes the writer grow', () => {
  const writes: ((writer: Writer) => void)[] = [
    writer => writer.bool(true),
    writer => writer.int8(1),
    writer => writer.int16(1),
    writer => writer.int32(1),
    writer => writer.int64(1),
    writer => writer.uint8(1),
    writer => writer.unsignedVarint(300),
    writer => writer.uuid(zeroUuid),
    writer => writer.string('text'),
    writer => writer.compactString('text'),
    writer => writer.bytes(fromHex('01')),
    writer => writer.compactBytes(fromHex('01')),
  ]
  for (const write of writes) {
    const roomy = new Writer(100)
    write(roomy)
    const tight = new Writer(0)
    write(tight)
    expect(toHex(tight.finish())).toBe(toHex(roomy.finish()))
  }
})

test('what a writer finished stays as it was while the writer is used again', () => {
  const writer = new Writer(8)
  writer.int32(1)
  const first = writer.finish()
  writer.reset()
  writer.int32(2)
  expect(toHex(first)).toBe('00000001')
  expect(toHex(writer.written())).toBe('00000002')
})

test('a length may be filled in afterwards', () => {
  const writer = new Writer()
  writer.int32(0)
  writer.int16(7)
  writer.patchInt32(0, 2)
  expect(toHex(writer.finish())).toBe('000000020007')
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, copyOf, utf8Decode, viewOf } from '../../base/bytes.js'
import { crc32 } from '../../base/zlib.js'
import { MalformedError } from '../wire.js'
import * as batch from './batch.js'
import { javaLogAppendTime, legacyRecords, messageSets } from './golden-legacy.test-support.js'
import { CorruptMessageError, MessageCursor } from './message-set.js'
import { DecompressedSizeError } from './output.js'
import { recordsOf } from './records.js'
import { MessageTooLargeError, TimestampError, UndecodableError, upConvert } from './up-convert.js'

const limits = { messageBytesMax: 1_000_000, decompressedBytesMax: 1_000_000 }
const text = (bytes: Bytes | null): string | null => (bytes === null ? null : utf8Decode(bytes, 0, bytes.byteLength))

function setOf(encoder: string, magic: number, codec: string): Bytes {
  return copyOf(messageSets.find(set => set.encoder === encoder && set.magic === magic && set.codec === codec)!.bytes)
}

/** Writes the checksum that the message at `start` has now. */
function stampMessage(set: Bytes, start = 0): Bytes {
  const size = viewOf(set).getInt32(start + 8) + 12
  viewOf(set).setUint32(start + 12, crc32(set.subarray(start + 16, start + size)))
  return set
}

describe.each(messageSets)('$encoder, magic $magic, $codec', ({ magic, codec, bytes }) => {
  test('becomes a batch of the same records', () => {
    const converted = upConvert(bytes, limits)
    expect(converted.codec).toBe(batch.Codecs[codec])
    expect(batch.batchLength(converted.batch, 0)).toBe(converted.batch.byteLength)
    expect(batch.computeCrc(converted.batch, 0)).toBe(batch.crc(converted.batch, 0))
    expect([batch.recordCount(converted.batch, 0), batch.lastOffset(converted.batch, 0)]).toEqual([5, 4])
    expect(batch.maxTimestamp(converted.batch, 0)).toBe(magic === 0 ? -1 : 1_700_000_000_250)
    expect([batch.producerId(converted.batch, 0), batch.baseSequence(converted.batch, 0)]).toEqual([-1, -1])
    const records = Array.from(recordsOf(converted.batch), ({ offset, timestampMs, key, value, headers }) => ({
      offset,
      timestampMs,
      key: text(key),
      value: text(value),
      headers,
    }))
    expect(records).toEqual(
      legacyRecords.map((record, offset) => ({
        offset,
        ...record,
        timestampMs: magic === 0 ? -1 : record.timestampMs,
        headers: [],
      })),
    )
  })

  test('one flipped bit of the first message, offset aside, is a corrupt message', () => {
    const end = viewOf(bytes).getInt32(8) + 12
    for (let at = 12; at < end; at++) {
      const damaged = copyOf(bytes)
      damaged[at] = damaged[at]! ^ 0x20
      expect(() => upConvert(damaged, limits)).toThrow(CorruptMessageError)
    }
  })

  test('a part of a message at the end is left out; nothing but a part is no set', () => {
    const cut = concat([bytes, bytes.subarray(0, 25)])
    expect(upConvert(cut, limits).batch).toEqual(upConvert(bytes, limits).batch)
    expect(() => upConvert(bytes.subarray(0, 25), limits)).toThrow('no whole message')
  })

  test('a message larger than the topic allows is too large', () => {
    expect(() => upConvert(bytes, { ...limits, messageBytesMax: 20 })).toThrow(MessageTooLargeError)
  })
})

test('wrappers of several messages inside are held to the bound on decompressed bytes', () => {
  for (const codec of ['gzip', 'snappy', 'lz4']) {
    expect(() => upConvert(setOf('java', 1, codec), { ...limits, decompressedBytesMax: 100 })).toThrow(DecompressedSizeError)
  }
})

test('messages of two formats do not mix, side by side or inside one another', () => {
  const mixed = concat([setOf('java', 0, 'none'), setOf('java', 1, 'none')])
  expect(() => upConvert(mixed, limits)).toThrow('several formats')
  // The wrapper says magic 1 and has a timestamp now; inside they have magic 0.
  const inside = setOf('java', 0, 'gzip')
  const outside = concat([inside.subarray(0, 18), new Uint8Array(8), inside.subarray(18)])
  outside[16] = 1
  viewOf(outside).setInt32(8, viewOf(outside).getInt32(8) + 8)
  expect(() => upConvert(stampMessage(outside), limits)).toThrow('another format')
})

test('a compressed message stands alone', () => {
  for (const set of [
    concat([setOf('java', 1, 'gzip'), setOf('java', 1, 'gzip')]),
    concat([setOf('java', 1, 'none'), setOf('java', 1, 'gzip')]),
  ]) {
    expect(() => upConvert(set, limits)).toThrow('only one compressed message')
  }
})

test('codecs that messages cannot have: zstd is refused, others cannot be decoded', () => {
  const withCodec = (codec: number) => {
    const set = setOf('java', 1, 'gzip')
    set[17] = codec
    return stampMessage(set)
  }
  expect(() => upConvert(withCodec(4), limits)).toThrow('zstd requires')
  for (const codec of [2, 3, 5, 6, 7]) {
    expect(() => upConvert(withCodec(codec), limits)).toThrow(UndecodableError)
  }
})

test('with magic 1 the LZ4 header checksum counts, with magic 0 it is not looked at', () => {
  const headerChecksumAt = (set: Bytes) => set.indexOf(0x18) + 3
  for (const [magic, outcome] of [
    [0, null],
    [1, UndecodableError],
  ] as const) {
    const set = setOf('java', magic, 'lz4')
    const at = headerChecksumAt(set)
    set[at] = set[at]! ^ 0xff
    const convert = () => upConvert(stampMessage(set), limits)
    if (outcome === null) expect(convert).not.toThrow()
    else expect(convert).toThrow(outcome)
  }
})

test('offsets inside may be relative, absolute, all 0, and the wrapper’s 0; above the wrapper’s they are refused', () => {
  const wrapperOffset = (offset: bigint) => {
    const set = setOf('java', 1, 'gzip')
    viewOf(set).setBigInt64(0, offset)
    return upConvert(set, limits).batch
  }
  const converted = upConvert(setOf('java', 1, 'none'), limits).batch
  expect(wrapperOffset(0n)).toEqual(converted)
  expect(wrapperOffset(2n ** 40n)).toEqual(converted)
  expect(() => wrapperOffset(3n)).toThrow('wrapper offset 3')
  const zeros = setOf('java', 1, 'none')
  for (const cursor = cursorOf(zeros); cursor.next(); ) viewOf(zeros).setBigInt64(cursor.start, 0n)
  expect(upConvert(zeros, limits).batch).toEqual(converted)
})

function cursorOf(set: Bytes): MessageCursor {
  const cursor = new MessageCursor()
  cursor.open(set)
  return cursor
}

test('timestamps of type LogAppendTime are refused as timestamps', () => {
  expect(() => upConvert(javaLogAppendTime, limits)).toThrow(TimestampError)
})

test('a timestamp in nanoseconds stays exact', () => {
  const set = setOf('java', 1, 'none')
  viewOf(set).setBigInt64(18, 2n ** 60n + 1n)
  expect([...recordsOf(upConvert(stampMessage(set), limits).batch)][0]?.timestampMs).toBe(2n ** 60n + 1n)
})

test('a field that leaves its message, and a wrapper without a value, are malformed', () => {
  const set = setOf('java', 0, 'none')
  viewOf(set).setInt32(18, 500)
  expect(() => upConvert(stampMessage(set), limits)).toThrow(MalformedError)
  const wrapper = new Uint8Array(26)
  viewOf(wrapper).setInt32(8, 14)
  wrapper.set([1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 17)
  expect(() => upConvert(stampMessage(wrapper), limits)).toThrow('without a value')
})

test('a compressed message inside a compressed message is refused', () => {
  // Kafka's own encoder does not nest; the inner attributes are bent and both checksums made right again.
  const inner = setOf('java', 0, 'none')
  inner[17] = 1
  const value = stampMessage(inner)
  const set = new Uint8Array(26 + 10 + value.byteLength)
  // Snappy, raw: one literal with a length of two bytes.
  const length = value.byteLength
  set.set([0x80 | (length & 0x7f), length >>> 7, 61 << 2, (length - 1) & 0xff, (length - 1) >>> 8], 26)
  set.set(value, 31)
  const whole = set.subarray(0, 31 + length)
  viewOf(whole).setInt32(8, whole.byteLength - 12)
  whole[17] = 2
  viewOf(whole).setInt32(18, -1)
  viewOf(whole).setInt32(22, 5 + length)
  expect(() => upConvert(stampMessage(whole), limits)).toThrow('inside a compressed message')
})

test('damaged sets give a batch or MalformedError, and nothing else', () => {
  const damage = fc.array(fc.record({ at: fc.nat(400), byte: fc.nat(255) }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.nat(messageSets.length - 1), damage, fc.boolean(), (which, changes, hasRightSum) => {
      const bytes = copyOf(messageSets[which]!.bytes)
      for (const { at, byte } of changes) bytes[at % bytes.byteLength] = byte
      // With the checksum made right again the damage gets further in.
      const size = viewOf(bytes).getInt32(8) + 12
      if (hasRightSum && size >= 26 && size <= bytes.byteLength) stampMessage(bytes)
      try {
        const converted = upConvert(bytes, { ...limits, decompressedBytesMax: 10_000 })
        expect(converted.batch.byteLength).toBeLessThan(10_100)
        expect([...recordsOf(converted.batch)].length).toBe(batch.recordCount(converted.batch, 0))
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError)
      }
    }),
    { numRuns: 3000 },
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, copyOf, emptyBytes, equalBytes } from '../../base/bytes.js'
import { MalformedError } from '../wire.js'
import * as batch from './batch.js'
import { buildBatch, type NewRecord } from './build.js'
import { decompress } from './compression.js'
import { type DownConvertLimits, downConvert } from './down-convert.js'
import { javaBatches, javaMarker } from './golden.test-support.js'
import { javaDown } from './golden-legacy.test-support.js'
import { type LegacyMagic, MessageCursor } from './message-set.js'
import { recompress } from './recompress.js'
import { recordsOf } from './records.js'
import { upConvert } from './up-convert.js'

const limits: DownConvertLimits = { bytesMax: 1_000_000, firstMessage: 'none' }
const upLimits = { messageBytesMax: 10_000_000, decompressedBytesMax: 10_000_000 }

/** Every message as a line, those inside a wrapper indented below it; checksums are checked on the way. */
function linesOf(set: Bytes, indent = ''): string[] {
  const cursor = new MessageCursor()
  cursor.open(set)
  const lines: string[] = []
  while (cursor.next()) {
    cursor.read()
    expect(cursor.hasValidCrc()).toBe(true)
    const { codec, magic, attributes, offset, timestampMs } = cursor
    const show = (field: Bytes | null) => (field === null ? 'null' : `'${String.fromCharCode(...field)}'`)
    const value = codec === 0 ? show(cursor.value()) : 'wrapper'
    lines.push(`${indent}${offset} magic ${magic} attributes ${attributes} at ${timestampMs} ${show(cursor.key())} ${value}`)
    if (codec === 0) continue
    const inner = decompress(codec, cursor.value()!, 100_000, { isForMagic0: magic === 0 })
    lines.push(...linesOf(inner, '  '))
  }
  return lines
}

describe.each(javaDown)('$codec, $timestampType', ({ codec, batch: bytes, magic0, magic1 }) => {
  test.each([
    [0, magic0],
    [1, magic1],
  ] as const)('to magic %i as Kafka does it', (magic, expected) => {
    const converted = downConvert(bytes, magic, 102, limits)
    expect(linesOf(converted.bytes)).toEqual(linesOf(expected))
    expect([converted.isSupported, converted.nextOffset]).toEqual([true, 105])
    // Encoders of a codec differ; where nothing is compressed, every byte is the same.
    if (codec === 'none') expect(equalBytes(converted.bytes, expected)).toBe(true)
    // Kafka's first clients insist on their own header checksum.
    if (codec === 'lz4') {
      const header = (set: Bytes) => [...set.subarray(set.indexOf(0x04, 24), set.indexOf(0x04, 24) + 7)]
      expect(header(converted.bytes)).toEqual(header(expected))
    }
  })
})

test('zstd cannot be had: alone it is told so, behind something else the answer ends before it', () => {
  expect(downConvert(javaBatches.zstd, 1, 0, limits)).toMatchObject({ isSupported: false, bytes: emptyBytes })
  const both = concat([javaBatches.gzip, javaBatches.zstd])
  const converted = downConvert(both, 1, 0, limits)
  expect([converted.isSupported, converted.nextOffset]).toEqual([true, 4])
  expect(converted.bytes).toEqual(downConvert(javaBatches.gzip, 1, 0, limits).bytes)
})

test('control batches and batches without records give nothing, and the place to go on', () => {
  const empty = copyOf(javaBatches.gzip)
  const marker = copyOf(javaMarker)
  expect(downConvert(marker, 1, 42, limits)).toMatchObject({ bytes: emptyBytes, isSupported: true, nextOffset: 43 })
  const none = recompress(empty, emptyBytes, batch.Codecs.gzip)
  new DataView(none.buffer, none.byteOffset).setInt32(57, 0)
  expect(downConvert(none, 0, 0, limits)).toMatchObject({ bytes: emptyBytes, nextOffset: 4 })
})

test('what does not fit is left for the next fetch; the first message goes whole, cut, or not at all', () => {
  const value = new Uint8Array(66)
  const bytes = buildBatch(
    [
      { key: null, value },
      { key: null, value },
      { key: null, value },
    ],
    { baseOffset: 7 },
  )
  const sizeFor = (bytesMax: number, firstMessage: DownConvertLimits['firstMessage']) =>
    downConvert(bytes, 1, 7, { bytesMax, firstMessage }).bytes.byteLength
  expect([300, 299, 200, 199, 100].map(max => sizeFor(max, 'none'))).toEqual([300, 200, 200, 100, 100])
  expect([99, 0, -5].map(max => sizeFor(max, 'none'))).toEqual([0, 0, 0])
  expect([99, 0, -5].map(max => sizeFor(max, 'whole'))).toEqual([100, 100, 100])
  expect([99, 0, -5].map(max => sizeFor(max, 'cut'))).toEqual([99, 0, 0])
})

test('a stored batch that cannot be read is malformed', () => {
  const broken = copyOf(javaBatches.gzip)
  broken[90] = broken[90]! ^ 0xff
  expect(() => downConvert(broken, 1, 0, limits)).toThrow(MalformedError)
})

const nullableBytes = fc.option(fc.uint8Array({ maxLength: 40 }))
const record: fc.Arbitrary<NewRecord> = fc.record({
  key: nullableBytes,
  value: nullableBytes,
  timestampMs: fc.integer({ min: -1, max: 8_640_000_000_000_000 }),
})

test('up-conversion undoes down-conversion: keys, values, timestamps', () => {
  const records = fc.array(record, { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(records, fc.constantFrom<LegacyMagic>(0, 1), fc.nat(3), fc.nat(2 ** 40), (written, magic, codec, baseOffset) => {
      const plain = buildBatch(written, { baseOffset })
      const bytes = recompress(plain, plain.subarray(batch.batchHeaderSize), codec)
      const set = downConvert(bytes, magic, baseOffset, limits).bytes
      const back = upConvert(set, upLimits)
      expect(back.codec).toBe(codec)
      const shown = (each: NewRecord) => [each.key && [...each.key], each.value && [...each.value], each.timestampMs]
      expect([...recordsOf(back.batch)].map(shown)).toEqual(
        written.map(each => shown(magic === 0 ? { ...each, timestampMs: -1 } : each)),
      )
    }),
  )
})

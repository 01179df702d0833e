import { expect, test } from 'vitest'
import { concat, copyOf } from '../../base/bytes.js'
import * as batch from './batch.js'
import { buildBatch } from './build.js'
import { javaBatches, javaMarker, kafkajsBatches } from './golden.test-support.js'

test("the header of the Java client's batch, at any place in a buffer", () => {
  const bytes = concat([new Uint8Array(7), javaBatches.zstd, javaMarker])
  const at = 7
  expect(batch.baseOffset(bytes, at)).toBe(0)
  expect(batch.batchLength(bytes, at)).toBe(javaBatches.zstd.byteLength)
  expect(batch.leaderEpoch(bytes, at)).toBe(-1)
  expect(batch.magic(bytes, at)).toBe(2)
  expect(batch.crc(bytes, at)).toBe(0xf871aa2a)
  expect(batch.computeCrc(bytes, at)).toBe(0xf871aa2a)
  expect(batch.attributes(bytes, at)).toBe(4)
  expect(batch.codecOf(bytes, at)).toBe(batch.Codecs.zstd)
  expect(batch.isControl(bytes, at)).toBe(false)
  expect(batch.isTransactional(bytes, at)).toBe(false)
  expect(batch.hasDeleteHorizon(bytes, at)).toBe(false)
  expect(batch.timestampType(bytes, at)).toBe('CreateTime')
  expect(batch.lastOffsetDelta(bytes, at)).toBe(3)
  expect(batch.lastOffset(bytes, at)).toBe(3)
  expect(batch.baseTimestamp(bytes, at)).toBe(1_700_000_000_000)
  expect(batch.maxTimestamp(bytes, at)).toBe(1_700_000_000_250)
  expect(batch.producerId(bytes, at)).toBe(4711)
  expect(batch.producerEpoch(bytes, at)).toBe(3)
  expect(batch.baseSequence(bytes, at)).toBe(2_147_483_646)
  expect(batch.lastSequence(bytes, at)).toBe(1)
  expect(batch.recordCount(bytes, at)).toBe(4)
})

test('a transaction marker of the Java client', () => {
  expect(batch.baseOffset(javaMarker, 0)).toBe(42)
  expect(batch.leaderEpoch(javaMarker, 0)).toBe(7)
  expect(batch.isControl(javaMarker, 0)).toBe(true)
  expect(batch.isTransactional(javaMarker, 0)).toBe(true)
  expect(batch.baseSequence(javaMarker, 0)).toBe(-1)
  expect(batch.lastSequence(javaMarker, 0)).toBe(-1)
})

test("every other encoder's checksum is the one computed here", () => {
  for (const bytes of [...Object.values(javaBatches), ...Object.values(kafkajsBatches), javaMarker]) {
    expect(batch.computeCrc(bytes, 0)).toBe(batch.crc(bytes, 0))
  }
})

test('base offset and leader epoch are stamped outside the checksum', () => {
  const bytes = copyOf(javaBatches.none)
  batch.stampBaseOffset(bytes, 0, 2 ** 53 - 5)
  batch.stampLeaderEpoch(bytes, 0, 0x7fff_ffff)
  expect(batch.baseOffset(bytes, 0)).toBe(2 ** 53 - 5)
  expect(batch.lastOffset(bytes, 0)).toBe(2 ** 53 - 2)
  expect(batch.leaderEpoch(bytes, 0)).toBe(0x7fff_ffff)
  expect(bytes.subarray(17)).toEqual(javaBatches.none.subarray(17))
  expect(bytes.subarray(8, 12)).toEqual(javaBatches.none.subarray(8, 12))
})

test('the append time changes type, maximum and checksum, and nothing else', () => {
  const bytes = copyOf(javaBatches.gzip)
  batch.stampLogAppendTime(bytes, 0, 1_800_000_000_123)
  expect(batch.timestampType(bytes, 0)).toBe('LogAppendTime')
  expect(batch.maxTimestamp(bytes, 0)).toBe(1_800_000_000_123)
  expect(batch.codecOf(bytes, 0)).toBe(batch.Codecs.gzip)
  expect(batch.crc(bytes, 0)).toBe(batch.computeCrc(bytes, 0))
  expect(batch.crc(bytes, 0)).not.toBe(batch.crc(javaBatches.gzip, 0))
  expect(bytes.subarray(43)).toEqual(javaBatches.gzip.subarray(43))
})

test('negative numbers survive: -1 and the smallest a double holds', () => {
  expect(batch.producerEpoch(buildBatch([{ key: null, value: null }]), 0)).toBe(-1)
  const bytes = copyOf(javaBatches.none)
  batch.stampBaseOffset(bytes, 0, -1)
  expect(batch.baseOffset(bytes, 0)).toBe(-1)
  batch.stampBaseOffset(bytes, 0, Number.MIN_SAFE_INTEGER)
  expect(batch.baseOffset(bytes, 0)).toBe(Number.MIN_SAFE_INTEGER)
})

test('sequences wrap from 2^31-1 to 0', () => {
  expect(batch.sequenceAfter(2 ** 31 - 1, 1)).toBe(0)
  expect(batch.sequenceAfter(2 ** 31 - 1, 3)).toBe(2)
  expect(batch.sequenceAfter(5, 3)).toBe(8)
  expect(batch.sequenceAfter(2 ** 31 - 2, 1)).toBe(2 ** 31 - 1)
})

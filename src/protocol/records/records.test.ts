import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, concat, copyOf, utf8Decode, utf8Encode } from '../../base/bytes.js'
import { MalformedError } from '../wire.js'
import * as batch from './batch.js'
import { buildBatch } from './build.js'
import { javaBatches, javaMarker, javaRecords, kafkajsBatches } from './golden.test-support.js'
import { RecordCursor, recordsOf } from './records.js'

const text = (bytes: Bytes | null): string | null => (bytes === null ? null : utf8Decode(bytes, 0, bytes.byteLength))

function readable(bytes: Bytes, at = 0) {
  return Array.from(recordsOf(bytes, at), record => ({
    offset: record.offset,
    timestampMs: record.timestampMs,
    key: text(record.key),
    value: text(record.value),
    headers: record.headers.map(header => ({ key: header.key, value: text(header.value) })),
  }))
}

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)("the Java client's records, codec %s", codec => {
  expect(readable(javaBatches[codec])).toEqual(javaRecords)
})

test.each(['none', 'gzip'] as const)("kafkajs's records, codec %s", codec => {
  expect(readable(kafkajsBatches[codec])).toEqual([
    { offset: 0, timestampMs: 1_700_000_000_000, key: 'k', value: 'v1', headers: [{ key: 'h', value: 'x' }] },
    { offset: 1, timestampMs: 1_700_000_000_250, key: null, value: 'v2', headers: [] },
  ])
})

test("built again, the Java client's records give the Java client's bytes", () => {
  const records = javaRecords.map(record => ({
    timestampMs: record.timestampMs,
    key: record.key === null ? null : utf8Encode(record.key),
    value: record.value === null ? null : utf8Encode(record.value),
    headers: record.headers.map(header => ({ key: header.key, value: header.value === null ? null : utf8Encode(header.value) })),
  }))
  const built = buildBatch(records, { producerId: 4711, producerEpoch: 3, baseSequence: 2_147_483_646 })
  expect(built).toEqual(copyOf(javaBatches.none))
})

test("a control batch is the Java client's marker", () => {
  const [record] = recordsOf(javaMarker)
  const built = buildBatch([{ key: record!.key, value: record!.value, timestampMs: record!.timestampMs }], {
    baseOffset: 42,
    leaderEpoch: 7,
    producerId: 4711,
    producerEpoch: 3,
    isTransactional: true,
    isControl: true,
  })
  expect(built).toEqual(copyOf(javaMarker))
})

test('on a batch of type LogAppendTime every record has the append time', () => {
  const bytes = copyOf(javaBatches.lz4)
  batch.stampLogAppendTime(bytes, 0, 1_800_000_000_000)
  expect(new Set(Array.from(recordsOf(bytes), record => record.timestampMs))).toEqual(new Set([1_800_000_000_000]))
})

const nullableBytes = fc.option(fc.uint8Array({ maxLength: 200 }))
const record = fc.record({
  key: nullableBytes,
  value: nullableBytes,
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme' }), value: nullableBytes }), { maxLength: 4 }),
  timestampMs: fc.integer({ min: -1, max: 8_640_000_000_000_000 }),
})

test('what is built is what is read', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), (records, baseOffset) => {
      const bytes = buildBatch(records, { baseOffset })
      expect(batch.batchLength(bytes, 0)).toBe(bytes.byteLength)
      expect(batch.maxTimestamp(bytes, 0)).toBe(Math.max(...records.map(each => each.timestampMs)))
      const plain = (each: Bytes | null) => (each === null ? null : [...each])
      const read = Array.from(recordsOf(bytes), each => ({
        offset: each.offset,
        timestampMs: each.timestampMs,
        key: plain(each.key),
        value: plain(each.value),
        headers: each.headers.map(header => ({ key: header.key, value: plain(header.value) })),
      }))
      const written = records.map((each, index) => ({
        offset: baseOffset + index,
        timestampMs: each.timestampMs,
        key: plain(each.key),
        value: plain(each.value),
        headers: each.headers.map(header => ({ key: header.key, value: plain(header.value) })),
      }))
      expect(read).toEqual(written)
    }),
  )
})

test('damaged batches give MalformedError and nothing else', () => {
  const originals = [...Object.values(javaBatches), ...Object.values(kafkajsBatches)]
  const damage = fc.record({ which: fc.nat(originals.length - 1), at: fc.nat(1000), byte: fc.nat(255), cut: fc.nat(1000) })
  fc.assert(
    fc.property(damage, ({ which, at, byte, cut }) => {
      const bytes = copyOf(originals[which]!)
      bytes[at % bytes.byteLength] = byte
      const shorter = bytes.subarray(0, bytes.byteLength - (cut % 8))
      try {
        for (const each of recordsOf(shorter, 0, 100_000)) expect(each.headers.length).toBeLessThan(100_000)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError)
      }
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['more records announced than there are', 60, 5],
  ['fewer records announced than there are', 60, 3],
  ['a record that ends before its fields do', 61, 0x4a],
  ['a length beyond the bytes', 11, 0x70],
])('%s is malformed', (_, at, byte) => {
  const bytes = copyOf(javaBatches.none)
  expect([4, 0x4c, 0x6f]).toContain(bytes[at])
  bytes[at] = byte
  expect(() => [...recordsOf(bytes)]).toThrow(MalformedError)
})

test('a record longer than its fields is malformed', () => {
  const built = buildBatch([{ key: null, value: null }])
  const bytes = concat([built, new Uint8Array(1)])
  expect([...recordsOf(bytes)].length).toBe(1)
  // Batch length and record size take in the byte that is too many.
  bytes[11] = bytes[11]! + 1
  bytes[batch.batchHeaderSize] = bytes[batch.batchHeaderSize]! + 2
  expect(() => [...recordsOf(bytes)]).toThrow('longer than its fields')
})

test('a closed cursor has no next record', () => {
  const cursor = new RecordCursor()
  cursor.open(javaBatches.none)
  expect(cursor.next()).toBe(true)
  cursor.close()
  expect(cursor.next()).toBe(false)
})

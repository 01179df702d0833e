import { describe, expect, test } from 'vitest'
import { concat, utf8Encode, viewOf } from '../../base/bytes.js'
import * as batch from '../../protocol/records/batch.js'
import { type BatchOptions, buildBatch } from '../../protocol/records/build.js'
import { writableCodec } from '../../protocol/records/compression.js'
import { javaBatches } from '../../protocol/records/golden.test-support.js'
import { recompress } from '../../protocol/records/recompress.js'
import { recordsOf } from '../../protocol/records/records.js'
import { BatchFilter, type FilterRules, Kept, RecordReader } from './compaction-filter.js'
import { KeyOffsets } from './compaction-keys.js'
import {
  type AbortedTransaction,
  CleanedTransactions,
  decodeTransactionIndex,
  encodeTransactionIndex,
} from './compaction-transactions.js'

const now = 1_700_000_000_000
const retention = 5000

interface Round {
  readonly nowMs?: number
  readonly lastOfProducers?: FilterRules['lastOfProducers']
  readonly aborted?: readonly AbortedTransaction[]
  readonly segmentEnd?: number
}

/** Compacts a log of these batches, all of it dirty; the batches that are left, as `describeBatch` tells them. */
function compacted(log: readonly Uint8Array[], round: Round = {}): Uint8Array[] {
  const keys = new KeyOffsets(1000, 1 << 20, 0.9)
  const reader = new RecordReader()
  const aborted = round.aborted ?? []
  const seen = new CleanedTransactions(aborted)
  for (const bytes of log) {
    const isAborted = seen.see(bytes, 0)
    for (reader.open(bytes, 0); !isAborted && !batch.isControl(bytes, 0) && reader.next(); ) {
      if (reader.keyStart >= 0) keys.put(reader.records, reader.keyStart, reader.keyEnd, reader.offset)
    }
    keys.latestOffset = batch.lastOffset(bytes, 0)
  }
  const filter = new BatchFilter({
    keys,
    transactions: new CleanedTransactions(aborted),
    lastOfProducers: round.lastOfProducers ?? new Map(),
    nowMs: round.nowMs ?? now,
    deleteRetentionMs: retention,
  })
  filter.segmentEnd = round.segmentEnd ?? -1
  const left: Uint8Array[] = []
  for (const bytes of log) {
    const kept = new Kept(16)
    // Not at the start of the buffer: positions are relative.
    filter.filter(concat([new Uint8Array(5), bytes]), 5, kept)
    if (kept.length > 0) left.push(kept.bytes.slice(0, kept.length))
  }
  for (const bytes of left) expect(batch.crc(bytes, 0)).toBe(batch.computeCrc(bytes, 0))
  return left
}

/** `key=value@offset`; null values are `-`. */
function batchOf(baseOffset: number, records: string, options: BatchOptions = {}): Uint8Array {
  const parsed = records.split(' ').map(text => {
    const [key, value] = text.split('=') as [string, string | undefined]
    return { key: Buffer.from(key), value: value === undefined ? null : Buffer.from(value), timestampMs: now - 100 + key.length }
  })
  return buildBatch(parsed, { baseOffset, leaderEpoch: 3, ...options })
}

function tell(batches: readonly Uint8Array[]): string[] {
  return batches.map(bytes => {
    const records = [...recordsOf(bytes)].map(({ offset, key, value }) => `${key}${value === null ? '' : `=${value}`}@${offset}`)
    const horizon = batch.hasDeleteHorizon(bytes, 0) ? ` until ${Number(batch.baseTimestamp(bytes, 0)) - now}` : ''
    return `${batch.baseOffset(bytes, 0)}-${batch.lastOffset(bytes, 0)}${horizon}: ${records.join(' ')}`
  })
}

describe('records', () => {
  test('the latest of each key stays, with its offset, timestamp and headers', () => {
    const header = { key: 'h', value: Buffer.from('x') }
    const rich = buildBatch(
      [
        { key: Buffer.from('a'), value: Buffer.from('1'), timestampMs: 10 },
        { key: Buffer.from('b'), value: Buffer.from('2'), timestampMs: 30, headers: [header] },
        { key: Buffer.from('c'), value: Buffer.from('3'), timestampMs: 20 },
      ],
      { baseOffset: 100, leaderEpoch: 7, producerId: 9, producerEpoch: 1, baseSequence: 40 },
    )
    const [left] = compacted([rich, batchOf(103, 'a=4 c=5')])
    expect([...recordsOf(left!)]).toEqual([
      { offset: 101, timestampMs: 30, key: Buffer.from('b'), value: Buffer.from('2'), headers: [header] },
    ])
    expect(batch.lastOffset(left!, 0)).toBe(102)
    expect(batch.maxTimestamp(left!, 0)).toBe(30)
    expect(batch.leaderEpoch(left!, 0)).toBe(7)
    expect([batch.baseSequence(left!, 0), batch.lastSequence(left!, 0), batch.producerEpoch(left!, 0)]).toEqual([40, 42, 1])
  })

  test('a batch of which all stays is the same bytes', () => {
    const whole = batchOf(5, 'a=1 b=2')
    expect(compacted([whole])).toEqual([whole])
  })

  test('a batch of which nothing stays is gone', () => {
    expect(tell(compacted([batchOf(0, 'a=1 b=1'), batchOf(2, 'a=2 b=2')]))).toEqual(['2-3: a=2@2 b=2@3'])
  })

  test('without a key nothing stays', () => {
    const keyless = buildBatch(
      [
        { key: null, value: Buffer.from('x') },
        { key: Buffer.from('k'), value: null },
      ],
      { baseOffset: 0 },
    )
    expect(tell(compacted([keyless]))).toEqual([`0-1 until ${retention}: k@1`])
  })

  test.each([batch.Codecs.gzip, batch.Codecs.snappy, batch.Codecs.lz4])('codec %i stays', codec => {
    const plain = batchOf(0, 'a=1 b=2 c=3 b=4')
    const packed = recompress(plain, plain.subarray(batch.batchHeaderSize), codec)
    const left = compacted([packed])
    expect(batch.codecOf(left[0]!, 0)).toBe(codec)
    expect(tell(left)).toEqual(['0-3: a=1@0 c=3@2 b=4@3'])
  })

  test('zstd stays where Node can write it, and becomes gzip where it cannot', () => {
    const [left] = compacted([javaBatches.zstd])
    expect(batch.codecOf(left!, 0)).toBe(writableCodec(batch.Codecs.zstd))
    // The one without a key is gone.
    expect([...recordsOf(left!)].map(({ offset }) => offset)).toEqual([0, 2, 3])
  })

  test('a batch that cannot be read stays as it is', () => {
    const plain = batchOf(0, 'a=1')
    const broken = recompress(plain, plain.subarray(batch.batchHeaderSize), batch.Codecs.none)
    broken[batch.batchHeaderSize] = 0x7e
    batch.stampCrc(broken, 0)
    const filter = new BatchFilter({
      ...{ keys: new KeyOffsets(1, 100, 0.9), transactions: new CleanedTransactions([]), lastOfProducers: new Map() },
      ...{ nowMs: now, deleteRetentionMs: 0 },
    })
    const kept = new Kept(1)
    filter.filter(broken, 0, kept)
    expect(kept.bytes.subarray(0, kept.length)).toEqual(broken)
    expect(filter.counts.unreadableBatches).toBe(1)
  })
})

describe('tombstones', () => {
  test('stay until the horizon that the first compaction writes, and then go', () => {
    const first = compacted([batchOf(0, 'a=1 b=1'), batchOf(2, 'a bb=2')])
    expect(tell(first)).toEqual(['0-1: b=1@1', `2-3 until ${retention}: a@2 bb=2@3`])
    // What the deltas count from has changed; what they say has not.
    expect([...recordsOf(first[1]!)].map(({ timestampMs }) => Number(timestampMs) - now)).toEqual([-99, -98])
    expect(batch.maxTimestamp(first[1]!, 0)).toBe(now - 98)
    const second = compacted(first, { nowMs: now + retention - 1 })
    expect(second).toEqual(first)
    expect(tell(compacted(second, { nowMs: now + retention }))).toEqual(['0-1: b=1@1', `2-3 until ${retention}: bb=2@3`])
  })

  test('timestamps in nanoseconds are the same to the last bit when they count from a horizon', () => {
    const nanoseconds = [1_700_000_000_123_456_789n, 1_700_000_000_123_456_791n, 1_700_000_000_123_456_790n]
    const records = ['a', 'a', 'b'].map((key, n) => ({ key: utf8Encode(key), value: null, timestampMs: nanoseconds[n]! }))
    const [left] = compacted([buildBatch(records)])
    expect(batch.hasDeleteHorizon(left!, 0)).toBe(true)
    expect([...recordsOf(left!)].map(({ timestampMs }) => timestampMs)).toEqual(nanoseconds.slice(1))
    expect(batch.exactMaxTimestamp(left!, 0)).toBe(nanoseconds[1])
  })

  test('on a LogAppendTime topic every record keeps the append time', () => {
    const stamped = batchOf(0, 'a b=1', { timestampType: 'LogAppendTime' })
    batch.stampLogAppendTime(stamped, 0, now)
    const [left] = compacted([stamped])
    expect([...recordsOf(left!)].map(({ timestampMs }) => timestampMs)).toEqual([now, now])
  })

  test('compressed ones get their horizon, too', () => {
    const plain = batchOf(0, 'a b=1')
    expect(tell(compacted([recompress(plain, plain.subarray(batch.batchHeaderSize), batch.Codecs.lz4)]))).toEqual([
      `0-1 until ${retention}: a@0 b=1@1`,
    ])
  })
})

describe('what stays without a record', () => {
  const producer = { producerId: 7, producerEpoch: 2, baseSequence: 11 }

  test('the last batch of a live producer, for its sequence', () => {
    const lastOfProducers = new Map([[7, { lastOffset: 1, producerEpoch: 2 }]])
    const left = compacted([batchOf(0, 'a=1 b=1', producer), batchOf(2, 'a=2 b=2')], { lastOfProducers })
    expect(tell(left)).toEqual(['0-1: ', '2-3: a=2@2 b=2@3'])
    const [empty] = left as [Uint8Array]
    expect(empty.byteLength).toBe(batch.batchHeaderSize)
    expect([batch.recordCount(empty, 0), batch.codecOf(empty, 0), batch.baseTimestamp(empty, 0)]).toEqual([0, 0, -1])
    expect([batch.producerId(empty, 0), batch.producerEpoch(empty, 0), batch.lastSequence(empty, 0)]).toEqual([7, 2, 12])
    // And is gone when the producer has written on, or is forgotten.
    expect(tell(compacted(left))).toEqual(['2-3: a=2@2 b=2@3'])
  })

  test('the batch that ends where the next segment begins', () => {
    const log = [batchOf(0, 'a=1'), batchOf(1, 'b=1'), batchOf(2, 'a=2 b=2')]
    expect(tell(compacted(log, { segmentEnd: 2 }))).toEqual(['1-1: ', '2-3: a=2@2 b=2@3'])
  })
})

describe('transactions', () => {
  const transactional = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }
  const marker = (offset: number, type: 0 | 1): Uint8Array => {
    const key = Buffer.from([0, 0, 0, type])
    return buildBatch([{ key, value: Buffer.alloc(6), timestampMs: now }], {
      ...{ baseOffset: offset, producerId: 7, producerEpoch: 0, isTransactional: true, isControl: true },
    })
  }
  const aborted: AbortedTransaction = { producerId: 7, firstOffset: 0, lastOffset: 1, lastStableOffset: 2 }

  test('aborted records go at once; their marker only after a compaction that met none of them, and its horizon', () => {
    const first = compacted([batchOf(0, 'a=1', transactional), marker(1, 0), batchOf(2, 'b=1')], { aborted: [aborted] })
    expect(first.map(bytes => batch.baseOffset(bytes, 0))).toEqual([1, 2])
    expect(batch.hasDeleteHorizon(first[0]!, 0)).toBe(false)
    const second = compacted(first, { aborted: [aborted] })
    expect(batch.hasDeleteHorizon(second[0]!, 0)).toBe(true)
    expect(compacted(second, { nowMs: now + retention - 1 })).toHaveLength(2)
    expect(tell(compacted(second, { nowMs: now + retention }))).toEqual(['2-2: b=1@2'])
  })

  test('an aborted record replaces nothing', () => {
    const log = [batchOf(0, 'a=1'), batchOf(1, 'a=2', transactional), marker(2, 0)]
    const left = compacted(log, { aborted: [{ ...aborted, firstOffset: 1, lastOffset: 2 }] })
    expect(tell(left.slice(0, 1))).toEqual(['0-0: a=1@0'])
  })

  test('committed records are like any others; their marker stays as long as one of them', () => {
    const log = [batchOf(0, 'a=1', transactional), marker(1, 1), batchOf(2, 'b=1')]
    const first = compacted(log)
    expect(first).toEqual(log)
    const second = compacted([...first, batchOf(3, 'a=2')])
    expect(second.map(bytes => batch.baseOffset(bytes, 0))).toEqual([1, 2, 3])
    const third = compacted(second)
    expect(batch.hasDeleteHorizon(third[0]!, 0)).toBe(true)
    expect(compacted(third, { nowMs: now + retention })).toHaveLength(2)
  })

  test('the marker that is all that is known of a producer stays, emptied', () => {
    const lastOfProducers = new Map([[7, { lastOffset: null, producerEpoch: 0 }]])
    const first = compacted([marker(1, 1), batchOf(2, 'b=1')], { lastOfProducers })
    const left = compacted(first, { lastOfProducers, nowMs: now + retention })
    expect(tell(left)).toEqual(['1-1: ', '2-2: b=1@2'])
    expect(batch.isControl(left[0]!, 0)).toBe(true)
  })

  test('the index of a new segment tells of what is still there to be skipped', () => {
    const transactions = new CleanedTransactions([aborted, { ...aborted, firstOffset: 5, lastOffset: 6 }])
    for (const bytes of [batchOf(0, 'a=1', transactional), marker(1, 0), marker(6, 0)]) transactions.see(bytes, 0)
    expect(transactions.stillAborted).toEqual([aborted])
    const bytes = encodeTransactionIndex([aborted, aborted])
    expect(bytes.byteLength).toBe(68)
    expect(viewOf(bytes).getBigInt64(26)).toBe(2n)
    expect(decodeTransactionIndex(bytes)).toEqual([aborted, aborted])
    expect(decodeTransactionIndex(bytes.subarray(0, 50))).toEqual([aborted])
  })
})

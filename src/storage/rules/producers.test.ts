import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { concat, copyOf, fromHex, toHex, viewOf } from '../../base/bytes.js'
import { errorName } from '../../protocol/errors.js'
import * as batch from '../../protocol/records/batch.js'
import { buildBatch } from '../../protocol/records/build.js'
import { crc32c } from '../../protocol/records/crc32c.js'
import { javaBatches, javaMarker } from '../../protocol/records/golden.test-support.js'
import { MalformedError } from '../../protocol/wire.js'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.js'
import { type ProducedBatch, ProducerStates } from './producers.js'

let states = new ProducerStates()
let endOffset = 0
let nowMs = 1_700_000_000_000
beforeEach(() => {
  states = new ProducerStates()
  endOffset = 0
  nowMs = 1_700_000_000_000
})

const producedBatch = (firstSequence: number, lastSequence: number, epoch = 0, producerId = 7): ProducedBatch => ({
  producerId,
  producerEpoch: epoch,
  baseSequence: firstSequence,
  lastSequence,
  isTransactional: false,
})

/** What a partition does: check, and append if allowed. Tells "at <offset>", "again at <offset>" or the error's name. */
function produce(firstSequence: number, lastSequence: number, epoch = 0, producerId = 7): string {
  const produced = producedBatch(firstSequence, lastSequence, epoch, producerId)
  const verdict = states.check(produced, null)
  if (typeof verdict === 'number') return errorName(verdict)
  if (typeof verdict === 'object') return `again at ${verdict.baseOffset}`
  const baseOffset = endOffset
  endOffset += (batch.sequenceAfter(lastSequence, 0x8000_0000 - firstSequence) % 0x8000_0000) + 1
  states.record(produced, baseOffset, endOffset - 1, nowMs - 5, nowMs)
  return `at ${baseOffset}`
}

test('batches without a producer id leave no trace', () => {
  expect([produce(-1, -1, -1, -1), produce(-1, -1, -1, -1)]).toEqual(['at 0', 'at 1'])
  expect(states.size).toBe(0)
})

test('sequences follow each other; a gap is 45', () => {
  expect([produce(0, 2), produce(3, 3), produce(5, 5), produce(4, 4)]).toEqual([
    'at 0',
    'at 3',
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'at 4',
  ])
})

test('exactly the same batch is answered with its first offset, as long as it is one of the last five', () => {
  expect([produce(0, 9), produce(10, 10), produce(11, 11), produce(12, 12), produce(13, 13)]).toEqual([
    'at 0',
    'at 10',
    'at 11',
    'at 12',
    'at 13',
  ])
  expect([produce(0, 9), produce(12, 12)]).toEqual(['again at 0', 'again at 12'])
  expect(produce(14, 14)).toBe('at 14')
  expect([produce(0, 9), produce(10, 10)]).toEqual(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'again at 10'])
})

test('a batch that overlaps a known one without being it is 45', () => {
  produce(0, 9)
  expect([produce(0, 8), produce(5, 9), produce(9, 12)]).toEqual(Array(3).fill('OUT_OF_ORDER_SEQUENCE_NUMBER'))
})

test('a duplicate tells offsets and timestamp of the batch in the log', () => {
  produce(0, 9)
  produce(10, 14)
  expect(states.check(producedBatch(10, 14), null)).toMatchObject({ baseOffset: 10, lastOffset: 14, timestampMs: nowMs - 5 })
})

test('an unknown producer may begin anywhere', () => {
  expect(produce(4711, 4712)).toBe('at 0')
  expect(produce(4713, 4713)).toBe('at 2')
})

test('the sequence after 2^31-1 is 0, within a batch and between batches', () => {
  const last = 2 ** 31 - 1
  expect([produce(last - 2, last - 1), produce(last, 1), produce(2, 2)]).toEqual(['at 0', 'at 2', 'at 5'])
  expect(produce(last, 1)).toBe('again at 2')
  states.clear()
  expect([produce(last, last), produce(1, 1), produce(0, 0)]).toEqual(['at 6', 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'at 7'])
})

test('an older epoch is fenced with 47', () => {
  produce(0, 0, 5)
  expect([produce(1, 1, 4), produce(0, 0, 4), produce(1, 1, 5)]).toEqual([
    'INVALID_PRODUCER_EPOCH',
    'INVALID_PRODUCER_EPOCH',
    'at 1',
  ])
})

test('a newer epoch begins at 0 with an empty window', () => {
  produce(0, 0, 5)
  expect(produce(1, 1, 6)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  expect(produce(0, 0, 6)).toBe('at 1')
  expect(produce(0, 0, 6)).toBe('again at 1')
  expect(states.entry(7)!.batches.length).toBe(1)
})

test('producers do not know of each other', () => {
  expect([produce(0, 0, 0, 1), produce(0, 0, 0, 2), produce(1, 1, 0, 1), produce(0, 0, 0, 2)]).toEqual([
    'at 0',
    'at 1',
    'at 2',
    'again at 1',
  ])
})

test('the idle are forgotten, counted from their last append and not from their timestamps', () => {
  produce(0, 0, 0, 1)
  nowMs += 1000
  produce(0, 0, 0, 2)
  states.entry(2)!.currentTxnFirstOffset = 1
  produce(0, 0, 0, 3)
  expect(states.expire(nowMs + 999, 2000)).toBe(0)
  expect(states.expire(nowMs + 1000, 2000)).toBe(1)
  expect(states.entry(1)).toBeUndefined()
  expect(states.expire(nowMs + 10_000, 2000)).toBe(1)
  expect(states.entry(2)).toBeDefined()
  expect(produce(9, 9, 0, 1)).toBe('at 3')
})

test('rebuilt from the log, the state is the one that wrote it', () => {
  const log: Uint8Array[] = []
  let next = 0
  const append = (baseSequence: number, count: number, producerId: number, producerEpoch: number): void => {
    const records = Array.from({ length: count }, () => ({ key: null, value: null, timestampMs: nowMs - 5 }))
    log.push(buildBatch(records, { baseOffset: next, producerId, producerEpoch, baseSequence }))
    const lastSequence = batch.sequenceAfter(baseSequence, count - 1)
    const produced = { producerId, producerEpoch, baseSequence, lastSequence, isTransactional: false }
    states.record(produced, next, next + count - 1, nowMs - 5, nowMs)
    next += count
  }
  for (let sequence = 0; sequence < 16; sequence += 2) append(sequence, 2, 1, 0)
  append(2 ** 31 - 2, 4, 2, 3)
  append(0, 1, 1, 1)
  log.push(buildBatch([{ key: null, value: null }], { baseOffset: next }))

  const rebuilt = new ProducerStates()
  const bytes = concat(log)
  for (let at = 0; at < bytes.byteLength; at += batch.batchLength(bytes, at)) rebuilt.recordStored(bytes, at, nowMs)
  expect([...rebuilt.entries()]).toEqual([...states.entries()])
})

test('a transaction marker in the log closes the transaction and keeps the batches of its epoch', () => {
  states.recordStored(javaBatches.none, 0, nowMs)
  states.entry(4711)!.currentTxnFirstOffset = 0
  states.recordStored(javaMarker, 0, nowMs + 1)
  expect(states.entry(4711)).toMatchObject({ producerEpoch: 3, currentTxnFirstOffset: -1, lastHeardMs: nowMs + 1 })
  expect(states.entry(4711)!.batches.length).toBe(1)
})

// Written by kafka-storage 4.2.0 (ProducerStateManager.writeSnapshot): three producers; the second one has a transaction
// open at 77, the third wrote no batch that is still known.
const kafkaSnapshot = fromHex(
  '0001dd7763ef00000003000000000000126700030000000100000000000003eb000000030000018bcfe568faffffffffffffffffffffffff' +
    '0000000000000005000000000029000000012a05f200000000010000018bcfe56be700000009000000000000004d' +
    '0000000000000006000cffffffffffffffffffffffff000000000000018bcfe5641800000002ffffffffffffffff',
)

test("Kafka's snapshot is read, and written again byte for byte", () => {
  const read = decodeProducerSnapshot(kafkaSnapshot)
  expect([...read.entries()]).toEqual([
    {
      producerId: 4711,
      producerEpoch: 3,
      coordinatorEpoch: -1,
      currentTxnFirstOffset: -1,
      lastHeardMs: 1_700_000_000_250,
      lastTimestampMs: 1_700_000_000_250,
      batches: [
        { baseSequence: 2_147_483_646, lastSequence: 1, baseOffset: 1000, lastOffset: 1003, timestampMs: 1_700_000_000_250 },
      ],
    },
    {
      producerId: 5,
      producerEpoch: 0,
      coordinatorEpoch: 9,
      currentTxnFirstOffset: 77,
      lastHeardMs: 1_700_000_000_999,
      lastTimestampMs: 1_700_000_000_999,
      batches: [
        {
          baseSequence: 40,
          lastSequence: 41,
          baseOffset: 4_999_999_999,
          lastOffset: 5_000_000_000,
          timestampMs: 1_700_000_000_999,
        },
      ],
    },
    {
      producerId: 6,
      producerEpoch: 12,
      coordinatorEpoch: 2,
      currentTxnFirstOffset: -1,
      lastHeardMs: 1_699_999_999_000,
      lastTimestampMs: 1_699_999_999_000,
      batches: [],
    },
  ])
  expect(toHex(encodeProducerSnapshot(read))).toBe(toHex(kafkaSnapshot))
})

test('after a restart from a snapshot the last five batches are still known, and the next one follows', () => {
  for (let sequence = 0; sequence < 60; sequence += 10) produce(sequence, sequence + 9)
  produce(0, 4, 3, 8)
  states = decodeProducerSnapshot(encodeProducerSnapshot(states))
  expect(produce(0, 9)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  for (let sequence = 10; sequence < 60; sequence += 10) expect(produce(sequence, sequence + 9)).toBe(`again at ${sequence}`)
  expect([produce(0, 4, 3, 8), produce(60, 69), produce(20, 29)]).toEqual(['again at 60', 'at 65', 'again at 20'])
})

// Kafka puts the entries of a snapshot into a map, one after another: the last one of a producer is the one it uses.
test('the last entry of a producer in a snapshot is the one that Kafka would write', () => {
  produce(0, 4)
  const older = encodeProducerSnapshot(states)
  produce(5, 9)
  const both = encodeProducerSnapshot(states)
  const headerSize = 10
  expect(toHex(both.subarray(headerSize, older.byteLength))).toBe(toHex(older.subarray(headerSize)))
  const onlyLast = concat([both.subarray(0, headerSize), both.subarray(older.byteLength)])
  viewOf(onlyLast).setInt32(6, 1)
  viewOf(onlyLast).setUint32(2, crc32c(onlyLast, 6, onlyLast.byteLength))
  expect([...decodeProducerSnapshot(onlyLast).entries()]).toMatchObject([
    { producerId: 7, batches: [{ baseSequence: 5, lastSequence: 9, baseOffset: 5, lastOffset: 9 }] },
  ])
})

test('entries of two epochs of a producer leave the later one', () => {
  produce(0, 4)
  const first = encodeProducerSnapshot(states)
  states = new ProducerStates()
  produce(0, 2, 1)
  const second = encodeProducerSnapshot(states)
  const both = concat([first, second.subarray(10)])
  viewOf(both).setInt32(6, 2)
  viewOf(both).setUint32(2, crc32c(both, 6, both.byteLength))
  expect([...decodeProducerSnapshot(both).entries()]).toMatchObject([
    { producerEpoch: 1, batches: [{ baseSequence: 0, lastSequence: 2 }] },
  ])
})

test('a snapshot with any bit flipped, cut short or longer is refused', () => {
  for (let bit = 0; bit < kafkaSnapshot.byteLength * 8; bit++) {
    const bytes = copyOf(kafkaSnapshot)
    bytes[bit >>> 3] = bytes[bit >>> 3]! ^ (1 << (bit & 7))
    expect(() => decodeProducerSnapshot(bytes)).toThrow(MalformedError)
  }
  for (let length = 0; length < kafkaSnapshot.byteLength; length++) {
    expect(() => decodeProducerSnapshot(kafkaSnapshot.subarray(0, length))).toThrow(MalformedError)
  }
  expect(() => decodeProducerSnapshot(concat([kafkaSnapshot, new Uint8Array(1)]))).toThrow(MalformedError)
})

/**
 * A client with five batches in flight over a connection that loses answers: after a loss it sends everything that was not
 * answered again, in order. Whatever is lost, each batch must be in the log once, in order, also when every loss is a restart
 * from a snapshot.
 */
test('five in flight, answers lost: every batch is stored once and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
      fc.constantFrom(0, 2 ** 31 - 20),
      (sizes, losses, firstSequence) => {
        states = new ProducerStates()
        endOffset = 0
        let sequence = firstSequence
        const batches = sizes.map(size => {
          const first = sequence
          sequence = batch.sequenceAfter(sequence, size)
          return { first, last: batch.sequenceAfter(first, size - 1) }
        })
        const answers: string[] = []
        for (let round = 0; answers.length < batches.length; round++) {
          states = decodeProducerSnapshot(encodeProducerSnapshot(states))
          // All in flight reach the broker; of the answers only those before the first loss come back.
          const inFlight = batches.slice(answers.length, answers.length + 5).map(each => produce(each.first, each.last))
          answers.push(...inFlight.slice(0, losses[round] ?? 5))
        }
        let offset = 0
        const expected = sizes.map(size => {
          offset += size
          return offset - size
        })
        expect(answers.map(answer => Number(answer.replace(/^(again )?at /, '')))).toEqual(expected)
        expect(endOffset).toBe(offset)
      },
    ),
  )
})

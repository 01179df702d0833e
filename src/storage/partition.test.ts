import fs from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../base/bytes.js'
import { atOnce } from '../base/slice.js'
import { Errors } from '../protocol/errors.js'
import { batchLength, computeCrc, crc, leaderEpoch } from '../protocol/records/batch.js'
import { noPause } from '../testing/no-pause.js'
import { append, batchOf, bytesOf, client, everything, offsetsIn, openTest, readBytes, topicId } from './test-kit.test-support.js'

async function onePartition(options: Parameters<typeof openTest>[0] = {}) {
  const opened = await openTest(options)
  return { ...opened, opened, partition: opened.directory.createPartition('t', 0, topicId) }
}

interface Stored {
  readonly last: number
  readonly bytes: Bytes
}

function modelRead(model: readonly Stored[], from: number, limits: { maxBytes: number; atLeastOneBatch: boolean }): Stored[] {
  const found: Stored[] = []
  let total = 0
  for (const stored of model) {
    if (stored.last < from) continue
    const isDue = found.length === 0 && limits.atLeastOneBatch
    if (total + stored.bytes.byteLength > limits.maxBytes && !isDue) break
    found.push(stored)
    total += stored.bytes.byteLength
  }
  return found
}

describe('appending', () => {
  test('stamps base offset and leader epoch and stores the bytes as they came', async () => {
    const { partition } = await onePartition()
    const batch = batchOf('a', { count: 3 })
    const first = append(partition, batch)
    expect(first).toMatchObject({ baseOffset: 0, lastOffset: 2, logAppendTimeMs: -1, logStartOffset: 0, isDuplicate: false })
    expect(append(partition, batchOf('b', { count: 2 }))).toMatchObject({ baseOffset: 3, lastOffset: 4 })
    const stored = readBytes(partition, 0)
    expect(stored.subarray(0, batch.byteLength)).toEqual(Buffer.from(batch))
    expect(leaderEpoch(stored, 0)).toBe(0)
    expect(offsetsIn(stored)).toEqual(['0-2', '3-4'])
  })

  test('a LogAppendTime topic stamps the clock and a new checksum', async () => {
    const { partition, world } = await onePartition({ config: { timestampType: 'LogAppendTime' } })
    world.advance(5000)
    expect(append(partition, batchOf('a')).logAppendTimeMs).toBe(world.nowMs())
    const stored = readBytes(partition, 0)
    expect(crc(stored, 0)).toBe(computeCrc(stored, 0))
    expect(await partition.maxTimestampOffset('read_uncommitted', noPause)).toMatchObject({ timestamp: world.nowMs(), offset: 0 })
  })

  test('a refused batch leaves no trace', async () => {
    const { partition } = await onePartition()
    const batch = batchOf('a')
    batch[70] = batch[70]! ^ 1
    expect(partition.append(batch, client)).toMatchObject({ kind: 'refused', errorCode: Errors.CORRUPT_MESSAGE })
    expect(partition.logEndOffset).toBe(0)
    expect(partition.sizeBytes).toBe(0)
  })

  test('a batch larger than a segment is refused', async () => {
    const { partition } = await onePartition({ config: { segmentBytes: 100 } })
    const outcome = partition.append(batchOf('a', { valueBytes: 100 }), client)
    expect(outcome).toMatchObject({ errorCode: Errors.RECORD_LIST_TOO_LARGE })
  })

  test('a changed config takes effect on the next append', async () => {
    const { partition, opened } = await onePartition()
    append(partition, batchOf('a'))
    opened.config = { ...opened.config, messageBytesMax: 10 }
    expect(partition.append(batchOf('b'), client)).toMatchObject({ errorCode: Errors.MESSAGE_TOO_LARGE })
  })

  test('a duplicate is answered with its first offset and not stored again', async () => {
    const { partition } = await onePartition()
    const producer = { producerId: 7, producerEpoch: 0 }
    append(partition, batchOf('x'))
    expect(append(partition, batchOf('a', { ...producer, baseSequence: 0 })).baseOffset).toBe(1)
    expect(append(partition, batchOf('b', { ...producer, baseSequence: 1 })).baseOffset).toBe(2)
    const again = append(partition, batchOf('a', { ...producer, baseSequence: 0 }))
    expect(again).toMatchObject({ baseOffset: 1, isDuplicate: true })
    expect(partition.logEndOffset).toBe(3)
    const gap = partition.append(batchOf('d', { ...producer, baseSequence: 3 }), client)
    expect(gap).toMatchObject({ errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER })
  })
})

describe('reading', () => {
  test('begins with the batch that holds the offset', async () => {
    const { partition } = await onePartition()
    append(partition, batchOf('a', { count: 5 }))
    append(partition, batchOf('b', { count: 5 }))
    expect(offsetsIn(readBytes(partition, 3))).toEqual(['0-4', '5-9'])
    expect(offsetsIn(readBytes(partition, 9))).toEqual(['5-9'])
  })

  test('is empty at the end and out of range beyond it', async () => {
    const { partition } = await onePartition()
    append(partition, batchOf('a'))
    expect(partition.read(1, everything)).toMatchObject({ byteLength: 0, slices: [], highWatermark: 1, logStartOffset: 0 })
    expect(partition.read(2, everything)).toBe(Errors.OFFSET_OUT_OF_RANGE)
    expect(partition.read(-1, everything)).toBe(Errors.OFFSET_OUT_OF_RANGE)
  })

  test('an empty log has one readable offset', async () => {
    const { partition } = await onePartition()
    expect(partition.read(0, everything)).toMatchObject({ byteLength: 0 })
    expect(partition.read(1, everything)).toBe(Errors.OFFSET_OUT_OF_RANGE)
  })

  test('ends with a whole batch, and the first one comes whatever the limit says', async () => {
    const { partition } = await onePartition()
    const size = batchOf('a').byteLength
    for (let n = 0; n < 10; n++) append(partition, batchOf('a'))
    expect(offsetsIn(readBytes(partition, 0, { maxBytes: size * 3 + 5 }))).toEqual(['0-0', '1-1', '2-2'])
    expect(offsetsIn(readBytes(partition, 3, { maxBytes: 1 }))).toEqual(['3-3'])
    expect(readBytes(partition, 3, { maxBytes: 1, atLeastOneBatch: false }).byteLength).toBe(0)
    expect(readBytes(partition, 3, { maxBytes: 0, atLeastOneBatch: false }).byteLength).toBe(0)
  })

  test('goes on into the next segment', async () => {
    const size = batchOf('a').byteLength
    const { partition } = await onePartition({ config: { segmentBytes: size * 2 } })
    for (let n = 0; n < 5; n++) append(partition, batchOf('a'))
    expect(offsetsIn(readBytes(partition, 1))).toEqual(['1-1', '2-2', '3-3', '4-4'])
    expect(offsetsIn(readBytes(partition, 1, { maxBytes: size * 2 }))).toEqual(['1-1', '2-2'])
  })

  test('slices stay readable after the partition is deleted', async () => {
    const { partition, directory, path } = await onePartition()
    append(partition, batchOf('a'))
    const read = atOnce(partition.read(0, everything))
    if (typeof read === 'number') throw new Error('no read')
    let woken = 0
    partition.onAdvance(() => woken++)
    directory.deletePartition('t', 0)
    expect(woken).toBe(1)
    expect(fs.existsSync(`${path}/t-0`)).toBe(false)
    expect(partition.read(0, everything)).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    expect(offsetsIn(bytesOf(read.slices))).toEqual(['0-0'])
    expect(() => fs.fstatSync(read.slices[0]!.fd)).toThrow('EBADF')
  })

  test('any sequence of appends and reads agrees with a list of batches', async () => {
    const { directory } = await openTest({ config: { segmentBytes: 6000, indexIntervalBytes: 200, segmentIndexBytes: 80 } })
    let runs = 0
    const command = fc.oneof(
      fc.record({ count: fc.integer({ min: 1, max: 5 }), valueBytes: fc.integer({ min: 1, max: 900 }) }),
      fc.record({ from: fc.nat(), maxBytes: fc.integer({ min: 0, max: 9000 }), atLeastOneBatch: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(command, { minLength: 20, maxLength: 80 }), commands => {
        const partition = directory.createPartition('model', runs++, topicId)
        const model: Stored[] = []
        for (const step of commands) {
          if ('count' in step) {
            const bytes = batchOf('m', step)
            const { baseOffset, lastOffset } = append(partition, bytes)
            expect(baseOffset).toBe((model.at(-1)?.last ?? -1) + 1)
            model.push({ last: lastOffset, bytes })
            continue
          }
          // And on from where a read ended, as consumers do, and a record later.
          let from = step.from % (partition.logEndOffset + 1)
          for (let more = 0; more < 4; more++) {
            const expected = modelRead(model, from, step)
            expect(readBytes(partition, from, step).equals(Buffer.concat(expected.map(({ bytes }) => bytes)))).toBe(true)
            from = Math.min((expected.at(-1)?.last ?? from) + 1 + (more & 1), partition.logEndOffset)
          }
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('looking up', () => {
  test('a timestamp finds the first record that is not older', async () => {
    const { partition } = await onePartition({ config: { segmentBytes: 2000, indexIntervalBytes: 100 } })
    const start = 1_700_000_000_000
    for (let n = 0; n < 60; n++) append(partition, batchOf('a', { count: 2, timestampMs: start + n * 10 }))
    expect(await partition.offsetForTimestamp(start - 5, 'read_uncommitted', noPause)).toEqual({
      timestamp: start,
      offset: 0,
      leaderEpoch: 0,
    })
    for (let n = 1; n < 60; n++) {
      const expected = { timestamp: start + n * 10, offset: n * 2, leaderEpoch: 0 }
      expect(await partition.offsetForTimestamp(start + n * 10 - 3, 'read_committed', noPause)).toEqual(expected)
    }
    expect(await partition.offsetForTimestamp(start + 591, 'read_uncommitted', noPause)).toBeNull()
    expect(await partition.maxTimestampOffset('read_uncommitted', noPause)).toEqual({
      timestamp: start + 590,
      offset: 118,
      leaderEpoch: 0,
    })
  })

  test('timestamps out of order: the first record in the log counts, and the largest wherever it is', async () => {
    const { partition } = await onePartition({ config: { segmentBytes: 500, indexIntervalBytes: 50 } })
    const start = 1_700_000_000_000
    for (const delta of [50, 10, 90, 20, 90, 30]) append(partition, batchOf('a', { timestampMs: start + delta }))
    expect(await partition.offsetForTimestamp(start + 20, 'read_uncommitted', noPause)).toMatchObject({ offset: 0 })
    expect(await partition.offsetForTimestamp(start + 60, 'read_uncommitted', noPause)).toMatchObject({
      offset: 2,
      timestamp: start + 90,
    })
    expect(await partition.maxTimestampOffset('read_uncommitted', noPause)).toMatchObject({ offset: 2, timestamp: start + 90 })
  })

  test('an empty log has no timestamps', async () => {
    const { partition } = await onePartition()
    expect(await partition.maxTimestampOffset('read_uncommitted', noPause)).toBeNull()
    expect(await partition.offsetForTimestamp(0, 'read_uncommitted', noPause)).toBeNull()
    expect(partition.earliestOffset()).toMatchObject({ offset: 0, timestamp: -1 })
    expect(partition.latestOffset('read_committed')).toMatchObject({ offset: 0, timestamp: -1 })
  })

  test('the one epoch ends at the end of the log; others are unknown', async () => {
    const { partition } = await onePartition()
    expect(partition.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 0 })
    append(partition, batchOf('a', { count: 4 }))
    expect(partition.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 4 })
    expect(partition.endOffsetForEpoch(1)).toEqual({ leaderEpoch: -1, endOffset: -1 })
  })
})

describe('rolling', () => {
  const logs = (path: string) =>
    fs
      .readdirSync(`${path}/t-0`)
      .filter(name => name.endsWith('.log'))
      .sort()

  test('when the batch would make the segment too large', async () => {
    const size = batchOf('a').byteLength
    const { partition, path } = await onePartition({ config: { segmentBytes: size * 2 } })
    for (let n = 0; n < 5; n++) append(partition, batchOf('a'))
    expect(logs(path)).toEqual(['00000000000000000000.log', '00000000000000000002.log', '00000000000000000004.log'])
    expect(partition.sizeBytes).toBe(size * 5)
  })

  test('when a batch is younger than the first by more than segment.ms', async () => {
    const { partition, path } = await onePartition({ config: { segmentMs: 1000 } })
    const at = (delta: number) => batchOf('a', { timestampMs: 1_699_999_000_000 + delta })
    append(partition, at(0))
    append(partition, at(1000))
    expect(logs(path)).toHaveLength(1)
    append(partition, at(1001))
    expect(logs(path)).toEqual(['00000000000000000000.log', '00000000000000000002.log'])
  })

  test('by the clock when batches carry no timestamp', async () => {
    const { partition, path, world } = await onePartition({ config: { segmentMs: 1000 } })
    append(partition, batchOf('a', { timestampMs: -1 }))
    world.advance(1001)
    append(partition, batchOf('a', { timestampMs: -1 }))
    expect(logs(path)).toHaveLength(2)
  })

  test('when an index is full', async () => {
    const { partition, path } = await onePartition({ config: { segmentIndexBytes: 16, indexIntervalBytes: 1 } })
    for (let n = 0; n < 6; n++) append(partition, batchOf('a'))
    expect(logs(path).length).toBeGreaterThan(1)
  })
})

test('a batch is whole on disk before append returns', async () => {
  const { partition, path } = await onePartition()
  append(partition, batchOf('a'))
  const file = fs.readFileSync(`${path}/t-0/00000000000000000000.log`)
  expect(batchLength(file, 0)).toBe(file.byteLength)
})

test('files appear with the first append, not with the partition', async () => {
  const { partition, path } = await onePartition()
  expect(fs.readdirSync(`${path}/t-0`)).toEqual(['partition.metadata'])
  expect(fs.readFileSync(`${path}/t-0/partition.metadata`, 'utf8')).toBe(`version: 0\ntopic_id: ${topicId}\n`)
  append(partition, batchOf('a'))
  expect(fs.readdirSync(`${path}/t-0`).sort()).toEqual([
    '00000000000000000000.index',
    '00000000000000000000.log',
    '00000000000000000000.timeindex',
    'leader-epoch-checkpoint',
    'partition.metadata',
  ])
  expect(fs.readFileSync(`${path}/t-0/leader-epoch-checkpoint`, 'utf8')).toBe('0\n1\n0 0\n')
})

import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { nodeFiles } from '../files.js'
import { append, batchOf, openTest, temporaryFolder, topicId } from '../test-kit.test-support.js'
import { OffsetIndex, TimeIndex } from './index-file.js'

const hex = (path: string) => fs.readFileSync(path).toString('hex')

describe('what a segment writes', () => {
  const start = 1_700_000_000_000

  test('entries fall due after the interval and name the batch that follows it', async () => {
    const { directory, path } = await openTest({ config: { indexIntervalBytes: 200 } })
    const partition = directory.createPartition('t', 0, topicId)
    // Batches of 100 bytes: the 4th begins when 300 > 200 bytes lie before it, then every third one.
    const size = batchOf('a', { valueBytes: 30 }).byteLength
    expect(size).toBe(100)
    const timestamps = [5, 9, 1, 2, 3, 4, 20, 6, 30]
    for (const delta of timestamps) append(partition, batchOf('a', { valueBytes: 30, timestampMs: start + delta }))
    await directory.checkpoint()
    const stem = `${path}/t-0/00000000000000000000`
    expect(hex(`${stem}.index`)).toBe('00000003' + '0000012c' + '00000006' + '00000258')
    const time = (delta: number) => (start + delta).toString(16).padStart(16, '0')
    expect(hex(`${stem}.timeindex`)).toBe(`${time(9)}00000001${time(20)}00000006`)
    await directory.close()
    // Closing adds the largest timestamp so far; the offset index stays.
    expect(hex(`${stem}.timeindex`)).toBe(`${time(9)}00000001${time(20)}00000006${time(30)}00000008`)
    expect(hex(`${stem}.index`)).toBe('00000003' + '0000012c' + '00000006' + '00000258')
  })

  test('offsets in a later segment are relative to its base', async () => {
    const { directory, path } = await openTest({ config: { indexIntervalBytes: 1, segmentBytes: 300 } })
    const partition = directory.createPartition('t', 0, topicId)
    for (let n = 0; n < 6; n++) append(partition, batchOf('a', { valueBytes: 30, timestampMs: start }))
    await directory.close()
    const stem = `${path}/t-0/00000000000000000003`
    expect(hex(`${stem}.index`)).toBe('00000001' + '00000064' + '00000002' + '000000c8')
    expect(hex(`${stem}.timeindex`)).toBe(`${start.toString(16).padStart(16, '0')}00000000`)
  })

  test('batches without timestamps leave the time index empty', async () => {
    const { directory, path } = await openTest({ config: { indexIntervalBytes: 1 } })
    const partition = directory.createPartition('t', 0, topicId)
    for (let n = 0; n < 3; n++) append(partition, batchOf('a', { timestampMs: -1 }))
    await directory.close()
    expect(hex(`${path}/t-0/00000000000000000000.timeindex`)).toBe('')
  })
})

describe('lookups', () => {
  test('an offset index finds the last entry at or before an offset or a position', () => {
    const index = new OffsetIndex(100, null)
    expect(index.floorPosition(150)).toBe(0)
    for (let n = 1; n <= 100; n++) index.append(100 + n * 10, n * 1000)
    expect(index.floorPosition(109)).toBe(0)
    expect(index.floorPosition(110)).toBe(1000)
    expect(index.floorPosition(119)).toBe(1000)
    expect(index.floorPosition(99_999)).toBe(100_000)
    expect(index.batchStartBefore(999)).toBe(0)
    expect(index.batchStartBefore(1000)).toBe(1000)
    expect(index.batchStartBefore(55_555)).toBe(55_000)
    index.truncateToPosition(55_000)
    expect(index.count).toBe(54)
  })

  test('a time index begins the search behind the last older entry', () => {
    const index = new TimeIndex(100, null)
    for (const [timestamp, offset] of [
      [50, 110],
      [50, 115],
      [40, 120],
      [60, 130],
    ] as const)
      index.maybeAppend(timestamp, offset)
    expect(index.count).toBe(2)
    expect([49, 50, 51, 60, 61].map(timestamp => index.floorOffset(timestamp))).toEqual([100, 100, 110, 110, 130])
  })

  test('a full index keeps one slot of the time index for rolling', () => {
    const offsets = new OffsetIndex(0, null)
    const times = new TimeIndex(0, null)
    offsets.append(1, 1)
    times.maybeAppend(1, 1)
    expect([offsets.isFull(16), offsets.isFull(15), times.isFull(36), times.isFull(24)]).toEqual([false, true, false, true])
  })
})

describe('files', () => {
  test('a flush writes the tail and cuts what is too much', () => {
    const path = `${temporaryFolder()}/x.index`
    fs.writeFileSync(path, Buffer.alloc(80, 1))
    const index = new OffsetIndex(0, null)
    index.append(5, 10)
    index.flush(nodeFiles, path)
    expect(hex(path)).toBe('000000050000000a')
    index.append(6, 20)
    index.flush(nodeFiles, path)
    expect(hex(path)).toBe('000000050000000a0000000600000014')
    index.truncateToPosition(20)
    index.flush(nodeFiles, path)
    expect(hex(path)).toBe('000000050000000a')
    const again = new OffsetIndex(0, nodeFiles.readWhole(path))
    expect([again.count, again.offsetAt(0), again.positionAt(0)]).toEqual([1, 5, 10])
  })

  test('zeros, entries out of order and positions behind the log are unsound', () => {
    const bytes = (text: string) => new OffsetIndex(0, Buffer.from(text, 'hex'))
    expect(bytes('0000000500000064').isSound(101)).toBe(true)
    expect(bytes('0000000500000064').isSound(100)).toBe(false)
    expect(bytes('00000005000000640000000000000000').isSound(1000)).toBe(false)
    expect(bytes('00000005000000640000000600000064').isSound(1000)).toBe(false)
    const times = (text: string) => new TimeIndex(0, Buffer.from(text, 'hex'))
    expect(times('0000000000000005' + '00000001').isSound()).toBe(true)
    expect(times('0000000000000005' + '00000001' + '000000000000000000000000').isSound()).toBe(false)
  })
})

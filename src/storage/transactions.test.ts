import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { atOnce } from '../base/slice.js'
import { errorName, isErrorCode, isRefusal } from '../protocol/errors.js'
import { committedIn } from '../testing/committed-view.js'
import { noPause } from '../testing/no-pause.js'
import { abortedPerReadMax, type Partition } from './partition.js'
import { decodeTransactionIndex } from './rules/compaction-transactions.js'
import {
  append,
  batchOf,
  bytesOf,
  copyFolder,
  everything,
  offsetsIn,
  openTest,
  type TestOptions,
  topicId,
} from './test-kit.test-support.js'
import type { AppendOrigin, Read } from './types.js'

const unverified: AppendOrigin = { kind: 'client', apiVersion: 11, guard: 'unverified' }

/** Producers that count their own sequences. */
function producers(partition: Partition) {
  const sequences = new Map<number, number>()
  return {
    /** A batch of a transaction, which it begins when none is open. */
    write(producerId: number, count = 1, options: { isTransactional?: boolean; valueBytes?: number } = {}) {
      const baseSequence = sequences.get(producerId) ?? 0
      sequences.set(producerId, baseSequence + count)
      const batch = batchOf(`p${producerId}`, {
        producerId,
        producerEpoch: 0,
        baseSequence,
        count,
        isTransactional: true,
        ...options,
      })
      return append(partition, batch, unverified)
    },
    end(producerId: number, what: 'commit' | 'abort') {
      const marker = { producer: { producerId, producerEpoch: 0 }, isCommit: what === 'commit', coordinatorEpoch: 0 }
      const appended = partition.appendMarker(marker, 0)
      if (isRefusal(appended)) throw new Error(appended.message)
      return appended
    },
  }
}

const committed = { ...everything, isolation: 'read_committed' } as const

function readCommitted(partition: Partition, from: number, maxBytes = everything.maxBytes): Read {
  const read = atOnce(partition.read(from, { ...committed, maxBytes }))
  if (isErrorCode(read)) throw new Error(errorName(read))
  return read
}

/** Offsets that a consumer of committed records gets. */
function seen(partition: Partition, from = partition.logStartOffset): number[] {
  const read = readCommitted(partition, from)
  return committedIn(bytesOf(read.slices), from, read.abortedTransactions!).map(({ offset }) => offset)
}

const entriesIn = (file: string) => decodeTransactionIndex(fs.readFileSync(file))
const indexFiles = (folder: string) =>
  fs
    .readdirSync(path.join(folder, 't-0'))
    .filter(name => name.endsWith('.txnindex'))
    .sort()

async function opened(options: TestOptions = {}) {
  const opening = await openTest(options)
  const partition = opening.directory.partition('t', 0) ?? opening.directory.createPartition('t', 0, topicId)
  return { ...opening, partition, ...producers(partition) }
}

test('readers of committed records stop at the first open transaction', async () => {
  const { partition, write, end } = await opened()
  append(partition, batchOf('plain'))
  write(1, 2)
  write(2)
  expect(partition.lastStableOffset).toBe(1)
  expect(seen(partition)).toEqual([0])
  expect(offsetsIn(bytesOf(readCommitted(partition, 0).slices))).toEqual(['0-0'])
  expect(readCommitted(partition, 1)).toMatchObject({
    byteLength: 0,
    lastStableOffset: 1,
    highWatermark: 4,
    abortedTransactions: [],
  })
  end(2, 'commit')
  expect(seen(partition)).toEqual([0])
  end(1, 'commit')
  expect(partition.lastStableOffset).toBe(6)
  expect(seen(partition)).toEqual([0, 1, 2, 3])
  expect(atOnce(partition.read(0, everything))).toMatchObject({ abortedTransactions: null })
})

test('what was aborted is told with the records, and in the index of the segment that holds the marker', async () => {
  const { partition, path: folder, write, end } = await opened()
  write(1)
  write(2)
  end(1, 'abort')
  expect(indexFiles(folder)).toEqual(['00000000000000000000.txnindex'])
  end(2, 'abort')
  write(3)
  end(3, 'commit')
  expect(readCommitted(partition, 0).abortedTransactions).toEqual([
    { producerId: 1, firstOffset: 0, lastOffset: 2, lastStableOffset: 1 },
    { producerId: 2, firstOffset: 1, lastOffset: 3, lastStableOffset: 4 },
  ])
  expect(readCommitted(partition, 3).abortedTransactions).toMatchObject([{ producerId: 2 }])
  expect(readCommitted(partition, 4).abortedTransactions).toEqual([])
  expect(seen(partition)).toEqual([4])
})

test('a transaction that spans segments is found from any of them', async () => {
  const { partition, path: folder, write, end } = await opened({ config: { segmentBytes: 400 } })
  write(1, 1, { valueBytes: 100 })
  for (let n = 0; n < 6; n++) append(partition, batchOf(`n${n}`, { valueBytes: 150 }))
  write(1, 1, { valueBytes: 100 })
  for (let n = 0; n < 6; n++) append(partition, batchOf(`m${n}`, { valueBytes: 150 }))
  end(1, 'abort')
  expect(indexFiles(folder).length).toBe(1)
  for (const from of [0, 1, 3, 7]) expect(readCommitted(partition, from).abortedTransactions).toMatchObject([{ firstOffset: 0 }])
  expect(seen(partition)).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13])
})

test('while what ends a transaction is not durable, its records are not stable', async () => {
  const { partition, deferred, write, end } = await opened({ durability: 'fsync', defers: true })
  const sync = async () => {
    const settled = partition.settled()
    for (const run of deferred.splice(0)) run()
    await settled
  }
  write(1)
  await sync()
  end(1, 'commit')
  expect([partition.highWatermark, partition.lastStableOffset]).toEqual([1, 0])
  await sync()
  expect([partition.highWatermark, partition.lastStableOffset]).toEqual([2, 2])
})

test('readers who wait are woken by the end of a transaction', async () => {
  const { partition, write, end } = await opened()
  write(1)
  let woken = 0
  partition.onAdvance(() => woken++)
  end(1, 'commit')
  expect(woken).toBe(1)
  expect(partition.lastStableOffset).toBe(2)
})

test('a batch that comes in behind the marker on the word of an earlier check is refused', async () => {
  const { partition, end } = await opened()
  const batch = () => batchOf('late', { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  const guard = partition.transactionGuard(1, 0, 0, false)
  end(1, 'abort')
  expect(partition.append(batch(), { kind: 'client', apiVersion: 11, guard })).toMatchObject({ errorCode: 48, logStartOffset: 0 })
  const again = partition.transactionGuard(1, 0, 0, false)
  append(partition, batch(), { kind: 'client', apiVersion: 11, guard: again })
  expect(partition.transactionGuard(1, 0, 1, false)).toBeNull()
})

test('DeleteRecords through an open transaction leaves it open, from the start of the log on', async () => {
  const { partition, write, end } = await opened()
  write(1, 3)
  append(partition, batchOf('plain'))
  expect(await partition.upkeep.deleteRecordsBefore(2)).toBe(0)
  expect([partition.logStartOffset, partition.lastStableOffset]).toEqual([2, 2])
  expect(seen(partition)).toEqual([])
  end(1, 'abort')
  expect(partition.lastStableOffset).toBe(5)
  expect(seen(partition)).toEqual([3])
})

test('times are looked up among stable records only', async () => {
  const { partition, write, end } = await opened()
  write(1)
  expect(await partition.offsetForTimestamp(0, 'read_committed', noPause)).toBeNull()
  expect(await partition.offsetForTimestamp(0, 'read_uncommitted', noPause)).toMatchObject({ offset: 0 })
  expect(await partition.maxTimestampOffset('read_committed', noPause)).toBeNull()
  expect(partition.latestOffset('read_committed')).toMatchObject({ offset: 0 })
  end(1, 'commit')
  expect(await partition.offsetForTimestamp(0, 'read_committed', noPause)).toMatchObject({ offset: 0 })
  expect(partition.latestOffset('read_committed')).toMatchObject({ offset: 2 })
})

const endings = { 'an orderly stop': true, 'kill -9': false }
test.each(Object.entries(endings))('open and aborted transactions outlive %s', async (_, isOrderly) => {
  const before = await opened({ config: { segmentBytes: 300 } })
  for (const producerId of [1, 2, 3, 4]) before.write(producerId, 1, { valueBytes: 90 })
  before.end(2, 'abort')
  before.end(3, 'commit')
  before.write(5)
  before.end(4, 'abort')
  if (isOrderly) await before.directory.close()
  const after = await opened({ path: isOrderly ? before.path : copyFolder(before.path) })
  expect(after.partition.lastStableOffset).toBe(0)
  expect(after.warnings).toEqual([])
  const state = ({ partition }: typeof after) =>
    Array.from(partition.producers(), ({ lastHeardMs: _heard, lastTimestampMs: _at, ...entry }) => entry)
  expect(state(after)).toEqual(state(before))
  after.end(1, 'abort')
  expect(after.partition.lastStableOffset).toBe(6)
  expect(seen(after.partition)).toEqual([2])
  after.end(5, 'commit')
  expect(seen(after.partition)).toEqual([2, 6])
})

const harms = {
  missing: (file: string) => fs.rmSync(file),
  'cut short': (file: string) => fs.truncateSync(file, 34),
  'torn in an entry': (file: string) => fs.truncateSync(file, 50),
  'of zeros': (file: string) => fs.writeFileSync(file, Buffer.alloc(68)),
  'of another segment': (file: string) => {
    const bytes = fs.readFileSync(file)
    bytes.writeBigInt64BE(77_000n, 18)
    fs.writeFileSync(file, bytes)
  },
}
test.each(Object.entries(harms))('a transaction index that is %s is made again from the log', async (_, harm) => {
  const before = await opened({ config: { segmentBytes: 700 } })
  for (const producerId of [1, 2, 3]) before.write(producerId, 1, { valueBytes: 90 })
  for (const producerId of [1, 2]) before.end(producerId, 'abort')
  for (let n = 0; n < 4; n++) append(before.partition, batchOf(`n${n}`, { valueBytes: 150 }))
  before.end(3, 'abort')
  await before.directory.close()
  const files = indexFiles(before.path).map(name => path.join(before.path, 't-0', name))
  const entries = files.map(entriesIn)
  expect(entries.map(({ length }) => length)).toEqual([2, 1])
  harm(files[0]!)
  const after = await opened({ path: before.path })
  expect(after.warnings).toContain('rebuilt missing or damaged transaction indexes from the log')
  expect(files.map(entriesIn)).toEqual(entries)
  expect(seen(after.partition)).toEqual([5, 6, 7, 8])
  await after.directory.close()
  expect((await opened({ path: before.path })).warnings).toEqual([])
})

test('a read that would have to tell of too many aborted transactions ends before them', async () => {
  const { partition, write, end } = await opened({ durability: 'none', path: null })
  write(1)
  for (let n = 0; n < abortedPerReadMax + 20; n++) {
    const producerId = 1000 + n
    write(producerId)
    end(producerId, 'abort')
  }
  end(1, 'commit')
  const read = readCommitted(partition, 0)
  expect(read.abortedTransactions).toHaveLength(abortedPerReadMax)
  const last = offsetsIn(bytesOf(read.slices)).at(-1)
  expect(last).toBe(`${abortedPerReadMax * 2}-${abortedPerReadMax * 2}`)
  const rest = readCommitted(partition, abortedPerReadMax * 2 + 1)
  expect(rest.abortedTransactions).toHaveLength(20)
  for (const { slices } of [rest]) bytesOf(slices)
})

test.each(Object.entries(endings))(
  'an index that is cut while it is used is told, and made again after %s',
  async (_, isOrderly) => {
    const before = await opened({ durability: 'fsync' })
    for (const producerId of [1, 2]) before.write(producerId)
    for (const producerId of [1, 2]) before.end(producerId, 'abort')
    await before.directory.checkpoint()
    const file = path.join(before.path, 't-0', indexFiles(before.path)[0]!)
    const entries = entriesIn(file)
    fs.truncateSync(file, 34)
    expect(before.partition.read(0, committed)).toBe(2)
    expect(before.warnings).toEqual(['the log is damaged; the next start verifies it and moves unreadable batches aside'])
    if (isOrderly) await before.directory.close()
    const after = await opened({ path: isOrderly ? before.path : copyFolder(before.path) })
    expect(entriesIn(path.join(after.path, 't-0', indexFiles(after.path)[0]!))).toEqual(entries)
    expect(seen(after.partition)).toEqual([])
  },
)

import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { atOnce } from '../base/slice.js'
import { Errors } from '../protocol/errors.js'
import { noPause } from '../testing/no-pause.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { crashPolicies } from '../testing/simulated-disk/crash.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { DiskFailure, type Files, nodeFiles } from './files.js'
import { parseDirectoryState } from './format/directory-state.js'
import {
  append,
  batchOf,
  bytesOf,
  copyFolder,
  everything,
  offsetsIn,
  openTest,
  readBytes,
  type TestOptions,
  topicId,
} from './test-kit.test-support.js'

const size = batchOf('a').byteLength
const start = 1_700_000_000_000

/** Five batches in segments of two: 0 1 | 2 3 | 4. The n-th is dated n seconds after the start. */
async function fiveBatches(options: TestOptions = {}) {
  const opened = await openTest({ ...options, config: { segmentBytes: size * 2, retentionMs: -1, ...options.config } })
  const partition = opened.directory.createPartition('t', 0, topicId)
  for (let n = 0; n < 5; n++) await append(partition, batchOf('a', { timestampMs: start + n * 1000 })).durable
  return { ...opened, opened, partition }
}

const filesIn = (path: string, ending: string): string[] =>
  fs
    .readdirSync(`${path}/t-0`)
    .filter(name => name.endsWith(ending))
    .map(name => String(Number(name.split('.')[0])))
    .sort()

describe('retention', () => {
  test('deletes whole segments by age, and the log starts at the next one', async () => {
    const { directory, partition, world, path, opened } = await fiveBatches()
    opened.config = { ...opened.config, retentionMs: 10_000 }
    world.advance(11_001)
    await directory.enforceRetention()
    expect(partition.logStartOffset).toBe(2)
    expect(partition.read(1, everything)).toBe(Errors.OFFSET_OUT_OF_RANGE)
    expect(offsetsIn(readBytes(partition, 2))).toEqual(['2-2', '3-3', '4-4'])
    expect(partition.sizeBytes).toBe(size * 3)
    expect(filesIn(path, '.log')).toEqual(['2', '4'])
    expect(fs.readFileSync(`${path}/log-start-offset-checkpoint`, 'utf8')).toBe('0\n1\nt 0 2\n')
  })

  test('deletes by size only what leaves retention.bytes in the log', async () => {
    const { directory, partition, opened } = await fiveBatches()
    opened.config = { ...opened.config, retentionBytes: size * 3 + 1 }
    await directory.enforceRetention()
    expect(partition.logStartOffset).toBe(0)
    opened.config = { ...opened.config, retentionBytes: size * 3 }
    await directory.enforceRetention()
    expect(partition.logStartOffset).toBe(2)
  })

  test('files stay under .deleted for file.delete.delay.ms', async () => {
    const { directory, world, path, opened } = await fiveBatches({ config: { fileDeleteDelayMs: 5000 } })
    opened.config = { ...opened.config, retentionBytes: size }
    await directory.enforceRetention()
    expect(filesIn(path, '.log')).toEqual(['4'])
    expect(filesIn(path, '.log.deleted')).toEqual(['0', '2'])
    world.advance(4999)
    expect(filesIn(path, '.deleted')).toHaveLength(6)
    world.advance(1)
    await expect.poll(() => filesIn(path, '.deleted')).toEqual([])
  })

  test('a reader keeps what it holds, even when the files are gone', async () => {
    const { directory, partition, world, path, opened } = await fiveBatches({ config: { fileDeleteDelayMs: 0 } })
    const read = atOnce(partition.read(0, everything))
    if (typeof read === 'number') throw new Error('no read')
    opened.config = { ...opened.config, retentionBytes: 0 }
    await directory.enforceRetention()
    world.advance(1)
    await expect.poll(() => filesIn(path, '.deleted')).toEqual([])
    const bytes = bytesOf(read.slices)
    expect(offsetsIn(bytes)).toEqual(['0-0', '1-1', '2-2', '3-3', '4-4'])
    for (const slice of read.slices) expect(() => fs.fstatSync(slice.fd)).toThrow('EBADF')
  })

  test('a log that lost everything goes on where it ended, after a crash as well', async () => {
    const { directory, partition, path, opened } = await fiveBatches({ durability: 'fsync' })
    opened.config = { ...opened.config, retentionBytes: 0 }
    await directory.enforceRetention()
    expect(partition).toMatchObject({ logStartOffset: 5, logEndOffset: 5, sizeBytes: 0 })
    expect(filesIn(path, '.log')).toEqual(['5'])
    for (const checkpoint of ['kept', 'lost']) {
      const copy = copyFolder(path)
      if (checkpoint === 'lost') fs.rmSync(`${copy}/log-start-offset-checkpoint`)
      const again = (await openTest({ path: copy })).directory.partition('t', 0)!
      expect(again).toMatchObject({ logStartOffset: 5, logEndOffset: 5 })
      expect(append(again, batchOf('b'))).toMatchObject({ baseOffset: 5 })
    }
    expect(append(partition, batchOf('b'))).toMatchObject({ baseOffset: 5, logStartOffset: 5 })
  })

  test('records without a timestamp are as old as their segment', async () => {
    const { directory, partition, world, opened } = await fiveBatches()
    for (let n = 0; n < 2; n++) append(partition, batchOf('a', { timestampMs: -1 }))
    opened.config = { ...opened.config, retentionMs: 60_000 }
    world.advance(59_000)
    await directory.enforceRetention()
    expect(partition.logStartOffset).toBe(0)
    world.advance(10_000)
    await directory.enforceRetention()
    expect(partition).toMatchObject({ logStartOffset: 7, sizeBytes: 0 })
  })

  test('what is not yet durable is not deleted', async () => {
    const test = await openTest({ durability: 'fsync', defers: true, config: { retentionBytes: 0 } })
    const partition = test.directory.createPartition('t', 0, topicId)
    append(partition, batchOf('a'))
    await test.directory.enforceRetention()
    expect(partition).toMatchObject({ logStartOffset: 0, highWatermark: 0, logEndOffset: 1 })
  })

  test('segments stay in the log until the new start is on stable storage', async () => {
    let isBroken = false
    const files: Files = {
      ...nodeFiles,
      syncPath: path => {
        if (isBroken && path.includes('log-start')) return Promise.reject(new DiskFailure('no', 'full', null))
        return nodeFiles.syncPath(path)
      },
    }
    const { directory, path, opened, warnings } = await fiveBatches({ files })
    opened.config = { ...opened.config, retentionBytes: size }
    isBroken = true
    await directory.enforceRetention()
    expect(filesIn(path, '.log')).toEqual(['0', '2', '4'])
    expect(warnings).toEqual(['could not checkpoint log start offsets; retrying'])
    isBroken = false
    await directory.enforceRetention()
    expect(filesIn(path, '.log')).toEqual(['4'])
  })

  test('a directory that looks after itself does so every interval', async () => {
    const { directory, partition, world, opened } = await fiveBatches({
      upkeep: { retentionCheckIntervalMs: 1000, cleaner: null },
    })
    opened.config = { ...opened.config, retentionBytes: size }
    world.advance(999)
    expect(partition.logStartOffset).toBe(0)
    world.advance(1)
    await expect.poll(() => partition.sizeBytes).toBe(size)
    opened.config = { ...opened.config, retentionBytes: 0 }
    await expect.poll(() => world.pendingTimers).toBeGreaterThan(1)
    world.advance(1000)
    await expect.poll(() => partition.sizeBytes).toBe(0)
    await directory.close()
  })

  test('snapshots of producers go with their segments, but for the newest', async () => {
    const { directory, path, opened } = await fiveBatches()
    opened.config = { ...opened.config, retentionBytes: 0 }
    await directory.enforceRetention()
    expect(filesIn(path, '.snapshot')).toEqual(['5'])
  })
})

describe('DeleteRecords', () => {
  test('moves the start, mid-segment too, and removes what lies wholly below', async () => {
    const { partition, path } = await fiveBatches()
    expect(await partition.upkeep.deleteRecordsBefore(3)).toBe(Errors.NONE)
    expect(partition.logStartOffset).toBe(3)
    expect(filesIn(path, '.log')).toEqual(['2', '4'])
    expect(partition.read(2, everything)).toBe(Errors.OFFSET_OUT_OF_RANGE)
    expect(offsetsIn(readBytes(partition, 3))).toEqual(['3-3', '4-4'])
    expect(partition.earliestOffset()).toMatchObject({ offset: 3 })
  })

  test('in the middle of a batch: the batch is served, its earlier records are the reader’s to skip', async () => {
    const { directory } = await openTest()
    const partition = directory.createPartition('t', 0, topicId)
    append(partition, batchOf('a', { count: 10 }))
    expect(await partition.upkeep.deleteRecordsBefore(4)).toBe(Errors.NONE)
    expect(partition.logStartOffset).toBe(4)
    expect(offsetsIn(readBytes(partition, 4))).toEqual(['0-9'])
    expect(await partition.offsetForTimestamp(0, 'read_uncommitted', noPause)).toMatchObject({ offset: 4 })
  })

  test('below the start changes nothing, above the high watermark is refused', async () => {
    const { partition } = await fiveBatches()
    await partition.upkeep.deleteRecordsBefore(3)
    expect(await partition.upkeep.deleteRecordsBefore(1)).toBe(Errors.NONE)
    expect(partition.logStartOffset).toBe(3)
    expect(await partition.upkeep.deleteRecordsBefore(6)).toBe(Errors.OFFSET_OUT_OF_RANGE)
    expect(await partition.upkeep.deleteRecordsBefore(-2)).toBe(Errors.OFFSET_OUT_OF_RANGE)
    expect(await partition.upkeep.deleteRecordsBefore(5)).toBe(Errors.NONE)
    expect(readBytes(partition, 5).byteLength).toBe(0)
  })

  test('survives a crash right after the answer', async () => {
    const { partition, path } = await fiveBatches({ durability: 'fsync' })
    await partition.upkeep.deleteRecordsBefore(3)
    const { directory } = await openTest({ path: copyFolder(path) })
    const again = directory.partition('t', 0)!
    expect(again).toMatchObject({ logStartOffset: 3, logEndOffset: 5 })
    expect(again.read(2, everything)).toBe(Errors.OFFSET_OUT_OF_RANGE)
  })

  test('that cannot be written down has no effect, neither now nor after a restart', async () => {
    const disk = new SimulatedDisk('/data')
    const { partition, directory } = await fiveBatches({ path: '/data', files: disk.files, durability: 'fsync' })
    disk.beforeCall = ({ operation }) => (operation === 'writeWhole' ? 'ENOSPC' : undefined)
    expect(await partition.upkeep.deleteRecordsBefore(3)).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(partition.logStartOffset).toBe(0)
    disk.beforeCall = () => undefined
    await directory.close()
    const again = await openTest({ path: '/data', files: disk.files })
    expect(again.directory.partition('t', 0)!.logStartOffset).toBe(0)
  })

  test('of many callers at once: each answer covers its own offset', async () => {
    const { partition, path } = await fiveBatches()
    const starts: (string | null)[] = []
    const seen = [1, 2, 3, 4].map(async offset => {
      await partition.upkeep.deleteRecordsBefore(offset)
      starts.push(fs.readFileSync(`${path}/log-start-offset-checkpoint`, 'utf8'))
    })
    await Promise.all(seen)
    expect(new Set(starts)).toEqual(new Set(['0\n1\nt 0 4\n']))
  })

  test('of two callers at once, the first removes nothing that only the second may: its start is not on disk yet', async () => {
    const disk = new SimulatedDisk('/data')
    const { partition } = await fiveBatches({ path: '/data', files: disk.files, durability: 'fsync' })
    const found: SimulatedDisk[] = []
    let second: Promise<unknown> | null = null
    disk.beforeCall = ({ changes, operation, path }) => {
      if (changes) found.push(...crashPolicies.map(policy => disk.crash(policy, new SeededRandom(found.length))))
      // What the first one writes down is written, and does not know of this.
      if (operation === 'rename' && path.endsWith('gregor-checkpoint.tmp')) second ??= partition.upkeep.deleteRecordsBefore(4)
      return undefined
    }
    expect(await partition.upkeep.deleteRecordsBefore(2)).toBe(Errors.NONE)
    expect(await second).toBe(Errors.NONE)
    disk.beforeCall = () => undefined
    expect(found.length).toBeGreaterThan(100)
    for (const [n, after] of found.entries()) {
      after.files.remove('/data/.lock')
      const written = parseDirectoryState(after.files.readWhole('/data/gregor-checkpoint') ?? Buffer.alloc(0))
      const { directory } = await openTest({ path: '/data', files: after.files })
      const { logStartOffset, logEndOffset } = directory.partition('t', 0)!
      const startOnDisk = written?.partitions.get('t-0')?.logStartOffset ?? 0
      expect({ n, logStartOffset, logEndOffset }).toEqual({ n, logStartOffset: startOnDisk, logEndOffset: 5 })
    }
  })
})

import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { atOnce } from '../../base/slice.js'
import { Errors } from '../../protocol/errors.js'
import { recordsOf } from '../../protocol/records/records.js'
import { noPause } from '../../testing/no-pause.js'
import { DiskFailure, type Files, nodeFiles } from '../files.js'
import type { Partition } from '../partition.js'
import { bytesPerKey } from '../rules/compaction-keys.js'
import {
  append,
  batchOf,
  bytesOf,
  copyFolder,
  everything,
  openTest,
  readBytes,
  type TestOptions,
  topicId,
} from '../test-kit.test-support.js'
import { defaultCleanerSettings } from './log-cleaner.js'

const config = { isCompacted: true, deletesOld: false, segmentBytes: 1000, dirtyRatioMin: 0 }

/** Keys k0 to k4, written over and over, some ten segments of them. */
async function filled(options: TestOptions = {}, rounds = 15) {
  const opened = await openTest({ ...options, config: { ...config, ...options.config } })
  const partition = opened.directory.createPartition('t', 0, topicId)
  for (let round = 0; round < rounds; round++)
    await append(partition, batchOf(`r${round}`, { count: 5, valueBytes: 100 })).durable
  return { ...opened, opened, partition }
}

function* recordsIn(bytes: Buffer) {
  for (let at = 0; at < bytes.byteLength; at += bytes.readInt32BE(at + 8) + 12) yield* recordsOf(bytes, at)
}

/** The latest value of each key, as a reader of the whole log finds it. */
function latest(partition: Partition): Record<string, string> {
  const bytes = readBytes(partition, partition.logStartOffset)
  const found: Record<string, string> = {}
  for (const { key, value } of recordsIn(bytes)) found[String(key)] = String(value).replace(/\.*$/, '')
  return found
}

const all = (round: number) => Object.fromEntries([0, 1, 2, 3, 4].map(n => [`k${n}`, `r${round}#${n}`]))
const namesIn = (path: string, ending: string) => fs.readdirSync(`${path}/t-0`).filter(name => name.endsWith(ending))

describe('a compacted log', () => {
  test('is smaller, says the same, and ends where it ended', async () => {
    const { directory, partition } = await filled()
    const before = partition.sizeBytes
    const end = partition.logEndOffset
    expect(await directory.compactLogs()).toBe(1)
    expect(partition.sizeBytes).toBeLessThan(before / 2)
    expect(partition.logEndOffset).toBe(end)
    expect(latest(partition)).toEqual(all(14))
    expect(partition.cleanedTo).toBeGreaterThan(end - 20)
  })

  test('is the same after a crash, and how far it was compacted is known', async () => {
    const { directory, partition, path } = await filled({ durability: 'fsync' })
    await directory.compactLogs()
    const second = await openTest({ path: copyFolder(path), config })
    const again = second.directory.partition('t', 0)!
    expect(readBytes(again, 0)).toEqual(readBytes(partition, 0))
    expect(again).toMatchObject({ logEndOffset: partition.logEndOffset, cleanedTo: partition.cleanedTo })
    expect(second.warnings).toEqual([])
    const line = `0\n1\nt 0 ${partition.cleanedTo}\n`
    expect(fs.readFileSync(`${path}/cleaner-offset-checkpoint`, 'utf8')).toBe(line)
  })

  test('is compacted again only for what is new, and its small segments become one', async () => {
    const { directory, partition, path } = await filled()
    await directory.compactLogs()
    const segments = namesIn(path, '.log').length
    expect(await directory.compactLogs()).toBe(0)
    for (let round = 15; round < 30; round++) append(partition, batchOf(`r${round}`, { count: 5, valueBytes: 100 }))
    expect(await directory.compactLogs()).toBe(1)
    expect(latest(partition)).toEqual(all(29))
    // As many were written once more; what is left of the first ones fits into few.
    expect(namesIn(path, '.log').length).toBeLessThan(segments + 5)
  })

  test('keeps looking up offsets and timestamps', async () => {
    const { directory, partition, opened } = await filled({ config: { indexIntervalBytes: 1 } }, 0)
    for (let n = 0; n < 60; n++)
      append(partition, batchOf(`b${n}`, { count: 2, valueBytes: 50, timestampMs: 1_690_000_000_000 + n * 1000 }))
    await directory.compactLogs()
    const bytes = readBytes(partition, 0)
    for (let at = 0; at < bytes.byteLength; at += bytes.readInt32BE(at + 8) + 12) {
      for (const { offset, timestampMs } of recordsOf(bytes, at)) {
        const found = await partition.offsetForTimestamp(timestampMs, 'read_uncommitted', noPause)
        expect(found).toMatchObject({ offset: expect.any(Number), timestamp: timestampMs })
        expect(readBytes(partition, offset).byteLength).toBe(bytes.byteLength - at)
      }
    }
    expect(opened.warnings).toEqual([])
  })

  test('a reader keeps what it held before', async () => {
    const { directory, partition, world } = await filled({ config: { fileDeleteDelayMs: 0 } })
    const read = atOnce(partition.read(0, everything))
    if (typeof read === 'number') throw new Error('no read')
    const before = readBytes(partition, 0)
    await directory.compactLogs()
    world.advance(1)
    expect(bytesOf(read.slices).equals(before)).toBe(true)
  })

  test('an idempotent producer without remaining records goes on after a crash', async () => {
    const { directory, partition, path } = await filled({}, 0)
    const producer = { producerId: 5, producerEpoch: 0, count: 5, valueBytes: 100 }
    append(partition, batchOf('p', { ...producer, baseSequence: 0 }))
    for (let round = 0; round < 15; round++) append(partition, batchOf(`r${round}`, { count: 5, valueBytes: 100 }))
    await directory.compactLogs()
    const copy = copyFolder(path)
    for (const name of fs.readdirSync(`${copy}/t-0`)) if (name.endsWith('.snapshot')) fs.rmSync(`${copy}/t-0/${name}`)
    const again = (await openTest({ path: copy, config })).directory.partition('t', 0)!
    expect(append(again, batchOf('p', { ...producer, baseSequence: 0 }))).toMatchObject({ isDuplicate: true, baseOffset: 0 })
    expect(again.append(batchOf('x', { ...producer, baseSequence: 6 }), { kind: 'client', apiVersion: 11 })).toMatchObject({
      errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
    })
    append(again, batchOf('q', { ...producer, baseSequence: 5 }))
  })

  test('with cleanup.policy=compact,delete old segments go, too', async () => {
    const { directory, partition, opened } = await filled()
    await directory.compactLogs()
    opened.config = { ...opened.config, deletesOld: true, retentionBytes: 0 }
    await directory.enforceRetention()
    expect(partition).toMatchObject({ sizeBytes: 0, logStartOffset: partition.logEndOffset })
    append(partition, batchOf('new'))
    expect(latest(partition)).toEqual({ k0: 'new#0' })
    expect(await directory.compactLogs()).toBe(0)
  })

  test('without a directory on disk it is compacted all the same', async () => {
    const { directory, partition } = await filled({ path: null })
    await directory.compactLogs()
    expect(latest(partition)).toEqual(all(14))
    await directory.close()
  })
})

describe('in the middle of a compaction', () => {
  /** Runs `meanwhile` at the first of the moments in which others may work. */
  async function interrupted(meanwhile: (opened: Awaited<ReturnType<typeof filled>>) => unknown, options: TestOptions = {}) {
    let isArmed = false
    let run = (): unknown => undefined
    const moment = async (): Promise<void> => {
      if (!isArmed) return
      isArmed = false
      await run()
    }
    const files: Files = {
      ...nodeFiles,
      syncData: moment,
      syncPath: path => (path.includes('/t-0') ? moment() : Promise.resolve()),
    }
    const opened = await filled({ files, ...options })
    run = () => meanwhile(opened)
    return Object.assign(opened, {
      arm: () => {
        isArmed = true
      },
    })
  }

  test('a deleted topic, and one of its name that comes at once, are left in peace', async () => {
    let successor: Partition | null = null
    const opened = await interrupted(({ directory }) => {
      directory.deletePartition('t', 0)
      successor = directory.createPartition('t', 0, 'BBBBBBBBBBBBBBBBBBBBBg')
      append(successor, batchOf('s'))
    })
    opened.arm()
    await opened.directory.compactLogs()
    expect(successor).not.toBeNull()
    expect(latest(successor!)).toEqual({ k0: 's#0' })
    expect(namesIn(opened.path, '.cleaned')).toEqual([])
    expect(namesIn(opened.path, '.swap')).toEqual([])
    expect(opened.warnings).toEqual([])
    await opened.directory.close()
    const again = await openTest({ path: opened.path, config })
    expect(latest(again.directory.partition('t', 0)!)).toEqual({ k0: 's#0' })
  })

  test('DeleteRecords moves the start at once; its segments go with the next look', async () => {
    const opened = await interrupted(
      async ({ partition, opened: { directory } }) => {
        expect(await partition.upkeep.deleteRecordsBefore(60)).toBe(Errors.NONE)
        await directory.enforceRetention()
      },
      { config: { deletesOld: true, retentionMs: -1 } },
    )
    opened.arm()
    await opened.directory.compactLogs()
    const { partition } = opened
    expect(partition.logStartOffset).toBe(60)
    expect(latest(partition)).toEqual(all(14))
    await opened.directory.enforceRetention()
    const first = Math.min(...namesIn(opened.path, '.log').map(name => Number.parseInt(name, 10)))
    expect(first).toBeGreaterThan(40)
    expect(latest(partition)).toEqual(all(14))
  })

  test('the directory is closed: what is half done is given up, nothing is lost', async () => {
    let closing: Promise<void> | null = null
    const opened = await interrupted(({ directory }) => {
      closing = directory.close()
    })
    opened.arm()
    await opened.directory.compactLogs()
    await closing
    expect(namesIn(opened.path, '.cleaned')).toEqual([])
    const again = await openTest({ path: opened.path, config })
    expect(latest(again.directory.partition('t', 0)!)).toEqual(all(14))
  })
})

describe('a disk that does not play along', () => {
  test('a full one leaves the log as it is, and compaction is tried again', async () => {
    let isFull = false
    const files: Files = {
      ...nodeFiles,
      write(...args) {
        if (isFull) throw new DiskFailure('no space', 'full', null)
        nodeFiles.write(...args)
      },
    }
    const { directory, partition, path, warnings, failures } = await filled({ files })
    isFull = true
    await directory.compactLogs()
    expect(warnings).toEqual(['compaction failed: disk error; retrying'])
    expect(failures).toEqual([])
    expect(namesIn(path, '.cleaned')).toEqual([])
    expect(latest(partition)).toEqual(all(14))
    isFull = false
    expect(await directory.compactLogs()).toBe(1)
    expect(latest(partition)).toEqual(all(14))
  })

  test('a sync that fails ends it: the swap may or may not be on disk', async () => {
    let isBroken = false
    const files: Files = {
      ...nodeFiles,
      syncPath: path =>
        isBroken && path.endsWith('t-0') ? Promise.reject(new DiskFailure('lost', 'broken', null)) : nodeFiles.syncPath(path),
    }
    const { directory, path, failures } = await filled({ files })
    isBroken = true
    await directory.compactLogs()
    expect(failures).toHaveLength(1)
    const again = await openTest({ path: copyFolder(path), config })
    expect(latest(again.directory.partition('t', 0)!)).toEqual(all(14))
  })

  test('more keys in one batch than there is memory for take several rounds, and are no damage', async () => {
    const cleaner = { ...defaultCleanerSettings, keyBytesMax: 10 * bytesPerKey }
    const upkeep = { retentionCheckIntervalMs: 1e9, cleaner }
    const { directory, path, warnings } = await openTest({ config: { ...config, segmentBytes: 2000 }, upkeep })
    const partition = directory.createPartition('t', 0, topicId)
    for (const round of ['old', 'new']) append(partition, batchOf(round, { count: 50 }))
    append(partition, batchOf('roll', { valueBytes: 1500 }))
    append(partition, batchOf('roll', { valueBytes: 1500 }))
    expect(await directory.compactLogs()).toBeGreaterThan(5)
    expect(warnings).toEqual([])
    expect(fs.existsSync(`${path}/t-0/verify-at-start`)).toBe(false)
    const values = [...recordsIn(readBytes(partition, 0))].map(({ value }) => String(value))
    expect(values.filter(value => value.startsWith('old'))).toEqual([])
    expect(values.filter(value => value.startsWith('new'))).toHaveLength(49)
  })

  test('a damaged batch stops the compaction of its log, once and for all; others go on', async () => {
    const { directory, path, warnings } = await filled()
    const other = directory.createPartition('u', 0, topicId)
    for (let round = 0; round < 15; round++) append(other, batchOf(`r${round}`, { count: 5, valueBytes: 100 }))
    const file = `${path}/t-0/00000000000000000000.log`
    const before = fs.readFileSync(file)
    const bytes = Buffer.from(before)
    bytes[100]! ^= 1
    fs.writeFileSync(file, bytes)
    await directory.compactLogs()
    expect(warnings).toEqual([
      'cannot compact a log; it stays uncompacted',
      'the log is damaged; the next start verifies it and moves unreadable batches aside',
    ])
    expect(fs.readFileSync(file)).toEqual(bytes)
    expect(other.cleanedTo).not.toBeNull()
    await directory.compactLogs()
    expect(warnings).toHaveLength(2)
  })
})

test('of its own accord it runs every log.cleaner.backoff.ms, and sees a changed config', async () => {
  const cleaner = { ...defaultCleanerSettings, backoffMs: 1000 }
  const { partition, world, opened, directory } = await filled({
    upkeep: { retentionCheckIntervalMs: 1e9, cleaner },
    config: { isCompacted: false },
  })
  world.advance(1000)
  await expect.poll(() => world.pendingTimers).toBeGreaterThan(2)
  expect(partition.cleanedTo).toBeNull()
  opened.config = { ...opened.config, isCompacted: true }
  world.advance(1000)
  await expect.poll(() => partition.cleanedTo).not.toBeNull()
  expect(latest(partition)).toEqual(all(14))
  await directory.close()
})

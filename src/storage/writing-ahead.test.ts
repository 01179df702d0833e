/** A large batch is written behind the end of its log with pauses; until it is appended it is not there. */
import { describe, expect, test } from 'vitest'
import { type Bytes, copyOf } from '../base/bytes.js'
import type { Pause } from '../base/pause.js'
import { Errors } from '../protocol/errors.js'
import { noPause } from '../testing/no-pause.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import type { Files } from './files.js'
import { nodeFiles } from './files.js'
import type { Partition } from './partition.js'
import {
  append,
  batchOf,
  client,
  copyFolder,
  offsetsIn,
  openTest,
  readBytes,
  type TestOptions,
  topicId,
} from './test-kit.test-support.js'

const version = 11
const config = { messageBytesMax: 20_000_000, segmentBytes: 100_000_000 }
const large = (label: string): Bytes => batchOf(label, { count: 3, valueBytes: 1_000_000 })

async function onePartition(options: TestOptions = {}) {
  const opened = await openTest({ config, ...options })
  const partition = opened.directory.createPartition('t', 0, topicId)
  append(partition, batchOf('before'))
  return { ...opened, partition }
}

/** As the handler of Produce does it; `meanwhile` is called at the n-th pause. */
async function appendLarge(partition: Partition, batch: Bytes, pause: Pause = noPause) {
  expect(partition.appendOrDefer(batch, client, 'later')).toBeNull()
  const inspection = await partition.inspect(batch, version, pause)
  const outcome = partition.appendOrDefer(batch, client, inspection)
  partition.ahead.end(batch)
  return outcome
}

function pausing(at: number, meanwhile: () => void | Promise<void>): Pause {
  let pauses = 0
  return () => (++pauses === at ? (meanwhile() ?? null) : null)
}
/** Where half of a large batch is written, by pauses: its sum and its records come first. */
const halfWritten = 20

test('no step writes or sums up more than a quarter of a megabyte, and what is stored is what came', async () => {
  const written: number[] = []
  const files: Files = {
    ...nodeFiles,
    write(...call) {
      written.push(call[3])
      nodeFiles.write(...call)
    },
  }
  const { partition } = await onePartition({ files })
  const batch = large('a')
  const came = copyOf(batch)
  let pauses = 0
  const outcome = await appendLarge(partition, batch, () => {
    pauses++
    return null
  })
  expect(outcome).toMatchObject({ baseOffset: 1, lastOffset: 3 })
  expect(Math.max(...written)).toBeLessThanOrEqual(256 * 1024)
  expect(pauses).toBeGreaterThan((2 * batch.byteLength) / (256 * 1024))
  const stored = readBytes(partition, 1)
  expect(offsetsIn(stored)).toEqual(['1-3'])
  expect(stored.subarray(61).equals(came.subarray(61))).toBe(true)
  append(partition, batchOf('behind'))
  expect(offsetsIn(readBytes(partition, 0))).toEqual(['0-0', '1-3', '4-4'])
})

test('while it is written nobody sees it, and what other clients append waits', async () => {
  const { partition } = await onePartition()
  const seen: unknown[] = []
  const pause = pausing(halfWritten, () => {
    seen.push(partition.logEndOffset, partition.highWatermark, offsetsIn(readBytes(partition, 0)))
    seen.push(partition.appendOrDefer(batchOf('other'), client, 'later'), partition.ahead.over)
  })
  await appendLarge(partition, large('a'), pause)
  expect(seen).toEqual([1, 1, ['0-0'], null, expect.any(Promise)])
  expect(partition.ahead.over).toBeNull()
  expect(partition.appendOrDefer(batchOf('other'), client, 'later')).toMatchObject({ baseOffset: 4 })
})

test.each([
  ['half of it', halfWritten],
  ['all of it but its header', 1000],
])('what cannot wait is appended first, after %s, and it behind that', async (_what, at) => {
  const { partition, path, directory } = await onePartition()
  const own = (): void => void append(partition, batchOf('own'), { kind: 'coordinator' })
  const batch = large('a')
  expect(partition.appendOrDefer(batch, client, 'later')).toBeNull()
  const inspection = await partition.inspect(batch, version, pausing(at, own))
  if (at === 1000) own()
  expect(partition.appendOrDefer(batch, client, inspection)).toMatchObject({ baseOffset: 2 })
  partition.ahead.end(batch)
  expect(offsetsIn(readBytes(partition, 0))).toEqual(['0-0', '1-1', '2-4'])
  await directory.close()
  const again = await openTest({ path, config })
  expect(again.warnings).toEqual([])
  expect(offsetsIn(readBytes(again.directory.partition('t', 0)!, 0))).toEqual(['0-0', '1-1', '2-4'])
})

test('a segment that is rolled meanwhile ends where its batches end', async () => {
  const { partition, path, directory } = await onePartition()
  const daysLater = batchOf('own', { timestampMs: 1_700_000_000_000 + 8 * 24 * 3_600_000 })
  await appendLarge(
    partition,
    large('a'),
    pausing(halfWritten, () => void append(partition, daysLater, { kind: 'coordinator' })),
  )
  expect(partition.segmentStarts()).toMatchObject([{ offset: 0 }, { offset: 1 }])
  expect(offsetsIn(readBytes(partition, 0))).toEqual(['0-0', '1-1', '2-4'])
  await directory.close()
  expect((await openTest({ path, config })).warnings).toEqual([])
})

describe('ends in the middle', () => {
  test('kill -9: the next start cuts it off', async () => {
    const { partition, path } = await onePartition()
    let left = ''
    await appendLarge(
      partition,
      large('a'),
      pausing(halfWritten, () => {
        left = copyFolder(path)
      }),
    )
    const next = await openTest({ path: left, config })
    expect(offsetsIn(readBytes(next.directory.partition('t', 0)!, 0))).toEqual(['0-0'])
    expect(next.directory.partition('t', 0)!.logEndOffset).toBe(1)
  })

  test('an orderly stop takes it away', async () => {
    const { partition, path, directory } = await onePartition()
    const outcome = await appendLarge(
      partition,
      large('a'),
      pausing(halfWritten, () => directory.close()),
    )
    expect(outcome).toMatchObject({ kind: 'refused' })
    const next = await openTest({ path, config })
    expect(next.warnings).toEqual([])
    expect(next.directory.partition('t', 0)!.logEndOffset).toBe(1)
  })

  test('a partition that is deleted: refused, nothing is written', async () => {
    const { partition, directory } = await onePartition()
    const outcome = await appendLarge(
      partition,
      large('a'),
      pausing(halfWritten, () => directory.deletePartition('t', 0)),
    )
    expect(outcome).toMatchObject({ kind: 'refused', errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
  })

  test('a full disk: refused, the log is as it was, and goes on when there is room', async () => {
    const disk = new SimulatedDisk('/data')
    const { partition } = await onePartition({ path: '/data', files: disk.files })
    const pause = pausing(halfWritten, () => {
      disk.beforeCall = ({ operation }) => (operation === 'write' ? 'ENOSPC' : undefined)
    })
    const refused = await appendLarge(partition, large('a'), pause)
    expect(refused).toMatchObject({ kind: 'refused', errorCode: Errors.KAFKA_STORAGE_ERROR })
    disk.beforeCall = () => undefined
    expect(partition.logEndOffset).toBe(1)
    expect(append(partition, batchOf('b'))).toMatchObject({ baseOffset: 1 })
    expect(await appendLarge(partition, large('c'))).toMatchObject({ baseOffset: 2 })
  })
})

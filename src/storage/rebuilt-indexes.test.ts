/** Index files that are made again for reading: what a power cut leaves of them must not be trusted. */
import { expect, test } from 'vitest'
import { noPause } from '../testing/no-pause.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { crashPolicies } from '../testing/simulated-disk/crash.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { append, batchOf, openTest, type TestDirectory, topicId } from './test-kit.test-support.js'

const folder = '/data/t-0'
const timeIndex = `${folder}/00000000000000000000.timeindex`
const baseMs = 1_700_000_000_000

function open(disk: SimulatedDisk): Promise<TestDirectory> {
  return openTest({ path: '/data', files: disk.files, config: { segmentBytes: 300, indexIntervalBytes: 150 } })
}

/** A log of several segments, closed in order, whose first time index is missing. */
async function withoutFirstIndex(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk('/data')
  const { directory } = await open(disk)
  const partition = directory.createPartition('t', 0, topicId)
  for (let n = 0; n < 10; n++) append(partition, batchOf(`b${n}`, { timestampMs: baseMs + 100 * (n + 1) }))
  await directory.close()
  disk.files.remove(timeIndex)
  await disk.files.syncPath(folder)
  return disk
}

function firstSince({ directory }: TestDirectory, timestampMs: number): Promise<unknown> {
  return directory.partition('t', 0)!.offsetForTimestamp(timestampMs, 'read_uncommitted', noPause)
}

test('a power cut at any moment while an index is made again leaves lookups by time right', async () => {
  for (const policy of crashPolicies) {
    // Before the n-th change after opening the power fails, until there are no more changes.
    for (let n = 1, wasCut = true; wasCut; n++) {
      const disk = await withoutFirstIndex()
      const opened = await open(disk)
      const found: SimulatedDisk[] = []
      let left = n
      disk.beforeCall = ({ changes }) => {
        if (changes && --left === 0) found.push(disk.crash(policy, new SeededRandom(n)))
        return undefined
      }
      expect(await firstSince(opened, baseMs + 100)).toMatchObject({ offset: 0 })
      await new Promise(resolve => setImmediate(resolve))
      wasCut = found.length > 0
      for (const after of found) {
        after.files.remove('/data/.lock')
        expect(await firstSince(await open(after), baseMs + 100), `${policy}, change ${n}`).toMatchObject({ offset: 0 })
      }
    }
  }
})

/** Why the indexes of a segment that still grows are made again. */
const reasons: Readonly<Record<string, (disk: SimulatedDisk) => void>> = {
  'because its times are missing': disk => disk.files.remove(timeIndex),
  'because its times are damaged': disk => disk.files.writeWhole(timeIndex, Buffer.alloc(12, 0xff)),
  'because all of it is verified': disk => disk.files.writeWhole(`${folder}/verify-at-start`, ''),
}

/** A log of one segment that grows, with index entries below its recovery point. Its largest time is that of its first batch. */
async function growing(isClosed: boolean, change: (disk: SimulatedDisk) => void): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk('/data')
  const options = { path: '/data', files: disk.files, durability: 'fsync', config: { indexIntervalBytes: 150 } } as const
  const { directory } = await openTest(options)
  const partition = directory.createPartition('t', 0, topicId)
  for (let n = 0; n < 10; n++) append(partition, batchOf(`b${n}`, { timestampMs: baseMs - n }))
  await partition.settled()
  await directory.checkpoint()
  if (isClosed) await directory.close()
  change(disk)
  await disk.files.syncPath(folder)
  if (disk.files.sizeOf(timeIndex) !== null) await disk.files.syncPath(timeIndex)
  disk.files.remove('/data/.lock')
  return disk
}

test.each(Object.keys(reasons).flatMap(reason => [[reason, 'a crash'] as const, [reason, 'an orderly stop'] as const]))(
  'a power cut at any moment while the index of a log is made again %s, after %s, leaves lookups by time right',
  async (reason, ending) => {
    const start = await growing(ending !== 'a crash', reasons[reason]!)
    for (const policy of crashPolicies) {
      const disk = start.crash('keep', new SeededRandom(1))
      const found: SimulatedDisk[] = []
      disk.beforeCall = ({ changes }) => {
        if (changes) found.push(disk.crash(policy, new SeededRandom(found.length)))
        return undefined
      }
      const { directory } = await openTest({ path: '/data', files: disk.files, durability: 'fsync' })
      append(directory.partition('t', 0)!, batchOf('later', { timestampMs: baseMs - 100 }))
      await directory.checkpoint()
      await directory.close()
      expect(found.length).toBeGreaterThan(20)
      for (const [n, after] of found.entries()) {
        after.files.remove('/data/.lock')
        const again = await openTest({ path: '/data', files: after.files, durability: 'fsync' })
        expect(await firstSince(again, baseMs), `${policy}, change ${n + 1}`).toMatchObject({ offset: 0 })
      }
    }
  },
)

test('they come to their files', async () => {
  const disk = await withoutFirstIndex()
  firstSince(await open(disk), baseMs)
  await new Promise(resolve => setImmediate(resolve))
  expect(disk.files.sizeOf(timeIndex)).toBeGreaterThan(0)
  expect(disk.files.list(folder).filter(name => name.endsWith('.tmp'))).toEqual([])
})

test('where they cannot be written, reading goes on', async () => {
  const disk = await withoutFirstIndex()
  const opened = await open(disk)
  disk.beforeCall = ({ operation }) => (operation.startsWith('write') ? 'ENOSPC' : undefined)
  expect(await firstSince(opened, baseMs + 100)).toMatchObject({ offset: 0 })
  expect(await firstSince(opened, baseMs + 200)).toMatchObject({ offset: 1 })
  expect(opened.failures).toEqual([])
})

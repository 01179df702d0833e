/** Index files that are made again for reading: what a power cut leaves of them must not be trusted. */
import { expect, test } from 'vitest'
import { SeededRandom } from '../base/seeded-random.js'
import { crashPolicies } from './simulated-disk/crash.js'
import { SimulatedDisk } from './simulated-disk/disk.js'
import { append, batchOf, openTest, type TestDirectory, topicId } from './test-kit.js'

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

function firstSince({ directory }: TestDirectory, timestampMs: number): unknown {
  return directory.partition('t', 0)!.offsetForTimestamp(timestampMs, 'read_uncommitted')
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
      expect(firstSince(opened, baseMs + 100)).toMatchObject({ offset: 0 })
      await new Promise(resolve => setImmediate(resolve))
      wasCut = found.length > 0
      for (const after of found) {
        after.files.remove('/data/.lock')
        expect(firstSince(await open(after), baseMs + 100), `${policy}, change ${n}`).toMatchObject({ offset: 0 })
      }
    }
  }
})

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
  expect(firstSince(opened, baseMs + 100)).toMatchObject({ offset: 0 })
  expect(firstSince(opened, baseMs + 200)).toMatchObject({ offset: 1 })
  expect(opened.failures).toEqual([])
})

import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.js'
import { batchHeaderSize, batchLength, batchMagic, magic, stampCrc } from '../protocol/records/batch.js'
import { buildBatch } from '../protocol/records/build.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { crashPolicies } from '../testing/simulated-disk/crash.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import {
  copyOf,
  dataPath,
  flip,
  judge,
  openOn,
  pretendKilled,
  pretendRebooted,
  readFrom,
  shorten,
  type WriteOptions,
  type WrittenDirectory,
  writeDirectory,
} from './damage.test-support.js'
import type { Files } from './files.js'
import { DamageSearch } from './segments/salvage.js'
import { offsetsIn } from './test-kit.test-support.js'

const folder = `${dataPath}/t-0`
const nameOf = (offset: number) => String(offset).padStart(20, '0')
const logOf = (offset: number) => `${folder}/${nameOf(offset)}.log`
const damagedOf = (from: number, to: number) => `${folder}/${nameOf(from)}-${nameOf(to)}.damaged`

const options: Omit<WriteOptions, 'ending'> = { batches: 24, checkpointAfter: 12, valueBytes: n => 40 + n }
const severalSegments = { ...options, config: { segmentBytes: 1000, indexIntervalBytes: 200 } }

/** Everything that is set aside, by name. */
const asides = (disk: SimulatedDisk) => disk.paths(folder).filter(path => /\.(damaged|cut)$/.test(path))

async function withDamageAt(n: number, ending: 'killed' | 'power cut' = 'killed') {
  const written = await writeDirectory({ ...options, ending })
  const disk = copyOf(written.disk)
  const damaged = written.batches[n]!
  flip(disk, logOf(0), damaged.position + 70)
  return { written, disk, damaged }
}

describe('what is damaged', () => {
  test('stands in a file that says which offsets are missing, and the log says so, too', async () => {
    const { written, disk, damaged } = await withDamageAt(15)
    const { baseOffset: from, lastOffset } = damaged
    const { directory, errors } = await openOn(disk)
    expect(errors).toHaveLength(1)
    expect(asides(disk)).toEqual([damagedOf(from, lastOffset + 1)])
    const kept = disk.files.readWhole(damagedOf(from, lastOffset + 1))!
    expect(kept.byteLength).toBe(damaged.bytes.byteLength)
    const partition = directory.partition('t', 0)!
    for (let offset = from; offset <= lastOffset; offset++) expect(readFrom(partition, offset)).toBe(Errors.CORRUPT_MESSAGE)
    expect(readFrom(partition, written.batches[14]!.baseOffset)).toEqual(written.batches[14]!.bytes)
    expect(partition.endOfDamage(from)).toBe(lastOffset + 1)
  })

  test.each(['killed', 'power cut', 'closed in order'] as const)('is still so after the next start (%s)', async ending => {
    const { written, disk, damaged } = await withDamageAt(15)
    const first = await openOn(disk)
    if (ending === 'closed in order') await first.directory.close()
    const before = asides(disk).map(path => disk.files.readWhole(path))
    if (ending === 'killed') pretendKilled(disk)
    if (ending === 'power cut') pretendRebooted(disk)
    expect(await judge(disk, written, { damaged })).toMatchObject({ problems: [], ofDamaged: 'told' })
    expect(asides(disk).map(path => disk.files.readWhole(path))).toEqual(before)
  })

  test.each(['closed in order', 'power cut'] as const)('is accepted by deleting the file: readers pass (%s)', async ending => {
    const { written, disk, damaged } = await withDamageAt(15)
    const first = await openOn(disk)
    if (ending === 'closed in order') await first.directory.close()
    else pretendRebooted(disk)
    for (const path of asides(disk)) disk.files.remove(path)
    const { directory, errors } = await openOn(disk)
    expect(errors).toEqual([])
    const bytes = readFrom(directory.partition('t', 0)!, damaged.baseOffset, 1)
    expect(bytes).toEqual(written.batches[16]!.bytes)
    expect(asides(disk)).toEqual([])
  })

  test('goes with everything else that DeleteRecords deletes; a start in the midst of it moves behind it', async () => {
    const { disk, damaged } = await withDamageAt(13)
    const { directory } = await openOn(disk)
    const partition = directory.partition('t', 0)!
    expect(damaged.lastOffset).toBeGreaterThan(damaged.baseOffset)
    expect(await partition.upkeep.deleteRecordsBefore(damaged.baseOffset + 1)).toBe(0)
    expect(partition.logStartOffset).toBe(damaged.lastOffset + 1)
    expect(typeof readFrom(partition, partition.logStartOffset)).toBe('object')
    await directory.close()
    const again = await openOn(disk)
    expect(again.directory.partition('t', 0)!.logStartOffset).toBe(damaged.lastOffset + 1)
  })

  test('may be in many places of several segments, and at both ends of the log', async () => {
    const written = await writeDirectory({ ...severalSegments, ending: 'killed' })
    expect(new Set(written.batches.map(batch => batch.file)).size).toBeGreaterThan(4)
    for (const step of [2, 3, 5]) {
      const disk = copyOf(written.disk)
      disk.files.writeWhole(`${folder}/verify-at-start`, '')
      const damaged = written.batches.filter((_, n) => n % step === 0 || n === written.batches.length - 1)
      for (const { file, position } of damaged) flip(disk, file, position + 66)
      const { directory } = await openOn(disk, severalSegments.config)
      const partition = directory.partition('t', 0)!
      for (const batch of written.batches) {
        const read = readFrom(partition, batch.baseOffset, 1)
        expect([batch.baseOffset, read]).toEqual([
          batch.baseOffset,
          damaged.includes(batch) ? Errors.CORRUPT_MESSAGE : batch.bytes,
        ])
      }
      expect(partition.logEndOffset).toBe(written.batches.at(-1)!.lastOffset + 1)
      expect(disk.paths(folder)).not.toContain(`${folder}/verify-at-start`)
    }
  })

  test('may be the end of a segment that is not there any more, below the recovery point', async () => {
    const written = await writeDirectory({ ...severalSegments, ending: 'closed in order' })
    const disk = copyOf(written.disk)
    const last = written.batches.at(-1)!
    shorten(disk, last.file, last.position)
    const { problems, ofDamaged, logEndOffset } = await judge(disk, written, { damaged: last, config: severalSegments.config })
    expect({ problems, ofDamaged, logEndOffset }).toEqual({ problems: [], ofDamaged: 'told', logEndOffset: last.lastOffset + 1 })
  })
})

describe('compaction around damage', () => {
  const config = { ...severalSegments.config, isCompacted: true, deletesOld: false, dirtyRatioMin: 0 }

  test('leaves what readers are told, and a way behind it', async () => {
    const written = await writeDirectory({ ...options, config, ending: 'killed' })
    for (const damaged of written.batches) {
      const disk = copyOf(written.disk)
      disk.files.writeWhole(`${folder}/verify-at-start`, '')
      flip(disk, damaged.file, damaged.position + 70)
      const { directory } = await openOn(disk, config)
      expect(await directory.compactLogs()).toBeGreaterThan(0)
      const partition = directory.partition('t', 0)!
      const { baseOffset: from, lastOffset } = damaged
      for (let offset = from; offset <= lastOffset; offset++) expect(readFrom(partition, offset)).toBe(Errors.CORRUPT_MESSAGE)
      // From the start, over the damage, to the end: no answer holds batches on both sides of it.
      let wasTold = false
      for (let next = 0; next < partition.logEndOffset; ) {
        const read = readFrom(partition, next)
        const last = typeof read === 'number' ? -1 : (offsetsIn(read).at(-1)?.split('-').map(Number)[1] ?? -1)
        expect(next < from && last > lastOffset).toBe(false)
        wasTold ||= read === Errors.CORRUPT_MESSAGE
        const after = typeof read === 'number' ? partition.endOfDamage(next) : last + 1
        expect(after).toBeGreaterThan(next)
        next = after!
      }
      expect(wasTold).toBe(true)
    }
  })
})

describe('while damage is set aside', () => {
  test('the power may fail before any call, whatever is left then: the next start finds the same', async () => {
    const written = await writeDirectory({ ...options, ending: 'power cut' })
    const damaged = [written.batches[3]!, written.batches[14]!, written.batches[18]!]
    const start = copyOf(written.disk)
    start.files.writeWhole(`${folder}/verify-at-start`, '')
    for (const { position } of damaged) flip(start, logOf(0), position + 70)
    const random = new SeededRandom(9)
    const disk = copyOf(start)
    const cuts: SimulatedDisk[] = []
    disk.beforeCall = call => {
      if (call.changes) for (const policy of crashPolicies) cuts.push(disk.crash(policy, random))
      return undefined
    }
    await openOn(disk)
    disk.beforeCall = () => undefined
    expect(cuts.length).toBeGreaterThan(100)
    for (const [n, left] of cuts.entries()) {
      left.files.remove(`${dataPath}/.lock`)
      const problems = await readsAllBut(left, written, damaged)
      expect({ n, problems }).toEqual({ n, problems: [] })
    }
  })
})

async function readsAllBut(
  disk: SimulatedDisk,
  written: WrittenDirectory,
  damaged: readonly WrittenDirectory['batches'][number][],
): Promise<string[]> {
  const { directory } = await openOn(disk)
  const partition = directory.partition('t', 0)!
  const problems: string[] = []
  for (const batch of written.batches) {
    const read = readFrom(partition, batch.baseOffset, 1)
    const isRight = damaged.includes(batch) ? read === Errors.CORRUPT_MESSAGE : batch.bytes.equals(read as Buffer)
    if (!isRight) problems.push(`offset ${batch.baseOffset}: ${typeof read === 'number' ? `error ${read}` : 'other bytes'}`)
  }
  return problems
}

describe('the search', () => {
  const searchOf = (bytes: Uint8Array) => {
    const disk = new SimulatedDisk('/x')
    disk.files.writeWhole('/x/f', bytes)
    const fd = disk.files.open('/x/f', 'read')
    let read = 0
    const files = {
      ...disk.files,
      read: (...args: Parameters<typeof disk.files.read>) => {
        const count = disk.files.read(...args)
        read += count
        return count
      },
    }
    return { search: new DamageSearch(files, fd, bytes.byteLength, Number.MAX_SAFE_INTEGER, () => true), bytesRead: () => read }
  }
  const sound = Buffer.from(buildBatch([{ key: null, value: Buffer.from('v') }], { baseOffset: 40 }))

  test('is linear, whatever the bytes claim to be', () => {
    // One header behind the other, each of which says that it is of a batch up to the end of the file.
    const size = 4 << 20
    const bytes = Buffer.alloc(size + sound.byteLength)
    for (let at = 0; at + batchHeaderSize <= size; at += batchHeaderSize) {
      sound.copy(bytes, at, 0, batchHeaderSize)
      bytes.writeInt32BE(size - at - 12, at + 8)
    }
    sound.copy(bytes, size)
    const { search, bytesRead } = searchOf(bytes)
    expect(search.findRun(0, 0)).toMatchObject({ from: size, baseOffset: 40 })
    expect(bytesRead()).toBeLessThan((256 << 20) + size * 12)
  })

  test.each([0x7fff_ffff, 0x7fff_fff4, 0x8000_0000, 0xffff_ffff, 0])('passes over a length of %i', length => {
    const bytes = Buffer.concat([sound, sound])
    bytes.writeUInt32BE(length, 8)
    const { search } = searchOf(bytes)
    expect(search.damageAt(0, 39)).toMatchObject({ offsets: { from: 39, to: 40 }, run: { from: sound.byteLength } })
  })

  test('does not take the records of a damaged batch for batches', () => {
    const inner = Buffer.from(buildBatch([{ key: null, value: Buffer.from('inner') }], { baseOffset: 12 }))
    const outer = Buffer.from(buildBatch([{ key: null, value: inner }], { baseOffset: 10 }))
    const after = Buffer.from(buildBatch([{ key: null, value: Buffer.from('after') }], { baseOffset: 11 }))
    outer[outer.byteLength - 1] = 9
    const { search } = searchOf(Buffer.concat([outer, after]))
    expect(search.damageAt(0, 10)).toMatchObject({ offsets: { from: 10, to: 11 }, run: { from: outer.byteLength } })
  })
})

describe('the judge catches a recovery that', () => {
  const log = logOf(0)
  /** What a recovery does with the disk, changed. */
  type Mutant = (disk: SimulatedDisk) => Files

  const mutants: Readonly<Record<string, Mutant>> = {
    'trusts batches without looking at their checksums': disk => {
      // A read of a whole batch returns its checksum.
      return {
        ...disk.files,
        read: (fd, bytes, start, length, position) => {
          const count = disk.files.read(fd, bytes, start, length, position)
          for (let at = start; at + batchHeaderSize <= start + count && batchLength(bytes, at) >= batchHeaderSize; ) {
            if (magic(bytes, at) !== batchMagic || at + batchLength(bytes, at) > start + count) break
            stampCrc(bytes, at)
            at += batchLength(bytes, at)
          }
          return count
        },
      }
    },
    'cuts the log and says nothing': disk => ({
      ...disk.files,
      open: (path, mode) => disk.files.open(path.replace(/(\.damaged|\.log\.tmp)$/, '.lost'), mode),
      syncPath: () => Promise.resolve(),
      rename: (from, to) => (from.endsWith('.log.tmp') ? disk.files.writeWhole(to, '') : disk.files.rename(from, to)),
    }),
    'forgets what it has set aside': disk => ({
      ...disk.files,
      list: path => disk.files.list(path).filter(name => !name.endsWith('.damaged')),
    }),
  }

  test.each(Object.entries(mutants))('%s', async (_name, mutant) => {
    const written = await writeDirectory({ ...options, ending: 'killed' })
    const findings: string[] = []
    for (const damaged of written.batches.slice(12)) {
      const disk = copyOf(written.disk)
      flip(disk, log, damaged.position + 70)
      const { problems, ofDamaged } = await judge(disk, written, { damaged, files: mutant(disk) })
      findings.push(...problems)
      if (ofDamaged !== 'told') findings.push(`the damaged batch is ${ofDamaged}`)
    }
    expect(findings).not.toEqual([])
  })
})

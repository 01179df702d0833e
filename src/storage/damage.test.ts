import { describe, expect, test } from 'vitest'
import {
  copyOf,
  dataPath,
  flip,
  judge,
  openOn,
  shorten,
  type WriteOptions,
  type WrittenDirectory,
  writeDirectory,
} from './damage.test-support.js'

/** With this set, every byte is tried; else those of all headers and every so many-th of the records. */
const isExhaustive = process.env.GREGOR_EVERY_BYTE !== undefined
const recordByteStep = isExhaustive ? 1 : 211
const headerBytes = 61
const crcCoverageStart = 21
const minutes = 60_000

const sectorBytes = 512
const folder = `${dataPath}/t-0`
const log = `${folder}/${'0'.repeat(20)}.log`
/** One segment of 64 KB and more; the recovery point lies in the middle. */
const oneSegment: Omit<WriteOptions, 'ending'> = {
  batches: 28,
  checkpointAfter: 14,
  valueBytes: n => 700 + ((n * 370) % 1400),
}

describe('a torn end', () => {
  test.each(['killed', 'power cut'] as const)('at every byte of the last three batches (%s)', async ending => {
    const written = await writeDirectory({ ending, batches: 12, checkpointAfter: 6, valueBytes: n => 20 + n })
    const [from, to] = [written.batches.at(-3)!.position, sizeOf(written)]
    for (let size = to - 1; size >= from; size--) {
      const disk = copyOf(written.disk)
      shorten(disk, log, size)
      const kept = written.batches.filter(batch => batch.position + batch.bytes.byteLength <= size)
      const end = kept.at(-1)!.lastOffset + 1
      const { problems, logEndOffset, opened } = await judge(disk, written, { damaged: null, lostFrom: end })
      expect({ size, problems, logEndOffset, errors: opened?.errors }).toEqual({
        size,
        problems: [],
        logEndOffset: end,
        errors: [],
      })
      expect(disk.paths(`${dataPath}/t-0`).filter(path => /damaged|cut/.test(path))).toEqual([])
    }
  })
})

describe('one bit of a segment', () => {
  test.each(['killed', 'power cut', 'closed in order'] as const)(
    'wherever it is, costs the batch that it is of (%s)',
    async ending => {
      const written = await writeDirectory({ ...oneSegment, ending })
      expect(sizeOf(written)).toBeGreaterThan(64 << 10)
      const found = new Set<string>()
      for (const damaged of written.batches) {
        for (let at = 0; at < damaged.bytes.byteLength; at += at < headerBytes ? 1 : recordByteStep) {
          const disk = copyOf(written.disk)
          flip(disk, log, damaged.position + at)
          const { problems, refusal, ofDamaged } = await judge(disk, written, { damaged })
          const place = { offset: damaged.baseOffset, at, bit: (damaged.position + at) % 8 }
          expect({ ...place, problems, refusal }).toEqual({ ...place, problems: [], refusal: null })
          const isVerified = ending !== 'closed in order' && damaged.baseOffset >= written.recoveryPoint
          const isSummed = at >= crcCoverageStart || (at >= 8 && at < 12) || (at >= 16 && at < 20)
          found.add(`${isVerified ? 'verified' : 'trusted'}, ${isSummed ? 'with' : 'without'} a checksum: ${ofDamaged}`)
        }
      }
      // What a recovery has looked at is never served with other bytes; what it trusted is caught by the reader's own check.
      const allowed = [
        /^verified, with a checksum: (told|cut off)$/,
        // After a power cut the epoch of the very last batch may be that of an election that is recorded nowhere else yet.
        ending === 'power cut' ? /^verified, without a checksum: wrong epoch$/ : /^verified, without a checksum: told$/,
        /^verified, without a checksum: (told|whole|cut off)$/,
        /^trusted, with a checksum: (told|wrong checksum)$/,
        /^trusted, without a checksum: (told|whole|wrong offset|wrong epoch|wrong checksum)$/,
      ]
      expect([...found].filter(one => !allowed.some(pattern => pattern.test(one)))).toEqual([])
    },
    10 * minutes,
  )
})

describe('a sector of a segment', () => {
  test.each([
    ['killed', 'zeros', 0],
    ['killed', 'rubbish', 0xa5],
    ['power cut', 'zeros', 0],
    ['power cut', 'rubbish', 0xa5],
    ['closed in order', 'zeros', 0],
    ['closed in order', 'rubbish', 0xa5],
  ] as const)('costs the batch that it is of (%s, %s)', async (ending, _what, fill) => {
    const written = await writeDirectory({ ...oneSegment, ending })
    const last = written.batches.at(-1)
    for (const damaged of written.batches) {
      const isVerified = ending !== 'closed in order' && damaged.baseOffset >= written.recoveryPoint
      // It looks as if it had never been written.
      const isTorn = isVerified && ending === 'power cut' && fill === 0
      const end = damaged.position + damaged.bytes.byteLength
      const inside = Math.ceil(damaged.position / sectorBytes) * sectorBytes
      for (const at of [damaged.position, inside, end - sectorBytes]) {
        const disk = copyOf(written.disk)
        disk.damage(log, bytes => void bytes.fill(fill, at, at + sectorBytes))
        const lostFrom = isTorn ? damaged.baseOffset : undefined
        const { problems, ofDamaged, opened } = await judge(disk, written, {
          damaged,
          ...(lostFrom === undefined ? {} : { lostFrom }),
        })
        const isHeaderOfLast = damaged === last && at === damaged.position
        const allowed = isTorn
          ? ['cut off']
          : isVerified
            ? ['told', ...(isHeaderOfLast ? ['cut off'] : [])]
            : ['told', 'wrong checksum']
        const place = { offset: damaged.baseOffset, at }
        expect({ ...place, problems, found: allowed.includes(ofDamaged) }).toEqual({ ...place, problems: [], found: true })
        // What is cut off and whole is not thrown away.
        if (isTorn && damaged !== last) expect(disk.paths(folder).some(path => path.endsWith('.cut'))).toBe(true)
        expect(opened?.directory.partition('t', 0)?.logStartOffset).toBe(0)
      }
    }
  })
})

describe('one bit of another file', () => {
  const zeros = '0'.repeat(20)
  /** Several segments and snapshots, so that there is something to fall back on. */
  const severalSegments: Omit<WriteOptions, 'ending'> = {
    batches: 40,
    checkpointAfter: 30,
    valueBytes: n => 60 + ((n * 37) % 90),
    config: { segmentBytes: 4000, indexIntervalBytes: 300 },
  }

  test.each([
    ['offset indexes', /t-0\/\d+\.index$/],
    ['time indexes', /t-0\/\d+\.timeindex$/],
    ['producer snapshots', /t-0\/\d+\.snapshot$/],
    ['leader epochs', /t-0\/leader-epoch-checkpoint$/],
    ['the id of the topic', /t-0\/partition\.metadata$/],
    ['checkpoints', /-checkpoint$/],
    ['the mark of a clean shutdown', /kafka_cleanshutdown$/],
  ])('costs nothing in %s', async (_what, pattern) => {
    for (const ending of ['killed', 'power cut', 'closed in order'] as const) {
      const written = await writeDirectory({ ...severalSegments, ending })
      for (const file of written.disk.paths(dataPath).filter(path => pattern.test(path))) {
        for (let at = 0; at < written.disk.files.sizeOf(file)!; at++) {
          const disk = copyOf(written.disk)
          flip(disk, file, at, at % 7)
          const { problems, opened } = await judge(disk, written, { damaged: null, config: severalSegments.config! })
          const partition = opened?.directory.partition('t', 0)
          const start = partition?.logStartOffset
          const ids = [partition?.topicId, partition?.leaderEpoch]
          const found = { ending, file, at, problems, start, ids, errors: opened?.errors }
          expect(found).toEqual({
            ...{ ending, file, at },
            problems: [],
            start: 0,
            ids: ['AbCdEfGhIjKlMnOpQrStUw', 0],
            errors: [],
          })
        }
      }
    }
  })

  test('of the identity of the directory: the start says which file it is, or the file is as it was', async () => {
    const written = await writeDirectory({ ...severalSegments, ending: 'closed in order' })
    const file = `${dataPath}/meta.properties`
    const identity = (await openOn(copyOf(written.disk))).directory.clusterId
    for (let at = 0; at < written.disk.files.sizeOf(file)!; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const disk = copyOf(written.disk)
        flip(disk, file, at, bit)
        const { problems, refusal, opened } = await judge(disk, written, { damaged: null, config: severalSegments.config! })
        expect({ at, bit, problems }).toEqual({ at, bit, problems: [] })
        if (refusal !== null) expect(refusal).toContain('meta.properties')
        else expect(opened?.directory.clusterId).toBe(identity)
        // What was refused was not touched.
        if (refusal !== null) expect(disk.paths(folder)).toContain(`${folder}/${zeros}.log`)
      }
    }
  })

  test('of the lock of a broker that is no more', async () => {
    const written = await writeDirectory({ ...severalSegments, ending: 'killed' })
    const file = `${dataPath}/.lock`
    for (let at = 0; at < written.disk.files.sizeOf(file)!; at++) {
      const disk = copyOf(written.disk)
      flip(disk, file, at, at % 8)
      expect(await judge(disk, written, { damaged: null, config: severalSegments.config! })).toMatchObject({ problems: [] })
    }
  })
})

function sizeOf(written: WrittenDirectory): number {
  return written.disk.files.sizeOf(log)!
}

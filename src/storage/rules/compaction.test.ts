import { describe, expect, test } from 'vitest'
import { type CompactableLog, type CompactionRules, groupSegments, planCompaction } from './compaction.js'

const now = 1_000_000
const rules: CompactionRules = {
  isCompacted: true,
  dirtyRatioMin: 0.5,
  compactionLagMinMs: 0,
  compactionLagMaxMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 0,
}

/** Segments of ten offsets and 100 bytes, dated as said; the last one is active. */
function logOf(dates: readonly number[], facts: Partial<CompactableLog> = {}): CompactableLog {
  const logEndOffset = dates.length * 10
  return {
    segments: dates.map((datedMs, n) => ({
      baseOffset: n * 10,
      size: 100,
      indexBytes: 8,
      datedMs: () => datedMs,
      firstDatedMs: () => datedMs,
    })),
    logStartOffset: 0,
    logEndOffset,
    lastStableOffset: logEndOffset,
    cleanedTo: null,
    ...facts,
  }
}

const four = logOf([1, 2, 3, 4])
const plan = (log: CompactableLog, changed: Partial<CompactionRules> = {}) => planCompaction(log, { ...rules, ...changed }, now)

describe('what may be compacted', () => {
  test('everything but the active segment, which is all dirty the first time', () => {
    expect(plan(four)).toEqual({ firstDirty: 0, end: 30, dirtyRatio: 1, isDue: true })
    expect(plan(logOf([1]))).toBeNull()
  })

  test('only what came after the last compaction is dirty', () => {
    expect(plan({ ...four, cleanedTo: 20 })).toMatchObject({ firstDirty: 20, end: 30, dirtyRatio: 1 / 3, isDue: false })
    expect(plan({ ...four, cleanedTo: 30 })).toBeNull()
    expect(plan({ ...four, cleanedTo: 35 })).toBeNull()
  })

  test('a segment that was active when the log was last compacted is clean and dirty', () => {
    expect(plan({ ...four, cleanedTo: 15 })).toMatchObject({ firstDirty: 15, end: 30, dirtyRatio: 200 / 400 })
  })

  test('a checkpoint outside the log is worth nothing', () => {
    expect(plan({ ...four, cleanedTo: 41 })).toMatchObject({ firstDirty: 0 })
    expect(plan({ ...four, logStartOffset: 12, cleanedTo: 11 })).toMatchObject({ firstDirty: 12 })
  })

  test('nothing from the segment on that holds the last stable offset', () => {
    expect(plan({ ...four, lastStableOffset: 20 })).toMatchObject({ end: 20 })
    expect(plan({ ...four, lastStableOffset: 19 })).toMatchObject({ end: 10 })
    expect(plan({ ...four, lastStableOffset: 9 })).toBeNull()
  })

  test('nothing from the first segment on with a record younger than min.compaction.lag.ms', () => {
    const log = logOf([now - 500, now - 50, now - 500, now])
    expect(plan(log, { compactionLagMinMs: 100 })).toMatchObject({ end: 10 })
    expect(plan(log, { compactionLagMinMs: 50 })).toMatchObject({ end: 30 })
    // What is clean is not asked.
    expect(plan({ ...log, cleanedTo: 20 }, { compactionLagMinMs: 100 })).toMatchObject({ firstDirty: 20, end: 30 })
  })
})

describe('when it is due', () => {
  test('when more than min.cleanable.dirty.ratio is dirty', () => {
    expect(plan({ ...four, cleanedTo: 10 }, { dirtyRatioMin: 0.66 })).toMatchObject({ isDue: true })
    expect(plan({ ...four, cleanedTo: 10 }, { dirtyRatioMin: 2 / 3 })).toMatchObject({ isDue: false })
  })

  test('when a dirty segment began longer than max.compaction.lag.ms ago', () => {
    const log = { ...logOf([1, 2, now - 100, now]), cleanedTo: 20 }
    expect(plan(log, { compactionLagMaxMs: 100 })).toMatchObject({ isDue: false })
    expect(plan(log, { compactionLagMaxMs: 99 })).toMatchObject({ isDue: true })
  })
})

describe('which segments become one', () => {
  const groups = (sizes: readonly number[], bytesMax: number, step = 10) =>
    groupSegments(
      sizes.map((size, n) => ({ baseOffset: n * step, size, indexBytes: size / 10 })),
      sizes.length * step,
      bytesMax,
      1000,
    ).map(group => group.map(({ baseOffset }) => baseOffset / step))

  test('neighbours that fit into segment.bytes together', () => {
    expect(groups([40, 40, 40, 100, 10, 10], 100)).toEqual([[0, 1], [2], [3], [4, 5]])
    expect(groups([300, 10], 100)).toEqual([[0], [1]])
  })

  test('as long as their indexes do, too', () => {
    expect(groups([4000, 4000, 4000], 100_000)).toEqual([[0, 1], [2]])
  })

  test('and all offsets can be told apart in 31 bits, of which an empty segment needs none', () => {
    const half = 2 ** 30
    expect(groups([1, 1, 1], 100, half)).toEqual([[0, 1], [2]])
    expect(groups([1, 1, 0], 100, half)).toEqual([[0, 1, 2]])
  })
})

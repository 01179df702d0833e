import { describe, expect, test } from 'vitest'
import { expiredCount, type LogFacts, type RetentionRules } from './retention.js'

const keepsAll: RetentionRules = { deletesOld: true, retentionMs: -1, retentionBytes: -1 }
const now = 100_000

/** Segments of ten offsets each, `[size, timestamp]`; everything is visible unless said otherwise. */
function logOf(segments: readonly (readonly [size: number, datedMs: number])[], facts: Partial<LogFacts> = {}): LogFacts {
  const logEndOffset = segments.length * 10
  return {
    segments: segments.map(([size, datedMs], n) => ({ baseOffset: n * 10, size, datedMs: () => datedMs })),
    logStartOffset: 0,
    logEndOffset,
    highWatermark: logEndOffset,
    ...facts,
  }
}

const expired = (log: LogFacts, rules: Partial<RetentionRules>) => expiredCount(log, { ...keepsAll, ...rules }, now)

describe('by time', () => {
  const log = logOf([
    [100, 10_000],
    [100, 20_000],
    [100, 95_000],
    [100, 20_000],
  ])

  test('the oldest segments go, up to the first one with a record that is young enough', () => {
    expect(expired(log, { retentionMs: 50_000 })).toBe(2)
  })

  test('exactly retention.ms is not yet too old', () => {
    expect(expired(log, { retentionMs: 90_000 })).toBe(0)
    expect(expired(log, { retentionMs: 89_999 })).toBe(1)
  })

  test('the active segment goes, too, when it has expired', () => {
    expect(expired(log, { retentionMs: 1000 })).toBe(4)
  })

  test('an empty active segment stays', () => {
    expect(
      expired(
        logOf([
          [100, 1],
          [0, 1],
        ]),
        { retentionMs: 10 },
      ),
    ).toBe(1)
    expect(expired(logOf([[0, 1]]), { retentionMs: 10 })).toBe(0)
  })

  test('a timestamp in the future keeps a segment and all behind it', () => {
    const future = logOf([
      [100, now + 5],
      [100, 1],
      [100, 1],
    ])
    expect(expired(future, { retentionMs: 0 })).toBe(0)
  })

  test('-1 keeps everything, 0 keeps nothing that is older than now', () => {
    expect(expired(log, { retentionMs: -1 })).toBe(0)
    expect(expired(log, { retentionMs: 0 })).toBe(4)
  })

  test('what is not yet visible stays', () => {
    expect(expired({ ...log, highWatermark: 25 }, { retentionMs: 1000 })).toBe(2)
    expect(expired({ ...log, highWatermark: 20 }, { retentionMs: 1000 })).toBe(2)
    expect(expired({ ...log, highWatermark: 19 }, { retentionMs: 1000 })).toBe(1)
  })

  test('younger segments are not asked once one stays', () => {
    const asked: number[] = []
    const segments = [0, 1, 2, 3].map(n => ({
      baseOffset: n * 10,
      size: 1,
      datedMs: () => {
        asked.push(n)
        return n < 1 ? 0 : now
      },
    }))
    expect(expired({ ...log, segments }, { retentionMs: 10 })).toBe(1)
    expect(asked).toEqual([0, 1])
  })
})

describe('by size', () => {
  const log = logOf([
    [100, now],
    [50, now],
    [100, now],
    [30, now],
  ])

  test('a segment goes only if the rest still has retention.bytes', () => {
    expect(expired(log, { retentionBytes: 280 })).toBe(0)
    expect(expired(log, { retentionBytes: 181 })).toBe(0)
    expect(expired(log, { retentionBytes: 180 })).toBe(1)
    expect(expired(log, { retentionBytes: 130 })).toBe(2)
    expect(expired(log, { retentionBytes: 31 })).toBe(2)
  })

  test('0 takes everything, the active segment included', () => {
    expect(expired(log, { retentionBytes: 0 })).toBe(4)
  })

  test('a log smaller than the limit is left alone', () => {
    expect(expired(log, { retentionBytes: 1000 })).toBe(0)
  })
})

describe('together', () => {
  const log = logOf([
    [100, 10_000],
    [100, 20_000],
    [100, 30_000],
    [100, now],
  ])

  test('size first, then time on what is left', () => {
    expect(expired(log, { retentionBytes: 300, retentionMs: 75_000 })).toBe(2)
  })

  test('what lies below the start of the log goes whatever the policy is, and its size no longer counts', () => {
    expect(expired({ ...log, logStartOffset: 20 }, { deletesOld: false, retentionMs: 0, retentionBytes: 0 })).toBe(2)
    expect(expired({ ...log, logStartOffset: 19 }, { deletesOld: false })).toBe(1)
    expect(expired({ ...log, logStartOffset: 10 }, { retentionBytes: 300 })).toBe(1)
  })

  test('the active segment never goes because the log starts in it', () => {
    expect(expired({ ...log, logStartOffset: 40 }, { deletesOld: false })).toBe(3)
  })

  test('a policy that does not delete keeps what is old and large', () => {
    expect(expired(log, { deletesOld: false, retentionMs: 0, retentionBytes: 0 })).toBe(0)
  })
})

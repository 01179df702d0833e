import { describe, expect, it } from 'vitest'
import { ago, byteRate, bytes, count, counted, duration, percent, rate, short, time, unknown } from './format.js'

describe('figures as people read them', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [123.4 * 1024 * 1024, '123 MiB'],
    [5 * 1024 ** 4, '5 TiB'],
    [0.25, '0.3 B'],
  ])('%d bytes are %s', (value, text) => expect(bytes(value)).toBe(text))

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1k'],
    [12_345, '12.3k'],
    [999_999, '1M'],
    [1.25e9, '1.3G'],
    [-12_345, '-12.3k'],
  ])('%d is %s for short', (value, text) => expect(short(value)).toBe(text))

  it.each([
    [0, '0 ms'],
    [0.004, '0.01 ms'],
    [0.25, '0.25 ms'],
    [1.234, '1.2 ms'],
    [42, '42 ms'],
    [999.7, '1 s'],
    [1500, '1.5 s'],
    [59_990, '1 min'],
    [3 * 60_000, '3 min'],
    [59.9 * 60_000, '1 h'],
    [2 * 3_600_000 + 5 * 60_000, '2 h 5 min'],
    [97 * 3_600_000, '4 d 1 h'],
    [-1500, '-1.5 s'],
  ])('%d milliseconds are %s', (value, text) => expect(duration(value)).toBe(text))

  it('what is not known is a dash, never NaN', () => {
    for (const format of [count, bytes, byteRate, short, rate, percent, duration, time]) {
      for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(format(value)).toBe(unknown)
    }
    expect(time(-1)).toBe(unknown)
    expect(time(9e15)).toBe(unknown)
  })

  it('times are of the reader’s zone, to the millisecond', () => {
    const at = new Date(2026, 10, 30, 23, 1, 7, 5).getTime()
    expect(time(at)).toBe('2026-11-30 23:01:07.005')
    expect(ago(at, at + 3000)).toBe('3 s ago')
    expect(ago(at, at - 120_000)).toBe('in 2 min')
    expect(ago(at, at)).toBe('now')
  })

  it('one is not many', () => {
    expect([counted(1, 'topic'), counted(2345, 'topic'), counted(0, 'entry', 'entries')]).toEqual([
      '1 topic',
      '2,345 topics',
      '0 entries',
    ])
  })
})

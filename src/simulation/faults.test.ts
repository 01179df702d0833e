import { describe, expect, test } from 'vitest'
import { runWithFault, runWithShortage, startOnFullDisk } from './faults.js'

const minutes = 60_000
const run = { seed: 5, steps: 45 }

describe('a disk that fails once, at any call', () => {
  test.each(['EIO', 'ENOSPC', 'short'] as const)(
    '%s: nothing is acknowledged that is not there, no request waits for ever, nothing else breaks',
    async kind => {
      const { calls, problems } = await runWithFault({ ...run, fault: () => undefined })
      expect(problems).toEqual([])
      let fatal = 0
      for (let n = 1; n <= calls; n++) {
        let failed = ''
        const report = await runWithFault({
          ...run,
          fault: ({ number, operation, path }) => {
            if (number !== n) return undefined
            failed = `${operation} ${path}`
            return kind
          },
        })
        expect(report.problems.map(problem => `call ${n}, ${failed}: ${problem}`)).toEqual([])
        if (report.isFatal) fatal++
        // [fsyncgate] A sync that failed is never tried again.
        if (/^sync/.test(failed) && !report.isRefusedAtStart && n < calls / 2)
          expect([failed, report.isFatal]).toEqual([failed, true])
      }
      expect(fatal).toBeGreaterThan(10)
    },
    5 * minutes,
  )
})

test.each(Array.from({ length: 40 }, (_, n) => [n + 1, 30 + n * 7, 24 + (n % 8) * 12]))(
  'a full disk (seed %i, from call %i, for %i calls) refuses what needs room, goes on reading, and is forgotten',
  async (seed, from, calls) => {
    expect(await runWithShortage({ of: 'room', seed, from, calls })).toEqual([])
  },
  minutes,
)

test.each(Array.from({ length: 20 }, (_, n) => [n + 1, 20 + n * 7, 15 + (n % 8) * 12]))(
  'no file descriptors (seed %i, from call %i, for %i calls): what needs one is refused, nothing ends, nothing is lost',
  async (seed, from, calls) => {
    expect(await runWithShortage({ of: 'descriptors', seed, from, calls })).toEqual([])
  },
  minutes,
)

test.each(['stop', 'kill'] as const)('a start on a full disk, after a %s, serves what is there', async ending => {
  for (let seed = 1; seed <= 15; seed++) {
    const problems = await startOnFullDisk({ seed, ending })
    expect(problems.map(problem => `seed ${seed}: ${problem}`)).toEqual([])
  }
})

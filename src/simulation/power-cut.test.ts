import { describe, expect, test } from 'vitest'
import { mutants } from './mutants.js'
import { everyCut, randomCuts } from './power-cut.js'

const seeds = 2000
const seedsPerTest = 250
const minutes = 60_000

test(
  'at every call of a run of 200 steps, whatever of it is left, nothing is lost that was promised',
  async () => {
    const { problems, calls, cuts, acknowledged } = await everyCut({ seed: 9, steps: 200 })
    expect(problems).toEqual([])
    expect(calls).toBeGreaterThan(1000)
    expect(cuts).toBe(calls * 6)
    expect(acknowledged).toBeGreaterThan(30)
  },
  // Half a minute of work, on a machine that may have others to do.
  15 * minutes,
)

describe('crash after crash, some of them while recovering', () => {
  const firstSeeds = Array.from({ length: seeds / seedsPerTest }, (_, n) => 1 + n * seedsPerTest)
  test.each(firstSeeds)(
    `${seedsPerTest} runs from seed %i on keep every promise`,
    async firstSeed => {
      let cuts = 0
      for (let seed = firstSeed; seed < firstSeed + seedsPerTest; seed++) {
        const report = await randomCuts({ seed, steps: 40 })
        expect(report.problems).toEqual([])
        cuts += report.cuts
      }
      expect(cuts).toBeGreaterThan(seedsPerTest)
    },
    5 * minutes,
  )
})

describe('the harness catches a broker that', () => {
  test.each(Object.entries(mutants))(
    '%s',
    async (_name, mutant) => {
      const problems: string[] = []
      for (let seed = 1; seed <= 100 && problems.length === 0; seed++) {
        const report = await randomCuts({ seed, steps: 60, mutant })
        problems.push(...report.problems)
      }
      expect(problems).not.toEqual([])
    },
    minutes,
  )
})

/**
 * Simulated power cuts by the hundred thousand: `run.js [--seeds N] [--first-seed N]
 * [--steps N]`. Each seed is a life of its own: clients work on a broker whose disk loses power again and again, and after
 * every crash each promise is checked (src/simulation). CI runs 2,000 seeds of the same as a test; this is for the night.
 *
 * Exit code 0 when every promise was kept, 1 when not (the seeds are named and can be run again alone), 2 for wrong usage.
 */
import { parseArgs } from 'node:util'
import { randomCuts } from '#simulation/power-cut.js'
import { Tally } from '../../lib/tally.js'

const reportEverySeeds = 1000
const failedSeedsMax = 20

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: '100000' },
        'first-seed': { type: 'string', default: '1' },
        steps: { type: 'string', default: '60' },
      },
    })
    const numbers = { seeds: Number(values.seeds), firstSeed: Number(values['first-seed']), steps: Number(values.steps) }
    return Object.values(numbers).every(Number.isSafeInteger) ? numbers : null
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error('usage: power-cut/run.js [--seeds N] [--first-seed N] [--steps N]')
    return 2
  }
  const { seeds, firstSeed, steps } = options
  const startedMs = performance.now()
  const problems: string[] = []
  const figures = { name: 'power-cut', seeds: 0, steps, cuts: 0, calls: 0, acknowledged: 0, failedSeeds: 0, seconds: 0 }
  for (let seed = firstSeed; seed < firstSeed + seeds && figures.failedSeeds < failedSeedsMax; seed++) {
    const report = await randomCuts({ seed, steps })
    problems.push(...report.problems)
    if (report.problems.length > 0) figures.failedSeeds++
    figures.seeds++
    figures.cuts += report.cuts
    figures.calls += report.calls
    figures.acknowledged += report.acknowledged
    if (figures.seeds % reportEverySeeds === 0) console.log(`${figures.seeds} seeds, ${figures.cuts} power cuts`)
  }
  figures.seconds = Math.round((performance.now() - startedMs) / 1000)
  const tally = new Tally()
  tally.claimNone('nothing that was promised was lost in a power cut', problems)
  tally.claim('the power was cut', figures.cuts > 0 ? null : 'no seed came that far')
  return tally.close(figures)
}

import { expect, test } from 'vitest'
import type { Durability } from '../storage/types.js'
import { problemsAfter, transactionCuts } from './transactional-work.js'

async function problemsIn(seeds: readonly number[], durability?: Durability): Promise<{ problems: string[]; cuts: number }> {
  const problems: string[] = []
  let cuts = 0
  for (const seed of seeds) {
    const work = { seed, rounds: 6, cutsOneIn: 12, ...(durability === undefined ? {} : { durability }) }
    for (const cut of await transactionCuts(work)) {
      cuts++
      problems.push(...(await problemsAfter(cut, seed)).map(problem => `seed ${seed}, ${problem}`))
      if (problems.length > 0) return { problems, cuts }
    }
  }
  return { problems, cuts }
}

const seedsFrom = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n)

test.each([1, 4, 7, 10])(
  'wherever the power fails, a transaction is there as a whole or not at all (seeds from %i on)',
  async first => {
    const { problems, cuts } = await problemsIn(seedsFrom(first, 3))
    expect(problems).toEqual([])
    expect(cuts).toBeGreaterThan(25)
  },
  300_000,
)

test('a broker that leaves syncs to the operating system loses transactions that it committed', async () => {
  expect((await problemsIn(seedsFrom(1, 20), 'os')).problems).not.toEqual([])
}, 300_000)

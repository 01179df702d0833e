import { expect, test } from 'vitest'
import { inParallel } from './in-parallel.js'

test('every item is taken once, in order, and no more than so many are under way', async () => {
  const started: number[] = []
  const finish: (() => void)[] = []
  let isDone = false
  const all = inParallel([1, 2, 3, 4, 5], 2, n => {
    started.push(n)
    return new Promise<void>(resolve => finish.push(resolve))
  }).then(() => {
    isDone = true
  })
  for (let n = 0; n < 5; n++) {
    expect(started).toEqual([1, 2, 3, 4, 5].slice(0, n + 2))
    expect(isDone).toBe(false)
    finish[n]!()
    await new Promise(resolve => setImmediate(resolve))
  }
  await all
})

test('a failure is told when what was under way has ended, and nothing new begins', async () => {
  const ended: number[] = []
  const run = inParallel([1, 2, 3, 4], 2, async n => {
    if (n === 1) throw new Error('first')
    await new Promise(resolve => setImmediate(resolve))
    ended.push(n)
  })
  await expect(run).rejects.toThrow('first')
  expect(ended).toEqual([2])
})

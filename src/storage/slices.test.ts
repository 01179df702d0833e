import { expect, test } from 'vitest'
import { atEndOfTurn } from '../base/end-of-turn.js'
import { turnInLine, turnOfEventLoop } from './slices.js'

test('those who stand in line have a turn of the event loop each, in their order', async () => {
  const turns: string[] = []
  const work = async (name: string): Promise<void> => {
    for (let slice = 0; slice < 3; slice++) {
      await turnInLine()
      turns.push(name)
    }
  }
  const working = Promise.all(['a', 'b', 'c'].map(work))
  const perTurn: number[] = []
  for (let seen = 0; turns.length < 9; seen = turns.length) {
    await turnOfEventLoop()
    perTurn.push(turns.length - seen)
  }
  await working
  expect(turns.join('')).toBe('abcabcabc')
  expect(Math.max(...perTurn)).toBe(1)
})

test.each([turnInLine, turnOfEventLoop])('answers to what arrived in a turn leave before long work goes on (%o)', async turn => {
  const steps: string[] = []
  const slice = turn().then(() => steps.push('slice'))
  atEndOfTurn(() => steps.push('answer'))
  await slice
  expect(steps).toEqual(['answer', 'slice'])
})

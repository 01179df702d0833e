import { expect, test } from 'vitest'
import { realWorld } from '../base/world.js'
import { Slices, turnOfEventLoop } from '../storage/slices.js'
import { inSlices } from './long-answer.js'

/** By a clock by which everything takes longer than a slice. */
function slowPause() {
  let nowMs = 0
  const slices = Slices.ofRequest({ ...realWorld.host, monotonicMs: () => (nowMs += 10) })
  return () => (slices.isOver ? slices.next() : null)
}

test('of many long answers one has a slice in a turn of the event loop', async () => {
  let done = 0
  const answer = () =>
    inSlices(slowPause(), 'Metadata', async pause => {
      for (let piece = 0; piece < 3; piece++) {
        await pause()
        done++
      }
    })
  const all = Promise.all(Array.from({ length: 5 }, answer))
  const perTurn: number[] = []
  for (let seen = 0; done < 15; seen = done) {
    await turnOfEventLoop()
    perTurn.push(done - seen)
  }
  await all
  expect(Math.max(...perTurn)).toBe(1)
})

import { expect, test } from 'vitest'
import { frameMemory } from './frame-memory.js'

test('a frame is let in while anything is left, even one larger than the whole bound', () => {
  const memory = frameMemory(100)
  expect(memory.take(1000, () => {})).toBe(true)
  expect(memory.take(1, () => {})).toBe(false)
  memory.give(1000)
  expect(memory.usedBytes).toBe(0)
})

test('whoever found nothing left is called once there is room, and once only', () => {
  const memory = frameMemory(100)
  const called: string[] = []
  memory.take(100, () => called.push('never'))
  memory.take(10, () => called.push('a'))
  memory.take(10, () => called.push('b'))
  memory.give(50)
  expect(called).toEqual(['a', 'b'])
  memory.give(50)
  expect(called).toEqual(['a', 'b'])
})

test('nobody is called while the bound is still passed', () => {
  const memory = frameMemory(100)
  let calls = 0
  memory.take(1000, () => {})
  memory.take(10, () => calls++)
  memory.give(900)
  expect(calls).toBe(0)
  memory.give(1)
  expect(calls).toBe(1)
})

test('one that takes all of the room makes the others wait again', () => {
  const memory = frameMemory(100)
  const taken: string[] = []
  const wait = (name: string): void => {
    if (memory.take(100, () => wait(name))) taken.push(name)
  }
  for (const name of ['a', 'b', 'c']) wait(name)
  expect(taken).toEqual(['a'])
  memory.give(100)
  expect(taken).toEqual(['a', 'b'])
  memory.give(100)
  expect(taken).toEqual(['a', 'b', 'c'])
})

import { expect, test } from 'vitest'
import { frameMemory } from './frame-memory.js'

const frame = (bytes: number) => Buffer.alloc(bytes)

test('a frame is let in while anything is left, even one larger than the whole bound', () => {
  const memory = frameMemory(100)
  expect(memory.take(1000, () => {})).toHaveLength(1000)
  expect(memory.take(1, () => {})).toBeNull()
  memory.give(frame(1000))
  expect(memory.usedBytes).toBe(0)
})

test('whoever found nothing left is called once there is room, and once only', () => {
  const memory = frameMemory(100)
  const called: string[] = []
  memory.take(100, () => called.push('never'))
  memory.take(10, () => called.push('a'))
  memory.take(10, () => called.push('b'))
  memory.give(frame(50))
  expect(called).toEqual(['a', 'b'])
  memory.give(frame(50))
  expect(called).toEqual(['a', 'b'])
})

test('nobody is called while the bound is still passed', () => {
  const memory = frameMemory(100)
  let calls = 0
  memory.take(1000, () => {})
  memory.take(10, () => calls++)
  memory.give(frame(900))
  expect(calls).toBe(0)
  memory.give(frame(1))
  expect(calls).toBe(1)
})

test('one that takes all of the room makes the others wait again', () => {
  const memory = frameMemory(100)
  const taken: string[] = []
  const wait = (name: string): void => {
    if (memory.take(100, () => wait(name)) !== null) taken.push(name)
  }
  for (const name of ['a', 'b', 'c']) wait(name)
  expect(taken).toEqual(['a'])
  memory.give(frame(100))
  expect(taken).toEqual(['a', 'b'])
  memory.give(frame(100))
  expect(taken).toEqual(['a', 'b', 'c'])
})

test('the memory of a large frame serves the next one of about its size, and a bounded amount of it is kept', () => {
  const memory = frameMemory(1e9)
  const take = (bytes: number) => memory.take(bytes, () => {}) as Buffer
  const first = take(1_000_000)
  memory.give(first)
  const second = take(700_000)
  expect(second).toHaveLength(700_000)
  expect(second.buffer).toBe(first.buffer)
  expect(take(1_000_000).buffer).not.toBe(first.buffer)

  const many = Array.from({ length: 100 }, () => take(1_000_000))
  for (const each of many) memory.give(each)
  const again = new Set(Array.from({ length: 100 }, () => take(1_000_000).buffer))
  expect(many.filter(({ buffer }) => again.has(buffer))).toHaveLength(8)
})

test('small and huge frames are not kept', () => {
  const memory = frameMemory(1e9)
  for (const bytes of [1000, 60_000_000]) {
    const first = memory.take(bytes, () => {}) as Buffer
    memory.give(first)
    expect(memory.take(bytes, () => {})?.buffer).not.toBe(first.buffer)
  }
})

test('sizes that nobody sends any more do not keep out those that come now', () => {
  const memory = frameMemory(1e9)
  const take = (bytes: number) => memory.take(bytes, () => {}) as Buffer
  for (const large of Array.from({ length: 20 }, () => take(1_000_000))) memory.give(large)
  const small = take(70_000)
  memory.give(small)
  expect(take(70_000).buffer).toBe(small.buffer)
})

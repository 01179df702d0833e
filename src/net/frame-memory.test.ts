import { expect, test } from 'vitest'
import { fakeWorld } from '../testing/fake-world.js'
import { largeKeptMsMax, frameMemory as memoryOf } from './frame-memory.js'

/** Frames of many connections at many addresses. */
function frameMemory(bytesMax: number, world = fakeWorld()) {
  const memory = memoryOf(bytesMax, world.host)
  let count = 0
  const account = () => memory.accountOf(`${count++}`)
  return {
    take: (bytes: number, onRoom: () => void) => account().take(bytes, onRoom),
    give: (frame: Buffer) => account().give(frame, frame.byteLength),
    get usedBytes() {
      return memory.usedBytes
    },
  }
}

const frame = (bytes: number) => Buffer.alloc(bytes)

test('a frame is let in while anything is left, even one larger than the whole bound', () => {
  const memory = frameMemory(100)
  expect(memory.take(1000, () => {})).toHaveLength(1000)
  expect(memory.take(1, () => {})).toBeNull()
  memory.give(frame(1000))
  expect(memory.usedBytes).toBe(0)
})

test('a connection that found no memory is called once there is room, and only once', () => {
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

test('no connection is called while the limit is still exceeded', () => {
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

test('the memory of a huge frame serves the next ones, until for some seconds none came', () => {
  const world = fakeWorld()
  const memory = frameMemory(1e9, world)
  const take = () => memory.take(10_000_000, () => {}) as Buffer
  const first = take()
  memory.give(first)
  world.advance(largeKeptMsMax - 1)
  const second = take()
  expect(second.buffer).toBe(first.buffer)
  memory.give(second)
  world.advance(largeKeptMsMax - 1)
  const third = take()
  expect(third.buffer).toBe(first.buffer)
  memory.give(third)
  world.advance(largeKeptMsMax)
  expect(take().buffer).not.toBe(first.buffer)
})

test('small frames are not kept', () => {
  const memory = frameMemory(1e9)
  const first = memory.take(1000, () => {}) as Buffer
  memory.give(first)
  expect(memory.take(1000, () => {})?.buffer).not.toBe(first.buffer)
})

test('sizes that are no longer sent do not keep out those that come now', () => {
  const memory = frameMemory(1e9)
  const take = (bytes: number) => memory.take(bytes, () => {}) as Buffer
  for (const large of Array.from({ length: 20 }, () => take(1_000_000))) memory.give(large)
  const small = take(70_000)
  memory.give(small)
  expect(take(70_000).buffer).toBe(small.buffer)
})

test('the connections of one address share half of the memory, so that others find some', () => {
  const memory = memoryOf(100, fakeWorld().host)
  const [a, alsoA, b] = [memory.accountOf('a'), memory.accountOf('a'), memory.accountOf('b')]
  const called: string[] = []
  a.take(60, () => {})
  expect(alsoA.take(1, () => called.push('also a'))).toBeNull()
  const ofB = b.take(20, () => {}) as Buffer
  expect(ofB).toHaveLength(20)
  // Room for all, and none for this address.
  b.give(ofB, 20)
  expect(alsoA.take(1, () => called.push('again'))).toBeNull()
  a.give(frame(60), 60)
  expect([called, memory.usedBytes, a.usedBytes]).toEqual([['also a', 'again'], 0, 0])
  expect(alsoA.take(1, () => {})).not.toBeNull()
})

test('an address that has left is forgotten', () => {
  const memory = memoryOf(100, fakeWorld().host)
  const a = memory.accountOf('a')
  const taken = a.take(80, () => {}) as Buffer
  a.close()
  a.give(taken, 80)
  expect(memory.accountOf('a').take(10, () => {})).not.toBeNull()
})

test('a frame that grows takes along what it is filled with; what it may be filled with is charged', () => {
  const memory = memoryOf(1000, fakeWorld().host)
  const account = memory.accountOf('a')
  const small = account.take(10, () => {}) as Buffer
  small.fill(7)
  expect(account.charge(30, false, () => {})).toBe(true)
  const grown = account.exchange(small, 8, 100)
  expect([grown.byteLength, [...grown.subarray(0, 8)], memory.usedBytes]).toEqual([100, Array(8).fill(7), 40])
  account.give(grown, 40)
  expect(memory.usedBytes).toBe(0)
})

test('beyond the bound one frame at a time goes on growing, so that frames that have all begun do not wait for ever', () => {
  const memory = memoryOf(100, fakeWorld().host)
  const [a, b] = [memory.accountOf('a'), memory.accountOf('b')]
  const called: string[] = []
  for (const account of [a, b]) account.take(60, () => {})
  // Who waits for something else than its own bytes is not the one.
  expect(a.charge(40, false, () => called.push('a'))).toBe(false)
  expect(a.charge(40, true, () => {})).toBe(true)
  expect(b.charge(40, true, () => called.push('b'))).toBe(false)
  expect(a.charge(60, true, () => {})).toBe(true)
  // Another frame of the one that passed is done: there is no room yet, and the next may pass.
  a.give(frame(10), 10)
  expect([called, memory.usedBytes]).toEqual([['a', 'b'], 210])
  expect(b.charge(40, true, () => {})).toBe(true)
})

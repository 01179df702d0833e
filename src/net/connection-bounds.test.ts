/** What a connection may cost: memory as it arrives, time to arrive in, time to be answered in; and how it is muted. */
import { expect, test } from 'vitest'
import type { Outgoing } from '../protocol/frame.js'
import { ConnectionFault } from './connection.js'
import { connected, settled } from './fake-socket.test-support.js'
import { answerTo, deferred, later, requestFrame } from './harness.test-support.js'

test('a connection that is muted answers what has started, and reads and starts nothing until then', async () => {
  const first = deferred<Outgoing>()
  const { feed, started, socket, served, world } = connected(id => {
    if (id !== 0) return answerTo(id)
    served.control.muteFor(500)
    return later(first.promise)
  })
  feed(Buffer.concat([requestFrame(0), requestFrame(1)]))
  first.resolve(answerTo(0))
  await settled()
  expect([started, socket.written, socket.isPaused]).toEqual([[0], [0], true])
  world.advance(499)
  expect(started).toEqual([0])
  world.advance(1)
  expect([started, socket.written, socket.isPaused]).toEqual([[0, 1], [0, 1], false])
})

test('of two times to be muted for the later end counts', () => {
  const { socket, served, world } = connected(id => answerTo(id))
  served.control.muteFor(500)
  served.control.muteFor(200)
  served.control.muteFor(-1)
  world.advance(499)
  expect(socket.isPaused).toBe(true)
  served.control.muteFor(400)
  world.advance(399)
  expect(socket.isPaused).toBe(true)
  world.advance(1)
  expect(socket.isPaused).toBe(false)
})

test('a muted connection that closes leaves no timer behind', async () => {
  const { connection, served, world } = connected(id => answerTo(id))
  served.control.muteFor(500)
  connection.close()
  expect(world.pendingTimers).toBe(0)
})

test('a frame a little larger than 64 KiB is collected where it will stay', async () => {
  const { feedSlowly, memory } = connected(id => answerTo(id), { frameBytesMax: 60_000_000, memoryBytes: 1e9 })
  await feedSlowly(requestFrame(0, { padding: 65_000 }).subarray(0, 5))
  expect(memory.usedBytes).toBe(65_008)
})

test('a frame gets memory as it arrives, and not for what it says that will come', async () => {
  const { feedSlowly, memory, started } = connected(id => answerTo(id), { frameBytesMax: 60_000_000, memoryBytes: 1e9 })
  const frame = requestFrame(0, { padding: 10_000_000 })
  let from = 0
  const used: number[] = []
  for (const to of [5, 65 * 1024, 70 * 1024, 1_500_000, 5_000_000]) {
    await feedSlowly(frame.subarray(from, to))
    from = to
    used.push(memory.usedBytes)
  }
  const megabyte = 1024 * 1024
  expect(used).toEqual([64 * 1024, megabyte, megabyte, 4 * megabyte, 10_000_008])
  await feedSlowly(frame.subarray(from))
  expect([started, memory.usedBytes]).toEqual([[0], 0])
})

test('behind a request in its handler a megabyte is collected; the rest comes when that is answered', async () => {
  const first = deferred<Outgoing>()
  const { feed, feedSlowly, memory, started, socket } = connected(id => (id === 0 ? later(first.promise) : answerTo(id)), {
    frameBytesMax: 60_000_000,
    memoryBytes: 1e9,
  })
  feed(requestFrame(0))
  const large = requestFrame(1, { padding: 5_000_000 })
  const taken = await feedSlowly(large)
  expect([socket.isPaused, memory.usedBytes]).toEqual([true, 1024 * 1024])
  expect(taken).toBeLessThan(1_500_000)
  first.resolve(answerTo(0))
  await settled()
  await feedSlowly(large.subarray(taken))
  expect([started, memory.usedBytes]).toEqual([[0, 1], 0])
})

test.each([
  ['a byte', 1, 1],
  ['a megabyte', 1_100_000, 0],
])('a frame of which %s arrives now and then: given up %i', async (_what, stepBytes, faultCount) => {
  const { feedSlowly, faults, world, connection } = connected(id => answerTo(id), { frameBytesMax: 60_000_000, memoryBytes: 1e9 })
  const frame = requestFrame(0, { padding: 40_000_000 })
  let sent = await feedSlowly(frame.subarray(0, 5))
  for (let second = 0; second < 120; second += 5) {
    world.advance(5000)
    if (second % 25 === 0) sent += await feedSlowly(frame.subarray(sent, sent + stepBytes))
    connection.closeIfStalled(-1)
  }
  expect(faults).toHaveLength(faultCount)
})

test('while a connection is not read from, its frame need not get on', () => {
  const { feed, served, world, connection, faults } = connected(id => answerTo(id))
  feed(requestFrame(0, { padding: 100 }).subarray(0, 6))
  served.control.muteFor(100_000)
  for (let n = 0; n < 10; n++) {
    world.advance(9000)
    connection.closeIfStalled(-1)
  }
  expect(faults).toEqual([])
})

test('the first bytes of a length count as a frame that has begun', () => {
  const { feed, faults, world, connection } = connected(id => answerTo(id))
  feed(Buffer.from([0, 0]))
  world.advance(31_000)
  connection.closeIfStalled(-1)
  expect(faults[0]).toBeInstanceOf(ConnectionFault)
  expect(String(faults[0])).toContain('a frame did not arrive')
})

test('a client that does not read its answers is idle; one that reads a little is not', () => {
  const { feed, socket, world, connection } = connected(id => answerTo(id, 300_000))
  socket.isStuck = true
  feed(Buffer.concat([0, 1].map(id => requestFrame(id))))
  const waitAndLook = (): boolean => {
    world.advance(900)
    connection.closeIfStalled(1000)
    return socket.isDestroyed
  }
  expect(waitAndLook()).toBe(false)
  socket.flush()
  expect(waitAndLook()).toBe(false)
  socket.isStuck = true
  feed(requestFrame(2))
  expect([waitAndLook(), waitAndLook()]).toEqual([false, true])
})

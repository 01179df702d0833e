import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outgoing } from '../protocol/frame.js'
import { fakeWorld } from '../testing/fake-world.js'
import { memorySlice } from '../testing/slices.js'
import { connected, settled } from './fake-socket.test-support.js'
import { frameMemory } from './frame-memory.js'
import { answerTo, deferred, fetchKey, later, produceKey, requestFrame } from './harness.test-support.js'

test('frames are the same however the stream is cut', async () => {
  const lengths = [0, 1, 5, 30, 200]
  const stream = Buffer.concat(lengths.map((padding, id) => requestFrame(id, { padding })))
  for (let cut = 1; cut < stream.byteLength; cut++) {
    const seen: string[] = []
    const { feed, socket } = connected((id, _key, frame) => {
      seen.push(Buffer.from(frame).toString('hex'))
      return answerTo(id)
    })
    feed(stream.subarray(0, cut))
    feed(stream.subarray(cut))
    expect(seen).toEqual(lengths.map((padding, id) => requestFrame(id, { padding }).subarray(4).toString('hex')))
    expect(socket.written).toEqual([0, 1, 2, 3, 4])
  }
})

test('any cutting of any frames keeps their order and content, and gives all memory back', async () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 })
  const paddings = fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(paddings, pieces, fc.integer({ min: 32, max: 700 }), async (frames, cuts, sharedBytes) => {
      const waiting: (() => void)[] = []
      const { feed, started, socket, memory, faults } = connected((id, key, frame) => {
        expect(frame.subarray(8).every(byte => byte === (id & 0xff))).toBe(true)
        if (id % 3 === 0) return answerTo(id)
        const { promise, resolve } = deferred<Outgoing>()
        waiting.push(() => resolve(answerTo(id)))
        return later(promise, { isOrdered: key === produceKey })
      })
      const stream = Buffer.concat(
        frames.map((padding, id) => requestFrame(id, { key: id % 2 === 0 ? produceKey : fetchKey, padding })),
      )
      for (let at = 0, n = 0; at < stream.byteLength; n++) {
        const length = cuts[n % cuts.length] as number
        feed(stream.subarray(at, at + length), sharedBytes)
        at += length
        if (n % 4 === 0) {
          waiting.pop()?.()
          await settled()
        }
      }
      while (started.length < frames.length || waiting.length > 0) {
        for (const answer of waiting.splice(0)) answer()
        await settled()
      }
      const ids = frames.map((_, id) => id)
      expect(started).toEqual(ids)
      expect(socket.written).toEqual(ids)
      expect(memory.usedBytes).toBe(0)
      expect(faults).toEqual([])
    }),
    { numRuns: 60 },
  )
})

for (const length of [-1, 0, 7, 1001, 0x7fff_ffff, -0x8000_0000]) {
  test(`a frame that claims ${length} bytes closes the connection before anything is allocated for it`, () => {
    const { feed, faults, socket, memory } = connected(id => answerTo(id), { frameBytesMax: 1000 })
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(length)
    feed(prefix.subarray(0, 3))
    expect(socket.isDestroyed).toBe(false)
    feed(prefix.subarray(3))
    expect(socket.isDestroyed).toBe(true)
    expect(faults).toHaveLength(1)
    expect(String(faults[0])).toContain(`frame of ${length} bytes`)
    expect(memory.usedBytes).toBe(0)
  })
}

test('nothing behind a frame that closes the connection is started', () => {
  const { feed, started, faults } = connected(id => {
    if (id === 1) throw new Error('not a request')
    return answerTo(id)
  })
  feed(Buffer.concat([requestFrame(0), requestFrame(1), requestFrame(2), requestFrame(3)]))
  expect(started).toEqual([0, 1])
  expect(faults).toHaveLength(1)
})

test('nothing that waits behind a request that closes the connection is started', async () => {
  const first = deferred<Outgoing>()
  const { feed, started, memory, isClosed } = connected(id => {
    if (id === 1) throw new Error('not a request')
    return id === 0 ? later(first.promise) : answerTo(id)
  })
  feed(Buffer.concat([0, 1, 2, 3].map(id => requestFrame(id))))
  first.resolve(answerTo(0))
  await settled()
  await settled()
  expect(started).toEqual([0, 1])
  expect(memory.usedBytes).toBe(0)
  expect(isClosed()).toBe(true)
})

test('a request waits until the one before it is answered', async () => {
  const answers = [deferred<Outgoing>(), deferred<Outgoing>(), deferred<Outgoing>()] as const
  const { feed, started, socket } = connected(id => later(answers[id as 0 | 1 | 2].promise))
  feed(Buffer.concat([0, 1, 2].map(id => requestFrame(id))))
  expect(started).toEqual([0])
  answers[0].resolve(answerTo(0))
  await settled()
  expect(started).toEqual([0, 1])
  answers[2].resolve(answerTo(2))
  answers[1].resolve(answerTo(1))
  await settled()
  expect(socket.written).toEqual([0, 1, 2])
})

test('ordered requests start before the one in front is durable, and are answered in their order', async () => {
  const answers = Array.from({ length: 3 }, () => deferred<Outgoing>())
  const { feed, started, socket } = connected(id => {
    const answer = answers[id]
    return answer === undefined ? answerTo(id) : later(answer.promise, { isOrdered: true })
  })
  const produce = { key: produceKey }
  // The fourth is answered at once (acks=1), the fifth is no produce.
  feed(Buffer.concat([0, 1, 2, 3].map(id => requestFrame(id, produce))))
  feed(requestFrame(4))
  expect(started).toEqual([0, 1, 2, 3])
  answers[2]?.resolve(answerTo(2))
  answers[1]?.resolve(answerTo(1))
  await settled()
  expect(socket.written).toEqual([])
  answers[0]?.resolve(answerTo(0))
  await settled()
  expect(started).toEqual([0, 1, 2, 3, 4])
  expect(socket.written).toEqual([0, 1, 2, 3, 4])
})

test('an ordered request that takes some turns holds up the next until its effects are fixed, and no longer', async () => {
  const fixed = deferred<void>()
  const answers = [deferred<Outgoing>(), deferred<Outgoing>()] as const
  const { feed, started, socket, memory } = connected(id =>
    later(answers[id as 0 | 1].promise, { isOrdered: true, fixed: id === 0 ? fixed.promise : null, keepsFrame: true }),
  )
  const produce = { key: produceKey, padding: 1000 }
  feed(requestFrame(0, produce), 100)
  feed(requestFrame(1, produce), 100)
  await settled()
  expect([started, memory.usedBytes]).toEqual([[0], 2 * 1008])
  fixed.resolve()
  await settled()
  // The first needs its bytes no more.
  expect([started, memory.usedBytes]).toEqual([[0, 1], 1008])
  answers[1].resolve(answerTo(1))
  await settled()
  expect(socket.written).toEqual([])
  answers[0].resolve(answerTo(0))
  await settled()
  expect([socket.written, memory.usedBytes]).toEqual([[0, 1], 0])
})

test('a produce behind a request of another kind waits for its answer', async () => {
  const first = deferred<Outgoing>()
  const { feed, started } = connected(id => (id === 0 ? later(first.promise) : answerTo(id)))
  feed(Buffer.concat([requestFrame(0), requestFrame(1, { key: produceKey })]))
  expect(started).toEqual([0])
  first.resolve(answerTo(0))
  await settled()
  expect(started).toEqual([0, 1])
})

test('a produce waits for a request that started while the one before was being answered', async () => {
  const answers = [deferred<Outgoing>(), deferred<Outgoing>()]
  const { feed, started, socket } = connected(id => {
    const answer = answers[id]
    return answer === undefined ? answerTo(id) : later(answer.promise)
  })
  feed(Buffer.concat([requestFrame(0), requestFrame(1), requestFrame(2, { key: produceKey })]))
  answers[0]?.resolve(answerTo(0))
  await settled()
  expect(started).toEqual([0, 1])
  answers[1]?.resolve(answerTo(1))
  await settled()
  expect(socket.written).toEqual([0, 1, 2])
})

test('no more than 32 ordered requests wait for durability at once', async () => {
  const answers: ReturnType<typeof deferred<Outgoing>>[] = []
  const { feed, started, socket } = connected(() => {
    const answer = deferred<Outgoing>()
    answers.push(answer)
    return later(answer.promise, { isOrdered: true })
  })
  feed(Buffer.concat(Array.from({ length: 40 }, (_, id) => requestFrame(id, { key: produceKey }))))
  expect(started).toHaveLength(32)
  answers[0]?.resolve(answerTo(0))
  await settled()
  expect(started).toHaveLength(33)
  for (let id = 1; id < 40; id++) {
    answers[id]?.resolve(answerTo(id))
    await settled()
  }
  expect(socket.written).toEqual(Array.from({ length: 40 }, (_, id) => id))
})

test('a request without an answer (acks=0) leaves no gap', async () => {
  const first = deferred<Outgoing>()
  const second = deferred<null>()
  const { feed, socket } = connected(id => {
    if (id === 0) return later(first.promise, { isOrdered: true })
    if (id === 1) return later(second.promise, { isOrdered: true })
    return id === 2 ? null : answerTo(id)
  })
  feed(Buffer.concat([0, 1, 2, 3].map(id => requestFrame(id, { key: produceKey }))))
  second.resolve(null)
  first.resolve(answerTo(0))
  await settled()
  expect(socket.written).toEqual([0, 3])
})

test('a failed answer closes the connection', async () => {
  const first = deferred<Outgoing>()
  const { feed, faults, isClosed } = connected(() => later(first.promise))
  feed(requestFrame(0))
  first.reject(new Error('broken'))
  await settled()
  await settled()
  expect(faults).toEqual([new Error('broken')])
  expect(isClosed()).toBe(true)
})

test('a client that does not read is neither served nor read from, and is again when it reads', async () => {
  const { feed, socket, started } = connected(id => answerTo(id, 300 * 1024))
  socket.isStuck = true
  const stream = Buffer.concat(Array.from({ length: 300 }, (_, id) => requestFrame(id)))
  feed(stream)
  // 1 MiB and the answer that passed it.
  expect(started).toHaveLength(4)
  expect(socket.isPaused).toBe(true)
  for (let round = 0; started.length < 300; round++) {
    socket.isStuck = true
    socket.flush()
    expect(started.length).toBeGreaterThan(round)
    expect(socket.writableLength).toBeLessThan(1.4 * 1024 * 1024)
    await settled()
  }
  expect(socket.written).toEqual(Array.from({ length: 300 }, (_, id) => id))
  socket.flush()
  expect(socket.isPaused).toBe(false)
})

test('behind a parked request at most 64 frames are cut', async () => {
  const first = deferred<Outgoing>()
  const { feed, socket, started, memory } = connected(id => (id === 0 ? later(first.promise) : answerTo(id)))
  const frame = requestFrame(1).byteLength - 4
  feed(Buffer.concat(Array.from({ length: 1000 }, (_, id) => requestFrame(id))))
  expect(socket.isPaused).toBe(true)
  expect(memory.usedBytes).toBe(64 * frame)
  first.resolve(answerTo(0))
  await settled()
  expect(started).toHaveLength(1000)
  expect(socket.written).toEqual(Array.from({ length: 1000 }, (_, id) => id))
  expect(memory.usedBytes).toBe(0)
  expect(socket.isPaused).toBe(false)
})

test('who sends half a megabyte in one turn of the event loop is read from again in the next', async () => {
  const { feed, socket, started } = connected(id => answerTo(id))
  feed(Buffer.concat(Array.from({ length: 8 }, (_, id) => requestFrame(id, { padding: 100_000 }))), 64 * 1024)
  expect(started).toEqual([0, 1, 2, 3, 4])
  expect(socket.isPaused).toBe(true)
  await new Promise(resolve => setImmediate(resolve))
  expect(socket.isPaused).toBe(false)
})

test('without memory for its frame a connection stops reading until another gives some back', async () => {
  const memory = frameMemory(100, fakeWorld())
  const first = deferred<Outgoing>()
  const a = connected(id => (id === 0 ? later(first.promise) : answerTo(id)), { memory })
  const b = connected(id => answerTo(id), { memory })
  a.feed(Buffer.concat([requestFrame(0), requestFrame(1, { padding: 200 })]))
  expect(memory.usedBytes).toBe(208)
  // Whole frames that may start at once need none.
  b.feed(requestFrame(0))
  expect(b.started).toEqual([0])
  const late = Buffer.concat([requestFrame(1, { padding: 20 }), requestFrame(2), requestFrame(3)])
  b.feed(late.subarray(0, 6))
  expect(b.socket.isPaused).toBe(true)
  first.resolve(answerTo(0))
  await settled()
  expect(a.started).toEqual([0, 1])
  expect(b.socket.isPaused).toBe(false)
  b.feed(late.subarray(6))
  expect(b.started).toEqual([0, 1, 2, 3])
  expect(memory.usedBytes).toBe(0)
})

test('a connection that waits for memory of its own resumes when its own frames are done', async () => {
  const first = deferred<Outgoing>()
  const { feed, started, memory, socket } = connected(id => (id === 0 ? later(first.promise) : answerTo(id)), { memoryBytes: 60 })
  feed(Buffer.concat(Array.from({ length: 12 }, (_, id) => requestFrame(id, { padding: 4 }))))
  expect(memory.usedBytes).toBe(36)
  expect(socket.isPaused).toBe(true)
  first.resolve(answerTo(0))
  await settled()
  expect(started).toHaveLength(12)
  expect(memory.usedBytes).toBe(0)
  expect(socket.isPaused).toBe(false)
})

test('closing gives back the memory of frames that wait and of the one being collected', async () => {
  const { feed, connection, memory, isClosed } = connected(() => later(new Promise(() => {})))
  feed(Buffer.concat([requestFrame(0), requestFrame(1, { padding: 50 }), requestFrame(2, { padding: 500 }).subarray(0, 100)]))
  expect(memory.usedBytes).toBe(58 + 508)
  connection.close()
  expect(memory.usedBytes).toBe(0)
  await settled()
  expect(isClosed()).toBe(true)
})

test('draining gives back the memory of frames that wait, and answers what is under way', async () => {
  const first = deferred<Outgoing>()
  const { feed, connection, memory, socket, started } = connected(() => later(first.promise))
  feed(Buffer.concat([requestFrame(0), requestFrame(1)]))
  connection.drain()
  expect(memory.usedBytes).toBe(0)
  expect(connection.isQuiet).toBe(false)
  first.resolve(answerTo(0))
  await settled()
  expect(started).toEqual([0])
  expect(socket.written).toEqual([0])
  expect(connection.isQuiet).toBe(true)
})

test('what arrived before the client ended is still served', async () => {
  const first = deferred<Outgoing>()
  const { feed, socket, started } = connected(id => (id === 0 ? later(first.promise) : null))
  feed(Buffer.concat([0, 1, 2].map(id => requestFrame(id))))
  socket.emit('end')
  expect(socket.isDestroyed).toBe(false)
  first.resolve(answerTo(0))
  await settled()
  expect(started).toEqual([0, 1, 2])
  expect(socket.isDestroyed).toBe(true)
})

test('a client that ends with nothing waiting is closed', () => {
  const { feed, socket } = connected(() => later(new Promise(() => {})))
  feed(requestFrame(0))
  socket.emit('end')
  expect(socket.isDestroyed).toBe(true)
})

test('an answer that comes after the connection is closed only lets go of its files', async () => {
  const first = deferred<Outgoing>()
  const { feed, socket, connection } = connected(() => later(first.promise))
  feed(requestFrame(0))
  connection.close()
  let released = 0
  const source = memorySlice(Buffer.alloc(5), () => void released++)
  first.resolve({ pieces: null, bytes: Buffer.alloc(8), inserts: [{ position: 8, source }], byteLength: 13 })
  await settled()
  expect(released).toBe(1)
  expect(socket.written).toEqual([])
})

for (const [what, end] of [
  ['a request that cannot be served', requestFrame(9)],
  ['a frame that cannot be', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0])],
] as const) {
  test(`${what} ends the connection behind the answers to the requests before it`, async () => {
    const answers = [deferred<Outgoing>(), deferred<Outgoing>()] as const
    const { feed, started, socket, faults, isClosed } = connected(id => {
      if (id === 9) throw new Error('not a request')
      return later(answers[id as 0 | 1].promise, { isOrdered: true })
    })
    const produce = { key: produceKey }
    const ending = Buffer.from(end)
    ending[5] = produceKey
    feed(Buffer.concat([requestFrame(0, produce), requestFrame(1, produce), ending, requestFrame(1, produce)]))
    expect([started.filter(id => id !== 9), faults.length, isClosed()]).toEqual([[0, 1], 1, false])
    answers[1].resolve(answerTo(1))
    await settled()
    answers[0].resolve(answerTo(0))
    await settled()
    await settled()
    expect([socket.written, faults.length, isClosed()]).toEqual([[0, 1], 1, true])
  })
}

test('a connection that is ending ends also when the answer that it waits for fails', async () => {
  const answer = deferred<Outgoing>()
  const { feed, faults, isClosed } = connected(() => later(answer.promise))
  feed(Buffer.concat([requestFrame(0), Buffer.from([0xff, 0xff, 0xff, 0xff])]))
  expect([faults.length, isClosed()]).toEqual([1, false])
  answer.reject(new Error('refused'))
  await settled()
  await settled()
  expect([faults.length, isClosed()]).toEqual([1, true])
})

test('a request whose answer fails takes those behind it along, and not those before it', async () => {
  const answers = Array.from({ length: 3 }, () => deferred<Outgoing>())
  const { feed, socket, faults, isClosed } = connected(id => later(answers[id]!.promise, { isOrdered: true }))
  feed(Buffer.concat([0, 1, 2].map(id => requestFrame(id, { key: produceKey }))))
  answers[1]?.reject(new Error('broken'))
  answers[2]?.resolve(answerTo(2))
  await settled()
  expect([socket.written, faults.length, isClosed()]).toEqual([[], 1, false])
  answers[0]?.resolve(answerTo(0))
  await settled()
  await settled()
  expect([socket.written, isClosed()]).toEqual([[0], true])
})

test('a connection that the broker closes gives the answers that are under way, its reason, and takes nothing more', async () => {
  const first = deferred<Outgoing>()
  const { feed, started, served, socket, faults, isClosed } = connected(() => later(first.promise))
  feed(Buffer.concat([requestFrame(0), requestFrame(1)]))
  served.control.close('the password is wrong')
  first.resolve(answerTo(0))
  await settled()
  await settled()
  expect([started, socket.written, isClosed(), served.closedCount]).toEqual([[0], [0], true, 1])
  expect(faults.map(String)).toEqual(['ConnectionFault: the password is wrong'])
})

test('what serves a connection is told once that it is over', async () => {
  const { connection, served } = connected(id => answerTo(id))
  connection.close()
  connection.close()
  await settled()
  expect(served.closedCount).toBe(1)
})

test('a kept frame stays as it is until the answer is known; a view of the shared buffer cannot be kept', async () => {
  const answers = [deferred<Outgoing>(), deferred<Outgoing>()] as const
  const seen: [Uint8Array, boolean][] = []
  const { feed, memory } = connected((id, _key, frame, isOwnMemory) => {
    seen.push([frame, isOwnMemory])
    return id < 2 ? later(answers[id as 0 | 1].promise, { keepsFrame: true }) : answerTo(id)
  })
  feed(requestFrame(0, { padding: 100_000 }), 1024)
  expect(memory.usedBytes).toBe(100_008)
  feed(requestFrame(1))
  answers[0].resolve(answerTo(0))
  expect(Buffer.from(seen[0]![0].subarray(8)).every(byte => byte === 0)).toBe(true)
  await settled()
  // The second waited, in memory of its own.
  expect(memory.usedBytes).toBe(8)
  answers[1].resolve(answerTo(1))
  await settled()
  feed(requestFrame(2))
  expect([seen.map(([, isOwnMemory]) => isOwnMemory), memory.usedBytes]).toEqual([[true, true, false], 0])
})

test('a kept frame gives its memory back when its request fails, and when its client has gone', async () => {
  for (const isGone of [false, true]) {
    const answer = deferred<Outgoing>()
    const { feed, memory, connection } = connected(() => later(answer.promise, { keepsFrame: true }))
    feed(requestFrame(0, { padding: 2000 }), 1024)
    if (isGone) connection.close()
    expect(memory.usedBytes).toBe(2008)
    if (isGone) answer.resolve(answerTo(0))
    else answer.reject(new Error('broken'))
    await settled()
    expect(memory.usedBytes).toBe(0)
  }
})

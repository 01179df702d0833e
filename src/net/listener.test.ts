import net from 'node:net'
import { expect, test } from 'vitest'
import type { Outgoing } from '../protocol/frame.js'
import { fakeWorld } from '../testing/fake-world.js'
import type { Dispatched } from './connection.js'
import { ConnectionQuotas } from './connection-quotas.js'
import {
  answerTo,
  deferred,
  eventually,
  later,
  limitsOf,
  listenerOptions,
  listening,
  quotasOf,
  RawClient,
  reported,
  requestFrame,
  type Served,
  serveBy,
} from './harness.test-support.js'
import { Listener } from './listener.js'
import type { NativeCalls } from './native.js'

const echo = serveBy(id => answerTo(id))

test('a listener on port 0 says where it listens, and serves', async () => {
  await using listener = await listening(listenerOptions(echo))
  expect(listener.port).toBeGreaterThan(0)
  using client = await RawClient.connect(listener.port)
  client.send(requestFrame(7))
  expect(await client.answer()).toBe(7)
})

test('a taken port is the system’s own error', async () => {
  await using listener = await listening(listenerOptions(echo))
  const second = Listener.listen({ ...listenerOptions(echo), port: listener.port })
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('frames that come byte by byte, and many that come at once, are served in order', async () => {
  await using listener = await listening(listenerOptions(echo))
  using client = await RawClient.connect(listener.port)
  for (const byte of requestFrame(1)) await new Promise(resolve => client.socket.write(Buffer.from([byte]), resolve))
  expect(await client.answer()).toBe(1)
  const count = 20_000
  client.send(...Array.from({ length: count }, (_, id) => requestFrame(id)))
  for (let id = 0; id < count; id++) expect(await client.answer()).toBe(id)
})

test('a frame larger than the shared buffer arrives whole', async () => {
  const sums: number[] = []
  const serve = serveBy((id, frame) => {
    sums.push(frame.subarray(8).reduce((sum, byte) => sum + byte, 0))
    return answerTo(id)
  })
  await using listener = await listening({ ...listenerOptions(serve), frameBytesMax: 10_000_000 })
  using client = await RawClient.connect(listener.port)
  client.send(requestFrame(3, { padding: 5_000_000 }), requestFrame(1, { padding: 10 }))
  expect([await client.answer(), await client.answer()]).toEqual([3, 1])
  expect(sums).toEqual([15_000_000, 10])
})

test('many connections share one buffer and keep their own frames', async () => {
  const serve = serveBy((id, frame): Dispatched => {
    expect(frame.subarray(8).every(byte => byte === (id & 0xff))).toBe(true)
    return later(Promise.resolve(answerTo(id, frame.byteLength)))
  })
  await using listener = await listening(listenerOptions(serve))
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(listener.port)))
  for (let round = 0; round < 5; round++) {
    for (const [n, client] of clients.entries()) {
      client.send(
        ...Array.from({ length: 10 }, (_, k) => requestFrame(n * 10 + k, { padding: (n * 7919 + k * 104_729) % 90_000 })),
      )
    }
    for (const [n, client] of clients.entries()) {
      for (let k = 0; k < 10; k++) expect(await client.answer()).toBe(n * 10 + k)
    }
  }
  for (const client of clients) client.socket.destroy()
  expect(reported.faults).toEqual([])
})

test('a client that half-closes after its requests has them all served', async () => {
  const first = deferred<Outgoing>()
  const started: number[] = []
  const serve = serveBy((id): Dispatched => {
    started.push(id)
    return id === 0 ? later(first.promise) : null
  })
  await using listener = await listening(listenerOptions(serve))
  using client = await RawClient.connect(listener.port)
  client.send(requestFrame(0), requestFrame(1), requestFrame(2))
  client.socket.end()
  await eventually(() => started.length === 1)
  first.resolve(answerTo(0))
  await eventually(() => started.length === 3)
  await eventually(() => listener.connectionCount === 0)
})

test('a client that disappears is forgotten, with a request parked and without', async () => {
  let started = 0
  const serve = serveBy((): Dispatched => {
    started += 1
    return later(new Promise(() => {}))
  })
  await using listener = await listening(listenerOptions(serve))
  for (const isRude of [true, false]) {
    using quiet = await RawClient.connect(listener.port)
    using waiting = await RawClient.connect(listener.port)
    waiting.send(requestFrame(0))
    await eventually(() => listener.connectionCount === 2 && started === (isRude ? 1 : 2))
    for (const { socket } of [quiet, waiting]) {
      if (isRude) socket.resetAndDestroy()
      else socket.destroy()
    }
    await eventually(() => listener.connectionCount === 0)
  }
  expect(reported.faults).toEqual([])
})

test('connections beyond the bound wait unread, and are served when there is room', async () => {
  await using listener = await listening({ ...listenerOptions(echo), quotas: quotasOf({ connectionsMax: 2 }) })
  using first = await RawClient.connect(listener.port)
  using second = await RawClient.connect(listener.port)
  second.send(requestFrame(1))
  expect(await second.answer()).toBe(1)
  using third = await RawClient.connect(listener.port)
  third.send(requestFrame(3))
  await eventually(() => reported.waiting.length === 1)
  expect(reported).toMatchObject({ refused: [], waiting: ['max.connections is reached'] })
  expect(listener.connectionCount).toBe(2)
  first.socket.destroy()
  expect(await third.answer()).toBe(3)
})

test('as many wait as the backlog is long; further ones are closed, and all are when the broker stops', async () => {
  const options = { ...listenerOptions(echo), quotas: quotasOf({ connectionsMax: 1 }), backlog: 2 }
  await using listener = await listening(options)
  using _first = await RawClient.connect(listener.port)
  using second = await RawClient.connect(listener.port)
  using third = await RawClient.connect(listener.port)
  using fourth = await RawClient.connect(listener.port)
  await fourth.closed()
  expect(reported.refused).toEqual(['2 connections wait already (socket.listen.backlog.size)'])
  await listener.close(0)
  await Promise.all([second.closed(), third.closed()])
})

test('a connection that waits and leaves is forgotten when its turn comes', async () => {
  await using listener = await listening({ ...listenerOptions(echo), quotas: quotasOf({ connectionsMax: 1 }) })
  using first = await RawClient.connect(listener.port)
  using second = await RawClient.connect(listener.port)
  await eventually(() => reported.waiting.length === 1)
  using third = await RawClient.connect(listener.port)
  third.send(requestFrame(3))
  second.socket.resetAndDestroy()
  await second.closed()
  first.socket.destroy()
  expect(await third.answer()).toBe(3)
  expect(listener.connectionCount).toBe(1)
})

test('a connection to the listener for brokers closes the least recently used one of another', async () => {
  const world = fakeWorld()
  const quotas = new ConnectionQuotas(world, limitsOf({ connectionsMax: 2 }))
  const clients = { ...listenerOptions(echo), name: 'CLIENTS', quotas, clock: world }
  await using forClients = await listening(clients)
  await using forBrokers = await listening({ ...clients, name: 'BROKERS', isProtected: true })
  using first = await RawClient.connect(forClients.port)
  using second = await RawClient.connect(forClients.port)
  await eventually(() => forClients.connectionCount === 2)
  world.advance(1000)
  first.send(requestFrame(1))
  expect(await first.answer()).toBe(1)
  using broker = await RawClient.connect(forBrokers.port)
  broker.send(requestFrame(2))
  expect(await broker.answer()).toBe(2)
  await second.closed()
  expect(first.isClosed).toBe(false)
  expect(reported.refused).toEqual(['max.connections (2) is exceeded, and it was the least recently used'])
  // It left once.
  using _third = await RawClient.connect(forClients.port)
  await eventually(() => reported.waiting.length === 1)
})

test('connections of one address beyond its bound are closed', async () => {
  await using listener = await listening({ ...listenerOptions(echo), quotas: quotasOf({ perAddressMax: 1 }) })
  using first = await RawClient.connect(listener.port)
  first.send(requestFrame(1))
  expect(await first.answer()).toBe(1)
  using second = await RawClient.connect(listener.port)
  await second.closed()
  expect(reported.refused).toEqual(['max.connections.per.ip (1) is reached'])
  first.socket.destroy()
  await eventually(() => listener.connectionCount === 0)
  using third = await RawClient.connect(listener.port)
  third.send(requestFrame(3))
  expect(await third.answer()).toBe(3)
})

test('a connection gets the buffers that the configuration asks for', async () => {
  const asked: number[][] = []
  const native = { setBufferBytes: (...sizes: number[]) => void asked.push(sizes.slice(1)) } as unknown as NativeCalls
  const sizes = { sendBufferBytes: 102_400, receiveBufferBytes: -1 }
  await using listener = await listening({ ...listenerOptions(echo), native: () => native, ...sizes })
  using client = await RawClient.connect(listener.port)
  client.send(requestFrame(1))
  await eventually(() => asked.length === 1)
  expect(asked).toEqual([[102_400, -1]])
})

test('an idle connection is closed; one that is used or waits for an answer is not', async () => {
  const world = fakeWorld()
  const parked = deferred<Outgoing>()
  const serve = serveBy((id): Dispatched => (id === 1 ? later(parked.promise) : answerTo(id)))
  await using listener = await listening({ ...listenerOptions(serve), clock: world, idleMsMax: 10_000 })
  using idle = await RawClient.connect(listener.port)
  using busy = await RawClient.connect(listener.port)
  using waiting = await RawClient.connect(listener.port)
  waiting.send(requestFrame(1))
  await eventually(() => listener.connectionCount === 3)
  for (let second = 0; second < 13; second++) {
    busy.send(requestFrame(2))
    expect(await busy.answer()).toBe(2)
    world.advance(1000)
  }
  await idle.closed()
  expect(listener.connectionCount).toBe(2)
  // The wait is over: from now on it counts as idle.
  parked.resolve(answerTo(1))
  expect(await waiting.answer()).toBe(1)
  world.advance(20_000)
  await waiting.closed()
})

test('connections are never idle when the bound is negative', async () => {
  const world = fakeWorld()
  await using listener = await listening({ ...listenerOptions(echo), clock: world, idleMsMax: -1 })
  using client = await RawClient.connect(listener.port)
  client.send(requestFrame(1))
  expect(await client.answer()).toBe(1)
  for (let day = 0; day < 10; day++) world.advance(86_400_000)
  client.send(requestFrame(2))
  expect(await client.answer()).toBe(2)
})

test('a client that reads none of its answers is closed when it has been idle', async () => {
  const world = fakeWorld()
  const serve = serveBy(id => answerTo(id, 20_000_000))
  await using listener = await listening({ ...listenerOptions(serve), clock: world, idleMsMax: 10_000 })
  using client = await RawClient.connect(listener.port, { paused: true })
  client.send(requestFrame(1))
  await eventually(() => client.socket.readableLength > 0)
  for (let second = 0; second < 30; second++) {
    world.advance(1000)
    await new Promise(resolve => setImmediate(resolve))
  }
  await eventually(() => listener.connectionCount === 0)
})

test('a frame that is begun and not continued is given up', async () => {
  const world = fakeWorld()
  await using listener = await listening({ ...listenerOptions(echo), clock: world })
  using client = await RawClient.connect(listener.port)
  using other = await RawClient.connect(listener.port)
  client.send(requestFrame(1).subarray(0, 5))
  other.send(requestFrame(2))
  expect(await other.answer()).toBe(2)
  for (let second = 0; second < 40; second++) world.advance(1000)
  await client.closed()
  expect(String(reported.faults[0])).toContain('a frame did not arrive within 30000 ms: 1 of 8 bytes')
})

test('a stop lets the answers under way leave, takes nothing more, and is over when they have left', async () => {
  const answer = deferred<Outgoing>()
  const started: number[] = []
  const serve = serveBy((id): Dispatched => {
    started.push(id)
    return later(answer.promise)
  })
  const listener = await listening(listenerOptions(serve))
  const { port } = listener
  using client = await RawClient.connect(port)
  client.send(requestFrame(5), requestFrame(6))
  await eventually(() => started.length === 1)
  const closed = listener.close(60_000)
  answer.resolve(answerTo(5, 100_000))
  expect(await client.answer()).toBe(5)
  await closed
  await client.closed()
  expect(started).toEqual([5])
  expect(await isRefused(port)).toBe(true)
})

test('a stop does not wait longer than its grace for an answer that does not come', async () => {
  const world = fakeWorld()
  let hasStarted = false
  const serve = serveBy((): Dispatched => {
    hasStarted = true
    return later(new Promise(() => {}))
  })
  const listener = await listening({ ...listenerOptions(serve), clock: world })
  using client = await RawClient.connect(listener.port)
  client.send(requestFrame(0))
  await eventually(() => hasStarted)
  let isOver = false
  const closed = listener.close(2000).then(() => {
    isOver = true
  })
  await eventually(() => world.pendingTimers === 1)
  expect(isOver).toBe(false)
  while (!isOver) {
    world.advance(100)
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(world.monotonicMs()).toBeGreaterThanOrEqual(2000)
  await closed
  await client.closed()
})

test('IPv4 clients of a dual-stack listener are told by their plain addresses', async () => {
  const served: Partial<Served> = {}
  const serve = serveBy(id => answerTo(id), served)
  await using listener = await listening({ ...listenerOptions(serve), host: '' })
  using client = await RawClient.connect(listener.port)
  client.send(requestFrame(0))
  await client.answer()
  expect([served.info?.remoteAddress, served.info?.localAddress]).toEqual(['127.0.0.1', '127.0.0.1'])
})

function isRefused(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })
}

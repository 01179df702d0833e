import { expect, test } from 'vitest'
import type { Partition } from '../storage/partition.js'
import { fakeWorld } from '../testing/fake-world.js'
import { Session } from './session.js'
import { Waiting } from './waiting.js'

/** Of a partition only what a wait uses. */
class FakePartition {
  readonly listeners = new Set<() => void>()
  onAdvance(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
  advance(): void {
    for (const listener of this.listeners) listener()
  }
}

function setup(count: number) {
  const world = fakeWorld()
  const waiting = new Waiting(world)
  const fakes = Array.from({ length: count }, () => new FakePartition())
  const connection = {
    id: 1,
    listenerName: 'L',
    listenerProtocol: 'PLAINTEXT' as const,
    connectedMs: 0,
    peerName: null,
    remoteAddress: '127.0.0.1',
    remotePort: 50000,
    localAddress: '127.0.0.1',
    localPort: 9092,
  }
  const session = new Session(connection, { muteFor() {}, close() {}, boundFrames() {} })
  let woken = 0
  const wait = (waitMs: number): Promise<void> =>
    waiting.advanceOrDeadline(fakes as unknown as Partition[], waitMs, session).then(() => {
      woken += 1
    })
  const isLetGo = (): boolean =>
    fakes.every(({ listeners }) => listeners.size === 0) && world.pendingTimers === 0 && waiting.parkedCount === 0
  return { world, waiting, session, fakes, wait, woken: () => woken, isLetGo }
}

test('a wait ends when any of its partitions advances', async () => {
  const { fakes, wait, isLetGo } = setup(3)
  const waited = wait(1000)
  expect(fakes.map(({ listeners }) => listeners.size)).toEqual([1, 1, 1])
  fakes[1]?.advance()
  await waited
  expect(isLetGo()).toBe(true)
})

test('a wait ends at its deadline and not before', async () => {
  const { world, wait, woken, isLetGo } = setup(2)
  const waited = wait(1000)
  world.advance(999)
  await Promise.resolve()
  expect(woken()).toBe(0)
  world.advance(1)
  await waited
  expect(isLetGo()).toBe(true)
})

test('many advances in one turn wake once', async () => {
  const { fakes, wait, woken } = setup(2)
  const waited = wait(1000)
  for (const fake of [...fakes, ...fakes]) fake.advance()
  await waited
  expect(woken()).toBe(1)
})

test('a wait for nothing but time has a deadline too', async () => {
  const { world, wait, isLetGo } = setup(0)
  const waited = wait(10)
  world.advance(10)
  await waited
  expect(isLetGo()).toBe(true)
})

test('a stop releases all waiting requests, and none waits afterwards', async () => {
  const { waiting, wait, isLetGo } = setup(1)
  const waits = [wait(1000), wait(2000)]
  expect(waiting.parkedCount).toBe(2)
  waiting.stop()
  await Promise.all([...waits, wait(3000)])
  expect(isLetGo()).toBe(true)
})

test('the end of a connection ends what its requests wait for, and none waits afterwards', async () => {
  const { session, wait, woken, isLetGo } = setup(2)
  const waits = [wait(1000), wait(0x7fff_ffff)]
  session.closed()
  await Promise.all(waits)
  await wait(1000)
  expect([woken(), isLetGo()]).toEqual([3, true])
})

test('a wait that is over leaves nothing with its session', async () => {
  const { session, fakes, wait, woken } = setup(1)
  const waited = wait(1000)
  fakes[0]?.advance()
  await waited
  session.closed()
  expect(woken()).toBe(1)
})

import { expect, test } from 'vitest'
import { zeroUuid } from '../base/ids.js'
import { randomUuid, realWorld, type World } from '../base/world.js'
import { fakeWorld } from './fake-world.js'

test('time stands still until it is moved', () => {
  const world = fakeWorld({ nowMs: 5000 })
  expect([world.nowMs(), world.monotonicMs()]).toEqual([5000, 0])
  world.advance(250)
  expect([world.nowMs(), world.monotonicMs()]).toEqual([5250, 250])
})

test('timers fire in the order of their times, each at its own moment, equal ones in the order of their making', () => {
  const world = fakeWorld()
  const fired: string[] = []
  const at = (name: string) => () => fired.push(`${name}@${world.monotonicMs()}`)
  world.after(30, at('c'))
  world.after(10, at('a'))
  world.after(30, at('d'))
  world.after(20, at('b')).cancel()
  world.after(10, () => world.after(5, at('nested')))
  world.advance(29)
  expect(fired).toEqual(['a@10', 'nested@15'])
  expect(world.pendingTimers).toBe(2)
  world.advance(1)
  expect(fired).toEqual(['a@10', 'nested@15', 'c@30', 'd@30'])
  expect(world.pendingTimers).toBe(0)
})

test('the same seed gives the same ids, another seed others', () => {
  const idsOf = (seed: number): string[] => {
    const world = fakeWorld({ seed })
    return [world.uuidText(), randomUuid(world)]
  }
  expect(idsOf(1)).toEqual(idsOf(1))
  expect(idsOf(1)).not.toEqual(idsOf(2))
  expect(idsOf(3)[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('a random id is 16 bytes of base64url, never zero, never with a dash in front', () => {
  const given = [new Uint8Array(16), new Uint8Array(16).fill(0xf8), new Uint8Array(16).fill(1)]
  const world: World = { ...realWorld, randomBytes: () => given.shift() as Uint8Array }
  const id = randomUuid(world)
  expect(given).toHaveLength(0)
  expect(id).toMatch(/^[\w][\w-]{21}$/)
  expect(id).not.toBe(zeroUuid)
})

test('the real timers fire once, not too early, and can be cancelled', async () => {
  const fired: string[] = []
  const startMs = realWorld.monotonicMs()
  const cancelled = realWorld.after(1, () => fired.push('cancelled'))
  cancelled.cancel()
  // A timer does not keep the process alive, so something else has to.
  const alive = setInterval(() => {}, 1000)
  await new Promise<void>(resolve => {
    realWorld.after(0, () => fired.push('at once'))
    realWorld.after(-5, () => fired.push('late already'))
    realWorld.after(10, resolve)
  })
  clearInterval(alive)
  expect(realWorld.monotonicMs() - startMs).toBeGreaterThanOrEqual(9)
  expect(fired).toEqual(['at once', 'late already'])
  // Longer than setTimeout can wait.
  const distant = realWorld.after(2 ** 40, () => fired.push('distant'))
  distant.cancel()
})

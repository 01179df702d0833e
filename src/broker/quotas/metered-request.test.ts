import { describe, expect, test } from 'vitest'
import { usualWindows } from '../../base/sampled-rate.js'
import { MutableQuotas } from '../../cluster/quota-image.js'
import { user } from '../../security/principal.js'
import { fakeWorld } from '../../testing/fake-world.js'
import type { Session } from '../session.js'
import { ClientQuotas } from './client-quotas.js'
import { MeteredRequest, type QuotaTraits } from './metered-request.js'

function setup(percentage: number) {
  const world = fakeWorld()
  const quotas = new MutableQuotas()
  quotas.apply({
    ...{ kind: 'clientQuota', entity: [{ entityType: 'user', entityName: 'u' }], key: 'request_percentage' },
    ...{ value: percentage, remove: false },
  })
  const all = new ClientQuotas({ quotas, clock: world, windows: usualWindows, mutationWindows: usualWindows })
  const muted: number[] = []
  const session = { principal: user('u'), control: { muteFor: (ms: number) => void muted.push(ms) } } as unknown as Session
  const start = (traits: QuotaTraits = {}) => {
    expect(all.areSet).toBe(true)
    return new MeteredRequest(all, session, 'c', traits, 100)
  }
  return { world, start, muted }
}

describe('request time', () => {
  test('is that of one thread: at one percent ten milliseconds a second, of which ten seconds may come at once', () => {
    const { world, start, muted } = setup(1)
    const first = start()
    world.advance(100)
    expect(first.answered()).toBe(0)
    const second = start()
    world.advance(1)
    expect(second.answered()).toBe(99)
    expect(muted).toEqual([0, 99])
  })
  test('does not pass while the request waits', () => {
    const { world, start } = setup(1)
    const request = start()
    world.advance(10)
    request.waits()
    world.advance(60_000)
    request.goesOn()
    world.advance(10)
    expect(request.answered()).toBe(0)
  })
  test('is paid in pauses of one window', () => {
    const { world, start } = setup(1)
    const request = start()
    world.advance(5000)
    expect(request.answered()).toBe(1000)
  })
  test('that it takes to encode the answer counts from the next request on', () => {
    const { world, start } = setup(1)
    const request = start()
    expect(request.answered()).toBe(0)
    world.advance(105)
    request.encoded()
    expect(start().answered()).toBe(395)
  })
  test('of an exempt request, and of one that is not answered, does not count', () => {
    const { world, start } = setup(1)
    const exempt = start({ isExempt: true })
    world.advance(500)
    exempt.answered()
    exempt.encoded()
    const unanswered = start()
    world.advance(500)
    unanswered.unanswered()
    expect(start().answered()).toBe(0)
  })
})

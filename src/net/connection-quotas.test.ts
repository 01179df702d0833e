import { beforeEach, describe, expect, test } from 'vitest'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.js'
import { ConnectionQuotas, type Evictable, type ListenerQuota } from './connection-quotas.js'
import { limitsOf } from './harness.test-support.js'

/** What happened, by the name of the one it happened to. */
let events: string[] = []
let world: FakeWorld

beforeEach(() => {
  events = []
  world = fakeWorld()
})

interface Side {
  come(name: string, remoteAddress?: string): void
  go(remoteAddress?: string): void
  /** Those who are in, least recently used first, as far as anybody asks. */
  readonly inside: string[]
  readonly quota: ListenerQuota
}

const home = '10.0.0.1'

function listener(quotas: ConnectionQuotas, name = 'CLIENTS', { isProtected = false, waitingMax = 100 } = {}): Side {
  const inside: string[] = []
  const quota = quotas.quotaOf({
    name,
    isProtected,
    waitingMax,
    evictables: function* (): Iterable<Evictable> {
      for (const [lastActiveMs, one] of [...inside].entries()) {
        const evict = (): void => {
          events.push(`${one} closes`)
          inside.splice(inside.indexOf(one), 1)
          quota.leave(home)
        }
        yield { lastActiveMs, evict }
      }
    },
    onWaiting: reason => events.push(`${name} waits: ${reason}`),
  })
  return {
    inside,
    quota,
    come(one, remoteAddress = home) {
      quota.enter({
        remoteAddress,
        admitted() {
          inside.push(one)
          events.push(`${one} is in`)
        },
        refused: reason => events.push(`${one} is refused: ${reason}`),
      })
    },
    go(remoteAddress = home) {
      inside.shift()
      quota.leave(remoteAddress)
    },
  }
}

const quotasWith = (...limits: Parameters<typeof limitsOf>) => new ConnectionQuotas(world, limitsOf(...limits))

describe('max.connections', () => {
  test('is one bound for all listeners; who waits longest comes in first', () => {
    const quotas = quotasWith({ connectionsMax: 2 })
    const [one, other] = [listener(quotas, 'ONE'), listener(quotas, 'OTHER')]
    one.come('a')
    other.come('b')
    one.come('c')
    one.come('d')
    expect(events).toEqual([
      'a is in',
      'b is in',
      'ONE waits: max.connections is reached',
      'ONE waits: max.connections is reached',
    ])
    other.go()
    expect(events.slice(4)).toEqual(['c is in', 'ONE waits: max.connections is reached'])
    one.go()
    expect(events.at(-1)).toBe('d is in')
  })

  test('of one listener leaves the others alone', () => {
    const quotas = quotasWith({}, { ONE: { connectionsMax: 1 } })
    const [one, other] = [listener(quotas, 'ONE'), listener(quotas, 'OTHER')]
    one.come('a')
    one.come('b')
    other.come('c')
    other.come('d')
    expect(events).toEqual(['a is in', 'ONE waits: max.connections is reached', 'c is in', 'd is in'])
  })

  test('room goes to the listeners in turns, however many wait at one of them', () => {
    const quotas = quotasWith({ connectionsMax: 2 })
    const [one, other] = [listener(quotas, 'ONE'), listener(quotas, 'OTHER')]
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) one.come(name)
    for (const name of ['b1', 'b2', 'b3']) other.come(name)
    for (let left = 0; left < 2; left++) one.go()
    expect([...one.inside, ...other.inside]).toHaveLength(2)
    expect(other.inside).toEqual(['b1'])
  })

  // As Kafka 4.4: the fourth on the listener for brokers waits for that listener’s own bound.
  test('does not keep anybody from the listener for brokers: others close, the least recently used first', () => {
    const quotas = quotasWith({ connectionsMax: 3 })
    const brokers = listener(quotas, 'BROKERS', { isProtected: true })
    const clients = listener(quotas)
    for (const name of ['a', 'b', 'c']) clients.come(name)
    for (const name of ['x', 'y', 'z', 'w']) brokers.come(name)
    expect(events).toEqual([
      ...['a is in', 'b is in', 'c is in'],
      ...['a closes', 'x is in', 'b closes', 'y is in', 'c closes', 'z is in'],
      'BROKERS waits: max.connections is reached',
    ])
    clients.come('d')
    expect(events.at(-1)).toBe('CLIENTS waits: max.connections is reached')
  })

  test('counts for those who are in when it is set: the excess closes', () => {
    const quotas = quotasWith({ connectionsMax: 4 })
    const clients = listener(quotas)
    for (const name of ['a', 'b', 'c', 'd', 'e']) clients.come(name)
    events = []
    quotas.limits = limitsOf({ connectionsMax: 2 })
    expect(events.filter(event => event.endsWith('closes'))).toEqual(['a closes', 'b closes'])
    expect(clients.inside).toEqual(['c', 'd'])
    quotas.limits = limitsOf({ connectionsMax: 3 })
    expect(clients.inside).toEqual(['c', 'd', 'e'])
  })

  test('those who wait are told when their listener closes', () => {
    const clients = listener(quotasWith({ connectionsMax: 0 }))
    clients.come('a')
    clients.quota.close('the broker is stopping')
    expect(events.at(-1)).toBe('a is refused: the broker is stopping')
    expect(world.pendingTimers).toBe(0)
  })

  test('the line has an end', () => {
    const clients = listener(quotasWith({ connectionsMax: 0 }), 'CLIENTS', { waitingMax: 2 })
    for (const name of ['a', 'b', 'c']) clients.come(name)
    expect(events.at(-1)).toBe('c is refused: 2 connections wait already (socket.listen.backlog.size)')
  })
})

describe('max.connections.per.ip', () => {
  test('counts an address over all listeners, and refuses instead of waiting', () => {
    const quotas = quotasWith({ perAddressMax: 2 })
    const [one, other] = [listener(quotas, 'ONE'), listener(quotas, 'OTHER')]
    one.come('a')
    other.come('b')
    other.come('c')
    other.come('d', '10.0.0.2')
    expect(events).toEqual(['a is in', 'b is in', 'c is refused: max.connections.per.ip (2) is reached', 'd is in'])
    one.go()
    other.come('e')
    expect(events.at(-1)).toBe('e is in')
  })

  test('may be another for one host, and nothing for all others', () => {
    const quotas = quotasWith({ perAddressMax: 0, perAddressOverrides: new Map([[home, 1]]) })
    const clients = listener(quotas)
    clients.come('a')
    clients.come('b')
    clients.come('c', '10.0.0.2')
    expect(events).toEqual([
      'a is in',
      'b is refused: max.connections.per.ip.overrides (10.0.0.1:1) is reached',
      'c is refused: max.connections.per.ip (0) is reached',
    ])
  })
})

describe('max.connection.creation.rate', () => {
  const inAfter = (ms: number): number => {
    world.advance(ms)
    return events.filter(event => event.endsWith('is in')).length
  }

  // The steps are those of Kafka 4.4, which was measured.
  test('lets ten seconds’ worth in at once, and then one in its time', () => {
    const clients = listener(quotasWith({ perSecondMax: 5 }))
    for (let count = 0; count < 60; count++) clients.come(`c${count}`)
    expect(inAfter(0)).toBe(50)
    expect(inAfter(199)).toBe(50)
    expect(inAfter(1)).toBe(51)
    expect(inAfter(200)).toBe(52)
    expect(inAfter(600)).toBe(55)
    // A whole second has gone by, and the window is ten seconds again: a wait is never longer than one.
    expect(inAfter(999)).toBe(55)
    expect(inAfter(1)).toBe(56)
    expect(inAfter(4000)).toBe(60)
    expect(world.pendingTimers).toBe(0)
  })

  test('comes back as seconds go by', () => {
    const clients = listener(quotasWith({ perSecondMax: 1 }))
    for (let count = 0; count < 10; count++) clients.come(`c${count}`)
    expect(inAfter(11_000)).toBe(10)
    for (let count = 0; count < 10; count++) clients.come(`d${count}`)
    expect(inAfter(0)).toBe(20)
  })

  test('of one listener leaves the others alone, and that of the broker leaves out the listener for brokers', () => {
    const quotas = quotasWith({ perSecondMax: 2 }, { BROKERS: { perSecondMax: 1000 }, ONE: { perSecondMax: 1 } })
    const brokers = listener(quotas, 'BROKERS', { isProtected: true })
    const one = listener(quotas, 'ONE')
    for (let count = 0; count < 50; count++) brokers.come(`b${count}`)
    expect(inAfter(0)).toBe(50)
    for (let count = 0; count < 15; count++) one.come(`o${count}`)
    expect(inAfter(0)).toBe(60)
  })

  test('zero lets one in each second', () => {
    const clients = listener(quotasWith({ perSecondMax: 0 }))
    for (let count = 0; count < 3; count++) clients.come(`c${count}`)
    expect([inAfter(999), inAfter(1), inAfter(1000)]).toEqual([0, 1, 2])
  })
})

describe('connection_creation_rate', () => {
  const quotasOfAddresses = (rates: Readonly<Record<string, number>>) => {
    const quotas = quotasWith({ perAddressMax: 100 })
    quotas.ratePerAddress = address => rates[address] ?? Number.POSITIVE_INFINITY
    return quotas
  }

  test('beyond the burst of an address its connections are held unread for at most a window, and refused then', () => {
    const clients = listener(quotasOfAddresses({ [home]: 1 }))
    for (let count = 0; count < 11; count++) clients.come(`c${count}`)
    clients.come('elsewhere', '10.0.0.2')
    expect(events.slice(9)).toEqual(['c9 is in', 'elsewhere is in'])
    world.advance(999)
    expect(events).toHaveLength(11)
    world.advance(1)
    expect(events.at(-1)).toBe(`c10 is refused: connection_creation_rate of ${home} is exceeded`)
  })
  test('what was refused does not count: who comes slowly enough is let in', () => {
    const clients = listener(quotasOfAddresses({ [home]: 1 }))
    for (let count = 0; count < 30; count++) clients.come(`c${count}`)
    expect(clients.inside).toHaveLength(10)
    world.advance(11_000)
    for (let count = 0; count < 30; count++) clients.come(`d${count}`)
    expect(clients.inside).toHaveLength(20)
  })
  test('no more are held than may wait', () => {
    const clients = listener(quotasOfAddresses({ [home]: 1 }), 'CLIENTS', { waitingMax: 5 })
    for (let count = 0; count < 16; count++) clients.come(`c${count}`)
    expect(events.filter(event => event.includes('is refused'))).toEqual([
      `c15 is refused: connection_creation_rate of ${home} is exceeded`,
    ])
    clients.quota.close('over')
    expect(events.filter(event => event.endsWith('is refused: over'))).toHaveLength(5)
    expect(world.pendingTimers).toBe(0)
  })
})

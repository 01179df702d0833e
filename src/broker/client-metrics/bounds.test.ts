/** Whatever clients push, it takes no more than its bounds, and none loses by what another does. */
import { expect, test } from 'vitest'
import { type Bytes, toBase64Url, utf8Encode } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import { silentLog } from '../../base/log.js'
import { randomUuid } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { Session } from '../session.js'
import { ClientMetrics, clientsMax } from './client-metrics.js'
import { bytesPerClientMax, KeptMetrics, seriesPerClientMax } from './kept-metrics.js'
import type { Point } from './metrics-data.js'
import { metricsDataOf, pointOf } from './metrics-data.test-support.js'
import { Subscriptions } from './subscriptions.js'

const idOf = (name: string): Uuid => toBase64Url(utf8Encode(name.padEnd(16)))
const session = (): Session =>
  new Session(
    {
      ...{ id: 1, listenerName: 'L', listenerProtocol: 'PLAINTEXT', connectedMs: 0, peerName: null },
      ...{ remoteAddress: '10.0.0.1', remotePort: 50000, localAddress: '10.0.0.2', localPort: 9092 },
    },
    { close() {}, muteFor() {}, boundFrames() {} },
  )

function made({ keptBytesMax, host }: { keptBytesMax?: number; host?: Parameters<typeof fakeWorld>[0] } = {}) {
  const world = fakeWorld(host)
  const subscriptions = new Subscriptions(
    () => [],
    () => 0,
  )
  const options = { world, log: silentLog, subscriptions, pushedBytesMax: 10_000_000 }
  const metrics = new ClientMetrics(keptBytesMax === undefined ? options : { ...options, keptBytesMax })
  const take = (id: string, bytes: Bytes) => metrics.take(metrics.heard(idOf(id), session(), 'c'), 0, bytes)
  return { world, metrics, take }
}

const gauges = (count: number, value = 1): Bytes =>
  metricsDataOf([{ name: 'm', gauge: { dataPoints: Array.from({ length: count }, (_, n) => pointOf(value, { n: String(n) })) } }])
const countOf = (metrics: ClientMetrics): number[] => [...metrics.clients()].map(one => [...one.metrics].length)

const point = (name: string, value = 1): Point => ({
  metric: { name, unit: '', description: '', kind: 'gauge' },
  attributes: new Map(),
  value,
  isDelta: false,
  timeMs: 0,
})

test('a client has room for a number of series; those that it has are kept up to date beyond that', () => {
  const kept = new KeptMetrics()
  for (let n = 0; n < seriesPerClientMax + 10; n++) kept.keep(point(`m${n}`), 0)
  kept.keep(point('m0', 7), 0)
  expect([[...kept.values()].length, kept.leftOut, [...kept.values()][0]?.value]).toEqual([seriesPerClientMax, 10, 7])
  kept.clear()
  expect(kept.bytes).toBe(0)
})

test('a client has room for a number of bytes, names and attributes counted', () => {
  const kept = new KeptMetrics()
  for (let n = 0; n < seriesPerClientMax; n++) kept.keep(point(`${n}${'x'.repeat(400)}`), 0)
  expect(kept.bytes).toBeLessThanOrEqual(bytesPerClientMax)
  expect(kept.leftOut).toBeGreaterThan(0)
})

test('where there is no room for all, who holds the most begins anew', async () => {
  const { metrics, take } = made({ keptBytesMax: 500_000 })
  await take('small', gauges(10))
  await take('large', gauges(1000))
  await take('middle', gauges(100))
  expect(countOf(metrics)).toEqual([10, 1000, 100])
  await take('next', gauges(200))
  expect(countOf(metrics)).toEqual([10, 0, 100, 200])
  expect(metrics.keptBytes).toBeLessThanOrEqual(500_000)
})

test('there are so many clients at most; who was silent for longest is forgotten', () => {
  const { metrics, world } = made()
  const first = metrics.heard(idOf('first'), session(), 'c')
  const second = metrics.heard(idOf('second'), session(), 'c')
  for (let n = metrics.count; n < clientsMax; n++) metrics.heard(randomUuid(world), session(), 'c')
  metrics.heard(idOf('first'), session(), 'c')
  metrics.heard(idOf('one more'), session(), 'c')
  expect([metrics.count, first.isGone, second.isGone]).toEqual([clientsMax, false, true])
  metrics.stop()
  expect([metrics.count, world.pendingTimers]).toEqual([0, 0])
})

test('a long push is read in slices: others are served meanwhile', async () => {
  let hostMs = 0
  const { metrics, take } = made({ host: { host: { monotonicMs: () => hostMs++, after: () => ({ cancel() {} }) } } })
  let turns = 0
  const count = (): void => {
    turns++
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  expect(await take('a', gauges(1000))).toBe(Errors.NONE)
  clearImmediate(next)
  expect(turns).toBeGreaterThan(100)
  expect(countOf(metrics)).toEqual([1000])
})

test('what is pushed by a client that went meanwhile is not kept', async () => {
  const { metrics } = made()
  const on = session()
  const client = metrics.heard(idOf('a'), on, 'c')
  const taken = metrics.take(client, 0, gauges(1000))
  on.closed()
  await taken
  expect([metrics.count, metrics.keptBytes, client.kept.bytes]).toEqual([0, 0, 0])
})

test('a name of many characters is no name, and is not kept', () => {
  const { metrics } = made()
  expect(metrics.heard(idOf('a'), session(), 'x'.repeat(30_000)).identity.clientId).toBe('')
})

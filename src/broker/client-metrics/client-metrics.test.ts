/** Clients that push metrics, by wire. Answers are Kafka 4.4's; the oracle has them side by side. */
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Bytes, emptyBytes } from '../../base/bytes.js'
import { type Uuid, zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { GetTelemetrySubscriptions } from '../../protocol/messages/get-telemetry-subscriptions.js'
import { IncrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.js'
import { PushTelemetry } from '../../protocol/messages/push-telemetry.js'
import { compress } from '../../protocol/records/compression.js'
import type { FakeWorld } from '../../testing/fake-world.js'
import { brokerInFakeTime, type TestBroker, type TestClient } from '../test-client.test-support.js'
import { type ClientMetrics, clientsPerConnectionMax } from './client-metrics.js'
import { cumulative, delta, type Metric, metricsDataOf, pointOf } from './metrics-data.test-support.js'

const id: Uuid = 'ylToIBkQrZcBzQqphWFHtg'
const other: Uuid = 'ylToIBkQrZcBqqlAJmTxpA'

let broker: TestBroker
let world: FakeWorld
let client: TestClient
let metrics: ClientMetrics
beforeEach(async () => {
  ;({ broker, world } = await brokerInFakeTime({ config: { 'telemetry.max.bytes': '100000' } }))
  client = await broker.connect()
  metrics = broker.running.services.clientMetrics
})
afterEach(() => broker.stop())

const subscribe = async (name: string, configs: Readonly<Record<string, string | null>>): Promise<void> => {
  const changed = Object.entries(configs).map(([key, value]) => ({ name: key, configOperation: value === null ? 1 : 0, value }))
  const resources = [{ resourceType: 16, resourceName: name, configs: changed }]
  const { responses } = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  expect(responses[0]?.errorCode).toBe(0)
}
const ask = (clientInstanceId: Uuid = id, by = client) => by.call(GetTelemetrySubscriptions, 0, { clientInstanceId })
const asked = async (clientInstanceId: Uuid = id, by = client) => (await ask(clientInstanceId, by)).errorCode

interface Push {
  readonly of?: Uuid
  readonly by?: TestClient
  readonly subscriptionId?: number
  readonly terminating?: boolean
  readonly compressionType?: number
  readonly metrics?: Bytes
}
/** With the right subscription, if none is given. */
const push = async (what: Push = {}): Promise<number> => {
  const { of = id, by = client, terminating = false, compressionType = 0, metrics: pushed = emptyBytes } = what
  const subscriptionId = what.subscriptionId ?? subscriptionOf.get(of) ?? 0
  const request = { clientInstanceId: of, subscriptionId, terminating, compressionType, metrics: pushed }
  return (await by.call(PushTelemetry, 0, request)).errorCode
}
const subscriptionOf = new Map<Uuid, number>()
const subscribed = async (of: Uuid = id, by = client): Promise<void> => {
  subscriptionOf.set(of, (await ask(of, by)).subscriptionId)
}
const gauges = (...values: readonly (readonly [name: string, value: number])[]): Bytes =>
  metricsDataOf(values.map(([name, value]) => ({ name, gauge: { dataPoints: [pointOf(value)] } })))

/** What is kept of all clients, a line each. */
const kept = (): string[] =>
  [...metrics.clients()].flatMap(({ clientInstanceId, metrics: pushed }) =>
    Array.from(pushed, ({ name, kind, attributes, value }) => {
      const labels = Array.from(attributes, ([key, label]) => `${key}=${label}`).join()
      return `${clientInstanceId === id ? '' : 'other: '}${kind} ${name}{${labels}} ${value}`
    }),
  )

describe('what a client is asked for', () => {
  test('a client without an id gets one; nobody asks for anything', async () => {
    const answer = await ask(zeroUuid)
    expect(answer.clientInstanceId).not.toBe(zeroUuid)
    expect(answer).toMatchObject({
      errorCode: 0,
      acceptedCompressionTypes: [4, 3, 1, 2],
      pushIntervalMs: 300_000,
      telemetryMaxBytes: 100_000,
      deltaTemporality: true,
      requestedMetrics: [],
    })
  })

  // As Kafka 4.4 numbers them.
  test.each([
    ['vtXuubhqTlGnq0c960NiiA', null, -1634673021],
    [id, 'org.a.', -104003694],
    [id, 'org.z.', 756706035],
    [other, 'org.z.', -1904705784],
  ])('the subscription of %s to %s has the number %i', async (of, prefix, subscriptionId) => {
    if (prefix !== null) await subscribe('s', { metrics: prefix })
    expect(await ask(of)).toMatchObject({ subscriptionId, requestedMetrics: prefix === null ? [] : [prefix] })
  })

  test('subscriptions are put together: all beginnings, the shortest interval, * in place of everything', async () => {
    await subscribe('a', { metrics: 'org.b.,org.a.', 'interval.ms': '200000' })
    await subscribe('b', { metrics: 'org.a.,org.c.', 'interval.ms': '3600000' })
    expect(await ask()).toMatchObject({ requestedMetrics: ['org.a.', 'org.b.', 'org.c.'], pushIntervalMs: 200_000 })
    await subscribe('a', { metrics: null, 'interval.ms': null })
    expect(await ask()).toMatchObject({ requestedMetrics: ['org.a.', 'org.c.'], pushIntervalMs: 300_000 })
    await subscribe('c', { metrics: '*' })
    expect(await ask()).toMatchObject({ requestedMetrics: ['*'] })
  })

  test.each([
    ['client_id=test', true],
    ['client_id=tes', false],
    ['client_id=T.*', false],
    ['client_id=(?i)T.*', true],
    ['client_software_name=unknown', true],
    ['client_source_address=127\\.0\\.0\\.1', true],
    ['client_source_address=127', false],
    ['client_source_port=[0-9]+', true],
    [`client_instance_id=${id}`, true],
    ['client_id=test,client_source_port=0', false],
    ['client_id=x,client_id=test', true],
  ])('a client matches %s with its whole name: %s', async (match, isAsked) => {
    await subscribe('s', { metrics: 'm', match })
    expect((await ask()).requestedMetrics).toEqual(isAsked ? ['m'] : [])
  })

  test('a pattern is refused that takes longer than its text, and a long name costs no pattern anything', async () => {
    const resources = (match: string) => [
      { resourceType: 16, resourceName: 's', configs: [{ name: 'match', configOperation: 0, value: match }] },
    ]
    for (const match of ['client_id=(a)\\1', `client_id=${'(a{100}){100}'}`, `client_id=${'a'.repeat(1001)}`]) {
      const answer = await client.call(IncrementalAlterConfigs, 1, { resources: resources(match), validateOnly: false })
      expect(answer.responses[0]?.errorCode, match).toBe(Errors.INVALID_CONFIG)
    }
    await subscribe('s', { metrics: 'm', match: 'client_id=(a*)*b' })
    const long = await broker.connect({ clientId: 'a'.repeat(30_000) })
    expect((await ask(id, long)).requestedMetrics).toEqual([])
  })

  test('asked again before the interval is over: throttled, unless something else is asked for now', async () => {
    await subscribe('s', { metrics: 'a', 'interval.ms': '1000' })
    expect([await asked(), await asked()]).toEqual([Errors.NONE, Errors.THROTTLING_QUOTA_EXCEEDED])
    world.advance(999)
    expect(await asked()).toBe(Errors.THROTTLING_QUOTA_EXCEEDED)
    world.advance(1)
    expect(await asked()).toBe(Errors.NONE)
    await client.createTopic('t')
    expect(await asked()).toBe(Errors.THROTTLING_QUOTA_EXCEEDED)
    await subscribe('s', { metrics: 'b' })
    expect(await ask()).toMatchObject({ errorCode: 0, requestedMetrics: ['b'] })
  })
})

describe('what a client may push when', () => {
  test('once after it asked, then once an interval', async () => {
    await subscribe('s', { metrics: 'a', 'interval.ms': '1000' })
    await subscribed()
    expect([await push(), await push()]).toEqual([Errors.NONE, Errors.THROTTLING_QUOTA_EXCEEDED])
    world.advance(1000)
    expect([await push(), await push()]).toEqual([Errors.NONE, Errors.THROTTLING_QUOTA_EXCEEDED])
  })

  test('the last push may be early; what is behind it is refused, and takes it back', async () => {
    await subscribed()
    expect(await push()).toBe(Errors.NONE)
    expect(await push({ terminating: true })).toBe(Errors.NONE)
    expect(await push()).toBe(Errors.INVALID_REQUEST)
    expect(await push()).toBe(Errors.THROTTLING_QUOTA_EXCEEDED)
  })

  test('for another subscription, or in another codec: refused, and the client may ask at once', async () => {
    await subscribed()
    expect(await push({ subscriptionId: 1 })).toBe(Errors.UNKNOWN_SUBSCRIPTION_ID)
    expect(await asked()).toBe(Errors.NONE)
    expect(await push()).toBe(Errors.THROTTLING_QUOTA_EXCEEDED)
    await subscribed(other)
    expect(await push({ of: other, compressionType: 5 })).toBe(Errors.UNSUPPORTED_COMPRESSION_TYPE)
    expect(await asked(other)).toBe(Errors.NONE)
  })

  test('of nobody: refused', async () => {
    expect(await push({ of: zeroUuid })).toBe(Errors.INVALID_REQUEST)
    expect(await push({ of: 'AAAAAAAAAAAAAAAAAAAAAQ' })).toBe(Errors.INVALID_REQUEST)
    expect(metrics.count).toBe(0)
  })

  test('too much: refused before it is opened, and after', async () => {
    await subscribed()
    expect(await push({ metrics: new Uint8Array(100_001) })).toBe(Errors.TELEMETRY_TOO_LARGE)
    await subscribed(other)
    // [CVE-2026-111073] Five kilobytes that would be five megabytes.
    const bomb = gzipSync(new Uint8Array(5_000_000))
    expect(await push({ of: other, metrics: bomb, compressionType: 1 })).toBe(Errors.INVALID_RECORD)
  })

  test('what is no metrics is malformed, and the client must wait', async () => {
    await subscribed()
    expect(await push({ metrics: Uint8Array.of(1, 2, 3) })).toBe(Errors.INVALID_RECORD)
    expect(await asked()).toBe(Errors.THROTTLING_QUOTA_EXCEEDED)
  })
})

describe('what is kept', () => {
  const counter = (name: string, value: number, aggregationTemporality: number): Metric => ({
    name,
    sum: { aggregationTemporality, isMonotonic: true, dataPoints: [pointOf(value, { topic: 't' })] },
  })
  /** The next push of one client, an interval later. */
  const pushed = async (bytes: Bytes, of: Uuid = id): Promise<void> => {
    world.advance(300_000)
    expect(await push({ of, metrics: bytes })).toBe(Errors.NONE)
  }

  test('the latest value of each metric and its attributes; deltas are added up', async () => {
    await subscribed()
    await pushed(
      metricsDataOf([counter('d', 2, delta), counter('c', 10, cumulative), { name: 'g', gauge: { dataPoints: [pointOf(5)] } }]),
    )
    await pushed(
      metricsDataOf([counter('d', 3, delta), counter('c', 11, cumulative), { name: 'g', gauge: { dataPoints: [pointOf(4)] } }]),
    )
    expect(kept()).toEqual(['counter d{topic=t} 5', 'counter c{topic=t} 11', 'gauge g{} 4'])
  })

  test('in every codec', async () => {
    for (const compressionType of [1, 2, 3]) {
      const of = `ylToIBkQrZcBzQqphWFHt${'gwA'[compressionType - 1]}`
      await subscribed(of)
      expect(await push({ of, compressionType, metrics: compress(compressionType, gauges(['m', compressionType])) })).toBe(0)
    }
    expect(kept().map(line => line.replace('other: ', ''))).toEqual(['gauge m{} 1', 'gauge m{} 2', 'gauge m{} 3'])
  })

  test('who pushed it, and what the client says of itself', async () => {
    await subscribed()
    await pushed(metricsDataOf([], { group_id: 'g', client_rack: 'r' }))
    expect([...metrics.clients()]).toMatchObject([
      {
        ...{ clientInstanceId: id, clientId: 'test', softwareName: 'unknown', softwareVersion: 'unknown' },
        ...{ sourceAddress: '127.0.0.1', resource: new Map(Object.entries({ group_id: 'g', client_rack: 'r' })), leftOut: 0 },
      },
    ])
  })

  test('while another subscription takes the place of the old one', async () => {
    await subscribed()
    await pushed(gauges(['m', 1]))
    await subscribe('s', { metrics: 'm' })
    await subscribed()
    expect(kept()).toEqual(['gauge m{} 1'])
  })

  test('until it was not pushed for three intervals, or the client says that it is gone', async () => {
    await subscribed()
    await pushed(gauges(['a', 1], ['b', 2], ['c', 3]))
    const gone = { name: 'c', gauge: { dataPoints: [{ flags: 1 }] } }
    await pushed(metricsDataOf([{ name: 'a', gauge: { dataPoints: [pointOf(1)] } }, gone]))
    expect(kept()).toEqual(['gauge a{} 1', 'gauge b{} 2'])
    for (let n = 0; n < 3; n++) await pushed(gauges(['a', 1]))
    expect(kept()).toEqual(['gauge a{} 1'])
  })

  test('until the client was silent for three intervals', async () => {
    await subscribe('s', { metrics: 'a', 'interval.ms': '100000' })
    await subscribed()
    await pushed(gauges(['a', 1]))
    world.advance(300_000)
    expect(kept()).toEqual(['gauge a{} 1'])
    world.advance(1)
    expect(kept()).toEqual([])
    expect(await push({ metrics: gauges(['b', 2]) })).toBe(0)
    expect(kept()).toEqual(['gauge b{} 2'])
    world.advance(360_001)
    expect([metrics.count, metrics.keptBytes]).toEqual([0, 0])
  })

  test('until the connection is closed on which the client was heard last', async () => {
    await subscribed()
    const second = await broker.connect()
    await subscribed(other, second)
    await pushed(gauges(['a', 1]))
    expect(await push({ of: other, by: second, metrics: gauges(['b', 2]) })).toBe(0)
    expect(await push({ by: second, terminating: true })).toBe(0)
    client.close()
    const third = await broker.connect()
    expect(await asked(other, third)).toBe(Errors.THROTTLING_QUOTA_EXCEEDED)
    expect(kept()).toEqual(['gauge a{} 1', 'other: gauge b{} 2'])
    second.close()
    await expect.poll(kept).toEqual(['other: gauge b{} 2'])
    third.close()
    await expect.poll(() => [metrics.count, metrics.keptBytes]).toEqual([0, 0])
  })

  test('one connection has room for few clients, so that it does not take that of others', async () => {
    const second = await broker.connect()
    await subscribed(other, second)
    for (let n = 0; n < 100; n++) await ask(zeroUuid)
    expect(metrics.count).toBe(1 + clientsPerConnectionMax)
    expect(await asked(other, second)).toBe(Errors.THROTTLING_QUOTA_EXCEEDED)
  })
})

/** What clients see of their quotas, by wire, on a broker whose time is moved by hand. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { AlterClientQuotas } from '../../protocol/messages/alter-client-quotas.js'
import { ApiVersions } from '../../protocol/messages/api-versions.js'
import { CreatePartitions } from '../../protocol/messages/create-partitions.js'
import { CreateTopics } from '../../protocol/messages/create-topics.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import { DescribeClientQuotas } from '../../protocol/messages/describe-client-quotas.js'
import { Fetch } from '../../protocol/messages/fetch.js'
import { Metadata } from '../../protocol/messages/metadata.js'
import { Produce } from '../../protocol/messages/produce.js'
import type { FakeWorld } from '../../testing/fake-world.js'
import {
  batchOf,
  brokerInFakeTime,
  fetchRequest,
  type TestBroker,
  type TestClient,
  temporaryDirectory,
} from '../test-client.test-support.js'

let broker: TestBroker
let world: FakeWorld
let admin: TestClient

beforeEach(async () => {
  const started = await brokerInFakeTime()
  broker = started.broker
  world = started.world
  admin = await broker.connect({ clientId: 'admin' })
})
afterEach(() => broker.stop())

type Entity = Readonly<Record<string, string | null>>

function alter(client: TestClient, entity: Entity, values: Readonly<Record<string, number | null>>) {
  return client.call(AlterClientQuotas, 1, {
    entries: [
      {
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
      },
    ],
    validateOnly: false,
  })
}

const produceRequest = (topic: string, bytes: number, acks = -1) => ({
  acks,
  timeoutMs: 1000,
  topicData: [{ name: topic, partitionData: [{ index: 0, records: batchOf(['x'.repeat(bytes)]) }] }],
})
const produce = (client: TestClient, bytes: number) => client.call(Produce, 9, produceRequest('t', bytes))

const anyClient = { clientSoftwareName: '', clientSoftwareVersion: '' }

/** How long nothing is served on this connection, in steps. */
async function muteMsOf(client: TestClient): Promise<number> {
  let isServed = false
  void client.call(ApiVersions, 0, anyClient).then(() => {
    isServed = true
  })
  for (let mutedMs = 0; ; mutedMs += 50) {
    // What another connection asks behind it is answered: it would have been, too.
    for (let count = 0; count < 3; count++) await admin.call(ApiVersions, 0, anyClient)
    if (isServed) return mutedMs
    if (mutedMs > 100_000) throw new Error('muted for ever')
    world.advance(50)
  }
}

describe('a producer', () => {
  test('is answered at once, told how long to wait, and not read from for so long', async () => {
    const client = await broker.connect({ clientId: 'c' })
    await client.createTopic('t')
    await alter(admin, { 'client-id': 'c' }, { producer_byte_rate: 10_000 })
    expect((await produce(client, 90_000)).throttleTimeMs).toBe(0)
    const { throttleTimeMs, responses } = await produce(client, 20_000)
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(Errors.NONE)
    // 110 KB and the headers, of which 100 KB are the burst.
    expect(throttleTimeMs).toBeGreaterThanOrEqual(1000)
    expect(throttleTimeMs).toBeLessThan(1100)
    expect(await muteMsOf(client)).toBe(Math.ceil(throttleTimeMs / 50) * 50)
  })
  test('without acks is muted, although it is told nothing', async () => {
    const client = await broker.connect({ clientId: 'c' })
    await client.createTopic('t')
    await alter(admin, { 'client-id': 'c' }, { producer_byte_rate: 10_000 })
    client.tell(Produce, 9, produceRequest('t', 110_000, 0))
    expect(await muteMsOf(client)).toBeGreaterThanOrEqual(1000)
  })
  test('is free as soon as its quota is removed, although it has to wait for what it did before', async () => {
    const client = await broker.connect({ clientId: 'c' })
    await client.createTopic('t')
    await alter(admin, { 'client-id': 'c' }, { producer_byte_rate: 1000 })
    const { throttleTimeMs } = await produce(client, 20_000)
    expect(throttleTimeMs).toBeGreaterThan(9000)
    await alter(admin, { 'client-id': 'c' }, { producer_byte_rate: null })
    expect(await muteMsOf(client)).toBeGreaterThan(9000)
    expect((await produce(client, 500_000)).throttleTimeMs).toBe(0)
  })
  test('shares the quota of its user with all others of that user', async () => {
    await admin.createTopic('t')
    await alter(admin, { user: null }, { producer_byte_rate: 10_000 })
    const clients = await Promise.all([1, 2, 3].map(n => broker.connect({ clientId: `c${n}` })))
    const waits: number[] = []
    for (const client of clients) waits.push((await produce(client, 60_000)).throttleTimeMs)
    expect(waits.map(ms => ms > 0)).toEqual([false, true, true])
    expect(waits[2]).toBeGreaterThan(waits[1]! + 5000)
  })
  test('of one client id does not pay for another one', async () => {
    await admin.createTopic('t')
    await alter(admin, { 'client-id': null }, { producer_byte_rate: 10_000 })
    const [one, other] = await Promise.all(['one', 'other'].map(clientId => broker.connect({ clientId })))
    expect((await produce(one!, 150_000)).throttleTimeMs).toBeGreaterThan(0)
    expect((await produce(other!, 90_000)).throttleTimeMs).toBe(0)
  })
})

describe('a consumer', () => {
  const fetchFrom = (sessionId: number, sessionEpoch: number, maxBytes = 1 << 20) => ({
    ...fetchRequest('t', 0, { maxBytes }),
    sessionId,
    sessionEpoch,
  })
  test('is answered without data while it has to wait, and gets them then: they were not counted', async () => {
    const client = await broker.connect({ clientId: 'c' })
    await client.createTopic('t')
    for (let count = 0; count < 3; count++) await client.produce('t', batchOf(['x'.repeat(60_000)]))
    await alter(admin, { 'client-id': 'c' }, { consumer_byte_rate: 10_000 })
    const first = await client.call(Fetch, 12, fetchFrom(0, 0, 70_000))
    expect([first.throttleTimeMs, first.responses.length]).toEqual([0, 1])
    let waitedMs = 0
    for (let epoch = 1; ; epoch++) {
      const { throttleTimeMs, responses, sessionId, errorCode } = await client.call(
        Fetch,
        12,
        fetchFrom(first.sessionId, epoch, 70_000),
      )
      expect([errorCode, sessionId]).toEqual([Errors.NONE, first.sessionId])
      if (throttleTimeMs === 0) {
        expect(responses[0]!.partitions[0]!.records!.byteLength).toBeGreaterThan(60_000)
        break
      }
      expect(responses).toEqual([])
      waitedMs += await muteMsOf(client)
    }
    // As soon as the first answer is out of the window.
    expect(waitedMs).toBeGreaterThan(10_000)
    expect(waitedMs).toBeLessThan(13_500)
  })
  test('finds its session as it was when it had to wait: whose turn it was, is served then', async () => {
    const client = await broker.connect({ clientId: 'c' })
    await client.createTopic('t', 2)
    for (const partition of [0, 1]) await client.produce('t', batchOf(['x'.repeat(60_000)]), { partition })
    await alter(admin, { 'client-id': 'c' }, { consumer_byte_rate: 10_000 })
    const partitions = [0, 1].map(partition => ({ partition, fetchOffset: 0, partitionMaxBytes: 70_000 }))
    const asked = (sessionId: number, sessionEpoch: number) =>
      client.call(Fetch, 12, { ...fetchFrom(sessionId, sessionEpoch, 70_000), topics: [{ topic: 't', partitions }] })
    const served = ({ responses }: Awaited<ReturnType<typeof asked>>) =>
      responses.flatMap(topic => topic.partitions.filter(({ records }) => records!.byteLength > 0).map(one => one.partitionIndex))
    const first = await asked(0, 0)
    expect(served(first)).toEqual([0])
    expect((await asked(first.sessionId, 1)).throttleTimeMs).toBeGreaterThan(0)
    world.advance(12_000)
    expect(served(await asked(first.sessionId, 2))).toEqual([1])
  })
  test('that has to wait gets no new session', async () => {
    const client = await broker.connect({ clientId: 'c' })
    await client.createTopic('t')
    await client.produce('t', batchOf(['x'.repeat(200_000)]))
    await alter(admin, { 'client-id': 'c' }, { consumer_byte_rate: 10_000 })
    const { throttleTimeMs, sessionId } = await client.call(Fetch, 12, fetchFrom(0, 0))
    expect([throttleTimeMs > 0, sessionId]).toEqual([true, 0])
    expect(broker.running.services.fetchSessions.size).toBe(0)
  })
  test('is not given more at once than its quota would ever let through', async () => {
    const client = await broker.connect({ clientId: 'c' })
    await client.createTopic('t')
    for (let count = 0; count < 10; count++) await client.produce('t', batchOf(['x'.repeat(30_000)]))
    await alter(admin, { 'client-id': 'c' }, { consumer_byte_rate: 10_000 })
    const { throttleTimeMs, responses } = await client.call(Fetch, 12, fetchRequest('t', 0))
    expect(throttleTimeMs).toBe(0)
    expect(responses[0]!.partitions[0]!.records!.byteLength).toBeLessThan(100_000)
  })
})

describe('controller mutations', () => {
  const create = (client: TestClient, name: string, numPartitions: number, version = 7) =>
    client.call(CreateTopics, version, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    })
  beforeEach(async () => {
    await alter(admin, { user: 'ANONYMOUS' }, { controller_mutation_rate: 2 })
  })

  test('beyond the burst are refused with the time until they are not, and done then', async () => {
    const client = await broker.connect()
    expect((await create(client, 'a', 30)).topics[0]!.errorCode).toBe(Errors.NONE)
    const refused = await create(client, 'b', 1)
    expect(refused).toMatchObject({
      // 30 of 22 were taken, at 2 a second.
      throttleTimeMs: 4000,
      topics: [{ errorCode: Errors.THROTTLING_QUOTA_EXCEEDED, errorMessage: null }],
    })
    expect(await muteMsOf(client)).toBe(4000)
    expect((await create(client, 'b', 1)).topics[0]!.errorCode).toBe(Errors.NONE)
  })
  test('of old clients are done, and waited for afterwards', async () => {
    const client = await broker.connect()
    const { topics, throttleTimeMs } = await create(client, 'a', 30, 5)
    expect([topics[0]!.errorCode, throttleTimeMs]).toEqual([Errors.NONE, 4000])
  })
  test('are also partitions that are added, and those of a topic that is deleted', async () => {
    const client = await broker.connect()
    await create(client, 'a', 5)
    await client.call(CreatePartitions, 3, {
      topics: [{ name: 'a', count: 30, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    const request = { topics: [{ name: 'a', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], topicNames: [], timeoutMs: 1000 }
    const { responses, throttleTimeMs } = await client.call(DeleteTopics, 6, request)
    expect([responses[0]!.errorCode, throttleTimeMs]).toEqual([Errors.THROTTLING_QUOTA_EXCEEDED, 4000])
  })
  test('that are refused for another reason cost nothing', async () => {
    const client = await broker.connect()
    await create(client, 'a', 22)
    await create(client, 'a', 22)
    expect((await create(client, 'b', 1)).topics[0]!.errorCode).toBe(Errors.NONE)
  })
})

test('an answer that was encoded for all clients tells this one how long to wait', async () => {
  await admin.createTopic('t')
  const client = await broker.connect({ clientId: 'c' })
  const asked = () => client.call(Metadata, 12, { topics: null })
  const before = await asked()
  const { quotas } = broker.running.services
  await alter(admin, { 'client-id': 'c' }, { request_percentage: 1 })
  // 200 ms of a second at 1 %, which allows 100 ms in ten.
  expect(quotas.areSet).toBe(true)
  quotas.request.count({ user: 'ANONYMOUS', clientId: 'c' }, 20, world.host.monotonicMs())
  expect(await asked()).toEqual({ ...before, throttleTimeMs: 1000 })
})

test('quotas are kept, and hold after a restart', async () => {
  using directory = temporaryDirectory()
  const found = async (client: TestClient) =>
    (await client.call(DescribeClientQuotas, 1, { components: [], strict: false })).entries
  const first = await brokerInFakeTime({ directory: directory.path })
  const before = await first.broker.connect({ clientId: 'c' })
  await before.createTopic('t')
  await alter(before, { user: 'ANONYMOUS', 'client-id': 'c' }, { producer_byte_rate: 1000, request_percentage: 12.5 })
  const kept = await found(before)
  await first.broker.stop()
  const second = await brokerInFakeTime({ directory: directory.path })
  const after = await second.broker.connect({ clientId: 'c' })
  expect(await found(after)).toEqual(kept)
  expect(kept).toHaveLength(1)
  expect((await produce(after, 20_000)).throttleTimeMs).toBeGreaterThan(0)
  await second.broker.stop()
})

test('a request has a hundred names of hosts to look up at most, and any number of addresses', async () => {
  const entriesOf = (nameOf: (n: number) => string) =>
    Array.from({ length: 101 }, (_, n) => ({
      entity: [{ entityType: 'ip', entityName: nameOf(n) }],
      ops: [{ key: 'connection_creation_rate', value: 100, remove: false }],
    }))
  const codes = async (nameOf: (n: number) => string) => {
    const { entries } = await admin.call(AlterClientQuotas, 1, { entries: entriesOf(nameOf), validateOnly: true })
    return [entries.length, ...new Set(entries.map(({ errorCode }) => errorCode))]
  }
  expect(await codes(n => `h${n}.invalid`)).toEqual([101, Errors.POLICY_VIOLATION])
  expect(await codes(n => `10.0.0.${n}`)).toEqual([101, Errors.NONE])
})

test('a thousand quotas are set in steps; an entity that two of them name is told so', async () => {
  const entries = Array.from({ length: 1000 }, (_, at) => ({
    entity: [{ entityType: 'user', entityName: `u${at % 950}` }],
    ops: [{ key: 'producer_byte_rate', value: 1000, remove: false }],
  }))
  const other = await broker.connect({ clientId: 'other' })
  const answer = await admin.call(AlterClientQuotas, 1, { entries, validateOnly: false })
  expect(answer.entries).toHaveLength(950)
  // Named again, in another step: told so as in one.
  expect(answer.entries.filter(({ errorCode }) => errorCode !== Errors.NONE)).toHaveLength(50)
  expect((await other.call(DescribeClientQuotas, 1, { components: [], strict: false })).entries).toHaveLength(950)
})

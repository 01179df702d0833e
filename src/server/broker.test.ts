/** A broker as a whole: what it keeps over a restart, and what it does not share with others, by which clock it serves. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { realWorld } from '../base/world.js'
import { batchOf, type TestBroker, type TestClient, temporaryDirectory, testBroker } from '../broker/test-client.test-support.js'
import { offsetsTopic } from '../node/internal-topics.js'
import { Errors } from '../protocol/errors.js'
import { CreatePartitions } from '../protocol/messages/create-partitions.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { InitProducerId } from '../protocol/messages/init-producer-id.js'
import { JoinGroup } from '../protocol/messages/join-group.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { OffsetCommit } from '../protocol/messages/offset-commit.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { fakeWorld } from '../testing/fake-world.js'

const digest = (bytes: Uint8Array | null): string =>
  createHash('sha1')
    .update(bytes ?? new Uint8Array(0))
    .digest('hex')
const newProducerId = async (client: TestClient): Promise<number> =>
  (await client.call(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1000 })).producerId

for (const durability of ['fsync', 'os']) {
  test(`a restart keeps topics, ids, configs, records, offsets and the cluster id (${durability})`, async () => {
    using directory = temporaryDirectory()
    const options = { directory: directory.path, config: { 'gregor.durability': durability } }
    const before: TestBroker = await testBroker(options)
    const client = await before.connect()
    const topicId = await client.createTopic('kept', 2, { 'retention.ms': '4242' })
    await client.createTopic('deleted', 2)
    await client.call(DeleteTopics, 5, { topicNames: ['deleted'], timeoutMs: 1000 })
    await client.call(CreatePartitions, 3, {
      topics: [{ name: 'kept', count: 3, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    for (let n = 0; n < 10; n++) await client.produce('kept', batchOf([`${n}`, 'x'.repeat(n * 100)]), { partition: n % 3 })
    const partitions = [{ partitionIndex: 1, committedOffset: 4, committedMetadata: 'here' }]
    // No client asked for a coordinator: the commit creates its topic.
    const committed = await client.call(OffsetCommit, 8, { groupId: 'g', topics: [{ name: 'kept', partitions }] })
    expect(committed.topics[0]?.partitions).toEqual([{ partitionIndex: 1, errorCode: Errors.NONE }])
    const records = await Promise.all([0, 1, 2].map(partition => client.fetch('kept', 0, { partition })))
    const { clusterId } = await client.call(Metadata, 12, { topics: [] })
    await before.stop()

    const after = await testBroker(options)
    const again = await after.connect()
    const { topics, clusterId: sameCluster } = await again.call(Metadata, 12, { topics: null })
    expect(sameCluster).toBe(clusterId)
    expect(topics.map(({ name }) => name).sort()).toEqual([offsetsTopic.name, 'kept'])
    const kept = topics.find(({ name }) => name === 'kept')
    expect(kept?.topicId).toBe(topicId)
    expect(kept?.partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([0, 0, 0])
    const { results } = await again.call(DescribeConfigs, 4, {
      resources: [{ resourceType: 2, resourceName: 'kept', configurationKeys: ['retention.ms'] }],
    })
    expect(results[0]?.configs[0]?.value).toBe('4242')
    const same = await Promise.all([0, 1, 2].map(partition => again.fetch('kept', 0, { partition })))
    expect(same.map(each => digest(each.records))).toEqual(records.map(each => digest(each.records)))
    const offsets = await again.call(OffsetFetch, 7, { groupId: 'g', topics: null })
    expect(offsets).toMatchObject({
      errorCode: Errors.NONE,
      topics: [{ name: 'kept', partitions: [{ partitionIndex: 1, committedOffset: 4, metadata: 'here' }] }],
    })
    expect(await again.produce('kept', batchOf(['next']))).toMatchObject({ errorCode: 0, baseOffset: 8 })
    expect(after.fatal).toEqual([])
    await after.stop()
  })
}

test('producer ids are never given out twice, whatever happens in between', async () => {
  using directory = temporaryDirectory()
  const seen = new Set<number>()
  let count = 0
  for (let run = 0; run < 4; run++) {
    await using broker = await testBroker({ directory: directory.path })
    const client = await broker.connect()
    for (let n = 0; n < 3; n++) {
      seen.add(await newProducerId(client))
      count += 1
    }
  }
  expect(seen.size).toBe(count)
})

test('an idempotent producer’s repeated batch is recognised after a restart', async () => {
  using directory = temporaryDirectory()
  const send = (client: TestClient, baseSequence: number) =>
    client.produce('t', batchOf(['a', 'b'], { producerId: 5, producerEpoch: 0, baseSequence }))
  {
    await using broker = await testBroker({ directory: directory.path })
    const client = await broker.connect()
    await client.createTopic('t')
    expect(await send(client, 0)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await send(client, 2)).toMatchObject({ errorCode: 0, baseOffset: 2 })
  }
  await using broker = await testBroker({ directory: directory.path })
  const client = await broker.connect()
  expect(await send(client, 2)).toMatchObject({ errorCode: 0, baseOffset: 2 })
  expect(await send(client, 0)).toMatchObject({ errorCode: 0, baseOffset: 0 })
  expect(await send(client, 6)).toMatchObject({ errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER })
  expect(await send(client, 4)).toMatchObject({ errorCode: 0, baseOffset: 4 })
})

test('a topic that is deleted and created again between two starts is empty', async () => {
  using directory = temporaryDirectory()
  let topicId = ''
  {
    await using broker = await testBroker({ directory: directory.path })
    const client = await broker.connect()
    await client.createTopic('t', 2)
    await client.produce('t', batchOf(['old']))
    await client.call(DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1000 })
    topicId = await client.createTopic('t', 1)
  }
  await using broker = await testBroker({ directory: directory.path })
  const client = await broker.connect()
  const { topics } = await client.call(Metadata, 12, { topics: [{ name: 't' }] })
  expect(topics[0]).toMatchObject({ topicId, partitions: [{ partitionIndex: 0 }] })
  expect(await client.fetch('t', 0)).toMatchObject({ errorCode: 0, highWatermark: 0 })
})

test('a second broker on the same directory is refused, and the first does not notice', async () => {
  using directory = temporaryDirectory()
  await using first = await testBroker({ directory: directory.path })
  const client = await first.connect()
  await client.createTopic('t')
  await expect(testBroker({ directory: directory.path })).rejects.toMatchObject({ name: 'DirectoryLockedError' })
  expect(await client.produce('t', batchOf(['x']))).toMatchObject({ errorCode: 0, baseOffset: 0 })
})

test('when the port is taken the directory is free again', async () => {
  using directory = temporaryDirectory()
  await using other = await testBroker()
  const config = { listeners: `PLAINTEXT://127.0.0.1:${other.port}` }
  await expect(testBroker({ directory: directory.path, config })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await using broker = await testBroker({ directory: directory.path })
  expect(broker.port).toBeGreaterThan(0)
})

test('ten brokers in one process have nothing in common', async () => {
  const brokers = await Promise.all(Array.from({ length: 10 }, () => testBroker()))
  const clusters = new Set<string>()
  await Promise.all(
    brokers.map(async (broker, n) => {
      const client = await broker.connect()
      await client.createTopic(`only-${n}`)
      for (let k = 0; k <= n; k++) await client.produce(`only-${n}`, batchOf([`${n}`]))
      expect(await client.topicNames()).toEqual([`only-${n}`])
      expect(await client.fetch(`only-${n}`, 0)).toMatchObject({ highWatermark: n + 1 })
      clusters.add((await client.call(Metadata, 12, { topics: [] })).clusterId ?? '')
    }),
  )
  expect(clusters.size).toBe(10)
  const paths = brokers.map(({ running }) => running.directory.path)
  await Promise.all(brokers.map(broker => broker.stop()))
  // An ephemeral broker leaves nothing behind.
  for (const path of paths) expect(() => readdirSync(path)).toThrow('ENOENT')
})

test('KRaft’s log is closed to clients: it can be neither read, written, made nor deleted', async () => {
  using directory = temporaryDirectory()
  await using broker = await testBroker({ directory: directory.path })
  const client = await broker.connect()
  await client.createTopic('t')
  const name = '__cluster_metadata'
  const log = joinPath(directory.path, `${name}-0`, '00000000000000000000.log')
  const before = digest(readFileSync(log))
  await expect(client.createTopic(name)).rejects.toThrow('prohibited')
  await client.call(Metadata, 9, { topics: [{ name }], allowAutoTopicCreation: true })
  expect((await client.produce(name, batchOf(['x']))).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  expect((await client.fetch(name, 0)).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  const { responses } = await client.call(DeleteTopics, 5, { topicNames: [name], timeoutMs: 1000 })
  expect(responses[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  expect(digest(readFileSync(log))).toBe(before)
})

test('acks=all is answered once the batch is durable, and readers see it then', async () => {
  using directory = temporaryDirectory()
  await using broker = await testBroker({ directory: directory.path })
  const client = await broker.connect()
  await client.createTopic('t')
  const partition = broker.running.services.topics.partition('t', 0)!
  const [answer] = await Promise.all([client.produce('t', batchOf(['a'])), client.produce('t', batchOf(['b']), { acks: 1 })])
  expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0 })
  expect(partition.highWatermark).toBeGreaterThanOrEqual(1)
  const waited = await client.fetch('t', 1, { maxWaitMs: 600_000 })
  expect(waited).toMatchObject({ errorCode: 0, highWatermark: 2 })
})

/** The cluster's time stands still; the broker serves and stops by the host's. */
const still = () => fakeWorld({ host: realWorld.host })
const fetchOf = (topic: string, maxWaitMs: number) => ({
  maxWaitMs,
  minBytes: 1,
  topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
})

test('a fetch waits by the host’s clock', async () => {
  await using broker = await testBroker({ world: still() })
  const client = await broker.connect()
  await client.createTopic('t')
  const { responses } = await client.call(Fetch, 11, fetchOf('t', 50))
  expect(responses[0]?.partitions[0]?.errorCode).toBe(0)
})

test('a stop ends while a consumer waits and a member’s session does not run', async () => {
  const broker = await testBroker({ world: still(), config: { 'group.initial.rebalance.delay.ms': '0' } })
  const [client, member] = [await broker.connect(), await broker.connect()]
  await client.createTopic('t')
  const request = { groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'consumer' }
  const protocols = [{ name: 'range', metadata: utf8Encode('') }]
  // No delay is no time: the group is there although its clock stands still.
  expect((await member.call(JoinGroup, 3, { ...request, protocols })).generationId).toBe(1)
  const parked = client.call(Fetch, 11, fetchOf('t', 600_000))
  await expect.poll(() => broker.running.services.waiting.parkedCount).toBe(1)
  const stopped = broker.running.stop(5000)
  await parked
  await stopped
})

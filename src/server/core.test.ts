/** A broker above an engine that answers later: what it answers, and what it finds again. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { batchOf, eventually, temporaryDirectory, testBroker } from '../broker/test-client.test-support.js'
import { offsetsTopic } from '../node/internal-topics.js'
import { Errors } from '../protocol/errors.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { DescribeUserScramCredentials } from '../protocol/messages/describe-user-scram-credentials.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { OffsetCommit } from '../protocol/messages/offset-commit.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { UnregisterController } from '../protocol/messages/unregister-controller.js'
import { buildBatch } from '../protocol/records/build.js'
import { encodeMetadataRecord, type MetadataRecordInput } from '../protocol/state/metadata.js'
import { DiskFailure } from '../storage/files.js'
import { LateEngine } from '../storage/late-engine.test-support.js'

const limits = { minBytes: 1, maxBytes: 1 << 20, sessionId: 0, sessionEpoch: -1 }
const wanted = (partition: number, fetchOffset = 0) => ({ partition, fetchOffset, partitionMaxBytes: 1 << 20 })

for (const durability of ['fsync', 'os']) {
  test(`topics, records and committed offsets are read back at a start that waits for them (${durability})`, async () => {
    using directory = temporaryDirectory()
    using late = new LateEngine(true)
    const options = { directory: directory.path, config: { 'gregor.durability': durability } }
    const before = await testBroker(options)
    const client = await before.connect()
    await client.createTopic('t', 2)
    for (const acks of [-1, 1]) await client.produce('t', batchOf(['a', 'b']), { acks })
    const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }]
    await client.call(OffsetCommit, 8, { groupId: 'g', topics: [{ name: 't', partitions }] })
    await before.stop()

    late.isEager = false
    const starting = testBroker(options)
    let isStarted = false
    void starting.then(() => {
      isStarted = true
    })
    // The log of the metadata is read; that of the groups is being read, for as long as it takes.
    await eventually(() => late.heldCount === 1)
    late.answer()
    await eventually(() => late.heldCount === 1)
    for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
    expect(isStarted).toBe(false)
    late.isEager = true
    await using after = await starting
    const again = await after.connect()
    const { topics } = await again.call(OffsetFetch, 7, { groupId: 'g', topics: null })
    expect(topics[0]?.partitions[0]?.committedOffset).toBe(3)
    expect(await again.topicNames()).toEqual([offsetsTopic.name, 't'])
    expect((await again.fetch('t', 0)).records?.byteLength).toBe(2 * batchOf(['a', 'b']).byteLength)
    expect(await again.produce('t', batchOf(['c']))).toMatchObject({ errorCode: 0, baseOffset: 4 })
    expect(after.fatal).toEqual([])
  })
}

test('a fetch reads partitions one after the other, within one limit; old clients get message sets', async () => {
  using _late = new LateEngine(true)
  await using broker = await testBroker()
  const client = await broker.connect()
  await client.createTopic('t', 3)
  for (const partition of [0, 1]) await client.produce('t', batchOf(['x'.repeat(100)]), { partition })
  const topics = [{ topic: 't', partitions: [wanted(0), wanted(2), wanted(1), wanted(0, 9)] }]
  const request = { ...limits, maxWaitMs: 1000, maxBytes: batchOf(['x'.repeat(100)]).byteLength + 1, topics }
  const { responses } = await client.call(Fetch, 12, {
    ...request,
    topics: [{ topic: 't', partitions: topics[0]!.partitions.slice(0, 3) }],
  })
  expect(responses[0]?.partitions.map(({ records }) => (records?.byteLength ?? 0) > 0)).toEqual([true, false, false])
  const refused = await client.call(Fetch, 12, { ...request, topics })
  expect(refused.responses[0]?.partitions.map(({ errorCode }) => errorCode)).toContain(Errors.OFFSET_OUT_OF_RANGE)
  const old = await client.call(Fetch, 3, { ...request, topics: [{ topic: 't', partitions: [wanted(1)] }] })
  expect(old.responses[0]?.partitions[0]?.records?.byteLength).toBeGreaterThan(100)
})

test('what is appended while a fetch that finds too little is still read is not missed', async () => {
  await using broker = await testBroker()
  const [reader, writer] = [await broker.connect(), await broker.connect()]
  await writer.createTopic('t', 1)
  await writer.produce('t', batchOf(['a']))
  using late = new LateEngine(false)
  const topics = [{ topic: 't', partitions: [wanted(0)] }]
  const minBytes = 2 * batchOf(['a']).byteLength
  let isAnswered = false
  const fetched = reader.call(Fetch, 12, { ...limits, minBytes, maxWaitMs: 60_000, topics }).finally(() => {
    isAnswered = true
  })
  await eventually(() => late.heldCount === 1)
  const produced = writer.produce('t', batchOf(['b']))
  await eventually(() => late.heldCount === 2)
  // The append, then whatever the fetch asks for.
  late.answer(1)
  expect((await produced).baseOffset).toBe(1)
  await eventually(() => {
    late.answer()
    return isAnswered
  })
  expect((await fetched).responses[0]?.partitions[0]?.records?.byteLength).toBe(minBytes)
})

test('a producer whose batch the engine loses is refused, whatever it waits for', async () => {
  for (const acks of [1, -1]) {
    await using broker = await testBroker()
    const client = await broker.connect()
    await client.createTopic('t', 1)
    using late = new LateEngine(false)
    const produced = client.produce('t', batchOf(['a']), { acks })
    await eventually(() => late.heldCount === 1)
    late.fail(new DiskFailure('lost', 'broken', null))
    expect((await produced).errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(broker.fatal.length).toBe(1)
  }
})

/** As `kafka-storage format --release-version 4.3-IV0 --add-scram …` leaves it. */
const formatted: readonly MetadataRecordInput[] = [
  { kind: 'featureLevel', name: 'metadata.version', featureLevel: 30 },
  { kind: 'featureLevel', name: 'share.version', featureLevel: 1 },
  { kind: 'featureLevel', name: 'transaction.version', featureLevel: 1 },
  {
    kind: 'scramCredential',
    name: 'alice',
    mechanism: 1,
    salt: Buffer.from('salt'),
    storedKey: Buffer.alloc(32, 1),
    serverKey: Buffer.alloc(32, 2),
    iterations: 4096,
  },
]

test('what kafka-storage formatted a directory with holds, from the first start on', async () => {
  using directory = temporaryDirectory()
  const folder = join(directory.path, '__cluster_metadata-0')
  mkdirSync(folder)
  writeFileSync(
    join(directory.path, 'meta.properties'),
    'version=1\nnode.id=1\ndirectory.id=7Lt1VbI4Clw97CrSbIodFg\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n',
  )
  const records = formatted.map(record => ({ key: null, value: encodeMetadataRecord(record), timestampMs: 0 }))
  writeFileSync(join(folder, '00000000000000000000-0000000000.checkpoint'), buildBatch(records))

  for (const start of ['first', 'second']) {
    await using broker = await testBroker({ directory: directory.path, config: { 'node.id': '1' } })
    const client = await broker.connect()
    const { finalizedFeatures } = await client.call(ApiVersions, 4, { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
    const level = (name: string) => finalizedFeatures.find(feature => feature.name === name)?.maxVersionLevel
    expect([level('metadata.version'), level('transaction.version')], start).toEqual([30, 1])
    const { results } = await client.call(DescribeUserScramCredentials, 0, { users: null })
    expect(results, start).toMatchObject([{ user: 'alice', credentialInfos: [{ mechanism: 1, iterations: 4096 }] }])
    // Its record would not be understood by a Kafka of that level.
    const { errorCode } = await client.call(UnregisterController, 0, { controllerId: 7 })
    expect(errorCode, start).toBe(Errors.UNSUPPORTED_VERSION)
  }
})

/** The frame around a request, over a whole broker: what is answered, and what closes the connection. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode } from '../protocol/codec.js'
import { Errors } from '../protocol/errors.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { Produce } from '../protocol/messages/produce.js'
import { handlers } from './table.js'
import {
  batchOf,
  eventually,
  fetchRequest,
  framed,
  requestBytes,
  requestHeader,
  type TestBroker,
  testBroker,
} from './test-client.test-support.js'

let broker: TestBroker
beforeAll(async () => {
  broker = await testBroker()
  const client = await broker.connect()
  await client.createTopic('t')
})
afterAll(() => broker.stop())

test.each([
  ['an unknown API', 999, 0],
  ['a negative API', -1, 0],
  ['a version beyond the newest', Metadata.key, 99],
  ['a negative version', Metadata.key, -1],
  ['a version before the oldest', Produce.key, Produce.versions.min - 1],
])('%s closes the connection', async (_what, apiKey, version) => {
  const client = await broker.connect()
  client.write(framed(requestHeader(apiKey, version, 1, 'c')))
  await client.closed()
})

test('a body that ends too early closes the connection', async () => {
  const client = await broker.connect()
  const whole = requestBytes(Metadata, 9, 1, 'c', { topics: [{ name: 'some topic' }] })
  const cut = Buffer.from(whole.subarray(0, whole.byteLength - 4))
  cut.writeInt32BE(cut.byteLength - 4, 0)
  client.write(cut)
  await client.closed()
})

test('an array that claims more than the frame holds closes the connection', async () => {
  const client = await broker.connect()
  const writer = requestHeader(Metadata.key, 1, 1, 'c')
  writer.int32(0x7fff_ffff)
  client.write(framed(writer))
  await client.closed()
})

test('a frame shorter than a header closes the connection', async () => {
  const client = await broker.connect()
  client.write(Buffer.from([0, 0, 0, 2, 0, 18]))
  await client.closed()
})

test('bytes after a body are skipped, and so are unknown tags', async () => {
  const client = await broker.connect()
  const writer = requestHeader(Metadata.key, 9, 7, 'c')
  writer.unsignedVarint(1) // a tag in the header
  writer.unsignedVarint(77)
  writer.unsignedVarint(3)
  writer.raw(Buffer.from('abc'))
  writer.unsignedVarint(1) // no topics
  writer.bool(false)
  writer.bool(false)
  writer.bool(false)
  writer.unsignedVarint(1) // a tag in the body
  writer.unsignedVarint(1000)
  writer.unsignedVarint(1)
  writer.uint8(9)
  writer.raw(Buffer.from('and more that no version knows'))
  const reader = await client.exchange(framed(writer), 7)
  reader.skipTags()
  expect(decode(Metadata.response, 9, reader).brokers).toHaveLength(1)
})

test('a null client id is none', async () => {
  const client = await broker.connect({ clientId: null })
  expect((await client.call(Metadata, 1, { topics: [] })).topics).toEqual([])
})

test.each([6, 99, -1])('ApiVersions v%i, an unknown version, is answered in v0 with 35 and the whole list', async version => {
  const client = await broker.connect()
  const writer = requestHeader(ApiVersions.key, version, 3, 'c')
  writer.raw(Buffer.from('whatever this version has'))
  const reader = await client.exchange(framed(writer), 3)
  const { errorCode, apiKeys } = decode(ApiVersions.response, 0, reader)
  expect(reader.remaining).toBe(0)
  expect(errorCode).toBe(Errors.UNSUPPORTED_VERSION)
  expect(apiKeys.find(({ apiKey }) => apiKey === ApiVersions.key)).toMatchObject({ minVersion: 0, maxVersion: 5 })
  // The connection lives on, as clients rely on.
  expect((await client.call(ApiVersions, 3, { clientSoftwareName: 'c', clientSoftwareVersion: '1' })).errorCode).toBe(0)
})

test.each([0, 1, 2, 3, 4, 5])('ApiVersions v%i lists every API of the table once, with its versions', async version => {
  const client = await broker.connect()
  const request = { clientSoftwareName: 'some-client', clientSoftwareVersion: '1.2.3' }
  const { errorCode, apiKeys } = await client.call(ApiVersions, version, request)
  expect(errorCode).toBe(Errors.NONE)
  expect(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion])).toEqual(
    handlers.map(({ api }) => [api.key, api.versions.min, api.versions.max]),
  )
})

test('ApiVersions tells of the features, in order by the metadata log', async () => {
  await using own = await testBroker()
  const client = await own.connect()
  const ask = (version = 4) => client.call(ApiVersions, version, { clientSoftwareName: 'c', clientSoftwareVersion: '1' })
  const first = await ask()
  expect(first).toMatchObject({
    supportedFeatures: [
      { name: 'metadata.version', minVersion: 7, maxVersion: 33 },
      { name: 'transaction.version', minVersion: 0, maxVersion: 2 },
      { name: 'group.version', minVersion: 0, maxVersion: 1 },
      { name: 'streams.version', minVersion: 0, maxVersion: 1 },
    ],
    finalizedFeatures: [
      { name: 'metadata.version', minVersionLevel: 33, maxVersionLevel: 33 },
      { name: 'transaction.version', minVersionLevel: 2, maxVersionLevel: 2 },
      { name: 'group.version', minVersionLevel: 1, maxVersionLevel: 1 },
      { name: 'streams.version', minVersionLevel: 1, maxVersionLevel: 1 },
    ],
  })
  // [KAFKA-17492]
  expect((await ask(3)).supportedFeatures.map(({ name }) => name)).toEqual(['metadata.version'])
  expect(first.finalizedFeaturesEpoch).toBeGreaterThanOrEqual(0)
  await client.createTopic('t')
  expect((await ask()).finalizedFeaturesEpoch).toBeGreaterThan(Number(first.finalizedFeaturesEpoch))
})

test.each([
  ['0', []],
  ['1', [1]],
])('ApiVersions tells of transaction.version as it is set (%s); level 0 is not told', async (level, expected) => {
  await using own = await testBroker({ config: { 'gregor.transaction.version': level } })
  const client = await own.connect()
  const { finalizedFeatures } = await client.call(ApiVersions, 4, { clientSoftwareName: 'c', clientSoftwareVersion: '1' })
  const levels = finalizedFeatures
    .filter(({ name }) => name === 'transaction.version')
    .map(({ maxVersionLevel }) => maxVersionLevel)
  expect(levels).toEqual(expected)
})

test('ApiVersions v5 of a client that means another cluster or node tells it to rebootstrap (KIP-1242)', async () => {
  const client = await broker.connect()
  const { clusterId, nodeId } = broker.running.services
  const ask = async (meant: { clusterId?: string | null; nodeId?: number }) =>
    client.call(ApiVersions, 5, { clientSoftwareName: 'c', clientSoftwareVersion: '1', ...meant })
  for (const meant of [{}, { clusterId: null, nodeId: -1 }, { clusterId, nodeId }])
    expect((await ask(meant)).errorCode).toBe(Errors.NONE)
  for (const meant of [
    { clusterId: 'another', nodeId },
    { clusterId, nodeId: 99 },
  ]) {
    expect(await ask(meant)).toMatchObject({ errorCode: Errors.REBOOTSTRAP_REQUIRED, apiKeys: [] })
  }
  for (const half of [{ clusterId }, { nodeId }]) expect((await ask(half)).errorCode).toBe(Errors.INVALID_REQUEST)
})

test.each(['', '-x', 'x-', 'with space', 'ä'])('ApiVersions v3 from a client that calls itself "%s" is refused', async name => {
  const client = await broker.connect()
  const request = { clientSoftwareName: name, clientSoftwareVersion: '1' }
  expect((await client.call(ApiVersions, 3, request)).errorCode).toBe(Errors.INVALID_REQUEST)
})

test('pipelined requests of all kinds are answered in their order', async () => {
  const client = await broker.connect()
  const produce = () => client.produce('t', batchOf(['x']))
  const metadata = () => client.call(Metadata, 12, { topics: null })
  const fetch = () => client.fetch('t', 0)
  const create = (name: string) => client.createTopic(name)
  const all = [metadata(), produce(), produce(), create('p1'), fetch(), produce(), metadata(), fetch(), create('p2'), produce()]
  // The client refuses an answer that is not the next one's.
  const answers = await Promise.all(all)
  const produced = [answers[1], answers[2], answers[5], answers[9]] as Awaited<ReturnType<typeof produce>>[]
  expect(produced.map(({ baseOffset }) => baseOffset)).toEqual([0, 1, 2, 3])
})

test('produces are appended while those before them wait for the disk; another request waits for them all', async () => {
  const client = await broker.connect()
  const other = await broker.connect()
  await client.createTopic('slow-disk')
  const partition = broker.running.services.topics.partition('slow-disk', 0)!
  const append = partition.appendOrDefer.bind(partition)
  const synced: (() => void)[] = []
  partition.appendOrDefer = (batch, origin, inspection) => {
    const durable = new Promise<void>(resolve => synced.push(resolve))
    return { ...append(batch, origin, inspection), durable } as ReturnType<typeof append>
  }
  const answered: number[] = []
  const produced = [0, 1, 2].map(n => client.produce('slow-disk', batchOf(['x'])).then(() => answered.push(n)))
  const listed = client.topicNames().then(() => answered.push(3))
  await eventually(() => synced.length === 3)
  synced[2]?.()
  synced[1]?.()
  // What another client asks for is not held up.
  await other.topicNames()
  expect(answered).toEqual([])
  synced[0]?.()
  await Promise.all([...produced, listed])
  expect(answered).toEqual([0, 1, 2, 3])
})

test('others are served between the batches of a long produce; the next of its connection comes behind all of them', async () => {
  const client = await broker.connect()
  const other = await broker.connect()
  await client.createTopic('long', 40)
  const large = batchOf(['x'.repeat(900_000)])
  const partitionData = Array.from({ length: 40 }, (_, index) => ({ index, records: large }))
  const order: string[] = []
  const long = client.call(Produce, 9, { acks: -1, timeoutMs: 0, topicData: [{ name: 'long', partitionData }] })
  const next = client.produce('long', batchOf(['next']), { partition: 39 })
  const partition = broker.running.services.topics.partition('long', 0)!
  await eventually(() => partition.logEndOffset > 0)
  const asked = other.topicNames().then(() => order.push('other'))
  const answered = long.then(({ responses }) => {
    order.push('long')
    return responses[0]?.partitionResponses.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])
  })
  expect(await answered).toEqual(partitionData.map(() => [0, 0]))
  expect((await next).baseOffset).toBe(1)
  await asked
  expect(order).toEqual(['other', 'long'])
})

test('acks=0 is not answered, and the next answer is the next request’s', async () => {
  const client = await broker.connect()
  await client.createTopic('quiet')
  const topicData = [{ name: 'quiet', partitionData: [{ index: 0, records: batchOf(['a']) }] }]
  for (let n = 0; n < 3; n++) client.tell(Produce, 9, { acks: 0, timeoutMs: 0, topicData })
  expect((await client.fetch('quiet', 0)).highWatermark).toBe(3)
})

test.each([
  ['an unknown topic', { topicData: [{ name: 'nowhere', partitionData: [{ index: 0, records: batchOf(['a']) }] }] }],
  ['no batch', { topicData: [{ name: 't', partitionData: [{ index: 0, records: null }] }] }],
])('a refused produce with acks=0 closes the connection: %s', async (_what, rest) => {
  const client = await broker.connect()
  client.tell(Produce, 9, { acks: 0, timeoutMs: 0, ...rest })
  await client.closed()
})

test('a client that half-closes after acks=0 has lost nothing', async () => {
  const watcher = await broker.connect()
  await watcher.createTopic('parting')
  const client = await broker.connect()
  const topicData = [{ name: 'parting', partitionData: [{ index: 0, records: batchOf(['a']) }] }]
  // Behind a request whose answer is waited for.
  void client.call(Metadata, 12, { topics: null }).catch(() => {})
  for (let n = 0; n < 5; n++) client.tell(Produce, 9, { acks: 0, timeoutMs: 0, topicData })
  client.end()
  await client.closed()
  expect((await watcher.fetch('parting', 0)).highWatermark).toBe(5)
})

test('every API of the table answers an empty request of every version, or closes the connection in order', async () => {
  // No request of zeroes may do harm: each of these gets an answer of its own correlation id or a closed connection.
  for (const { api } of handlers) {
    for (let version = api.versions.min; version <= api.versions.max; version++) {
      const client = await broker.connect()
      const writer = requestHeader(api.key, version, 5, 'c')
      if (version >= api.flexible.min && version <= api.flexible.max) writer.uint8(0)
      writer.raw(new Uint8Array(200))
      const answer = client.exchange(framed(writer), 5).catch(() => {})
      // Behind it one that is answered: a Produce of zeroes says acks=0.
      const follower = client.exchange(framed(requestHeader(ApiVersions.key, 0, 6, 'c')), 6)
      await Promise.race([answer, follower.catch(() => {}), client.closed()])
      client.close()
    }
  }
  expect(broker.fatal).toEqual([])
})

test('a client that goes away ends what its requests wait for', async () => {
  const { waiting } = broker.running.services
  const client = await broker.connect()
  const request = fetchRequest('nothing-comes', 0, { maxWaitMs: 0x7fff_ffff })
  await client.createTopic('nothing-comes')
  client.tell(Fetch, 11, request)
  await eventually(() => waiting.parkedCount === 1)
  client.close()
  await eventually(() => waiting.parkedCount === 0)
})

/** A broker on a machine for which snappy and lz4-napi have no binary, or that was installed without optional packages. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { copyOf, equalBytes } from '../base/bytes.js'
import { brokerInFakeTime, type TestBroker, type TestClient } from '../broker/test-client.test-support.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { Errors } from '../protocol/errors.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { javaBatches } from '../protocol/records/golden.test-support.js'
import { messageSets } from '../protocol/records/golden-legacy.test-support.js'
import { reportCodecs } from './codec-report.js'

vi.mock('../base/packages.js', async original => ({
  ...(await original<typeof import('../base/packages.js')>()),
  snappyPackage: () => null,
  lz4Package: () => null,
  nativeCrc: () => null,
  hasBinary: () => false,
}))

const lines: string[] = []
const say = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
const log = { debug: say, info: say, warn: say, error: say }
let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  const started = await brokerInFakeTime({ log })
  broker = started.broker
  started.world.advance(1000)
  client = await broker.connect()
})
afterAll(() => broker.stop())

test('it starts, and says which codecs are missing and why', () => {
  const text = lines.join('\n')
  lines.length = 0
  reportCodecs(log)
  expect(text.endsWith(lines.join('\n'))).toBe(true)
  expect(text).toMatch(
    /batches that need decompressing are refused .*"codec":"snappy","reason":"snappy cannot be used: the package snappy has no binary/,
  )
  expect(text).toMatch(
    /batches that need decompressing are refused .*"codec":"lz4","reason":"lz4 cannot be used: the package lz4-napi has no binary/,
  )
  expect(text).toMatch(/codecs available \{"codecs":\["gzip".*"crc32c":"portable"/)
})

test.each(['snappy', 'lz4'] as const)('%s is stored as it came, and refused where it would have to be opened', async codec => {
  await client.createTopic(codec)
  expect(await client.produce(codec, copyOf(javaBatches[codec]))).toMatchObject({ errorCode: 0 })
  const { records } = await client.fetch(codec, 0)
  expect(equalBytes(records!.subarray(61), javaBatches[codec].subarray(61))).toBe(true)
  expect(await client.fetch(codec, 0, { version: 3 })).toMatchObject({ errorCode: Errors.UNSUPPORTED_COMPRESSION_TYPE })

  for (const [name, configs] of Object.entries({
    compacted: { 'cleanup.policy': 'compact' },
    gzip: { 'compression.type': 'gzip' },
  })) {
    const topic = `${codec}-${name}`
    await client.createTopic(topic, 1, configs)
    const answer = await client.produce(topic, copyOf(javaBatches[codec]))
    expect(answer).toMatchObject({ errorCode: Errors.UNSUPPORTED_COMPRESSION_TYPE, errorMessage: expect.stringContaining(codec) })
  }
  const set = messageSets.find(each => each.codec === codec)!
  expect(await client.produce(codec, copyOf(set.bytes), { version: 2 })).toMatchObject({
    errorCode: Errors.UNSUPPORTED_COMPRESSION_TYPE,
  })
  expect((await client.fetch(codec, 0)).highWatermark).toBe(4)
})

test.each(['snappy', 'lz4'])('compression.type=%s is refused where it is set', async type => {
  const { topics } = await client.call(CreateTopics, 7, {
    topics: [
      {
        name: 'x',
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [{ name: 'compression.type', value: type }],
      },
    ],
    timeoutMs: 1000,
    validateOnly: false,
  })
  expect(topics[0]).toMatchObject({
    errorCode: Errors.INVALID_CONFIG,
    errorMessage: expect.stringContaining(`${type} cannot be used`),
  })
  expect(() => resolveBrokerConfig([optionsLayer({ 'compression.type': type })])).toThrow(`${type} cannot be used`)
})

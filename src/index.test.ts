import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, it, test } from 'vitest'
import type { LogFields } from './base/log.js'
import { batchOf, TestClient } from './broker/test-client.test-support.js'
import { KafkaError, type NewTopic, type StartOptions, startBroker } from './index.js'
import { DescribeConfigs } from './protocol/messages/describe-configs.js'
import { GetTelemetrySubscriptions } from './protocol/messages/get-telemetry-subscriptions.js'
import { Metadata } from './protocol/messages/metadata.js'
import { PushTelemetry } from './protocol/messages/push-telemetry.js'

function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'gregor-index-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

test('a broker without options is ephemeral, on a free port of the loopback', async () => {
  const broker = await startBroker()
  expect(broker.port).toBeGreaterThan(0)
  expect(broker.bootstrapServers).toBe(`127.0.0.1:${broker.port}`)
  expect(broker.brokers).toEqual([broker.bootstrapServers])
  expect(broker.description).toMatchObject({ data: 'ephemeral', durability: 'none' })
  expect(broker.description.listeners).toEqual([`PLAINTEXT://127.0.0.1:${broker.port}`])
  const client = await TestClient.connect(broker.port)
  const { clusterId, brokers } = await client.call(Metadata, 9, { topics: [] })
  expect(clusterId).toBe(broker.clusterId)
  expect(brokers).toMatchObject([{ host: '127.0.0.1', port: broker.port }])
  const { dataDirectory } = broker
  await broker.createTopic({ name: 't' })
  client.close()
  await broker.stop()
  expect(existsSync(dataDirectory)).toBe(false)
})

test('what clients push is shown, a copy for each who asks', async () => {
  await using broker = await startBroker({ port: 0 })
  const client = await TestClient.connect(broker.port)
  const { clientInstanceId, subscriptionId } = await client.call(GetTelemetrySubscriptions, 0, {
    clientInstanceId: 'AAAAAAAAAAAAAAAAAAAAAA',
  })
  // One gauge.
  const metrics = Buffer.from('0a14121212100a016d2a0b0a0921000000000000f03f', 'hex')
  await client.call(PushTelemetry, 0, { clientInstanceId, subscriptionId, terminating: false, compressionType: 0, metrics })
  const gauge = { name: 'm', kind: 'gauge', unit: '', description: '', attributes: new Map(), value: 1, timeMs: 0 }
  const [shown] = broker.clientMetrics()
  expect(shown).toMatchObject({ clientInstanceId, clientId: 'test', sourceAddress: '127.0.0.1', metrics: [gauge] })
  expect(shown?.metrics).toEqual([gauge])
  client.close()
  await expect.poll(() => broker.clientMetrics()).toEqual([])
  expect(shown?.metrics).toEqual([gauge])
})

test('a stopped broker refuses connections, and stopping again waits for the same stop', async () => {
  const broker = await startBroker({ port: 0 })
  const first = broker.stop()
  expect(broker.stop()).toBe(first)
  await first
  const refused = new Promise(resolve => net.connect(broker.port, '127.0.0.1').on('error', resolve))
  expect(await refused).toMatchObject({ code: 'ECONNREFUSED' })
})

test('await using stops it', async () => {
  let path = ''
  {
    await using broker = await startBroker()
    path = broker.dataDirectory
  }
  expect(existsSync(path)).toBe(false)
})

test('topics are created with partitions and configs, and refused with a message', async () => {
  await using broker = await startBroker({ config: { 'num.partitions': '3' } })
  await broker.createTopic({ name: 'as-configured' })
  await broker.createTopic({ name: 'own', partitions: 2, configs: { 'retention.ms': '99' } })
  const client = await TestClient.connect(broker.port)
  const { topics } = await client.call(Metadata, 9, { topics: null })
  expect(new Map(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual(
    new Map([
      ['as-configured', 3],
      ['own', 2],
    ]),
  )
  const { results } = await client.call(DescribeConfigs, 4, {
    resources: [{ resourceType: 2, resourceName: 'own', configurationKeys: ['retention.ms'] }],
  })
  expect(results[0]?.configs[0]?.value).toBe('99')
  client.close()
  await expect(broker.createTopic({ name: 'own' })).rejects.toThrow("Topic 'own' already exists.")
  await expect(broker.createTopic({ name: 'not/valid' })).rejects.toThrow('Topic name is invalid')
  await expect(broker.createTopic({ name: 'x', partitions: 0 })).rejects.toThrow('Number of partitions')
  await expect(broker.createTopic({ name: 'x', configs: { 'no.such.key': '1' } })).rejects.toThrow('no.such.key')
  await expect(broker.createTopic({ name: 'x', configs: { 'retention.ms': 'long' } })).rejects.toThrow('retention.ms')
})

test('time and randomness may be given in parts, also by an object of a class', async () => {
  class Standing {
    readonly #standsAtMs = 1_234_567_890_123
    nowMs(): number {
      return this.#standsAtMs
    }
  }
  await using broker = await startBroker({ world: new Standing() })
  await broker.createTopic({ name: 't', configs: { 'message.timestamp.type': 'LogAppendTime' } })
  const client = await TestClient.connect(broker.port)
  expect((await client.produce('t', batchOf(['a']))).logAppendTimeMs).toBe(1_234_567_890_123)
  client.close()
})

test('with a data directory it comes back with what it had', async () => {
  using directory = temporaryDirectory()
  let clusterId = ''
  {
    await using broker = await startBroker({ dataDir: directory.path })
    expect(broker.description).toMatchObject({ data: directory.path, durability: 'fsync' })
    expect(broker.dataDirectory).toBe(directory.path)
    await broker.createTopic({ name: 't' })
    clusterId = broker.clusterId
  }
  await using broker = await startBroker({ dataDir: directory.path })
  expect(broker.clusterId).toBe(clusterId)
  await expect(broker.createTopic({ name: 't' })).rejects.toThrow('already exists')
  await expect(startBroker({ dataDir: directory.path })).rejects.toMatchObject({ name: 'DirectoryLockedError' })
})

test('a configuration that cannot be used is refused with every problem', async () => {
  const config = { 'num.partitions': 'many', 'message.max.bytes': '-5' }
  const refused = startBroker({ config })
  await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(refused).rejects.toThrow('num.partitions')
  await expect(refused).rejects.toThrow('message.max.bytes')
  await expect(startBroker({ listen: 'nonsense' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

describe('what is misspelt', () => {
  it.each([
    [
      { config: { 'num.partition': 3 } },
      'num.partition (from config num.partition): there is no such key; did you mean num.partitions?',
    ],
    [{ config: { 'no.such.key': '1' } }, 'no.such.key (from config no.such.key): there is no such key'],
    [{ dataDirectory: 'd' }, 'Unknown option dataDirectory'],
    [{ ports: 1 }, 'Unknown option ports; did you mean port?'],
    [{ port: 9092.5 }, 'port: a port, 0 to 65535, is needed, not 9092.5'],
    [
      { config: { 'num.partitions': undefined } },
      'config num.partitions: a text, a number or a boolean is needed, not undefined',
    ],
    [
      { config: { 'num.partitions': null, 'log.dir': ['a'] } },
      'config log.dir: a text, a number or a boolean is needed, not Array',
    ],
    [{ config: { 'num.partitions': 2.5 } }, 'Invalid value 2.5 for configuration num.partitions'],
  ])('%j is a ConfigError that names it', async (options, message) => {
    const refused = startBroker(options as StartOptions)
    await expect(refused).rejects.toMatchObject({ name: 'ConfigError', code: 'CONFIG_INVALID' })
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.not.toThrow('--config')
  })

  it('is a warning when the caller says so, and always where a file or the environment says it', async () => {
    const warnings: string[] = []
    const warn = (_fields: LogFields, message: string) => void warnings.push(message)
    await using broker = await startBroker({
      strict: false,
      config: { 'no.such.key': '1' },
      environment: { KAFKA_ANOTHER_KEY: '1' },
      log: { debug() {}, info() {}, warn, error() {} },
    })
    expect(broker.port).toBeGreaterThan(0)
    expect(warnings).toEqual([expect.stringContaining('no.such.key'), expect.stringContaining('KAFKA_ANOTHER_KEY')])
  })
})

describe('an option of another type is a ConfigError that names it', () => {
  it.each([
    [{ host: 5 }, 'host: a text is needed, not 5'],
    [{ port: '9092' }, 'port: a port, 0 to 65535, is needed, not "9092"'],
    [{ listen: true }, 'listen: a text is needed, not true'],
    [{ advertise: {} }, 'advertise: a text is needed, not Object'],
    [{ dataDir: 5 }, 'dataDir: the path of a folder is needed, not 5'],
    [{ dataDir: null }, 'dataDir: the path of a folder is needed, not null'],
    [{ dataDir: '' }, 'dataDir: the path of a folder is needed, not ""'],
    [{ config: null }, 'config: an object is needed, not null'],
    [{ config: new Map([['num.partitions', 3]]) }, 'config: an object is needed, not Map'],
    [{ propertiesFile: 3 }, 'propertiesFile: the path of a file is needed, not 3'],
    [{ propertiesFile: '/no/such/file' }, 'propertiesFile: ENOENT: no such file or directory'],
    [{ environment: 'PATH' }, 'environment: an object whose values are texts is needed, not "PATH"'],
    [{ environment: { KAFKA_NUM_PARTITIONS: 3 } }, 'environment: an object whose values are texts is needed, not Object'],
    [{ strict: 0 }, 'strict: true or false is needed, not 0'],
    [{ configOrigin: 1 }, 'configOrigin: a text is needed, not 1'],
    [{ unref: 'yes' }, 'unref: true or false is needed, not "yes"'],
    [{ ephemeral: 'yes' }, 'ephemeral: true or false is needed, not "yes"'],
    [{ log: null }, 'log: an object with debug, info, warn and error is needed, not null'],
    [{ log: { warn() {} } }, 'log: an object with debug, info, warn and error is needed, not Object'],
    [{ onFatal: 3 }, 'onFatal: a function is needed, not 3'],
    [{ world: { nowMs: 5 } }, 'world: an object of functions is needed, not Object'],
    [{ strict: false, host: 5 }, 'host: a text is needed, not 5'],
    [{ host: 5, unref: 1 }, 'unref: true or false is needed, not 1'],
    [null, 'startBroker: an object of options is needed, not null'],
    ['127.0.0.1:0', 'startBroker: an object of options is needed, not "127.0.0.1:0"'],
  ])('startBroker(%j)', async (options, message) => {
    const refused = startBroker(options as StartOptions)
    await expect(refused).rejects.toMatchObject({ name: 'ConfigError', code: 'CONFIG_INVALID' })
    await expect(refused).rejects.toThrow(message)
  })

  it.each([
    [{}, 'name: a text is needed, not undefined'],
    [{ name: 5 }, 'name: a text is needed, not 5'],
    [{ name: 't', partitions: '4' }, 'partitions: a number is needed, not "4"'],
    [{ name: 't', replicationFactor: null }, 'replicationFactor: a number is needed, not null'],
    [{ name: 't', configs: null }, 'configs: an object is needed, not null'],
    [{ name: 't', configs: { 'retention.ms': null } }, 'configs retention.ms: a text, a number or a boolean is needed, not null'],
    [{ name: 't', Partitions: 4 }, 'Unknown option Partitions; did you mean partitions?'],
    [{ name: 't', numPartitions: 4 }, 'Unknown option numPartitions'],
    [undefined, 'createTopic: an object of options is needed, not undefined'],
    ['t', 'createTopic: an object of options is needed, not "t"'],
  ])('createTopic(%j)', async (topic, message) => {
    await using broker = await startBroker()
    const refused = broker.createTopic(topic as NewTopic)
    await expect(refused).rejects.toMatchObject({ name: 'ConfigError', code: 'CONFIG_INVALID' })
    await expect(refused).rejects.toThrow(message)
    expect(await broker.listTopics()).toEqual([])
  })

  it('deleteTopic without a name', async () => {
    await using broker = await startBroker()
    for (const name of [undefined, { name: 't' }]) {
      await expect(broker.deleteTopic(name as unknown as string)).rejects.toThrow('deleteTopic: a text is needed, not')
    }
  })
})

it.each([
  [{ ephemeral: true, dataDir: 'd' }, 'ephemeral: true keeps no data; leave dataDir out'],
  [{ dataDir: 'd', config: { 'log.dirs': 'e' } }, 'dataDir and config log.dirs say the same thing; give one of them'],
  [{ dataDir: 'd', config: { 'log.dir': 'e' } }, 'dataDir and config log.dir say the same thing; give one of them'],
  [{ port: 0, config: { listeners: 'PLAINTEXT://:0' } }, 'port and config listeners say the same thing'],
  [{ listen: ':0', host: '::1' }, 'listen: give either listen, or host and port'],
  [
    { advertise: 'a:1', config: { 'advertised.listeners': 'PLAINTEXT://b:1' } },
    'advertise and config advertised.listeners say the same thing',
  ],
])('%j contradicts itself', async (options, message) => {
  const refused = startBroker(options)
  await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(refused).rejects.toThrow(message)
})

test('what is undefined is not given', async () => {
  const options = { host: undefined, dataDir: undefined, ephemeral: undefined, log: undefined, config: undefined }
  await using broker = await startBroker(options as unknown as StartOptions)
  expect(broker.description.data).toBe('ephemeral')
})

test('numbers and booleans are taken as Kafka reads them', async () => {
  const config = { 'num.partitions': 3, 'auto.create.topics.enable': false, 'log.retention.bytes': 1e21 / 1e6 }
  await using broker = await startBroker({ config })
  expect(await broker.createTopic({ name: 't', configs: { 'retention.ms': 99 } })).toMatchObject({ partitions: 3 })
})

test('an environment that says nothing about it leaves a broker ephemeral and on a free port', async () => {
  await using broker = await startBroker({ environment: { PATH: '/bin', KAFKA_NUM_PARTITIONS: '2' } })
  expect(broker.description.data).toBe('ephemeral')
  expect(broker.port).not.toBe(9092)
})

test('CLUSTER_ID names a new cluster, and never another than there is', async () => {
  using directory = temporaryDirectory()
  const clusterIdWith = async (environment: Record<string, string>) => {
    await using broker = await startBroker({ dataDir: directory.path, environment })
    return broker.clusterId
  }
  expect(await clusterIdWith({ CLUSTER_ID: '5L6g3nShT-eMCtK--X86sw' })).toBe('5L6g3nShT-eMCtK--X86sw')
  expect(await clusterIdWith({ KAFKA_KRAFT_CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk' })).toBe('5L6g3nShT-eMCtK--X86sw')
  await expect(clusterIdWith({ CLUSTER_ID: 'a b' })).rejects.toThrow('CLUSTER_ID: "a b" is not a cluster id')
})

test.each(['MkU3OEVBNTcwNTJENDM2Qg==', 'my-cluster'])('CLUSTER_ID may be %s, as in Kafka, and is kept', async id => {
  using directory = temporaryDirectory()
  for (const environment of [{ CLUSTER_ID: id }, {}]) {
    await using broker = await startBroker({ dataDir: directory.path, environment })
    expect(broker.clusterId).toBe(id)
  }
})

test('topics are listed and deleted, and refusals carry what Kafka calls them', async () => {
  await using broker = await startBroker()
  const { topicId } = await broker.createTopic({ name: 'b', partitions: 2, replicationFactor: 1 })
  await broker.createTopic({ name: 'a' })
  expect(topicId).toMatch(/^[\w-]{22}$/)
  expect(await broker.listTopics()).toMatchObject([{ name: 'a' }, { name: 'b', topicId, partitions: 2 }])
  await broker.deleteTopic('b')
  expect(await broker.listTopics()).toMatchObject([{ name: 'a' }])

  const refusals: [Promise<unknown>, number, string][] = [
    [broker.createTopic({ name: 'a' }), 36, 'TOPIC_ALREADY_EXISTS'],
    [broker.createTopic({ name: 'b', partitions: 2.5 }), 37, 'INVALID_PARTITIONS'],
    [broker.createTopic({ name: 'b', partitions: Number.NaN }), 37, 'INVALID_PARTITIONS'],
    [broker.createTopic({ name: 'b', replicationFactor: 3 }), 38, 'INVALID_REPLICATION_FACTOR'],
    [broker.createTopic({ name: 'b', configs: { 'retention.ms': 'long' } }), 40, 'INVALID_CONFIG'],
    [broker.createTopic({ name: 'b/c' }), 17, 'INVALID_TOPIC_EXCEPTION'],
    [broker.deleteTopic('b'), 3, 'UNKNOWN_TOPIC_OR_PARTITION'],
  ]
  for (const [refused, code, type] of refusals) {
    await expect(refused).rejects.toBeInstanceOf(KafkaError)
    await expect(refused).rejects.toMatchObject({ name: 'KafkaError', code, type })
  }
})

test('a stopped broker says that it is stopped', async () => {
  const broker = await startBroker()
  await broker.stop()
  for (const call of [broker.createTopic({ name: 'a' }), broker.deleteTopic('a'), broker.listTopics()]) {
    await expect(call).rejects.toMatchObject({ code: 'BROKER_STOPPED', message: 'the broker has been stopped' })
  }
})

test('brokers is what kafkajs takes: an array of its own', async () => {
  await using broker = await startBroker()
  const { brokers } = broker
  expectTypeOf(brokers).toEqualTypeOf<string[]>()
  brokers.push('another:1')
  expect(broker.brokers).toEqual([broker.bootstrapServers])
})

test('an advertised address is what clients are told', async () => {
  await using broker = await startBroker({ advertise: 'broker.example:1234' })
  const client = await TestClient.connect(broker.port)
  const { brokers } = await client.call(Metadata, 9, { topics: [] })
  expect(brokers[0]).toMatchObject({ host: 'broker.example', port: 1234 })
  client.close()
})

test('the environment counts when it is given, and loses to what the caller says', async () => {
  const environment = { KAFKA_NUM_PARTITIONS: '7', KAFKA_DEFAULT_REPLICATION_FACTOR: '1' }
  const partitionsOf = async (config: Record<string, string>): Promise<number> => {
    await using broker = await startBroker({ environment, config, ephemeral: true, port: 0 })
    const client = await TestClient.connect(broker.port)
    const { topics } = await client.call(Metadata, 4, { topics: [{ name: 't' }], allowAutoTopicCreation: true })
    client.close()
    return topics[0]?.partitions.length ?? 0
  }
  expect(await partitionsOf({})).toBe(7)
  expect(await partitionsOf({ 'num.partitions': '2' })).toBe(2)
})

test('a listener of every interface is told as one', async () => {
  await using broker = await startBroker({ config: { listeners: 'PLAINTEXT://:0,OTHER://127.0.0.1:0', ...otherIsPlain } })
  expect(broker.description.everywhere).toEqual(['PLAINTEXT'])
  expect(broker.bootstrapServers).toMatch(/^127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/)
})

const otherIsPlain = { 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT' }

test.skipIf(process.platform === 'win32')('nobody else of the machine reads the metadata', async () => {
  using directory = temporaryDirectory()
  await using broker = await startBroker({ dataDir: join(directory.path, 'data') })
  const modeOf = (name: string) => statSync(join(broker.dataDirectory, name)).mode & 0o077
  expect(modeOf('__cluster_metadata-0')).toBe(0)
  await broker.createTopic({ name: 't' })
  expect(modeOf('t-0')).not.toBe(0)
})

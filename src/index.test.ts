import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogFields } from './base/log.js'
import { TestClient } from './broker/test-client.test-support.js'
import { startBroker } from './index.js'
import { DescribeConfigs } from './protocol/messages/describe-configs.js'
import { Metadata } from './protocol/messages/metadata.js'

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

test('a key that nobody knows is a warning, no failure', async () => {
  const warnings: string[] = []
  const warn = (_fields: LogFields, message: string) => void warnings.push(message)
  await using broker = await startBroker({
    config: { 'no.such.key': '1' },
    log: { debug() {}, info() {}, warn, error() {} },
  })
  expect(broker.port).toBeGreaterThan(0)
  expect(warnings.some(warning => warning.includes('no.such.key'))).toBe(true)
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

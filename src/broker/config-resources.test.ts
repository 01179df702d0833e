/** Configs of brokers, groups and client metrics by wire: changed while it runs, in force at once, kept over a restart. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Log, silentLog } from '../base/log.js'
import { Errors } from '../protocol/errors.js'
import { AlterConfigs } from '../protocol/messages/alter-configs.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { IncrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.js'
import { ListConfigResources } from '../protocol/messages/list-config-resources.js'
import {
  batchOf,
  brokerInFakeTime,
  eventually,
  type TestBroker,
  TestClient,
  temporaryDirectory,
  testBroker,
} from './test-client.test-support.js'

const [brokerType, loggerType, metricsType, groupType] = [4, 8, 16, 32]
const [set, remove, append, subtract] = [0, 1, 2, 3]
type Change = readonly [operation: number, name: string, value: string | null]

const resourceOf = (resourceType: number, resourceName: string, changes: readonly Change[]) => ({
  resourceType,
  resourceName,
  configs: changes.map(([configOperation, name, value]) => ({ configOperation, name, value })),
})

async function change(client: TestClient, resourceType: number, resourceName: string, ...changes: Change[]) {
  const resources = [resourceOf(resourceType, resourceName, changes)]
  const { responses } = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  return [responses[0]?.errorCode, responses[0]?.errorMessage]
}

async function described(client: TestClient, resourceType: number, resourceName: string, ...keys: string[]) {
  const resources = [{ resourceType, resourceName, configurationKeys: keys }]
  const { results } = await client.call(DescribeConfigs, 4, { resources, includeSynonyms: true })
  return results[0]!
}

/** Each key as its value and where it comes from. */
async function valuesOf(client: TestClient, resourceType: number, resourceName: string, ...keys: string[]) {
  const { configs } = await described(client, resourceType, resourceName, ...keys)
  return Object.fromEntries(configs.map(({ name, value, configSource }) => [name, [value, configSource]]))
}

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
})
afterAll(() => broker.stop())

const ok = [0, null]

test('one broker’s value stands before that of all, that before the file, that before the default', async () => {
  const key = 'log.retention.bytes'
  const { running, connect, stop } = await testBroker({ config: { [key]: '1' } })
  const admin = await connect()
  expect(await change(admin, brokerType, '', [set, key, '2'])).toEqual(ok)
  expect(await valuesOf(admin, brokerType, '1', key)).toEqual({ [key]: ['2', 3] })
  expect(await change(admin, brokerType, '1', [set, key, '3'])).toEqual(ok)
  const { configs } = await described(admin, brokerType, '1', key)
  expect(configs[0]).toMatchObject({ value: '3', readOnly: false, configSource: 2 })
  expect(configs[0]?.synonyms.map(({ value, source }) => [value, source])).toEqual([
    ['3', 2],
    ['2', 3],
    ['1', 4],
    ['-1', 5],
  ])
  expect(running.services.config.get(key)).toBe(3)
  expect(await change(admin, brokerType, '1', [remove, key, null])).toEqual(ok)
  expect(await change(admin, brokerType, '', [remove, key, null])).toEqual(ok)
  expect(running.services.config.get(key)).toBe(1)
  await stop()
})

test('what is set for all is shown under the name "", with what was set there alone', async () => {
  await change(client, brokerType, '', [set, 'log.cleaner.backoff.ms', '77'])
  const { configs } = await described(client, brokerType, '')
  expect(configs).toMatchObject([
    { name: 'log.cleaner.backoff.ms', value: '77', configSource: 3, synonyms: [{ value: '77', source: 3 }] },
  ])
  const resources = [{ resourceType: brokerType, resourceName: '', configs: [] }]
  await client.call(AlterConfigs, 2, { resources, validateOnly: false })
  expect((await described(client, brokerType, '')).configs).toEqual([])
})

test('a changed bound is in force for the very next batch of a topic that does not set it', async () => {
  await client.createTopic('bounded')
  const produce = async () => (await client.produce('bounded', batchOf(['x'.repeat(500)]))).errorCode
  expect(await produce()).toBe(0)
  await change(client, brokerType, '1', [set, 'message.max.bytes', '400'])
  expect(await produce()).toBe(Errors.MESSAGE_TOO_LARGE)
  await change(client, brokerType, '1', [remove, 'message.max.bytes', null])
  expect(await produce()).toBe(0)
})

test('retention of all topics that was made shorter is in force at the next look', async () => {
  const { broker: inTime, world } = await brokerInFakeTime({ config: { 'log.retention.check.interval.ms': '60000' } })
  const admin = await inTime.connect()
  await admin.createTopic('t', 1, { 'segment.bytes': '1048576' })
  await admin.produce('t', batchOf(['old'], { timestampMs: world.nowMs() }))
  world.advance(60_000)
  const partition = inTime.running.services.topics.partition('t', 0)!
  expect(partition.logStartOffset).toBe(0)
  await change(admin, brokerType, '', [set, 'log.retention.ms', '1000'])
  world.advance(60_000)
  await eventually(() => partition.logStartOffset === 1)
  await inTime.stop()
})

test('bounds on connections count for who comes next and for who waits', async () => {
  const { port, connect, stop } = await testBroker()
  const admin = await connect()
  const bound = 'listener.name.plaintext.max.connections'
  await change(admin, brokerType, '1', [set, bound, '1'])
  const waiting = await connect()
  const answer = valuesOf(waiting, brokerType, '1', bound)
  await change(admin, brokerType, '1', [set, bound, '9'])
  expect(await answer).toEqual({ [bound]: ['9', 2] })
  expect(await change(admin, brokerType, '', [set, 'max.connections.per.ip', '2'])).toEqual(ok)
  const refused = await TestClient.connect(port)
  await expect(valuesOf(refused, brokerType, '1', bound)).rejects.toThrow('closed')
  const unclear = [set, 'max.connections.per.ip.overrides', 'host'] as const
  expect(await change(admin, brokerType, '1', unclear)).toEqual([
    42,
    expect.stringMatching(/^max.connections.per.ip.overrides: /),
  ])
  await stop()
})

test('what was set is kept over a restart', async () => {
  using directory = temporaryDirectory()
  const first = await testBroker({ directory: directory.path })
  const admin = await first.connect()
  await change(admin, brokerType, '1', [set, 'compression.type', 'gzip'])
  await change(admin, brokerType, '', [set, 'log.retention.ms', '5'])
  await change(admin, groupType, 'g', [set, 'consumer.session.timeout.ms', '50000'])
  await change(admin, metricsType, 'm', [set, 'metrics', 'a.,b.'])
  await first.stop()
  const second = await testBroker({ directory: directory.path })
  const again = await second.connect()
  expect(await valuesOf(again, brokerType, '1', 'compression.type', 'log.retention.ms')).toEqual({
    'compression.type': ['gzip', 2],
    'log.retention.ms': ['5', 3],
  })
  expect(second.running.services.config.get('compression.type')).toBe('gzip')
  expect(await valuesOf(again, groupType, 'g', 'consumer.session.timeout.ms')).toEqual({
    'consumer.session.timeout.ms': ['50000', 8],
  })
  expect(await valuesOf(again, metricsType, 'm', 'metrics')).toEqual({ metrics: ['a.,b.', 7] })
  await second.stop()
})

const invalid = (message: string) => [Errors.INVALID_REQUEST, message]

test.each<[string, string, Change[], (string | number | null | undefined)[]]>([
  [
    'what does not change while a broker runs, before all else',
    '1',
    [
      [set, 'num.partitions', 'x'],
      [set, 'log.retention.ms', 'x'],
    ],
    invalid('Cannot update these configs dynamically: [num.partitions]'),
  ],
  [
    'stores without a listener',
    '1',
    [[set, 'ssl.keystore.location', '/x']],
    invalid(
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]',
    ),
  ],
  [
    'a value of another type, by the name of the key alone',
    '1',
    [[set, 'listener.name.plaintext.max.connections', 'x']],
    invalid('Invalid value x for configuration max.connections: Not a number of type INT'),
  ],
  [
    'of all brokers, what is one broker’s',
    '',
    [[set, 'listener.name.plaintext.ssl.client.auth', 'none']],
    invalid(
      'Cannot update these configs at default cluster level, broker id must be specified: [listener.name.plaintext.ssl.client.auth]',
    ),
  ],
  ['another broker', '2', [], invalid('Unexpected broker id, expected 1, but received 2')],
  ['no broker', 'x', [], invalid('Node id must be an integer, but it is: x')],
  ['an operation that there is not', '1', [[9, 'log.retention.ms', '1']], invalid('Unknown operations type 9')],
  [
    'an addition to what is no list',
    '1',
    [[append, 'log.retention.ms', '1']],
    [Errors.INVALID_CONFIG, 'Config value append is not allowed for config key: log.retention.ms'],
  ],
  ['an addition to what is no key', '1', [[append, 'no.such', '1']], [Errors.INVALID_CONFIG, 'Unknown config name: no.such']],
  [
    'a key that has no effect',
    '1',
    [[set, 'num.io.threads', '9']],
    invalid('Cannot update these configs dynamically: [num.io.threads]'),
  ],
  [
    'protection that there is not',
    '1',
    [[set, 'listener.name.plaintext.ssl.keystore.filename', 'x']],
    invalid('Cannot update these configs dynamically: [listener.name.plaintext.ssl.keystore.filename]'),
  ],
])('of a broker is refused: %s', async (_what, name, changes, refusal) => {
  expect(await change(client, brokerType, name, ...changes)).toEqual(refusal)
})

test('a list of the broker grows from its own default; 01 is this broker, too', async () => {
  expect(await change(client, brokerType, '01', [append, 'log.cleanup.policy', 'compact'])).toEqual(ok)
  expect(await valuesOf(client, brokerType, '1', 'log.cleanup.policy')).toEqual({ 'log.cleanup.policy': ['delete,compact', 2] })
  expect(await change(client, brokerType, '1', [subtract, 'log.cleanup.policy', 'compact'])).toEqual(ok)
  expect(await change(client, brokerType, '1', [remove, 'log.cleanup.policy', null])).toEqual(ok)
})

test('a name that is no key is kept, as in Kafka, and shown without its value: it may be a secret', async () => {
  expect(await change(client, brokerType, '1', [set, 'plugin.token', 'gold'])).toEqual(ok)
  const { configs } = await described(client, brokerType, '1', 'plugin.token')
  expect(configs).toMatchObject([{ value: null, isSensitive: true, readOnly: true, configSource: 2, configType: 0 }])
  expect(JSON.stringify(configs)).not.toMatch(/gold/)
  await change(client, brokerType, '1', [remove, 'plugin.token', null])
})

test('rates of a reassignment are set as the tool sets them', async () => {
  const rates = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']
  for (const rate of rates) expect(await change(client, brokerType, '1', [set, rate, '1000'])).toEqual(ok)
  expect(await valuesOf(client, brokerType, '1', ...rates)).toEqual(Object.fromEntries(rates.map(rate => [rate, ['1000', 2]])))
  for (const rate of rates) expect(await change(client, brokerType, '1', [remove, rate, null])).toEqual(ok)
  expect(await valuesOf(client, brokerType, '1', ...rates)).toEqual({})
})

test('what a broker keeps of names that are no keys is bounded', async () => {
  const many = Array.from({ length: 1001 }, (_, n): Change => [set, `plugin.${n}`, '1'])
  expect(await change(client, brokerType, '1', ...many)).toEqual([Errors.POLICY_VIOLATION, 'A broker has at most 1000 configs.'])
  expect(await change(client, brokerType, '1', ...many.slice(0, 1000))).toEqual(ok)
  expect(await change(client, brokerType, '1', ...many.map(([, name]): Change => [remove, name, null]))).toEqual(ok)
})

test('client metrics are five hundred at most: every client is held against all of them', async () => {
  const changes = Array.from({ length: 501 }, (_, n) => change(client, metricsType, `many-${n}`, [set, 'metrics', 'a.']))
  const answers = await Promise.all(changes)
  const tooMany = 'At most 500 client metrics resources have configs of their own.'
  expect(answers.filter(([code]) => code !== Errors.NONE)).toEqual([[Errors.POLICY_VIOLATION, tooMany]])
  for (let n = 0; n < 501; n++) await change(client, metricsType, `many-${n}`, [remove, 'metrics', null])
})

test('a group’s configs stand over the broker’s, within its bounds', async () => {
  const timeout = 'consumer.session.timeout.ms'
  const { configs } = await described(client, groupType, 'unknown', timeout)
  expect(configs).toMatchObject([
    { value: '45000', configSource: 5, synonyms: [{ name: `group.${timeout}`, value: '45000', source: 5 }] },
  ])
  const outside = [Errors.INVALID_CONFIG, `${timeout} must be in the range 45000 to 60000 inclusive.`]
  expect(await change(client, groupType, 'g', [set, timeout, '10'])).toEqual(outside)
  expect(await change(client, groupType, 'g', [set, 'foo', '1'])).toEqual([40, 'Unknown group config name: foo'])
  expect(await change(client, groupType, '', [set, timeout, '50000'])).toEqual(
    invalid('Default group resources are not allowed.'),
  )
  expect(await change(client, groupType, 'g', [set, timeout, '50000'])).toEqual(ok)
  expect(await valuesOf(client, groupType, 'g', timeout)).toEqual({ [timeout]: ['50000', 8] })
})

test('a client metrics subscription is made by its first config and gone with its last', async () => {
  const listed = async () => {
    const { configResources } = await client.call(ListConfigResources, 0, {})
    return configResources.map(({ resourceName }) => resourceName)
  }
  const low = 'Invalid value 99 for interval.ms, interval must be between 100 and 3600000 (1 hour)'
  expect(await change(client, metricsType, 's', [set, 'interval.ms', '99'])).toEqual(invalid(low))
  expect(await change(client, metricsType, 's', [set, 'foo', '1'])).toEqual(invalid('Unknown client metrics configuration: foo'))
  const bad = [Errors.INVALID_CONFIG, 'Illegal client matching pattern: client_id=(']
  expect(await change(client, metricsType, 's', [set, 'match', 'client_id=('])).toEqual(bad)
  expect(await listed()).toEqual([])
  expect(await change(client, metricsType, 's', [set, 'interval.ms', '1000'])).toEqual(ok)
  expect(await listed()).toEqual(['s'])
  expect(await change(client, metricsType, 's', [remove, 'interval.ms', null])).toEqual(ok)
  expect(await listed()).toEqual([])
})

test('resources are listed by type: topics and this broker always, others where they set something', async () => {
  const { connect, stop } = await testBroker()
  const admin = await connect()
  await admin.createTopic('listed')
  await change(admin, groupType, 'g', [set, 'share.isolation.level', 'read_committed'])
  const list = async (...resourceTypes: number[]) => {
    const { errorCode, configResources } = await admin.call(ListConfigResources, 1, { resourceTypes })
    return errorCode === 0
      ? configResources.map(({ resourceType, resourceName }) => `${resourceType} ${resourceName}`)
      : errorCode
  }
  expect(await list()).toEqual(['32 g', '8 1', '4 1', '2 listed'])
  expect(await list(2, 2)).toEqual(['2 listed'])
  expect(await list(2, 99)).toBe(Errors.UNSUPPORTED_VERSION)
  await stop()
})

test('levels of loggers change at once; what they say follows', async () => {
  const lines: string[] = []
  const log: Log = { ...silentLog, info: (_fields, message) => lines.push(message) }
  const { connect, stop } = await testBroker({ log })
  const admin = await connect()
  const levels = async () => (await valuesOf(admin, loggerType, '1'))['kafka.server']
  expect(await levels()).toEqual(['DEBUG', 6])
  expect(await change(admin, loggerType, '1', [set, 'kafka.server', 'ERROR'])).toEqual(ok)
  await admin.createTopic('silent')
  expect(await change(admin, loggerType, '1', [remove, 'kafka.server', null])).toEqual(ok)
  await admin.createTopic('told')
  expect(lines.filter(line => line === 'topic created')).toHaveLength(1)
  await stop()
})

test.each<[string, string, Change[], (string | number | null | undefined)[]]>([
  ['one that there is not', '1', [[set, 'no.such', 'INFO']], [Errors.INVALID_CONFIG, 'Logger no.such does not exist!']],
  [
    'a level that there is not',
    '1',
    [[set, 'root', 'info']],
    [
      Errors.INVALID_CONFIG,
      'Cannot set the log level of root to info as it is not a supported log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN',
    ],
  ],
  [
    'the root without a level',
    '1',
    [[remove, 'root', null]],
    invalid('Removing the log level of the root logger is not allowed'),
  ],
  ['an addition', '1', [[append, 'root', 'INFO']], invalid('APPEND operation is not allowed for the BROKER_LOGGER resource')],
  ['of another node', '2', [], invalid('Unexpected node id. Expected 1, but received 2')],
])('of loggers is refused: %s', async (_what, name, changes, refusal) => {
  expect(await change(client, loggerType, name, ...changes)).toEqual(refusal)
})

/** Changing configs by wire: AlterConfigs, IncrementalAlterConfigs, and what they change at once. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { StorageFailure } from '../../node/storage-failure.js'
import { Errors } from '../../protocol/errors.js'
import { AlterConfigs } from '../../protocol/messages/alter-configs.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import { IncrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.js'
import { turnOfEventLoop } from '../../storage/slices.js'
import {
  batchOf,
  brokerInFakeTime,
  eventually,
  type TestBroker,
  type TestClient,
  testBroker,
  versionsOf,
} from '../test-client.test-support.js'
import { alterConfigs } from './alter-configs.js'
import { incrementalAlterConfigs } from './incremental-alter-configs.js'

const [topicType, brokerType] = [2, 4]
const [set, remove, append, subtract] = [0, 1, 2, 3]

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
})
afterAll(() => broker.stop())

let topics = 0
async function newTopic(configs: Record<string, string> = {}): Promise<string> {
  const name = `altered-${++topics}`
  await client.createTopic(name, 1, configs)
  return name
}

/** What the topic sets itself. */
async function overrides(name: string): Promise<Record<string, string | null>> {
  const resources = [{ resourceType: topicType, resourceName: name, configurationKeys: null }]
  const { results } = await client.call(DescribeConfigs, 4, { resources })
  const own = results[0]?.configs.filter(({ configSource }) => configSource === 1) ?? []
  return Object.fromEntries(own.map(config => [config.name, config.value]))
}

const topicResource = <Config>(resourceName: string, configs: Config[], resourceType = topicType) => ({
  resourceType,
  resourceName,
  configs,
})
type Change = readonly [operation: number, name: string, value: string | null]
const changes = (...all: Change[]) => all.map(([configOperation, name, value]) => ({ configOperation, name, value }))
const values = (configs: Record<string, string | null>) => Object.entries(configs).map(([name, value]) => ({ name, value }))

const change = async (name: string, ...all: Change[]) =>
  (await client.call(IncrementalAlterConfigs, 1, { resources: [topicResource(name, changes(...all))], validateOnly: false }))
    .responses[0]

test.each(versionsOf(incrementalAlterConfigs))('IncrementalAlterConfigs v%i changes what it names', async version => {
  const name = await newTopic({ 'retention.ms': '5', 'segment.bytes': '2000000' })
  const asked = changes([set, 'max.message.bytes', '77'], [remove, 'retention.ms', null], [append, 'cleanup.policy', 'compact'])
  const resources = [topicResource(name, asked)]
  const { responses } = await client.call(IncrementalAlterConfigs, version, { resources, validateOnly: false })
  expect(responses).toEqual([{ errorCode: 0, errorMessage: null, resourceType: topicType, resourceName: name }])
  expect(await overrides(name)).toEqual({
    'segment.bytes': '2000000',
    'max.message.bytes': '77',
    'cleanup.policy': 'delete,compact',
  })
  expect(await change(name, [subtract, 'cleanup.policy', 'delete'])).toMatchObject({ errorCode: 0 })
  expect(await overrides(name)).toMatchObject({ 'cleanup.policy': 'compact' })
})

test.each(versionsOf(alterConfigs))('AlterConfigs v%i replaces them all', async version => {
  const name = await newTopic({ 'retention.ms': '5', 'segment.bytes': '2000000' })
  const resources = [topicResource(name, values({ 'segment.bytes': '3000000', 'flush.ms': '9' }))]
  const { responses } = await client.call(AlterConfigs, version, { resources, validateOnly: false })
  expect(responses).toEqual([{ errorCode: 0, errorMessage: null, resourceType: topicType, resourceName: name }])
  expect(await overrides(name)).toEqual({ 'segment.bytes': '3000000', 'flush.ms': '9' })
})

test('each resource is for itself, all of it or nothing, and in the order asked', async () => {
  const [good, bad] = [await newTopic(), await newTopic()]
  const resources = [
    topicResource(bad, changes([set, 'retention.ms', '7'], [set, 'segment.bytes', '-5'])),
    topicResource(good, changes([set, 'retention.ms', '7'])),
  ]
  const { responses } = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  expect(responses.map(({ errorCode }) => errorCode)).toEqual([Errors.INVALID_CONFIG, 0])
  expect(await overrides(bad)).toEqual({})
  expect(await overrides(good)).toEqual({ 'retention.ms': '7' })
})

test('validate_only says what would be, and changes nothing', async () => {
  const name = await newTopic()
  const trial = async (value: string) => {
    const resources = [topicResource(name, changes([set, 'retention.ms', value]))]
    const answer = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: true })
    const replaced = [topicResource(name, values({ 'retention.ms': value }))]
    const other = await client.call(AlterConfigs, 2, { resources: replaced, validateOnly: true })
    return [answer.responses[0]?.errorCode, other.responses[0]?.errorCode]
  }
  expect(await trial('8')).toEqual([0, 0])
  expect(await trial('x')).toEqual([Errors.INVALID_CONFIG, Errors.INVALID_CONFIG])
  expect(await overrides(name)).toEqual({})
})

test.each<[string, string, Change[], number]>([
  ['an unknown key', '', [[set, 'no.such.key', '1']], Errors.INVALID_CONFIG],
  ['a value out of range', '', [[set, 'segment.bytes', '1']], Errors.INVALID_CONFIG],
  [
    'values that contradict',
    '',
    [
      [set, 'min.compaction.lag.ms', '9'],
      [set, 'max.compaction.lag.ms', '8'],
    ],
    Errors.INVALID_CONFIG,
  ],
  ['an addition to a number', '', [[append, 'retention.ms', '1']], Errors.INVALID_CONFIG],
  [
    'a value that no record takes',
    '',
    [[set, 'leader.replication.throttled.replicas', '0:1,'.repeat(9000)]],
    Errors.INVALID_CONFIG,
  ],
  ['no value', '', [[set, 'retention.ms', null]], Errors.INVALID_REQUEST],
  [
    'a key twice',
    '',
    [
      [set, 'retention.ms', '1'],
      [remove, 'retention.ms', null],
    ],
    Errors.INVALID_REQUEST,
  ],
  ['an unknown operation', '', [[9, 'retention.ms', '1']], Errors.INVALID_REQUEST],
  ['a topic that is not there', 'nowhere', [[set, 'retention.ms', '1']], Errors.UNKNOWN_TOPIC_OR_PARTITION],
  ['a name that no topic can have', 'a b', [[set, 'retention.ms', '1']], Errors.INVALID_TOPIC_EXCEPTION],
])('is refused, with a message: %s', async (_what, name, asked, errorCode) => {
  const answer = await change(name === '' ? await newTopic() : name, ...asked)
  expect(answer).toMatchObject({ errorCode })
  expect(answer?.errorMessage).toBeTruthy()
})

test('resources of other kinds are refused, and those that come twice', async () => {
  const name = await newTopic()
  const resources = [
    topicResource('2', changes([set, 'log.retention.ms', '1']), brokerType),
    topicResource('x', changes([set, 'retention.ms', '1']), 99),
    // Without a name it would be a default for all topics, which Kafka does not have.
    topicResource('', changes([set, 'retention.ms', '1'])),
    topicResource(name, changes([set, 'retention.ms', '1'])),
    topicResource(name, changes([set, 'retention.ms', '2'])),
  ]
  const { responses } = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  expect(responses.map(({ errorCode }) => errorCode)).toEqual(resources.map(() => Errors.INVALID_REQUEST))
  expect(await overrides(name)).toEqual({})
})

test('a change is in force for the very next batch', async () => {
  const name = await newTopic()
  const produce = async () => (await client.produce(name, batchOf(['x'.repeat(500)]))).errorCode
  expect(await produce()).toBe(0)
  await change(name, [set, 'max.message.bytes', '400'])
  expect(await produce()).toBe(Errors.MESSAGE_TOO_LARGE)
  await change(name, [remove, 'max.message.bytes', null])
  expect(await produce()).toBe(0)
})

test('a topic that comes after a deleted one of its name has none of its configs', async () => {
  const name = await newTopic()
  await change(name, [set, 'retention.ms', '4'])
  await client.call(DeleteTopics, 5, { topicNames: [name], timeoutMs: 1000 })
  await client.createTopic(name)
  expect(await overrides(name)).toEqual({})
})

test('retention that was made shorter is in force at the next look', async () => {
  const { broker: inTime, world } = await brokerInFakeTime({ config: { 'log.retention.check.interval.ms': '60000' } })
  const admin = await inTime.connect()
  await admin.createTopic('t', 1, { 'segment.bytes': '1048576' })
  await admin.produce('t', batchOf(['old'], { timestampMs: world.nowMs() }))
  world.advance(60_000)
  const partition = inTime.running.services.topics.partition('t', 0)!
  expect(partition.logStartOffset).toBe(0)
  const asked = changes([set, 'retention.ms', '1000'], [set, 'file.delete.delay.ms', '0'])
  await admin.call(IncrementalAlterConfigs, 1, { resources: [topicResource('t', asked)], validateOnly: false })
  world.advance(60_000)
  await eventually(() => partition.logStartOffset === 1)
  await inTime.stop()
})

test('the changes of one request are synced together; of one that fails its own resource alone is refused', async () => {
  const { services } = broker.running
  const { carryOut } = services
  let written = 0
  let synced = (): void => {}
  const sync = new Promise<void>(resolve => {
    synced = resolve
  })
  const spy = vi.spyOn(services, 'carryOut').mockImplementation(async decided => {
    const isSecond = ++written === 2
    await sync
    if (isSecond) throw new StorageFailure(Errors.KAFKA_STORAGE_ERROR, 'no room')
    return carryOut(decided)
  })
  const resources = ['g-1', 'g-2', 'g-3'].map(group =>
    topicResource(group, changes([set, 'consumer.session.timeout.ms', '45001']), 32),
  )
  const answer = client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  for (let turns = 0; written < 3 && turns < 10_000; turns++) await turnOfEventLoop()
  expect(written).toBe(3)
  synced()
  const { responses } = await answer
  spy.mockRestore()
  expect(responses.map(({ errorCode }) => errorCode)).toEqual([Errors.NONE, Errors.KAFKA_STORAGE_ERROR, Errors.NONE])
})

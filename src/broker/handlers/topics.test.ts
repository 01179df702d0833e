/** Topics by wire: CreateTopics, DeleteTopics, CreatePartitions, DescribeConfigs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { CreatePartitions } from '../../protocol/messages/create-partitions.js'
import { CreateTopics } from '../../protocol/messages/create-topics.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import { Metadata } from '../../protocol/messages/metadata.js'
import { batchOf, type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { createPartitions } from './create-partitions.js'
import { createTopics } from './create-topics.js'
import { describeConfigs } from './describe-configs.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker({ config: { 'num.partitions': '2' } })
  client = await broker.connect()
})
afterAll(() => broker.stop())

const partitionCount = async (name: string): Promise<number> => {
  const { topics } = await client.call(Metadata, 9, { topics: [{ name }], allowAutoTopicCreation: false })
  return topics[0]?.errorCode === 0 ? topics[0].partitions.length : 0
}

describe('CreateTopics', () => {
  const topic = (name: string, rest: object = {}) => ({
    name,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [] as { partitionIndex: number; brokerIds: number[] }[],
    configs: [] as { name: string; value: string | null }[],
    ...rest,
  })
  const create = async (version: number, topics: ReturnType<typeof topic>[], validateOnly = false) =>
    (await client.call(CreateTopics, version, { topics, timeoutMs: 1000, validateOnly })).topics

  test.each(versionsOf(createTopics))('v%i creates topics that are there when the answer is', async version => {
    const name = `created-${version}`
    const [answer] = await create(version, [topic(name, { numPartitions: 3, replicationFactor: 1 })])
    expect(answer).toMatchObject({ name, errorCode: 0 })
    expect(await partitionCount(name)).toBe(3)
    if (version >= 5) {
      expect(answer).toMatchObject({ numPartitions: 3, replicationFactor: 1, topicConfigErrorCode: 0 })
      const names = answer?.configs?.map(config => config.name) ?? []
      expect(names).toEqual(expect.arrayContaining(['cleanup.policy', 'retention.ms', 'max.message.bytes']))
    }
    if (version >= 7) expect(answer?.topicId).toMatch(/^[\w-]{22}$/)
  })

  test('-1 takes the broker’s defaults; configs come back in the answer', async () => {
    const configs = [{ name: 'retention.ms', value: '12345' }]
    const [answer] = await create(7, [topic('defaults', { configs })])
    expect(answer).toMatchObject({ errorCode: 0, numPartitions: 2, replicationFactor: 1 })
    expect(answer?.configs?.find(({ name }) => name === 'retention.ms')).toMatchObject({ value: '12345', configSource: 1 })
  })

  test('assignments to this broker are taken', async () => {
    const assignments = [0, 1, 2].map(partitionIndex => ({ partitionIndex, brokerIds: [1] }))
    expect(await create(7, [topic('assigned', { assignments })])).toMatchObject([{ errorCode: 0, numPartitions: 3 }])
  })

  test.each<[string, string, object, number]>([
    ['an invalid name', 'a b', {}, Errors.INVALID_TOPIC_EXCEPTION],
    ['no partitions', 'x', { numPartitions: 0 }, Errors.INVALID_PARTITIONS],
    ['too many replicas', 'x', { replicationFactor: 3 }, Errors.INVALID_REPLICATION_FACTOR],
    ['an unknown config', 'x', { configs: [{ name: 'no.such.key', value: '1' }] }, Errors.INVALID_CONFIG],
    ['a config without a value', 'x', { configs: [{ name: 'retention.ms', value: null }] }, Errors.INVALID_CONFIG],
    ['a config out of range', 'x', { configs: [{ name: 'segment.bytes', value: '-5' }] }, Errors.INVALID_CONFIG],
    ['a stranger', 'x', { assignments: [{ partitionIndex: 0, brokerIds: [9] }] }, Errors.INVALID_REPLICA_ASSIGNMENT],
    ['the name of KRaft’s log', '__cluster_metadata', {}, Errors.INVALID_REQUEST],
  ])('is refused for %s, with a message, and creates nothing', async (_what, name, rest, errorCode) => {
    for (const validateOnly of [true, false]) {
      const [answer] = await create(7, [topic(name, rest)], validateOnly)
      expect(answer).toMatchObject({ name, errorCode })
      expect(answer?.errorMessage).toBeTruthy()
      expect(await partitionCount(name)).toBe(0)
    }
  })

  test('validate_only says what would be, and creates nothing', async () => {
    const [answer] = await create(7, [topic('tried', { numPartitions: 5 })], true)
    expect(answer).toMatchObject({ errorCode: 0, numPartitions: 5 })
    expect(answer?.topicId).not.toBe(zeroUuid)
    expect(await partitionCount('tried')).toBe(0)
  })

  test('a config that is given twice is what it is given last', async () => {
    const configs = [
      { name: 'retention.ms', value: 'nonsense' },
      { name: 'retention.ms', value: '6' },
    ]
    const [answer] = await create(7, [topic('told twice', { configs, name: 'told-twice' })])
    expect(answer?.errorCode).toBe(0)
    expect(answer?.configs?.find(({ name }) => name === 'retention.ms')?.value).toBe('6')
  })

  test('a config is judged before the partitions, and the name before both', async () => {
    const configs = [{ name: 'no.such.key', value: '1' }]
    const answers = await create(7, [
      topic('badly-configured', { configs, replicationFactor: 3 }),
      topic('bad name', { configs, replicationFactor: 3 }),
      topic('too-many', { replicationFactor: 3 }),
    ])
    expect(answers.map(({ errorCode }) => errorCode)).toEqual([
      Errors.INVALID_CONFIG,
      Errors.INVALID_TOPIC_EXCEPTION,
      Errors.INVALID_REPLICATION_FACTOR,
    ])
  })

  test('internal topics may be made by hand, with any number of partitions', async () => {
    const answers = await create(7, [
      topic('__consumer_offsets', { numPartitions: 2 }),
      topic('__transaction_state', { numPartitions: 3 }),
    ])
    expect(answers.map(({ errorCode, numPartitions }) => [errorCode, numPartitions])).toEqual([
      [0, 2],
      [0, 3],
    ])
  })

  test('each topic has its own outcome; one that is named twice is refused once and not created', async () => {
    const answers = await create(7, [topic('one'), topic('twice'), topic('bad name'), topic('twice'), topic('two')])
    expect(answers.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['one', 0],
      ['twice', Errors.INVALID_REQUEST],
      ['bad name', Errors.INVALID_TOPIC_EXCEPTION],
      ['two', 0],
    ])
    expect(await partitionCount('twice')).toBe(0)
  })

  test('a topic that exists, or differs in . and _ only', async () => {
    await create(7, [topic('a.b')])
    expect(await create(7, [topic('a.b'), topic('a_b')])).toMatchObject([
      { errorCode: Errors.TOPIC_ALREADY_EXISTS },
      { errorCode: Errors.INVALID_TOPIC_EXCEPTION },
    ])
  })

  test('small defaults for topics do not keep a broker from making large ones', async () => {
    await using small = await testBroker({ config: { 'message.max.bytes': '100' } })
    const itsClient = await small.connect()
    await itsClient.createTopic('wide', 500)
    const { topics } = await itsClient.call(Metadata, 9, { topics: [{ name: 'wide' }] })
    expect(topics[0]?.partitions).toHaveLength(500)
  })
})

describe('DeleteTopics', () => {
  test.each([0, 1, 2, 3, 4, 5])('v%i deletes by name', async version => {
    await client.createTopic('doomed')
    const request = { topicNames: ['doomed', 'nowhere'], timeoutMs: 1000 }
    const { responses } = await client.call(DeleteTopics, version, request)
    expect(responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['doomed', 0],
      ['nowhere', Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ])
    expect(await partitionCount('doomed')).toBe(0)
  })

  const remove = async (...topics: { name: string | null; topicId?: string }[]) => {
    const { responses } = await client.call(DeleteTopics, 6, { topics, timeoutMs: 1000 })
    return responses.map(({ name, errorCode }) => [name, errorCode])
  }

  test('v6 deletes by name or by id, not by both and not by neither', async () => {
    const byId = await client.createTopic('by-id')
    await client.createTopic('by-name')
    const both = await client.createTopic('both', 2)
    expect(
      await remove(
        { name: null, topicId: byId },
        { name: 'by-name' },
        { name: 'both', topicId: both },
        { name: null },
        { name: null, topicId: 'AAAAAAAAAAAAAAAAAAAAbA' },
      ),
    ).toEqual([
      ['by-id', 0],
      ['by-name', 0],
      ['both', Errors.INVALID_REQUEST],
      [null, Errors.INVALID_REQUEST],
      [null, Errors.UNKNOWN_TOPIC_ID],
    ])
    expect(await partitionCount('both')).toBe(2)
  })

  test('a topic that is named twice, by name or by id, is not deleted', async () => {
    const topicId = await client.createTopic('named-twice')
    for (const other of [{ name: 'named-twice' }, { name: null, topicId }]) {
      const outcomes = await remove({ name: 'named-twice' }, other)
      expect(outcomes.map(([, errorCode]) => errorCode)).toEqual([Errors.INVALID_REQUEST])
    }
    expect(await partitionCount('named-twice')).toBe(1)
  })

  test('the name is free at once, and its next topic is empty and another', async () => {
    const first = await client.createTopic('again', 2, { 'retention.ms': '1' })
    await client.produce('again', batchOf(['old']))
    expect(await remove({ name: 'again' })).toEqual([['again', 0]])
    const second = await client.createTopic('again')
    expect(second).not.toBe(first)
    expect(await client.fetch('again', 0)).toMatchObject({ errorCode: 0, highWatermark: 0 })
    expect(await client.produce('again', batchOf(['new']))).toMatchObject({ baseOffset: 0 })
  })

  test('with delete.topic.enable=false nothing is deleted', async () => {
    await using careful = await testBroker({ config: { 'delete.topic.enable': 'false' } })
    const itsClient = await careful.connect()
    await itsClient.createTopic('kept')
    for (const [version, errorCode] of [
      [2, Errors.INVALID_REQUEST],
      [3, Errors.TOPIC_DELETION_DISABLED],
    ] as const) {
      const { responses } = await itsClient.call(DeleteTopics, version, { topicNames: ['kept'], timeoutMs: 1000 })
      expect(responses).toMatchObject([{ name: 'kept', errorCode }])
    }
    expect(await itsClient.topicNames()).toEqual(['kept'])
  })
})

describe('CreatePartitions', () => {
  const grow = async (
    version: number,
    topics: { name: string; count: number; assignments?: { brokerIds: number[] }[] }[],
    validateOnly = false,
  ) => {
    const request = { topics: topics.map(each => ({ assignments: null, ...each })), timeoutMs: 1000, validateOnly }
    const { results } = await client.call(CreatePartitions, version, request)
    return results.map(({ name, errorCode }) => [name, errorCode])
  }

  test.each(versionsOf(createPartitions))('v%i grows a topic to so many partitions, which can be used at once', async version => {
    const name = `growing-${version}`
    await client.createTopic(name, 1)
    expect(await grow(version, [{ name, count: 3 }])).toEqual([[name, 0]])
    expect(await partitionCount(name)).toBe(3)
    expect(await client.produce(name, batchOf(['x']), { partition: 2 })).toMatchObject({ errorCode: 0, baseOffset: 0 })
  })

  test('one outcome per topic; what is named twice is not touched', async () => {
    for (const name of ['g1', 'g2', 'g3']) await client.createTopic(name, 2)
    const topics = [
      { name: 'g1', count: 2 },
      { name: 'g2', count: 4 },
      { name: 'nowhere', count: 4 },
      { name: 'g2', count: 5 },
      { name: 'g3', count: 3, assignments: [{ brokerIds: [1] }] },
    ]
    expect(await grow(3, topics)).toEqual([
      ['g1', Errors.INVALID_PARTITIONS],
      ['g2', Errors.INVALID_REQUEST],
      ['nowhere', Errors.UNKNOWN_TOPIC_OR_PARTITION],
      ['g3', 0],
    ])
    expect(await partitionCount('g2')).toBe(2)
    expect(await partitionCount('g3')).toBe(3)
  })

  test('validate_only changes nothing', async () => {
    await client.createTopic('only-tried', 1)
    expect(await grow(3, [{ name: 'only-tried', count: 9 }], true)).toEqual([['only-tried', 0]])
    expect(await grow(3, [{ name: 'only-tried', count: 1 }], true)).toEqual([['only-tried', Errors.INVALID_PARTITIONS]])
    expect(await partitionCount('only-tried')).toBe(1)
  })
})

describe('DescribeConfigs', () => {
  const describeOne = async (
    version: number,
    resource: { resourceType: number; resourceName: string; configurationKeys?: string[] | null },
    options = {},
  ) => {
    const resources = [{ configurationKeys: null, ...resource }]
    return (await client.call(DescribeConfigs, version, { resources, ...options })).results[0]!
  }
  const topicResource = 2
  const brokerResource = 4

  test.each(versionsOf(describeConfigs))('v%i shows every config of a topic with its source', async version => {
    const name = `configured-${version}`
    await client.createTopic(name, 1, { 'retention.ms': '777' })
    const { errorCode, configs } = await describeOne(version, { resourceType: topicResource, resourceName: name })
    expect(errorCode).toBe(0)
    expect(configs.length).toBeGreaterThan(20)
    const byName = new Map(configs.map(config => [config.name, config]))
    expect(byName.get('retention.ms')?.value).toBe('777')
    expect(byName.get('cleanup.policy')?.value).toBe('delete')
    expect(byName.get('max.message.bytes')?.value).toBe('1048588')
    if (version >= 1) {
      expect(byName.get('retention.ms')?.configSource).toBe(1)
      expect(byName.get('cleanup.policy')?.configSource).toBe(5)
    } else expect(byName.get('cleanup.policy')?.isDefault).toBe(true)
    if (version >= 3) expect(byName.get('retention.ms')?.configType).toBe(5)
  })

  test('shows the keys that are asked for, and synonyms and documentation to those who ask', async () => {
    await client.createTopic('asked')
    const resource = { resourceType: topicResource, resourceName: 'asked', configurationKeys: ['retention.bytes'] }
    const plain = await describeOne(3, resource)
    expect(plain.configs).toMatchObject([{ name: 'retention.bytes', synonyms: [], documentation: null }])
    const full = await describeOne(3, resource, { includeSynonyms: true, includeDocumentation: true })
    expect(full.configs[0]?.synonyms.length).toBeGreaterThan(0)
    expect(full.configs[0]?.documentation).toBeTruthy()
  })

  test('shows this broker, by its id', async () => {
    const { errorCode, configs } = await describeOne(4, { resourceType: brokerResource, resourceName: '1' })
    expect(errorCode).toBe(0)
    expect(configs.find(({ name }) => name === 'num.partitions')).toMatchObject({ value: '2', configSource: 4 })
    expect(await describeOne(4, { resourceType: brokerResource, resourceName: '' })).toMatchObject({ errorCode: 0, configs: [] })
  })

  test.each([
    ['an unknown topic', topicResource, 'nowhere', Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ['an invalid topic', topicResource, 'a b', Errors.INVALID_TOPIC_EXCEPTION],
    ['another broker', brokerResource, '2', Errors.INVALID_REQUEST],
    ['a kind of resource that is not there', 3, 'x', Errors.INVALID_REQUEST],
  ])('%s', async (_what, resourceType, resourceName, errorCode) => {
    const result = await describeOne(4, { resourceType, resourceName })
    expect(result).toMatchObject({ errorCode, resourceType, resourceName, configs: [] })
    // Kafka's sentence about a topic that is not there is empty.
    expect(result.errorMessage === '').toBe(errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION)
  })
})

describe('one request makes at most 10,000 partitions, as in Kafka', () => {
  const wanted = (name: string, numPartitions: number) => ({
    name,
    numPartitions,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  })
  const tooMany = [Errors.POLICY_VIOLATION, 'Excessively large number of partitions per request.']
  const tooLarge = [Errors.POLICY_VIOLATION, 'Unable to perform excessively large batch operation.']
  const fine = [Errors.NONE, null]

  test.each([
    ['one topic', [10_001], [tooMany]],
    ['all topics together, of which none is made', [6000, 6000], [tooMany, tooMany]],
    ['defaults count', [9999, -1, -1], [tooMany, tooMany, tooMany]],
    ['the records of the topics count as well', [10_000], [tooLarge]],
    ['of every topic', [5000, 5000], [tooLarge, tooLarge]],
    ['what fits', [4999, 4999], [fine, fine]],
  ])('CreateTopics: %s', async (_what, counts, expected) => {
    const topics = counts.map((count, n) => wanted(`bulk-${n}`, count))
    const answer = await client.call(CreateTopics, 7, { topics, validateOnly: true })
    expect(answer.topics.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual(expected)
  })

  test('CreatePartitions: what is added, not what is there', async () => {
    await client.createTopic('grows', 2)
    const grow = async (...topics: readonly (readonly [string, number])[]) => {
      const asked = topics.map(([name, count]) => ({ name, count, assignments: null }))
      const { results } = await client.call(CreatePartitions, 3, { topics: asked, timeoutMs: 1000, validateOnly: true })
      return results.map(({ errorCode }) => errorCode)
    }
    expect(await grow(['grows', 10_002])).toEqual([Errors.NONE])
    expect(await grow(['grows', 10_003], ['nowhere', 3])).toEqual([Errors.POLICY_VIOLATION, Errors.POLICY_VIOLATION])
    expect(await grow(['nowhere', 20_000])).toEqual([Errors.UNKNOWN_TOPIC_OR_PARTITION])
  })
})

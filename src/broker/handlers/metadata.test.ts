import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeCluster } from '../../protocol/messages/describe-cluster.js'
import { DescribeTopicPartitions } from '../../protocol/messages/describe-topic-partitions.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { Metadata } from '../../protocol/messages/metadata.js'
import { type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { describeCluster } from './describe-cluster.js'
import { metadata } from './metadata.js'

let broker: TestBroker
let client: TestClient
let idOfA: string
beforeAll(async () => {
  broker = await testBroker({ config: { 'num.partitions': '2', 'broker.rack': 'r1' } })
  client = await broker.connect()
  idOfA = await client.createTopic('a', 3)
  await client.createTopic('b', 1)
})
afterAll(() => broker.stop())

const named = (...names: (string | null)[]) => names.map(name => ({ name }))

describe.each(versionsOf(metadata))('Metadata v%i', version => {
  test('says who the brokers are and where the client reaches them', async () => {
    const answer = await client.call(Metadata, version, { topics: version === 0 ? named('a') : [] })
    const rack = version === 0 ? null : 'r1'
    expect(answer.brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: broker.port, rack }])
    if (version >= 1) expect(answer.controllerId).toBe(1)
    if (version >= 2) expect(answer.clusterId).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  test('describes a topic as it is', async () => {
    const { topics } = await client.call(Metadata, version, { topics: named('a') })
    expect(topics).toHaveLength(1)
    const [topic] = topics
    expect(topic).toMatchObject({ errorCode: 0, name: 'a', isInternal: false })
    if (version >= 10) expect(topic?.topicId).toBe(idOfA)
    expect(topic?.partitions.map(({ partitionIndex, leaderId }) => [partitionIndex, leaderId])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ])
    const [first] = topic?.partitions ?? []
    expect(first).toMatchObject({ errorCode: 0, replicaNodes: [1], isrNodes: [1], offlineReplicas: [] })
    if (version >= 7) expect(first?.leaderEpoch).toBe(0)
  })

  test('null asks for all topics; empty asks for none, in v0 for all', async () => {
    const namesOf = async (topics: [] | null): Promise<string[]> => {
      const answer = await client.call(Metadata, version, { topics, allowAutoTopicCreation: false })
      return answer.topics.map(({ name }) => name ?? '')
    }
    expect(await namesOf([])).toEqual(version === 0 ? expect.arrayContaining(['a', 'b']) : [])
    if (version >= 1) expect(await namesOf(null)).toEqual(expect.arrayContaining(['a', 'b']))
  })

  test('creates a topic that is asked for and names it at once', async () => {
    const name = `created-by-v${version}`
    const { topics } = await client.call(Metadata, version, { topics: named(name), allowAutoTopicCreation: true })
    expect(topics[0]).toMatchObject({ errorCode: 0, name })
    expect(topics[0]?.partitions).toHaveLength(2)
  })

  test('an invalid name is refused and never created', async () => {
    const { topics } = await client.call(Metadata, version, { topics: named('not/valid'), allowAutoTopicCreation: true })
    expect(topics[0]).toMatchObject({ errorCode: Errors.INVALID_TOPIC_EXCEPTION, name: 'not/valid', partitions: [] })
  })

  if (version >= 4) {
    test('does not create where the client forbids it', async () => {
      const { topics } = await client.call(Metadata, version, { topics: named('unwanted'), allowAutoTopicCreation: false })
      expect(topics[0]).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, name: 'unwanted' })
      expect(await client.topicNames()).not.toContain('unwanted')
    })
  }

  if (version === 10 || version === 11) {
    test('has the fields of a topic id but does not take one', async () => {
      const byId = await client.call(Metadata, version, { topics: [{ name: 'a', topicId: idOfA }] })
      expect(byId.topics[0]?.errorCode).toBe(Errors.INVALID_REQUEST)
      const withoutName = await client.call(Metadata, version, { topics: named(null) })
      expect(withoutName.topics[0]?.errorCode).toBe(Errors.INVALID_REQUEST)
    })
  }

  if (version >= 12) {
    test('takes topics by id, and passes over names beside them', async () => {
      const stranger = 'AAAAAAAAAAAAAAAAAAAAbA'
      const topics = [
        { name: null, topicId: idOfA },
        { name: null, topicId: stranger },
        { name: null, topicId: zeroUuid },
        { name: 'b', topicId: zeroUuid },
      ]
      const answer = await client.call(Metadata, version, { topics })
      expect(answer.topics.map(({ errorCode, name, topicId }) => [errorCode, name, topicId])).toEqual([
        [0, 'a', idOfA],
        [Errors.UNKNOWN_TOPIC_ID, null, stranger],
      ])
    })
  }

  if (version >= 8) {
    test('authorised operations are told to those who ask', async () => {
      const asked = { includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true }
      const notAsked = await client.call(Metadata, version, { topics: named('a') })
      expect(notAsked.topics[0]?.topicAuthorizedOperations).toBe(-0x8000_0000)
      const answer = await client.call(Metadata, version, { topics: named('a'), ...asked })
      expect(answer.topics[0]?.topicAuthorizedOperations).toBeGreaterThan(0)
      const nowhere = { topics: named('nowhere'), allowAutoTopicCreation: false }
      const unknown = await client.call(Metadata, version, { ...nowhere, ...asked })
      expect(unknown.topics[0]).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
      expect(unknown.topics[0]?.topicAuthorizedOperations).toBeGreaterThan(0)
      if (version <= 10) expect(answer.clusterAuthorizedOperations).toBeGreaterThan(0)
    })
  }
})

test('a topic asked for twice is answered once', async () => {
  const { topics } = await client.call(Metadata, 12, { topics: named('a', 'a', 'b', 'a') })
  expect(topics.map(({ name }) => name)).toEqual(['a', 'b'])
})

test('KRaft’s own log is no topic and does not become one', async () => {
  const { topics } = await client.call(Metadata, 9, { topics: named('__cluster_metadata'), allowAutoTopicCreation: true })
  expect(topics[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  expect(await client.topicNames()).not.toContain('__cluster_metadata')
})

test('two clients that ask for the same new topic get the same one', async () => {
  const other = await broker.connect()
  const ask = (by: TestClient) => by.call(Metadata, 12, { topics: named('contended'), allowAutoTopicCreation: true })
  const answers = await Promise.all([ask(client), ask(other)])
  const [first, second] = answers.map(({ topics }) => topics[0])
  expect(first?.errorCode).toBe(0)
  expect(second).toEqual(first)
})

test('with auto.create.topics.enable=false nothing is created', async () => {
  await using strict = await testBroker({ config: { 'auto.create.topics.enable': 'false' } })
  const strictClient = await strict.connect()
  const { topics } = await strictClient.call(Metadata, 9, { topics: named('x'), allowAutoTopicCreation: true })
  expect(topics[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
})

test('an explicit advertised listener is what every client is told', async () => {
  await using elsewhere = await testBroker({ config: { 'advertised.listeners': 'PLAINTEXT://broker.example:19092' } })
  const itsClient = await elsewhere.connect()
  const place = { host: 'broker.example', port: 19_092 }
  expect((await itsClient.call(Metadata, 9, { topics: [] })).brokers[0]).toMatchObject(place)
  expect((await itsClient.call(DescribeCluster, 1, { includeClusterAuthorizedOperations: false })).brokers[0]).toMatchObject(
    place,
  )
  const found = await itsClient.call(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })
  expect(found.coordinators[0]).toMatchObject(place)
})

describe('DescribeCluster', () => {
  test.each(versionsOf(describeCluster))('v%i names brokers, controller and cluster', async version => {
    const answer = await client.call(DescribeCluster, version, { includeClusterAuthorizedOperations: true })
    expect(answer).toMatchObject({ errorCode: 0, controllerId: 1, endpointType: 1 })
    expect(answer.brokers).toMatchObject([{ brokerId: 1, host: '127.0.0.1', port: broker.port, rack: 'r1' }])
    expect(answer.clusterAuthorizedOperations).toBeGreaterThan(0)
    expect(answer.clusterId).toBe((await client.call(Metadata, 9, { topics: [] })).clusterId)
  })

  test('a broker does not return endpoints of controllers', async () => {
    expect(
      (await client.call(DescribeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType: 2 })).errorCode,
    ).toBe(Errors.MISMATCHED_ENDPOINT_TYPE)
    expect(
      (await client.call(DescribeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType: 9 })).errorCode,
    ).toBe(Errors.UNSUPPORTED_ENDPOINT_TYPE)
  })
})

describe('DescribeTopicPartitions', () => {
  type Cursor = { readonly topicName: string; readonly partitionIndex: number } | null
  const page = (topics: readonly string[], limit: number, cursor: Cursor = null) =>
    client.call(DescribeTopicPartitions, 0, {
      topics: topics.map(name => ({ name })),
      responsePartitionLimit: limit,
      cursor,
    })
  const shown = (answer: Awaited<ReturnType<typeof page>>) =>
    answer.topics.map(({ name, partitions }) => `${name} ${partitions.map(({ partitionIndex }) => partitionIndex).join()}`)

  test('topics come in the order of their names, a page at a time, none twice and none left out', async () => {
    const seen: string[] = []
    let cursor: Cursor = null
    for (let pages = 0; pages < 10; pages++) {
      const answer: Awaited<ReturnType<typeof page>> = await page(['b', 'a', 'a'], 2, cursor)
      seen.push(...shown(answer))
      cursor = answer.nextCursor
      if (cursor === null) break
    }
    expect(seen).toEqual(['a 0,1', 'a 2', 'b 0'])
  })

  test('no topics asks for all', async () => {
    const answer = await page([], 2000)
    expect(answer.topics.map(({ name }) => name)).toEqual(await client.topicNames())
    expect(answer.nextCursor).toBeNull()
  })

  test('a page that ends with a topic says where the next one begins', async () => {
    const answer = await page(['a', 'b'], 3)
    expect(shown(answer)).toEqual(['a 0,1,2'])
    expect(answer.nextCursor).toEqual({ topicName: 'b', partitionIndex: 0 })
  })

  test('an unknown topic is told, an invalid name too, and neither is created', async () => {
    const { topics } = await page(['nobody', 'not/valid'], 10)
    expect(topics.map(({ errorCode }) => errorCode)).toEqual([Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.INVALID_TOPIC_EXCEPTION])
    expect(await client.topicNames()).not.toContain('nobody')
  })

  test('a cursor must be at a topic that is asked for, and at a partition', async () => {
    for (const cursor of [
      { topicName: 'zz', partitionIndex: 0 },
      { topicName: 'a', partitionIndex: -1 },
    ]) {
      const { topics } = await page(['a', 'b'], 10, cursor)
      expect(topics.every(({ errorCode }) => errorCode === Errors.INVALID_REQUEST)).toBe(true)
    }
  })

  test('the broker’s own limit holds as well', async () => {
    await using small = await testBroker({ config: { 'max.request.partition.size.limit': '1' } })
    const smallClient = await small.connect()
    await smallClient.createTopic('a', 3)
    const answer = await smallClient.call(DescribeTopicPartitions, 0, { topics: [], responsePartitionLimit: 2000, cursor: null })
    expect(shown(answer)).toEqual(['a 0'])
    expect(answer.nextCursor).toEqual({ topicName: 'a', partitionIndex: 1 })
  })
})

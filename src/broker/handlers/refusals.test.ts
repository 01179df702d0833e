/** What is said to administrators whose request is wrong: Kafka's own sentences, or nothing where it says nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { AddRaftVoter } from '../../protocol/messages/add-raft-voter.js'
import { CreatePartitions } from '../../protocol/messages/create-partitions.js'
import { CreateTopics } from '../../protocol/messages/create-topics.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import { DescribeProducers } from '../../protocol/messages/describe-producers.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { findCoordinator } from './find-coordinator.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect()
})
afterAll(() => broker.stop())

const topic = { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
const created = async (rest: object) =>
  (await client.call(CreateTopics, 7, { topics: [{ ...topic, ...rest }], timeoutMs: 1000, validateOnly: false })).topics
const producersOf = async (name: string) => {
  const { topics } = await client.call(DescribeProducers, 0, { topics: [{ name, partitionIndexes: [0] }] })
  return topics[0]?.partitions
}

test('a topic with more replicas than there are brokers', async () => {
  const why = 'because only 1 broker(s) are registered or some brokers have all their log directories cordoned.'
  const what = 'Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached'
  expect(await created({ replicationFactor: 2 })).toMatchObject([
    {
      errorCode: Errors.INVALID_REPLICATION_FACTOR,
      errorMessage: `${what} ${why}`,
    },
  ])
})

test('a topic with a partition that is assigned twice', async () => {
  const assigned = [0, 1, 1].map(partitionIndex => ({ partitionIndex, brokerIds: [0] }))
  expect(await created({ numPartitions: -1, replicationFactor: -1, assignments: assigned })).toMatchObject([
    {
      errorCode: Errors.INVALID_REPLICA_ASSIGNMENT,
      errorMessage: 'Found multiple manual partition assignments for partition 1',
    },
  ])
})

test('partitions or configs of a topic that is not there', async () => {
  const more = { topics: [{ name: 'none', count: 3, assignments: null }], timeoutMs: 1000, validateOnly: false }
  expect((await client.call(CreatePartitions, 3, more)).results).toEqual([
    { name: 'none', errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null },
  ])
  const asked = { resources: [{ resourceType: 2, resourceName: 'none', configurationKeys: null }] }
  expect((await client.call(DescribeConfigs, 4, asked)).results).toMatchObject([
    { errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: '' },
  ])
})

test('producers of a topic that is not there, or cannot be', async () => {
  expect(await producersOf('none')).toMatchObject([{ errorMessage: 'This server does not host this topic-partition.' }])
  expect(await producersOf('')).toMatchObject([{ errorMessage: 'Topic name is invalid: the empty string is not allowed' }])
})

test.each(versionsOf(findCoordinator).filter(version => version > 0))('v%i: a coordinator of what has none', async version => {
  const answer = await client.call(FindCoordinator, version, { key: 'g', keyType: 9, coordinatorKeys: ['g'] })
  expect(version < 4 ? answer : answer.coordinators[0]).toMatchObject({
    errorCode: Errors.INVALID_REQUEST,
    errorMessage: expect.stringMatching(/^This most likely occurs because of a request/),
  })
})

test('a coordinator of a share partition without its three parts: nothing is said', async () => {
  const { coordinators } = await client.call(FindCoordinator, 6, { key: '', keyType: 2, coordinatorKeys: ['g'] })
  expect(coordinators).toMatchObject([{ errorCode: Errors.INVALID_REQUEST, errorMessage: '' }])
})

test('a voter whose listener is not that of controllers: names are told in upper case', async () => {
  const listeners = [{ name: 'other', host: 'h', port: 1 }]
  const voter = { clusterId: null, voterId: 2, voterDirectoryId: 'abcdefghijklmnopqrstuw', timeoutMs: 1000, listeners }
  const { errorMessage } = await client.call(AddRaftVoter, 1, voter)
  expect(errorMessage).toContain('Endpoints(endpoints={ListenerName(OTHER)=h/<unresolved>:1})')
})

/** Requests about very many names are answered with pauses: in each another client is served. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realWorld } from '../base/world.js'
import { AlterConfigs } from '../protocol/messages/alter-configs.js'
import { CreatePartitions } from '../protocol/messages/create-partitions.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DeleteGroups } from '../protocol/messages/delete-groups.js'
import { DeleteRecords } from '../protocol/messages/delete-records.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { DescribeGroups } from '../protocol/messages/describe-groups.js'
import { FindCoordinator } from '../protocol/messages/find-coordinator.js'
import { IncrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { type TestBroker, type TestClient, testBroker } from './test-client.test-support.js'

let broker: TestBroker
let client: TestClient
let other: TestClient
beforeAll(async () => {
  // A clock by which everything takes longer than a slice.
  let nowMs = 0
  broker = await testBroker({ world: { ...realWorld, host: { ...realWorld.host, monotonicMs: () => (nowMs += 10) } } })
  client = await broker.connect()
  other = await broker.connect()
  await client.createTopic('t', names.length)
  await client.call(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })
})
afterAll(() => broker.stop())

const names = Array.from({ length: 50 }, (_, n) => `name-${n}`)
const timeoutMs = 10_000
const topicResource = 2
const topics = names.map(name => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }))
const resources = names.map(resourceName => ({ resourceType: topicResource, resourceName, configurationKeys: null, configs: [] }))
const partitions = names.map((_, partitionIndex) => ({ partitionIndex, offset: 0, timestamp: -1 }))
const groups = names.map(groupId => ({ groupId, topics: null }))

const asking: Readonly<Record<string, () => Promise<unknown>>> = {
  'Metadata, by name': () => client.call(Metadata, 9, { topics: names.map(name => ({ name })), allowAutoTopicCreation: false }),
  'CreateTopics, validated': () => client.call(CreateTopics, 5, { topics, timeoutMs, validateOnly: true }),
  'CreateTopics, of bad names': () =>
    client.call(CreateTopics, 5, { topics: topics.map(topic => ({ ...topic, name: `${topic.name}%` })), timeoutMs }),
  CreatePartitions: () =>
    client.call(CreatePartitions, 3, {
      topics: names.map(name => ({ name, count: 2, assignments: null })),
      timeoutMs,
      validateOnly: true,
    }),
  DeleteTopics: () => client.call(DeleteTopics, 4, { topicNames: names, timeoutMs }),
  DeleteRecords: () => client.call(DeleteRecords, 2, { topics: [{ name: 't', partitions }], timeoutMs }),
  ListOffsets: () => client.call(ListOffsets, 5, { replicaId: -1, topics: [{ name: 't', partitions }] }),
  DescribeConfigs: () => client.call(DescribeConfigs, 4, { resources }),
  AlterConfigs: () => client.call(AlterConfigs, 2, { resources, validateOnly: true }),
  IncrementalAlterConfigs: () => client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: true }),
  FindCoordinator: () => client.call(FindCoordinator, 4, { keyType: 0, coordinatorKeys: names }),
  DescribeGroups: () => client.call(DescribeGroups, 5, { groups: names }),
  DeleteGroups: () => client.call(DeleteGroups, 2, { groupsNames: names }),
  OffsetFetch: () => client.call(OffsetFetch, 8, { groups, requireStable: false }),
}

test.each(Object.keys(asking))('%s: another client is answered before the last name', async name => {
  const answered: string[] = []
  const many = asking[name]!().finally(() => answered.push('many'))
  const one = other.topicNames().finally(() => answered.push('one'))
  await Promise.all([many, one])
  expect(answered).toEqual(['one', 'many'])
})

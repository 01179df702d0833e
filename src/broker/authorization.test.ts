/** What the table does not say of rights, by wire: lists, sessions, names that could not be. rights.test.ts has what it says. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { zeroUuid } from '../base/ids.js'
import { randomUuid, realWorld } from '../base/world.js'
import { createAcls, deleteAcls } from '../cluster/access-controller.js'
import { Errors } from '../protocol/errors.js'
import { AlterConfigs } from '../protocol/messages/alter-configs.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { DescribeCluster } from '../protocol/messages/describe-cluster.js'
import { DescribeTopicPartitions } from '../protocol/messages/describe-topic-partitions.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { IncrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.js'
import { ListGroups } from '../protocol/messages/list-groups.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { OffsetCommit } from '../protocol/messages/offset-commit.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { OffsetForLeaderEpoch } from '../protocol/messages/offset-for-leader-epoch.js'
import { Produce } from '../protocol/messages/produce.js'
import { type Acl, clusterName, type Operation, operations, type ResourceType, resourceTypes } from '../security/acl/acl.js'
import { AclIndex } from '../security/acl/acl-index.js'
import { Authorizer } from '../security/acl/authorizer.js'
import { user } from '../security/principal.js'
import { Authorization } from './authorization.js'
import { Session } from './session.js'
import { batchOf, type TestBroker, type TestClient, testBroker } from './test-client.test-support.js'

const { TOPIC_AUTHORIZATION_FAILED: noTopic } = Errors

let broker: TestBroker
let client: TestClient
let topicId: string
beforeAll(async () => {
  const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
  broker = await testBroker({ config: { 'authorizer.class.name': authorizer, 'group.initial.rebalance.delay.ms': '0' } })
  client = await broker.connect()
  await make('t')
  await make('secret')
  topicId = broker.running.services.topics.image.topics.get('t')?.topicId as string
})
afterAll(() => broker.stop())
beforeEach(() => allow())

const make = (name: string) => broker.running.services.topics.createOnDemand(name)

/** "read topic t": for the one client there is. What was allowed before is not any more. */
async function allow(...rights: string[]): Promise<void> {
  const { services } = broker.running
  const { access } = services.topics.image
  const every = { resourceType: 1, patternType: 1, resourceName: null, principal: null, host: null }
  await services.carryOut(deleteAcls(access, [{ ...every, operation: 1, permissionType: 1 }]))
  await services.carryOut(createAcls(access, rights.map(aclOf), () => randomUuid(realWorld)))
}

function aclOf(right: string): Acl {
  const [operation, type, name = clusterName] = right.split(' ')
  return {
    resourceType: resourceTypes[type as ResourceType],
    ...{ resourceName: name, patternType: 3, principal: 'User:ANONYMOUS', host: '*' },
    operation: operations[operation as Operation],
    permissionType: 3,
  }
}

const partition = { partitionIndex: 0, currentLeaderEpoch: -1 }
const offset = { partitionIndex: 0, committedOffset: 0, committedMetadata: '' }

const produced = (name: string) => ({
  ...{ transactionalId: null, acks: 1, timeoutMs: 0 },
  topicData: [{ name, partitionData: [{ index: 0, records: batchOf(['x']) }] }],
})
const fetched = (topic: string, id = zeroUuid) => ({
  ...{ replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 },
  topics: [{ topic, topicId: id, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
  ...{ forgottenTopicsData: [], rackId: '' },
})
const listed = (name: string) => ({
  ...{ replicaId: -1, isolationLevel: 0 },
  topics: [{ name, partitions: [{ ...partition, timestamp: -1 }] }],
})
const ended = (topic: string) => ({
  topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
})
const creation = (name: string) => ({
  topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
})
const committed = (name: string) => ({ groupId: 'g', topics: [{ name, partitions: [offset] }] })
const offsetsOf = (topics: { name: string; partitionIndexes: number[] }[] | null) => ({ groups: [{ groupId: 'g', topics }] })

describe('nothing leaks', () => {
  const named = (...names: string[]) => ({
    topics: names.map(name => ({ topicId: zeroUuid, name })),
    allowAutoTopicCreation: false,
  })

  test('what is told of a topic that is there is told of one that is not', async () => {
    const answers = await client.call(Metadata, 12, named('secret', 'absent', 'no name!'))
    const [secret, ...others] = answers.topics.map(({ name: _, ...rest }) => rest)
    for (const other of others) expect(other).toEqual(secret)
    for (const ask of [
      async (name: string) => (await client.call(Produce, 9, produced(name))).responses[0]?.partitionResponses,
      async (name: string) => (await client.call(Fetch, 12, fetched(name))).responses[0]?.partitions,
      async (name: string) => (await client.call(ListOffsets, 6, listed(name))).topics[0]?.partitions,
      async (name: string) => (await client.call(OffsetForLeaderEpoch, 4, ended(name))).topics[0]?.partitions,
      async (name: string) => ({ ...(await client.call(CreateTopics, 7, creation(name))).topics[0], name: '' }),
      async (name: string) => ({ ...(await deleted(name)), name: '' }),
    ]) {
      expect(await ask('secret')).toEqual(await ask('absent'))
    }
  })

  const deleted = async (name: string) =>
    (await client.call(DeleteTopics, 6, { topics: [{ name, topicId: zeroUuid }], timeoutMs: 0 })).responses[0]

  test('all topics, groups and offsets are those that the client may see', async () => {
    const all = async () => (await client.call(Metadata, 12, { topics: null })).topics.map(({ name }) => name)
    const described = async () =>
      (await client.call(DescribeTopicPartitions, 0, { topics: [], cursor: null })).topics.map(({ name }) => name)
    expect([await all(), await described()]).toEqual([[], []])
    await allow('read topic t')
    expect([await all(), await described()]).toEqual([['t'], ['t']])

    await allow('read group g', 'read topic t', 'read topic secret')
    for (const topic of ['t', 'secret']) await client.call(OffsetCommit, 7, committed(topic))
    await allow('describe group g', 'describe topic t')
    const { groups = [] } = await client.call(OffsetFetch, 8, offsetsOf(null))
    expect(groups[0]?.topics.map(({ name }) => name)).toEqual(['t'])
    const groupsSeen = async () => (await client.call(ListGroups, 4, {})).groups.map(({ groupId }) => groupId)
    expect(await groupsSeen()).toEqual(['g'])
    await allow('describe group other')
    expect(await groupsSeen()).toEqual([])
    await allow('describe cluster')
    expect(await groupsSeen()).toEqual(['g'])
  })

  test('by its id a topic is deleted by who may; its name is told to who may see it', async () => {
    const byId = { topics: [{ name: null, topicId }], timeoutMs: 0 }
    const refusal = { errorCode: noTopic, errorMessage: 'Topic authorization failed.', topicId }
    expect((await client.call(DeleteTopics, 6, byId)).responses).toEqual([{ ...refusal, name: null }])
    await allow('describe topic t')
    expect((await client.call(DeleteTopics, 6, byId)).responses).toEqual([{ ...refusal, name: 't' }])
    expect(await deleted('t')).toEqual({ ...refusal, name: 't', topicId: zeroUuid })
  })

  test('of topics in one commit only those that may be read are committed', async () => {
    await allow('read group g', 'read topic t')
    const request = { groupId: 'g', topics: ['secret', 't', 'absent'].map(name => ({ name, partitions: [offset] })) }
    const { topics } = await client.call(OffsetCommit, 7, request)
    expect(topics.map(({ name, partitions }) => [name, partitions[0]?.errorCode])).toEqual([
      ['secret', noTopic],
      ['absent', noTopic],
      ['t', 0],
    ])
  })
})

describe('what cannot be set is told to those alone who may set it', () => {
  const [denied, brokerType, loggerType] = [Errors.CLUSTER_AUTHORIZATION_FAILED, 4, 8]
  const answerTo = async (resourceType: number, resourceName: string, name: string, value: string) => {
    const of = { resourceType, resourceName }
    const resources = [{ ...of, configs: [{ name, value, configOperation: 0 }] }]
    const incremental = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: true })
    const whole = await client.call(AlterConfigs, 2, { resources: [{ ...of, configs: [{ name, value }] }], validateOnly: true })
    return [incremental, whole].map(({ responses }) => [responses[0]?.errorCode, responses[0]?.errorMessage])
  }

  test.each([
    ['1', 'max.connections', 'abc'],
    ['1', 'super.users', 'x'],
    ['1', 'log.cleaner.min.compaction.lag.ms', '9223372036854775807'],
    ['1', 'listener.name.ssl.ssl.truststore.location', '/nonexistent'],
    ['2', 'max.connections', '5'],
    ['x', 'max.connections', '5'],
    ['', 'a', 'x'.repeat(40_000)],
  ])('broker "%s": %s', async (name, key, value) => {
    const none = [denied, null]
    expect(await answerTo(brokerType, name, key, value)).toEqual([none, none])
    expect((await answerTo(loggerType, name, key, value))[0]).toEqual(none)
    expect((await answerTo(16, name, key, value))[0]).toEqual([denied, 'Cluster authorization failed.'])
  })

  test('a resource of no type is none that one could be allowed', async () => {
    const unknown = [Errors.INVALID_REQUEST, 'Unknown resource type 99']
    expect(await answerTo(99, 'x', 'a', 'b')).toEqual([unknown, unknown])
  })
})

test('operations that are told are those that are allowed', async () => {
  const bits = (...of: Operation[]) => of.reduce((sum, operation) => sum | (1 << operations[operation]), 0)
  const cluster = async () =>
    (await client.call(DescribeCluster, 0, { includeClusterAuthorizedOperations: true })).clusterAuthorizedOperations
  expect(await cluster()).toBe(0)
  await allow('describe cluster', 'idempotent_write cluster', 'read topic t', 'alter_configs topic t')
  expect(await cluster()).toBe(bits('describe', 'idempotent_write'))
  const asked = { topics: [{ topicId: zeroUuid, name: 't' }], includeTopicAuthorizedOperations: true }
  const { topics } = await client.call(Metadata, 9, asked)
  expect(topics[0]?.topicAuthorizedOperations).toBe(bits('read', 'describe', 'alter_configs', 'describe_configs'))
})

describe('what a session is told about a topic', () => {
  const session = () => {
    const where = { remoteAddress: '::1', remotePort: 50000, localAddress: '', localPort: 0 }
    const connection = {
      id: 1,
      listenerName: 'L',
      listenerProtocol: 'PLAINTEXT',
      connectedMs: 0,
      peerSubject: null,
      peerName: null,
      ...where,
    } as const
    return new Session(connection, { close() {}, muteFor() {}, boundFrames() {} })
  }
  const acl = aclOf('read topic t')
  const made = () => {
    const acls = new AclIndex()
    const authorizer = new Authorizer(acls, { superUsers: new Set(), allowEveryoneIfNoAclFound: false })
    let asked = 0
    const counted = Object.assign(Object.create(authorizer) as Authorizer, {
      acls,
      allows: (...args: Parameters<Authorizer['allows']>) => {
        asked++
        return authorizer.allows(...args)
      },
    })
    return { acls, authorization: new Authorization(counted), asked: () => asked }
  }

  test('is remembered until an ACL changes, or the client is another', () => {
    const { acls, authorization, asked } = made()
    const one = session()
    const mayRead = () => authorization.may(one, 'read', 'topic', 't')
    expect([mayRead(), mayRead(), mayRead(), asked()]).toEqual([false, false, false, 1])
    acls.add('id', acl)
    expect([mayRead(), mayRead(), asked()]).toEqual([true, true, 2])
    expect(authorization.may(one, 'write', 'topic', 't')).toBe(false)
    acls.remove('id')
    expect([mayRead(), asked()]).toEqual([false, 4])
    acls.add('id', { ...acl, principal: 'User:alice' })
    expect(mayRead()).toBe(false)
    one.principal = user('alice')
    expect(mayRead()).toBe(true)
  })

  test('is about its address as Java writes it', () => {
    const { acls, authorization } = made()
    acls.add('id', { ...acl, host: '0:0:0:0:0:0:0:1' })
    expect(authorization.may(session(), 'read', 'topic', 't')).toBe(true)
  })

  test('takes no more memory than for ten thousand topics', () => {
    const { authorization } = made()
    const one = session()
    for (let n = 0; n < 25_000; n++) authorization.may(one, 'read', 'topic', `t${n}`)
    expect(one.rights?.topics.size).toBeLessThanOrEqual(10_000)
  })
})

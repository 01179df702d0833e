/**
 * What each API asks before it answers, by wire: a client without any right, and the same client with just the rights that are
 * named. What it is told is compared with what it would be told of something that does not exist, so that nothing leaks.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { zeroUuid } from '../base/ids.js'
import { randomUuid, realWorld } from '../base/world.js'
import { createAcls, deleteAcls } from '../cluster/access-controller.js'
import { Errors } from '../protocol/errors.js'
import { AlterConfigs } from '../protocol/messages/alter-configs.js'
import { CreatePartitions } from '../protocol/messages/create-partitions.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DeleteGroups } from '../protocol/messages/delete-groups.js'
import { DeleteRecords } from '../protocol/messages/delete-records.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { DescribeCluster } from '../protocol/messages/describe-cluster.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { DescribeGroups } from '../protocol/messages/describe-groups.js'
import { DescribeProducers } from '../protocol/messages/describe-producers.js'
import { DescribeTopicPartitions } from '../protocol/messages/describe-topic-partitions.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { FindCoordinator } from '../protocol/messages/find-coordinator.js'
import { Heartbeat } from '../protocol/messages/heartbeat.js'
import { IncrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.js'
import { InitProducerId } from '../protocol/messages/init-producer-id.js'
import { JoinGroup } from '../protocol/messages/join-group.js'
import { LeaveGroup } from '../protocol/messages/leave-group.js'
import { ListGroups } from '../protocol/messages/list-groups.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { OffsetCommit } from '../protocol/messages/offset-commit.js'
import { OffsetDelete } from '../protocol/messages/offset-delete.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { OffsetForLeaderEpoch } from '../protocol/messages/offset-for-leader-epoch.js'
import { Produce } from '../protocol/messages/produce.js'
import { SyncGroup } from '../protocol/messages/sync-group.js'
import { type Acl, clusterName, type Operation, operations, type ResourceType, resourceTypes } from '../security/acl/acl.js'
import { AclIndex } from '../security/acl/acl-index.js'
import { Authorizer } from '../security/acl/authorizer.js'
import { user } from '../security/principal.js'
import { Authorization } from './authorization.js'
import { Session } from './session.js'
import { batchOf, type TestBroker, type TestClient, testBroker } from './test-client.test-support.js'

const {
  TOPIC_AUTHORIZATION_FAILED: noTopic,
  GROUP_AUTHORIZATION_FAILED: noGroup,
  CLUSTER_AUTHORIZATION_FAILED: noCluster,
} = Errors

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
const joining = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'consumer' }
const protocols = [{ name: 'range', metadata: new Uint8Array(0) }]
const offset = { partitionIndex: 0, committedOffset: 0, committedMetadata: '' }

describe('a request without the right is refused where it names the resource, and served with just that right', () => {
  const rows: [string, () => Promise<unknown>, object, string[], object][] = [
    [
      'Produce',
      async () => (await client.call(Produce, 9, produced('t'))).responses[0],
      { name: 't', partitionResponses: [{ errorCode: noTopic, errorMessage: null, baseOffset: -1 }] },
      ['write topic t'],
      { partitionResponses: [{ errorCode: 0 }] },
    ],
    [
      'Fetch',
      async () => (await client.call(Fetch, 12, fetched('t'))).responses[0],
      { topic: 't', partitions: [{ errorCode: noTopic, highWatermark: -1, logStartOffset: -1 }] },
      ['read topic t'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'Fetch by id',
      async () => (await client.call(Fetch, 13, fetched('', topicId))).responses[0],
      { topic: '', partitions: [{ errorCode: noTopic }] },
      ['read topic t'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'Fetch of a follower',
      async () => (await client.call(Fetch, 12, { ...fetched('t'), replicaId: 5 })).responses[0],
      { partitions: [{ errorCode: noTopic }] },
      ['cluster_action cluster'],
      { partitions: [{ errorCode: Errors.NOT_LEADER_OR_FOLLOWER }] },
    ],
    [
      'ListOffsets',
      async () => (await client.call(ListOffsets, 6, listed('t'))).topics[0],
      { name: 't', partitions: [{ errorCode: noTopic, offset: -1, timestamp: -1 }] },
      ['describe topic t'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'OffsetForLeaderEpoch',
      async () => (await client.call(OffsetForLeaderEpoch, 4, ended('t'))).topics[0],
      { partitions: [{ errorCode: noTopic }] },
      ['describe topic t'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'OffsetForLeaderEpoch of a follower',
      async () => (await client.call(OffsetForLeaderEpoch, 4, ended('t'))).topics[0],
      { partitions: [{ errorCode: noTopic }] },
      ['cluster_action cluster'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'Metadata by name',
      async () => (await client.call(Metadata, 12, { topics: [{ topicId: zeroUuid, name: 't' }] })).topics[0],
      { errorCode: noTopic, name: 't', topicId: zeroUuid, isInternal: false, partitions: [] },
      ['describe topic t'],
      { errorCode: 0, name: 't' },
    ],
    [
      'Metadata by id',
      async () => (await client.call(Metadata, 12, { topics: [{ topicId, name: null }] })).topics[0],
      { errorCode: noTopic, name: null, isInternal: false, partitions: [] },
      ['describe topic t'],
      { errorCode: 0, name: 't' },
    ],
    [
      'Metadata that creates',
      async () => (await client.call(Metadata, 12, { topics: [{ topicId: zeroUuid, name: 'new' }] })).topics[0],
      { errorCode: noTopic, name: 'new', topicId: zeroUuid },
      ['describe topic new', 'create topic new'],
      { errorCode: 0, name: 'new' },
    ],
    [
      'DescribeTopicPartitions',
      async () => (await client.call(DescribeTopicPartitions, 0, { topics: [{ name: 't' }], cursor: null })).topics[0],
      { errorCode: noTopic, name: 't', topicId: zeroUuid, partitions: [] },
      ['describe topic t'],
      { errorCode: 0 },
    ],
    [
      'DescribeProducers',
      async () => (await client.call(DescribeProducers, 0, { topics: [{ name: 't', partitionIndexes: [0] }] })).topics[0],
      { partitions: [{ errorCode: noTopic }] },
      ['read topic t'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'DeleteRecords',
      async () =>
        (await client.call(DeleteRecords, 2, { topics: [{ name: 't', partitions: [deletion] }], timeoutMs: 0 })).topics[0],
      { partitions: [{ errorCode: noTopic, lowWatermark: -1 }] },
      ['delete topic t'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'CreateTopics',
      async () => (await client.call(CreateTopics, 7, creation('made'))).topics[0],
      { name: 'made', topicId: zeroUuid, errorCode: noTopic, errorMessage: 'Authorization failed.', numPartitions: -1 },
      ['create topic made'],
      { errorCode: 0, topicConfigErrorCode: noTopic, numPartitions: -1, replicationFactor: -1, configs: [] },
    ],
    [
      'CreateTopics by a right to the cluster',
      async () => (await client.call(CreateTopics, 7, { ...creation('other'), validateOnly: true })).topics[0],
      { errorCode: noTopic },
      ['create cluster', 'describe_configs topic other'],
      { errorCode: 0, topicConfigErrorCode: 0, numPartitions: 1 },
    ],
    [
      'CreatePartitions',
      async () => (await client.call(CreatePartitions, 3, { topics: [growth], timeoutMs: 0, validateOnly: true })).results[0],
      { name: 't', errorCode: noTopic, errorMessage: null },
      ['alter topic t'],
      { errorCode: 0 },
    ],
    [
      'DescribeConfigs',
      async () => (await client.call(DescribeConfigs, 4, { resources: [{ ...t, configurationKeys: null }] })).results[0],
      { errorCode: noTopic, errorMessage: 'Topic authorization failed.', configs: [] },
      ['describe_configs topic t'],
      { errorCode: 0 },
    ],
    [
      'DescribeConfigs of the broker',
      async () => (await client.call(DescribeConfigs, 4, { resources: [{ ...self, configurationKeys: null }] })).results[0],
      { errorCode: noCluster, configs: [] },
      ['describe_configs cluster'],
      { errorCode: 0 },
    ],
    [
      'AlterConfigs',
      async () => (await client.call(AlterConfigs, 2, { resources: [{ ...t, configs: [] }], validateOnly: true })).responses[0],
      { errorCode: noTopic, errorMessage: 'Topic authorization failed.' },
      ['alter_configs topic t'],
      { errorCode: 0 },
    ],
    [
      'IncrementalAlterConfigs of the broker',
      async () =>
        (await client.call(IncrementalAlterConfigs, 1, { resources: [{ ...self, configs: [] }], validateOnly: true }))
          .responses[0],
      { errorCode: noCluster },
      ['alter_configs cluster'],
      { errorCode: Errors.INVALID_REQUEST },
    ],
    [
      'InitProducerId',
      async () => client.call(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1000 }),
      { errorCode: noCluster, producerId: -1 },
      ['write topic any'],
      { errorCode: 0 },
    ],
    [
      'FindCoordinator',
      async () => (await client.call(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })).coordinators?.[0],
      { key: 'g', errorCode: noGroup, nodeId: -1, host: '', port: -1 },
      ['describe group g'],
      { errorCode: 0 },
    ],
    [
      'JoinGroup',
      async () => client.call(JoinGroup, 4, { ...joining, groupId: 'g', protocols }),
      { errorCode: noGroup, memberId: '' },
      ['read group g'],
      { errorCode: Errors.MEMBER_ID_REQUIRED },
    ],
    [
      'SyncGroup',
      async () => client.call(SyncGroup, 3, { groupId: 'g', generationId: 1, memberId: 'm', assignments: [] }),
      { errorCode: noGroup },
      ['read group g'],
      { errorCode: Errors.UNKNOWN_MEMBER_ID },
    ],
    [
      'Heartbeat',
      async () => client.call(Heartbeat, 3, { groupId: 'g', generationId: 1, memberId: 'm' }),
      { errorCode: noGroup },
      ['read group g'],
      { errorCode: Errors.UNKNOWN_MEMBER_ID },
    ],
    [
      'LeaveGroup',
      async () => client.call(LeaveGroup, 2, { groupId: 'g', memberId: 'm' }),
      { errorCode: noGroup },
      ['read group g'],
      { errorCode: Errors.UNKNOWN_MEMBER_ID },
    ],
    [
      'DescribeGroups',
      async () => (await client.call(DescribeGroups, 5, { groups: ['gone'], includeAuthorizedOperations: true })).groups[0],
      { groupId: 'gone', errorCode: noGroup, groupState: '', authorizedOperations: -0x8000_0000 },
      ['describe group gone'],
      { errorCode: 0, groupState: 'Dead', authorizedOperations: 1 << operations.describe },
    ],
    [
      'DeleteGroups',
      async () => (await client.call(DeleteGroups, 2, { groupsNames: ['gone'] })).results[0],
      { groupId: 'gone', errorCode: noGroup },
      ['delete group gone'],
      { errorCode: Errors.GROUP_ID_NOT_FOUND },
    ],
    [
      'OffsetCommit',
      async () => (await client.call(OffsetCommit, 7, committed('t'))).topics[0],
      { name: 't', partitions: [{ errorCode: noGroup }] },
      ['read group g', 'read topic t'],
      { partitions: [{ errorCode: 0 }] },
    ],
    [
      'OffsetFetch',
      async () => (await client.call(OffsetFetch, 8, offsetsOf([{ name: 't', partitionIndexes: [0] }]))).groups?.[0],
      { groupId: 'g', errorCode: noGroup, topics: [] },
      ['describe group g', 'describe topic t'],
      { errorCode: 0, topics: [{ name: 't', partitions: [{ errorCode: 0 }] }] },
    ],
    [
      'OffsetFetch of one group',
      async () => client.call(OffsetFetch, 7, { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] }),
      { errorCode: noGroup, topics: [] },
      ['describe group g', 'describe topic t'],
      { errorCode: 0, topics: [{ name: 't', partitions: [{ errorCode: 0 }] }] },
    ],
    [
      'OffsetDelete',
      async () => client.call(OffsetDelete, 0, { groupId: 'g', topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] }),
      { errorCode: noGroup, topics: [] },
      ['delete group g', 'read topic t'],
      { errorCode: 0, topics: [{ partitions: [{ errorCode: 0 }] }] },
    ],
  ]

  test.each(rows)('%s', async (_, ask, refused, rights, served) => {
    expect(await ask()).toMatchObject(refused)
    // Each of the rights is needed.
    for (const one of rights.length > 1 ? rights : []) {
      await allow(...rights.filter(other => other !== one))
      expect(JSON.stringify(await ask()), `without ${one}`).toMatch(/(rrorCode":(29|30|31))/)
    }
    await allow(...rights)
    expect(await ask()).toMatchObject(served)
  })
})

const t = { resourceType: 2, resourceName: 't' }
const self = { resourceType: 4, resourceName: '1' }
const deletion = { partitionIndex: 0, offset: 0 }
const growth = { name: 't', count: 5, assignments: null }
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
    const where = { remoteAddress: '::1', localAddress: '', localPort: 0 }
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

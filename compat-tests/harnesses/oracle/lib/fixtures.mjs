// A right request of every API, for lib/mutations.mjs. fresh: made anew for every mutation, because it changes something.

import { createHash } from 'node:crypto'
import { adminFixtures } from './admin-fixtures.mjs'
import { ZERO_UUID } from './messages.mjs'
import { batch } from './records.mjs'
import { producer } from './transaction.mjs'

const SUBSCRIPTION = Buffer.from('0001000000010001740000000000000000', 'hex')
const mine = t => body => ({
  ...body,
  topics: body.topics?.filter(x => (x.name ?? '').startsWith(t.name('')) || body.topics.length < 5),
})

async function topic(t, suffix, records = true) {
  const made = await t.topic(suffix, { partitions: 2 })
  if (records) for (let i = 0; i < 3; i++) await t.produce(made, batch(2, { timestamp: t.T0 + i }))
  return made
}
async function member(t, groupId) {
  const key = { key: groupId, keyType: 0, coordinatorKeys: [groupId] }
  await t.until('FindCoordinator', key, answer => (answer.errorCode ?? answer.coordinators[0].errorCode) === 0, { quiet: true })
  // It is found before it has read its log.
  await t.until('DescribeGroups', { groups: [groupId] }, answer => ![14, 15, 16].includes(answer.groups[0].errorCode), {
    quiet: true,
  })
  const join = {
    groupId,
    sessionTimeoutMs: 30000,
    rebalanceTimeoutMs: 5000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: SUBSCRIPTION }],
  }
  const asked = await t.quiet('JoinGroup', { ...join, memberId: '' }, { v: 5 })
  t.know(asked.memberId, 'member')
  const joined = await t.quiet('JoinGroup', { ...join, memberId: asked.memberId }, { v: 5 })
  return { memberId: asked.memberId, generationId: joined.generationId }
}
const stable = async (t, groupId) => {
  const one = await member(t, groupId)
  await t.quiet(
    'SyncGroup',
    {
      groupId,
      ...one,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId: one.memberId, assignment: Buffer.from('x') }],
    },
    { v: 5 },
  )
  return one
}
const leave = (t, groupId, memberId) => t.quiet('LeaveGroup', { groupId, memberId, members: [{ memberId }] }, { v: 3 })

const clientInstanceId = (t, s) => createHash('md5').update(t.name(s)).digest('base64url')

// Another kind of resource each time, with a config that it can have.
async function configured(t, s, kinds) {
  const kind = Number(s.slice(1)) % kinds
  if (kind === 0) return { type: 2, name: (await topic(t, s, false)).name, configs: ['cleanup.policy', 'compact'] }
  return [
    { type: 4, name: '1', configs: ['log.segment.delete.delay.ms', '60001'] },
    { type: 32, name: t.name(s), configs: ['consumer.session.timeout.ms', '50000'] },
    { type: 16, name: t.name(s), configs: ['interval.ms', '1000'] },
    { type: 8, name: '1', configs: ['root', 'INFO'] },
  ][kind - 1]
}

// Refusals name it.
const cluster = async t => t.know((await t.quiet('DescribeCluster', {})).clusterId, 'cluster')

export const fixtures = {
  ...adminFixtures,
  Metadata: {
    make: async (t, s) => ({
      topics: [{ name: (await topic(t, s, false)).name, topicId: ZERO_UUID }],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }),
    view: mine,
  },
  CreateTopics: {
    fresh: true,
    make: async (t, s) => ({
      topics: [
        {
          name: t.name(s),
          numPartitions: 1,
          replicationFactor: 1,
          assignments: [],
          configs: [{ name: 'retention.ms', value: '1000' }],
        },
        {
          name: t.name(`${s}-b`),
          numPartitions: -1,
          replicationFactor: -1,
          assignments: [{ partitionIndex: 0, brokerIds: [1] }],
          configs: [],
        },
      ],
      timeoutMs: 10000,
      validateOnly: false,
    }),
  },
  DeleteTopics: {
    fresh: true,
    make: async (t, s) => {
      const one = await topic(t, s, false)
      return t.v >= 6
        ? { topics: [{ name: one.name, topicId: ZERO_UUID }], timeoutMs: 5000 }
        : { topicNames: [one.name], timeoutMs: 5000 }
    },
  },
  CreatePartitions: {
    fresh: true,
    make: async (t, s) => ({
      topics: [{ name: (await topic(t, s, false)).name, count: 3, assignments: [{ brokerIds: [1] }] }],
      timeoutMs: 5000,
      validateOnly: false,
    }),
  },
  DescribeConfigs: {
    make: async (t, s) => ({
      resources: [
        { resourceType: 2, resourceName: (await topic(t, s, false)).name, configurationKeys: ['retention.ms', 'cleanup.policy'] },
      ],
      includeSynonyms: false,
      includeDocumentation: false,
    }),
  },
  AlterConfigs: {
    fresh: true,
    make: async (t, s) => {
      const { type, name, configs } = await configured(t, s, 4)
      const [key, value] = configs
      return { resources: [{ resourceType: type, resourceName: name, configs: [{ name: key, value }] }], validateOnly: false }
    },
  },
  IncrementalAlterConfigs: {
    fresh: true,
    make: async (t, s) => {
      const { type, name, configs } = await configured(t, s, 5)
      const [key, value] = configs
      const change = { name: key, configOperation: 0, value }
      return { resources: [{ resourceType: type, resourceName: name, configs: [change] }], validateOnly: false }
    },
  },
  ListConfigResources: {
    make: () => ({ resourceTypes: [4, 8] }),
    // Who else has configs depends on what ran before.
    view: () => body => ({
      ...body,
      configResources: body.configResources?.filter(({ resourceType }) => [4, 8].includes(resourceType)),
    }),
  },
  Produce: {
    fresh: true,
    make: async (t, s) => {
      const one = await topic(t, s, false)
      return {
        transactionalId: null,
        acks: -1,
        timeoutMs: 5000,
        topicData: [{ name: one.name, topicId: one.id, partitionData: [{ index: 0, records: batch(3, { timestamp: t.T0 }) }] }],
      }
    },
  },
  Fetch: {
    make: async (t, s) => {
      const one = await topic(t, s)
      return {
        replicaId: -1,
        maxWaitMs: 10,
        minBytes: 0,
        maxBytes: 100000,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [
          {
            topic: one.name,
            topicId: one.id,
            partitions: [
              {
                partition: 0,
                currentLeaderEpoch: -1,
                fetchOffset: 2,
                lastFetchedEpoch: -1,
                logStartOffset: -1,
                partitionMaxBytes: 10000,
              },
            ],
          },
        ],
        forgottenTopicsData: [],
        rackId: '',
      }
    },
  },
  ListOffsets: {
    make: async (t, s) => ({
      replicaId: -1,
      isolationLevel: 0,
      timeoutMs: 1000,
      topics: [{ name: (await topic(t, s)).name, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
    }),
  },
  OffsetForLeaderEpoch: {
    make: async (t, s) => ({
      replicaId: -1,
      topics: [{ topic: (await topic(t, s)).name, partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
    }),
  },
  DeleteRecords: {
    fresh: true,
    make: async (t, s) => ({
      topics: [{ name: (await topic(t, s)).name, partitions: [{ partitionIndex: 0, offset: 2 }] }],
      timeoutMs: 5000,
    }),
  },
  FindCoordinator: {
    make: async t => {
      const isThere = answer => (answer.errorCode ?? answer.coordinators[0].errorCode) === 0
      for (const keyType of [0, 1]) {
        await t.until('FindCoordinator', { key: 'g', keyType, coordinatorKeys: ['g'] }, isThere, { quiet: true })
      }
      return { key: 'g', keyType: 0, coordinatorKeys: ['g', 'h'] }
    },
  },
  JoinGroup: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      const one = await stable(t, groupId)
      return {
        groupId,
        sessionTimeoutMs: 30000,
        rebalanceTimeoutMs: 5000,
        memberId: one.memberId,
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: SUBSCRIPTION }],
        reason: null,
      }
    },
    after: (t, state) => leave(t, state.groupId, state.memberId),
  },
  SyncGroup: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      const one = await member(t, groupId)
      return {
        groupId,
        ...one,
        groupInstanceId: null,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: [{ memberId: one.memberId, assignment: Buffer.from('abc') }],
      }
    },
    after: (t, state) => leave(t, state.groupId, state.memberId),
  },
  Heartbeat: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      return { groupId, ...(await stable(t, groupId)), groupInstanceId: null }
    },
  },
  LeaveGroup: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      const { memberId } = await stable(t, groupId)
      return { groupId, memberId, members: [{ memberId, groupInstanceId: null, reason: null }] }
    },
  },
  OffsetCommit: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      const one = await stable(t, groupId)
      const to = await topic(t, s, false)
      return {
        groupId,
        generationIdOrMemberEpoch: one.generationId,
        memberId: one.memberId,
        groupInstanceId: null,
        retentionTimeMs: -1,
        topics: [
          {
            name: to.name,
            topicId: to.id,
            partitions: [
              { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: 0, commitTimestamp: -1, committedMetadata: 'm' },
            ],
          },
        ],
      }
    },
  },
  OffsetFetch: {
    make: async (t, s) => {
      const groupId = t.name(s)
      const to = await topic(t, s, false)
      const one = await stable(t, groupId)
      await t.quiet(
        'OffsetCommit',
        {
          groupId,
          generationIdOrMemberEpoch: one.generationId,
          memberId: one.memberId,
          topics: [{ name: to.name, topicId: to.id, partitions: [{ partitionIndex: 0, committedOffset: 5 }] }],
        },
        { v: 8 },
      )
      const topics = [{ name: to.name, topicId: to.id, partitionIndexes: [0, 1] }]
      return { groupId, topics, groups: [{ groupId, memberId: null, memberEpoch: -1, topics }], requireStable: false }
    },
  },
  OffsetDelete: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      const to = await topic(t, s, false)
      await t.quiet('FindCoordinator', { key: groupId, keyType: 0, coordinatorKeys: [groupId] })
      await t.quiet(
        'OffsetCommit',
        {
          groupId,
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: [{ name: to.name, topicId: to.id, partitions: [{ partitionIndex: 0, committedOffset: 5 }] }],
        },
        { v: 8 },
      )
      return { groupId, topics: [{ name: to.name, partitions: [{ partitionIndex: 0 }] }] }
    },
  },
  DeleteGroups: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      await stable(t, groupId)
      return { groupsNames: [groupId, t.name('nobody')] }
    },
  },
  DescribeGroups: {
    make: async (t, s) => {
      const groupId = t.name(s)
      await stable(t, groupId)
      return { groups: [groupId, t.name('nobody')], includeAuthorizedOperations: false }
    },
  },
  ListGroups: {
    make: async () => ({ statesFilter: ['Stable'], typesFilter: ['classic'] }),
    view: t => body => ({ ...body, groups: body.groups.filter(x => x.groupId.startsWith(t.name(''))) }),
  },
  InitProducerId: {
    make: async () => ({ transactionalId: null, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }),
  },
  AddPartitionsToTxn: {
    fresh: true,
    make: async (t, s) => {
      const one = await producer(t, s)
      return one.addBody([{ name: (await topic(t, s, false)).name, partitions: [0, 1] }])
    },
  },
  AddOffsetsToTxn: {
    fresh: true,
    make: async (t, s) => ({ ...(await producer(t, s)).identity, groupId: t.name(s) }),
  },
  TxnOffsetCommit: {
    fresh: true,
    make: async (t, s) => {
      const groupId = t.name(s)
      const one = await producer(t, s)
      const to = await topic(t, s, false)
      await one.addOffsets('', groupId, {}, { quiet: true })
      const partitions = [{ partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: 0, committedMetadata: 'm' }]
      const member = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
      return { ...one.identity, groupId, ...member, topics: [{ name: to.name, topicId: to.id, partitions }] }
    },
  },
  EndTxn: {
    fresh: true,
    make: async (t, s) => {
      const one = await (await producer(t, s)).open(await topic(t, s, false))
      return { ...one.identity, committed: true }
    },
  },
  WriteTxnMarkers: {
    fresh: true,
    make: async (t, s) => {
      const to = await topic(t, s, false)
      const { producerId, producerEpoch } = await (await producer(t, s)).open(to)
      const topics = [{ name: to.name, partitionIndexes: [0, 1] }]
      const marker = { producerId, producerEpoch, transactionResult: true, topics, coordinatorEpoch: 0, transactionVersion: 0 }
      return { markers: [marker] }
    },
  },
  DescribeTransactions: {
    make: async (t, s) => {
      const one = await (await producer(t, s)).open(await topic(t, s, false))
      return { transactionalIds: [one.transactionalId, t.name('nobody')] }
    },
  },
  ListTransactions: {
    make: async (t, s) => {
      const { producerId } = await (await producer(t, s)).open(await topic(t, s, false))
      return { stateFilters: ['Ongoing'], producerIdFilters: [producerId], durationFilter: -1, transactionalIdPattern: null }
    },
    pick: t => body => ({
      ...body,
      transactionStates: body.transactionStates.filter(x => x.transactionalId.startsWith(t.name(''))),
    }),
  },
  DescribeProducers: {
    make: async (t, s) => {
      const to = await topic(t, s, false)
      await (await (await producer(t, s)).open(to)).send(to)
      return { topics: [{ name: to.name, partitionIndexes: [0, 1] }] }
    },
  },
  DescribeCluster: {
    make: async () => ({ includeClusterAuthorizedOperations: false, endpointType: 1, includeFencedBrokers: false }),
  },
  DescribeTopicPartitions: {
    make: async (t, s) => {
      const one = await topic(t, s, false)
      return { topics: [{ name: one.name }], responsePartitionLimit: 100, cursor: { topicName: one.name, partitionIndex: 0 } }
    },
    view: t => body => ({
      ...body,
      topics: body.topics?.filter(x => x.name.startsWith(t.name('')) || x.errorCode !== 0),
      nextCursor: body.nextCursor?.topicName.startsWith(t.name('')) ? body.nextCursor : null,
    }),
  },
  DescribeAcls: {
    make: async () => ({
      resourceTypeFilter: 2,
      resourceNameFilter: 't',
      patternTypeFilter: 3,
      principalFilter: 'User:a',
      hostFilter: '*',
      operation: 3,
      permissionType: 3,
    }),
  },
  CreateAcls: {
    make: async () => ({
      creations: [
        {
          resourceType: 2,
          resourceName: 't',
          resourcePatternType: 3,
          principal: 'User:a',
          host: '*',
          operation: 3,
          permissionType: 3,
        },
      ],
    }),
  },
  ApiVersions: {
    make: async () => ({ clientSoftwareName: 'oracle', clientSoftwareVersion: '1' }),
    view: () => body => ({ errorCode: body.errorCode }),
  },
  ElectLeaders: {
    make: async (t, s) => ({
      electionType: 0,
      topicPartitions: [{ topic: (await topic(t, s, false)).name, partitions: [0, 1] }],
      timeoutMs: 5000,
    }),
    pick: t => body => ({
      ...body,
      replicaElectionResults: body.replicaElectionResults.filter(
        x => x.topic.startsWith(t.name('')) || x.partitionResult.length > 0,
      ),
    }),
  },
  AlterPartitionReassignments: {
    make: async (t, s) => ({
      timeoutMs: 5000,
      allowReplicationFactorChange: true,
      topics: [{ name: (await topic(t, s, false)).name, partitions: [{ partitionIndex: 0, replicas: [1] }] }],
    }),
  },
  ListPartitionReassignments: {
    make: async (t, s) => ({
      timeoutMs: 5000,
      topics: [{ name: (await topic(t, s, false)).name, partitionIndexes: [0, 1] }],
    }),
  },
  AlterReplicaLogDirs: {
    make: async (t, s) => ({
      dirs: [{ path: '/no/such/directory', topics: [{ name: (await topic(t, s, false)).name, partitions: [0, 1] }] }],
    }),
  },
  DescribeLogDirs: {
    make: async (t, s) => ({ topics: [{ topic: (await topic(t, s, false)).name, partitions: [0, 1] }] }),
    view: t => body => ({
      ...body,
      results: body.results.map(one => ({
        errorCode: one.errorCode,
        topics: one.topics.filter(x => x.name.startsWith(t.name(''))),
      })),
    }),
  },
  DescribeQuorum: {
    make: async () => ({ topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] }),
    view: () => body => ({
      errorCode: body.errorCode,
      topics: body.topics.map(x => [x.topicName, ...x.partitions.map(one => [one.partitionIndex, one.errorCode])]),
    }),
  },
  AddRaftVoter: {
    make: async t => ({
      clusterId: await cluster(t),
      timeoutMs: 500,
      voterId: 2,
      voterDirectoryId: 'abcdefghijklmnopqrstuw',
      listeners: [{ name: 'CONTROLLER', host: 'localhost', port: 1 }],
      ackWhenCommitted: true,
    }),
  },
  RemoveRaftVoter: {
    make: async t => ({ clusterId: await cluster(t), voterId: 2, voterDirectoryId: 'abcdefghijklmnopqrstuw' }),
  },
  GetTelemetrySubscriptions: {
    make: async (t, s) => ({ clientInstanceId: clientInstanceId(t, s) }),
    // Each broker gives ids of its own.
    view: () => body => ({ ...body, clientInstanceId: body.clientInstanceId?.length, subscriptionId: 'of the id' }),
  },
  PushTelemetry: {
    make: async (t, s) => {
      const id = clientInstanceId(t, s)
      const { subscriptionId } = await t.quiet('GetTelemetrySubscriptions', { clientInstanceId: id })
      return { clientInstanceId: id, subscriptionId, terminating: false, compressionType: 0, metrics: Buffer.alloc(0) }
    },
  },
}

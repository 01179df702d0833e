// The shape of the cluster: elections, reassignments, log directories, the quorum, brokers and voters. One node, so that most of
// it has nothing to do, and says so in Kafka's words.
import { ZERO_UUID } from '../lib/messages.mjs'

const otherId = 'abcdefghijklmnopqrstuw'

export const transcripts = [
  {
    name: 'elect-leaders',
    api: 'ElectLeaders',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      const b = await t.topic('b')
      const elect = (as, topicPartitions, rest = {}, options = {}) =>
        t.call('ElectLeaders', { electionType: 0, topicPartitions, timeoutMs: 5000, ...rest }, { as, ...options })
      const of = (topic, ...partitions) => ({ topic: topic.name ?? topic, partitions })
      const own = {
        view: body => ({
          ...body,
          replicaElectionResults: body.replicaElectionResults.filter(x => x.topic.startsWith(t.name(''))),
        }),
      }
      await elect('all partitions', null, {}, own)
      await elect('none', [])
      await elect('one', [of(a, 0)])
      await elect('two topics', [of(a, 0, 1), of(b, 0)])
      await elect('a topic without partitions', [of(a)])
      await elect('unknown topic', [of(t.name('zzz'), 0)])
      await elect('unknown partition', [of(a, 0, 2, -1)])
      await elect('bad name', [of('b/d', 0)])
      await elect('empty name', [of('', 0)])
      await elect('one partition twice', [of(a, 0, 0)])
      await elect('one topic twice', [of(a, 0), of(a, 1)])
      if (t.v >= 1)
        for (const electionType of [1, 2, -1, 127]) {
          await elect(`type ${electionType}`, [of(a, 0)], { electionType })
          await elect(`type ${electionType} of all`, null, { electionType }, own)
          await elect(`type ${electionType} of none`, [], { electionType })
          await elect(`type ${electionType} of an unknown one`, [of(t.name('zzz'), 0)], { electionType })
        }
      for (const timeoutMs of [1000, 2147483647]) await elect(`in ${timeoutMs} ms`, [of(a, 0)], { timeoutMs })
    },
  },
  {
    name: 'alter-reassignments',
    api: 'AlterPartitionReassignments',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      const b = await t.topic('b')
      const alter = (as, topics, rest = {}) =>
        t.call('AlterPartitionReassignments', { timeoutMs: 5000, allowReplicationFactorChange: true, topics, ...rest }, { as })
      const of = (topic, ...partitions) => ({
        name: topic.name ?? topic,
        partitions: partitions.map(([partitionIndex, replicas]) => ({ partitionIndex, replicas })),
      })
      await alter('none', [])
      await alter('to itself', [of(a, [0, [1]])])
      await alter('cancels', [of(a, [0, null])])
      await alter('cancels and sets', [of(a, [0, null], [1, [1]]), of(b, [0, [1]])])
      await alter('to nobody', [of(a, [0, []])])
      await alter('to another', [of(a, [0, [2]])])
      await alter('to -1', [of(a, [0, [-1]])])
      await alter('to itself twice', [of(a, [0, [1, 1]])])
      await alter('to itself and another', [of(a, [0, [1, 2]])])
      await alter('to another twice', [of(a, [0, [2, 2]])])
      await alter('unknown topic', [of(t.name('zzz'), [0, [1]], [1, null])])
      await alter('unknown partition', [of(a, [2, [1]], [-1, null])])
      await alter('bad name', [of('b/d', [0, [1]])])
      await alter('a topic without partitions', [of(a)])
      await alter('an unknown topic without partitions', [of(t.name('zzz'))])
      await alter('one partition twice', [of(a, [0, [1]], [0, [2]])])
      await alter('one topic twice', [of(a, [0, [1]]), of(a, [0, null])])
      if (t.v >= 1)
        for (const replicas of [[1], [], [1, 1], [1, 2], [2], null])
          await alter(`the factor is to stay: ${replicas}`, [of(a, [0, replicas])], { allowReplicationFactorChange: false })
      await t.call('ListPartitionReassignments', { timeoutMs: 5000, topics: null }, { as: 'nothing is under way' })
    },
  },
  {
    name: 'list-reassignments',
    api: 'ListPartitionReassignments',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      const list = (as, topics) => t.call('ListPartitionReassignments', { timeoutMs: 5000, topics }, { as })
      await list('all', null)
      await list('none', [])
      await list('one', [{ name: a.name, partitionIndexes: [0, 1] }])
      await list('no partitions', [{ name: a.name, partitionIndexes: [] }])
      await list('unknown partition', [{ name: a.name, partitionIndexes: [7, -1] }])
      await list('unknown topic', [{ name: t.name('zzz'), partitionIndexes: [0] }])
      await list('bad name', [{ name: 'b/d', partitionIndexes: [0] }])
      await list('one topic twice', [
        { name: a.name, partitionIndexes: [0] },
        { name: a.name, partitionIndexes: [0] },
      ])
    },
  },
  {
    name: 'describe-log-dirs',
    api: 'DescribeLogDirs',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      await t.topic('b')
      const view = body => ({
        ...body,
        results: body.results.map(one => ({
          ...one,
          logDir: '<dir>',
          totalBytes: one.totalBytes > 0 ? '<bytes>' : one.totalBytes,
          usableBytes: one.usableBytes > 0 ? '<bytes>' : one.usableBytes,
          topics: one.topics.filter(({ name }) => name.startsWith(t.name('')) || name === '__cluster_metadata'),
        })),
      })
      const describe = (as, topics) => t.call('DescribeLogDirs', { topics }, { as, view })
      await describe('all', null)
      await describe('none', [])
      await describe('one topic', [{ topic: a.name, partitions: [0, 1] }])
      await describe('one partition', [{ topic: a.name, partitions: [1] }])
      await describe('no partition', [{ topic: a.name, partitions: [] }])
      await describe('unknown partition', [{ topic: a.name, partitions: [7, -1] }])
      await describe('unknown topic', [{ topic: t.name('zzz'), partitions: [0] }])
      await describe('bad name', [{ topic: 'b/d', partitions: [0] }])
      await describe('metadata', [{ topic: '__cluster_metadata', partitions: [0] }])
      await describe('one topic twice', [
        { topic: a.name, partitions: [0] },
        { topic: a.name, partitions: [0, 1, 1] },
      ])
    },
  },
  {
    name: 'alter-log-dirs',
    api: 'AlterReplicaLogDirs',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      const described = await t.quiet('DescribeLogDirs', { topics: [] }, { v: 4 })
      const here = described.results[0].logDir
      t.know(here, 'the directory')
      const alter = (as, dirs) => t.call('AlterReplicaLogDirs', { dirs }, { as })
      const to = (path, ...topics) => ({ path, topics: topics.map(([name, ...partitions]) => ({ name, partitions })) })
      await alter('nothing', [])
      await alter('a directory without topics', [to(here)])
      await alter('a topic without partitions', [to(here, [a.name])])
      await alter('to where it is', [to(here, [a.name, 0, 1])])
      await alter('unknown partition', [to(here, [a.name, 0, 7, -1])])
      await alter('unknown topic', [to(here, [t.name('zzz'), 0])])
      await alter('bad name', [to(here, ['b/d', 0])])
      await alter('empty name', [to(here, ['', 0])])
      await alter('a name too long', [to(here, ['x'.repeat(250), 0])])
      await alter('a name too long for an unknown directory', [to('/no/such/directory', ['x'.repeat(250), 0])])
      await alter('just not too long', [to(here, ['x'.repeat(213), 0])])
      await alter('just too long', [to(here, ['x'.repeat(214), 0])])
      await alter('unknown directory', [to('/no/such/directory', [a.name, 0], [t.name('zzz'), 0])])
      await alter('a relative path', [to('data', [a.name, 0])])
      await alter('the path with a slash', [to(`${here}/`, [a.name, 0])])
      await alter('the path with a dot', [to(`${here}/.`, [a.name, 0])])
      await alter('an empty path', [to('', [a.name, 0])])
      await alter('one partition to two directories', [to(here, [a.name, 0]), to('/no/such/directory', [a.name, 0])])
      await alter('one partition twice', [to(here, [a.name, 0, 0], [a.name, 0])])
      await alter('one directory twice', [to(here, [a.name, 0]), to(here, [a.name, 1])])
      await alter('metadata', [to(here, ['__cluster_metadata', 0])])
    },
  },
  {
    name: 'describe-quorum',
    api: 'DescribeQuorum',
    async run(t) {
      const replica = one => ({
        ...one,
        replicaDirectoryId: one.replicaDirectoryId === ZERO_UUID ? 'none' : '<directory>',
        logEndOffset: one.logEndOffset > 0 ? '<offset>' : one.logEndOffset,
        lastFetchTimestamp: one.lastFetchTimestamp > t.T0 ? '<time>' : one.lastFetchTimestamp,
        lastCaughtUpTimestamp: one.lastCaughtUpTimestamp > t.T0 ? '<time>' : one.lastCaughtUpTimestamp,
      })
      const view = body => ({
        ...body,
        topics: body.topics.map(topic => ({
          ...topic,
          partitions: topic.partitions.map(one => ({
            ...one,
            leaderEpoch: one.errorCode === 0 ? '<epoch>' : one.leaderEpoch,
            highWatermark: one.highWatermark > 0 ? '<offset>' : one.highWatermark,
            currentVoters: one.currentVoters.map(replica),
            observers: one.observers.map(replica),
          })),
        })),
        nodes: body.nodes?.map(node => ({ ...node, listeners: '<listeners>' })),
      })
      const describe = (as, topics) => t.call('DescribeQuorum', { topics }, { as, view })
      const of = (topicName, ...partitions) => ({ topicName, partitions: partitions.map(partitionIndex => ({ partitionIndex })) })
      await describe('the quorum', [of('__cluster_metadata', 0)])
      await describe('nothing', [])
      await describe('no partition', [of('__cluster_metadata')])
      await describe('another partition', [of('__cluster_metadata', 1)])
      await describe('two partitions', [of('__cluster_metadata', 0, 1)])
      await describe('one twice', [of('__cluster_metadata', 0, 0)])
      await describe('another topic', [of('other', 0)])
      await describe('a topic beside it', [of('__cluster_metadata', 0), of('other', 0)])
      await describe('the topic twice', [of('__cluster_metadata', 0), of('__cluster_metadata', 0)])
    },
  },
  {
    name: 'unregister-broker',
    api: 'UnregisterBroker',
    async run(t) {
      // Its own id is refused here on purpose, and would take Kafka out of the comparison.
      for (const brokerId of [2, 0, -1, 2147483647, -2147483648])
        await t.call('UnregisterBroker', { brokerId }, { as: `broker ${brokerId}` })
    },
  },
  {
    name: 'unregister-controller',
    api: 'UnregisterController',
    async run(t) {
      for (const controllerId of [1, 2, 0, -1, 2147483647, -2147483648])
        await t.call('UnregisterController', { controllerId }, { as: `controller ${controllerId}` })
    },
  },
  {
    name: 'add-voter',
    api: 'AddRaftVoter',
    async run(t) {
      const { clusterId } = await t.quiet('DescribeCluster', { endpointType: 1 }, { v: 1 })
      t.know(clusterId, 'cluster')
      const add = (as, rest) =>
        t.call(
          'AddRaftVoter',
          {
            clusterId,
            timeoutMs: 500,
            voterId: 2,
            voterDirectoryId: otherId,
            listeners: [{ name: 'CONTROLLER', host: 'localhost', port: 1 }],
            ackWhenCommitted: true,
            ...rest,
          },
          { as, patienceMs: 4000 },
        )
      await add('another cluster', { clusterId: 'other' })
      await add('any cluster', { clusterId: null })
      await add('this cluster', {})
      await add('no listener', { listeners: [] })
      await add('another listener', { listeners: [{ name: 'OTHER', host: 'localhost', port: 1 }] })
      await add('the voter that is there', { voterId: 1 })
      await add('no directory', { voterDirectoryId: ZERO_UUID })
      await add('voter -1', { voterId: -1 })
      await add('another cluster and no listener', { clusterId: 'other', listeners: [] })
    },
  },
  {
    name: 'remove-voter',
    api: 'RemoveRaftVoter',
    async run(t) {
      const { clusterId } = await t.quiet('DescribeCluster', { endpointType: 1 }, { v: 1 })
      t.know(clusterId, 'cluster')
      const remove = (as, rest) =>
        t.call('RemoveRaftVoter', { clusterId, voterId: 2, voterDirectoryId: otherId, ...rest }, { as, patienceMs: 4000 })
      await remove('another cluster', { clusterId: 'other' })
      await remove('any cluster', { clusterId: null })
      await remove('this cluster', {})
      await remove('the voter that is there, with another directory', { voterId: 1 })
      await remove('no directory', { voterDirectoryId: ZERO_UUID })
      await remove('voter -1', { voterId: -1 })
    },
  },
]

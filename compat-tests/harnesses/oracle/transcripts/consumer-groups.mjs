// Consumer groups (KIP-848): every request in every state, and members of the classic protocol among them. Members report what
// they have in turns, so that who gets which is the only choice left.
import { assignment, consumerGroup } from '../lib/consumer-group.mjs'

const hasSome = answer => answer.assignment?.topicPartitions.length > 0

export const transcripts = [
  {
    name: 'consumer-heartbeat-requests',
    api: 'ConsumerGroupHeartbeat',
    everyVersion: true,
    async run(t) {
      const g = await consumerGroup(t, 'a')
      await g.beat('beats before there is a group', 'm1', 1)
      await g.beat('leaves before there is a group', 'm1', -1)
      await g.beat('goes away before there is a group', 'm1', -2, { instanceId: 'i' })
      const wrong = {
        'without an id': { memberId: '', memberEpoch: 1 },
        'leaves without an id': { memberId: '', memberEpoch: -1 },
        'without a group': { groupId: '' },
        'with an empty instance': { instanceId: '' },
        'with an empty rack': { rackId: '' },
        'without a timeout': { rebalanceTimeoutMs: -1 },
        'with partitions': { topicPartitions: [{ topicId: g.topics[0].id, partitions: [0] }] },
        'with null partitions': { topicPartitions: null },
        'without names': { subscribedTopicNames: null },
        'goes away without an instance': { memberEpoch: -2 },
        'in an epoch below': { memberEpoch: -3 },
        'with an unknown assignor': { serverAssignor: 'sticky' },
      }
      for (const [as, rest] of Object.entries(wrong)) await g.join(as, 'm1', rest)
      for (const subscribedTopicRegex of ['(a', 'a(?=b)', '(a)\\1', '[b-a]', 'a**'])
        if (t.v >= 1) await g.join(`wants ${subscribedTopicRegex}`, 'm1', { subscribedTopicNames: null, subscribedTopicRegex })
      await g.describe('nothing has come of it')
      await g.join('joins', 'm1')
      await g.join('joins again', 'm1')
      await g.beat('beats', 'm1', 2)
      await g.beat('beats in a later epoch', 'm1', 3)
      await g.beat('beats in an earlier epoch', 'm1', 1)
      await g.beat('beats, unknown', 'nobody', 1)
      await g.beat('leaves, unknown', 'nobody', -1)
      await g.beat('wants another assignor', 'm1', 2, { serverAssignor: 'range' })
      await g.beat('is in a rack now', 'm1', 3, { rackId: 'r' })
      await g.beat('sends all of it', 'm1', 3, {
        rebalanceTimeoutMs: 20000,
        subscribedTopicNames: [g.topics[0].name],
        topicPartitions: [],
      })
      await g.beat('wants nothing', 'm1', 3, { subscribedTopicNames: [] })
      await g.describe('what is left')
      await g.beat('leaves', 'm1', -1)
      await g.beat('leaves again', 'm1', -1)
      await g.describe('empty')
      await g.join('comes back', 'm1', { subscribedTopicNames: [] })
    },
  },
  {
    name: 'consumer-reconciliation',
    api: 'ConsumerGroupHeartbeat',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      await g.join('joins', 'm1')
      await g.join('joins', 'm2')
      await g.describe('m2 waits')
      await g.beat('is to let go', 'm1', 2)
      await g.beat('has not said so', 'm1', 2)
      await g.own('has let go of another', 'm1', 2, 1, 2)
      await g.describe('letting go')
      await g.beat('waits', 'm2', 3)
      await g.own('has let go', 'm1', 2, 0, 1)
      await g.beat('has the rest', 'm2', 3)
      await g.describe('stable')
      await g.own('lost the answer', 'm1', 2, 0, 1)
      await g.own('lost the answer, and has more than it should', 'm1', 2, 0, 1, 2)
      await g.beat('lost the answer, and does not say what it has', 'm1', 2)
      await g.beat('leaves', 'm2', -1)
      await g.describe('to be assigned')
      await g.beat('has all', 'm1', 3)
      await g.describe('stable again')
      const grown = { name: g.topics[0].name, count: 5, assignments: null }
      await t.call('CreatePartitions', { topics: [grown], timeoutMs: 10000 }, { as: 'grows' })
      await g.settle('has what grew', 'm1', 4, hasSome)
    },
  },
  {
    name: 'consumer-instances',
    api: 'ConsumerGroupHeartbeat',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      const i = { instanceId: 'i' }
      await g.join('joins', 'm1', i)
      await g.join('joins as the same', 'm1', i)
      await g.join('joins as the instance of another', 'm2', i)
      await g.beat('beats as the instance of another', 'm2', 2, i)
      await g.beat('beats as none that is known', 'm1', 2, { instanceId: 'j' })
      await g.beat('goes away as the instance of another', 'm2', -2, i)
      await g.beat('leaves as the instance of another', 'm2', -1, i)
      await g.beat('leaves as none that is known', 'm1', -1, { instanceId: 'j' })
      await g.beat('goes away', 'm1', -2, i)
      await g.describe('away')
      await g.beat('beats while away', 'm1', 2, i)
      await g.join('comes in its place', 'm2', i)
      await g.describe('back')
      await g.beat('beats after that', 'm1', 2, i)
      await g.beat('beats', 'm2', 2, i)
      await g.beat('goes away', 'm2', -2, i)
      await g.join('comes with another wish', 'm3', { ...i, subscribedTopicNames: [] })
      await g.describe('with another wish')
      await g.beat('leaves for good', 'm3', -1, i)
      await g.describe('empty')
    },
  },
  {
    name: 'consumer-patterns',
    api: 'ConsumerGroupHeartbeat',
    versions: [1],
    async run(t) {
      const g = await consumerGroup(t, 'a')
      const [{ name }] = g.topics
      const wants = subscribedTopicRegex => ({ subscribedTopicNames: null, subscribedTopicRegex })
      await g.join('wants a pattern', 'm1', wants(`${name.slice(0, -1)}[a-n]`))
      const { memberEpoch } = await g.settle('is told', 'm1', 1, hasSome)
      await g.join('wants the same pattern', 'm2', wants(`${name.slice(0, -1)}[a-n]`))
      await g.beat('leaves', 'm2', -1)
      await g.beat('wants a part of the name', 'm1', memberEpoch, wants(name.slice(0, -1)))
      await g.beat('wants none', 'm1', memberEpoch, wants(''))
      await g.describe('wants nothing')
    },
  },
  {
    name: 'consumer-offsets',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      await g.join('joins', 'm1')
      for (const v of [8, 9, 10]) await g.commit(`commits v${v}`, 'm1', 2, [0, 1], { v })
      for (const v of [8, 9]) await g.commit(`nobody commits v${v}`, '', -1, [0], { v })
      await g.commit('commits in a later epoch', 'm1', 3, [0])
      await g.commit('commits in an earlier epoch', 'm1', 1, [0])
      await g.commit('commits without an epoch', 'm1', -1, [0])
      await g.commit('commits as another instance', 'm1', 2, [0], {}, { groupInstanceId: 'i' })
      for (const epoch of [2, -1]) await g.commit(`somebody unknown commits in ${epoch}`, 'nobody', epoch, [0])
      for (const v of [9, 10]) await g.fetch(`reads v${v}`, 'm1', 2, { v })
      for (const epoch of [1, 3, -1]) await g.fetch(`reads in ${epoch}`, 'm1', epoch)
      await g.fetch('reads all in an earlier epoch', 'm1', 1, {}, { topics: null })
      for (const epoch of [2, -1]) await g.fetch(`somebody unknown reads in ${epoch}`, 'nobody', epoch)
      await g.fetch('somebody without a name reads', '', -1)
      await g.fetch('nobody reads', null, -1)
      await g.join('joins', 'm2')
      await g.beat('is to let go of 2', 'm1', 2)
      await g.commit('commits what it is to let go of', 'm1', 2, [0, 2])
      await g.own('has let go', 'm1', 2, 0, 1)
      await g.commit('commits its own in the epoch before', 'm1', 2, [0])
      await g.commit('commits what it has let go of', 'm1', 2, [2])
      await g.commit('commits both', 'm1', 2, [0, 2])
      await g.commit('commits its own in the epoch before that', 'm1', 1, [0])
      const [{ name }] = g.topics
      const topics = [{ name, partitions: [{ partitionIndex: 0 }] }]
      await t.call('OffsetDelete', { groupId: g.groupId, topics }, { as: 'of a topic that is read' })
      await t.call('DeleteGroups', { groupsNames: [g.groupId] }, { as: 'of a group with members' })
      await g.leaveClassic(
        'members of all kinds',
        { memberId: 'nobody' },
        { memberId: '', groupInstanceId: 'i' },
        { memberId: 'm2' },
      )
      await g.beat('leaves', 'm1', -1)
      await g.commit('nobody commits while it is empty', '', -1, [0], { v: 8 })
      await g.commit('somebody commits while it is empty', 'm1', 3, [0])
      await g.fetch('somebody reads while it is empty', 'm1', 3)
      await t.call('OffsetDelete', { groupId: g.groupId, topics }, { as: 'of a topic that is not read' })
      await t.call('DeleteGroups', { groupsNames: [g.groupId] }, { as: 'of an empty group' })
      await g.commit('commits in a group that is not there', 'm1', 2, [0])
      await g.fetch('reads in a group that is not there', 'm1', 2)
    },
  },
  {
    name: 'consumer-lists',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      await g.join('joins', 'm1')
      const list = (as, rest) =>
        t.call(
          'ListGroups',
          { statesFilter: [], typesFilter: [], ...rest },
          {
            as,
            view: body => ({ ...body, groups: body.groups.filter(({ groupId }) => groupId === g.groupId) }),
          },
        )
      for (const type of ['consumer', 'CONSUMER', 'classic', 'share', 'x']) await list(`type ${type}`, { typesFilter: [type] })
      for (const state of ['stable', 'Assigning', 'reconciling', 'Empty']) await list(`state ${state}`, { statesFilter: [state] })
      await g.classic('as a classic group')
      await t.call('DescribeGroups', { groups: [g.groupId] }, { v: 5, as: 'as a classic group, v5' })
      await g.describe('with operations', { includeAuthorizedOperations: true })
      await g.describe('of no name', { groupIds: [''] })
      await g.describe('of no group', { groupIds: [t.name('none')] })
      await g.describe('twice', { groupIds: [g.groupId, g.groupId] })
      await g.beatClassic('a classic heartbeat', 'm1', 2)
      await g.sync('a classic sync', 'm1', 2)
    },
  },
  {
    name: 'consumer-classic-members',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      await g.join('joins', 'm1')
      await g.joinClassic('another protocol type', '', { protocolType: 'connect' })
      await g.joinClassic('no protocols', '', { protocols: [] })
      const a = await g.enterClassic('a')
      await g.describe('a waits')
      await g.sync('a syncs', a.memberId, 3)
      await g.sync('another generation', a.memberId, 9)
      await g.sync('somebody unknown', 'nobody', 3)
      await g.sync('a member of the consumer protocol', 'm1', 2)
      await g.sync('another protocol', a.memberId, 3, [], { protocolName: 'sticky' })
      await g.beatClassic('a beats', a.memberId, 3)
      await g.beatClassic('another generation', a.memberId, 9)
      await g.beatClassic('somebody unknown', 'nobody', 3)
      await g.beat('is to let go', 'm1', 2)
      await g.beatClassic('a beats, nothing is free', a.memberId, 3)
      await g.own('has let go', 'm1', 2, 0, 1)
      await g.beatClassic('a beats, it is free', a.memberId, 3)
      await g.joinClassic('a joins again', a.memberId)
      await g.sync('a syncs again', a.memberId, 3)
      await g.beatClassic('a beats again', a.memberId, 3)
      await g.commit('a commits', a.memberId, 3, [2], { v: 8 })
      await g.commit('a commits in an earlier generation', a.memberId, 2, [2], { v: 8 })
      await g.commit('a commits in a later generation', a.memberId, 4, [2], { v: 9 })
      await g.fetch('a reads in an earlier generation', a.memberId, 2)
      await g.join('joins', 'm2')
      await g.beatClassic('a hears of it', a.memberId, 3)
      await g.sync('a syncs too early', a.memberId, 3)
      const { generationId } = await g.joinClassic('a joins with what it has', a.memberId, {}, { [g.topics[0].name]: [2] })
      await g.sync('a has it', a.memberId, generationId)
      await g.beat('leaves', 'm2', -1)
      await g.beat('leaves, the last of its protocol', 'm1', -1)
      await g.classic('a classic group again')
      await g.describe('no consumer group any more')
      await g.beatClassic('a is told', a.memberId, generationId)
    },
  },
  {
    name: 'consumer-upgrade',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      const [{ name }] = g.topics
      const a = await g.enterClassic('a')
      await g.sync('a assigns', a.memberId, 1, [{ memberId: a.memberId, assignment: assignment({ [name]: [0, 1, 2] }) }])
      await g.commit('a commits', a.memberId, 1, [0], { v: 8 })
      await g.beat('beats before it has joined', 'm1', 1)
      await g.join('joins', 'm1')
      await g.describe('a consumer group')
      await g.beatClassic('a hears of it', a.memberId, 1)
      await g.joinClassic('a joins with what it has', a.memberId, {}, { [name]: [0, 1, 2] })
      await g.sync('a is to let go', a.memberId, 1)
      await g.joinClassic('a has let go', a.memberId, {}, { [name]: [0, 1] })
      await g.beat('has the rest', 'm1', 2)
      await g.fetch('reads what a has committed', 'm1', 2)
      await g.leaveClassic('a leaves', { memberId: a.memberId })
      await g.beat('has all', 'm1', 2)
      await g.beat('leaves', 'm1', -1)
      const b = await g.enterClassic('b')
      await g.classic('a classic group again')
      await g.leaveClassic('b leaves', { memberId: b.memberId })
      await g.join('joins again', 'm1')
      await g.fetch('reads what a has committed, still', 'm1', 2)
    },
  },
  {
    name: 'consumer-upgrades-that-are-none',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      // Which of two equal members gets which of two equal partitions is the order of a hash.
      g.countsOnly = true
      const other = await consumerGroup(t, 'b')
      const a = await g.enterClassic('a')
      await g.join('joins while a has not assigned', 'm1')
      await g.sync('a assigns too late', a.memberId, 1)
      await g.beat('leaves', 'm1', -1)
      const c = await other.enterClassic('c')
      const [{ name }] = other.topics
      const own = assignment({ [name]: [0] }, Buffer.from('abc'))
      await other.sync('c assigns in its own way', c.memberId, 1, [{ memberId: c.memberId, assignment: own }])
      await other.join('joins', 'm1')
      const connect = await consumerGroup(t, 'c')
      const { memberId } = await connect.joinClassic('a worker asks for an id', '', { protocolType: 'connect' })
      t.know(memberId, 'worker')
      await connect.joinClassic('a worker joins', memberId, { protocolType: 'connect' })
      await connect.join('joins', 'm1')
    },
  },
  {
    name: 'consumer-interval',
    async run(t) {
      const g = await consumerGroup(t, 'a')
      const set = (as, name, value) =>
        t.call(
          'IncrementalAlterConfigs',
          { resources: [{ resourceType: 32, resourceName: g.groupId, configs: [{ name, configOperation: 0, value }] }] },
          { as },
        )
      await set('an interval', 'consumer.assignment.interval.ms', '1000')
      await set('a heartbeat', 'consumer.heartbeat.interval.ms', '7000')
      await set('too long an interval', 'consumer.assignment.interval.ms', '15001')
      await set('a session below', 'consumer.session.timeout.ms', '44999')
      await g.join('joins', 'm1')
      await g.join('joins within the interval', 'm2')
      await g.describe('the interval is not over')
      await new Promise(resolve => setTimeout(resolve, 1100))
      await g.beat('beats after the interval', 'm2', 2)
      await g.describe('the interval is over')
    },
  },
]

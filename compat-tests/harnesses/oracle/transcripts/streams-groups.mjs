// Streams groups (KIP-1071): every request in every state. Members that share tasks report what they have in turns, so that who
// gets which is the only choice left, and counts alone are compared where it is.
import { group as classicGroup } from '../lib/group.mjs'
import { source, streamsGroup, subtopology, topicInfo, topology } from '../lib/streams-group.mjs'

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const emptyTasks = { activeTasks: [], standbyTasks: [], warmupTasks: [] }

// A topic that appears or goes is known to Kafka's coordinator a moment later.
async function settle(t, member, as, fits) {
  for (let times = 0; times < 100; times++) {
    const { epoch } = member
    const answer = await t.quiet('StreamsGroupHeartbeat', {
      groupId: member.group.groupId,
      memberId: member.memberId,
      memberEpoch: epoch,
      endpointInformationEpoch: 0,
      ...member.tasks,
    })
    if (answer.errorCode === 0 && answer.memberEpoch > 0) member.epoch = answer.memberEpoch
    if (answer.errorCode === 0 && answer.activeTasks !== null) {
      const { activeTasks, standbyTasks, warmupTasks } = answer
      member.tasks = { activeTasks, standbyTasks, warmupTasks }
    }
    if (fits(answer, member)) break
    await wait(20)
  }
  return as === undefined ? undefined : member.own(as)
}

const isReady = answer => answer.status.length === 0
const hasStatus = code => answer => answer.status.some(({ statusCode }) => statusCode === code)

async function ready(t, suffix, partitions = 2, rest = {}) {
  const a = await t.topic(`${suffix}-in`, { partitions })
  const g = await streamsGroup(t, suffix)
  g.topology = topology(subtopology('0', { ...source(a.name), ...rest }))
  return { a, g }
}

export const transcripts = [
  {
    name: 'streams-heartbeat-requests',
    api: 'StreamsGroupHeartbeat',
    everyVersion: true,
    async run(t) {
      const { a, g } = await ready(t, 'a')
      const m = g.member('m')
      await m.beat('beats before there is a group', { memberEpoch: 1 })
      await m.leave('leaves before there is a group')
      await m.leave('leaves for now before there is a group', { memberEpoch: -2, instanceId: 'i' })
      for (const [as, rest] of [
        ['without an id', { memberId: '' }],
        ['without a group', { groupId: '' }],
        ['with an empty instance id', { instanceId: '' }],
        ['with an empty rack', { rackId: '' }],
        ['without a rebalance timeout', { rebalanceTimeoutMs: -1 }],
        ['without active tasks', { activeTasks: null }],
        ['without standby tasks', { standbyTasks: null }],
        ['without warm-up tasks', { warmupTasks: null }],
        ['with tasks', { activeTasks: [{ subtopologyId: '0', partitions: [0] }] }],
        ['without a topology', { topology: null }],
        ['with a negative topology epoch', { topology: { ...g.topology, epoch: -1 } }],
        ['for now without an instance', { memberEpoch: -2 }],
        ['with epoch -3', { memberEpoch: -3 }],
        ['with one list of tasks', { memberEpoch: 1, topology: null, standbyTasks: null, warmupTasks: null }],
        ['with a topology in epoch 1', { memberEpoch: 1 }],
        ['with a regular expression', { topology: topology(subtopology('0', { sourceTopicRegex: ['a.*'] })) }],
        [
          'with partitions of a changelog',
          {
            topology: topology(
              subtopology('0', { ...source(a.name), stateChangelogTopics: [topicInfo('x', { partitions: 3 })] }),
            ),
          },
        ],
        ['with an internal topic', { topology: topology(subtopology('0', source('__consumer_offsets', a.name))) }],
        ['with an invalid name', { topology: topology(subtopology('0', source('a b', a.name))) }],
        ['with a subtopology twice', { topology: topology(...[0, 1].map(() => subtopology('0', source(a.name)))) }],
        ['without source topics', { topology: topology(subtopology('0', {})) }],
        ['with a loop', { topology: loop(t) }],
        [
          'with a repartition topic that nobody writes',
          { topology: topology(subtopology('0', { repartitionSourceTopics: [topicInfo(t.name('r'))] })) },
        ],
        [
          'with a place outside its list',
          {
            topology: topology(
              subtopology('0', {
                ...source(a.name),
                copartitionGroups: [{ sourceTopics: [1], sourceTopicRegex: [], repartitionSourceTopics: [] }],
              }),
            ),
          },
        ],
      ]) {
        await m.join(`joins ${as}`, rest)
      }
      await g.describe('nobody has joined')
      await g.describe('an empty id', { groupIds: [''] })
    },
  },
  {
    name: 'streams-one-member',
    api: 'StreamsGroupHeartbeat',
    everyVersion: true,
    async run(t) {
      const { a, g } = await ready(t, 'a')
      const m = g.member('m', { rackId: 'r1', clientTags: [{ key: 'zone', value: '1' }] })
      const listed = as => t.call('ListGroups', { statesFilter: [], typesFilter: ['streams'] }, { as, view: own(g) })
      await m.join('joins')
      await g.describe('joined')
      await listed('joined')
      await m.own('has its tasks')
      await m.beat('beats')
      await g.describe('stable')
      await m.beat('sends a greater epoch', { memberEpoch: m.epoch + 1 })
      await m.beat('sends the epoch before, without tasks', { memberEpoch: m.epoch - 1 })
      await m.beat('sends a much smaller epoch', { memberEpoch: 1, ...m.tasks })
      await m.beat('has a task of no subtopology', { ...emptyTasks, activeTasks: [{ subtopologyId: '7', partitions: [0] }] })
      await m.beat('has a task that is not there', { ...emptyTasks, standbyTasks: [{ subtopologyId: '0', partitions: [2] }] })
      await m.beat('has a negative task', { ...emptyTasks, warmupTasks: [{ subtopologyId: '0', partitions: [-1] }] })
      await m.beat('changes its rack', { rackId: 'r2' })
      await m.beat('changes its tags', { clientTags: [{ key: 'zone', value: '2' }] })
      await m.own('says so again')
      const offset = (partition, offset) => ({ subtopologyId: '0', partition, offset })
      await m.beat('tells offsets', { taskOffsets: [offset(1, 7), offset(0, 5)], taskEndOffsets: [offset(0, 9)] })
      await m.beat('tells an offset twice', { taskOffsets: [offset(0, 5), offset(0, 6)] })
      await g.describe('with offsets', t.v >= 1 ? { includeTopologyDescription: true, includeAuthorizedOperations: true } : {})
      await m.join('joins again')
      await m.join('joins with another topology', { topology: topology(subtopology('1', source(a.name))) })
      await m.join('joins with a newer topology', { topology: { ...g.topology, epoch: 1 } })
      const other = g.member('x')
      await other.beat('is not a member', { memberEpoch: 3 })
      await other.leave('leaves, and is not a member')
      await g.commit('commits as nobody', a)
      await g.commit('commits as another', a, { memberId: 'x', generationIdOrMemberEpoch: m.epoch })
      await g.commit('commits', a, { memberId: 'm', generationIdOrMemberEpoch: m.epoch })
      await g.commit('commits with a newer epoch', a, { memberId: 'm', generationIdOrMemberEpoch: m.epoch + 1 })
      await g.commit('commits with an older epoch', a, { memberId: 'm', generationIdOrMemberEpoch: m.epoch - 1 })
      await g.commit('commits with a very old epoch', a, { memberId: 'm', generationIdOrMemberEpoch: 1 })
      await g.commit('commits in version 8', a, { memberId: 'm', generationIdOrMemberEpoch: m.epoch }, { v: 8 })
      const fetch = (as, memberId, memberEpoch) =>
        t.call('OffsetFetch', { groups: [{ groupId: g.groupId, memberId, memberEpoch, topics: null }] }, { as, v: 9 })
      await fetch('offsets for nobody', null, -1)
      await fetch('offsets for the member', 'm', m.epoch)
      await fetch('offsets for another', 'x', m.epoch)
      await fetch('offsets in an old epoch', 'm', 1)
      const partitions = [{ partitionIndex: 0 }]
      const remove = as => t.call('OffsetDelete', { groupId: g.groupId, topics: [{ name: a.name, partitions }] }, { as })
      await remove('offsets of a topic that is read are deleted')
      await t.call('DeleteGroups', { groupsNames: [g.groupId] }, { as: 'deleted with a member' })
      await t.call('DescribeGroups', { groups: [g.groupId], includeAuthorizedOperations: false }, { as: 'described as classic' })
      await t.call('DescribeGroups', { groups: [g.groupId], includeAuthorizedOperations: false }, { as: 'the same, v5', v: 5 })
      await t.call('Heartbeat', { groupId: g.groupId, memberId: 'm', generationId: 1 }, { as: 'a classic heartbeat' })
      const members = [{ memberId: 'm', groupInstanceId: null, reason: null }]
      await t.call('LeaveGroup', { groupId: g.groupId, memberId: 'm', members }, { as: 'a classic member leaves' })
      const classic = await classicGroup(t, 'a')
      await classic.join('a classic member joins', {}, { v: 3 })
      await m.leave('leaves')
      await g.describe('empty')
      await listed('empty')
      await m.beat('beats after it left')
      await g.commit('commits as nobody, empty', a)
      await remove('offsets are deleted, empty')
      await t.call('DeleteGroups', { groupsNames: [g.groupId] }, { as: 'deleted' })
      await g.describe('deleted')
      await m.beat('beats after it was deleted')
    },
  },
  {
    name: 'streams-two-members',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const { g } = await ready(t, 'a', 2)
      const [a, b] = [g.member('a'), g.member('b')]
      await a.join('joins')
      await a.own('has both tasks')
      await b.join('joins, and has to wait')
      await b.own('waits')
      await g.describe('b waits')
      await a.beat('is told to give up one')
      await g.describe('a has to give up one')
      await a.beat('beats meanwhile')
      await b.own('still waits')
      await a.own('has given it up')
      await b.own('gets it')
      await b.own('has it')
      await g.describe('both have one')
      await b.leave('leaves')
      await g.describe('b has left')
      await a.own('gets all')
      await a.own('has all')
      await b.join('comes back')
      await a.leave('leaves')
      await b.own('gets all')
      await b.leave('leaves')
      await g.describe('empty')
      await a.join('joins the empty group')
      await g.describe('again one member')
    },
  },
  {
    name: 'streams-standbys',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const log = t.name('a-log')
      const { g } = await ready(t, 'a', 2, { stateChangelogTopics: [topicInfo(log)] })
      const resources = n => [
        {
          resourceType: 32,
          resourceName: g.groupId,
          configs: [{ name: 'streams.num.standby.replicas', configOperation: 0, value: `${n}` }],
        },
      ]
      await t.call('IncrementalAlterConfigs', { resources: resources(1), validateOnly: false }, { as: 'one standby' })
      const [a, b] = [g.member('a'), g.member('b')]
      await a.join('joins')
      await settle(t, a, 'is ready', isReady)
      await g.describe('one member, no room for a standby')
      await b.join('joins')
      const round = async label => {
        for (let times = 0; times < 3; times++) for (const m of [a, b]) await m.own(`${label} ${times}`)
      }
      await round('takes its share')
      await g.describe('both have one, and the other one as standby')
      await b.leave('leaves')
      await round('takes all')
      await g.describe('a alone')
      await b.join('joins again')
      await round('takes its share again')
      await t.call('IncrementalAlterConfigs', { resources: resources(0), validateOnly: false }, { as: 'no standby' })
      await wait(300)
      await round('gives up standbys')
      await g.describe('without standbys')
    },
  },
  {
    name: 'streams-internal-topics',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const [source1, repartition, log] = ['in', 'repartition', 'log'].map(suffix => t.name(suffix))
      const g = await streamsGroup(t, 'a')
      const configs = [
        { key: 'cleanup.policy', value: 'compact' },
        { key: 'segment.bytes', value: '52428800' },
      ]
      g.topology = topology(
        subtopology('0', { ...source(source1), repartitionSinkTopics: [repartition] }),
        subtopology('1', {
          repartitionSourceTopics: [topicInfo(repartition)],
          stateChangelogTopics: [topicInfo(log, { topicConfigs: configs, replicationFactor: 1 })],
        }),
      )
      const m = g.member('m')
      await m.join('joins without source topics')
      await g.describe('not ready')
      await m.beat('beats without source topics')
      const topic = await t.topic('in', { partitions: 3 })
      const hasAll = (answer, { tasks }) => isReady(answer) && tasks.activeTasks.length === 2
      await settle(t, m, 'is ready', hasAll)
      await g.describe('ready')
      const metadata = { topics: [{ name: repartition }, { name: log }], allowAutoTopicCreation: false }
      const noIds = body => {
        for (const one of body.topics) one.partitions.sort((a, b) => a.partitionIndex - b.partitionIndex)
        return body
      }
      await t.call('Metadata', metadata, { as: 'internal topics', view: noIds, v: 1 })
      const keys = ['cleanup.policy', 'segment.bytes', 'retention.ms']
      const resources = [{ resourceType: 2, resourceName: log, configurationKeys: keys }]
      await t.call(
        'DescribeConfigs',
        { resources, includeSynonyms: false, includeDocumentation: false },
        { as: 'of the changelog' },
      )
      await t.quiet('DeleteTopics', { topics: [{ name: log }], topicNames: [log], timeoutMs: 5000 })
      await settle(t, m, undefined, hasStatus(3))
      await settle(t, m, 'has its changelog again', hasAll)
      await t.quiet('DeleteTopics', { topics: [{ name: topic.name }], topicNames: [topic.name], timeoutMs: 5000 })
      await settle(t, m, 'has lost its source', hasStatus(1))
      await g.describe('not ready again')
      await t.topic('in', { partitions: 4 })
      await settle(t, m, 'has another number of partitions', hasStatus(2))
      await g.describe('not ready for wrong partitions')
      await m.leave('leaves')
    },
  },
  {
    name: 'streams-partitions',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      await t.topic('two', { partitions: 2 })
      await t.topic('three', { partitions: 3 })
      const [two, three, r] = ['two', 'three', 'r'].map(suffix => t.name(suffix))
      const together = (sources, repartitions = []) => ({
        copartitionGroups: [{ sourceTopics: sources, sourceTopicRegex: [], repartitionSourceTopics: repartitions }],
      })
      for (const [as, ...subtopologies] of [
        ['joined topics', subtopology('0', { ...source(two, three), ...together([0, 1]) })],
        ['missing topics', subtopology('0', source('m4', 'm3', 'm2', 'm1', two))],
        [
          'a fixed repartition topic that does not fit',
          subtopology('0', { ...source(three), repartitionSinkTopics: [r] }),
          subtopology('1', {
            ...source(two),
            repartitionSourceTopics: [topicInfo(r, { partitions: 3 })],
            ...together([0], [0]),
          }),
        ],
        [
          'two fixed repartition topics that differ',
          subtopology('0', { ...source(three), repartitionSinkTopics: [r, `${r}2`] }),
          subtopology('1', {
            repartitionSourceTopics: [topicInfo(r, { partitions: 3 }), topicInfo(`${r}2`, { partitions: 2 })],
            ...together([], [0, 1]),
          }),
        ],
        [
          'an internal topic with other partitions',
          subtopology('0', { ...source(two), stateChangelogTopics: [topicInfo(three)] }),
        ],
      ]) {
        const g = await streamsGroup(t, as.replaceAll(' ', '-'))
        g.topology = topology(...subtopologies)
        const m = g.member('m')
        await m.join(as)
        await m.beat(`beats with ${as}`)
        await g.describe(as)
        await m.leave(`leaves with ${as}`)
      }
    },
  },
  {
    name: 'streams-endpoint-without-topics',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const g = await streamsGroup(t, 'a')
      g.topology = topology(subtopology('0', source(t.name('in'))))
      await g.member('m', { userEndpoint: { host: 'h', port: 1 } }).join('has an endpoint, and no source topics')
    },
  },
  {
    name: 'streams-failed-creation',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const bad = topicInfo(t.name('log'), { topicConfigs: [{ key: 'cleanup.policy', value: 'wrong' }] })
      const { g } = await ready(t, 'a', 1, { stateChangelogTopics: [bad] })
      const m = g.member('m')
      await t.quiet('StreamsGroupHeartbeat', {
        ...{ groupId: g.groupId, memberId: 'm', memberEpoch: 0, endpointInformationEpoch: 0, rebalanceTimeoutMs: 30000 },
        ...{ topology: g.topology, processId: 'p', ...emptyTasks },
      })
      m.epoch = 2
      // What went wrong is told a moment later.
      for (let times = 0; times < 100; times++) {
        const answer = await t.quiet('StreamsGroupHeartbeat', {
          ...{ groupId: g.groupId, memberId: 'm', memberEpoch: 2, endpointInformationEpoch: 0 },
        })
        if (/Creation failed/.test(answer.status[0]?.statusDetail)) break
        await wait(20)
      }
      await m.beat('is told why a topic could not be made')
    },
  },
  {
    name: 'streams-static-members',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const { a: topic, g } = await ready(t, 'a')
      const [a, b, c] = ['a', 'b', 'c'].map(id => g.member(id, { instanceId: 'i', processId: 'p' }))
      await a.join('joins')
      await a.own('has all')
      await b.join('joins with the same instance')
      await b.beat('beats with the same instance', { memberEpoch: a.epoch })
      await b.leave('leaves with the same instance')
      await g.member('x', { instanceId: 'j' }).beat('beats with an unknown instance', { memberEpoch: 1 })
      await g.member('x', { instanceId: 'j' }).leave('leaves with an unknown instance')
      await a.leave('leaves for now', { memberEpoch: -2 })
      await g.describe('it will be back')
      await a.beat('beats after it left for now')
      await b.join('takes its place')
      await g.describe('b in the place of a')
      await a.beat('beats after it was replaced')
      await b.own('has all')
      await g.commit('commits', topic, { memberId: 'b', generationIdOrMemberEpoch: b.epoch })
      await b.leave('leaves for now', { memberEpoch: -2 })
      await c.join('comes with another process', { processId: 'q' })
      await g.describe('c with another process')
      await c.own('has all')
      await c.leave('leaves')
      await g.describe('empty')
    },
  },
  {
    name: 'streams-endpoints',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const { g } = await ready(t, 'a')
      const [a, b] = [g.member('a', { userEndpoint: { host: 'h1', port: 7001 } }), g.member('b')]
      await a.join('joins with an endpoint')
      await a.own('beats')
      await a.beat('asks for endpoints', { endpointInformationEpoch: -1 })
      await a.beat('moves', { userEndpoint: { host: 'h1', port: 65535 } })
      await a.beat('asks for endpoints again', { endpointInformationEpoch: -1 })
      await b.join('joins without')
      for (let times = 0; times < 3; times++) for (const m of [a, b]) await m.own(`shares ${times}`)
      await b.beat('asks for endpoints', { endpointInformationEpoch: -1 })
      await b.beat('has an endpoint, too', { userEndpoint: { host: 'h2', port: 7002 } })
      await a.beat('asks for both endpoints', { endpointInformationEpoch: -1 })
      await g.describe('with endpoints')
      await a.join('joins again, without', { userEndpoint: null })
      await b.beat('asks for endpoints again', { endpointInformationEpoch: -1 })
    },
  },
  {
    name: 'streams-shutdown',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const { g } = await ready(t, 'a')
      const [a, b] = [g.member('a'), g.member('b')]
      await a.join('joins')
      await b.join('joins')
      await a.beat('asks for a shutdown', { shutdownApplication: true })
      await b.beat('is told so')
      await b.leave('leaves and asks for it, too', { shutdownApplication: true })
      await a.beat('is still told of itself')
      await a.leave('leaves')
      await a.join('joins an empty group')
      await b.leave('is not a member, and asks for a shutdown', { shutdownApplication: true })
      await a.beat('is told of b')
    },
  },
  {
    name: 'streams-configs',
    api: 'StreamsGroupHeartbeat',
    everyVersion: true,
    async run(t) {
      const { g } = await ready(t, 'a')
      const set = (name, value, as) =>
        t.call(
          'IncrementalAlterConfigs',
          {
            resources: [{ resourceType: 32, resourceName: g.groupId, configs: [{ name, configOperation: 0, value }] }],
            validateOnly: false,
          },
          { as },
        )
      const m = g.member('m', { clientTags: [{ key: 'zone', value: '1' }] })
      await m.join('joins')
      await set('streams.heartbeat.interval.ms', '6000', 'heartbeat interval')
      await set('streams.task.offset.interval.ms', '20000', 'task offset interval')
      await set('streams.acceptable.recovery.lag', '77', 'recovery lag')
      await set('streams.rack.aware.assignment.tags', 'zone,rack', 'tags')
      await wait(300)
      await m.beat('beats with tags that it lacks')
      await m.beat('beats again')
      await m.beat('has the tags', {
        clientTags: [
          { key: 'zone', value: '1' },
          { key: 'rack', value: '2' },
        ],
      })
      await g.describe('with tags')
      await set('streams.num.standby.replicas', '3', 'too many standbys')
      await set('streams.assignor.name', 'other', 'an unknown assignor')
      await set('streams.assignor.name', 'sticky', 'the one assignor')
      await set('streams.session.timeout.ms', '1', 'too short a session')
    },
  },
  {
    name: 'streams-delay',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const { g } = await ready(t, 'a')
      g.countsOnly = true
      const set = (name, value, as) =>
        t.call(
          'IncrementalAlterConfigs',
          {
            resources: [{ resourceType: 32, resourceName: g.groupId, configs: [{ name, configOperation: 0, value }] }],
            validateOnly: false,
          },
          { as },
        )
      await set('streams.initial.rebalance.delay.ms', '1500', 'delay')
      await wait(300)
      const [a, b] = [g.member('a'), g.member('b')]
      await a.join('joins')
      await b.join('joins')
      await a.own('waits')
      await g.describe('delayed')
      await wait(1700)
      for (let times = 0; times < 2; times++) for (const m of [a, b]) await m.own(`has its share ${times}`)
      await g.describe('after the delay')
      await set('streams.assignment.interval.ms', '1000', 'interval')
      await wait(1200)
      await b.leave('leaves')
      await a.own('takes all')
      await b.join('comes back within the interval')
      await g.describe('the interval is not over')
      await a.own('keeps all')
      await wait(1200)
      await a.own('gives up one')
    },
  },
  {
    name: 'streams-conversions',
    api: 'StreamsGroupHeartbeat',
    async run(t) {
      const { a: topic, g } = await ready(t, 'a')
      const classic = await classicGroup(t, 'a')
      const m = g.member('m')
      await g.commit('offsets of a simple group', topic)
      await m.join('joins a simple group')
      await classic.offsets('kept')
      await m.leave('leaves')
      const v3 = { v: 3 }
      const joined = await classic.join('a classic member joins the empty group', {}, v3)
      t.know(joined.memberId, 'C')
      await g.describe('a classic group')
      await classic.offsets('still there')
      await m.join('joins a classic group with a member')
      await m.beat('beats in a classic group', { memberEpoch: 1 })
      await m.leave('leaves a classic group')
      await classic.leave('the classic member leaves', joined.memberId)
      await m.join('joins the empty classic group')
      await g.describe('a streams group again')
      await classic.offsets('and still there')
      if (t.newest('ConsumerGroupHeartbeat') === undefined) return
      const consumer = { groupId: g.groupId, memberId: 'c', memberEpoch: 0, rebalanceTimeoutMs: 30000 }
      await t.call(
        'ConsumerGroupHeartbeat',
        { ...consumer, subscribedTopicNames: [topic.name], topicPartitions: [] },
        { as: 'a consumer joins' },
      )
      await t.call(
        'ConsumerGroupDescribe',
        { groupIds: [g.groupId], includeAuthorizedOperations: false },
        { as: 'as a consumer group' },
      )
    },
  },
  {
    name: 'streams-topology-description',
    api: 'StreamsGroupTopologyDescriptionUpdate',
    async run(t) {
      const { g } = await ready(t, 'a')
      await g.member('m').join('joins')
      const topologyDescription = { subtopologies: [], globalStores: [] }
      const update = (as, rest) =>
        t.call(
          'StreamsGroupTopologyDescriptionUpdate',
          { groupId: g.groupId, memberId: 'm', topologyEpoch: 0, topologyDescription, ...rest },
          { as },
        )
      await update('of the member', {})
      await update('of another', { memberId: 'x' })
      await update('of no group', { groupId: '' })
    },
  },
]

function loop(t) {
  const [one, two] = [t.name('r1'), t.name('r2')]
  return topology(
    subtopology('0', { repartitionSinkTopics: [one], repartitionSourceTopics: [topicInfo(two)] }),
    subtopology('1', { repartitionSinkTopics: [two], repartitionSourceTopics: [topicInfo(one)] }),
  )
}

const own =
  ({ groupId }) =>
  body => ({ ...body, groups: body.groups.filter(one => one.groupId === groupId) })

// What takes more than one request to see: codecs, waiting fetches, pipelines, topics made anew, members that fall silent.

import { ZERO_UUID } from '../lib/messages.mjs'
import { batch, framed, plainRecords } from '../lib/records.mjs'

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const compressed = (codec, count, options) => {
  const records = Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `v${i}` }))
  return batch(records, { ...options, codec, compressed: framed(codec, plainRecords(records)) })
}
const produceBody = (topic, records, rest = {}) => ({
  acks: -1,
  timeoutMs: 5000,
  topicData: [{ name: topic.name, topicId: topic.id, partitionData: [{ index: 0, records }] }],
  ...rest,
})
const fetchBody = (topic, fetchOffset, rest = {}) => ({
  replicaId: -1,
  maxWaitMs: 10,
  minBytes: 1,
  maxBytes: 1000000,
  sessionEpoch: -1,
  topics: [{ topic: topic.name, topicId: topic.id, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1000000 }] }],
  ...rest,
})
const gone = (t, name) =>
  t.until(
    'Metadata',
    { topics: [{ name, topicId: ZERO_UUID }], allowAutoTopicCreation: false },
    body => body.topics[0].errorCode === 3,
    { quiet: true },
  )

export const transcripts = [
  {
    name: 'codecs-produced',
    api: 'Produce',
    async run(t) {
      for (const codec of [1, 2, 3, 4]) {
        const topic = await t.topic(`c${codec}`)
        await t.call('Produce', produceBody(topic, compressed(codec, 5, { timestamp: t.T0 })), { as: `codec ${codec}` })
        await t.call('Fetch', fetchBody(topic, 0), { as: `codec ${codec} read` })
        await t.call(
          'Produce',
          produceBody(topic, compressed(codec, 5, { timestamp: t.T0, lastOffsetDelta: 4, maxTimestamp: t.T0 + 50 })),
          { as: `codec ${codec}, wrong maximum timestamp` },
        )
        await t.call(
          'ListOffsets',
          { replicaId: -1, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp: -3 }] }] },
          { as: `codec ${codec}, largest timestamp` },
        )
        await t.call(
          'ListOffsets',
          { replicaId: -1, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp: t.T0 }] }] },
          { as: `codec ${codec}, by time` },
        )
      }
    },
  },
  {
    name: 'decompressed-records',
    async run(t) {
      const topic = await t.topic('a', { configs: { 'max.decompressed.message.bytes': '30' } })
      const send = async (as, codec, ...sizes) => {
        const records = sizes.map(size => ({ key: 'k', value: 'v'.repeat(size) }))
        const options = codec === 0 ? {} : { codec, compressed: framed(codec, plainRecords(records)) }
        await t.call('Produce', produceBody(topic, batch(records, { timestamp: t.T0, ...options })), { as })
      }
      for (const codec of [1, 2, 3, 4]) {
        await send(`codec ${codec}, at the bound`, codec, 23)
        await send(`codec ${codec}, above it`, codec, 24)
        await send(`codec ${codec}, the second is above it`, codec, 1, 60)
        await send(`codec ${codec}, many below it`, codec, 20, 20, 20)
      }
      await send('not compressed', 0, 100)
    },
  },
  {
    name: 'codecs-fetched',
    api: 'Fetch',
    async run(t) {
      for (const codec of [1, 2, 3, 4]) {
        const topic = await t.topic(`c${codec}`)
        await t.quiet('Produce', produceBody(topic, compressed(codec, 5, { timestamp: t.T0 })), { v: t.newest('Produce') })
        await t.call('Fetch', fetchBody(topic, 0), { as: `codec ${codec}` })
        await t.call('Fetch', fetchBody(topic, 3), { as: `codec ${codec} from 3` })
      }
    },
  },
  {
    name: 'fetch-waits',
    api: 'Fetch',
    versions: [12, 18],
    async run(t) {
      const a = await t.topic('a')
      const waiting = t.call('Fetch', fetchBody(a, 0, { maxWaitMs: 5000 }), { as: 'woken by a produce', on: 'waiter' })
      await pause(200)
      await t.quiet('Produce', produceBody(a, batch(1, { timestamp: t.T0 })))
      await waiting
      const two = t.call('Fetch', fetchBody(a, 1, { maxWaitMs: 5000, minBytes: 150 }), {
        as: 'woken by enough bytes',
        on: 'waiter',
      })
      await pause(100)
      for (let i = 0; i < 3; i++) await t.quiet('Produce', produceBody(a, batch(1, { timestamp: t.T0 })))
      await two
      const three = t.call('Fetch', fetchBody(a, 4, { maxWaitMs: 3000 }), {
        as: 'topic is deleted',
        on: 'waiter',
        patienceMs: 5000,
      })
      await pause(200)
      await t.quiet('DeleteTopics', { topics: [{ name: a.name, topicId: ZERO_UUID }], timeoutMs: 5000 })
      await three
      const b = await t.topic('b')
      await t.quiet('Produce', produceBody(b, batch(5, { timestamp: t.T0 })))
      const four = t.call('Fetch', fetchBody(b, 5, { maxWaitMs: 1500 }), { as: 'records are deleted', on: 'waiter' })
      await pause(200)
      await t.quiet('DeleteRecords', {
        topics: [{ name: b.name, partitions: [{ partitionIndex: 0, offset: 5 }] }],
        timeoutMs: 5000,
      })
      await four
    },
  },
  {
    name: 'pipeline',
    async run(t) {
      const a = await t.topic('a')
      const answers = [
        t.call('Fetch', fetchBody(a, 0, { maxWaitMs: 300 }), { as: 'a waiting fetch', on: 'one' }),
        t.call('Metadata', { topics: [] }, { as: 'metadata behind it', on: 'one' }),
        t.call('Produce', produceBody(a, batch(1, { timestamp: t.T0 })), { as: 'a produce behind it', on: 'one' }),
        t.call('Fetch', fetchBody(a, 0), { as: 'a fetch behind that', on: 'one' }),
        t.call('ApiVersions', {}, { as: 'versions behind all', on: 'one', v: 2, view: body => ({ errorCode: body.errorCode }) }),
        t.call('Produce', produceBody(a, batch(1, { timestamp: t.T0 }), { acks: 0 }), {
          as: 'no answer wanted',
          on: 'one',
          noAnswer: true,
        }),
        t.call('Metadata', { topics: [] }, { as: 'metadata at the end', on: 'one' }),
      ]
      await Promise.all(answers)
      const failing = [
        t.call('Metadata', { topics: [] }, { as: 'before an acks=0 that fails', on: 'two' }),
        t.call(
          'Produce',
          produceBody({ ...a, name: t.name('u'), id: 'abcdefghijklmnopqrstuw' }, batch(1, { timestamp: t.T0 }), { acks: 0 }),
          { as: 'acks=0 to an unknown topic', on: 'two', noAnswer: true },
        ),
        t.call('Metadata', { topics: [] }, { as: 'after an acks=0 that fails', on: 'two', patienceMs: 2000 }),
      ]
      await Promise.all(failing)
    },
  },
  {
    name: 'made-anew',
    async run(t) {
      const groupId = t.name('g')
      await t.until(
        'FindCoordinator',
        { key: groupId, keyType: 0, coordinatorKeys: [groupId] },
        answer => answer.coordinators[0].errorCode === 0,
        { quiet: true },
      )
      const old = await t.topic('a')
      t.know(old.id, 'old id')
      await t.produce(old, batch(3, { timestamp: t.T0 }))
      const commit = topic => ({
        groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: topic.name, topicId: topic.id, partitions: [{ partitionIndex: 0, committedOffset: 3 }] }],
      })
      await t.call('OffsetCommit', commit(old), { as: 'commits' })
      const session = await t.call('Fetch', fetchBody(old, 3, { sessionEpoch: 0 }), { as: 'opens a session' })
      await t.quiet('DeleteTopics', { topics: [{ name: old.name, topicId: ZERO_UUID }], timeoutMs: 5000 })
      await gone(t, old.name)
      const offsets = { groups: [{ groupId, memberId: null, memberEpoch: -1, topics: null }] }
      await t.until('OffsetFetch', offsets, body => body.groups[0].topics.length === 0, {
        as: 'offsets after the topic is gone',
        withinMs: 2000,
      })
      const fresh = await t.topic('a')
      t.know(fresh.id, 'new id')
      await t.call('OffsetFetch', offsets, { as: 'offsets after it is there again', v: 9 })
      await t.call('Fetch', fetchBody(old, 0), { as: 'fetch by the old id' })
      await t.call('Fetch', fetchBody(fresh, 0), { as: 'fetch by the new id' })
      await t.call('Fetch', fetchBody(old, 0), { as: 'fetch by name', v: 12 })
      await t.call(
        'Fetch',
        { ...fetchBody(old, 3, { sessionEpoch: 1 }), sessionId: session.sessionId, topics: [] },
        { as: 'the old session goes on' },
      )
      await t.call('Produce', produceBody(old, batch(1, { timestamp: t.T0 })), { as: 'produce by the old id' })
      await t.call('Produce', produceBody(old, batch(1, { timestamp: t.T0 })), { as: 'produce by name', v: 12 })
      await t.call('OffsetCommit', commit(old), { as: 'commit by the old id' })
      await t.call('OffsetCommit', commit(old), { as: 'commit by name', v: 9 })
      await t.call(
        'Metadata',
        { topics: [{ name: null, topicId: old.id }], allowAutoTopicCreation: false },
        { as: 'metadata by the old id' },
      )
      await t.call('DeleteTopics', { topics: [{ name: null, topicId: old.id }], timeoutMs: 5000 }, { as: 'delete by the old id' })
    },
  },
  {
    name: 'few-replicas',
    api: 'Produce',
    async run(t) {
      const a = await t.topic('a', { configs: { 'min.insync.replicas': '2' } })
      for (const acks of [-1, 1])
        await t.call('Produce', produceBody(a, batch(1, { timestamp: t.T0 }), { acks }), {
          as: `two in-sync replicas wanted, acks ${acks}`,
        })
      await t.call('Fetch', fetchBody(a, 0), { as: 'what is there' })
    },
  },
  {
    name: 'no-time',
    api: 'CreateTopics',
    async run(t) {
      for (const timeoutMs of [1, 0, -1])
        await t.call(
          'CreateTopics',
          { topics: [{ name: t.name(`x${timeoutMs}`), numPartitions: 1, replicationFactor: 1 }], timeoutMs },
          { as: `CreateTopics in ${timeoutMs} ms` },
        )
      const a = await t.topic('a')
      for (const timeoutMs of [0, -1])
        await t.call(
          'CreatePartitions',
          { topics: [{ name: a.name, count: 2, assignments: null }], timeoutMs },
          { as: `CreatePartitions in ${timeoutMs} ms` },
        )
      for (const timeoutMs of [0, -1])
        await t.call(
          'DeleteTopics',
          { topics: [{ name: t.name('x1'), topicId: ZERO_UUID }], timeoutMs },
          { as: `DeleteTopics in ${timeoutMs} ms` },
        )
      for (const timeoutMs of [0, -1])
        await t.call('Produce', produceBody(a, batch(1, { timestamp: t.T0 }), { timeoutMs }), {
          as: `Produce in ${timeoutMs} ms`,
        })
      for (const timeoutMs of [0, -1])
        await t.call(
          'ListOffsets',
          { replicaId: -1, timeoutMs, topics: [{ name: a.name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] },
          { as: `ListOffsets in ${timeoutMs} ms` },
        )
    },
  },
  {
    name: 'time-kept-by-the-broker',
    api: 'ListOffsets',
    async run(t) {
      const a = await t.topic('a', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
      await t.produce(a, batch(3, { timestamp: 5 }))
      await pause(20)
      await t.produce(a, batch(3, { timestamp: 9 }))
      const view = body => JSON.parse(JSON.stringify(body, (k, x) => (k === 'timestamp' && x > 1000 ? '<time>' : x)))
      for (const timestamp of [-1, -2, -3, 0, 5, t.T0, t.T0 + 9e9])
        await t.call(
          'ListOffsets',
          { replicaId: -1, topics: [{ name: a.name, partitions: [{ partitionIndex: 0, timestamp }] }] },
          { as: `time ${timestamp > 1000 ? 'T0' : timestamp}`, view },
        )
    },
  },
  {
    name: 'silent-members',
    api: 'JoinGroup',
    versions: [9, 9],
    async run(t) {
      const groupId = t.name('g')
      const key = { key: groupId, keyType: 0, coordinatorKeys: [groupId] }
      await t.until('FindCoordinator', key, answer => answer.coordinators[0].errorCode === 0, { quiet: true })
      const protocols = [{ name: 'range', metadata: Buffer.from('0001000000010001740000000000000000', 'hex') }]
      const join = (as, memberId, rest = {}, options = {}) =>
        t.call(
          'JoinGroup',
          { groupId, sessionTimeoutMs: 6000, rebalanceTimeoutMs: 2000, memberId, protocolType: 'consumer', protocols, ...rest },
          { as, patienceMs: 9000, ...options },
        )
      const sync = (as, memberId, generationId, assignments, options = {}) =>
        t.call(
          'SyncGroup',
          { groupId, generationId, memberId, protocolType: 'consumer', protocolName: 'range', assignments },
          { as, patienceMs: 9000, ...options },
        )
      const beat = (as, memberId, generationId) => t.call('Heartbeat', { groupId, generationId, memberId }, { as })
      const describe = as => t.call('DescribeGroups', { groups: [groupId] }, { as })
      const enter = async who => {
        const { memberId } = await join(`${who} asks`, '', {}, { on: who })
        t.know(memberId, who)
        return join(`${who} joins`, memberId, {}, { on: who })
      }
      const a = await enter('A')
      await sync('A syncs', a.memberId, a.generationId, [{ memberId: a.memberId, assignment: Buffer.from('all') }])
      // B joins; A hears of it but does not rejoin within the rebalance timeout, and is thrown out.
      const b = await enter('B')
      await beat('A is out', a.memberId, a.generationId)
      await sync('B syncs', b.memberId, b.generationId, [{ memberId: b.memberId, assignment: Buffer.from('all') }])
      await describe('B alone')
      // B falls silent for longer than its session.
      await pause(7000)
      await beat('B is out', b.memberId, b.generationId)
      await describe('nobody left')
      // A leader that never syncs is thrown out by its session; the follower is told to rejoin.
      const c = await enter('C')
      await sync('C syncs alone', c.memberId, c.generationId, [{ memberId: c.memberId, assignment: Buffer.from('c') }], {
        on: 'C',
      })
      const entering = enter('D')
      await t.until('Heartbeat', { groupId, generationId: c.generationId, memberId: c.memberId }, body => body.errorCode === 27, {
        quiet: true,
      })
      const c2 = await join('C rejoins', c.memberId, {}, { on: 'C' })
      const d = await entering
      await sync('D syncs, C never does', d.memberId, d.generationId, [], { on: 'D' })
      await describe('after C was silent')
      await beat('C is out or told to rejoin', c.memberId, c2.generationId)
    },
  },
  {
    name: 'a-pending-member',
    api: 'JoinGroup',
    versions: [9, 9],
    async run(t) {
      const groupId = t.name('g')
      await t.until(
        'FindCoordinator',
        { key: groupId, keyType: 0, coordinatorKeys: [groupId] },
        answer => answer.coordinators[0].errorCode === 0,
        { quiet: true },
      )
      const protocols = [{ name: 'range', metadata: Buffer.from('0001000000010001740000000000000000', 'hex') }]
      const body = (memberId, rest = {}) => ({
        groupId,
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 3000,
        memberId,
        protocolType: 'consumer',
        protocols,
        ...rest,
      })
      const { memberId } = await t.call('JoinGroup', body(''), { as: 'asks for an id' })
      t.know(memberId, 'pending')
      await t.call('DescribeGroups', { groups: [groupId] }, { as: 'with a pending member' })
      await t.call(
        'SyncGroup',
        { groupId, generationId: 0, memberId, protocolType: 'consumer', protocolName: 'range', assignments: [] },
        { as: 'a pending member syncs' },
      )
      await t.call(
        'OffsetCommit',
        { groupId, generationIdOrMemberEpoch: 0, memberId, topics: [] },
        { as: 'a pending member commits' },
      )
      await t.call(
        'LeaveGroup',
        { groupId, memberId, members: [{ memberId, groupInstanceId: null }] },
        { as: 'a pending member leaves' },
      )
      const second = await t.call('JoinGroup', body(''), { as: 'asks again' })
      t.know(second.memberId, 'second')
      await pause(7000)
      await t.call('JoinGroup', body(second.memberId), { as: 'joins after its session' })
      await t.call('DescribeGroups', { groups: [groupId] }, { as: 'at the end' })
      await t.call(
        'ListGroups',
        { statesFilter: [], typesFilter: [] },
        { as: 'listed', view: x => ({ groups: x.groups.filter(g => g.groupId === groupId) }) },
      )
    },
  },
]

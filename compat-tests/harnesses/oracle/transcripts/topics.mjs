// Topics: made, deleted, widened, described.
import { ZERO_UUID } from '../lib/messages.mjs'

const only = prefix => body => ({ ...body, topics: body.topics?.filter(x => (x.name ?? '').startsWith(prefix)) })
const unknownId = 'abcdefghijklmnopqrstuw'

export const transcripts = [
  {
    name: 'create-topics',
    api: 'CreateTopics',
    async run(t) {
      const create = async (as, topics, rest = {}) => {
        await t.call('CreateTopics', { topics, timeoutMs: 10000, ...rest }, { as })
      }
      const valid = (suffix, rest = {}) => ({
        name: t.name(suffix),
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
        ...rest,
      })
      await create('no topics', [])
      await create('valid', [valid('a')])
      await create('exists', [valid('a')])
      await create('three partitions and configs', [
        valid('b', {
          numPartitions: 3,
          configs: [
            { name: 'retention.ms', value: '1000' },
            { name: 'cleanup.policy', value: 'compact' },
          ],
        }),
      ])
      await create('defaults -1', [valid('c', { numPartitions: -1, replicationFactor: -1 })])
      await create('partitions -1', [valid('d', { numPartitions: -1 })])
      await create('factor -1', [valid('e', { replicationFactor: -1 })])
      for (const n of [0, -2, -2147483648]) await create(`${n} partitions`, [valid('f', { numPartitions: n })])
      await create('10001 partitions', [valid('many', { numPartitions: 10001 })], { validateOnly: true })
      for (const n of [0, 2, -2, 3, 32767]) await create(`factor ${n}`, [valid('f', { replicationFactor: n })])
      for (const [as, name] of [
        ['empty name', ''],
        ['dot', '.'],
        ['two dots', '..'],
        ['slash', 'a/b'],
        ['space', 'a b'],
        ['umlaut', 'ä'],
        ['nul', 'a\0b'],
        ['newline', 'a\n'],
        ['colon', 'a:b'],
        ['249 characters', t.name('').padEnd(249, 'x')],
        ['250 characters', t.name('').padEnd(250, 'x')],
        ['three dots', `${t.name('')}...`],
        ['dash', '-'.repeat(1) + t.name('q')],
        ['underscore', t.name('under_score')],
        ...(t.v < 1
          ? []
          : [
              ['internal', '__consumer_offsets'],
              ['internal transactions', '__transaction_state'],
              ['cluster metadata', '__cluster_metadata'],
              ['share state', '__share_group_state'],
            ]),
        ['collides with underscore', t.name('under.score')],
      ])
        await create(
          `name: ${as}`,
          [{ ...valid('x'), name }],
          as.startsWith('internal') || as.startsWith('cluster') || as.startsWith('share') ? { validateOnly: true } : {},
        )
      await create('duplicates', [valid('g'), valid('g')])
      await create('duplicates beside a good one', [valid('h'), valid('i'), valid('h', { numPartitions: 2 })])
      await create('duplicates of an existing', [valid('a'), valid('a')])
      await create('good and bad', [valid('j'), valid('k', { numPartitions: 0 }), { ...valid('l'), name: 'b/d' }])
      const assigned = (suffix, assignments, rest = {}) =>
        valid(suffix, { numPartitions: -1, replicationFactor: -1, assignments, ...rest })
      await create('assigned', [
        assigned('m', [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 1, brokerIds: [1] },
        ]),
      ])
      await create('assigned out of order', [
        assigned('m2', [
          { partitionIndex: 1, brokerIds: [1] },
          { partitionIndex: 0, brokerIds: [1] },
        ]),
      ])
      await create('assigned with counts', [
        assigned('n', [{ partitionIndex: 0, brokerIds: [1] }], { numPartitions: 1, replicationFactor: 1 }),
      ])
      await create('assigned with a count', [assigned('n2', [{ partitionIndex: 0, brokerIds: [1] }], { numPartitions: 1 })])
      await create('assigned with a factor', [assigned('n3', [{ partitionIndex: 0, brokerIds: [1] }], { replicationFactor: 1 })])
      await create('assigned with a gap', [
        assigned('o', [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 2, brokerIds: [1] },
        ]),
      ])
      await create('assigned from 1', [assigned('o', [{ partitionIndex: 1, brokerIds: [1] }])])
      await create('assigned negative', [assigned('o', [{ partitionIndex: -1, brokerIds: [1] }])])
      await create('assigned twice', [
        assigned('o', [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 0, brokerIds: [1] },
        ]),
      ])
      await create('assigned to nobody', [assigned('o', [{ partitionIndex: 0, brokerIds: [] }])])
      await create('assigned to an unknown broker', [assigned('o', [{ partitionIndex: 0, brokerIds: [7] }])])
      await create('assigned twice to one broker', [assigned('o', [{ partitionIndex: 0, brokerIds: [1, 1] }])])
      await create('assigned, factors differ', [
        assigned('o', [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 1, brokerIds: [1, 2] },
        ]),
      ])
      await create('assigned to -1', [assigned('o', [{ partitionIndex: 0, brokerIds: [-1] }])])
      const configured = (suffix, ...pairs) => valid(suffix, { configs: pairs.map(([name, value]) => ({ name, value })) })
      let n = 0
      for (const [name, value] of [
        ['no.such.key', 'x'],
        ['', 'x'],
        ['retention.ms', 'abc'],
        ['retention.ms', null],
        ['retention.ms', ''],
        ['retention.ms', '-2'],
        ['retention.ms', ' 5 '],
        ['retention.ms', '1.5'],
        ['retention.ms', '9223372036854775808'],
        ['cleanup.policy', 'nope'],
        ['cleanup.policy', ''],
        ['cleanup.policy', 'compact,delete'],
        ['cleanup.policy', 'compact,compact'],
        ['cleanup.policy', ' compact , delete '],
        ['cleanup.policy', 'COMPACT'],
        ['compression.type', 'none'],
        ['compression.type', 'gzip'],
        ['compression.type', 'GZIP'],
        ['compression.gzip.level', '0'],
        ['compression.gzip.level', '10'],
        ['compression.zstd.level', '23'],
        ['compression.lz4.level', '0'],
        ['segment.bytes', '1'],
        ['segment.bytes', '1048576'],
        ['segment.bytes', '1048575'],
        ['segment.ms', '0'],
        ['max.message.bytes', '-1'],
        ['max.message.bytes', '0'],
        ['min.insync.replicas', '0'],
        ['min.insync.replicas', '2'],
        ['message.timestamp.type', 'Nope'],
        ['message.timestamp.type', 'LogAppendTime'],
        ['unclean.leader.election.enable', 'maybe'],
        ['unclean.leader.election.enable', 'TRUE'],
        ['preallocate', 'true'],
        ['min.cleanable.dirty.ratio', '1.1'],
        ['min.cleanable.dirty.ratio', 'NaN'],
        ['max.compaction.lag.ms', '0'],
        ['remote.storage.enable', 'true'],
        ['remote.storage.enable', 'false'],
        ['local.retention.ms', '-3'],
        ['local.retention.ms', '5'],
        ['local.retention.bytes', '5'],
        ['follower.replication.throttled.replicas', 'x'],
        ['follower.replication.throttled.replicas', '*'],
        ['leader.replication.throttled.replicas', '0:1'],
        ['leader.replication.throttled.replicas', 'none'],
        ['message.format.version', '3.0'],
        ['message.downconversion.enable', 'true'],
        ['message.timestamp.difference.max.ms', '5'],
        ['index.interval.bytes', '-1'],
        ['segment.index.bytes', '3'],
        ['flush.messages', '0'],
        ['delete.retention.ms', '-1'],
        ['file.delete.delay.ms', '-1'],
        ['retention.bytes', '-5'],
        ['remote.log.copy.disable', 'true'],
        ['remote.log.delete.on.disable', 'true'],
        ['internal.segment.bytes', '100'],
        ['errors.deadletterqueue.group.enable', 'true'],
        ['min.compaction.lag.ms', '-1'],
        ['segment.jitter.ms', '-1'],
      ])
        await create(`config ${name}=${value}`, [configured(`p${n++}`, [name, value])])
      await create('one key twice', [configured('q', ['retention.ms', '5'], ['retention.ms', '6'])])
      await create('lag min above max', [configured('q2', ['min.compaction.lag.ms', '6'], ['max.compaction.lag.ms', '5'])])
      await create('local above total retention', [configured('q3', ['local.retention.ms', '6'], ['retention.ms', '5'])])
      await create('remote and compact', [configured('q4', ['remote.storage.enable', 'true'], ['cleanup.policy', 'compact'])])
      await create('two bad keys', [configured('q5', ['no.such.a', '6'], ['no.such.b', '5'])])
      if (t.v >= 1) {
        await create('validate only', [valid('r', { numPartitions: 4, configs: [{ name: 'retention.ms', value: '7' }] })], {
          validateOnly: true,
        })
        await create('validate only bad', [valid('r', { numPartitions: 0 })], { validateOnly: true })
        await create('validate only exists', [valid('a')], { validateOnly: true })
        await create('validate only assigned', [assigned('r', [{ partitionIndex: 0, brokerIds: [1] }])], { validateOnly: true })
      }
      await create('no time', [valid('s')], { timeoutMs: 60000 })
      await t.until('Metadata', { topics: null }, body => body.topics.some(x => x.name === t.name('s')), {
        as: 'what is there',
        view: only(t.name('')),
      })
    },
  },
  {
    name: 'delete-topics',
    api: 'DeleteTopics',
    async run(t) {
      const [a, b, c] = [await t.topic('a'), await t.topic('b'), await t.topic('c', { partitions: 3 })]
      const remove = async (as, names, topics, rest = {}) => {
        const body = t.v >= 6 ? { topics: topics ?? names.map(name => ({ name, topicId: ZERO_UUID })) } : { topicNames: names }
        await t.call('DeleteTopics', { timeoutMs: 10000, ...body, ...rest }, { as })
      }
      await remove('none', [])
      await remove('by name', [a.name])
      await t.until(
        'Metadata',
        { topics: [{ name: a.name, topicId: ZERO_UUID }], allowAutoTopicCreation: false },
        body => body.topics[0].errorCode === 3,
        { as: 'gone' },
      )
      await remove('again', [a.name])
      await remove('unknown', [t.name('zzz')])
      await remove('bad name', ['b/d'])
      await remove('empty name', [''])
      await remove('twice in one', [b.name, b.name])
      await remove('unknown twice in one', [t.name('y'), t.name('y')])
      await remove('good and unknown', [t.name('y'), t.name('z')])
      if (t.v >= 6) {
        await remove('by unknown id', [], [{ name: null, topicId: unknownId }])
        await remove('by name and id', [], [{ name: c.name, topicId: c.id }])
        await remove('no name and no id', [], [{ name: null, topicId: ZERO_UUID }])
        await remove(
          'id twice',
          [],
          [
            { name: null, topicId: c.id },
            { name: null, topicId: c.id },
          ],
        )
        await remove(
          'unknown id twice',
          [],
          [
            { name: null, topicId: unknownId },
            { name: null, topicId: unknownId },
          ],
        )
        await remove(
          'by name and by id',
          [],
          [
            { name: c.name, topicId: ZERO_UUID },
            { name: null, topicId: c.id },
          ],
        )
        await remove('by id', [], [{ name: null, topicId: c.id }])
        await t.until(
          'Metadata',
          { topics: [{ name: c.name, topicId: ZERO_UUID }], allowAutoTopicCreation: false },
          body => body.topics[0].errorCode === 3,
          { as: 'c gone' },
        )
        await remove('by its old id', [], [{ name: null, topicId: c.id }])
      }
    },
  },
  {
    name: 'create-partitions',
    api: 'CreatePartitions',
    async run(t) {
      const a = await t.topic('a')
      const b = await t.topic('b', { partitions: 2 })
      const grow = (as, topics, rest = {}) =>
        t.call('CreatePartitions', { topics, timeoutMs: 10000, validateOnly: false, ...rest }, { as })
      const to = (topic, count, assignments = null) => ({ name: topic.name ?? topic, count, assignments })
      await grow('none', [])
      await grow('validate only', [to(a, 3)], { validateOnly: true })
      await grow('same', [to(a, 1)])
      for (const n of [0, -1, -2147483648]) await grow(`to ${n}`, [to(a, n)])
      await grow('fewer', [to(b, 1)])
      await grow('unknown', [to(t.name('zzz'), 3)])
      await grow('bad name', [to('b/d', 3)])
      await grow('twice in one', [to(a, 3), to(a, 4)])
      await grow('unknown twice', [to(t.name('y'), 3), to(t.name('y'), 4)])
      await grow('to 2', [to(a, 2)])
      await t.settled(a.name, 2)
      await grow('to 2 again', [to(a, 2)])
      await grow('validate only same', [to(a, 2)], { validateOnly: true })
      await grow('assigned', [to(a, 3, [{ brokerIds: [1] }])])
      await t.settled(a.name, 3)
      await grow('too few assignments', [to(a, 5, [{ brokerIds: [1] }])])
      await grow('too many assignments', [to(a, 4, [{ brokerIds: [1] }, { brokerIds: [1] }])])
      await grow('empty assignments', [to(a, 4, [])])
      await grow('assigned to nobody', [to(a, 4, [{ brokerIds: [] }])])
      await grow('assigned to unknown', [to(a, 4, [{ brokerIds: [9] }])])
      await grow('assigned to -1', [to(a, 4, [{ brokerIds: [-1] }])])
      await grow('assigned twice', [to(a, 4, [{ brokerIds: [1, 1] }])])
      await grow('assigned to two', [to(a, 4, [{ brokerIds: [1, 2] }])])
      await grow('10004 partitions', [to(a, 10004)], { validateOnly: true })
      await grow('good and bad', [to(b, 3), to(t.name('zzz'), 2)])
      await grow('internal', [to('__cluster_metadata', 3)])
      await t.settled(b.name, 3)
      await t.until('Metadata', { topics: null }, () => true, { as: 'what is there', view: only(t.name('')) })
    },
  },
  {
    name: 'metadata',
    api: 'Metadata',
    async run(t) {
      const a = await t.topic('a', { partitions: 3 })
      const b = await t.topic('b')
      const ask = (as, topics, rest = {}, options = {}) =>
        t.call('Metadata', { topics, allowAutoTopicCreation: false, ...rest }, { as, ...options })
      const named = name => ({ name, topicId: ZERO_UUID })
      await ask('one', [named(a.name)])
      await ask('two', [named(a.name), named(b.name)])
      await ask('twice', [named(a.name), named(a.name)])
      if (t.v >= 1) await ask('all', null, {}, { view: only(t.name('')) })
      await ask('empty list', [], {}, t.v === 0 ? { view: only(t.name('')) } : {})
      if (t.v >= 4) {
        await ask('unknown', [named(t.name('u'))])
        await ask('known and unknown', [named(a.name), named(t.name('u'))])
        await ask('unknown twice', [named(t.name('u')), named(t.name('u'))])
        for (const name of ['', 'b/d', '.', '..', 'ä', 'x'.repeat(250), 'a b'])
          await ask(`bad name ${name.slice(0, 5)}`, [named(name)])
        await ask('bad name, creating', [named('b/d')], { allowAutoTopicCreation: true })
        await ask('long name, creating', [named('x'.repeat(250))], { allowAutoTopicCreation: true })
        await ask('empty name, creating', [named('')], { allowAutoTopicCreation: true })
        await ask('colliding name, creating', [named(t.name('a').replace('-', '.'))], { allowAutoTopicCreation: false })
      }
      await ask('creating', [named(t.name('auto'))], { allowAutoTopicCreation: true })
      await t.until(
        'Metadata',
        { topics: [named(t.name('auto'))], allowAutoTopicCreation: false },
        body => body.topics[0].errorCode === 0,
        { as: 'created', v: t.v >= 4 ? t.v : 13 },
      )
      if (t.v >= 10) {
        if (t.v >= 12) {
          await ask('by id', [{ name: null, topicId: a.id }])
          await ask('by unknown id', [{ name: null, topicId: unknownId }])
          await ask('by id, creating', [{ name: null, topicId: unknownId }], { allowAutoTopicCreation: true })
          await ask('by name and id', [{ name: a.name, topicId: a.id }])
          await ask('by name of one and id of other', [{ name: a.name, topicId: b.id }])
          await ask('by id and by name', [{ name: null, topicId: a.id }, named(b.name)])
          await ask('no name, no id', [{ name: null, topicId: ZERO_UUID }])
          await ask('by id twice', [
            { name: null, topicId: a.id },
            { name: null, topicId: a.id },
          ])
          await ask('by reserved id 1', [{ name: null, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }])
        } else {
          await ask('null name', [{ name: null, topicId: ZERO_UUID }])
          await ask('with an id before 12', [{ name: a.name, topicId: a.id }])
        }
      }
      if (t.v >= 8) {
        await ask('authorized operations', [named(a.name)], {
          includeTopicAuthorizedOperations: true,
          includeClusterAuthorizedOperations: true,
        })
        await ask('topic authorized operations', [named(a.name)], { includeTopicAuthorizedOperations: true })
      }
      await ask(
        'internal',
        [named('__consumer_offsets')],
        { allowAutoTopicCreation: false },
        {
          view: body => ({
            ...body,
            topics: body.topics?.map(x => ({ ...x, partitions: x.partitions?.length, topicId: 'any' })),
          }),
        },
      )
    },
  },
  {
    name: 'describe-topic-partitions',
    api: 'DescribeTopicPartitions',
    async run(t) {
      const names = ['a', 'b', 'c']
      for (const [i, name] of names.entries()) await t.topic(name, { partitions: i + 2 })
      const all = names.map(name => ({ name: t.name(name) }))
      const ask = (as, topics, rest = {}) =>
        t.call('DescribeTopicPartitions', { topics, responsePartitionLimit: 2000, cursor: null, ...rest }, { as, view: only('') })
      await ask('all three', all)
      await ask('one', [all[1]])
      await ask('twice', [all[1], all[1]])
      await ask('reversed', [...all].reverse())
      await ask('unknown', [{ name: t.name('u') }])
      await ask('known and unknown', [all[0], { name: t.name('u') }, all[2]])
      await ask('bad name', [{ name: 'b/d' }])
      await ask('empty name', [{ name: '' }])
      for (const limit of [1, 2, 3, 4, 5, 9, 10, 0, -1]) await ask(`limit ${limit}`, all, { responsePartitionLimit: limit })
      const cursor = (name, partitionIndex) => ({ topicName: t.name(name), partitionIndex })
      await ask('cursor a 1', all, { cursor: cursor('a', 1) })
      await ask('cursor b 0', all, { cursor: cursor('b', 0) })
      await ask('cursor b 2', all, { cursor: cursor('b', 2), responsePartitionLimit: 2 })
      await ask('cursor b 3', all, { cursor: cursor('b', 3) })
      await ask('cursor b 9', all, { cursor: cursor('b', 9) })
      await ask('cursor negative', all, { cursor: cursor('b', -1) })
      await ask('cursor unknown', all, { cursor: cursor('bb', 0) })
      await ask('cursor unknown 1', all, { cursor: cursor('bb', 1) })
      await ask('cursor behind all', all, { cursor: cursor('z', 0) })
      await ask('cursor not asked', [all[0], all[2]], { cursor: cursor('b', 1) })
      await ask('cursor empty', all, { cursor: { topicName: '', partitionIndex: 0 } })
      await t.call(
        'DescribeTopicPartitions',
        { topics: [], responsePartitionLimit: 2000, cursor: { topicName: t.name(''), partitionIndex: 0 } },
        {
          as: 'all from a cursor',
          view: body => ({
            ...body,
            topics: body.topics?.filter(x => x.name?.startsWith(t.name(''))),
            nextCursor: body.nextCursor === null ? null : 'some',
          }),
        },
      )
      await t.call(
        'DescribeTopicPartitions',
        { topics: [], responsePartitionLimit: 2, cursor: { topicName: t.name('a'), partitionIndex: 1 } },
        { as: 'all from a cursor, limit 2' },
      )
    },
  },
  {
    name: 'describe-cluster',
    api: 'DescribeCluster',
    async run(t) {
      for (const includeClusterAuthorizedOperations of [false, true]) {
        for (const endpointType of t.v >= 1 ? [1, 2, 0, 3, -1] : [1]) {
          for (const includeFencedBrokers of t.v >= 2 ? [false, true] : [false]) {
            await t.call(
              'DescribeCluster',
              { includeClusterAuthorizedOperations, endpointType, includeFencedBrokers },
              {
                as: `operations ${includeClusterAuthorizedOperations}, endpoints ${endpointType}, fenced ${includeFencedBrokers}`,
              },
            )
          }
        }
      }
    },
  },
  {
    name: 'find-coordinator',
    api: 'FindCoordinator',
    async run(t) {
      const isFound = body => (body.errorCode ?? body.coordinators[0].errorCode) === 0
      for (const keyType of [0, 1])
        await t.until('FindCoordinator', { key: 'g', keyType, coordinatorKeys: ['g'] }, isFound, { quiet: true, v: 4 })
      for (const keyType of t.v >= 1 ? [0, 1, 2, 3, -1] : [0]) {
        for (const keys of [['g'], [''], ['g', 'h'], ['g', 'g'], [], ['a:AAAAAAAAAAAAAAAAAAAAAQ:0'], ['x'.repeat(300)]]) {
          if (t.v < 4 && keys.length !== 1) continue
          await t.call(
            'FindCoordinator',
            { key: keys[0], keyType, coordinatorKeys: keys },
            { as: `type ${keyType}, keys ${keys.map(x => x.slice(0, 10))}` },
          )
        }
      }
    },
  },
]

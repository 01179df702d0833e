// Committed offsets: committed, fetched, deleted.
import { assignment, group, protocols } from '../lib/group.mjs'

export const transcripts = [
  {
    name: 'offset-commit',
    api: 'OffsetCommit',
    async run(t) {
      const topic = await t.topic('topic', { partitions: 2 })
      const g = await group(t, 'a')
      const unknownId = 'abcdefghijklmnopqrstuw'
      const at = (committedOffset, rest = {}, name = topic.name, topicId = topic.id) => [
        {
          name,
          topicId,
          partitions: [
            { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: '', commitTimestamp: -1, ...rest },
          ],
        },
      ]
      await g.commit('empty group id', at(1), { groupId: '' })
      await g.commit('simple', at(1))
      await g.commit('nothing', [])
      await g.commit('no partitions', [{ name: topic.name, topicId: topic.id, partitions: [] }])
      await g.commit('with a member', at(2), { memberId: 'nobody' })
      await g.commit('with a generation', at(2), { generationIdOrMemberEpoch: 1 })
      await g.commit('with both', at(2), { memberId: 'nobody', generationIdOrMemberEpoch: 1 })
      await g.commit('generation -2', at(2), { generationIdOrMemberEpoch: -2 })
      for (const offset of [0, -1, -2, 9223372036854775807n]) await g.commit(`offset ${offset}`, at(offset))
      await g.offsets('after odd offsets')
      for (const epoch of [0, 5, -2])
        if (t.v >= 6) await g.commit(`leader epoch ${epoch}`, at(3, { committedLeaderEpoch: epoch }))
      await g.commit('metadata', at(4, { committedMetadata: 'm' }))
      await g.commit('null metadata', at(4, { committedMetadata: null }))
      await g.commit('4096 of metadata', at(4, { committedMetadata: 'x'.repeat(4096) }))
      await g.commit('4097 of metadata', at(5, { committedMetadata: 'x'.repeat(4097) }))
      await g.commit('2049 umlauts of metadata', at(5, { committedMetadata: 'ä'.repeat(2049) }))
      await g.commit('4096 umlauts of metadata', at(5, { committedMetadata: 'ä'.repeat(4096) }))
      await g.offsets('after metadata', {
        view: body =>
          JSON.parse(
            JSON.stringify(body)
              .replace(/ä{100,}/g, 'umlauts')
              .replace(/x{100,}/g, 'xs'),
          ),
      })
      await g.commit('unknown partition', at(6, { partitionIndex: 2 }))
      await g.commit('negative partition', at(6, { partitionIndex: -1 }))
      await g.commit('unknown topic', at(6, {}, t.name('u'), unknownId))
      await g.commit('bad topic', at(6, {}, 'b/d', unknownId))
      await g.commit('known and unknown', [...at(7), ...at(7, {}, t.name('u'), unknownId)])
      await g.commit('partition twice', [
        {
          name: topic.name,
          topicId: topic.id,
          partitions: [
            { partitionIndex: 0, committedOffset: 8 },
            { partitionIndex: 0, committedOffset: 9 },
          ],
        },
      ])
      await g.commit('topic twice', [...at(10), ...at(11)])
      await g.commit('two partitions', [
        {
          name: topic.name,
          topicId: topic.id,
          partitions: [
            { partitionIndex: 0, committedOffset: 8 },
            { partitionIndex: 1, committedOffset: 9 },
          ],
        },
      ])
      if (t.v >= 7) await g.commit('instance id only', at(9), { groupInstanceId: 'i' })
      if (t.v >= 2 && t.v <= 4) await g.commit('retention', at(9), { retentionTimeMs: 100000 })
      await g.offsets('after all simple ones')
      const a = await g.enter('A')
      const mine = { memberId: a.memberId, generationIdOrMemberEpoch: a.generationId }
      await g.commit('while completing', at(20), mine)
      await g.commit('simple, group not empty', at(20))
      await g.sync('A syncs', a.memberId, a.generationId, [assignment(a.memberId, 'x')])
      await g.commit('right', at(21), mine)
      await g.commit('simple, group stable', at(22))
      await g.commit('unknown member', at(22), { ...mine, memberId: 'nobody' })
      await g.commit('empty member', at(22), { ...mine, memberId: '' })
      for (const d of [-1, 1])
        await g.commit(`generation ${d}`, at(22), { ...mine, generationIdOrMemberEpoch: a.generationId + d })
      await g.commit('generation -1 with a member', at(22), { ...mine, generationIdOrMemberEpoch: -1 })
      if (t.v >= 7) await g.commit('unknown instance', at(22), { ...mine, groupInstanceId: 'i-none' })
      await g.leave('A leaves', a.memberId)
      await g.commit('after it left', at(23), mine)
      await g.commit('simple, group empty', at(24))
      await g.offsets('at the end')
    },
  },
  {
    name: 'offset-fetch',
    api: 'OffsetFetch',
    async run(t) {
      const topic = await t.topic('topic', { partitions: 3 })
      const other = await t.topic('other')
      const g = await group(t, 'a')
      const unknownId = 'abcdefghijklmnopqrstuw'
      await t.quiet('OffsetCommit', {
        groupId: g.groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [
          {
            name: topic.name,
            topicId: topic.id,
            partitions: [
              { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: 0, committedMetadata: 'm' },
              { partitionIndex: 1, committedOffset: 6, committedLeaderEpoch: -1, committedMetadata: null },
            ],
          },
        ],
      })
      const ask = (as, topics, rest = {}, inner = {}) =>
        t.call(
          'OffsetFetch',
          {
            groupId: g.groupId,
            topics,
            groups: [{ groupId: rest.groupId ?? g.groupId, memberId: null, memberEpoch: -1, topics, ...inner }],
            requireStable: false,
            ...rest,
          },
          { as },
        )
      const of = (x, ...partitionIndexes) => ({ name: x.name, topicId: x.id, partitionIndexes })
      await ask('committed', [of(topic, 0, 1)])
      await ask('not committed', [of(topic, 2), of(other, 0)])
      await ask('unknown partition', [of(topic, 7)])
      await ask('negative partition', [of(topic, -1)])
      await ask('unknown topic', [of({ name: t.name('u'), id: unknownId }, 0)])
      await ask('bad topic', [of({ name: 'b/d', id: unknownId }, 0)])
      await ask('partition twice', [of(topic, 0, 0)])
      await ask('topic twice', [of(topic, 0), of(topic, 1)])
      await ask('no partitions', [of(topic)])
      await ask('nothing', [])
      if (t.v >= 2) await ask('all', null)
      await ask('empty group id', [of(topic, 0)], { groupId: '' })
      await ask('unknown group', [of(topic, 0)], { groupId: t.name('nobody') })
      if (t.v >= 2) await ask('unknown group, all', null, { groupId: t.name('nobody') })
      if (t.v >= 7) await ask('stable', [of(topic, 0)], { requireStable: true })
      if (t.v >= 8) {
        await t.call(
          'OffsetFetch',
          {
            groups: [
              { groupId: g.groupId, topics: null },
              { groupId: t.name('nobody'), topics: [of(topic, 0)] },
              { groupId: g.groupId, topics: [of(topic, 1)] },
            ],
          },
          { as: 'three groups' },
        )
        await t.call('OffsetFetch', { groups: [] }, { as: 'no groups' })
      }
      if (t.v >= 9) {
        await ask('member of nothing', [of(topic, 0)], {}, { memberId: 'x', memberEpoch: 3 })
        await ask('epoch without a member', [of(topic, 0)], {}, { memberId: null, memberEpoch: 3 })
        await ask('empty member', [of(topic, 0)], {}, { memberId: '', memberEpoch: 0 })
      }
    },
  },
  {
    name: 'offset-delete',
    api: 'OffsetDelete',
    async run(t) {
      const topic = await t.topic('topic', { partitions: 2 })
      const other = await t.topic('other')
      const g = await group(t, 'a')
      const commit = () =>
        t.quiet('OffsetCommit', {
          groupId: g.groupId,
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: [topic, other].map(x => ({
            name: x.name,
            topicId: x.id,
            partitions: [{ partitionIndex: 0, committedOffset: 5 }],
          })),
        })
      const remove = (as, topics, rest = {}) => t.call('OffsetDelete', { groupId: g.groupId, topics, ...rest }, { as })
      const of = (name, ...indexes) => ({ name, partitions: indexes.map(partitionIndex => ({ partitionIndex })) })
      await remove('empty group id', [of(topic.name, 0)], { groupId: '' })
      await remove('unknown group', [of(topic.name, 0)])
      await commit()
      await remove('one', [of(topic.name, 0)])
      await remove('again', [of(topic.name, 0)])
      await remove('unknown partition', [of(topic.name, 7)])
      await remove('unknown topic', [of(t.name('u'), 0)])
      await remove('nothing', [])
      await remove('no partitions', [of(other.name)])
      await remove('twice', [of(other.name, 0, 0)])
      await commit()
      const subscription = Buffer.concat([
        Buffer.from('0001', 'hex'),
        Buffer.from('00000001', 'hex'),
        Buffer.from([topic.name.length >> 8, topic.name.length & 255]),
        Buffer.from(topic.name),
        Buffer.from('ffffffff00000000', 'hex'),
      ])
      const a = await g.enter('A', { protocols: [{ name: 'range', metadata: subscription }] })
      await remove('completing, subscribed', [of(topic.name, 0)])
      await g.sync('A syncs', a.memberId, a.generationId, [assignment(a.memberId, 'x')])
      await remove('subscribed', [of(topic.name, 0), of(other.name, 0)])
      await g.leave('leaves', a.memberId)
      await remove('empty again', [of(topic.name, 0), of(other.name, 0)])
      const connect = await group(t, 'b')
      await connect.enter('B', { protocolType: 'connect', protocols: protocols('x') })
      await t.call('OffsetDelete', { groupId: connect.groupId, topics: [of(topic.name, 0)] }, { as: 'a group of another type' })
    },
  },
]

// Offsets that are committed in a transaction: who may, when they are seen, and what is in their way.
import { assignment, group } from '../lib/group.mjs'
import { claims, inEvery, producer, states } from '../lib/transaction.mjs'

const every = Object.keys(states)
const unknownId = 'abcdefghijklmnopqrstuw'

const at = (topic, committedOffset, rest = {}) => [
  {
    name: topic.name,
    topicId: topic.id,
    partitions: [{ partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: '', ...rest }],
  },
]
const fetchOffsets = async (t, as, groupId, topic, options = {}) => {
  for (const requireStable of [false, true]) {
    for (const topics of [[{ name: topic.name, topicId: topic.id, partitionIndexes: [0, 1, 7] }], null]) {
      const label = `${as}${requireStable ? ', stable' : ''}${topics === null ? ', all' : ''}`
      const groups = [{ groupId, memberId: null, memberEpoch: -1, topics }]
      await t.call('OffsetFetch', { groupId, topics, groups, requireStable }, { as: label, ...options })
    }
  }
}

const commit = {
  name: 'transactions-offset-commit',
  api: 'TxnOffsetCommit',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 2 })
    await inEvery(t, every, topic, async (state, make) => {
      for (const isAdded of [false, true]) {
        for (const [i, claim] of Object.keys(claims({})).entries()) {
          const one = await make(`-${isAdded ? 'added' : 'plain'}-${i}`)
          const groupId = t.name(`g-${state.replaceAll(' ', '-')}-${isAdded}-${i}`)
          if (isAdded) await one.addOffsets('', groupId, {}, { quiet: true })
          const as = claims(one)[claim]
          const label = `${state}${isAdded ? ', its group added' : ''}: ${claim}`
          await one.commitOffsets(label, groupId, at(topic, 5), as)
          await one.commitOffsets(`${label}, again`, groupId, at(topic, 5), as)
          await one.describe(`${label}, what is there`)
          await fetchOffsets(t, label, groupId, topic)
        }
      }
    })
  },
}

// Everything that may be wrong with a commit but the transaction.
const wrongCommits = {
  name: 'transactions-offset-commit-wrong',
  api: 'TxnOffsetCommit',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 2 })
    const g = await group(t, 'g')
    const one = await producer(t, 'one')
    await one.addOffsets('', g.groupId, {}, { quiet: true })
    const send = (as, topics, rest = {}, groupId = g.groupId) => one.commitOffsets(as, groupId, topics, rest)
    const strange = { name: t.name('u'), id: unknownId }
    await send('nothing', [])
    await send('no partitions', [{ name: topic.name, topicId: topic.id, partitions: [] }])
    await send('unknown partition', at(topic, 1, { partitionIndex: 9 }))
    await send('negative partition', at(topic, 1, { partitionIndex: -1 }))
    await send('unknown topic', at(strange, 1))
    await send('bad name', at({ name: 'b/d', id: unknownId }, 1))
    await send('no name', at({ name: '' }, 1))
    await send('known and unknown', [...at(topic, 1), ...at(strange, 1)])
    await send('partition twice', [
      { name: topic.name, topicId: topic.id, partitions: [at(topic, 2)[0].partitions[0], at(topic, 3)[0].partitions[0]] },
    ])
    await send('topic twice', [...at(topic, 2), ...at(topic, 4)])
    await send('two partitions', [
      { name: topic.name, topicId: topic.id, partitions: [0, 1].map(i => at(topic, 6, { partitionIndex: i })[0].partitions[0]) },
    ])
    await send('empty group', at(topic, 1), {}, '')
    await send('empty transactional id', at(topic, 1), { transactionalId: '' })
    await send('unknown transactional id', at(topic, 1), { transactionalId: t.name('nobody') })
    await send('unknown topic and unknown transactional id', at(strange, 1), { transactionalId: t.name('nobody') })
    for (const offset of [0, -1, -2, 9223372036854775807n]) await send(`offset ${offset}`, at(topic, offset))
    for (const epoch of [0, 5, -2]) await send(`leader epoch ${epoch}`, at(topic, 7, { committedLeaderEpoch: epoch }))
    await send('null metadata', at(topic, 8, { committedMetadata: null }))
    await send('4096 of metadata', at(topic, 8, { committedMetadata: 'x'.repeat(4096) }))
    await send('4097 of metadata', at(topic, 8, { committedMetadata: 'x'.repeat(4097) }))
    await send('too much metadata and good', [
      ...at(topic, 8, { committedMetadata: 'x'.repeat(4097) }),
      ...at(topic, 9, { partitionIndex: 1 }),
    ])
    await send('the last one', at(topic, 10))
    await fetchOffsets(t, 'pending', g.groupId, topic)
    await one.close(true)
    await fetchOffsets(t, 'committed', g.groupId, topic)
  },
}

const members = {
  name: 'transactions-offset-commit-members',
  api: 'TxnOffsetCommit',
  versions: [3, 6],
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic')
    const g = await group(t, 'g')
    const one = await producer(t, 'one')
    await one.addOffsets('', g.groupId, {}, { quiet: true })
    const send = (as, rest, groupId = g.groupId) => one.commitOffsets(as, groupId, at(topic, 5), rest)
    const identities = async (when, memberId, generation, groupId) => {
      const right = { memberId, generationIdOrMemberEpoch: generation }
      await send(`${when}: the member`, right, groupId)
      await send(`${when}: nobody in particular`, {}, groupId)
      await send(`${when}: an older generation`, { memberId, generationIdOrMemberEpoch: generation - 1 }, groupId)
      await send(`${when}: a newer generation`, { memberId, generationIdOrMemberEpoch: generation + 1 }, groupId)
      await send(`${when}: no generation`, { memberId }, groupId)
      await send(`${when}: no member`, { generationIdOrMemberEpoch: generation }, groupId)
      await send(`${when}: an unknown member`, { ...right, memberId: 'nobody' }, groupId)
      await send(`${when}: an instance alone`, { groupInstanceId: 'i' }, groupId)
      await send(`${when}: an unknown instance`, { ...right, groupInstanceId: 'i' }, groupId)
    }
    const missing = t.name('missing')
    await one.addOffsets('', missing, {}, { quiet: true })
    await identities('no such group', 'somebody', 1, missing)
    await identities('an empty group', 'somebody', 1)
    const a = await g.enter('A')
    await identities('while it completes', a.memberId, a.generationId)
    await g.sync('A syncs', a.memberId, a.generationId, [assignment(a.memberId, 'x')])
    await identities('stable', a.memberId, a.generationId)
    await g.leave('A leaves', a.memberId)
    await identities('left', a.memberId, a.generationId)
    const fixed = await group(t, 'fixed')
    await one.addOffsets('', fixed.groupId, {}, { quiet: true })
    const b = await fixed.enter('B', { groupInstanceId: 'i' })
    await fixed.sync('B syncs', b.memberId, b.generationId, [assignment(b.memberId, 'x')], { groupInstanceId: 'i' })
    await identities('static', b.memberId, b.generationId, fixed.groupId)
    await send(
      'static: itself',
      { memberId: b.memberId, generationIdOrMemberEpoch: b.generationId, groupInstanceId: 'i' },
      fixed.groupId,
    )
    await send(
      'static: a fenced one',
      { memberId: 'other', generationIdOrMemberEpoch: b.generationId, groupInstanceId: 'i' },
      fixed.groupId,
    )
    await one.close(false)
  },
}

const visible = {
  name: 'transactions-offset-fetch',
  api: 'OffsetFetch',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 2 })
    const g = await group(t, 'g')
    const [one, two] = [await producer(t, 'one'), await producer(t, 'two')]
    const quietly = { v: 3, quiet: true }
    const stage = async (who, offset, rest = {}) => {
      await who.addOffsets('', g.groupId, {}, { quiet: true })
      await who.commitOffsets('', g.groupId, at(topic, offset, rest), {}, quietly)
    }
    const see = as => fetchOffsets(t, as, g.groupId, topic)
    await one.addOffsets('', g.groupId, {}, { quiet: true })
    await see('group added, nothing committed')
    await stage(one, 1)
    await see('pending')
    await one.close(true)
    await see('committed')
    await stage(one, 2, { committedMetadata: 'of the first', committedLeaderEpoch: 3 })
    await see('pending over a committed one')
    await one.close(false)
    await see('aborted')
    await stage(one, 3)
    await stage(two, 4)
    await see('pending twice')
    await one.close(true)
    await see('one of the two committed')
    await two.close(true)
    await see('both committed')
    await stage(one, 5)
    await g.commit('a plain commit over a pending one', at(topic, 6), {}, { v: 8 })
    await see('a plain commit over a pending one')
    await one.close(true)
    await see('and then it is committed')
    await g.commit('a plain commit before', at(topic, 8), {}, { v: 8 })
    await stage(one, 7)
    await one.close(true)
    await see('committed over a plain one')
    await stage(one, 9)
    const deleted = { groupId: g.groupId, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }] }
    await t.call('OffsetDelete', deleted, { as: 'deletes a pending one' })
    await see('deleted')
    await one.close(true)
    await see('deleted and committed')
    await stage(one, 10)
    await t.call('DeleteGroups', { groupsNames: [g.groupId] }, { as: 'deletes the group of a pending one' })
    await see('group deleted')
    await one.close(true)
    await see('group deleted and committed')
    await two.openByProduce(topic)
    await two.commitOffsets('', g.groupId, at(topic, 11), {}, { v: 5, quiet: true })
    await see('pending by an implicit add')
    await two.close(true, 5)
    await see('committed with a bump')
    await two.commitOffsets('', g.groupId, at(topic, 12, { partitionIndex: 1 }), {}, { v: 5, quiet: true })
    await two.fresh()
    await see('fenced')
  },
}

export const transcripts = [commit, wrongCommits, members, visible]

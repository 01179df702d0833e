// The requests of a transactional producer: each in every state that lasts, as itself and as others, right and wrong.
import { group } from '../lib/group.mjs'
import { claims, inEvery, producer, ready, states, strangeId, TransactionalProducer } from '../lib/transaction.mjs'

const inits = ['unknown', 'Empty', 'Ongoing', 'Ongoing by an implicit add', 'CompleteCommit', 'CompleteAbort']
const bumped = ['CompleteCommit with a bump', 'CompleteAbort with a bump']
const every = Object.keys(states)

const initProducerId = {
  name: 'transactions-init',
  api: 'InitProducerId',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 2 })
    const asked = await producer(t, 'asked')
    for (const timeout of [0, -1, 1, 900000, 900001, 2147483647, -2147483648]) {
      await asked.init(`timeout ${timeout}`, { transactionTimeoutMs: timeout })
      await asked.describe(`after timeout ${timeout}`)
    }
    await asked.init('empty id', { transactionalId: '' })
    await asked.init('a long id', { transactionalId: `${asked.transactionalId}${'x'.repeat(200)}` })
    if (t.v >= 3) {
      await asked.init('id without epoch', { producerId: asked.producerId })
      await asked.init('epoch without id', { producerEpoch: asked.producerEpoch })
      await asked.init('id -2', { producerId: -2, producerEpoch: 0 })
      await asked.init('epoch -2', { producerId: asked.producerId, producerEpoch: -2 })
      await asked.init('no id at all, with an identity', {
        transactionalId: null,
        producerId: asked.producerId,
        producerEpoch: asked.producerEpoch,
      })
    }
    await inEvery(t, [...inits, ...bumped], topic, async (state, make) => {
      const expectations = t.v < 3 ? { 'without an identity': () => ({}) } : expected
      for (const [i, [as, expectation]] of Object.entries(expectations).entries()) {
        const one = await make(`-${i}`)
        const body = { transactionTimeoutMs: 50000 + i, ...expectation(one) }
        const label = `${state}: ${as}`
        const first = await one.init(label, body)
        if (first.errorCode === 51) await one.aborted(`${label}, once it was aborted`)
        await one.init(`${label}, again`, body)
        await one.describe(`${label}, what is there`)
      }
    })
  },
}

// What a client says that it is.
const expected = {
  'without an identity': () => ({}),
  ...Object.fromEntries(
    Object.keys(claims({})).map(claim => [
      claim,
      ({ producerId, producerEpoch }) => ({ producerId, producerEpoch, ...claims({ producerId, producerEpoch })[claim] }),
    ]),
  ),
}

const addPartitions = {
  name: 'transactions-add-partitions',
  api: 'AddPartitionsToTxn',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 4 })
    const other = await t.topic('other')
    // The topic of offsets is there.
    await group(t, 'g')
    const of = (name, ...partitions) => ({ name, partitions })
    await inEvery(t, every, topic, async (state, make) => {
      for (const verifyOnly of t.v >= 4 ? [false, true] : [false]) {
        const one = await make(verifyOnly ? '-verified' : '')
        for (const [claim, as] of Object.entries(claims(one)).reverse()) {
          const label = `${state}${verifyOnly ? ', verifying' : ''}: ${claim}`
          await one.add(label, [of(topic.name, 0, 1)], { verifyOnly, ...as })
          await one.add(`${label}, again`, [of(topic.name, 0, 1)], { verifyOnly, ...as })
          await one.describe(`${label}, what is there`)
        }
      }
    })
    const one = await producer(t, 'one')
    const lists = {
      nothing: [],
      'no partitions': [of(topic.name)],
      'an unknown partition': [of(topic.name, 4)],
      'a negative partition': [of(topic.name, -1)],
      'an unknown topic': [of(t.name('u'), 0)],
      'a bad name': [of('b/d', 0)],
      'an empty name': [of('', 0)],
      'known and unknown': [of(topic.name, 0, 4), of(t.name('u'), 0), of(other.name, 0)],
      'the offsets topic': [of('__consumer_offsets', 0)],
      'the transactions topic': [of('__transaction_state', 0)],
      'known and internal': [of(topic.name, 0), of('__consumer_offsets', 0)],
      'unknown and internal': [of(topic.name, 9), of('__consumer_offsets', 0)],
      'one partition': [of(topic.name, 0)],
      'the same and another': [of(topic.name, 0, 1)],
      'a partition twice': [of(topic.name, 2, 2)],
      'a topic twice': [of(topic.name, 0), of(topic.name, 3)],
      'another topic': [of(other.name, 0)],
    }
    for (const [as, topics] of Object.entries(lists)) {
      await one.add(as, topics)
      await one.describe(`after ${as}`)
      if (t.v >= 4) await one.add(`${as}, verifying`, topics, { verifyOnly: true })
    }
    const partition = [of(topic.name, 0)]
    await one.add('empty transactional id', partition, { transactionalId: '' })
    await one.add('empty transactional id and an unknown partition', [of(topic.name, 9)], { transactionalId: '' })
    await one.add('producer id -1', partition, { producerId: -1 })
    await one.add('producer epoch -1', partition, { producerEpoch: -1 })
    if (t.v >= 4) await batched(t, topic, one)
  },
}

async function batched(t, topic, one) {
  const two = await producer(t, 'two')
  const nobody = await states.unknown(t, 'nobody')
  const topics = [{ name: topic.name, partitions: [1, 3] }]
  const transaction = (of, rest = {}) => of.addBody(topics, rest).transactions[0]
  const send = (as, transactions) => t.call('AddPartitionsToTxn', { transactions }, { as })
  await send('no transactions', [])
  await send('three transactions', [transaction(one), transaction(nobody), transaction(two)])
  await two.describe('after three transactions')
  await send('added and verified', [
    transaction(one, { verifyOnly: true }),
    transaction(two, { verifyOnly: true }),
    transaction(nobody, { verifyOnly: true }),
    transaction(two, { transactionalId: '' }),
  ])
  await send('one transaction twice', [transaction(one), transaction(one)])
}

const addOffsets = {
  name: 'transactions-add-offsets',
  api: 'AddOffsetsToTxn',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic')
    await inEvery(t, every, topic, async (state, make) => {
      const one = await make('')
      for (const [claim, as] of Object.entries(claims(one)).reverse()) {
        await one.addOffsets(`${state}: ${claim}`, 'a-group', as)
        await one.addOffsets(`${state}: ${claim}, again`, 'a-group', as)
        await one.describe(`${state}: ${claim}, what is there`)
      }
    })
    const one = await producer(t, 'one')
    await one.addOffsets('empty group', '')
    await one.describe('after the empty group')
    for (const groupId of ['a-group', 'another-group', 'a group with spaces', 'ä']) await one.addOffsets(groupId, groupId)
    await one.describe('after four groups')
    await one.addOffsets('empty transactional id', 'a-group', { transactionalId: '' })
    await one.addOffsets('producer id -1', 'a-group', { producerId: -1 })
  },
}

const endTxn = {
  name: 'transactions-end',
  api: 'EndTxn',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic')
    const settle = async (one, label) => {
      if (one.producerId !== strangeId) await one.settled(`${label}, what is there`, state => !/^Prepare/.test(state))
    }
    await inEvery(t, every, topic, async (state, make) => {
      for (const committed of [true, false]) {
        const word = committed ? 'commit' : 'abort'
        const claimed = Object.keys(claims({}))
        for (const [i, claim] of [...claimed, 'of the epoch before that'].entries()) {
          const one = await make(`-${word}-${i}`)
          const as = claims(one)[claim] ?? { producerEpoch: one.producerEpoch - 2 }
          const before = one.identity
          const label = `${state}: ${word} ${claim}`
          await one.end(label, committed, as)
          await settle(one, label)
          // The answer may have been lost, or the client may have changed its mind.
          await one.end(`${label}, again`, committed, { ...before, ...as })
          await settle(one, `${label}, again`)
          await one.end(`${label}, then the other`, !committed, { ...before, ...as })
          await settle(one, `${label}, then the other`)
          await one.end(`${label}, then as it was told`, committed)
          await settle(one, `${label}, then as it was told`)
        }
      }
    })
    const one = await (await producer(t, 'one')).open(topic)
    await one.end('empty transactional id', true, { transactionalId: '' })
    await one.end('producer id -1', true, { producerId: -1 })
    await one.end('producer epoch -1', true, { producerEpoch: -1 })
    await one.end('nothing of it but the epoch', false, { transactionalId: t.name('nobody'), producerId: strangeId })
    await one.describe('untouched')
  },
}

const describe = {
  name: 'transactions-describe',
  api: 'DescribeTransactions',
  async run(t) {
    const topic = await t.topic('topic', { partitions: 3 })
    const other = await t.topic('other')
    const one = await (await producer(t, 'one')).open(topic, [2, 0])
    await one.open(other)
    const two = await states.CompleteAbort(t, 'two', topic)
    const ask = (as, ...transactionalIds) => t.call('DescribeTransactions', { transactionalIds }, { as })
    await ask('nothing')
    await ask('an empty id', '')
    await ask('an unknown id', t.name('nobody'))
    await ask('two topics', one.transactionalId)
    await ask('several', two.transactionalId, t.name('nobody'), one.transactionalId, '')
    await ask('one twice', one.transactionalId, one.transactionalId)
    await one.addOffsets('', 'a-group', {}, { quiet: true })
    await ask('with a group', one.transactionalId)
  },
}

const list = {
  name: 'transactions-list',
  api: 'ListTransactions',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic')
    const made = {}
    await inEvery(t, every, topic, async (state, make) => {
      made[state] = await make('')
    })
    const mine = body => ({
      ...body,
      transactionStates: body.transactionStates.filter(x => x.transactionalId.startsWith(t.name(''))),
    })
    const ask = (as, rest = {}) =>
      t.call('ListTransactions', { stateFilters: [], producerIdFilters: [], ...rest }, { as, pick: mine })
    await ask('all')
    for (const state of ['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead'])
      await ask(`state ${state}`, { stateFilters: [state] })
    for (const state of ['PrepareEpochFence', 'empty', 'ONGOING', '', 'x'])
      await ask(`no state: ${state}`, { stateFilters: [state] })
    await ask('two states', { stateFilters: ['Empty', 'CompleteAbort'] })
    await ask('a state and none', { stateFilters: ['Empty', 'x', 'y'] })
    await ask('a state twice', { stateFilters: ['Empty', 'Empty', 'x', 'x'] })
    await ask('a producer', { producerIdFilters: [made.Empty.producerId] })
    await ask('producers', { producerIdFilters: [made.Empty.producerId, made.Ongoing.producerId, -1, strangeId] })
    await ask('a producer of another state', { stateFilters: ['Empty'], producerIdFilters: [made.Ongoing.producerId] })
    if (t.v >= 1)
      for (const durationFilter of [-2, 0, 1, 600000, 9223372036854775807n])
        await ask(`longer than ${durationFilter}`, { durationFilter })
    if (t.v >= 2) {
      const name = t.name('')
      const patterns = [
        '',
        '.*',
        `${name}.*`,
        `${name}0`,
        `${name}[02]`,
        name,
        '(',
        '[a',
        'a{2,1}',
        `\\Q${name}1\\E`,
        `(?i)${name}2`,
      ]
      for (const [i, transactionalIdPattern] of patterns.entries()) await ask(`pattern ${i}`, { transactionalIdPattern })
      await ask('pattern and state', { transactionalIdPattern: `${name}.*`, stateFilters: ['Empty'] })
    }
  },
}

const findCoordinator = {
  name: 'transactions-find-coordinator',
  api: 'FindCoordinator',
  versions: [1, 6],
  everyVersion: true,
  async run(t) {
    await ready(t, t.name('one'))
    const ask = (as, ...coordinatorKeys) =>
      t.call('FindCoordinator', { key: coordinatorKeys[0] ?? '', keyType: 1, coordinatorKeys }, { as })
    await ask('one', t.name('one'))
    await ask('empty', '')
    if (t.v >= 4) {
      await ask('none')
      await ask('three', t.name('one'), '', t.name('two'))
      await ask('one twice', t.name('one'), t.name('one'))
    }
    await t.call(
      'Metadata',
      { topics: [{ name: '__transaction_state' }], allowAutoTopicCreation: false },
      {
        as: 'the topic',
        v: 9,
        view: body => ({ topics: body.topics.map(x => [x.errorCode, x.isInternal, x.partitions.length]) }),
      },
    )
  },
}

const forgotten = {
  name: 'transactions-without-an-id',
  api: 'InitProducerId',
  versions: [4, 5],
  async run(t) {
    // An idempotent producer is none of the coordinator's.
    const plain = new TransactionalProducer(t, 'plain')
    await ready(t, plain.transactionalId)
    const given = await plain.init('no id', { transactionalId: null })
    const topics = [{ name: (await t.topic('topic')).name, partitions: [0] }]
    await plain.add('adds', topics, given, { v: 3 })
    await plain.end('ends', true, {}, { v: 4 })
    await plain.describe('is not there')
  },
}

export const transcripts = [initProducerId, addPartitions, addOffsets, endTxn, describe, list, findCoordinator, forgotten]

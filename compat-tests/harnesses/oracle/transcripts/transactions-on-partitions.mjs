// What transactions do to partitions: transactional batches, markers, and what readers see of both.
import { group } from '../lib/group.mjs'
import { batch } from '../lib/records.mjs'
import { claims, inEvery, producer, states, strangeId } from '../lib/transaction.mjs'

const every = Object.keys(states)

const read = (t, as, topic, rest = {}, options = {}) =>
  t.call(
    'Fetch',
    {
      replicaId: -1,
      maxWaitMs: 10,
      minBytes: 0,
      maxBytes: 10000000,
      isolationLevel: rest.isolationLevel ?? 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [
        {
          topic: topic.name,
          topicId: topic.id,
          partitions: [
            {
              partition: rest.partition ?? 0,
              currentLeaderEpoch: -1,
              fetchOffset: rest.from ?? 0,
              partitionMaxBytes: rest.bytesMax ?? 1000000,
            },
          ],
        },
      ],
    },
    { as, ...options },
  )
const readBoth = async (t, as, topic, rest = {}, options = {}) => {
  for (const isolationLevel of [0, 1])
    await read(t, `${as}, isolation ${isolationLevel}`, topic, { ...rest, isolationLevel }, options)
}
const offsets = async (t, as, topic, times = [-1], options = {}) => {
  for (const isolationLevel of [0, 1])
    for (const timestamp of times) {
      const shown = timestamp > 1000 ? `T0+${timestamp - t.T0}` : timestamp
      await t.call(
        'ListOffsets',
        {
          replicaId: -1,
          isolationLevel,
          timeoutMs: 1000,
          topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }] }],
        },
        { as: `${as}, isolation ${isolationLevel}, time ${shown}`, ...options },
      )
    }
}
const active = (t, as, topic, indexes = [0]) =>
  t.call('DescribeProducers', { topics: [{ name: topic.name, partitionIndexes: indexes }] }, { as, view: sortedProducers })
const sortedProducers = body => ({
  ...body,
  topics: body.topics.map(topic => ({
    ...topic,
    partitions: topic.partitions.map(partition => ({
      ...partition,
      activeProducers: partition.activeProducers?.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    })),
  })),
})

const produce = {
  name: 'transactions-produce',
  api: 'Produce',
  versions: [3, 13],
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 2 })
    await inEvery(t, every, topic, async (state, make) => {
      // A log of its own, so that an answer does not depend on the ones before.
      const own = await t.topic(`own-${state.toLowerCase().replaceAll(' ', '-')}`)
      for (const [i, claim] of Object.keys(claims({})).entries()) {
        const one = await make(`-${i}`)
        const as = claims(one)[claim]
        const label = `${state}: ${claim}`
        await one.produce(`${label}, to its partition`, topic, { sequence: state.startsWith('Ongoing by') ? 1 : 0, ...as })
        await one.produce(`${label}, to another partition`, own, as)
        await one.produce(`${label}, again`, own, { sequence: 0, ...as })
        await one.produce(`${label}, further`, own, { sequence: 1, ...as })
        await one.produce(`${label}, with a gap`, own, { sequence: 7, ...as })
        await one.describe(`${label}, what is there`)
      }
      await readBoth(t, `${state}: what was appended`, own)
      await active(t, `${state}: producers`, own)
    })
  },
}

const wrongBatches = {
  name: 'transactions-produce-wrong',
  api: 'Produce',
  versions: [3, 13],
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 2 })
    const other = await t.topic('other')
    const one = await (await producer(t, 'one')).open(topic)
    const two = await (await producer(t, 'two')).open(topic)
    const without = { request: { transactionalId: null } }
    await one.produce('without a transactional id', topic, without)
    await one.produce('empty transactional id', topic, { request: { transactionalId: '' } })
    await one.produce('another transactional id', topic, { request: { transactionalId: two.transactionalId } })
    await one.produce('unknown transactional id', topic, { request: { transactionalId: t.name('nobody') } })
    await one.produce('acks 1', topic, { request: { acks: 1 } })
    await one.produce('not a transactional batch', topic, { attributes: 0, sequence: 0 })
    await one.produce('not a transactional batch, to another topic', other, { attributes: 0, sequence: 0 })
    await one.produce('no producer in the batch', topic, { producerId: -1, producerEpoch: -1, sequence: -1 })
    await one.produce('no sequence in the batch', topic, { sequence: -1 })
    await one.produce('a control batch', topic, { attributes: 48 })
    await one.produce('first sequence 5', topic, { sequence: 5 })
    await one.produce('unknown partition', topic, { partition: 5 })
    const records = (of, sequence = 0, attributes = 16) =>
      batch(1, { timestamp: t.T0, attributes, producerId: of.producerId, producerEpoch: of.producerEpoch, sequence })
    const send = (as, transactionalId, ...lists) =>
      t.call(
        'Produce',
        {
          transactionalId,
          acks: -1,
          timeoutMs: 5000,
          topicData: lists.map(([to, ...partitions]) => ({
            name: to.name,
            topicId: to.id,
            partitionData: partitions.map(([index, bytes]) => ({ index, records: bytes })),
          })),
        },
        { as },
      )
    await send('two producer ids in one request', one.transactionalId, [topic, [0, records(one)], [1, records(two)]])
    await send('a transactional and another batch', one.transactionalId, [
      topic,
      [0, records(one)],
      [1, batch(1, { timestamp: t.T0 })],
    ])
    await send('another batch first', one.transactionalId, [topic, [1, batch(1, { timestamp: t.T0 })], [0, records(one)]])
    await send('an idempotent batch beside it', one.transactionalId, [topic, [0, records(one, 1)], [1, records(one, 0, 0)]])
    await send('two topics', one.transactionalId, [topic, [0, records(one, 2)]], [other, [0, records(one)]])
    await send('known and unknown partition', one.transactionalId, [topic, [0, records(one, 3)], [7, records(one)]])
    await send('nothing', one.transactionalId)
    await send('without an id, two partitions', null, [topic, [0, records(one, 9)], [1, batch(1, { timestamp: t.T0 })]])
    await one.describe('what is there')
    await readBoth(t, 'what was appended', topic)
    await active(t, 'producers', topic, [0, 1])
    const before = (await endOf(t, topic)).offset
    await one.produce('acks 0', topic, { sequence: 4, request: { acks: 0 } }, { noAnswer: true, on: 'unanswered' })
    await grown(t, topic, before)
    await one.close(true)
    await readBoth(t, 'when it is committed', topic)
    await one.produce('after its end', topic, { sequence: 5 })
    await one.produce('after its end, with sequence 0', topic, { sequence: 0 })
    await one.produce('after its end, not transactional', topic, { attributes: 0, sequence: 5, ...without })
  },
}

const walk = {
  name: 'transactions-fetch',
  api: 'Fetch',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic')
    const plain = await t.topic('plain')
    await t.produce(plain, batch(1, { timestamp: t.T0 }))
    await readBoth(t, 'no transactions at all', plain)
    await readBoth(t, 'an empty log', topic)
    const [one, two] = [await producer(t, 'one'), await producer(t, 'two')]
    await one.open(topic)
    await readBoth(t, 'added and nothing written', topic)
    await one.send(topic, { count: 2 })
    await readBoth(t, 'one open', topic)
    await t.produce(topic, batch(1, { timestamp: t.T0 + 1 }))
    await two.open(topic)
    await two.send(topic)
    await one.send(topic)
    await readBoth(t, 'two open', topic)
    for (const from of [1, 3, 5, 6, -1]) await readBoth(t, `two open, from ${from}`, topic, { from })
    await one.close(false)
    await readBoth(t, 'the first aborted, the second open', topic)
    for (const from of [2, 3, 4, 6]) await readBoth(t, `the first aborted, from ${from}`, topic, { from })
    await two.close(true)
    await readBoth(t, 'the second committed', topic)
    await one.open(topic)
    await one.send(topic)
    await one.close(false)
    await two.openByProduce(topic)
    await two.openByProduce(topic)
    await two.close(false, 5)
    await two.openByProduce(topic)
    await t.produce(topic, batch(3, { timestamp: t.T0 + 2 }))
    for (let from = 0; from <= 15; from++) await readBoth(t, `aborted ones, from ${from}`, topic, { from })
    for (const bytesMax of [1, 80, 200, 400]) await readBoth(t, `aborted ones, ${bytesMax} bytes`, topic, { bytesMax })
    for (const from of [3, 6, 9]) await readBoth(t, `aborted ones, one batch from ${from}`, topic, { from, bytesMax: 1 })
    await two.close(true, 5)
    await readBoth(t, 'all over', topic)
    await active(t, 'producers', topic)
    await t.quiet('DeleteRecords', {
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: 5 }] }],
      timeoutMs: 5000,
    })
    await readBoth(t, 'records deleted', topic, { from: 5 })
    await one.open(topic)
    await one.send(topic)
    await t.produce(topic, batch(1, { timestamp: t.T0 + 3 }))
    await t.quiet('DeleteRecords', {
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: -1 }] }],
      timeoutMs: 5000,
    })
    const end = (await endOf(t, topic)).offset
    await readBoth(t, 'the open one is deleted', topic, { from: end })
    await offsets(t, 'the open one is deleted', topic, [-1, -2])
    await active(t, 'the open one is deleted: producers', topic)
    await one.close(true)
    await readBoth(t, 'and committed', topic, { from: end })
  },
}

// Waits until something was appended that nobody answers for.
const grown = async (t, topic, offset) => {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }]
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic.name, partitions }] }
  await t.until('ListOffsets', body, x => x.topics[0].partitions[0].offset > offset, { quiet: true })
}
const endOf = async (t, topic, isolationLevel = 0) => {
  const answer = await t.quiet('ListOffsets', {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
  })
  return answer.topics[0].partitions[0]
}

const waiting = {
  name: 'transactions-fetch-waits',
  api: 'Fetch',
  async run(t) {
    const topic = await t.topic('topic')
    const one = await (await producer(t, 'one')).openByProduce(topic)
    for (const committed of [true, false]) {
      const from = committed ? 0 : 2
      const wait = { maxWaitMs: 20000, minBytes: 1 }
      const woken = t.call(
        'Fetch',
        {
          replicaId: -1,
          ...wait,
          maxBytes: 1000000,
          isolationLevel: 1,
          sessionId: 0,
          sessionEpoch: -1,
          topics: [
            {
              topic: topic.name,
              topicId: topic.id,
              partitions: [{ partition: 0, currentLeaderEpoch: -1, fetchOffset: from, partitionMaxBytes: 1000000 }],
            },
          ],
        },
        { as: `woken by a ${committed ? 'commit' : 'abort'}`, on: 'waiter', patienceMs: 10000 },
      )
      await one.close(committed, 5)
      await woken
      if (committed) await one.openByProduce(topic)
    }
  },
}

const listOffsets = {
  name: 'transactions-list-offsets',
  api: 'ListOffsets',
  versions: [2, 11],
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic')
    const times = [-1, -2, -3, t.T0, t.T0 + 10, t.T0 + 11, t.T0 + 20, t.T0 + 30, t.T0 + 31]
    const [one, two] = [await producer(t, 'one'), await producer(t, 'two')]
    await offsets(t, 'empty', topic, times)
    await t.produce(topic, batch(1, { timestamp: t.T0 }))
    await one.open(topic)
    await offsets(t, 'added', topic, times)
    await one.send(topic, { timestamp: t.T0 + 10 })
    await t.produce(topic, batch(1, { timestamp: t.T0 + 20 }))
    await two.openByProduce(topic)
    await t.produce(topic, batch(1, { timestamp: t.T0 + 30 }))
    await offsets(t, 'two open', topic, times)
    await one.close(true)
    await offsets(t, 'one committed', topic, times)
    await two.close(false, 5)
    await offsets(t, 'the other aborted', topic, times)
  },
}

const markers = {
  name: 'transactions-markers',
  api: 'WriteTxnMarkers',
  everyVersion: true,
  async run(t) {
    const topic = await t.topic('topic', { partitions: 3 })
    const elsewhere = await t.topic('elsewhere')
    // The topic of offsets is there.
    await group(t, 'g')
    const of = (to, ...partitionIndexes) => ({ name: to.name, partitionIndexes })
    const marker = (who, rest = {}) => ({
      producerId: who.producerId,
      producerEpoch: who.producerEpoch,
      transactionResult: false,
      topics: [of(topic, 0)],
      coordinatorEpoch: 0,
      transactionVersion: 0,
      ...rest,
    })
    const write = (as, ...list) => t.call('WriteTxnMarkers', { markers: list }, { as })
    const one = await producer(t, 'one')
    await write('nothing')
    await write('no topics', marker(one, { topics: [] }))
    await write('no partitions', marker(one, { topics: [of(topic)] }))
    await write('unknown topic', marker(one, { topics: [of({ name: t.name('u') }, 0)] }))
    await write('unknown partition', marker(one, { topics: [of(topic, 7, -1)] }))
    await write('known and unknown', marker(one, { topics: [of(topic, 2, 7), of({ name: t.name('u') }, 0)] }))
    await write('of an unknown producer', marker({ producerId: strangeId, producerEpoch: 3 }))
    await write('of an unknown producer, again', marker({ producerId: strangeId, producerEpoch: 3 }))
    await write('of an unknown producer, an older epoch', marker({ producerId: strangeId, producerEpoch: 2 }))
    await write('of producer -1', marker({ producerId: -1, producerEpoch: -1 }, { topics: [of(elsewhere, 0)] }))
    for (const transactionVersion of [0, 1, 2, 3]) {
      for (const [how, d] of [
        ['of the same epoch', 0],
        ['of the next epoch', 1],
        ['of the epoch before', -1],
      ]) {
        const label = `version ${transactionVersion}, ${how}`
        const who = await (await producer(t, `p${transactionVersion}${d}`)).open(topic)
        await who.send(topic)
        const body = marker(who, { producerEpoch: who.producerEpoch + d, transactionVersion })
        await write(label, body)
        await write(`${label}, again`, body)
        await write(`${label}, the other result`, { ...body, transactionResult: true })
        await active(t, `${label}: producers`, topic)
      }
    }
    const last = await (await producer(t, 'last')).open(topic, [1])
    await last.send(topic, { partition: 1 })
    for (const coordinatorEpoch of [5, 4, -1, 5])
      await write(`coordinator epoch ${coordinatorEpoch}`, marker(last, { coordinatorEpoch, topics: [of(topic, 1)] }))
    await last.produce('a batch after the marker', topic, { partition: 1 }, { v: 9 })
    await write(
      'two markers of one producer',
      marker(last, { topics: [of(topic, 2)] }),
      marker(last, { topics: [of(topic, 2)], transactionResult: true }),
    )
    await write('transaction version -1', marker(last, { topics: [of(elsewhere, 0)], transactionVersion: -1 }))
    await write('to the offsets', marker(last, { topics: [of({ name: '__consumer_offsets' }, 0, 99)] }))
    await write('to the transactions', marker(last, { topics: [of({ name: '__transaction_state' }, 0)] }))
    for (const partition of [0, 1, 2]) await readBoth(t, `what is in ${partition}`, topic, { partition })
    await active(t, 'producers', topic, [0, 1, 2])
  },
}

const describeProducers = {
  name: 'transactions-describe-producers',
  api: 'DescribeProducers',
  async run(t) {
    const topic = await t.topic('topic', { partitions: 3 })
    await active(t, 'nobody', topic, [0, 1])
    const given = await t.quiet('InitProducerId', { transactionalId: null, transactionTimeoutMs: 1000 }, { v: 5 })
    const idempotent = { producerId: given.producerId, producerEpoch: 0, sequence: 0, timestamp: t.T0 }
    await t.produce(topic, batch(3, idempotent))
    await active(t, 'an idempotent producer', topic)
    const one = await (await producer(t, 'one')).open(topic, [0, 1])
    await active(t, 'added only', topic, [0, 1])
    await one.send(topic, { count: 2 })
    await active(t, 'open', topic, [0, 1])
    await one.close(true)
    await active(t, 'committed', topic, [0, 1])
    await one.openByProduce(topic)
    await active(t, 'open again', topic)
    await one.close(false, 5)
    await active(t, 'aborted, with a bump', topic)
    await active(t, 'unknown partitions', topic, [7, -1, 2])
    await active(t, 'no partitions', topic, [])
    await active(t, 'one twice', topic, [2, 2])
    await active(t, 'unknown topic', { name: t.name('u') })
    for (const name of ['', 'b/d', '.']) await active(t, `bad name ${name}`, { name })
    await t.call('DescribeProducers', { topics: [] }, { as: 'nothing' })
    await t.call('DescribeProducers', { topics: [{ name: '__transaction_state', partitionIndexes: [99] }] }, { as: 'internal' })
  },
}

export const transcripts = [produce, wrongBatches, walk, waiting, listOffsets, markers, describeProducers]

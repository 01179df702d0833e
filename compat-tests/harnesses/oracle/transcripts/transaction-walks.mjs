// Transactions from end to end, in the order in which clients go through them: of old clients and with KIP-890's bump at every
// end; fenced, timed out, out of epochs; and random walks of several producers.
import { batch } from '../lib/records.mjs'
import { producer, strangeId } from '../lib/transaction.mjs'

function random(seed) {
  let a = seed * 2654435761
  return n => {
    a = (a + 0x6d2b79f5) | 0
    let x = Math.imul(a ^ (a >>> 15), 1 | a)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % n
  }
}

const readAll = async (t, as, topic) => {
  for (const isolationLevel of [0, 1])
    await t.call(
      'Fetch',
      {
        replicaId: -1,
        maxWaitMs: 10,
        minBytes: 0,
        maxBytes: 10000000,
        isolationLevel,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [
          { topic: topic.name, topicId: topic.id, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10000000 }] },
        ],
      },
      { as: `${as}, isolation ${isolationLevel}` },
    )
}

// What both kinds of clients send, by version.
const kinds = {
  classic: { add: 3, produce: 11, offsets: 3, end: 4 },
  oldest: { add: 0, produce: 3, offsets: 0, end: 0 },
  bumping: { produce: 12, offsets: 5, end: 5 },
}

const kindOf = kind => ({
  begin: (who, topic, as) =>
    kind.add === undefined ? undefined : who.add(as, [{ name: topic.name, partitions: [0] }], {}, { v: kind.add }),
  produce: (who, topic, as, rest) => who.produce(as, topic, rest, { v: kind.produce }),
  offsets: async (who, groupId, topic, as) => {
    if (kind.add !== undefined) await who.addOffsets(`${as}: adds its group`, groupId)
    const topics = [
      { name: topic.name, topicId: topic.id, partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }] },
    ]
    return who.commitOffsets(as, groupId, topics, {}, { v: kind.offsets })
  },
  end: async (who, committed, as) => {
    const answer = await who.end(as, committed, {}, { v: kind.end })
    if (answer.errorCode === 0) await who.settled(`${as}, what is there`)
    return answer
  },
})

const life = name => ({
  name: `transaction-life-${name}`,
  async run(t) {
    const topic = await t.topic('topic')
    const groupId = t.name('g')
    const kind = kindOf(kinds[name])
    const one = await producer(t, 'one')
    for (const committed of [true, false, true]) {
      const word = committed ? 'commits' : 'aborts'
      await kind.begin(one, topic, `${word}: adds`)
      await kind.produce(one, topic, `${word}: produces`)
      await kind.produce(one, topic, `${word}: produces more`, { count: 3 })
      await kind.offsets(one, groupId, topic, `${word}: commits offsets`)
      await one.describe(`${word}: open`)
      await kind.end(one, committed, word)
      await readAll(t, word, topic)
    }
    await kind.end(one, false, 'aborts nothing')
    await kind.end(one, true, 'commits nothing')
    // A second instance under the same name.
    await kind.begin(one, topic, 'the first instance adds')
    await kind.produce(one, topic, 'the first instance produces')
    await one.init('a second instance begins')
    await one.aborted('the transaction of the first is aborted')
    await readAll(t, 'fenced', topic)
    const late = { producerId: one.producerId, producerEpoch: one.producerEpoch }
    const second = await producer(t, 'one')
    await kind.begin(one, topic, 'the first instance adds, fenced')
    await kind.produce(one, topic, 'the first instance produces, fenced', late)
    await kind.offsets(one, groupId, topic, 'the first instance commits offsets, fenced')
    await kind.end(one, true, 'the first instance commits, fenced')
    await kind.end(one, false, 'the first instance aborts, fenced')
    await one.init('the first instance asks again, fenced', late)
    await kind.begin(second, topic, 'the second adds')
    await kind.produce(second, topic, 'the second produces')
    await kind.end(second, true, 'the second commits')
    await readAll(t, 'the second committed', topic)
  },
})

const timedOut = name => ({
  name: `transaction-timeout-${name}`,
  async run(t) {
    const topic = await t.topic('topic')
    const groupId = t.name('g')
    const kind = kindOf(kinds[name])
    for (const next of ['commits', 'aborts', 'produces', 'commits offsets', 'adds', 'asks for its id']) {
      const one = await producer(t, `one-${next.replaceAll(' ', '-')}`)
      await one.fresh({ transactionTimeoutMs: 100 })
      await kind.begin(one, topic, `${next}: adds`)
      await kind.produce(one, topic, `${next}: produces`)
      await one.aborted(`${next}: timed out`)
      const { producerId, producerEpoch } = one
      if (next === 'commits') await kind.end(one, true, 'commits too late')
      if (next === 'aborts') await kind.end(one, false, 'aborts too late')
      if (next === 'produces') await kind.produce(one, topic, 'produces too late')
      if (next === 'commits offsets') await kind.offsets(one, groupId, topic, 'commits offsets too late')
      if (next === 'adds') await kind.begin(one, topic, 'adds too late')
      if (next === 'asks for its id') {
        await one.init('asks too late', { producerId, producerEpoch })
        await one.init('asks again', { producerId, producerEpoch })
      }
      await one.settled(`${next}: what is there`)
    }
    await readAll(t, 'after all of them', topic)
  },
})

// The last epochs of a producer id, for a minute of requests: every one of them takes an epoch.
const lastEpochs = {
  name: 'transaction-epochs-run-out',
  isLong: true,
  async run(t) {
    const topic = await t.topic('topic')
    const spend = async (one, epoch) => {
      const body = { transactionalId: one.transactionalId, transactionTimeoutMs: 60000 }
      while (one.producerEpoch < epoch) {
        const answer = await t.quiet('InitProducerId', body, { v: 5, on: one.transactionalId })
        if (answer.errorCode !== 0 && answer.errorCode !== 51)
          throw new Error(`InitProducerId is answered with ${answer.errorCode}`)
        if (answer.errorCode === 0) one.become(answer)
      }
    }
    const names = ['init', 'expected', 'classic', 'bumping', 'fenced', 'timed-out']
    const [init, wanted, classic, bumping, fenced, late] = await Promise.all(
      names.map(async name => {
        const one = await producer(t, name)
        await spend(one, 32764)
        return one
      }),
    )
    const told = ({ producerId, producerEpoch }) => ({ producerId, producerEpoch })
    for (let i = 0; i < 4; i++) await init.init(`init ${i}`)
    for (let i = 0; i < 4; i++) {
      const before = told(wanted)
      await wanted.init(`expected ${i}`, before)
      await wanted.init(`expected ${i}, again`, before)
    }
    for (const [name, one] of Object.entries({ classic, bumping })) {
      const kind = kindOf(kinds[name])
      for (let i = 0; i < 4; i++) {
        await kind.begin(one, topic, `${name} ${i} adds`)
        await kind.produce(one, topic, `${name} ${i} produces`)
        const before = told(one)
        await kind.end(one, i % 2 === 0, `${name} ${i} ends`)
        await one.end(`${name} ${i} ends again`, i % 2 === 0, before, { v: kinds[name].end })
        if (one === classic) await one.init(`${name} ${i} asks`, told(one))
      }
    }
    for (let i = 0; i < 4; i++) {
      await fenced.openByProduce(topic)
      await fenced.init(`fenced ${i}`)
      await fenced.aborted(`fenced ${i}, what is there`)
      await fenced.init(`fenced ${i}, again`)
    }
    for (let i = 0; i < 3; i++) {
      await late.fresh({ transactionTimeoutMs: 100 })
      await late.openByProduce(topic)
      await late.aborted(`timed out ${i}`)
      await late.end(`timed out ${i}, then aborted`, false, {}, { v: 5 })
    }
    await readAll(t, 'after all of them', topic)
  },
}

async function walk(t, seed) {
  const next = random(seed)
  const topic = await t.topic('t')
  const groupId = t.name('g')
  const producers = []
  for (let i = 0; i < 3; i++) {
    const name = ['classic', 'oldest', 'bumping'][(seed + i) % 3]
    producers.push({ who: await producer(t, `p${i}`), kind: kindOf(kinds[name]), name })
  }
  for (let step = 0; step < 40; step++) {
    const { who, kind, name } = producers[next(3)]
    const as = `${step} ${name}`
    const before = who.identity
    switch (next(10)) {
      case 0:
        await kind.begin(who, topic, `${as} adds`)
        break
      case 1:
      case 2:
      case 3:
        await kind.produce(who, topic, `${as} produces`, { count: 1 + next(3) })
        break
      case 4:
        await kind.offsets(who, groupId, topic, `${as} commits offsets`)
        break
      case 5:
      case 6:
        await kind.end(who, next(2) === 0, `${as} ends`)
        break
      case 7: {
        const rest = next(2) === 0 ? {} : { producerId: before.producerId, producerEpoch: before.producerEpoch }
        const answer = await who.init(`${as} asks for its id`, rest)
        if (answer.errorCode === 51) await who.aborted()
        break
      }
      case 8: {
        const d = next(2) === 0 ? -1 : 1
        await who.produce(
          `${as} produces, epoch ${d}`,
          topic,
          { producerEpoch: before.producerEpoch + d },
          { v: kinds[name].produce },
        )
        break
      }
      case 9:
        if (next(2) === 0) await who.end(`${as} ends, of another id`, true, { producerId: strangeId }, { v: kinds[name].end })
        else await t.produce(topic, batch(1, { timestamp: t.T0 }))
        break
    }
    await who.settled(`${as}, what is there`, state => !/^Prepare/.test(state))
  }
  await readAll(t, 'in the end', topic)
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: null }]
  for (const requireStable of [false, true])
    await t.call('OffsetFetch', { groups, requireStable }, { as: `offsets, stable ${requireStable}`, v: 9 })
}

export const transcripts = [
  ...Object.keys(kinds).map(life),
  ...['classic', 'bumping'].map(timedOut),
  lastEpochs,
  ...Array.from({ length: 20 }, (_, i) => ({ name: `transaction-walk-${i + 1}`, run: t => walk(t, i + 1) })),
]

// A transactional producer as transcripts use it: requests with everything right unless said otherwise. What sets a state up
// is quiet and takes a fixed version, so that only the request under test changes with the version.
import { batch } from './records.mjs'

// Nobody was ever given this one.
export const strangeId = 987654321

const classic = { addPartitions: 3, endTxn: 4, produce: 11 }
const bumping = { endTxn: 5, produce: 12 }
const isOver = state => /^(Empty|Complete)/.test(state)

export class TransactionalProducer {
  producerId = strangeId
  producerEpoch = 0
  #sequences = new Map()

  constructor(t, suffix) {
    this.t = t
    this.transactionalId = t.name(suffix)
  }

  get identity() {
    return { transactionalId: this.transactionalId, producerId: this.producerId, producerEpoch: this.producerEpoch }
  }

  // Takes the identity that an answer gives.
  become({ producerId, producerEpoch }) {
    if (producerId === undefined || producerId === -1) return
    if (producerId !== this.producerId || producerEpoch !== this.producerEpoch) this.#sequences.clear()
    Object.assign(this, { producerId, producerEpoch })
  }

  async init(as, rest = {}, options = {}) {
    const body = {
      transactionalId: this.transactionalId,
      transactionTimeoutMs: 60000,
      producerId: -1,
      producerEpoch: -1,
      ...rest,
    }
    const answer = await this.t.call('InitProducerId', body, { as, ...options })
    if (answer.errorCode === 0) this.become(answer)
    return answer
  }

  // The coordinator is there, and this producer has an identity of epoch 1.
  async ready() {
    await ready(this.t, this.transactionalId)
    await this.fresh()
    await this.fresh()
    return this
  }
  async fresh(rest = {}) {
    const body = { transactionalId: this.transactionalId, transactionTimeoutMs: 60000, ...rest }
    const answer = await this.t.until('InitProducerId', body, x => x.errorCode === 0, { v: 5, quiet: true })
    if (answer.errorCode !== 0) throw new Error(`InitProducerId is answered with ${answer.errorCode}`)
    this.become(answer)
    return this
  }

  // Both spellings: of a client with one transaction, and of a broker with many.
  addBody(topics, rest = {}) {
    const { transactionalId, producerId, producerEpoch, verifyOnly } = { ...this.identity, verifyOnly: false, ...rest }
    return {
      transactions: [{ transactionalId, producerId, producerEpoch, verifyOnly, topics }],
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topics,
    }
  }
  add(as, topics, rest = {}, options = {}) {
    return this.t.call('AddPartitionsToTxn', this.addBody(topics, rest), { as, ...options })
  }
  addOffsets(as, groupId, rest = {}, options = {}) {
    return this.t.call('AddOffsetsToTxn', { ...this.identity, groupId, ...rest }, { as, ...options })
  }
  commitOffsets(as, groupId, topics, rest = {}, options = {}) {
    const member = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
    return this.t.call('TxnOffsetCommit', { ...this.identity, groupId, ...member, topics, ...rest }, { as, ...options })
  }
  async end(as, committed, rest = {}, options = {}) {
    const answer = await this.t.call('EndTxn', { ...this.identity, committed, ...rest }, { as, ...options })
    if (answer.errorCode === 0) this.become(answer)
    return answer
  }

  // `rest` is about the batch, `request` about what is around it.
  async produce(as, topic, { partition = 0, count = 1, request = {}, ...rest } = {}, options = {}) {
    const key = `${topic.name}-${partition}`
    const { transactionalId, producerId, producerEpoch } = this.identity
    const sequence = rest.sequence ?? this.#sequences.get(key) ?? 0
    const fields = { timestamp: this.t.T0, attributes: 16, producerId, producerEpoch, sequence, ...rest }
    const body = {
      transactionalId,
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: topic.name, topicId: topic.id, partitionData: [{ index: partition, records: batch(count, fields) }] }],
      ...request,
    }
    const answer = await this.t.call('Produce', body, { as, ...options })
    if (answer.responses?.[0]?.partitionResponses?.[0]?.errorCode === 0) this.#sequences.set(key, sequence + count)
    return answer
  }

  describe(as, options = {}) {
    return this.t.call('DescribeTransactions', { transactionalIds: [this.transactionalId] }, { as, ...options })
  }

  // Waits until no marker is on its way, and keeps what is there then.
  async settled(as, fits = isOver) {
    const body = { transactionalIds: [this.transactionalId] }
    const seen = await this.t.until('DescribeTransactions', body, x => fits(x.transactionStates[0].transactionState), {
      as,
      quiet: as === undefined,
      withinMs: 30000,
    })
    const { transactionState } = seen.transactionStates[0]
    if (!fits(transactionState)) throw new Error(`${this.transactionalId} stays in ${transactionState}`)
    return transactionState
  }
  aborted(as) {
    return this.settled(as, state => state === 'CompleteAbort')
  }

  // Opens a transaction as old clients do, or as those of KIP-890.
  async open(topic, partitions = [0]) {
    const added = await this.add('', [{ name: topic.name, partitions }], {}, { v: classic.addPartitions, quiet: true })
    const codes = added.resultsByTopicV3AndBelow[0].resultsByPartition.map(x => x.partitionErrorCode)
    if (codes.some(code => code !== 0)) throw new Error(`AddPartitionsToTxn is answered with ${codes}`)
    return this
  }
  async openByProduce(topic, partition = 0) {
    return this.send(topic, { partition }, bumping.produce)
  }
  async send(topic, rest = {}, v = classic.produce) {
    const { responses } = await this.produce('', topic, rest, { v, quiet: true })
    const { errorCode } = responses[0].partitionResponses[0]
    if (errorCode !== 0) throw new Error(`Produce is answered with ${errorCode}`)
    return this
  }
  async close(committed, v = classic.endTxn) {
    const { errorCode } = await this.end('', committed, {}, { v, quiet: true })
    if (errorCode !== 0) throw new Error(`EndTxn is answered with ${errorCode}`)
    await this.settled()
    return this
  }
}

// Waits until the coordinator of a transactional id has been found and answers.
export async function ready(t, transactionalId) {
  const key = { key: transactionalId, keyType: 1, coordinatorKeys: [transactionalId] }
  await t.until('FindCoordinator', key, x => (x.errorCode ?? x.coordinators[0].errorCode) === 0, {
    quiet: true,
    withinMs: 30000,
  })
  const ids = { transactionalIds: [transactionalId] }
  await t.until('DescribeTransactions', ids, x => [0, 105].includes(x.transactionStates[0].errorCode), {
    quiet: true,
    withinMs: 30000,
  })
}

export const producer = (t, suffix) => new TransactionalProducer(t, suffix).ready()

// Every state that lasts, with the way in which it came about: of old clients, and with the bump of KIP-890.
export const states = {
  unknown: async (t, suffix) => {
    const one = new TransactionalProducer(t, suffix)
    await ready(t, one.transactionalId)
    return one
  },
  Empty: producer,
  Ongoing: async (t, suffix, topic) => (await producer(t, suffix)).open(topic),
  'Ongoing by an implicit add': async (t, suffix, topic) => (await producer(t, suffix)).openByProduce(topic),
  CompleteCommit: async (t, suffix, topic) => (await states.Ongoing(t, suffix, topic)).close(true),
  CompleteAbort: async (t, suffix, topic) => (await states.Ongoing(t, suffix, topic)).close(false),
  'CompleteCommit with a bump': async (t, suffix, topic) =>
    (await states['Ongoing by an implicit add'](t, suffix, topic)).close(true, bumping.endTxn),
  'CompleteAbort with a bump': async (t, suffix, topic) =>
    (await states['Ongoing by an implicit add'](t, suffix, topic)).close(false, bumping.endTxn),
  'Empty after a transaction': async (t, suffix, topic) => (await states.CompleteCommit(t, suffix, topic)).fresh(),
}

// A producer in every state of these, for requests from itself and from others under its name.
export async function inEvery(t, names, topic, act) {
  for (const [i, state] of names.entries()) await act(state, suffix => states[state](t, `${i}${suffix}`, topic))
}

export function claims({ producerId, producerEpoch }) {
  return {
    'as itself': {},
    'of the epoch before': { producerEpoch: producerEpoch - 1 },
    'of a newer epoch': { producerEpoch: producerEpoch + 1 },
    'of another producer id': { producerId: producerId + 1000 },
    'of another producer id and an older epoch': { producerId: producerId + 1000, producerEpoch: producerEpoch - 1 },
  }
}

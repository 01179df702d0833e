/** Requests about producers and their transactions. */
import type { Body, Resources, RightsCase, Stage } from './play.js'
import { producerOf } from './set-up.js'

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'
const partitions = [0]
const both = ['a', 'b']

/** Producers of these transactional ids. */
const withProducers = (...letters: string[]): Required<Pick<RightsCase, 'prepare'>> => ({
  prepare: async (stage, { name }) => {
    const producers: Body = {}
    for (const letter of letters) producers[letter] = await producerOf(stage, name(letter))
    return producers
  },
})

/** With an open transaction on topic a. */
const withTransactions = (...letters: string[]): Required<Pick<RightsCase, 'prepare'>> => ({
  prepare: async (stage, at) => {
    for (const letter of letters) {
      const producer = await producerOf(stage, at.name(letter))
      const transactionalId = at.name(letter)
      const topics = [{ name: at.topic('a').name, partitions }]
      const body = { transactions: [{ transactionalId, ...producer, verifyOnly: false, topics }] }
      await stage.until('AddPartitionsToTxn', body, ({ errorCode }) => errorCode === 0)
    }
    return undefined
  },
})

/** Nobody was ever given this one. */
const strange = { producerId: 987_654_321, producerEpoch: 0 }
const identity = ({ name, prepared }: Resources): Body => ({
  transactionalId: name('x'),
  ...((prepared.x as Body | undefined) ?? strange),
})
const offset = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: 'm' }
const noMember = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
const marker = { ...strange, transactionResult: false, coordinatorEpoch: 0, transactionVersion: 0 }
const own = (list: unknown, stage: Stage): unknown =>
  (list as Body[]).filter(({ transactionalId }) => String(transactionalId).startsWith(stage.name('')))

export const casesOfTransactions: readonly RightsCase[] = [
  {
    api: 'InitProducerId',
    needs: ['write transactional_id x'],
    ...withProducers('x'),
    request: ({ name }) => ({
      ...{ transactionalId: name('x'), transactionTimeoutMs: 60_000 },
      ...{ producerId: -1, producerEpoch: -1 },
    }),
  },
  {
    api: 'InitProducerId',
    label: 'without a transactional id',
    needs: ['idempotent_write cluster or write topic a'],
    request: () => ({ transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }),
  },
  {
    api: 'AddPartitionsToTxn',
    versions: [0, 3],
    needs: ['write transactional_id x', 'write topic a', 'write topic b'],
    topics: both,
    ...withProducers('x'),
    request: at => {
      const { transactionalId, producerId, producerEpoch } = identity(at)
      return {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: both.map(letter => ({ name: at.topic(letter).name, partitions })),
      }
    },
  },
  {
    api: 'AddPartitionsToTxn',
    label: 'between brokers',
    versions: [4, 5],
    needs: ['cluster_action cluster'],
    topics: ['a'],
    ...withProducers('x'),
    request: at => ({
      transactions: [{ ...identity(at), verifyOnly: false, topics: [{ name: at.topic('a').name, partitions }] }],
    }),
  },
  {
    api: 'AddOffsetsToTxn',
    needs: ['write transactional_id x', 'read group g'],
    ...withProducers('x'),
    request: at => ({ ...identity(at), groupId: at.name('g') }),
  },
  {
    api: 'EndTxn',
    needs: ['write transactional_id x'],
    ...withProducers('x'),
    request: at => ({ ...identity(at), committed: false }),
  },
  {
    api: 'WriteTxnMarkers',
    needs: ['cluster_action cluster or alter cluster'],
    topics: ['a'],
    request: ({ topic }) => ({ markers: [{ ...marker, topics: [{ name: topic('a').name, partitionIndexes: [0] }] }] }),
  },
  {
    api: 'TxnOffsetCommit',
    showsExistence: true,
    needs: ['write transactional_id x', 'read group g', 'read topic a', 'read topic b'],
    topics: both,
    ...withProducers('x'),
    request: at => ({
      ...identity(at),
      groupId: at.name('g'),
      ...noMember,
      topics: both.map(letter => {
        const { name, id } = at.topic(letter)
        return { name: at.v >= 6 ? '' : name, topicId: at.v >= 6 ? id : zeroId, partitions: [offset] }
      }),
    }),
  },
  {
    api: 'DescribeTransactions',
    needs: ['describe transactional_id x', 'describe transactional_id y', 'describe topic a'],
    topics: ['a'],
    ...withTransactions('x', 'y'),
    request: ({ name }) => ({ transactionalIds: [name('x'), name('y')] }),
  },
  {
    api: 'ListTransactions',
    needs: ['describe transactional_id x', 'describe transactional_id y'],
    topics: ['a'],
    ...withTransactions('x', 'y'),
    request: () => ({ stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null }),
    view: (body, stage) => ({ ...body, transactionStates: own(body.transactionStates, stage) }),
  },
]

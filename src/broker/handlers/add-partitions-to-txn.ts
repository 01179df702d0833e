import { isInternalTopic } from '../../cluster/topic-name.js'
import type { VerifiedPartitions } from '../../coordinator/transaction/verify-partitions.js'
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { AddPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { collapsed, type TopicSpelling } from '../repeated.js'

type Transaction = RequestOf<typeof AddPartitionsToTxn>['transactions'][number]
type TopicResults = NonNullable<ResponseOf<typeof AddPartitionsToTxn>['resultsByTopicV3AndBelow']>

// AddPartitionsToTxn v0-5: partitions become part of a producer's transaction. Up to v3 from clients. v4: from brokers, for
// several transactions, or just to look whether they are part of it (KIP-890); a broker alone asks itself.
export const addPartitionsToTxn = handler(AddPartitionsToTxn, async (request, context) => {
  const { version } = context
  if (version < 4) return { resultsByTopicV3AndBelow: await added(transactionOf(request), context) }
  if (!context.may('cluster_action', 'cluster', '')) return { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED }
  // An id that is named twice is answered twice, by the last that was said of it.
  const byId = new Map(request.transactions.map(transaction => [transaction.transactionalId, transaction]))
  const results = new Map<string, TopicResults>()
  for (const [transactionalId, transaction] of byId) {
    results.set(transactionalId, await added(transaction, context))
    const paused = context.pause()
    if (paused !== null) await paused
  }
  const resultOf = ({ transactionalId }: Transaction) => ({ transactionalId, topicResults: results.get(transactionalId)! })
  return { resultsByTransaction: request.transactions.map(resultOf) }
})

function transactionOf(request: RequestOf<typeof AddPartitionsToTxn>): Transaction {
  return {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    verifyOnly: false,
    topics: request.v3AndBelowTopics,
  }
}

async function added(transaction: Transaction, context: RequestContext): Promise<TopicResults> {
  const { broker, version } = context
  const { transactionalId, verifyOnly } = transaction
  if (version < 4 && !context.may('write', 'transactional_id', transactionalId)) {
    return resultsOf(transaction.topics, () => Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  }
  const topics = collapsed(transaction.topics, spelling)
  // One partition that cannot be part of it, and none is.
  const hasRefused = topics.some(({ name, partitions }) => partitions.some(index => partitionError(context, name, index) !== 0))
  if (hasRefused) {
    return resultsOf(topics, (name, index) => partitionError(context, name, index) || Errors.OPERATION_NOT_ATTEMPTED)
  }
  const asked = { ...transaction, topics }
  if (verifyOnly) {
    const verified = await broker.transactions.verifyPartitions(asked, { version })
    return isErrorCode(verified) ? resultsOf(transaction.topics, () => verified) : verified.map(topicResult)
  }
  const errorCode = await broker.transactions.addPartitions(asked, { version, api: 'AddPartitionsToTxn' })
  // [KIP-588]
  const isOldFence = version < 2 && errorCode === Errors.PRODUCER_FENCED
  return resultsOf(transaction.topics, () => (isOldFence ? Errors.INVALID_PRODUCER_EPOCH : errorCode))
}

/** Brokers ask for what their clients may do, and for the group's offsets, too. */
function partitionError(context: RequestContext, topic: string, index: number): ErrorCode {
  const isClient = context.version < 4
  if (isClient && (isInternalTopic(topic) || !context.may('write', 'topic', topic))) return Errors.TOPIC_AUTHORIZATION_FAILED
  return context.broker.topics.partition(topic, index) === undefined ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE
}

type Topics = readonly Transaction['topics'][number][]

function resultsOf(topics: Topics, codeOf: (topic: string, index: number) => ErrorCode): TopicResults {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map(index => ({ partitionIndex: index, partitionErrorCode: codeOf(name, index) })),
  }))
}

function topicResult({ name, partitions }: VerifiedPartitions[number]): TopicResults[number] {
  return {
    name,
    resultsByPartition: partitions.map(({ partitionIndex, errorCode }) => ({ partitionIndex, partitionErrorCode: errorCode })),
  }
}

const spelling: TopicSpelling<Transaction['topics'][number], number> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitions }) => partitions,
  indexOf: partition => partition,
  withPartitions: (topic, partitions) => ({ ...topic, partitions: [...partitions] }),
}

import type { DescribedTransaction } from '../../coordinator/transaction/describe.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeTransactions } from '../../protocol/messages/describe-transactions.js'
import { handler } from '../handler.js'

// DescribeTransactions v0: where transactional ids stand, and on which partitions their transactions are open (KIP-664). An id
// that is named twice is answered twice.
export const describeTransactions = handler(DescribeTransactions, async (request, context) => {
  const { transactions } = context.broker
  const described = new Map<string, DescribedTransaction>()
  for (const transactionalId of request.transactionalIds) {
    if (described.has(transactionalId)) continue
    if (!context.may('describe', 'transactional_id', transactionalId)) {
      described.set(transactionalId, { transactionalId, errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED })
      continue
    }
    const { topics = [], ...rest } = await transactions.describe(transactionalId)
    described.set(transactionalId, { ...rest, topics: topics.filter(({ topic }) => context.may('describe', 'topic', topic)) })
    const paused = context.pause()
    if (paused !== null) await paused
  }
  return { transactionStates: request.transactionalIds.map(id => described.get(id) as DescribedTransaction) }
})

import type { DescribedTransaction } from '../../coordinator/transaction/describe.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeTransactions } from '../../protocol/messages/describe-transactions.js'
import { Slices } from '../../storage/slices.js'
import { handler } from '../handler.js'

// DescribeTransactions v0: where transactional ids stand, and on which partitions their transactions are open (KIP-664). An id
// that is named twice is answered twice.
export const describeTransactions = handler(DescribeTransactions, async (request, context) => {
  const { transactions, world } = context.broker
  const slices = new Slices(world.host)
  const described = new Map<string, DescribedTransaction>()
  for (const transactionalId of request.transactionalIds) {
    if (described.has(transactionalId)) continue
    if (!context.may('describe', 'transactional_id', transactionalId)) {
      described.set(transactionalId, { transactionalId, errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED })
      continue
    }
    const { topics = [], ...rest } = await transactions.describe(transactionalId)
    described.set(transactionalId, { ...rest, topics: topics.filter(({ topic }) => context.may('describe', 'topic', topic)) })
    if (slices.isOver) await slices.next()
  }
  return { transactionStates: request.transactionalIds.map(id => described.get(id) as DescribedTransaction) }
})

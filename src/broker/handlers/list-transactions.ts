import { Errors } from '../../protocol/errors.js'
import { ListTransactions } from '../../protocol/messages/list-transactions.js'
import { handler } from '../handler.js'
import { patternOf } from '../pattern.js'

// ListTransactions v0-2: the transactional ids of this broker that the client may see. v1: only those whose transaction has
// been open for so long (KIP-994). v2: only those that match a pattern (KIP-1152).
export const listTransactions = handler(ListTransactions, async (request, context) => {
  const { transactions } = context.broker
  const { transactionalIdPattern } = request
  const isEvery = transactionalIdPattern === null || transactionalIdPattern === ''
  const isWanted = isEvery ? null : patternOf(transactionalIdPattern)
  if (!isEvery && isWanted === null) {
    return ListTransactions.failure(request, Errors.INVALID_REGULAR_EXPRESSION, context.version)
  }
  const mayList = (transactionalId: string): boolean => context.may('describe', 'transactional_id', transactionalId)
  const answer = await transactions.list({ ...request, mayList })
  if (isWanted === null) return answer
  const transactionStates = []
  for (const transaction of answer.transactionStates) {
    if (isWanted(transaction.transactionalId)) transactionStates.push(transaction)
    const paused = context.pause()
    if (paused !== null) await paused
  }
  return { ...answer, transactionStates }
})

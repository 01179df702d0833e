// DescribeTransactions v0, one id of it: the handler drops topics that the client may not see (KIP-664).
import { Errors } from '../../protocol/errors.js'
import type { DescribeTransactions } from '../../protocol/messages/describe-transactions.js'
import type { ResponseOf } from '../../protocol/schema.js'
import type { Command } from './command.js'
import type { TransactionShard } from './state.js'

export type DescribedTransaction = ResponseOf<typeof DescribeTransactions>['transactionStates'][number]

export const describe: Command<string, DescribedTransaction> = {
  decide(shard, { request: transactionalId, token }, turn) {
    turn.answer(token, described(shard, transactionalId))
  },
  failure: (transactionalId, errorCode) => ({ transactionalId, errorCode }),
}

function described(shard: TransactionShard, transactionalId: string): DescribedTransaction {
  if (transactionalId === '') return { transactionalId, errorCode: Errors.INVALID_REQUEST }
  const transaction = shard.transactions.get(transactionalId)
  if (transaction === undefined) return { transactionalId, errorCode: Errors.TRANSACTIONAL_ID_NOT_FOUND }
  return {
    errorCode: Errors.NONE,
    transactionalId,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startMs,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: transaction.partitions.map(({ topic, partitionIds }) => ({ topic, partitions: partitionIds })),
  }
}

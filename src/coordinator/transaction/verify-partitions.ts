// AddPartitionsToTxn v4-5 with verifyOnly, and Produce below v12: whether partitions are part of the transaction (KIP-890).
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import type { Command } from './command.js'
import { hasPartition } from './partitions.js'
import { isPrepared, type PartitionsRequest, type Transaction, type TransactionShard } from './state.js'

/** NONE or TRANSACTION_ABORTABLE for each partition, in the order of the request. */
export type VerifiedPartitions = readonly {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: ErrorCode }[]
}[]

export const verifyPartitions: Command<PartitionsRequest, VerifiedPartitions | ErrorCode> = {
  decide(shard, { request, token }, turn) {
    const transaction = verifiable(shard, request)
    turn.answer(token, isErrorCode(transaction) ? transaction : verified(transaction, request))
  },
  failure: (_request, errorCode) => errorCode,
}

function verifiable(shard: TransactionShard, request: PartitionsRequest): Transaction | ErrorCode {
  if (request.transactionalId === '') return Errors.INVALID_REQUEST
  const transaction = shard.transactions.get(request.transactionalId)
  if (transaction === undefined || transaction.producerId !== request.producerId) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (transaction.producerEpoch !== request.producerEpoch) return Errors.PRODUCER_FENCED
  return isPrepared(transaction) ? Errors.CONCURRENT_TRANSACTIONS : transaction
}

function verified(transaction: Transaction, { topics }: PartitionsRequest): VerifiedPartitions {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(partitionIndex => ({
      partitionIndex,
      errorCode: hasPartition(transaction.partitions, name, partitionIndex) ? Errors.NONE : Errors.TRANSACTION_ABORTABLE,
    })),
  }))
}

/** All markers of a transaction are written: it has ended, and its id is free for the next. */
import { endWaitOf } from './add-partitions.js'
import type { PreparedTransaction, TransactionTurn } from './command.js'
import { isPrepared, type TransactionShard } from './state.js'
import { completed } from './transition.js'

export function complete(shard: TransactionShard, prepared: PreparedTransaction, turn: TransactionTurn): void {
  const { transactionalId, producerId, producerEpoch } = prepared
  const transaction = shard.transactions.get(transactionalId)
  const isStill = transaction?.producerId === producerId && transaction.producerEpoch === producerEpoch && isPrepared(transaction)
  if (!isStill) return
  turn.write({ transactionalId, value: completed(transaction, turn.nowMs) })
  endWaitOf(shard, transactionalId, turn)
  // The markers are written, so nothing but this record is left to do.
  turn.ifRefused(again => again.setDeadline(`complete ${transactionalId}`, completeAgainMs, { type: 'complete', ...prepared }))
}

const completeAgainMs = 100

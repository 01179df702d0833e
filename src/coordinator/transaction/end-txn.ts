// EndTxn v0-5: commits or aborts. The answer leaves when the decision (Prepare*) is durable; markers follow. v2: PRODUCER_FENCED
// in place of INVALID_PRODUCER_EPOCH (KIP-588). v5: the epoch is bumped, so that what is said twice can be told from what is
// said again; an abort is accepted with nothing begun, because the client cannot know what its lost requests began (KIP-890).
import type { ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { EndTxn } from '../../protocol/messages/end-txn.js'
import type { Producer } from '../../protocol/records/marker.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { Command, TransactionTurn } from './command.js'
import { isExhausted, isPrepared, noProducerEpoch, noProducerId, type Transaction, type TransactionShard } from './state.js'
import { endTransaction, nextIdentity } from './transition.js'

type EndRequest = RequestOf<typeof EndTxn>

export const endTxn: Command<EndRequest, ResponseOf<typeof EndTxn>> = {
  decide(shard, { request, context: { version }, token }, turn) {
    const outcome = version >= 5 ? endBumped(shard, request, turn) : endClassic(shard, request, turn)
    if (!isErrorCode(outcome)) {
      turn.answer(token, { errorCode: Errors.NONE, producerId: outcome.producerId, producerEpoch: outcome.producerEpoch })
      return
    }
    const isOld = outcome === Errors.PRODUCER_FENCED && version < 2
    turn.answer(token, EndTxn.failure(request, isOld ? Errors.INVALID_PRODUCER_EPOCH : outcome, version))
  },
  failure: (request, errorCode, { version }) => EndTxn.failure(request, errorCode, version),
}

/** v0-4. */
function endClassic(shard: TransactionShard, request: EndRequest, turn: TransactionTurn): Producer | ErrorCode {
  const { transactionalId, producerId, producerEpoch, committed: isCommit } = request
  if (transactionalId === '') return Errors.INVALID_REQUEST
  const transaction = shard.transactions.get(transactionalId)
  if (transaction === undefined || transaction.producerId !== producerId) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (transaction.producerEpoch !== producerEpoch) return Errors.PRODUCER_FENCED
  switch (transaction.state) {
    case 'Ongoing':
      endTransaction(shard, transactionalId, transaction, { isCommit, version: 0, isFence: false }, turn)
      return nobody
    case 'PrepareCommit':
    case 'PrepareAbort':
      return Errors.CONCURRENT_TRANSACTIONS
    case 'CompleteCommit':
      return isCommit ? nobody : Errors.INVALID_TXN_STATE
    case 'CompleteAbort':
      return isCommit ? Errors.INVALID_TXN_STATE : nobody
    case 'Empty':
      return Errors.INVALID_TXN_STATE
  }
}

const nobody: Producer = { producerId: noProducerId, producerEpoch: noProducerEpoch }

/** v5. */
function endBumped(shard: TransactionShard, request: EndRequest, turn: TransactionTurn): Producer | ErrorCode {
  const { transactionalId, producerId, producerEpoch, committed: isCommit } = request
  if (transactionalId === '') return Errors.INVALID_REQUEST
  const transaction = shard.transactions.get(transactionalId)
  if (transaction === undefined) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (isPrepared(transaction)) return Errors.CONCURRENT_TRANSACTIONS
  const isOverflowRetry = hasOverflowed(transaction, producerId, producerEpoch)
  if (transaction.producerId !== producerId && !isOverflowRetry) return Errors.INVALID_PRODUCER_ID_MAPPING
  const isCurrent = transaction.producerEpoch === producerEpoch
  // An epoch that a classic client has ended belongs to that client: who had the one before is fenced. (Kafka lets it in.)
  const isBumpRetry = transaction.clientTransactionVersion === 2 && transaction.producerEpoch === producerEpoch + 1
  const isRetry = isOverflowRetry || isBumpRetry
  const hasEnded = transaction.state === 'CompleteCommit' || transaction.state === 'CompleteAbort'
  if (!isCurrent && !(isRetry && hasEnded)) return Errors.PRODUCER_FENCED

  // Said twice: the answer is the same, if it was this that ended the transaction.
  if (isRetry) {
    const hasCommitted = transaction.state === 'CompleteCommit'
    return isCommit === hasCommitted ? transaction : Errors.INVALID_TXN_STATE
  }
  if (transaction.state !== 'Ongoing' && isCommit) return Errors.INVALID_TXN_STATE
  const prepared = endTransaction(shard, transactionalId, transaction, { isCommit, version: 2, isFence: false }, turn)
  return prepared === null ? Errors.COORDINATOR_LOAD_IN_PROGRESS : nextIdentity(prepared)
}

/** The epochs ran out with this very request, and the producer has another id since. */
function hasOverflowed(transaction: Transaction, producerId: ProducerId, producerEpoch: ProducerEpoch): boolean {
  return transaction.previousProducerId === producerId && transaction.producerEpoch === 0 && isExhausted(producerEpoch)
}

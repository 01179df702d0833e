// InitProducerId v0-5 with a transactional id: a producer's identity, new or with its epoch bumped; whoever had it before is
// fenced. v3: the producer says who it was (KIP-360). v4: PRODUCER_FENCED in place of INVALID_PRODUCER_EPOCH (KIP-588).
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import type { Producer } from '../../protocol/records/marker.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { Command, TransactionTurn } from './command.js'
import { transactionalIdCharsMax, transactionalIdCharsPerShardMax, transactionalIdsMax } from './config.js'
import { noPartitions } from './partitions.js'
import { isExhausted, isPrepared, noProducerEpoch, noProducerId, type Transaction, type TransactionShard } from './state.js'
import { endTransaction } from './transition.js'

export type InitProducerIdRequest = RequestOf<typeof InitProducerId> & { readonly transactionalId: string }

export const initProducerId: Command<InitProducerIdRequest, ResponseOf<typeof InitProducerId>> = {
  decide(shard, { request, context: { version }, token }, turn) {
    const identity = init(shard, request, turn)
    if (!isErrorCode(identity)) {
      turn.answer(token, { errorCode: Errors.NONE, producerId: identity.producerId, producerEpoch: identity.producerEpoch })
      return
    }
    const isOld = identity === Errors.PRODUCER_FENCED && version < 4
    turn.answer(token, InitProducerId.failure(request, isOld ? Errors.INVALID_PRODUCER_EPOCH : identity, version))
  },
  failure: (request, errorCode, { version }) => InitProducerId.failure(request, errorCode, version),
}

function init(shard: TransactionShard, request: InitProducerIdRequest, turn: TransactionTurn): Producer | ErrorCode {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
  // [KIP-360] An id and its epoch come together or not at all.
  if ((producerId === noProducerId) !== (producerEpoch === noProducerEpoch)) return Errors.INVALID_REQUEST
  if (transactionalId === '' || transactionalId.length > transactionalIdCharsMax) return Errors.INVALID_REQUEST
  const { transactionMaxTimeoutMs, transactionVersion } = shard.config()
  if (transactionTimeoutMs <= 0 || transactionTimeoutMs > transactionMaxTimeoutMs) return Errors.INVALID_TRANSACTION_TIMEOUT

  const expected = producerId === noProducerId ? null : { producerId, producerEpoch }
  const transaction = shard.transactions.get(transactionalId) ?? newTransaction(shard, transactionalId, transactionTimeoutMs)
  if (isErrorCode(transaction)) return transaction
  if (isPrepared(transaction)) return Errors.CONCURRENT_TRANSACTIONS
  if (expected !== null && !mayBe(transaction, expected)) return Errors.PRODUCER_FENCED
  if (transaction.state === 'Ongoing') {
    // The fencing epoch is never given to a client: it asks again, and gets one above it.
    const ending = { isCommit: false, version: transactionVersion, isFence: true }
    const ended = endTransaction(shard, transactionalId, transaction, ending, turn)
    return ended === null ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.CONCURRENT_TRANSACTIONS
  }

  const identity = nextOf(shard, transaction, expected)
  if (isErrorCode(identity)) return identity
  const value: Transaction = {
    ...transaction,
    ...identity,
    state: 'Empty',
    previousProducerId: transaction.producerId,
    timeoutMs: transactionTimeoutMs,
    partitions: noPartitions,
    startMs: -1,
    lastUpdateMs: turn.nowMs,
  }
  turn.write({ transactionalId, value })
  return identity
}

/** What an id is before its first record. */
function newTransaction(shard: TransactionShard, transactionalId: string, timeoutMs: number): Transaction | ErrorCode {
  if (shard.transactions.size >= transactionalIdsMax) return Errors.POLICY_VIOLATION
  if (shard.transactionalIdChars + transactionalId.length > transactionalIdCharsPerShardMax) return Errors.POLICY_VIOLATION
  const producerId = shard.takeProducerId()
  if (producerId === null) return Errors.COORDINATOR_LOAD_IN_PROGRESS
  return {
    state: 'Empty',
    producerId,
    producerEpoch: noProducerEpoch,
    previousProducerId: noProducerId,
    nextProducerId: noProducerId,
    lastProducerEpoch: noProducerEpoch,
    timeoutMs,
    partitions: noPartitions,
    startMs: -1,
    lastUpdateMs: -1,
    clientTransactionVersion: 0,
  }
}

/**
 * Whether the caller may be this producer. An id that has expired meanwhile begins anew. A caller at the end of its epochs
 * may not have heard of the id that followed.
 */
function mayBe(transaction: Transaction, { producerId, producerEpoch }: Producer): boolean {
  if (transaction.producerEpoch === noProducerEpoch || transaction.producerId === producerId) return true
  return transaction.previousProducerId === producerId && isExhausted(producerEpoch)
}

type Identity = Pick<Transaction, 'producerId' | 'producerEpoch' | 'lastProducerEpoch'>

function nextOf(shard: TransactionShard, transaction: Transaction, expected: Producer | null): Identity | ErrorCode {
  const { producerId, producerEpoch, lastProducerEpoch } = transaction
  const isCurrent = expected !== null && (expected.producerEpoch === producerEpoch || producerEpoch === noProducerEpoch)
  if (expected !== null && !isCurrent) {
    // [KIP-360] Said twice, because the answer was lost. A new instance would have made the last epoch -1.
    if (expected.producerEpoch === lastProducerEpoch) return { producerId, producerEpoch, lastProducerEpoch }
    return Errors.PRODUCER_FENCED
  }
  const last = isCurrent ? producerEpoch : noProducerEpoch
  if (!isExhausted(producerEpoch)) return { producerId, producerEpoch: producerEpoch + 1, lastProducerEpoch: last }
  const next = shard.takeProducerId()
  if (next === null) return Errors.COORDINATOR_LOAD_IN_PROGRESS
  return { producerId: next, producerEpoch: 0, lastProducerEpoch: last }
}

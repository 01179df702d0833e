// Partitions become part of a transaction, and the first of them begins it: AddPartitionsToTxn, AddOffsetsToTxn (a partition
// of __consumer_offsets), and the implicit adds of KIP-890 in Produce and TxnOffsetCommit. One code for all partitions.
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import type { CallContext, Command, TransactionTurn } from './command.js'
import { partitionsPerTransactionMax } from './config.js'
import { watchTimeouts } from './expire.js'
import { noPartitions, partitionCount, type TopicPartitions, withPartitions } from './partitions.js'
import {
  type ClientTransactionVersion,
  isPrepared,
  type PartitionsRequest,
  type Transaction,
  type TransactionShard,
  type WaitingAdd,
} from './state.js'

export interface AddContext extends CallContext {
  /** By it, what the client's version of the protocol is known. */
  readonly api: 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'implicit'
}

export const addPartitions: Command<PartitionsRequest, ErrorCode, AddContext> = {
  decide(shard, { request, context, token }, turn) {
    const before = shard.transactions.get(request.transactionalId)
    const after = added(before, request, clientVersion(context), turn.nowMs)
    if (!isErrorCode(after)) {
      if (after !== before) write(shard, request.transactionalId, after, turn)
      turn.answer(token, Errors.NONE)
    } else if (after === Errors.CONCURRENT_TRANSACTIONS && context.api === 'implicit') {
      waitForEnd(shard, { request, token }, turn)
    } else turn.answer(token, after)
  },
  failure: (_request, errorCode) => errorCode,
}

function write(shard: TransactionShard, transactionalId: string, value: Transaction, turn: TransactionTurn): void {
  turn.write({ transactionalId, value })
  watchTimeouts(shard, turn)
}

/** The transaction with these partitions; the same one when it had them all. */
function added(
  transaction: Transaction | undefined,
  request: PartitionsRequest,
  clientTransactionVersion: ClientTransactionVersion,
  nowMs: number,
): Transaction | ErrorCode {
  const { transactionalId, producerId, producerEpoch } = request
  if (transactionalId === '') return Errors.INVALID_REQUEST
  if (transaction === undefined || transaction.producerId !== producerId) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (transaction.producerEpoch !== producerEpoch) return Errors.PRODUCER_FENCED
  if (isPrepared(transaction)) return Errors.CONCURRENT_TRANSACTIONS

  const isOngoing = transaction.state === 'Ongoing'
  const partitions = withPartitions(isOngoing ? transaction.partitions : noPartitions, topicPartitions(request))
  if (isOngoing && partitions === transaction.partitions) return transaction
  if (partitionCount(partitions) > partitionsPerTransactionMax) return Errors.UNKNOWN_SERVER_ERROR
  return {
    ...transaction,
    state: 'Ongoing',
    previousProducerId: producerId,
    partitions,
    startMs: isOngoing ? transaction.startMs : nowMs,
    lastUpdateMs: nowMs,
    clientTransactionVersion,
  }
}

/**
 * A client begins its next transaction as soon as the end of the last is decided, while the markers are being written. Kafka
 * tries again in 20 ms, each time; here the add waits for the end, for as long.
 */
function waitForEnd({ waitingAdds }: TransactionShard, waiting: WaitingAdd, turn: TransactionTurn): void {
  const { transactionalId } = waiting.request
  const others = waitingAdds.get(transactionalId)
  if (others !== undefined) {
    others.push(waiting)
    return
  }
  waitingAdds.set(transactionalId, [waiting])
  endWait(transactionalId, waitMsMax, turn)
}

const waitMsMax = 20

function endWait(transactionalId: string, afterMs: number, turn: TransactionTurn): void {
  turn.setDeadline(`wait ${transactionalId}`, afterMs, { type: 'end-wait', transactionalId })
}

/** The transaction has ended: once this decision is applied, what waits for it goes on. */
export function endWaitOf({ waitingAdds }: TransactionShard, transactionalId: string, turn: TransactionTurn): void {
  if (waitingAdds.has(transactionalId)) endWait(transactionalId, 0, turn)
}

/** The end has come, or does not come in time. Each goes on from what the one before it has left. */
export function resumeAdds(shard: TransactionShard, transactionalId: string, turn: TransactionTurn): void {
  const waiting = shard.waitingAdds.get(transactionalId) ?? []
  shard.waitingAdds.delete(transactionalId)
  const before = shard.transactions.get(transactionalId)
  let transaction = before
  for (const { request, token } of waiting) {
    const after = added(transaction, request, 2, turn.nowMs)
    turn.answer(token, isErrorCode(after) ? after : Errors.NONE)
    if (!isErrorCode(after)) transaction = after
  }
  if (transaction !== undefined && transaction !== before) write(shard, transactionalId, transaction, turn)
}

const topicPartitions = ({ topics }: PartitionsRequest): TopicPartitions =>
  topics.map(({ name, partitions }) => ({ topic: name, partitionIds: partitions }))

function clientVersion({ api, version }: AddContext): ClientTransactionVersion {
  if (api === 'implicit') return 2
  return api === 'AddPartitionsToTxn' && version > 3 ? 2 : 0
}

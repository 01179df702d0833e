// Partitions become part of a transaction, and the first of them begins it: AddPartitionsToTxn, AddOffsetsToTxn (a partition
// of __consumer_offsets), and the implicit adds of KIP-890 in Produce and TxnOffsetCommit. One code for all partitions.
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { CallContext, Command, TransactionTurn } from './command.js'
import { partitionsPerTransactionMax } from './config.js'
import { watchTimeouts } from './expire.js'
import { noPartitions, partitionCount, type TopicPartitions, withPartitions } from './partitions.js'
import { type ClientTransactionVersion, isPrepared, type Transaction, type TransactionShard } from './state.js'

export interface PartitionsRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

export interface AddContext extends CallContext {
  /** By it, what the client's version of the protocol is known. */
  readonly api: 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'implicit'
}

export const addPartitions: Command<PartitionsRequest, ErrorCode, AddContext> = {
  decide(shard, { request, context, token }, turn) {
    turn.answer(token, add(shard, request, context, turn))
  },
  failure: (_request, errorCode) => errorCode,
}

function add(shard: TransactionShard, request: PartitionsRequest, context: AddContext, turn: TransactionTurn): ErrorCode {
  const { transactionalId, producerId, producerEpoch } = request
  if (transactionalId === '') return Errors.INVALID_REQUEST
  const transaction = shard.transactions.get(transactionalId)
  if (transaction === undefined || transaction.producerId !== producerId) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (transaction.producerEpoch !== producerEpoch) return Errors.PRODUCER_FENCED
  if (isPrepared(transaction)) return Errors.CONCURRENT_TRANSACTIONS

  const isOngoing = transaction.state === 'Ongoing'
  const partitions = withPartitions(isOngoing ? transaction.partitions : noPartitions, topicPartitions(request))
  if (isOngoing && partitions === transaction.partitions) return Errors.NONE
  if (partitionCount(partitions) > partitionsPerTransactionMax) return Errors.UNKNOWN_SERVER_ERROR
  const value: Transaction = {
    ...transaction,
    state: 'Ongoing',
    previousProducerId: producerId,
    partitions,
    startMs: isOngoing ? transaction.startMs : turn.nowMs,
    lastUpdateMs: turn.nowMs,
    clientTransactionVersion: clientTransactionVersion(context),
  }
  turn.write({ transactionalId, value })
  watchTimeouts(shard, turn)
  return Errors.NONE
}

const topicPartitions = ({ topics }: PartitionsRequest): TopicPartitions =>
  topics.map(({ name, partitions }) => ({ topic: name, partitionIds: partitions }))

function clientTransactionVersion({ api, version }: AddContext): ClientTransactionVersion {
  if (api === 'implicit') return 2
  return api === 'AddPartitionsToTxn' && version > 3 ? 2 : 0
}

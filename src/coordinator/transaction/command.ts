/** What a command is. A request stands in one file with what decides about it; service.ts has a method for each. */
import type { ProducerEpoch, ProducerId } from '../../base/ids.js'
import type { ErrorCode } from '../../protocol/errors.js'
import type { Producer } from '../../protocol/records/marker.js'
import type { Token, Turn } from '../machine.js'
import type { TopicPartitions } from './partitions.js'
import type { TransactionRecord, TransactionShard } from './state.js'

export interface CallContext {
  /** Version of the request. */
  readonly version: number
}

export interface Command<Request, Response, Context = CallContext> {
  decide(shard: TransactionShard, asked: Asked<Request, Response, Context>, turn: TransactionTurn): void
  /** What is answered when the machine cannot: the log refused, the shard is loading, the broker stops. */
  failure(request: Request, errorCode: ErrorCode, context: Context): Response
}

/** A request on its way through a shard. */
export interface Asked<Request, Response, Context> {
  readonly request: Request
  readonly context: Context
  readonly token: Token<Response>
}

/** Everything a shard can be told: what is asked, that markers are written, and deadlines that have passed. */
export type TransactionCommand =
  | { readonly type: 'asked'; readonly decide: (shard: TransactionShard, turn: TransactionTurn) => void }
  | ({ readonly type: 'complete' } & PreparedTransaction)
  | { readonly type: 'end-wait'; readonly transactionalId: string }
  | { readonly type: 'find-timed-out' }
  | { readonly type: 'abort-timed-out'; readonly transactionalId: string }
  | { readonly type: 'expire-ids' }

/** One Prepare* among all there will be. */
export interface PreparedTransaction {
  readonly transactionalId: string
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
}

/** Markers that end a transaction on its partitions. */
export interface WriteMarkers {
  readonly partitions: TopicPartitions
  readonly producer: Producer
  readonly isCommit: boolean
  readonly transactionVersion: number
}

export type TransactionTurn = Turn<TransactionCommand, TransactionRecord, WriteMarkers>

export function asked<Request, Response, Context>(
  { decide }: Command<Request, Response, Context>,
  asked: Asked<Request, Response, Context>,
): TransactionCommand {
  return { type: 'asked', decide: (shard, turn) => decide(shard, asked, turn) }
}

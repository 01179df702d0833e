/**
 * How a transaction comes to its end: Prepare*, markers, Complete*. Whoever ends it (its client, a new instance of it, a
 * timeout) goes this way.
 */
import type { ProducerEpoch, ProducerId } from '../../base/ids.js'
import type { TransactionTurn } from './command.js'
import type { ServerTransactionVersion } from './config.js'
import { noPartitions } from './partitions.js'
import { isExhausted, noProducerEpoch, noProducerId, producerEpochMax, type Transaction, type TransactionShard } from './state.js'

export interface Ending {
  readonly isCommit: boolean
  /** Below 2 the epoch stays what it is, unless the transaction is ended to fence its producer. */
  readonly version: ServerTransactionVersion
  readonly isFence: boolean
}

/** Decides how the transaction ends, and sends the markers that say so. null: there is no producer id at hand for it. */
export function endTransaction(
  shard: TransactionShard,
  transactionalId: string,
  from: Transaction,
  ending: Ending,
  turn: TransactionTurn,
): Transaction | null {
  const identity = ending.version < 2 ? sameIdentity(from, ending) : bumpedIdentity(shard, from)
  if (identity === null) return null
  const prepared: Transaction = {
    ...from,
    ...identity,
    state: ending.isCommit ? 'PrepareCommit' : 'PrepareAbort',
    previousProducerId: from.producerId,
    // [KIP-890] A client may abort what it has not begun; Complete* wants to know since when.
    startMs: from.state === 'Ongoing' ? from.startMs : turn.nowMs,
    lastUpdateMs: turn.nowMs,
  }
  turn.write({ transactionalId, value: prepared })
  sendMarkers(transactionalId, prepared, turn)
  return prepared
}

type Identity = Pick<Transaction, 'producerEpoch' | 'lastProducerEpoch' | 'nextProducerId' | 'clientTransactionVersion'>

/** A fenced producer's markers carry an epoch that it was never given, so that partitions refuse what it still sends. */
function sameIdentity({ producerEpoch, lastProducerEpoch }: Transaction, { isFence }: Ending): Identity {
  const rest = { nextProducerId: noProducerId, clientTransactionVersion: 0 }
  if (!isFence) return { producerEpoch, lastProducerEpoch, ...rest }
  return { producerEpoch: Math.min(producerEpoch + 1, producerEpochMax), lastProducerEpoch: noProducerEpoch, ...rest }
}

/** [KIP-890] Every end bumps the epoch, so that no batch of this transaction can be taken for one of the next. */
function bumpedIdentity(shard: TransactionShard, { producerEpoch }: Transaction): Identity | null {
  const nextProducerId = isExhausted(producerEpoch) ? shard.takeProducerId() : noProducerId
  if (nextProducerId === null) return null
  const isAtEnd = producerEpoch === producerEpochMax
  return {
    producerEpoch: isAtEnd ? producerEpoch : producerEpoch + 1,
    lastProducerEpoch: producerEpoch,
    nextProducerId,
    // What is not bumped must not claim it: partitions would refuse the marker.
    clientTransactionVersion: isAtEnd ? 0 : 2,
  }
}

/** Also after a restart: nobody knows then which of them were written. */
export function sendMarkers(transactionalId: string, prepared: Transaction, turn: TransactionTurn): void {
  const { producerId, producerEpoch, partitions, state, clientTransactionVersion } = prepared
  turn.send(
    {
      partitions,
      producer: { producerId, producerEpoch },
      isCommit: state === 'PrepareCommit',
      transactionVersion: clientTransactionVersion,
    },
    { type: 'complete', transactionalId, producerId, producerEpoch },
  )
}

/** Who the producer is once the markers are written. */
export function nextIdentity(prepared: Transaction): { readonly producerId: ProducerId; readonly producerEpoch: ProducerEpoch } {
  const { nextProducerId, producerId, producerEpoch } = prepared
  return nextProducerId === noProducerId ? { producerId, producerEpoch } : { producerId: nextProducerId, producerEpoch: 0 }
}

export function completed(prepared: Transaction, nowMs: number): Transaction {
  return {
    ...prepared,
    ...nextIdentity(prepared),
    state: prepared.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    previousProducerId: prepared.producerId,
    nextProducerId: noProducerId,
    partitions: noPartitions,
    lastUpdateMs: nowMs,
  }
}

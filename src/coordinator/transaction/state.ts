/**
 * The state of one shard: where each transactional id stands, as its last record says. Kafka's states:
 *
 *            InitProducerId          AddPartitions…          EndTxn              all markers written
 *   (none) ────────────────▶ Empty ────────────────▶ Ongoing ──────▶ PrepareCommit ──────▶ CompleteCommit
 *                                                       │  ▲                                  │
 *                           EndTxn, fence, timeout      ▼  └───────── AddPartitions… ─────────┤
 *                    PrepareAbort ◀─────────────────────┘                                     │
 *                         │ all markers written                                               │
 *                         ▼                        InitProducerId                             ▼
 *                    CompleteAbort ─────────────────────────────────────────────────────▶   Empty
 *
 * A Prepare* is the decision: from its record on, the transaction ends that way, whatever dies. Until Complete* the id
 * answers CONCURRENT_TRANSACTIONS. Kafka's Dead is an id that is not there; its PrepareEpochFence is no state here, because
 * a decision fences and aborts in one step.
 */
import type { ProducerEpoch, ProducerId } from '../../base/ids.js'
import type { ErrorCode } from '../../protocol/errors.js'
import type { Token } from '../machine.js'
import type { TransactionConfig } from './config.js'
import type { TopicPartitions } from './partitions.js'

/** The status of a record is its place in this list. */
export const transactionStates = ['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort'] as const
export type TransactionState = (typeof transactionStates)[number]

/** How a client works, which its requests show. */
export type ClientTransactionVersion = 0 | 2

/** Replaced as a whole by each record, never changed. */
export interface Transaction {
  readonly state: TransactionState
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  /** Who it was before the last record: by it, a client is known that did not hear of its new id. -1: not known. */
  readonly previousProducerId: ProducerId
  /** In Prepare*, when the epochs have run out: who it will be. -1: who it is. */
  readonly nextProducerId: ProducerId
  /** Its owner may not know of the present one yet. Never written: -1 after a replay. */
  readonly lastProducerEpoch: ProducerEpoch
  readonly timeoutMs: number
  readonly partitions: TopicPartitions
  /** -1: since InitProducerId there has been none. */
  readonly startMs: number
  readonly lastUpdateMs: number
  readonly clientTransactionVersion: number
}

/** null forgets the id. */
export interface TransactionRecord {
  readonly transactionalId: string
  readonly value: Transaction | null
}

/** What a request says of partitions of one transaction. */
export interface PartitionsRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

export interface WaitingAdd {
  readonly request: PartitionsRequest
  readonly token: Token<ErrorCode>
}

export interface TransactionShard {
  readonly config: () => TransactionConfig
  /** null: there is none at hand; try again. */
  readonly takeProducerId: () => ProducerId | null
  /** Durable. What records of version 0 do not hold (who it was, who it will be) is gone after a replay, as in Kafka. */
  readonly transactions: Map<string, Transaction>
  /** Length of all its transactional ids together. */
  transactionalIdChars: number
  /** Volatile: implicit adds that came between Prepare* and Complete*, oldest first; none of the lists is empty. */
  readonly waitingAdds: Map<string, WaitingAdd[]>
  /** Volatile: the deadline of the next look for timeouts is set. */
  isWatchingTimeouts: boolean
}

export const noProducerId: ProducerId = -1
export const noProducerEpoch: ProducerEpoch = -1

/** The last epoch that a client is given; the one above is left for fencing it. */
const lastUsableEpoch = 0x7ffe
export const producerEpochMax = 0x7fff

export const isExhausted = (epoch: ProducerEpoch): boolean => epoch >= lastUsableEpoch

export const isPrepared = ({ state }: Transaction): boolean => state === 'PrepareCommit' || state === 'PrepareAbort'

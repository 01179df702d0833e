/**
 * Producers of one partition [KIP-98]: the last batches of each, so that a retry is stored once and a missing one is noticed,
 * and the transaction that it has open. Pure: a map from producer id to its last five batches; the caller checks, appends,
 * then records. The same recording rebuilds the state from the log.
 *
 * Bound: one entry per producer id that wrote within `producer.id.expiration.ms`, or has a transaction open; `expire` removes
 * the rest.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Offset, ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import * as batch from '../../protocol/records/batch.js'
import { type AppendGuard, type Marker, markerOf } from '../../protocol/records/marker.js'
import type { AbortedTransaction } from './compaction-transactions.js'
import { OpenTransactions } from './open-transactions.js'
import { TransactionGuards } from './transaction-guards.js'

/** What a check needs to know of a batch; Admitted has it all. */
export interface ProducedBatch {
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  readonly baseSequence: number
  readonly lastSequence: number
  readonly isTransactional: boolean
}

/** The batch is in the log already: Produce answers as it did the first time. */
export interface Duplicate {
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  readonly timestampMs: number
}

/** Batches that a producer may have in flight, and so the window in which a duplicate is known [KIP-98]. */
export const batchesPerProducerMax = 5

interface RememberedBatch {
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  readonly timestampMs: number
}

export interface ProducerEntry {
  readonly producerId: ProducerId
  producerEpoch: ProducerEpoch
  /** Of the last transaction marker; -1 without one. */
  coordinatorEpoch: number
  /** First offset of the open transaction; -1 without one. */
  currentTxnFirstOffset: Offset
  /** When the producer was last heard of: what its expiry is counted from. */
  lastHeardMs: number
  /** Of what it wrote last, as it stands there: a client may set it to anything. */
  lastTimestampMs: number
  /** Oldest first, at most five, all of `producerEpoch`. */
  readonly batches: RememberedBatch[]
}

export class ProducerStates {
  readonly guards = new TransactionGuards()
  readonly transactions = new OpenTransactions()
  readonly #entries = new Map<ProducerId, ProducerEntry>()

  get size(): number {
    return this.#entries.size
  }

  /** In the order in which the producers were first seen. */
  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values()
  }

  entry(producerId: ProducerId): ProducerEntry | undefined {
    return this.#entries.get(producerId)
  }

  /**
   * May this batch of a client be appended? It is a Duplicate when exactly this batch is among the last five. Otherwise
   * INVALID_PRODUCER_EPOCH (47) from an epoch that was replaced, INVALID_TXN_STATE (48) without the word of the transaction
   * coordinator, or outside of the transaction that is open, OUT_OF_ORDER_SEQUENCE_NUMBER (45) after a gap.
   */
  check(produced: ProducedBatch, guard: AppendGuard): 'append' | Duplicate | ErrorCode {
    if (produced.producerId < 0) return 'append'
    const entry = this.#entries.get(produced.producerId)
    const isCurrentEpoch = entry?.producerEpoch === produced.producerEpoch
    if (isCurrentEpoch) {
      for (const known of entry.batches) {
        if (known.baseSequence === produced.baseSequence && known.lastSequence === produced.lastSequence) return known
      }
    }
    // Produce says 47 and never PRODUCER_FENCED (90): a transactional client may still abort after it.
    if (entry !== undefined && produced.producerEpoch < entry.producerEpoch) return Errors.INVALID_PRODUCER_EPOCH
    const { producerId, producerEpoch, isTransactional } = produced
    if (isTransactional && !this.isInTransaction(producerId, producerEpoch)) {
      if (!isVerified(guard)) return Errors.INVALID_TXN_STATE
      if (this.#isOutOfOrder(produced, entry, guard)) return Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
    }
    // Nothing known, through retention, expiry or a restart: any sequence may be the next, as in Kafka since KIP-360.
    if (entry === undefined) return 'append'
    const isNext = isCurrentEpoch ? isNextSequence(entry, produced.baseSequence) : produced.baseSequence === 0
    if (!isNext) return Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
    return !isTransactional && entry.currentTxnFirstOffset >= 0 ? Errors.INVALID_TXN_STATE : 'append'
  }

  /** Whether the first batch of a transaction on this partition is not the first one that was sent. */
  #isOutOfOrder(produced: ProducedBatch, entry: ProducerEntry | undefined, guard: AppendGuard): boolean {
    const { producerId, producerEpoch, baseSequence } = produced
    const isImplicitAdd = guard !== null && guard !== 'unverified' && guard.isImplicitAdd === true
    // [KIP-890] A client that adds partitions by itself begins every transaction of a new epoch with sequence 0.
    if (isImplicitAdd && baseSequence !== 0 && (entry === undefined || entry.batches.length === 0)) return true
    return this.guards.isAwaited(producerId, producerEpoch, baseSequence)
  }

  /** The same for a coordinator's batch, which has no sequence to speak of. */
  checkOfCoordinator({ producerId, producerEpoch, isTransactional }: ProducedBatch, guard: AppendGuard): 'append' | ErrorCode {
    if (producerId < 0) return 'append'
    const entry = this.#entries.get(producerId)
    if (entry !== undefined && producerEpoch < entry.producerEpoch) return Errors.INVALID_PRODUCER_EPOCH
    if (!isTransactional || this.isInTransaction(producerId, producerEpoch) || isVerified(guard)) return 'append'
    return Errors.INVALID_TXN_STATE
  }

  /**
   * May the end of a transaction be appended? INVALID_PRODUCER_EPOCH (47) below the producer's epoch. Under version 2 the
   * epoch of a marker is a new one; the same one a second time is the coordinator's retry. TRANSACTION_COORDINATOR_FENCED
   * (52) from a coordinator that another one has replaced.
   */
  checkMarker({ producer, coordinatorEpoch }: Marker, version: number): 'append' | ErrorCode {
    const entry = this.#entries.get(producer.producerId) ?? nothingKnown
    const isOpen = entry.currentTxnFirstOffset >= 0
    const isStale = producer.producerEpoch === entry.producerEpoch && version === 2 && isOpen
    if (producer.producerEpoch < entry.producerEpoch || isStale) return Errors.INVALID_PRODUCER_EPOCH
    return coordinatorEpoch < entry.coordinatorEpoch ? Errors.TRANSACTION_COORDINATOR_FENCED : 'append'
  }

  /** Whether the producer has a transaction open, and in this epoch. */
  isInTransaction(producerId: ProducerId, producerEpoch: ProducerEpoch): boolean {
    const entry = this.#entries.get(producerId)
    return entry !== undefined && entry.currentTxnFirstOffset >= 0 && entry.producerEpoch === producerEpoch
  }

  /**
   * Remembers a batch that `check` let through and that now stands at `baseOffset`. `appendedAtMs` is the clock at the
   * append and not the batch's timestamp, which a client may set to anything: a producer that copies old data is not idle.
   */
  record(produced: ProducedBatch, baseOffset: Offset, lastOffset: Offset, timestampMs: number, appendedAtMs: number): void {
    const { producerId, producerEpoch, baseSequence, lastSequence, isTransactional } = produced
    if (producerId < 0) return
    const entry = this.#entryFor(producerId, producerEpoch)
    entry.lastHeardMs = appendedAtMs
    entry.lastTimestampMs = timestampMs
    if (entry.batches.length === batchesPerProducerMax) entry.batches.shift()
    entry.batches.push({ baseSequence, lastSequence, baseOffset, lastOffset, timestampMs })
    if (!isTransactional) return
    // From here on the open transaction itself is the proof.
    this.guards.void(producerId)
    if (entry.currentTxnFirstOffset >= 0) return
    entry.currentTxnFirstOffset = baseOffset
    this.transactions.begin(producerId, baseOffset)
  }

  /** The transaction that a marker at `offset` aborts; null when it aborts none. */
  abortedBy({ producer: { producerId }, isCommit }: Marker, offset: Offset): AbortedTransaction | null {
    const firstOffset = this.#entries.get(producerId)?.currentTxnFirstOffset ?? -1
    if (isCommit || firstOffset < 0) return null
    const lastStableOffset = this.transactions.firstOpenBut(producerId) ?? offset + 1
    return { producerId, firstOffset, lastOffset: offset, lastStableOffset }
  }

  /** Remembers the end of a transaction, which now stands at `offset`; a new epoch empties the window. */
  recordMarker({ producer, coordinatorEpoch }: Marker, offset: Offset, timestampMs: number, appendedAtMs: number): void {
    const { producerId, producerEpoch } = producer
    this.#end(producerId, producerEpoch, offset, timestampMs, appendedAtMs).coordinatorEpoch = coordinatorEpoch
    this.guards.void(producerId)
  }

  #end(producerId: ProducerId, epoch: ProducerEpoch, marker: Offset, timestampMs: number, appendedAtMs: number): ProducerEntry {
    const entry = this.#entryFor(producerId, epoch)
    entry.lastHeardMs = appendedAtMs
    entry.lastTimestampMs = timestampMs
    entry.currentTxnFirstOffset = -1
    this.transactions.end(producerId, marker)
    return entry
  }

  /**
   * Remembers the whole stored batch at `at`, for recovery: nothing is checked, the log is right. Answers the transaction that
   * it aborts; null for any other batch.
   */
  recordStored(bytes: Bytes, at: number, appendedAtMs: number): AbortedTransaction | null {
    const producerId = batch.producerId(bytes, at)
    if (producerId < 0) return null
    if (batch.isControl(bytes, at)) return this.#recordStoredMarker(bytes, at, appendedAtMs)
    const baseOffset = batch.baseOffset(bytes, at)
    const produced: ProducedBatch = {
      producerId,
      producerEpoch: batch.producerEpoch(bytes, at),
      baseSequence: batch.baseSequence(bytes, at),
      lastSequence: batch.lastSequence(bytes, at),
      isTransactional: batch.isTransactional(bytes, at),
    }
    this.record(produced, baseOffset, batch.lastOffset(bytes, at), batch.maxTimestamp(bytes, at), appendedAtMs)
    return null
  }

  #recordStoredMarker(bytes: Bytes, at: number, appendedAtMs: number): AbortedTransaction | null {
    const producerId = batch.producerId(bytes, at)
    const offset = batch.lastOffset(bytes, at)
    const timestampMs = batch.maxTimestamp(bytes, at)
    if (batch.recordCount(bytes, at) === 0) {
      // Compaction kept it for the epoch of its producer; of the transaction nothing is left.
      this.#end(producerId, batch.producerEpoch(bytes, at), offset, timestampMs, appendedAtMs)
      return null
    }
    const marker = markerOf(bytes, at)
    if (marker === null) return null
    const aborted = this.abortedBy(marker, offset)
    this.recordMarker(marker, offset, timestampMs, appendedAtMs)
    return aborted
  }

  /** Forgets producers that were idle for `expirationMs` and have no transaction open; returns how many. */
  expire(nowMs: number, expirationMs: number): number {
    this.guards.expire(nowMs, expirationMs)
    let expired = 0
    for (const entry of this.#entries.values()) {
      if (!isExpired(entry, nowMs, expirationMs)) continue
      this.#entries.delete(entry.producerId)
      expired++
    }
    return expired
  }

  /** Takes over an entry as a snapshot has it. */
  load(entry: ProducerEntry): void {
    this.#entries.set(entry.producerId, entry)
    if (entry.currentTxnFirstOffset >= 0) this.transactions.load(entry.producerId, entry.currentTxnFirstOffset)
  }

  clear(): void {
    this.#entries.clear()
    this.transactions.clear()
  }

  /** The entry, made if need be; a new epoch begins with an empty window. */
  #entryFor(producerId: ProducerId, producerEpoch: ProducerEpoch): ProducerEntry {
    let entry = this.#entries.get(producerId)
    if (entry === undefined) {
      entry = {
        producerId,
        producerEpoch,
        coordinatorEpoch: -1,
        currentTxnFirstOffset: -1,
        lastHeardMs: batch.noTimestamp,
        lastTimestampMs: batch.noTimestamp,
        batches: [],
      }
      this.#entries.set(producerId, entry)
    } else if (entry.producerEpoch !== producerEpoch) {
      entry.producerEpoch = producerEpoch
      entry.batches.length = 0
    }
    return entry
  }
}

export function isExpired(entry: ProducerEntry, nowMs: number, expirationMs: number): boolean {
  return entry.currentTxnFirstOffset < 0 && nowMs - entry.lastHeardMs >= expirationMs
}

/** What a marker meets of a producer that was not heard of. */
const nothingKnown: Pick<ProducerEntry, 'producerEpoch' | 'coordinatorEpoch' | 'currentTxnFirstOffset'> = {
  producerEpoch: batch.noProducerEpoch,
  coordinatorEpoch: -1,
  currentTxnFirstOffset: -1,
}

function isVerified(guard: AppendGuard): boolean {
  return guard === 'unverified' || guard?.isCurrent === true
}

function isNextSequence(entry: ProducerEntry, baseSequence: number): boolean {
  const last = entry.batches.at(-1)
  // An epoch that so far wrote only a marker starts at 0, which is what comes after "none".
  const expected = last === undefined ? 0 : batch.sequenceAfter(last.lastSequence, 1)
  return baseSequence === expected
}

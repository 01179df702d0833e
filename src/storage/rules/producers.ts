/**
 * Idempotent producers of one partition [KIP-98]: the last batches of each producer, so that a retry is stored once and a
 * missing one is noticed. Pure: a map from producer id to its last five batches; the caller checks, appends, then records.
 * The same recording rebuilds the state from the log. Transactions are not decided here; their field in the snapshot is
 * kept as it was read, and an entry with one open never expires.
 *
 * Bound: one entry per producer id that wrote within `producer.id.expiration.ms`; `expire` removes the rest.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Offset, ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import * as batch from '../../protocol/records/batch.js'

/** What a check needs to know of a batch; Admitted has it all. */
export interface ProducedBatch {
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  readonly baseSequence: number
  readonly lastSequence: number
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
  lastTimestampMs: number
  /** Oldest first, at most five, all of `producerEpoch`. */
  readonly batches: RememberedBatch[]
}

export class ProducerStates {
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
   * May this batch be appended? It is a Duplicate when exactly this batch is among the last five. Otherwise
   * INVALID_PRODUCER_EPOCH (47) from an epoch that was replaced, OUT_OF_ORDER_SEQUENCE_NUMBER (45) after a gap.
   */
  check(produced: ProducedBatch): 'append' | Duplicate | ErrorCode {
    if (produced.producerId < 0) return 'append'
    const entry = this.#entries.get(produced.producerId)
    // Nothing known, through retention, expiry or a restart: any sequence may be the next, as in Kafka since KIP-360.
    if (entry === undefined) return 'append'
    if (produced.producerEpoch === entry.producerEpoch) {
      for (const known of entry.batches) {
        if (known.baseSequence === produced.baseSequence && known.lastSequence === produced.lastSequence) return known
      }
      return isNextSequence(entry, produced.baseSequence) ? 'append' : Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
    }
    // Produce says 47 and never PRODUCER_FENCED (90): a transactional client may still abort after it.
    if (produced.producerEpoch < entry.producerEpoch) return Errors.INVALID_PRODUCER_EPOCH
    return produced.baseSequence === 0 ? 'append' : Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
  }

  /**
   * Remembers a batch that `check` let through and that now stands at `baseOffset`. `appendedAtMs` is the clock at the
   * append and not the batch's timestamp, which a client may set to anything: a producer that copies old data is not idle.
   */
  record(produced: ProducedBatch, baseOffset: Offset, lastOffset: Offset, timestampMs: number, appendedAtMs: number): void {
    if (produced.producerId < 0) return
    const entry = this.#entryFor(produced.producerId, produced.producerEpoch)
    entry.lastTimestampMs = appendedAtMs
    if (entry.batches.length === batchesPerProducerMax) entry.batches.shift()
    const { baseSequence, lastSequence } = produced
    entry.batches.push({ baseSequence, lastSequence, baseOffset, lastOffset, timestampMs })
  }

  /**
   * Remembers the stored batch at `at`, for recovery: nothing is checked, the log is right. A transaction marker replaces
   * the epoch and closes the transaction, but leaves the batches of the same epoch.
   */
  recordStored(bytes: Bytes, at: number, appendedAtMs: number): void {
    const producerId = batch.producerId(bytes, at)
    if (producerId < 0) return
    if (batch.isControl(bytes, at)) {
      const entry = this.#entryFor(producerId, batch.producerEpoch(bytes, at))
      entry.currentTxnFirstOffset = -1
      entry.lastTimestampMs = appendedAtMs
      return
    }
    const baseOffset = batch.baseOffset(bytes, at)
    const produced: ProducedBatch = {
      producerId,
      producerEpoch: batch.producerEpoch(bytes, at),
      baseSequence: batch.baseSequence(bytes, at),
      lastSequence: batch.lastSequence(bytes, at),
    }
    this.record(produced, baseOffset, batch.lastOffset(bytes, at), batch.maxTimestamp(bytes, at), appendedAtMs)
  }

  /** Forgets producers that were idle for `expirationMs` and have no transaction open; returns how many. */
  expire(nowMs: number, expirationMs: number): number {
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
  }

  clear(): void {
    this.#entries.clear()
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
  return entry.currentTxnFirstOffset < 0 && nowMs - entry.lastTimestampMs >= expirationMs
}

function isNextSequence(entry: ProducerEntry, baseSequence: number): boolean {
  const last = entry.batches.at(-1)
  // An epoch that so far wrote only a marker starts at 0, which is what comes after "none".
  const expected = last === undefined ? 0 : batch.sequenceAfter(last.lastSequence, 1)
  return baseSequence === expected
}

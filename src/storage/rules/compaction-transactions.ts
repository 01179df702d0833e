/**
 * What compaction has to know of transactions, as Kafka's CleanedTransactionMetadata: records of aborted ones are dropped at
 * once, a marker stays until nothing of its transaction is left (and then until its delete horizon). The batches of a log are
 * shown in order. Also Kafka's `.txnindex` files, which say what was aborted:
 *
 *   34 bytes an entry: version i16 = 0, producerId i64, firstOffset i64, lastOffset i64, lastStableOffset i64
 */
import { allocate, type Bytes, viewOf } from '../../base/bytes.js'
import type { Offset, ProducerId } from '../../base/ids.js'
import * as batch from '../../protocol/records/batch.js'
import { RecordCursor } from '../../protocol/records/records.js'

export interface AbortedTransaction {
  readonly producerId: ProducerId
  readonly firstOffset: Offset
  /** Of the marker. */
  readonly lastOffset: Offset
  readonly lastStableOffset: Offset
}

const abortType = 0
const commitType = 1

export class CleanedTransactions {
  /** Aborted ones whose marker was seen while records of them were still there: what the index of the new segment says. */
  readonly stillAborted: AbortedTransaction[] = []

  /** By first offset; `#next` is the first one that has not begun yet. */
  readonly #aborted: readonly AbortedTransaction[]
  #next = 0
  readonly #ongoingAborted = new Map<ProducerId, { readonly transaction: AbortedTransaction; hasRecords: boolean }>()
  readonly #ongoingCommitted = new Set<ProducerId>()
  readonly #cursor = new RecordCursor()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Sees the batch at `at`; whether it may be discarded: aborted records, or a marker of which nothing is left. */
  see(bytes: Bytes, at: number): boolean {
    this.#begin(batch.lastOffset(bytes, at))
    const producerId = batch.producerId(bytes, at)
    if (batch.isControl(bytes, at)) return this.#seeMarker(bytes, at, producerId)
    if (!batch.isTransactional(bytes, at)) return false
    const aborted = this.#ongoingAborted.get(producerId)
    if (aborted === undefined) {
      this.#ongoingCommitted.add(producerId)
      return false
    }
    aborted.hasRecords = true
    return true
  }

  #seeMarker(bytes: Bytes, at: number, producerId: ProducerId): boolean {
    switch (this.#markerType(bytes, at)) {
      case abortType: {
        const aborted = this.#ongoingAborted.get(producerId)
        this.#ongoingAborted.delete(producerId)
        if (aborted === undefined || !aborted.hasRecords) return true
        this.stillAborted.push(aborted.transaction)
        return false
      }
      case commitType:
        return !this.#ongoingCommitted.delete(producerId)
      case null:
        // Emptied by an earlier compaction, kept for its producer's epoch.
        return true
      default:
        return false
    }
  }

  #markerType(bytes: Bytes, at: number): number | null {
    this.#cursor.open(bytes, at)
    const key = this.#cursor.next() ? this.#cursor.key() : null
    const type = key === null || key.byteLength < 4 ? null : viewOf(key).getInt16(2)
    this.#cursor.close()
    return type
  }

  #begin(offset: Offset): void {
    for (; this.#next < this.#aborted.length && this.#aborted[this.#next]!.firstOffset <= offset; this.#next++) {
      const transaction = this.#aborted[this.#next]!
      if (!this.#ongoingAborted.has(transaction.producerId)) {
        this.#ongoingAborted.set(transaction.producerId, { transaction, hasRecords: false })
      }
    }
  }
}

export const transactionEntrySize = 34

export function versionOfEntry(bytes: Bytes, at: number): number {
  return viewOf(bytes).getInt16(at)
}

export function lastOffsetOfEntry(bytes: Bytes, at: number): Offset {
  return Number(viewOf(bytes).getBigInt64(at + 18))
}

export function abortedTransactionAt(bytes: Bytes, at: number): AbortedTransaction {
  const view = viewOf(bytes)
  return {
    producerId: Number(view.getBigInt64(at + 2)),
    firstOffset: Number(view.getBigInt64(at + 10)),
    lastOffset: Number(view.getBigInt64(at + 18)),
    lastStableOffset: Number(view.getBigInt64(at + 26)),
  }
}

/** The entries of a transaction index; a part of an entry at the end is passed over. */
export function decodeTransactionIndex(bytes: Bytes): AbortedTransaction[] {
  const count = Math.floor(bytes.byteLength / transactionEntrySize)
  return Array.from({ length: count }, (_, n) => abortedTransactionAt(bytes, n * transactionEntrySize))
}

export function encodeTransactionIndex(entries: readonly AbortedTransaction[]): Bytes {
  const bytes = allocate(entries.length * transactionEntrySize)
  const view = viewOf(bytes)
  entries.forEach(({ producerId, firstOffset, lastOffset, lastStableOffset }, n) => {
    const at = n * transactionEntrySize
    view.setInt16(at, 0)
    view.setBigInt64(at + 2, BigInt(producerId))
    view.setBigInt64(at + 10, BigInt(firstOffset))
    view.setBigInt64(at + 18, BigInt(lastOffset))
    view.setBigInt64(at + 26, BigInt(lastStableOffset))
  })
  return bytes
}

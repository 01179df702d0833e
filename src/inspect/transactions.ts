/**
 * Holds the transaction indexes of a partition against its log: every aborted transaction of which a record is left is named in
 * the index of the segment that holds its marker, and nothing else is. What is open at the end is told.
 */
import type { Bytes } from '../base/bytes.js'
import type { Offset, ProducerId } from '../base/ids.js'
import * as batch from '../protocol/records/batch.js'
import { markerOf } from '../protocol/records/marker.js'
import { MalformedError } from '../protocol/wire.js'
import {
  type AbortedTransaction,
  decodeTransactionIndex,
  transactionEntrySize,
  versionOfEntry,
} from '../storage/rules/compaction-transactions.js'
import { ProducerStates } from '../storage/rules/producers.js'
import type { Findings } from './findings.js'

/** Open transactions that are told one by one. */
const openToldMax = 20

export class TransactionCheck {
  readonly #states = new ProducerStates()
  /** Abort markers of the segment that is looked at, by their offsets. */
  #markers = new Map<Offset, ProducerId>()
  #aborted: AbortedTransaction[] = []

  /** The next batch of the log, sound. */
  see(bytes: Bytes, at: number): void {
    const aborted = this.#states.recordStored(bytes, at, 0)
    if (aborted !== null) this.#aborted.push(aborted)
    if (!batch.isControl(bytes, at) || batch.producerId(bytes, at) < 0 || batch.recordCount(bytes, at) === 0) return
    try {
      if (markerOf(bytes, at)?.isCommit === false) this.#markers.set(batch.lastOffset(bytes, at), batch.producerId(bytes, at))
    } catch (error) {
      // What is wrong with it is said where records are counted.
      if (!(error instanceof MalformedError)) throw error
    }
  }

  /** The segment has no more batches. `index`: its transaction index; null without one. `isRemade`: the next start does that. */
  endSegment(path: string, index: Bytes | null, isRemade: (marker: Offset) => boolean, findings: Findings): void {
    const markers = this.#markers
    const aborted = this.#aborted
    this.#markers = new Map()
    this.#aborted = []
    const report = (marker: Offset, message: string, position: number | null): void =>
      isRemade(marker) ? findings.note(path, message, position) : findings.damage(path, message, position)
    const bytes = index ?? new Uint8Array(0)
    const rest = bytes.byteLength % transactionEntrySize
    if (rest > 0) report(Number.MAX_SAFE_INTEGER, `${rest} bytes that are not an entry`, bytes.byteLength - rest)
    const known = new Map<Offset, AbortedTransaction>()
    for (const [n, entry] of decodeTransactionIndex(bytes).entries()) {
      const at = n * transactionEntrySize
      const { producerId, firstOffset, lastOffset } = entry
      known.set(lastOffset, entry)
      if (versionOfEntry(bytes, at) === 0 && markers.get(lastOffset) === producerId && firstOffset < lastOffset) continue
      report(lastOffset, `entry ${n}: no transaction of producer ${producerId} is aborted at offset ${lastOffset}`, at)
    }
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of aborted) {
      const entry = known.get(lastOffset)
      const what = `the transaction of producer ${producerId} from offset ${firstOffset} on, aborted at ${lastOffset},`
      if (entry === undefined) report(lastOffset, `${what} is missing`, null)
      else if (entry.firstOffset > firstOffset || entry.lastStableOffset > lastStableOffset) {
        report(lastOffset, `${what} is said to begin at ${entry.firstOffset}, stable up to ${entry.lastStableOffset}`, null)
      }
    }
  }

  /** The log has no more segments. */
  end(path: string, findings: Findings): void {
    const open = [...this.#states.entries()].filter(({ currentTxnFirstOffset }) => currentTxnFirstOffset >= 0)
    for (const { producerId, currentTxnFirstOffset } of open.slice(0, openToldMax)) {
      findings.note(path, `a transaction of producer ${producerId} is open since offset ${currentTxnFirstOffset}`)
    }
    if (open.length > openToldMax) findings.note(path, `and ${open.length - openToldMax} more transactions are open`)
  }
}

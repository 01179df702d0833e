/**
 * What the coordinator needs from a log, and nothing more. The broker plugs a partition of an internal topic into it;
 * tests plug an array into it.
 */
import type { LeaderEpoch } from '../base/ids.js'
import type { Refusal } from '../protocol/errors.js'
import type { Marker, Producer, TransactionVersion } from '../protocol/records/marker.js'
import type { LogRecord } from './machine.js'

export interface LogPort {
  /** null while the topic is not there. */
  partitionCount(): number | null
  /**
   * Appends records as one batch, of a producer's transaction when there is one. Their place in the log is fixed when this
   * returns.
   * Refused: nothing was written. `durable`: resolves when the records cannot be lost any more, rejects when that will
   * never be known; null when they are durable (as durable as this log ever makes them) already.
   */
  append(partition: number, records: readonly LogRecord[], producer: Producer | null): Written
  /** The same for the end of a transaction. Refused, too, if the producer has gone on to a later epoch. */
  appendMarker(partition: number, marker: Marker, transactionVersion: TransactionVersion): Written
  /** Never goes down, as long as the topic is the same. */
  leaderEpoch(partition: number): LeaderEpoch
  /** The largest batch that the partition takes, with its header. */
  batchBytesMax(partition: number): number
  /** All that a partition has, oldest first. An entry may change with the next step. Records without a key are left out. */
  replay(partition: number): Iterable<LogEntry>
}

export type LogEntry =
  | { readonly kind: 'record'; readonly record: LogRecord; readonly producer: Producer | null }
  | { readonly kind: 'marker'; readonly marker: Marker }
  /** The next one is there when this resolves; it does not reject. */
  | { readonly kind: 'later'; readonly isThere: Promise<void> }

export type Written = Refusal | Appended

export interface Appended {
  readonly durable: Promise<void> | null
}

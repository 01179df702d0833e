/**
 * What the coordinator needs from a log, and nothing more. The broker plugs a partition of an internal topic into it;
 * tests plug an array into it.
 */
import type { ErrorCode } from '../protocol/errors.js'
import type { LogRecord } from './machine.js'

export interface LogPort {
  /** null while the topic is not there. */
  partitionCount(): number | null
  /**
   * Appends records as one batch. Their place in the log is fixed when this returns.
   * `errorCode`: nothing was written. `durable`: resolves when the records cannot be lost any more, rejects when that will
   * never be known; null when they are durable (as durable as this log ever makes them) already.
   */
  append(partition: number, records: readonly LogRecord[]): { readonly errorCode: ErrorCode } | Appended
  /** The largest batch that the partition takes, with its header. */
  batchBytesMax(partition: number): number
  /**
   * All records of a partition, oldest first. Keys and values may be views that change with the next step. A record
   * without a key, and control batches, are left out by the log's side.
   */
  replay(partition: number): Iterable<LogRecord>
}

export interface Appended {
  readonly durable: Promise<void> | null
}

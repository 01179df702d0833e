/**
 * The end of a producer's transaction on a partition: a control batch of one record.
 *
 *   key     version i16 (0) · type i16 (0 abort, 1 commit)
 *   value   version i16 (0) · coordinatorEpoch i32
 */
import { allocate, type Bytes, viewOf } from '../../base/bytes.js'
import type { ProducerEpoch, ProducerId } from '../../base/ids.js'
import { MalformedError } from '../wire.js'
import * as batch from './batch.js'
import { buildBatch } from './build.js'
import { recordsOf } from './records.js'

/**
 * Handed out by a partition before the transaction of a producer's batch is verified. The end of a transaction of that
 * producer makes it void, so that no batch comes in behind the marker on the word of a check that was made before.
 */
export interface TransactionGuard {
  readonly isCurrent: boolean
  /** Its producer leaves it to the broker to add partitions to the transaction. */
  readonly isImplicitAdd?: boolean
}

/** `unverified`: transaction.partition.verification.enable is off. Null: the transaction was open, and has to be still. */
export type AppendGuard = TransactionGuard | 'unverified' | null

/** Who writes in a transaction. */
export interface Producer {
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  /** Of the check that went before; what stands in the log has none. */
  readonly guard?: AppendGuard
}

/** transaction.version: 2 where every end of a transaction raises the producer's epoch [KIP-890]. */
export type TransactionVersion = 0 | 1 | 2

export interface Marker {
  readonly producer: Producer
  readonly isCommit: boolean
  readonly coordinatorEpoch: number
}

const abortType = 0
const commitType = 1

export function markerBatch({ producer, isCommit, coordinatorEpoch }: Marker, timestampMs: number): Bytes {
  const key = allocate(4).fill(0)
  viewOf(key).setInt16(2, isCommit ? commitType : abortType)
  const value = allocate(6).fill(0)
  viewOf(value).setInt32(2, coordinatorEpoch)
  const { producerId, producerEpoch } = producer
  return buildBatch([{ key, value, timestampMs }], { producerId, producerEpoch, isTransactional: true, isControl: true })
}

/** Of the control batch at `at`; null when it says something else than the end of a transaction. */
export function markerOf(bytes: Bytes, at: number): Marker | null {
  const { key, value } = firstRecord(bytes, at)
  if (key === null || value === null || key.byteLength < 4 || value.byteLength < 6) {
    throw new MalformedError('a control record is too short')
  }
  const type = viewOf(key).getInt16(2)
  if (type !== abortType && type !== commitType) return null
  return { producer: producerOf(bytes, at), isCommit: type === commitType, coordinatorEpoch: viewOf(value).getInt32(2) }
}

export function producerOf(bytes: Bytes, at: number): Producer {
  return { producerId: batch.producerId(bytes, at), producerEpoch: batch.producerEpoch(bytes, at) }
}

function firstRecord(bytes: Bytes, at: number) {
  for (const record of recordsOf(bytes, at)) return record
  throw new MalformedError('a control batch without a record')
}

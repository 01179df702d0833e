/** How a partition refuses to append, and in which words. */
import type { Offset } from '../base/ids.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { RecordError } from './rules/admission.js'
import type { ProducedBatch } from './rules/producers.js'
import type { AppendRefusal } from './types.js'

const noRecordErrors: readonly RecordError[] = []

/** Errors at which Kafka has not looked at the log yet. */
export function isBeforeLog(errorCode: ErrorCode): boolean {
  return (
    errorCode === Errors.CORRUPT_MESSAGE || errorCode === Errors.MESSAGE_TOO_LARGE || errorCode === Errors.RECORD_LIST_TOO_LARGE
  )
}

export function refused(
  errorCode: ErrorCode,
  message: string,
  recordErrors = noRecordErrors,
  logStartOffset = -1,
): AppendRefusal {
  return { kind: 'refused', errorCode, message, recordErrors, logStartOffset }
}

const describedAs: Readonly<Record<number, string>> = {
  [Errors.INVALID_PRODUCER_EPOCH]: 'was replaced by one of a later epoch',
  [Errors.INVALID_TXN_STATE]: 'is not in a transaction to which this batch can belong',
  [Errors.OUT_OF_ORDER_SEQUENCE_NUMBER]: 'sent a sequence that is not its next',
  [Errors.TRANSACTION_COORDINATOR_FENCED]: 'is in the care of a later transaction coordinator',
}

/** Its producer may not append this, or not now. */
export function refusedByState(
  errorCode: ErrorCode,
  { producerId, producerEpoch }: Pick<ProducedBatch, 'producerId' | 'producerEpoch'>,
  logStartOffset: Offset,
): AppendRefusal {
  const message = `Producer ${producerId} of epoch ${producerEpoch} ${describedAs[errorCode]}`
  return refused(errorCode, message, noRecordErrors, logStartOffset)
}

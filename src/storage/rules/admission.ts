/**
 * Admission: what the bytes of one partition in a client's Produce (v3 and later) must satisfy before they enter the log.
 * Pure: bytes and rules in, facts or a refusal out; the bytes are not touched before `stamp`.
 *
 * What is looked at, and when:
 *   always              the header: exactly one batch, magic, length, CRC-32C, offsets, count, codec, flags, producer fields
 *   uncompressed batch  also every record: its structure, offset delta, timestamp, and its key on a compacted topic
 *   compressed batch    its records only on a compacted topic (keys) or with `deepValidation`; otherwise the header's
 *                       timestamps are taken as they are, and a wrong record count comes to light at the consumer. Kafka
 *                       decompresses every batch for this; here that would be most of the cost of a Produce.
 *
 * Kafka corrects a maxTimestamp that is not the largest of the records. Here it stays as the client sent it: batches are
 * stored as they came. A time lookup that such a batch misleads goes on to the next one.
 */
import type { Bytes } from '../../base/bytes.js'
import type { LeaderEpoch, Offset, ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import * as batch from '../../protocol/records/batch.js'
import { DecompressedSizeError } from '../../protocol/records/output.js'
import { RecordCursor } from '../../protocol/records/records.js'
import { MalformedError } from '../../protocol/wire.js'

/** A topic's configuration as far as admission asks for it; made anew when the configuration changes. */
export interface AdmissionRules {
  /** max.message.bytes */
  readonly messageBytesMax: number
  /** segment.bytes */
  readonly segmentBytes: number
  /** cleanup.policy contains compact: every record needs a key. */
  readonly isCompacted: boolean
  /** message.timestamp.type */
  readonly timestampType: batch.TimestampType
  /** message.timestamp.before.max.ms; Infinity is no bound. */
  readonly timestampBeforeMaxMs: number
  /** message.timestamp.after.max.ms; Infinity is no bound. */
  readonly timestampAfterMaxMs: number
  /** Looks into compressed batches as well. */
  readonly deepValidation: boolean
  /** What one batch may decompress to when it is looked into; more is MESSAGE_TOO_LARGE. */
  readonly decompressedBytesMax: number
}

/** The facts of an admitted batch that the partition goes on with. */
export interface Admitted {
  readonly refused: false
  /** The whole batch in bytes. */
  readonly size: number
  readonly recordCount: number
  readonly lastOffsetDelta: number
  /** As it will stand in the log: the client's, or the append time on a LogAppendTime topic. */
  readonly maxTimestampMs: number
  /** The append time on a LogAppendTime topic, else -1: what Produce answers as log_append_time_ms. */
  readonly logAppendTimeMs: number
  /** -1 without idempotence. */
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  readonly baseSequence: number
  readonly lastSequence: number
}

export interface RecordError {
  /** Index of the record in its batch. */
  readonly batchIndex: number
  readonly message: string
}

export interface Refusal {
  readonly refused: true
  readonly errorCode: ErrorCode
  readonly message: string
  readonly recordErrors: readonly RecordError[]
}

/** The newest Produce version; any at or above it has the same rules. */
const latestProduceVersion = 13
/** [KIP-110] zstd needs a Produce version whose consumers are warned about it. */
const zstdProduceVersionMin = 7
/** Record errors that one refusal carries; the rest is counted only. */
export const recordErrorsMax = 100

/** Judges `bytes`, the whole records field of one partition, at `nowMs`. */
export function admit(
  bytes: Bytes,
  rules: AdmissionRules,
  nowMs: number,
  produceVersion = latestProduceVersion,
): Admitted | Refusal {
  return (
    refusalByShape(bytes, produceVersion) ??
    refusalBySizeAndSum(bytes, rules) ??
    refusalByHeader(bytes) ??
    refusalByTime(bytes, rules, nowMs) ??
    refusalByRecords(bytes, rules, nowMs) ??
    admitted(bytes, rules, nowMs)
  )
}

/**
 * Makes an admitted batch the log's own, in place: base offset, leader epoch and, on a LogAppendTime topic, the append
 * time. Only the last costs a new checksum.
 */
export function stamp(bytes: Bytes, facts: Admitted, baseOffset: Offset, leaderEpoch: LeaderEpoch): void {
  batch.stampBaseOffset(bytes, 0, baseOffset)
  batch.stampLeaderEpoch(bytes, 0, leaderEpoch)
  if (facts.logAppendTimeMs !== batch.noTimestamp) batch.stampLogAppendTime(bytes, 0, facts.logAppendTimeMs)
}

function admitted(bytes: Bytes, rules: AdmissionRules, nowMs: number): Admitted {
  const isLogAppendTime = rules.timestampType === 'LogAppendTime'
  return {
    refused: false,
    size: bytes.byteLength,
    recordCount: batch.recordCount(bytes, 0),
    lastOffsetDelta: batch.lastOffsetDelta(bytes, 0),
    maxTimestampMs: isLogAppendTime ? nowMs : batch.maxTimestamp(bytes, 0),
    logAppendTimeMs: isLogAppendTime ? nowMs : batch.noTimestamp,
    producerId: batch.producerId(bytes, 0),
    producerEpoch: batch.producerEpoch(bytes, 0),
    baseSequence: batch.baseSequence(bytes, 0),
    lastSequence: batch.lastSequence(bytes, 0),
  }
}

const noRecordErrors: readonly RecordError[] = []

function refuse(errorCode: ErrorCode, message: string, recordErrors = noRecordErrors): Refusal {
  return { refused: true, errorCode, message, recordErrors }
}

/** Exactly one whole batch of magic 2, in a codec that this version of Produce may carry. */
function refusalByShape(bytes: Bytes, produceVersion: number): Refusal | null {
  const size = bytes.byteLength
  // Magic stands at the same place in every format: tell an old message set from a cut-off batch.
  if (size > 16 && batch.magic(bytes, 0) !== batch.batchMagic) {
    return refuse(Errors.INVALID_RECORD, 'Produce takes record batches with magic 2 only')
  }
  if (size < batch.batchHeaderSize) return refuse(Errors.INVALID_RECORD, 'Produce takes exactly one record batch per partition')
  const length = batch.batchLength(bytes, 0)
  if (length < batch.batchHeaderSize) return refuse(Errors.CORRUPT_MESSAGE, `A record batch cannot have ${length} bytes`)
  if (length !== size) return refuse(Errors.INVALID_RECORD, 'Produce takes exactly one record batch per partition')
  const codec = batch.codecOf(bytes, 0)
  if (codec === batch.Codecs.zstd && produceVersion < zstdProduceVersionMin) {
    return refuse(Errors.UNSUPPORTED_COMPRESSION_TYPE, `Produce v${produceVersion} may not carry zstd`)
  }
  return null
}

/** In Kafka's order: a batch that is too large is told so (the client splits it) before its sum is computed. */
function refusalBySizeAndSum(bytes: Bytes, rules: AdmissionRules): Refusal | null {
  const size = bytes.byteLength
  if (batch.baseOffset(bytes, 0) !== 0) return refuse(Errors.INVALID_RECORD, 'The base offset of a produced batch must be 0')
  if (size > rules.messageBytesMax) {
    return refuse(Errors.MESSAGE_TOO_LARGE, `The batch has ${size} bytes, the topic takes ${rules.messageBytesMax}`)
  }
  if (batch.computeCrc(bytes, 0) !== batch.crc(bytes, 0)) return refuse(Errors.CORRUPT_MESSAGE, 'The CRC does not match')
  if (size > rules.segmentBytes) {
    return refuse(Errors.RECORD_LIST_TOO_LARGE, `The batch has ${size} bytes, a segment ${rules.segmentBytes}`)
  }
  return null
}

function refusalByHeader(bytes: Bytes): Refusal | null {
  // Kafka answers UNKNOWN_SERVER_ERROR, the failure of a look-up; the batch is what is wrong.
  if (batch.codecOf(bytes, 0) > batch.Codecs.zstd) return refuse(Errors.INVALID_RECORD, 'Unknown compression type')
  const count = batch.recordCount(bytes, 0)
  const lastOffsetDelta = batch.lastOffsetDelta(bytes, 0)
  if (count <= 0 || lastOffsetDelta !== count - 1) {
    return refuse(Errors.INVALID_RECORD, `Offsets 0 to ${lastOffsetDelta} do not go with ${count} records`)
  }
  if (batch.isControl(bytes, 0)) return refuse(Errors.INVALID_RECORD, 'Clients may not write control records')
  const producerId = batch.producerId(bytes, 0)
  if (producerId > Number.MAX_SAFE_INTEGER) return refuse(Errors.INVALID_RECORD, 'No broker gave out this producer id')
  if (producerId >= 0 && batch.baseSequence(bytes, 0) < 0) {
    return refuse(Errors.INVALID_RECORD, `Producer ${producerId} without a sequence number`)
  }
  // There is no transaction coordinator that could have opened one.
  if (batch.isTransactional(bytes, 0)) return refuse(Errors.INVALID_TXN_STATE, 'No transaction is open for this producer')
  return null
}

/** The header's timestamps. The records' own follow where the records are looked at. */
function refusalByTime(bytes: Bytes, rules: AdmissionRules, nowMs: number): Refusal | null {
  if (batch.timestampType(bytes, 0) !== 'CreateTime') {
    return refuse(Errors.INVALID_TIMESTAMP, 'A producer may not set the timestamp type LogAppendTime')
  }
  if (rules.timestampType === 'LogAppendTime') return null
  const maxTimestampMs = batch.maxTimestamp(bytes, 0)
  if (isOutOfRange(maxTimestampMs, rules, nowMs)) return refuseTime(maxTimestampMs)
  // The base is the first record's timestamp in all known clients; where records are looked at, theirs is what counts.
  if (looksIntoRecords(bytes, rules)) return null
  const baseTimestampMs = batch.baseTimestamp(bytes, 0)
  return isOutOfRange(baseTimestampMs, rules, nowMs) ? refuseTime(baseTimestampMs) : null
}

function refuseTime(timestampMs: number): Refusal {
  return refuse(Errors.INVALID_TIMESTAMP, `Timestamp ${timestampMs} is out of the topic's range`)
}

function isOutOfRange(timestampMs: number, rules: AdmissionRules, nowMs: number): boolean {
  if (timestampMs === batch.noTimestamp) return false
  return (
    nowMs - timestampMs > rules.timestampBeforeMaxMs ||
    timestampMs - nowMs > rules.timestampAfterMaxMs ||
    !Number.isSafeInteger(timestampMs)
  )
}

function looksIntoRecords(bytes: Bytes, rules: AdmissionRules): boolean {
  return rules.isCompacted || rules.deepValidation || batch.codecOf(bytes, 0) === batch.Codecs.none
}

// One cursor for all: admission is synchronous, and a cursor per batch would be the only garbage of a small Produce.
const cursor = new RecordCursor()

function refusalByRecords(bytes: Bytes, rules: AdmissionRules, nowMs: number): Refusal | null {
  if (!looksIntoRecords(bytes, rules)) return null
  try {
    cursor.open(bytes, 0, rules.decompressedBytesMax)
    return refusalByCursor(rules, nowMs)
  } catch (error) {
    // The client splits a batch on MESSAGE_TOO_LARGE, which is what helps here as well.
    if (error instanceof DecompressedSizeError) return refuse(Errors.MESSAGE_TOO_LARGE, error.message)
    if (error instanceof MalformedError) return refuse(Errors.INVALID_RECORD, error.message)
    throw error
  } finally {
    cursor.close()
  }
}

function refusalByCursor(rules: AdmissionRules, nowMs: number): Refusal | null {
  const checksTime = rules.timestampType === 'CreateTime'
  let recordErrors: RecordError[] | null = null
  let errorCount = 0
  let hasTimeError = false
  while (cursor.next()) {
    if (cursor.offsetDelta !== cursor.index) throw new MalformedError(`record ${cursor.index} has offset ${cursor.offsetDelta}`)
    let message: string
    if (rules.isCompacted && cursor.keyLength < 0) message = 'A compacted topic takes no record without a key'
    else if (checksTime && isOutOfRange(cursor.timestampMs, rules, nowMs)) {
      message = `Timestamp ${cursor.timestampMs} is out of the topic's range`
      hasTimeError = true
    } else continue
    errorCount++
    recordErrors ??= []
    if (recordErrors.length < recordErrorsMax) recordErrors.push({ batchIndex: cursor.index, message })
  }
  if (recordErrors === null) return null
  return refuse(
    hasTimeError ? Errors.INVALID_TIMESTAMP : Errors.INVALID_RECORD,
    `${errorCount} records were refused; the first: ${recordErrors[0]!.message}`,
    recordErrors,
  )
}

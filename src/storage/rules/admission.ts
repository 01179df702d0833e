/**
 * Admission: what the bytes of one partition in a client's Produce must satisfy before they enter the log, and in which form
 * they enter it. Pure: bytes and rules in, facts or a refusal out; the client's bytes are not touched before `stamp`.
 *
 * What is looked at, and when:
 *   always              the header: exactly one batch, magic, length, CRC-32C, offsets, count, codec, flags, producer fields
 *   uncompressed batch  also every record: its structure, offset delta, timestamp, and its key on a compacted topic
 *   compressed batch    the same where `validation` (gregor.validate.compressed) says so, on a compacted topic, and where it
 *                       is recompressed; otherwise the header's timestamps are taken as they are, and its record count if
 *                       so many bytes can hold so many records; a wrong one comes to light at the consumer
 *   message set (v0-2)  sizes, CRC-32 and structure of every message, inside of wrappers too; then all of the above
 *
 * What takes long to look into may be put off: `admitOrDefer` says so, `inspect` looks into it with pauses and in other threads,
 * and what that found is believed the next time, as long as the rules are the same.
 *
 * What changes on the way in: a message set becomes one batch; a batch in another codec than the topic's compression.type
 * is recompressed; a maxTimestamp that is not the largest of the records, where they are looked at, becomes it. All else
 * is stored as it came.
 *
 * Differences to Kafka: offset deltas that are not 0, 1, 2 … are refused in plain batches too (Kafka stores them); a batch
 * that says LogAppendTime is always refused (Kafka lets some pass on CreateTime topics); a Produce v0-2 with the beginning of
 * a message and nothing else is refused (Kafka acknowledges it and stores nothing); rubbish behind the last gzip member or
 * snappy block is refused (Kafka steps over it); a batch that decompresses to more than 64 MiB is refused where it is opened.
 */
import type { Bytes } from '../../base/bytes.js'
import type { LeaderEpoch, Offset, ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type Int64, roundedInt64 } from '../../base/int64.js'
import type { Pause } from '../../base/pause.js'
import { type ErrorCode, Errors, isRefusal, type Refusal } from '../../protocol/errors.js'
import * as batch from '../../protocol/records/batch.js'
import { UnsupportedCodecError } from '../../protocol/records/codecs/codec.js'
import { decompressedSizeMax, decompressedSizeSaid, isNative } from '../../protocol/records/compression.js'
import { CorruptMessageError, firstMagic } from '../../protocol/records/message-set.js'
import { openAside } from '../../protocol/records/open-aside.js'
import { DecompressedSizeError } from '../../protocol/records/output.js'
import { recompress, recompressAside } from '../../protocol/records/recompress.js'
import { RecordCursor } from '../../protocol/records/records.js'
import { MessageTooLargeError, TimestampError, UndecodableError, upConvert } from '../../protocol/records/up-convert.js'
import { MalformedError } from '../../protocol/wire.js'

/** The part of a topic's configuration that admission needs; made again when the configuration changes. */
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
  /** Which compressed batches are looked into as well; `native`: those in a codec for which there is native code. */
  readonly validation: 'all' | 'native' | 'none'
  /** compression.type: the codec that batches are stored in; null keeps the producer's. */
  readonly codec: batch.CodecId | null
  /** compression.*.level of that codec; undefined is the codec's own default. */
  readonly compressionLevel: number | undefined
  /** max.decompressed.message.bytes: of one record in a compressed batch. */
  readonly recordBytesMax: number
  /** What one batch may decompress to when it is looked into; more is MESSAGE_TOO_LARGE. */
  readonly decompressedBytesMax: number
}

/** The facts of an admitted batch that the partition goes on with. */
export interface Admitted {
  /** What enters the log: the client's bytes, a part of them, or what they were converted to. */
  readonly batch: Bytes
  /** The whole batch in bytes. */
  readonly size: number
  readonly recordCount: number
  readonly lastOffsetDelta: number
  /** As it will stand in the log: the client's, or the append time on a LogAppendTime topic. */
  readonly maxTimestampMs: Int64
  /** The append time on a LogAppendTime topic, else -1: what Produce answers as log_append_time_ms. */
  readonly logAppendTimeMs: number
  /** -1 without idempotence. */
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  readonly baseSequence: number
  readonly lastSequence: number
  readonly isTransactional: boolean
}

/** What was found in a batch, under rules that may not be those of now any more. */
export interface Inspection {
  readonly rules: AdmissionRules
  /** The checksum is right. */
  readonly isSumRight: boolean
  readonly refusal: BatchRefusal | null
  /** The largest of the records. */
  readonly maxTimestampMs: Int64
  /** The batch in the codec of the rules; null when it is in that already. */
  readonly recompressed: Bytes | null
  readonly decompressedBytes: number
}

export interface RecordError {
  /** Index of the record in its batch. */
  readonly batchIndex: number
  readonly message: string
}

export interface BatchRefusal extends Refusal {
  readonly recordErrors: readonly RecordError[]
  /** Refused for its form, before anything is compared with the topic or the log. */
  readonly isFormOnly?: boolean
}

/** The newest Produce version; any at or above it has the same rules. */
const latestProduceVersion = 13
/** The newest that may carry message sets of the formats before v2. */
const messageSetVersionMax = 2
/** The smallest thing that Kafka takes for a message or a batch, and how much of it there is with its magic. */
const entrySizeMin = 26
const entrySizeUpToMagic = 17
/** [KIP-110] zstd needs a Produce version whose consumers are warned about it. */
const zstdProduceVersionMin = 7
/** A batch beyond this is not even summed up at once: half as much again as a producer's largest with Kafka's defaults. */
export const batchAtOnceBytesMax = 1536 * 1024
/** What a batch may decompress to where it is looked into at once; some milliseconds. */
const atOnceBytesMax = 4 * 1024 * 1024
/** A compressed batch beyond this is not even begun to be looked into, nor are bytes compressed that are more. */
const compressedAtOnceBytesMax = 256 * 1024
/** Some tens of microseconds. */
const recordsPerPause = 1000
/** Record errors that one refusal carries; the rest is counted only. */
export const recordErrorsMax = 100

/** Judges `bytes`, the whole records field of one partition, at `nowMs`. */
export function admit(
  bytes: Bytes,
  rules: AdmissionRules,
  nowMs: number,
  produceVersion = latestProduceVersion,
): Admitted | BatchRefusal {
  return admitOrDefer(bytes, rules, nowMs, produceVersion, null) as Admitted | BatchRefusal
}

/** `inspection`: what was found before, or that nothing was. Null: to be inspected first. */
export function admitOrDefer(
  bytes: Bytes,
  rules: AdmissionRules,
  nowMs: number,
  produceVersion: number,
  inspection: Inspection | 'later' | null,
): Admitted | BatchRefusal | null {
  const magic = firstMagic(bytes)
  if (produceVersion <= messageSetVersionMax && (magic === 0 || magic === 1)) return admitMessageSet(bytes, rules, nowMs)
  const shape = refusalByShape(bytes, magic, produceVersion)
  if (shape !== null) return { ...shape, isFormOnly: true }
  const length = batch.batchLength(bytes, 0)
  const only = length === bytes.byteLength ? bytes : bytes.subarray(0, length)
  const tooLarge = refusalByOffsetAndSize(only, rules)
  if (tooLarge !== null) return tooLarge
  if (inspection === 'later' && length > batchAtOnceBytesMax) return null
  const refusal = refusalBySum(only, inspection) ?? refusalBySize(only, rules) ?? refusalByHeader(only)
  return refusal ?? admitRecords(only, batch.codecOf(only, 0), rules, nowMs, inspection)
}

/** Looks into what `admitOrDefer` put off. */
export async function inspect(bytes: Bytes, rules: AdmissionRules, nowMs: number, pause: Pause): Promise<Inspection> {
  const only = bytes.subarray(0, batch.batchLength(bytes, 0))
  const codec = batch.codecOf(only, 0)
  const targetCodec = rules.codec ?? codec
  const own = new RecordCursor()
  const isSumRight = only.byteLength <= batchAtOnceBytesMax || (await batch.hasRightCrc(only, pause))
  const found = {
    ...{ rules, isSumRight, refusal: null, maxTimestampMs: batch.noTimestamp, recompressed: null, decompressedBytes: 0 },
  }
  try {
    // What is wrong with these is found at once.
    if (!isSumRight || refusalByHeader(only) !== null || !looksInside(codec, targetCodec, rules)) return found
    const unreadable = await openAside(own, only, rules.decompressedBytesMax, pause).then(() => null, refusalOfUnreadable)
    if (unreadable !== null) return { ...found, refusal: unreadable }
    const decompressedBytes = codec === batch.Codecs.none ? 0 : own.records().byteLength
    const refusal = await refusalWithPauses(own, rules, recordBytesMaxOf(codec, rules), nowMs, pause)
    const isRecompressed = targetCodec !== codec && refusal === null
    const recompressed = isRecompressed ? await recompressAside(only, own.records(), targetCodec, rules.compressionLevel) : null
    return { ...found, refusal, maxTimestampMs: own.maxTimestampMs, recompressed, decompressedBytes }
  } catch (error) {
    if (error instanceof UnsupportedCodecError) return { ...found, refusal: refusalByCodec(error) }
    throw error
  }
}

/**
 * Makes an admitted batch the log's own, in place: base offset, leader epoch, on a LogAppendTime topic the append time, and
 * the largest timestamp or its type where the client had them wrong. Only the last two cost a new checksum.
 */
export function stamp(facts: Admitted, baseOffset: Offset, leaderEpoch: LeaderEpoch): void {
  const bytes = facts.batch
  batch.stampBaseOffset(bytes, 0, baseOffset)
  batch.stampLeaderEpoch(bytes, 0, leaderEpoch)
  if (facts.logAppendTimeMs !== batch.noTimestamp) batch.stampLogAppendTime(bytes, 0, facts.logAppendTimeMs)
  else if (facts.maxTimestampMs !== batch.exactMaxTimestamp(bytes, 0) || batch.timestampType(bytes, 0) !== 'CreateTime') {
    batch.stampMaxTimestamp(bytes, 0, facts.maxTimestampMs)
  }
}

/** What an old client sends becomes a batch without compression, which then is a batch like any other. */
function admitMessageSet(bytes: Bytes, rules: AdmissionRules, nowMs: number): Admitted | BatchRefusal {
  try {
    const { batch: converted, codec } = upConvert(bytes, rules)
    const result = admitRecords(converted, codec, rules, nowMs, null) as Admitted | BatchRefusal
    // The messages had the right size one by one; now they are one.
    return isRefusal(result) ? result : (refusalBySize(result.batch, rules) ?? result)
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    return refuse(errorOfMessageSet(error), error.message)
  }
}

function errorOfMessageSet(error: MalformedError): ErrorCode {
  if (error instanceof UnsupportedCodecError) return Errors.UNSUPPORTED_COMPRESSION_TYPE
  if (error instanceof CorruptMessageError) return Errors.CORRUPT_MESSAGE
  if (error instanceof MessageTooLargeError || error instanceof DecompressedSizeError) return Errors.MESSAGE_TOO_LARGE
  if (error instanceof TimestampError) return Errors.INVALID_TIMESTAMP
  return error instanceof UndecodableError ? Errors.UNKNOWN_SERVER_ERROR : Errors.INVALID_RECORD
}

// One cursor for all: admission is synchronous, and a cursor per batch would be the only garbage of a small Produce.
const cursor = new RecordCursor()

/** From a batch with a sound header to the facts; `sourceCodec` is what the client compressed with. */
function admitRecords(
  bytes: Bytes,
  sourceCodec: batch.CodecId,
  rules: AdmissionRules,
  nowMs: number,
  inspection: Inspection | 'later' | null,
): Admitted | BatchRefusal | null {
  const targetCodec = rules.codec ?? sourceCodec
  const codec = batch.codecOf(bytes, 0)
  const isRecompressed = targetCodec !== codec
  const isLookedInto = looksInside(codec, targetCodec, rules)
  const refusal = refusalByTime(bytes, rules, nowMs, isLookedInto)
  if (refusal !== null) return refusal
  if (!isLookedInto) {
    return refusalByPossibility(bytes, codec, rules) ?? admitted(bytes, batch.exactMaxTimestamp(bytes, 0), rules, nowMs)
  }
  if (inspection !== null && inspection !== 'later' && inspection.rules === rules) {
    const { refusal: found, recompressed, maxTimestampMs } = inspection
    return found ?? refusalBySize(recompressed ?? bytes, rules) ?? admitted(recompressed ?? bytes, maxTimestampMs, rules, nowMs)
  }
  const mayDefer = inspection !== null
  if (mayDefer && takesLong(bytes, codec, targetCodec)) return null
  const bytesMax = mayDefer ? Math.min(atOnceBytesMax, rules.decompressedBytesMax) : rules.decompressedBytesMax
  try {
    const opened = openRecords(bytes, bytesMax)
    if (opened !== null && bytesMax < rules.decompressedBytesMax && opened.errorCode === Errors.MESSAGE_TOO_LARGE) return null
    const found = opened ?? refusalByCursor(rules, recordBytesMaxOf(codec, rules), nowMs)
    if (found !== null) return found
    if (!isRecompressed) return admitted(bytes, cursor.maxTimestampMs, rules, nowMs)
    const recompressed = recompress(bytes, cursor.records(), targetCodec, rules.compressionLevel)
    return refusalBySize(recompressed, rules) ?? admitted(recompressed, cursor.maxTimestampMs, rules, nowMs)
  } catch (error) {
    // This machine cannot read what the client sent, or not write what the topic wants.
    if (error instanceof UnsupportedCodecError) return refusalByCodec(error)
    throw error
  } finally {
    cursor.close()
  }
}

function looksInside(codec: batch.CodecId, targetCodec: batch.CodecId, rules: AdmissionRules): boolean {
  const isBounded = rules.recordBytesMax < rules.decompressedBytesMax
  return codec === batch.Codecs.none || targetCodec !== codec || rules.isCompacted || isBounded || isValidated(codec, rules)
}

function refusalByCodec({ message }: UnsupportedCodecError): BatchRefusal {
  return refuse(Errors.UNSUPPORTED_COMPRESSION_TYPE, message)
}

/** Whether the size alone says so. */
function takesLong(bytes: Bytes, codec: batch.CodecId, targetCodec: batch.CodecId): boolean {
  const { byteLength } = bytes
  if (codec === batch.Codecs.none) return byteLength > (codec === targetCodec ? batchAtOnceBytesMax : compressedAtOnceBytesMax)
  return (
    byteLength > compressedAtOnceBytesMax || decompressedSizeSaid(codec, bytes.subarray(batch.batchHeaderSize)) > atOnceBytesMax
  )
}

function recordBytesMaxOf(codec: batch.CodecId, { recordBytesMax }: AdmissionRules): number {
  return codec === batch.Codecs.none ? Number.POSITIVE_INFINITY : recordBytesMax
}

function isValidated(codec: batch.CodecId, { validation }: AdmissionRules): boolean {
  return validation === 'all' || (validation === 'native' && isNative(codec))
}

/** Sizes, attributes, both deltas, no key, no value, no headers. */
const recordSizeMin = 7

/** What can be said of a compressed batch without looking into it: bytes that cannot hold so many records are refused. */
function refusalByPossibility(bytes: Bytes, codec: batch.CodecId, rules: AdmissionRules): BatchRefusal | null {
  const count = batch.recordCount(bytes, 0)
  try {
    const sizeMax = Math.min(decompressedSizeMax(codec, bytes.subarray(batch.batchHeaderSize)), rules.decompressedBytesMax)
    return count * recordSizeMin <= sizeMax
      ? null
      : refuse(Errors.INVALID_RECORD, `${count} records cannot be in ${bytes.byteLength} bytes`)
  } catch (error) {
    if (error instanceof MalformedError) return refuse(Errors.UNKNOWN_SERVER_ERROR, error.message)
    throw error
  }
}

function admitted(bytes: Bytes, maxTimestampMs: Int64, rules: AdmissionRules, nowMs: number): Admitted {
  const isLogAppendTime = rules.timestampType === 'LogAppendTime'
  return {
    batch: bytes,
    size: bytes.byteLength,
    recordCount: batch.recordCount(bytes, 0),
    lastOffsetDelta: batch.lastOffsetDelta(bytes, 0),
    maxTimestampMs: isLogAppendTime ? nowMs : maxTimestampMs,
    logAppendTimeMs: isLogAppendTime ? nowMs : batch.noTimestamp,
    producerId: batch.producerId(bytes, 0),
    producerEpoch: batch.producerEpoch(bytes, 0),
    baseSequence: batch.baseSequence(bytes, 0),
    lastSequence: batch.lastSequence(bytes, 0),
    isTransactional: batch.isTransactional(bytes, 0),
  }
}

const noRecordErrors: readonly RecordError[] = []

function refuse(errorCode: ErrorCode, message: string, recordErrors = noRecordErrors): BatchRefusal {
  return { kind: 'refused', errorCode, message, recordErrors }
}

/**
 * Exactly one whole batch of magic 2, in a codec that this version of Produce may carry. The beginning of another batch
 * behind it is cut off, as Kafka does, for which a message set may end in a part of a message.
 */
function refusalByShape(bytes: Bytes, magic: number | null, produceVersion: number): BatchRefusal | null {
  const size = bytes.byteLength
  // Kafka reads the size before it looks at the magic.
  if (size >= batch.batchPrefixSize && batch.batchLength(bytes, 0) < entrySizeMin) {
    const recordSize = batch.batchLength(bytes, 0) - batch.batchPrefixSize
    return refuse(Errors.CORRUPT_MESSAGE, `Record size ${recordSize} is less than the minimum record overhead (14)`)
  }
  if (magic !== null && !isKnownMagic(magic)) return refuse(Errors.CORRUPT_MESSAGE, `No record has the magic ${magic}`)
  // Magic stands at the same place in every format: tell an old message set from a cut-off batch.
  if (magic !== null && magic !== batch.batchMagic) {
    return refuse(Errors.INVALID_RECORD, 'Produce requires record batches with magic 2')
  }
  if (size < batch.batchPrefixSize) return refuse(Errors.INVALID_RECORD, oneBatch)
  const length = batch.batchLength(bytes, 0)
  if (length < batch.batchHeaderSize) return refuse(Errors.CORRUPT_MESSAGE, `A record batch cannot have ${length} bytes`)
  if (length > size) return refuse(Errors.INVALID_RECORD, oneBatch)
  const tail = length === size ? null : refusalByTail(bytes, length)
  if (tail !== null) return tail
  const codec = batch.codecOf(bytes, 0)
  if (codec === batch.Codecs.zstd && produceVersion < zstdProduceVersionMin) {
    return refuse(Errors.UNSUPPORTED_COMPRESSION_TYPE, `Produce v${produceVersion} may not carry zstd`)
  }
  return null
}

/** Kafka takes what follows for the next batch if it looks like one, and for a part of one, which it ignores, if it is short. */
function refusalByTail(bytes: Bytes, at: number): BatchRefusal | null {
  const left = bytes.byteLength - at
  if (left < batch.batchPrefixSize) return null
  const length = batch.batchLength(bytes, at)
  const isMagicThere = left >= entrySizeUpToMagic
  const isEntry = length >= entrySizeMin && (!isMagicThere || isKnownMagic(batch.magic(bytes, at)))
  if (!isEntry) return refuse(Errors.CORRUPT_MESSAGE, 'The record batch is followed by invalid data')
  return isMagicThere && length <= left ? refuse(Errors.INVALID_RECORD, oneBatch) : null
}

function isKnownMagic(magic: number): boolean {
  return magic >= 0 && magic <= batch.batchMagic
}

const oneBatch = 'Produce takes exactly one record batch per partition'

/** In Kafka's order: a batch that is too large is told so (the client splits it) before its sum is computed. */
function refusalByOffsetAndSize(bytes: Bytes, rules: AdmissionRules): BatchRefusal | null {
  if (batch.baseOffset(bytes, 0) !== 0) return refuse(Errors.INVALID_RECORD, 'The base offset of a produced batch must be 0')
  return bytes.byteLength > rules.messageBytesMax ? refusalBySize(bytes, rules) : null
}

function refusalBySum(bytes: Bytes, inspection: Inspection | 'later' | null): BatchRefusal | null {
  const isInspected = inspection !== null && inspection !== 'later' && bytes.byteLength > batchAtOnceBytesMax
  const isRight = isInspected ? inspection.isSumRight : batch.computeCrc(bytes, 0) === batch.crc(bytes, 0)
  return isRight ? null : refuse(Errors.CORRUPT_MESSAGE, 'The CRC does not match')
}

function refusalBySize(bytes: Bytes, rules: AdmissionRules): BatchRefusal | null {
  const size = bytes.byteLength
  if (size > rules.messageBytesMax) {
    return refuse(Errors.MESSAGE_TOO_LARGE, `The batch has ${size} bytes, the topic takes ${rules.messageBytesMax}`)
  }
  if (size > rules.segmentBytes) {
    return refuse(Errors.RECORD_LIST_TOO_LARGE, `The batch has ${size} bytes, a segment ${rules.segmentBytes}`)
  }
  return null
}

function refusalByHeader(bytes: Bytes): BatchRefusal | null {
  // Kafka's look-up of the codec fails, and that is what it answers.
  if (batch.codecOf(bytes, 0) > batch.Codecs.zstd) return refuse(Errors.UNKNOWN_SERVER_ERROR, 'Unknown compression type')
  const count = batch.recordCount(bytes, 0)
  const lastOffsetDelta = batch.lastOffsetDelta(bytes, 0)
  if (count <= 0 || lastOffsetDelta !== count - 1) {
    return refuse(Errors.INVALID_RECORD, `Offsets 0 to ${lastOffsetDelta} do not go with ${count} records`)
  }
  if (batch.isControl(bytes, 0)) return refuse(Errors.INVALID_RECORD, 'Clients may not write control records')
  const producerId = batch.producerId(bytes, 0)
  if (producerId > Number.MAX_SAFE_INTEGER) return refuse(Errors.INVALID_RECORD, 'The producer id is out of range')
  if (producerId >= 0 && batch.baseSequence(bytes, 0) < 0) {
    return refuse(Errors.INVALID_RECORD, `Producer ${producerId} without a sequence number`)
  }
  return null
}

/** The header's timestamps. Where the records are looked at, theirs are what counts. */
function refusalByTime(bytes: Bytes, rules: AdmissionRules, nowMs: number, looksInside: boolean): BatchRefusal | null {
  if (rules.timestampType === 'LogAppendTime' || looksInside) return null
  const maxTimestampMs = batch.exactMaxTimestamp(bytes, 0)
  if (isOutOfRange(maxTimestampMs, rules, nowMs)) return refuseTime(maxTimestampMs)
  // The base is the first record's timestamp in all known clients.
  const baseTimestampMs = batch.baseTimestamp(bytes, 0)
  return isOutOfRange(baseTimestampMs, rules, nowMs) ? refuseTime(baseTimestampMs) : null
}

function refuseTime(timestampMs: Int64): BatchRefusal {
  return refuse(Errors.INVALID_TIMESTAMP, `Timestamp ${timestampMs} is out of the topic's range`)
}

function isOutOfRange(timestampMs: Int64, rules: AdmissionRules, nowMs: number): boolean {
  if (timestampMs === batch.noTimestamp) return false
  const rounded = roundedInt64(timestampMs)
  // As in Kafka, where the distance to the far past overflows.
  if (rounded < Number.MIN_SAFE_INTEGER) return true
  return nowMs - rounded > rules.timestampBeforeMaxMs || rounded - nowMs > rules.timestampAfterMaxMs
}

/** Places the cursor before the first record, decompressed if need be. */
function openRecords(bytes: Bytes, bytesMax: number): BatchRefusal | null {
  try {
    cursor.open(bytes, 0, bytesMax)
    return null
  } catch (error) {
    return refusalOfUnreadable(error)
  }
}

function refusalOfUnreadable(error: unknown): BatchRefusal {
  if (error instanceof UnsupportedCodecError) throw error
  // The client splits a batch on MESSAGE_TOO_LARGE, which is what helps here as well.
  if (error instanceof DecompressedSizeError) return refuse(Errors.MESSAGE_TOO_LARGE, error.message)
  // As Kafka answers where a codec cannot read its bytes.
  if (error instanceof MalformedError) return refuse(Errors.UNKNOWN_SERVER_ERROR, error.message)
  throw error
}

/** What is wrong with the records passed so far. */
interface Findings {
  errors: RecordError[] | null
  errorCount: number
  hasTimeError: boolean
}

// One for all, as the cursor.
const findings: Findings = { errors: null, errorCount: 0, hasTimeError: false }

function refusalByCursor(rules: AdmissionRules, recordBytesMax: number, nowMs: number): BatchRefusal | null {
  findings.errors = null
  findings.errorCount = 0
  findings.hasTimeError = false
  try {
    passRecords(cursor, Number.POSITIVE_INFINITY, rules, recordBytesMax, nowMs, findings)
    return refusalOfRecords(findings)
  } catch (error) {
    return refusalOfMalformed(error)
  }
}

async function refusalWithPauses(
  own: RecordCursor,
  rules: AdmissionRules,
  recordBytesMax: number,
  nowMs: number,
  pause: Pause,
): Promise<BatchRefusal | null> {
  const found: Findings = { errors: null, errorCount: 0, hasTimeError: false }
  try {
    while (passRecords(own, recordsPerPause, rules, recordBytesMax, nowMs, found)) {
      const paused = pause()
      if (paused !== null) await paused
    }
    return refusalOfRecords(found)
  } catch (error) {
    return refusalOfMalformed(error)
  }
}

function refusalOfMalformed(error: unknown): BatchRefusal {
  if (error instanceof MalformedError) return refuse(Errors.INVALID_RECORD, error.message)
  throw error
}

/** Goes through so many more records at most; false when there are none left. */
function passRecords(
  cursor: RecordCursor,
  recordsMax: number,
  rules: AdmissionRules,
  recordBytesMax: number,
  nowMs: number,
  found: Findings,
): boolean {
  const checksTime = rules.timestampType === 'CreateTime'
  const end = cursor.index + recordsMax
  while (cursor.index < end) {
    if (!cursor.next()) return false
    if (cursor.offsetDelta !== cursor.index) throw new MalformedError(`record ${cursor.index} has offset ${cursor.offsetDelta}`)
    if (cursor.size > recordBytesMax) throw new MalformedError(`record of ${cursor.size} bytes, ${recordBytesMax} are allowed`)
    let message: string
    if (rules.isCompacted && cursor.keyLength < 0) message = 'A compacted topic requires records to have a key'
    else if (checksTime && isOutOfRange(cursor.timestampMs, rules, nowMs)) {
      message = `Timestamp ${cursor.timestampMs} is out of the topic's range`
      found.hasTimeError = true
    } else continue
    found.errorCount++
    found.errors ??= []
    if (found.errors.length < recordErrorsMax) found.errors.push({ batchIndex: cursor.index, message })
  }
  return true
}

function refusalOfRecords({ errors, errorCount, hasTimeError }: Findings): BatchRefusal | null {
  if (errors === null) return null
  return refuse(
    hasTimeError ? Errors.INVALID_TIMESTAMP : Errors.INVALID_RECORD,
    `${errorCount} records were refused; the first: ${errors[0]!.message}`,
    errors,
  )
}

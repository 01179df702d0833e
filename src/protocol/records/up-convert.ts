/**
 * From a message set (magic 0 or 1) to one record batch (v2) with the same keys, values and timestamps: what an old client
 * produces, as it is stored. A compressed wrapper is opened; that the batch is compressed again is its caller's business.
 * What Kafka refuses as not a message set is refused here; what it refuses as a record (no key, a timestamp out of range) is
 * left to the rules for batches.
 *
 * Offsets inside are not kept: the log gives its own, and old clients send absolute, relative or no offsets.
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import { type Int64, int64Difference } from '../../base/int64.js'
import { MalformedError } from '../wire.js'
import * as batch from './batch.js'
import { writeHeader } from './build.js'
import { UnsupportedCodecError } from './codecs/codec.js'
import { decompress } from './compression.js'
import { CorruptMessageError, MessageCursor } from './message-set.js'
import { DecompressedSizeError } from './output.js'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.js'

export interface UpConvertLimits {
  /** Largest message, wrappers included. */
  readonly messageBytesMax: number
  /** What a wrapper may decompress to. */
  readonly decompressedBytesMax: number
}

export interface UpConverted {
  /** Not compressed, with offset 0 and a checksum. */
  readonly batch: Bytes
  /** What the client compressed with. */
  readonly codec: batch.CodecId
}

/** One message is larger than the topic allows. */
export class MessageTooLargeError extends MalformedError {}
/** A codec that does not exist, or bytes that it cannot read. */
export class UndecodableError extends MalformedError {}
/** A timestamp that no batch can carry, or one of type LogAppendTime. */
export class TimestampError extends MalformedError {}

/**
 * Throws CorruptMessageError, MessageTooLargeError, UndecodableError, TimestampError, DecompressedSizeError, and
 * MalformedError for all else that is no message set with at least one message.
 */
export function upConvert(set: Bytes, limits: UpConvertLimits): UpConverted {
  try {
    return convertSet(set, limits)
  } finally {
    cursor.close()
  }
}

const cursor = new MessageCursor()

function convertSet(set: Bytes, limits: UpConvertLimits): UpConverted {
  const { count, codec, magic } = survey(set, limits)
  if (codec === batch.Codecs.none) return { codec, batch: convert(set, magic, count, false) }
  if (count > 1) throw new MalformedError('a message set may hold only one compressed message')
  if (codec > batch.Codecs.zstd) throw new UndecodableError(`codec ${codec} does not exist`)
  if (codec === batch.Codecs.zstd) throw new MalformedError('zstd requires message format v2')
  const inner = open(set, codec, limits)
  return { codec, batch: convert(inner, magic, surveyInner(inner, set), true) }
}

/** What stands side by side: sizes, checksums, one magic for all, and whether one of them is a wrapper. */
function survey(set: Bytes, limits: UpConvertLimits): { count: number; codec: batch.CodecId; magic: number } {
  let count = 0
  let codec: batch.CodecId = batch.Codecs.none
  let magic = -1
  let isMixed = false
  cursor.open(set)
  while (cursor.next()) {
    if (cursor.size > limits.messageBytesMax) {
      throw new MessageTooLargeError(`The message has ${cursor.size} bytes, the topic takes ${limits.messageBytesMax}`)
    }
    if (count++ === 0) magic = cursor.magic
    else if (cursor.magic !== magic) isMixed = true
    if (cursor.magic > 1) continue
    if (!cursor.hasValidCrc()) throw new CorruptMessageError('The CRC of a message does not match')
    cursor.read()
    if (cursor.codec !== batch.Codecs.none) codec = cursor.codec
    if (cursor.isLogAppendTime) throw new TimestampError('A producer may not set the timestamp type LogAppendTime')
  }
  if (count === 0) throw new MalformedError('no whole message')
  if (isMixed) throw new MalformedError('messages of several formats in one set')
  return { count, codec, magic }
}

/** The value of the only message in `set`, decompressed. */
function open(set: Bytes, codec: batch.CodecId, limits: UpConvertLimits): Bytes {
  cursor.open(set)
  cursor.next()
  cursor.read()
  const value = cursor.value()
  if (value === null) throw new MalformedError('compressed message without a value')
  try {
    return decompress(codec, value, limits.decompressedBytesMax, { isForMagic0: cursor.magic === 0 })
  } catch (error) {
    if (error instanceof DecompressedSizeError || error instanceof UnsupportedCodecError) throw error
    if (!(error instanceof MalformedError)) throw error
    throw new UndecodableError(error.message)
  }
}

/** Counts the messages of a wrapper, and holds its offset against theirs as Kafka does. */
function surveyInner(inner: Bytes, set: Bytes): number {
  cursor.open(set)
  cursor.next()
  const wrapperOffset = cursor.offset
  const wrapperMagic = cursor.magic
  let count = 0
  let lastOffset = -1
  cursor.open(inner)
  while (cursor.next()) {
    count++
    lastOffset = cursor.offset
  }
  if (count === 0) throw new MalformedError('compressed message without messages')
  // 0 is what certain librdkafka versions send.
  if (wrapperMagic === 1 && wrapperOffset !== 0 && wrapperOffset < lastOffset) {
    throw new MalformedError(`wrapper offset ${wrapperOffset} below the last one inside, ${lastOffset}`)
  }
  return count
}

/** Writes the messages of `set` as records. A record is never larger than its message: the room is known beforehand. */
function convert(set: Bytes, magic: number, count: number, isInner: boolean): Bytes {
  const bytes = allocate(batch.batchHeaderSize + set.byteLength)
  let at = batch.batchHeaderSize
  let baseTimestamp: Int64 = 0
  let maxTimestamp: Int64 = batch.noTimestamp
  cursor.open(set)
  for (let index = 0; index < count; index++) {
    cursor.next()
    if (cursor.magic !== magic) throw new MalformedError('a message of another format than its wrapper')
    cursor.read()
    if (isInner) {
      if (cursor.codec !== batch.Codecs.none) throw new MalformedError('a compressed message inside a compressed message')
      if (!cursor.hasValidCrc()) throw new CorruptMessageError('The CRC of a message does not match')
    }
    const { timestampMs } = cursor
    if (index === 0) baseTimestamp = timestampMs
    if (timestampMs > maxTimestamp) maxTimestamp = timestampMs
    at = writeRecord(bytes, at, index, int64Difference(timestampMs, baseTimestamp))
  }

  const converted = bytes.subarray(0, at)
  writeHeader(converted, {
    attributes: 0,
    recordCount: count,
    baseTimestamp,
    maxTimestamp,
    producerId: batch.noProducerId,
    producerEpoch: batch.noProducerEpoch,
    baseSequence: batch.noSequence,
  })
  batch.stampCrc(converted, 0)
  return converted
}

/** The message where the cursor stands, as record `index`; returns the position after it. */
function writeRecord(bytes: Bytes, start: number, index: number, timestampDelta: Int64): number {
  const { keyStart, keyLength, valueStart, valueLength } = cursor
  const size = 1 + varlongSize(timestampDelta) + varintSize(index) + fieldSize(keyLength) + fieldSize(valueLength) + varintSize(0)
  let at = writeVarint(bytes, start, size)
  bytes[at++] = 0
  at = writeVarlong(bytes, at, timestampDelta)
  at = writeVarint(bytes, at, index)
  at = writeField(bytes, at, keyStart, keyLength)
  at = writeField(bytes, at, valueStart, valueLength)
  return writeVarint(bytes, at, 0)
}

function fieldSize(length: number): number {
  return length < 0 ? 1 : varintSize(length) + length
}

/** Any negative length is null. */
function writeField(bytes: Bytes, start: number, from: number, length: number): number {
  const at = writeVarint(bytes, start, Math.max(-1, length))
  if (length <= 0) return at
  bytes.set(cursor.bytes.subarray(from, from + length), at)
  return at + length
}

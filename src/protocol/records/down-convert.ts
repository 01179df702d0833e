/**
 * From record batches (v2) to a message set (magic 0 or 1): what an old client fetches. Headers have no place there and are
 * dropped, and so are control batches. The records of a plain batch become plain messages, from the asked offset on (old
 * librdkafka relies on it); a compressed batch becomes one wrapper in the same codec, whole. zstd cannot be had so.
 */
import { type Bytes, emptyBytes, viewOf } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import type { Int64 } from '../../base/int64.js'
import { crc32 } from '../../base/zlib.js'
import * as batch from './batch.js'
import { compress, decompress, decompressedBytesMax } from './compression.js'
import { type LegacyMagic, messagePrefixSize, messageSizeMin } from './message-set.js'
import { Output } from './output.js'
import { RecordCursor } from './records.js'

export interface DownConvertLimits {
  /** Messages that would go beyond are left for the next fetch. */
  readonly bytesMax: number
  /**
   * What happens to the first message when it alone is larger: `whole` sends it nevertheless, `cut` as much of it as may be,
   * from which clients that know no other sign see that they asked for too little, `none` nothing.
   */
  readonly firstMessage: 'whole' | 'cut' | 'none'
}

export interface DownConverted {
  readonly bytes: Bytes
  /** False when a zstd batch stopped the conversion before it gave anything. */
  readonly isSupported: boolean
  /** Offset after the last batch that was looked at, for a caller that got nothing: it may go on there. */
  readonly nextOffset: Offset
  /** A message was left out, or cut. */
  readonly isFull: boolean
}

/** What a conversion asks of its driver; null where a pause is welcome. */
export type ConversionNeed = { readonly codec: batch.CodecId; readonly isForMagic0: boolean } & (
  | { readonly compress: Bytes }
  | { readonly decompress: Bytes }
)
/** Answered with the bytes of the need before. */
export type Conversion = Generator<ConversionNeed | null, DownConverted, Bytes>

/**
 * Converts whole batches, back to back in `log`. Throws MalformedError where a stored batch cannot be read, and
 * DecompressedSizeError where one of them would become more than the bound on decompressed bytes.
 */
export function downConvert(log: Bytes, magic: LegacyMagic, firstOffset: Offset, limits: DownConvertLimits): DownConverted {
  const conversion = downConversion(log, magic, firstOffset, limits)
  let result: Bytes = emptyBytes
  for (;;) {
    const step = conversion.next(result)
    if (step.done) return step.value
    const need = step.value
    if (need === null) continue
    result =
      'compress' in need
        ? compress(need.codec, need.compress, need)
        : decompress(need.codec, need.decompress, decompressedBytesMax)
  }
}

/** The same step by step, for a driver that has other things to do. */
export function* downConversion(log: Bytes, magic: LegacyMagic, firstOffset: Offset, limits: DownConvertLimits): Conversion {
  const output = new Output(Math.max(limits.bytesMax, 0) + decompressedBytesMax)
  let nextOffset = firstOffset
  let isSupported = true
  let isFull = false
  for (let at = 0; at < log.byteLength && !isFull; at += batch.batchLength(log, at)) {
    if (!batch.isControl(log, at)) {
      const codec = batch.codecOf(log, at)
      if (codec === batch.Codecs.zstd) {
        isSupported = output.length > 0
        break
      }
      isFull = !(codec === batch.Codecs.none
        ? yield* plainMessages(log, at, magic, firstOffset, limits, output)
        : yield* wrapper(log, at, magic, limits, output))
    }
    if (!isFull) nextOffset = batch.lastOffset(log, at) + 1
    yield null
  }
  return { bytes: output.result(), isSupported, nextOffset, isFull }
}

/** A pause is welcome after so many records. */
const recordsPerStep = 1000

/** The records of the plain batch at `at`, from `firstOffset` on; false when not all of them fit. */
function* plainMessages(
  log: Bytes,
  at: number,
  magic: LegacyMagic,
  firstOffset: Offset,
  limits: DownConvertLimits,
  output: Output,
): Generator<null, boolean, Bytes> {
  const attributes = attributesOf(log, at, magic)
  const cursor = new RecordCursor()
  cursor.open(log, at)
  while (cursor.next()) {
    if (cursor.index % recordsPerStep === recordsPerStep - 1) yield null
    if (cursor.offset < firstOffset) continue
    const start = output.length
    writeMessage(output, magic, attributes, cursor.offset, cursor.timestampMs, cursor.key(), cursor.value())
    if (!fits(output, start, limits)) return false
  }
  return true
}

/** The compressed batch at `at` as one compressed message; false when it does not fit. */
function* wrapper(
  log: Bytes,
  at: number,
  magic: LegacyMagic,
  limits: DownConvertLimits,
  output: Output,
): Generator<ConversionNeed | null, boolean, Bytes> {
  const inner = new Output(decompressedBytesMax)
  const attributes = attributesOf(log, at, magic)
  const codec = batch.codecOf(log, at)
  const isForMagic0 = magic === 0
  let baseOffset = -1
  let lastOffset = -1
  let maxTimestamp: Int64 = batch.noTimestamp
  const cursor = new RecordCursor()
  const compressed = log.subarray(at + batch.batchHeaderSize, at + batch.batchLength(log, at))
  // Compaction leaves batches without records, and without a compressed stream.
  if (batch.recordCount(log, at) === 0) return true
  cursor.openDecompressed(log, at, yield { codec, isForMagic0, decompress: compressed })
  while (cursor.next()) {
    if (cursor.index % recordsPerStep === recordsPerStep - 1) yield null
    if (baseOffset < 0) baseOffset = cursor.offset
    lastOffset = cursor.offset
    if (cursor.timestampMs > maxTimestamp) maxTimestamp = cursor.timestampMs
    const innerOffset = magic === 0 ? cursor.offset : cursor.offset - baseOffset
    writeMessage(inner, magic, attributes, innerOffset, cursor.timestampMs, cursor.key(), cursor.value())
  }
  if (inner.length === 0) return true
  const start = output.length
  const value = yield { codec, isForMagic0, compress: inner.result() }
  writeMessage(output, magic, attributes | codec, lastOffset, maxTimestamp, null, value)
  return fits(output, start, limits)
}

/** Takes back the message that starts at `start` when it leads beyond the limit; the first one is cut, or stays. */
function fits(output: Output, start: number, limits: DownConvertLimits): boolean {
  if (output.length <= limits.bytesMax) return true
  if (start > 0 || limits.firstMessage === 'none') output.length = start
  else if (limits.firstMessage === 'cut') output.length = Math.max(0, limits.bytesMax)
  return false
}

function attributesOf(log: Bytes, at: number, magic: LegacyMagic): number {
  return magic > 0 ? batch.attributes(log, at) & batch.Attributes.logAppendTime : 0
}

function writeMessage(
  output: Output,
  magic: LegacyMagic,
  attributes: number,
  offset: Offset,
  timestampMs: Int64,
  key: Bytes | null,
  value: Bytes | null,
): void {
  const start = output.length
  const size = messageSizeMin[magic] + (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
  output.fill(0, size)
  const bytes = output.bytes.subarray(start, start + size)
  const view = viewOf(bytes)
  batch.stampBaseOffset(bytes, 0, offset)
  view.setInt32(8, size - messagePrefixSize)
  bytes[16] = magic
  bytes[17] = attributes
  let at = 18
  if (magic > 0) {
    view.setBigInt64(at, BigInt(timestampMs))
    at += 8
  }
  for (const field of [key, value]) {
    view.setInt32(at, field?.byteLength ?? -1)
    at += 4
    if (field === null) continue
    bytes.set(field, at)
    at += field.byteLength
  }
  view.setUint32(messagePrefixSize, crc32(bytes.subarray(16)))
}

/**
 * Fetch v0-3: what a partition has for an old client, converted to a message set. Here bytes do pass through memory: the
 * ranges of a plan are read, converted, and let go. One partition at a time, and never more than a bound.
 */
import fs from 'node:fs'
import { allocate, type Bytes } from '../base/bytes.js'
import type { Offset } from '../base/ids.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import { UnsupportedCodecError } from '../protocol/records/codecs/codec.js'
import { type DownConverted, type DownConvertLimits, downConvert } from '../protocol/records/down-convert.js'
import type { LegacyMagic } from '../protocol/records/message-set.js'
import { DecompressedSizeError } from '../protocol/records/output.js'
import { MalformedError } from '../protocol/wire.js'
import type { Partition } from '../storage/partition.js'
import type { FileSlice } from '../storage/types.js'

/** The last version of Fetch whose clients read message sets. */
export const messageSetFetchVersionMax = 3
/** The last version whose limits are hard: an answer may hold the beginning of a message, never more than was asked for. */
export const hardLimitFetchVersionMax = 2
/** What one answer may hold of converted messages. */
export const downConvertedBytesMax = 16 * 1024 * 1024

/**
 * The messages from `fetchOffset` on, out of the log that `slices` show, which are released; or the error to answer. Where
 * all of it has no counterpart in an old format, the log is read on.
 */
export async function downConverted(
  partition: Partition,
  fetchOffset: Offset,
  slices: readonly FileSlice[],
  version: number,
  limits: DownConvertLimits,
): Promise<Bytes | ErrorCode> {
  const magic: LegacyMagic = version <= 1 ? 0 : 1
  let bytes = await readAll(slices)
  for (let from = fetchOffset; bytes !== null; ) {
    if (bytes.byteLength === 0) return bytes
    const converted = convert(bytes, magic, from, limits)
    if (typeof converted === 'number') return converted
    if (!converted.isSupported) return Errors.UNSUPPORTED_COMPRESSION_TYPE
    if (converted.bytes.byteLength > 0 || converted.nextOffset <= from) return converted.bytes
    from = converted.nextOffset
    const read = partition.read(from, { maxBytes: limits.bytesMax, atLeastOneBatch: true, isolation: 'read_uncommitted' })
    if (typeof read === 'number') return read
    bytes = await readAll(read.slices)
  }
  return Errors.KAFKA_STORAGE_ERROR
}

function convert(bytes: Bytes, magic: LegacyMagic, from: Offset, limits: DownConvertLimits): DownConverted | ErrorCode {
  try {
    return downConvert(bytes, magic, from, limits)
  } catch (error) {
    // A batch that no message of this size can stand for: none of the codes that old clients know says so.
    if (error instanceof DecompressedSizeError) return Errors.UNKNOWN_SERVER_ERROR
    if (error instanceof UnsupportedCodecError) return Errors.UNSUPPORTED_COMPRESSION_TYPE
    // A compressed batch was stored as it came, and does not hold what its header says.
    if (error instanceof MalformedError) return Errors.CORRUPT_MESSAGE
    throw error
  }
}

/** Reads and releases; null when the disk failed. */
async function readAll(slices: readonly FileSlice[]): Promise<Bytes | null> {
  const bytes = allocate(slices.reduce((sum, slice) => sum + slice.byteLength, 0))
  let at = 0
  try {
    for (const { fd, position, byteLength } of slices) {
      await readRange(fd, bytes, at, byteLength, position)
      at += byteLength
    }
    return bytes
  } catch {
    return null
  } finally {
    for (const slice of slices) slice.release()
  }
}

/** In the thread pool: what an old client reads may be cold. */
function readRange(fd: number, bytes: Bytes, at: number, length: number, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.read(fd, bytes, at, length, position, (error, count) => {
      if (error !== null) reject(error)
      else if (count === length) resolve()
      else if (count === 0) reject(new Error('the segment is shorter than its index says'))
      else readRange(fd, bytes, at + count, length - count, position + count).then(resolve, reject)
    })
  })
}

/**
 * Finds single records by timestamp inside one segment: the time index says where to begin, batch headers say which batch,
 * and only that batch is opened. Decompresses; therefore off the hot path.
 */
import { type Bytes, copyOf } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { type Int64, roundedInt64 } from '../../base/int64.js'
import {
  baseOffset,
  computeCrc,
  crc,
  exactMaxTimestamp,
  lastOffset,
  maxTimestamp,
  noTimestamp,
} from '../../protocol/records/batch.js'
import { DecompressedSizeError } from '../../protocol/records/output.js'
import { RecordCursor } from '../../protocol/records/records.js'
import { MalformedError } from '../../protocol/wire.js'
import { CorruptLogError } from '../engine.js'
import type { Files } from '../files.js'
import { HeaderScanner, walkBatches } from '../format/header-scanner.js'
import type { Segment } from './segment.js'

export interface FoundRecord {
  readonly offset: Offset
  readonly timestampMs: Int64
}

type Search = (cursor: RecordCursor) => FoundRecord | null

/** The first record at or after `from` whose timestamp is at least `timestampMs`. */
export function firstSince(files: Files, segment: Segment, timestampMs: Int64, from: Offset): FoundRecord | null {
  return search(files, segment, roundedInt64(timestampMs), from, cursor => {
    while (cursor.next()) {
      if (cursor.timestampMs >= timestampMs && cursor.offset >= from)
        return { offset: cursor.offset, timestampMs: cursor.timestampMs }
    }
    return null
  })
}

/** The first record at or after `from` that has the segment's largest timestamp. */
export function ofMaxTimestamp(files: Files, segment: Segment, from: Offset): FoundRecord | null {
  const largest = segment.largestTimestamp()
  let best: FoundRecord | null = null
  // [KIP-734] The records decide, not the header of their batch.
  const found = search(files, segment, largest, from, cursor => {
    while (cursor.next()) {
      const { offset, timestampMs } = cursor
      if (offset >= from && timestampMs > (best?.timestampMs ?? noTimestamp)) best = { offset, timestampMs }
    }
    // Headers are compared rounded: a batch further on may be the larger one.
    return Number.isSafeInteger(largest) ? best : null
  })
  return found ?? best
}

function search(files: Files, segment: Segment, timestampMs: number, from: Offset, look: Search): FoundRecord | null {
  const { fd } = segment
  const scanner = new HeaderScanner(files)
  const entry = segment.times.floorEntry(timestampMs)
  if (entry >= 0 && !segment.hasTimeEntry(scanner, entry))
    throw new CorruptLogError(`a time index entry of ${segment.logPath} matches no batch`)
  const start = Math.max(segment.times.floorOffset(timestampMs), from)
  if (!scanner.find(fd, start, segment.offsets.floorPosition(start), segment.size)) return null
  let position = scanner.position
  let end: Offset = -1
  for (;;) {
    // 1. The next batch that can hold it, by headers alone.
    let candidate = -1
    let length = 0
    const stop = walkBatches(files, fd, position, segment.size, 'headers', (bytes, at, place, size) => {
      if (baseOffset(bytes, at) <= end) return false
      end = lastOffset(bytes, at)
      const isCandidate = maxTimestamp(bytes, at) >= timestampMs && end >= from
      if (isCandidate) {
        candidate = place
        length = size
      }
      return !isCandidate
    })
    if (candidate < 0 && stop < segment.size) throw new CorruptLogError(`${segment.logPath}: no batch at ${stop}`)
    if (candidate < 0) return null
    // The batch after it knows, too, whether it stands where it says.
    if (!scanner.find(fd, end, candidate, segment.size)) return null
    // 2. Its record. A batch whose header promises more than its records keep sends us on.
    const found = lookInto(readBatch(files, fd, candidate, length), from, look)
    if (found !== null) return found
    position = candidate + length
  }
}

function readBatch(files: Files, fd: number, position: number, length: number): Bytes {
  let batch: Bytes = new Uint8Array(0)
  walkBatches(files, fd, position, position + length, 'whole', (bytes, at) => {
    if (crc(bytes, at) !== computeCrc(bytes, at)) throw new CorruptLogError(`the batch at position ${position} is damaged`)
    batch = copyOf(bytes.subarray(at, at + length))
    return false
  })
  return batch
}

// Compressed records are not looked at when they are produced, so one may turn out unreadable: it is found as a whole.
function lookInto(batch: Bytes, from: Offset, look: Search): FoundRecord | null {
  try {
    const cursor = new RecordCursor()
    cursor.open(batch)
    return look(cursor)
  } catch (error) {
    if (!(error instanceof MalformedError || error instanceof DecompressedSizeError)) throw error
    return { offset: Math.max(baseOffset(batch, 0), from), timestampMs: exactMaxTimestamp(batch, 0) }
  }
}

/**
 * Finds single records by timestamp inside one segment: the time index says where to begin, batch headers say which batch,
 * and only that batch is opened. Decompresses; therefore off the hot path, and with pauses, between which the segment may be
 * taken out of the log.
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { type Int64, roundedInt64 } from '../../base/int64.js'
import type { Pause } from '../../base/pause.js'
import {
  baseOffset,
  batchLength,
  computeCrc,
  crc,
  exactMaxTimestamp,
  lastOffset,
  maxTimestamp,
  noTimestamp,
} from '../../protocol/records/batch.js'
import { decompressedBytesMax } from '../../protocol/records/compression.js'
import { eachRecord, openAside } from '../../protocol/records/open-aside.js'
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

/** Goes through the records of one batch; null sends the search on. */
type Look = (cursor: RecordCursor) => Promise<FoundRecord | null>

/** How much of a batch is read at a time. */
const pieceBytes = 1024 * 1024

/** One look-up. */
export class TimestampSearch {
  /** That was looked into last. */
  segment: Segment | null = null
  readonly #files: Files
  readonly #pause: Pause

  constructor(files: Files, pause: Pause) {
    this.#files = files
    this.#pause = pause
  }

  /** The first record at or after `from` whose timestamp is at least `timestampMs`. */
  firstSince(segment: Segment, timestampMs: Int64, from: Offset): Promise<FoundRecord | null> {
    return this.#lookInto(segment, roundedInt64(timestampMs), from, async cursor => {
      let found: FoundRecord | null = null
      await eachRecord(cursor, this.#pause, () => {
        if (cursor.timestampMs >= timestampMs && cursor.offset >= from) found = foundBy(cursor)
        return found === null
      })
      return found
    })
  }

  /** The first record at or after `from` that has the segment's largest timestamp. */
  async ofMaxTimestamp(segment: Segment, from: Offset): Promise<FoundRecord | null> {
    const largest = segment.largestTimestamp()
    let best: FoundRecord | null = null
    // [KIP-734] The records decide, not the header of their batch.
    const found = await this.#lookInto(segment, largest, from, async cursor => {
      await eachRecord(cursor, this.#pause, () => {
        if (cursor.offset >= from && cursor.timestampMs > (best?.timestampMs ?? noTimestamp)) best = foundBy(cursor)
        return true
      })
      // Headers are compared rounded: a batch further on may be the larger one.
      return Number.isSafeInteger(largest) ? best : null
    })
    return found ?? best
  }

  async #lookInto(segment: Segment, timestampMs: number, from: Offset, look: Look): Promise<FoundRecord | null> {
    this.segment = segment
    // Its descriptor stays what it is until this is done.
    segment.retain()
    try {
      return await this.#search(segment, timestampMs, from, look)
    } finally {
      segment.release()
    }
  }

  async #search(segment: Segment, timestampMs: number, from: Offset, look: Look): Promise<FoundRecord | null> {
    const files = this.#files
    const { fd, size } = segment
    const scanner = new HeaderScanner(files)
    const entry = segment.times.floorEntry(timestampMs)
    if (entry >= 0 && !segment.hasTimeEntry(scanner, entry))
      throw new CorruptLogError(`a time index entry of ${segment.logPath} matches no batch`)
    const start = Math.max(segment.times.floorOffset(timestampMs), from)
    if (!scanner.find(fd, start, segment.offsets.floorPosition(start), size)) return null
    let position = scanner.position
    let end: Offset = -1
    for (;;) {
      // 1. The next batch that can hold it, by headers alone.
      let candidate = -1
      let length = 0
      const stop = walkBatches(files, fd, position, size, 'headers', (bytes, at, place, batchBytes) => {
        if (baseOffset(bytes, at) <= end) return false
        end = lastOffset(bytes, at)
        const isCandidate = maxTimestamp(bytes, at) >= timestampMs && end >= from
        if (isCandidate) {
          candidate = place
          length = batchBytes
        }
        return !isCandidate
      })
      if (candidate < 0 && stop < size) throw new CorruptLogError(`${segment.logPath}: no batch at ${stop}`)
      if (candidate < 0) return null
      // The batch after it knows, too, whether it stands where it says.
      if (!scanner.find(fd, end, candidate, size)) return null
      // 2. Its record. A batch whose header promises more than its records keep sends us on.
      const found = await this.#open(await this.#readBatch(fd, candidate, length), from, look)
      if (found !== null) return found
      position = candidate + length
      const paused = this.#pause()
      if (paused !== null) await paused
    }
  }

  async #readBatch(fd: number, position: number, length: number): Promise<Bytes> {
    const batch = allocate(length)
    for (let at = 0; at < length; at += pieceBytes) {
      const paused = at === 0 ? null : this.#pause()
      if (paused !== null) await paused
      this.#files.read(fd, batch, at, Math.min(pieceBytes, length - at), position + at)
    }
    if (batchLength(batch, 0) !== length || crc(batch, 0) !== computeCrc(batch, 0))
      throw new CorruptLogError(`the batch at position ${position} is damaged`)
    return batch
  }

  // Compressed records need not have been looked at when they were produced, so one may turn out unreadable: it is found as a
  // whole.
  async #open(batch: Bytes, from: Offset, look: Look): Promise<FoundRecord | null> {
    try {
      const cursor = new RecordCursor()
      await openAside(cursor, batch, decompressedBytesMax, this.#pause)
      return await look(cursor)
    } catch (error) {
      if (!(error instanceof MalformedError || error instanceof DecompressedSizeError)) throw error
      return { offset: Math.max(baseOffset(batch, 0), from), timestampMs: exactMaxTimestamp(batch, 0) }
    }
  }
}

function foundBy({ offset, timestampMs }: RecordCursor): FoundRecord {
  return { offset, timestampMs }
}

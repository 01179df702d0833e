/**
 * Fetch v0-3: what a partition has for an old client, converted to a message set. Here bytes do pass through memory: a piece
 * of the log is read, converted, and let go, and then the next. All such clients share one worker: pieces are converted one
 * after the other in the order in which they are asked for, a few milliseconds at a time, what takes longer in another thread;
 * and one bound on what lies in memory for them until it is sent.
 */

import fs from 'node:fs'
import { allocate, type Bytes, concat, emptyBytes } from '../base/bytes.js'
import type { Offset } from '../base/ids.js'
import type { Pause } from '../base/pause.js'
import type { Slice } from '../base/slice.js'
import type { World } from '../base/world.js'
import { type ErrorCode, Errors, isErrorCode } from '../protocol/errors.js'
import { UnsupportedCodecError } from '../protocol/records/codecs/codec.js'
import { compressAside, decompressAside, decompressedBytesMax } from '../protocol/records/compression.js'
import {
  type Conversion,
  type ConversionNeed,
  type DownConverted,
  type DownConvertLimits,
  downConversion,
} from '../protocol/records/down-convert.js'
import type { LegacyMagic } from '../protocol/records/message-set.js'
import { DecompressedSizeError } from '../protocol/records/output.js'
import { MalformedError } from '../protocol/wire.js'
import type { Partition } from '../storage/partition.js'
import type { Session } from './session.js'
import { Turns } from './turns.js'

/** The last version of Fetch whose clients read message sets. */
export const messageSetFetchVersionMax = 3
/** The last version whose limits are hard: an answer may hold the beginning of a message, never more than was asked for. */
export const hardLimitFetchVersionMax = 2
/** What one answer may hold of converted messages. */
export const downConvertedBytesMax = 16 * 1024 * 1024
/** What all answers together may hold; beyond it an answer gets no more than its first piece. */
export const downConvertedTotalBytesMax = 128 * 1024 * 1024
/** How much of a log is read at a time, one batch at least. */
const pieceBytes = 1024 * 1024

export class DownConversions {
  readonly #turns: Turns
  readonly #totalBytesMax: number
  readonly #held = new Map<Session, Held>()
  #heldBytes = 0

  constructor(world: World, totalBytesMax = downConvertedTotalBytesMax) {
    this.#turns = new Turns(world)
    this.#totalBytesMax = totalBytesMax
  }

  /** In memory for answers that may not have been sent. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The client asks again: it has read what it was answered before. */
  letGo(session: Session): void {
    const held = this.#held.get(session)
    if (held === undefined) return
    this.#held.delete(session)
    this.#heldBytes -= held.bytes
    held.forget()
  }

  /**
   * The messages from `fetchOffset` on, or the error to answer. Where a piece of the log has no counterpart in an old format,
   * the log is read on. Nothing more is done for a client that went away.
   */
  async convert(
    session: Session,
    partition: Partition,
    fetchOffset: Offset,
    version: number,
    limits: DownConvertLimits,
  ): Promise<Bytes | ErrorCode> {
    const magic: LegacyMagic = version <= 1 ? 0 : 1
    const parts: Bytes[] = []
    let length = 0
    if (this.#heldBytes >= this.#totalBytesMax && this.#held.has(session)) return emptyBytes
    for (let from = fetchOffset; !session.isClosed; ) {
      const isFirst = length === 0
      const bytesMax = isFirst ? limits.bytesMax : Math.min(limits.bytesMax - length, this.#totalBytesMax - this.#heldBytes)
      if (!isFirst && bytesMax <= 0) break
      const wanted: DownConvertLimits = { bytesMax, firstMessage: isFirst ? limits.firstMessage : 'none' }
      const converted = await this.#turns.take(() => this.#piece(session, partition, magic, from, wanted))
      // What stands behind an error is for the next fetch to find.
      if (isErrorCode(converted)) {
        if (isFirst) return converted
        break
      }
      const { bytes, nextOffset, isFull, isSupported } = converted
      if (!isSupported && isFirst) return Errors.UNSUPPORTED_COMPRESSION_TYPE
      if (bytes.byteLength > 0) {
        parts.push(bytes)
        length += bytes.byteLength
        this.#hold(session, bytes.byteLength)
      }
      if (isFull || nextOffset <= from) break
      from = nextOffset
    }
    return parts.length === 1 ? parts[0]! : concat(parts)
  }

  async #piece(
    session: Session,
    partition: Partition,
    magic: LegacyMagic,
    from: Offset,
    limits: DownConvertLimits,
  ): Promise<DownConverted | ErrorCode> {
    if (session.isClosed) return nothing(from)
    const maxBytes = Math.max(0, Math.min(limits.bytesMax, pieceBytes))
    const read = await partition.read(from, { maxBytes, atLeastOneBatch: true, isolation: 'read_uncommitted' })
    if (isErrorCode(read)) return read
    const log = await readAll(read.slices)
    if (log === null) return Errors.KAFKA_STORAGE_ERROR
    try {
      return await this.#drive(downConversion(log, magic, from, limits), session, from)
    } catch (error) {
      // A batch that no message of this size can stand for: none of the codes that old clients know says so.
      if (error instanceof DecompressedSizeError) return Errors.UNKNOWN_SERVER_ERROR
      if (error instanceof UnsupportedCodecError) return Errors.UNSUPPORTED_COMPRESSION_TYPE
      // A compressed batch was stored as it came, and does not hold what its header says.
      if (error instanceof MalformedError) return Errors.CORRUPT_MESSAGE
      throw error
    }
  }

  async #drive(conversion: Conversion, session: Session, from: Offset): Promise<DownConverted> {
    for (let step = conversion.next(emptyBytes); ; ) {
      if (step.done) return step.value
      const bytes = step.value === null ? emptyBytes : await satisfied(step.value, this.#turns.pause)
      await this.#turns.pause()
      if (session.isClosed) return nothing(from)
      step = conversion.next(bytes)
    }
  }

  #hold(session: Session, bytes: number): void {
    if (session.isClosed) return
    let held = this.#held.get(session)
    if (held === undefined) {
      held = { bytes: 0, forget: session.onClosed(() => this.letGo(session)) }
      this.#held.set(session, held)
    }
    held.bytes += bytes
    this.#heldBytes += bytes
  }
}

interface Held {
  bytes: number
  readonly forget: () => void
}

function nothing(from: Offset): DownConverted {
  return { bytes: emptyBytes, isSupported: true, nextOffset: from, isFull: true }
}

function satisfied(need: ConversionNeed, pause: Pause): Bytes | Promise<Bytes> {
  if ('compress' in need) return compressAside(need.codec, need.compress, need)
  return decompressAside(need.codec, need.decompress, decompressedBytesMax, pause)
}

/** Reads and releases; null when the disk failed. */
async function readAll(slices: readonly Slice[]): Promise<Bytes | null> {
  const bytes = allocate(slices.reduce((sum, slice) => sum + slice.byteLength, 0))
  let at = 0
  try {
    for (const slice of slices) {
      await readSlice(slice, bytes.subarray(at, at + slice.byteLength))
      at += slice.byteLength
    }
    return bytes
  } catch {
    return null
  } finally {
    for (const slice of slices) slice.release()
  }
}

async function readSlice(slice: Slice, target: Bytes): Promise<void> {
  if (slice.fd >= 0) return readRange(slice.fd, target, 0, target.byteLength, slice.position)
  for (let at = 0; at < target.byteLength; ) {
    const count = await slice.read(at, target.subarray(at))
    if (count === 0) throw new Error('the slice is shorter than it says')
    at += count
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

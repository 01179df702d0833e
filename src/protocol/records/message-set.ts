/**
 * Messages of the formats before v2 (magic 0 and 1), one after the other, as a cursor that makes no object per message. A
 * set has no count: it ends where no whole message is left, and what is cut off there is no error. Checksums are the
 * caller's to ask for, compressed wrappers the caller's to open.
 *
 *   message   offset i64 · size i32 · crc u32 (CRC-32 over magic … end) · magic i8 · attributes i8 ·
 *             [timestamp i64 with magic 1] · key (i32 length, -1 null) · value (same)
 *
 * Attributes: the codec in bits 0 to 2, with magic 1 LogAppendTime in bit 3. A compressed message is a wrapper: its value is
 * a message set in that codec, its offset that of the last message inside. Inside, offsets are absolute with magic 0 and
 * relative with magic 1.
 */
import { type Bytes, emptyBytes } from '../../base/bytes.js'
import type { Int64 } from '../../base/int64.js'
import { crc32 } from '../../base/zlib.js'
import { MalformedError } from '../wire.js'
import { Attributes, baseOffset, type CodecId, exactInt64At, noTimestamp } from './batch.js'

/** Offset and size: what stands in front of a message and is not counted by its size. */
export const messagePrefixSize = 12
/** Size of an empty message, its prefix included. */
export const messageSizeMin = { 0: 26, 1: 34 } as const
/** Magic of a message or a batch stands at the same place in every format. */
const magicAt = 16
const crcStart = 16

export type LegacyMagic = 0 | 1

/** The bytes cannot be told from damaged ones: CORRUPT_MESSAGE, where Kafka answers so. */
export class CorruptMessageError extends MalformedError {}

function int32At(bytes: Bytes, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** Magic of the first entry of a set, or null when there is not so much of it. */
export function firstMagic(bytes: Bytes): number | null {
  return bytes.byteLength > magicAt ? (bytes[magicAt]! << 24) >> 24 : null
}

export class MessageCursor {
  /** Of the message where the cursor stands: valid after `next` gave true. */
  offset = -1
  /** Where it starts, and its size with its prefix. */
  start = 0
  size = 0
  magic = 0
  attributes = 0
  /** -1 with magic 0. */
  timestampMs: Int64 = noTimestamp
  keyStart = 0
  /** Negative for null. */
  keyLength = -1
  valueStart = 0
  valueLength = -1

  bytes: Bytes = emptyBytes
  #position = 0

  open(bytes: Bytes): void {
    this.bytes = bytes
    this.#position = 0
  }

  /** Lets go of the bytes, which a kept cursor would otherwise pin. */
  close(): void {
    this.open(emptyBytes)
  }

  get codec(): CodecId {
    return this.attributes & Attributes.codecMask
  }
  get isLogAppendTime(): boolean {
    return this.magic > 0 && (this.attributes & Attributes.logAppendTime) !== 0
  }

  /**
   * Moves to the next message's frame: offset, size and magic. False when no whole one is left. Throws CorruptMessageError
   * on a size or a magic that none can have.
   */
  next(): boolean {
    const { bytes } = this
    const start = this.#position
    const left = bytes.byteLength - start
    if (left < messagePrefixSize) return false
    const size = int32At(bytes, start + 8) + messagePrefixSize
    if (size < messageSizeMin[0]) throw new CorruptMessageError(`message of ${size} bytes`)
    if (left <= magicAt) return false
    const magic = (bytes[start + magicAt]! << 24) >> 24
    if (magic < 0 || magic > 2) throw new CorruptMessageError(`magic ${magic}`)
    if (size > left) return false
    this.start = start
    this.size = size
    this.offset = baseOffset(bytes, start)
    this.magic = magic
    this.#position = start + size
    return true
  }

  /** Reads attributes, timestamp, key and value of a message with magic 0 or 1. Throws MalformedError. */
  read(): void {
    const { bytes } = this
    const end = this.start + this.size
    let at = this.start + 17
    this.attributes = bytes[at++]!
    this.timestampMs = noTimestamp
    if (this.magic > 0) {
      if (end - at < 8) throw new MalformedError('message without a timestamp')
      this.timestampMs = exactInt64At(bytes, at)
      at += 8
    }
    this.keyLength = this.#length(at, end)
    this.keyStart = at + 4
    at = this.keyStart + Math.max(0, this.keyLength)
    this.valueLength = this.#length(at, end)
    this.valueStart = at + 4
    // Bytes after the value are ignored, as in Kafka.
  }

  #length(at: number, end: number): number {
    if (end - at < 4) throw new MalformedError('message without a length')
    const length = int32At(this.bytes, at)
    if (length > end - at - 4) throw new MalformedError(`field of ${length} bytes leaves its message`)
    return length
  }

  /** Whether the checksum is that of the bytes. */
  hasValidCrc(): boolean {
    const { bytes, start } = this
    return int32At(bytes, start + 12) >>> 0 === crc32(bytes.subarray(start + crcStart, start + this.size))
  }

  key(): Bytes | null {
    return this.keyLength < 0 ? null : this.bytes.subarray(this.keyStart, this.keyStart + this.keyLength)
  }
  value(): Bytes | null {
    return this.valueLength < 0 ? null : this.bytes.subarray(this.valueStart, this.valueStart + this.valueLength)
  }
}

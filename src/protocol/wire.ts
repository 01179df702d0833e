/**
 * Reader and Writer: Kafka's primitive encodings over a byte range. Every length is checked against the bytes that are
 * left before anything is allocated for it. Both are driven by compiled codecs; neither knows a message.
 */

import { assert } from '../base/assert.js'
import {
  allocate,
  asBuffer,
  type Bytes,
  copyOf,
  emptyBytes,
  fromBase64Url,
  type TextBytes,
  utf8Length,
  viewOf,
} from '../base/bytes.js'
import type { Uuid } from '../base/ids.js'
import type { Int64 } from '../base/int64.js'
import type { Slice } from '../base/slice.js'
import type { RecordsInput } from './schema.js'

/** The bytes are not what the protocol allows; the connection that sent them is closed. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}

/** What is written has more bytes than it may. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError'
  constructor(readonly bytesMax: number) {
    super(`more than ${bytesMax} bytes`)
  }
}

/**
 * Structs and texts that one request may carry in its arrays, and tags. Kafka has no such bound; without it a 100 MB frame of
 * empty ones would grow to gigabytes of objects.
 */
export const structsPerRequestMax = 100_000
/** So many numbers count as a struct. */
export const numbersPerStruct = 64
/** Structs that are decoded at once; some tenths of a millisecond. */
export const structsAtOnceMax = 512

/** Thrown by a reader that was told to: decoding it all takes long. */
export const takesLong = new Error('a message is to be decoded in slices')

/** Kafka's strings are at most Short.MAX bytes long, in compact encoding too. */
export const stringBytesMax = 0x7fff
const stringUnitsSafe = Math.floor(stringBytesMax / 3)

const uuidBytes = 16
const twoTo32 = 0x1_0000_0000

export class Reader {
  #bytes: TextBytes
  #view: DataView
  #end: number
  #structsLeft = structsPerRequestMax
  #isAtOnce = false
  /** The buffer that the reader sees all of, since `reset`. */
  #whole: ArrayBufferLike | null = null
  position: number

  constructor(bytes: Bytes, start = 0, end = bytes.byteLength) {
    this.#bytes = asBuffer(bytes)
    this.#view = viewOf(bytes)
    this.position = start
    this.#end = end
  }

  /** Points the reader at other bytes. For many small pieces of one buffer, each of which would cost a view of its own. */
  reset(bytes: Bytes): void {
    const { buffer } = bytes
    if (this.#whole !== buffer) {
      const whole = new Uint8Array(buffer)
      this.#bytes = asBuffer(whole)
      this.#view = viewOf(whole)
      this.#whole = buffer
    }
    this.position = bytes.byteOffset
    this.#end = bytes.byteOffset + bytes.byteLength
    this.#structsLeft = structsPerRequestMax
    this.#isAtOnce = false
  }

  /** From now on what takes long throws `takesLong`. */
  boundTime(): void {
    this.#structsLeft = structsAtOnceMax
    this.#isAtOnce = true
  }

  get remaining(): number {
    return this.#end - this.position
  }

  /** Moves past `size` bytes and returns where they start. */
  #take(size: number): number {
    const at = this.position
    if (size < 0 || size > this.#end - at) throw new MalformedError(`${size} bytes wanted, ${this.#end - at} left`)
    this.position = at + size
    return at
  }

  bool(): boolean {
    return this.#view.getInt8(this.#take(1)) !== 0
  }
  int8(): number {
    return this.#view.getInt8(this.#take(1))
  }
  int16(): number {
    return this.#view.getInt16(this.#take(2))
  }
  uint16(): number {
    return this.#view.getUint16(this.#take(2))
  }
  int32(): number {
    return this.#view.getInt32(this.#take(4))
  }
  /** Clamped to ±(2^53-1): what the broker counts with lies within, and what does not is beyond every log. */
  int64(): number {
    const at = this.#take(8)
    const value = this.#view.getInt32(at) * twoTo32 + this.#view.getUint32(at + 4)
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))
  }
  float64(): number {
    return this.#view.getFloat64(this.#take(8))
  }
  int64Exact(): Int64 {
    const at = this.#take(8)
    const value = this.#view.getInt32(at) * twoTo32 + this.#view.getUint32(at + 4)
    return Number.isSafeInteger(value) ? value : this.#view.getBigInt64(at)
  }
  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#view.getUint8(this.#take(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value >= twoTo32) break
        return value
      }
    }
    throw new MalformedError('unsigned varint longer than 32 bits')
  }
  uuid(): Uuid {
    const at = this.#take(uuidBytes)
    return this.#bytes.toString('base64url', at, at + uuidBytes)
  }

  #text(length: number): string {
    if (length === 0) return ''
    if (length > stringBytesMax) throw new MalformedError(`string of ${length} bytes`)
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }
  #nonNull(length: number): number {
    if (length < 0) throw new MalformedError('null where null is not allowed')
    return length
  }
  string(): string {
    return this.#text(this.#nonNull(this.int16()))
  }
  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.#text(length)
  }
  compactString(): string {
    return this.#text(this.#nonNull(this.unsignedVarint() - 1))
  }
  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1
    return length < 0 ? null : this.#text(length)
  }

  #range(length: number): Bytes {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }
  bytes(): Bytes {
    return this.#range(this.#nonNull(this.int32()))
  }
  nullableBytes(): Bytes | null {
    const length = this.int32()
    return length < 0 ? null : this.#range(length)
  }
  compactBytes(): Bytes {
    return this.#range(this.#nonNull(this.unsignedVarint() - 1))
  }
  compactNullableBytes(): Bytes | null {
    const length = this.unsignedVarint() - 1
    return length < 0 ? null : this.#range(length)
  }

  /** Length of an array, -1 for null. `elementBytesMin` is the least an element takes: a longer claim is a lie. */
  arrayLength(elementBytesMin: number): number {
    return this.#claim(this.int32(), elementBytesMin)
  }
  compactArrayLength(elementBytesMin: number): number {
    return this.#claim(this.unsignedVarint() - 1, elementBytesMin)
  }
  #claim(length: number, elementBytesMin: number): number {
    if (length * elementBytesMin > this.remaining) throw new MalformedError(`array of ${length} in ${this.remaining} bytes`)
    return length < 0 ? -1 : length
  }
  nonNullLength(length: number): number {
    return this.#nonNull(length)
  }
  /** Charges `count` array elements that take more memory than bytes to the request's budget. */
  structs(count: number): number {
    this.#structsLeft -= count
    if (this.#structsLeft >= 0) return count
    throw this.#isAtOnce ? takesLong : new MalformedError(`more than ${structsPerRequestMax} structs in one request`)
  }

  skip(size: number): void {
    this.#take(size)
  }
  /** Of a tagged section. A tag takes two bytes and no memory, but time: a frame of 100 MB has room for seconds of them. */
  tagCount(): number {
    const count = this.unsignedVarint()
    return count === 0 ? 0 : this.structs(count)
  }
  /** Passes over a tagged section of which no tag is known. */
  skipTags(): void {
    for (let left = this.tagCount(); left > 0; left--) {
      this.unsignedVarint()
      this.#take(this.unsignedVarint())
    }
  }
  /** After a known tag was read: it must have taken exactly what it declared. */
  expectAt(position: number): void {
    if (this.position !== position) throw new MalformedError('tagged field does not have its declared size')
  }
}

/** A long message is cut into pieces of about this size: making its memory larger would take as long as it has bytes. */
const cutBytesMin = 256 * 1024

/** A place in the encoded bytes where bytes that live elsewhere are to be sent. */
export interface Insert {
  readonly position: number
  readonly source: Slice
}

/**
 * Grows as needed and is reused: `finish` copies what was written. Record batches given as sources are not copied: their
 * place is remembered in `inserts`, and their size counts in every length that encloses them.
 */
export class Writer {
  #bytes: TextBytes
  #view: DataView
  #position = 0
  #inserts: Insert[] | null = null
  #bytesMax = Number.POSITIVE_INFINITY
  /** What was cut off, in order, and how many bytes that is. */
  readonly #cutOff: Bytes[] = []
  #cutOffBytes = 0

  constructor(capacity = 4096) {
    const bytes = allocate(capacity)
    this.#bytes = asBuffer(bytes)
    this.#view = viewOf(bytes)
  }

  get position(): number {
    return this.#position
  }
  get inserts(): readonly Insert[] | null {
    return this.#inserts
  }

  /** Of a long message: bytes that are not written to any more, so that they need not be copied when it grows. */
  get cutOff(): readonly Bytes[] {
    return this.#cutOff
  }
  get cutOffBytes(): number {
    return this.#cutOffBytes
  }
  /** Between two elements, not within a tag. */
  cutIfLong(): void {
    if (this.#position < cutBytesMin || this.#inserts !== null) return
    this.#cutOff.push(this.written())
    this.#cutOffBytes += this.#position
    if (this.#cutOffBytes > this.#bytesMax) throw new TooLongError(this.#bytesMax)
    this.#position = 0
    this.#replace(cutBytesMin + (cutBytesMin >> 2))
  }

  /** More than `bytesMax` throws TooLongError. */
  reset(bytesMax = Number.POSITIVE_INFINITY): void {
    this.#position = 0
    this.#inserts = null
    this.#bytesMax = bytesMax
    // One huge answer must not pin its buffer for ever.
    if (this.#bytes.byteLength > 1 << 20) this.#replace(1 << 16)
  }
  #replace(capacity: number): void {
    const bytes = allocate(capacity)
    bytes.set(this.#bytes.subarray(0, this.#position))
    this.#bytes = asBuffer(bytes)
    this.#view = viewOf(bytes)
  }
  #grow(sizeMin: number): void {
    // Looked at here alone: until it grows, a writer holds what it has room for.
    if (sizeMin + this.#cutOffBytes > this.#bytesMax) throw new TooLongError(this.#bytesMax)
    this.#replace(Math.max(Math.min(this.#bytes.byteLength * 2, this.#bytesMax), sizeMin))
  }
  #room(size: number): number {
    const at = this.#position
    if (at + size > this.#bytes.byteLength) this.#grow(at + size)
    this.#position = at + size
    return at
  }

  /** A copy of all bytes written so far. */
  finish(): Bytes {
    return this.#position === 0 ? emptyBytes : copyOf(this.#bytes.subarray(0, this.#position))
  }
  /** What was written so far, valid until the next write. */
  written(): Bytes {
    return this.#bytes.subarray(0, this.#position)
  }
  /** Of what was not cut off. */
  patchInt32(position: number, value: number): void {
    this.#view.setInt32(position, value)
  }

  bool(value: boolean): void {
    // The room is made first: making it may replace the view.
    const at = this.#room(1)
    this.#view.setInt8(at, value ? 1 : 0)
  }
  int8(value: number): void {
    const at = this.#room(1)
    this.#view.setInt8(at, value)
  }
  int16(value: number): void {
    const at = this.#room(2)
    this.#view.setInt16(at, value)
  }
  uint16(value: number): void {
    const at = this.#room(2)
    this.#view.setUint16(at, value)
  }
  int32(value: number): void {
    const at = this.#room(4)
    this.#view.setInt32(at, value)
  }
  int64(value: number): void {
    const at = this.#room(8)
    const high = Math.floor(value / twoTo32)
    this.#view.setInt32(at, high)
    this.#view.setUint32(at + 4, value - high * twoTo32)
  }
  float64(value: number): void {
    const at = this.#room(8)
    this.#view.setFloat64(at, value)
  }
  int64Exact(value: Int64): void {
    if (typeof value === 'number') this.int64(value)
    else {
      const at = this.#room(8)
      this.#view.setBigInt64(at, value)
    }
  }
  unsignedVarint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.uint8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.uint8(rest)
  }
  uint8(value: number): void {
    const at = this.#room(1)
    this.#view.setUint8(at, value)
  }
  /** A tagged field's size stands before its content, which is written next: room for a small one is left. */
  beginTag(): number {
    return this.#room(1) + 1
  }
  /** `start` is what `beginTag` answered. Larger content makes room for its size. */
  endTag(start: number): void {
    const size = this.#position - start
    if (size >= 0x80) {
      const more = unsignedVarintBytes(size) - 1
      this.#room(more)
      this.#bytes.copyWithin(start + more, start, start + size)
    }
    const end = this.#position
    this.#position = start - 1
    this.unsignedVarint(size)
    this.#position = end
  }
  uuid(value: Uuid): void {
    const id = fromBase64Url(value)
    assert(id.byteLength === uuidBytes, 'a uuid has 16 bytes')
    const at = this.#room(uuidBytes)
    this.#bytes.set(id, at)
  }

  #text(value: string, length: number): void {
    const at = this.#room(length)
    this.#bytes.write(value, at, length, 'utf8')
  }
  string(value: string): void {
    const text = fitting(value)
    const length = utf8Length(text)
    this.int16(length)
    this.#text(text, length)
  }
  nullableString(value: string | null): void {
    if (value === null) this.int16(-1)
    else this.string(value)
  }
  compactString(value: string): void {
    const text = fitting(value)
    const length = utf8Length(text)
    this.unsignedVarint(length + 1)
    this.#text(text, length)
  }
  compactNullableString(value: string | null): void {
    if (value === null) this.uint8(0)
    else this.compactString(value)
  }

  raw(value: Bytes): void {
    const at = this.#room(value.byteLength)
    this.#bytes.set(value, at)
  }
  bytes(value: Bytes): void {
    this.int32(value.byteLength)
    this.raw(value)
  }
  nullableBytes(value: Bytes | null): void {
    if (value === null) this.int32(-1)
    else this.bytes(value)
  }
  compactBytes(value: Bytes): void {
    this.unsignedVarint(value.byteLength + 1)
    this.raw(value)
  }
  compactNullableBytes(value: Bytes | null): void {
    if (value === null) this.uint8(0)
    else this.compactBytes(value)
  }
  nullableRecords(value: RecordsInput | null): void {
    if (value === null) this.int32(-1)
    else {
      this.int32(recordsLength(value))
      this.#records(value)
    }
  }
  compactNullableRecords(value: RecordsInput | null): void {
    if (value === null) this.uint8(0)
    else {
      this.unsignedVarint(recordsLength(value) + 1)
      this.#records(value)
    }
  }
  #records(value: RecordsInput): void {
    if (value instanceof Uint8Array) {
      this.raw(value)
      return
    }
    for (const source of value) {
      this.#inserts ??= []
      this.#inserts.push({ position: this.#position, source })
    }
  }
}

function unsignedVarintBytes(value: number): number {
  return value < 0x80 ? 1 : Math.ceil((32 - Math.clz32(value)) / 7)
}

/**
 * Shortens a text to what a string may hold. Names that came in over the wire fit; an error message that quotes one may
 * not, and a shorter message is better than an unreadable answer. A UTF-16 unit takes at most 3 bytes.
 */
function fitting(text: string): string {
  if (text.length <= stringUnitsSafe || utf8Length(text) <= stringBytesMax) return text
  return text.slice(0, stringUnitsSafe)
}

function recordsLength(value: RecordsInput): number {
  if (value instanceof Uint8Array) return value.byteLength
  let length = 0
  for (const source of value) length += source.byteLength
  return length
}

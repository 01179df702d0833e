/**
 * Where decoders and encoders write: a buffer that grows as needed up to a bound. The bound is checked before memory is
 * taken, so what a stream claims about its size costs nothing.
 */
import { allocate, type Bytes, emptyBytes } from '../../base/bytes.js'
import { MalformedError } from '../wire.js'

/** The decompressed bytes would be more than the caller allows. */
export class DecompressedSizeError extends MalformedError {
  constructor(bytesMax: number) {
    super(`decompresses to more than ${bytesMax} bytes`)
  }
}

// The first guess at what a stream of unknown size decompresses to.
const firstBytes = 4096

export class Output {
  bytes: Bytes = emptyBytes
  length = 0
  readonly #bytesMax: number

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Makes room for `count` bytes at `length`; throws DecompressedSizeError. The buffer may be another one afterwards. */
  reserve(count: number): void {
    const wanted = this.length + count
    if (wanted <= this.bytes.byteLength) return
    if (wanted > this.#bytesMax) throw new DecompressedSizeError(this.#bytesMax)
    const grown = allocate(Math.min(this.#bytesMax, Math.max(wanted, this.bytes.byteLength * 2, firstBytes)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  /** Appends one byte. */
  push(byte: number): void {
    this.reserve(1)
    this.bytes[this.length++] = byte
  }

  /** Appends `source` from `start` up to `end`. */
  append(source: Bytes, start: number, end: number): void {
    const count = end - start
    this.reserve(count)
    const { bytes } = this
    // A view and a memmove are worth their cost only for longer runs.
    if (count > 32) bytes.set(source.subarray(start, end), this.length)
    else for (let from = start, to = this.length; from < end; ) bytes[to++] = source[from++]!
    this.length += count
  }

  /** Appends `count` times the same byte. */
  fill(byte: number, count: number): void {
    this.reserve(count)
    this.bytes.fill(byte, this.length, this.length + count)
    this.length += count
  }

  /** Appends `count` bytes from `distance` bytes back; where they overlap the new bytes, the pattern repeats. */
  repeat(distance: number, count: number): void {
    if (distance < 1 || distance > this.length) throw new MalformedError('match before the start')
    this.reserve(count)
    const { bytes } = this
    let to = this.length
    const end = to + count
    let from = to - distance
    // copyWithin is one memmove, worth its call only for longer matches.
    if (distance >= count && count > 32) bytes.copyWithin(to, from, from + count)
    else while (to < end) bytes[to++] = bytes[from++]!
    this.length = end
  }

  result(): Bytes {
    return this.bytes.subarray(0, this.length)
  }
}

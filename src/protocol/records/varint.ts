/**
 * Zigzag varints and varlongs as they stand inside records (v2). Values are numbers; a varlong beyond ±2^53 is a bigint,
 * never rounded. The reader is a cursor object used again and again, so that no value costs an allocation; it never
 * reads past its end and throws MalformedError instead.
 */
import type { Bytes } from '../../base/bytes.js'
import { type Int64, int64Of } from '../../base/int64.js'
import { MalformedError } from '../wire.js'

const twoTo28 = 0x1000_0000
const twoTo32 = 0x1_0000_0000

/** Reads varints one after the other; `position` is where the next one starts. */
export class VarintReader {
  bytes: Bytes
  position: number
  end: number

  constructor(bytes: Bytes, start = 0, end = bytes.byteLength) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  /** Points this reader at another range. */
  reset(bytes: Bytes, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  #byte(): number {
    if (this.position >= this.end) throw new MalformedError('varint runs past the end')
    return this.bytes[this.position++]!
  }

  /** A zigzag varint of at most 5 bytes: the full int32 range. */
  varint(): number {
    // Nearly every length and delta in a batch fits one byte.
    const first = this.#byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let raw = first & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.#byte()
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1)
    }
    const last = this.#byte()
    if (last > 0x0f) throw new MalformedError('varint longer than 32 bits')
    raw |= last << 28
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** A zigzag varlong of at most 10 bytes. */
  varlong(): Int64 {
    const start = this.position
    // The low 28 bits by shifts, the rest by arithmetic on doubles: 28 + 26 bits hold every zigzag value below 2^54.
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    }
    let high = 0
    let scale = 1
    for (let count = 4; count < 10; count++) {
      const byte = this.#byte()
      high += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (high >= twoTo28 / 4) return this.#wide(start)
        // value = raw / 2, exact because low's bit 0 (the sign) is taken away first.
        const magnitude = high * (twoTo28 / 2) + (low >>> 1)
        return (low & 1) === 0 ? magnitude : -magnitude - 1
      }
      scale *= 128
    }
    throw new MalformedError('varlong longer than 64 bits')
  }

  /** The varlong from `start` up to the position, in 64 bits. */
  #wide(start: number): Int64 {
    let raw = 0n
    for (let at = this.position - 1; at >= start; at--) raw = (raw << 7n) | BigInt(this.bytes[at]! & 0x7f)
    raw = BigInt.asUintN(64, raw)
    return int64Of((raw >> 1n) ^ -(raw & 1n))
  }
}

/** Bytes that `value` (an int32) takes as a zigzag varint. */
export function varintSize(value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0
  let size = 1
  while (raw >= 0x80) {
    raw >>>= 7
    size++
  }
  return size
}

/** Writes an int32 as a zigzag varint at `at` and returns the position after it. */
export function writeVarint(bytes: Bytes, at: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0
  let position = at
  while (raw >= 0x80) {
    bytes[position++] = (raw & 0x7f) | 0x80
    raw >>>= 7
  }
  bytes[position++] = raw
  return position
}

/** Bytes that `value` takes as a zigzag varlong. */
export function varlongSize(value: Int64): number {
  if (typeof value === 'bigint') return Math.ceil(zigzag(value).toString(2).length / 7)
  if (value === (value | 0)) return varintSize(value)
  // Zigzag doubles, so a magnitude of 2^n needs n + 1 bits.
  let magnitude = value < 0 ? -value - 1 : value
  let bits = 1
  while (magnitude >= twoTo32) {
    magnitude = Math.floor(magnitude / twoTo32)
    bits += 32
  }
  return Math.ceil((bits + 32 - Math.clz32(magnitude)) / 7)
}

function zigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
}

/** Writes a zigzag varlong at `at` and returns the position after it. */
export function writeVarlong(bytes: Bytes, at: number, value: Int64): number {
  if (typeof value === 'bigint') return writeWide(bytes, at, zigzag(value))
  if (value === (value | 0)) return writeVarint(bytes, at, value)
  const sign = value < 0 ? 1 : 0
  const magnitude = value < 0 ? -value - 1 : value
  // The first byte takes the sign and six bits; what is left is a plain base-128 number.
  let rest = Math.floor(magnitude / 64)
  let position = at
  bytes[position++] = ((magnitude % 64) << 1) | sign | (rest > 0 ? 0x80 : 0)
  while (rest > 0) {
    const next = Math.floor(rest / 128)
    bytes[position++] = (rest % 128) | (next > 0 ? 0x80 : 0)
    rest = next
  }
  return position
}

function writeWide(bytes: Bytes, at: number, raw: bigint): number {
  let rest = raw
  let position = at
  while (rest >= 0x80n) {
    bytes[position++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  bytes[position++] = Number(rest)
  return position
}

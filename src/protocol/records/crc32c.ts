/**
 * CRC-32C (Castagnoli), the checksum over every batch. Small ranges are summed here, sixteen bytes a step; larger ones by
 * the native @node-rs/crc32 where that optional package is installed. Both give the same sums; only the speed differs.
 */
import type { Bytes } from '../../base/bytes.js'
import { nativeCrc32c } from '../../base/native-crc32c.js'

/** Which sum large ranges get; for the start line. */
export const crc32cSource: 'native' | 'portable' = nativeCrc32c === null ? 'portable' : 'native'

// Below this many bytes the call into native code costs more than it saves.
const nativeBytesMin = 512

/** CRC-32C of `bytes` from `start` up to `end`, unsigned. */
export function crc32c(bytes: Bytes, start: number, end: number): number {
  if (nativeCrc32c === null || end - start < nativeBytesMin) return portableCrc32c(bytes, start, end)
  return nativeCrc32c(start === 0 && end === bytes.byteLength ? bytes : bytes.subarray(start, end))
}

/** Reversed Castagnoli polynomial. */
const polynomial = 0x82f63b78
const stepBytes = 16

// One flat table of 16 × 256: entry n·256 + b is what byte b does to the sum when n more bytes follow it in the step.
const table = makeTable()

function makeTable(): Int32Array {
  const made = new Int32Array(stepBytes * 256)
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) !== 0 ? (sum >>> 1) ^ polynomial : sum >>> 1
    made[byte] = sum
  }
  for (let entry = 256; entry < made.length; entry++) {
    const before = made[entry - 256]!
    made[entry] = (before >>> 8) ^ made[before & 0xff]!
  }
  return made
}

/** The sum without native code; exported so that tests hold the two against each other. */
export function portableCrc32c(bytes: Bytes, start: number, end: number): number {
  let sum = -1
  let at = start
  for (const stop = end - stepBytes; at <= stop; at += stepBytes) {
    // The sum so far is folded into the first four bytes; after that all sixteen are independent look-ups.
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    sum =
      table[0xf00 + (sum & 0xff)]! ^
      table[0xe00 + ((sum >>> 8) & 0xff)]! ^
      table[0xd00 + ((sum >>> 16) & 0xff)]! ^
      table[0xc00 + (sum >>> 24)]! ^
      table[0xb00 + bytes[at + 4]!]! ^
      table[0xa00 + bytes[at + 5]!]! ^
      table[0x900 + bytes[at + 6]!]! ^
      table[0x800 + bytes[at + 7]!]! ^
      table[0x700 + bytes[at + 8]!]! ^
      table[0x600 + bytes[at + 9]!]! ^
      table[0x500 + bytes[at + 10]!]! ^
      table[0x400 + bytes[at + 11]!]! ^
      table[0x300 + bytes[at + 12]!]! ^
      table[0x200 + bytes[at + 13]!]! ^
      table[0x100 + bytes[at + 14]!]! ^
      table[bytes[at + 15]!]!
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ table[(sum ^ bytes[at]!) & 0xff]!
  return ~sum >>> 0
}

/**
 * CRC-32C (Castagnoli), the checksum over every batch. Small ranges are summed here, eight bytes a step; large ones by the
 * native @node-rs/crc32 where that optional package is installed. Both give the same sums; only the speed differs.
 */
import type { Bytes } from '../../base/bytes.js'

/** Reversed Castagnoli polynomial. */
const polynomial = 0x82f63b78

// tables[0] is the classic byte table; tables[n][b] is what byte b does when n more zero bytes follow it.
const tables: readonly Int32Array[] = makeTables()
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

function makeTables(): Int32Array[] {
  const made = Array.from({ length: 8 }, () => new Int32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) !== 0 ? (sum >>> 1) ^ polynomial : sum >>> 1
    made[0]![byte] = sum
  }
  for (let step = 1; step < 8; step++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = made[step - 1]![byte]!
      made[step]![byte] = (before >>> 8) ^ made[0]![before & 0xff]!
    }
  }
  return made
}

/** The portable sum; exported so that tests hold both against each other. `seed` continues an earlier sum. */
export function portableCrc32c(bytes: Bytes, start: number, end: number, seed = 0): number {
  let sum = ~seed
  let at = start
  for (const stop = end - 7; at < stop; at += 8) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    sum =
      t7[sum & 0xff]! ^
      t6[(sum >>> 8) & 0xff]! ^
      t5[(sum >>> 16) & 0xff]! ^
      t4[sum >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ t0[(sum ^ bytes[at]!) & 0xff]!
  return ~sum >>> 0
}

// Below this many bytes the call into native code costs more than it saves.
const nativeBytesMin = 512

type NativeCrc32c = (input: Uint8Array) => number

const native: NativeCrc32c | null = await import('@node-rs/crc32').then(
  library => library.crc32c as NativeCrc32c,
  () => null,
)

/** Which sum large ranges get; for the start line. */
export const crc32cSource: 'native' | 'portable' = native === null ? 'portable' : 'native'

/** CRC-32C of `bytes` from `start` up to `end`, unsigned. */
export function crc32c(bytes: Bytes, start: number, end: number): number {
  if (native === null || end - start < nativeBytesMin) return portableCrc32c(bytes, start, end)
  return native(start === 0 && end === bytes.byteLength ? bytes : bytes.subarray(start, end))
}

/**
 * CRC-32C (Castagnoli), the checksum over every batch: large ranges by the native @node-rs/crc32 where that optional package
 * is installed, all others by crc-32. Both give the same sums; only the speed differs.
 */
import type { Bytes } from '../../base/bytes.js'
import { nativeCrc, portableCrc } from '../../base/packages.js'

// Below this many bytes the call into native code costs more than it saves.
const nativeBytesMin = 512

/** CRC-32C of `bytes` from `start` up to `end`, unsigned; `before`: of what stands in front of them. */
export function crc32c(bytes: Bytes, start: number, end: number, before = 0): number {
  const range = start === 0 && end === bytes.byteLength ? bytes : bytes.subarray(start, end)
  const native = end - start < nativeBytesMin ? null : nativeCrc()
  return native === null ? portableCrc().buf(range, before | 0) >>> 0 : native.crc32c(range, before)
}

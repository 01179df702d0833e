/**
 * Finds what of a block stood in it before, for the compressors: a greedy search through a hash table of four-byte
 * sequences, faster and faster through bytes that do not compress. It knows no format; a compressor walks from match to
 * match and writes the literals between them.
 */
import type { Bytes } from '../../base/bytes.js'

const hashBits = 14
/** Every format here has matches of at least so many bytes, and the hash takes as many. */
const matchBytesMin = 4

export class Matches {
  /** The match found last: where it starts, how far back its like stands, how long it is. */
  start = 0
  distance = 0
  length = 0

  readonly #bytes: Bytes
  readonly #distanceMax: number
  // Position + 1 of the last sequence with this hash; 0 for none.
  readonly #table = new Int32Array(1 << hashBits)

  constructor(bytes: Bytes, distanceMax: number) {
    this.#bytes = bytes
    this.#distanceMax = distanceMax
  }

  /**
   * The first match at or after `from` that reaches back to `reach` at most, starts at or before `lastStart` and ends at or
   * before `end`; false when there is none.
   */
  next(from: number, reach: number, lastStart: number, end: number): boolean {
    const bytes = this.#bytes
    const table = this.#table
    const last = Math.min(lastStart, end - matchBytesMin)
    // A step longer after every 32 looks in vain.
    let looks = 32
    for (let at = from; at <= last; at += looks++ >>> 5) {
      const sequence = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      const slot = Math.imul(sequence, 0x9e3779b1) >>> (32 - hashBits)
      const candidate = table[slot]! - 1
      table[slot] = at + 1
      if (candidate < reach || at - candidate > this.#distanceMax) continue
      let length = 0
      while (at + length < end && bytes[candidate + length] === bytes[at + length]) length++
      if (length < matchBytesMin) continue
      this.start = at
      this.distance = at - candidate
      this.length = length
      return true
    }
    return false
  }
}

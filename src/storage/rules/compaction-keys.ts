/**
 * The latest offset of every key in the dirty part of a log, in bounded memory: a key is represented by 128 bits of hash, as
 * in Kafka's offset map, so an entry costs 24 bytes however long its key is. Open addressing, linear probing.
 *
 * The hash is MurmurHash3 (x86, 128 bits; public domain). Two keys with one hash would lose a record; among a billion keys the
 * chance is 10^-21. A client that can craft such keys can as well write a tombstone.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'

export const bytesPerKey = 24

export class KeyOffsets {
  /** Everything up to here has been put in. */
  latestOffset: Offset = -1
  size = 0

  readonly #slots: number
  readonly #sizeMax: number
  readonly #hashes: Int32Array
  /** Offset + 1, so that the zeroes of fresh memory are empty slots. */
  readonly #offsets: Float64Array

  /** Room for `keysMax` keys, in at most `bytesMax` bytes of which at most the share `loadFactor` is used; for one at least. */
  constructor(keysMax: number, bytesMax: number, loadFactor: number) {
    // A search ends at an empty slot.
    this.#slots = Math.max(2, Math.min(Math.floor(bytesMax / bytesPerKey), Math.ceil(keysMax / loadFactor) + 1))
    this.#sizeMax = Math.max(1, Math.min(this.#slots - 1, Math.floor(this.#slots * loadFactor)))
    this.#hashes = new Int32Array(this.#slots * 4)
    this.#offsets = new Float64Array(this.#slots)
  }

  /** Notes that the key in `bytes` from `start` to `end` is at `offset`; false when there is no room for one more key. */
  put(bytes: Bytes, start: number, end: number, offset: Offset): boolean {
    if (this.size >= this.#sizeMax) return false
    const slot = this.#slotOf(bytes, start, end)
    if (this.#offsets[slot] === 0) {
      this.size++
      const at = slot * 4
      this.#hashes[at] = h1
      this.#hashes[at + 1] = h2
      this.#hashes[at + 2] = h3
      this.#hashes[at + 3] = h4
    }
    this.#offsets[slot] = offset + 1
    return true
  }

  /** The latest offset that was noted for the key; -1 when none was. */
  get(bytes: Bytes, start: number, end: number): Offset {
    return this.#offsets[this.#slotOf(bytes, start, end)]! - 1
  }

  /** The slot that holds the key, or the empty one where it would go. Leaves the key's hash in h1 to h4. */
  #slotOf(bytes: Bytes, start: number, end: number): number {
    hash128(bytes, start, end)
    const hashes = this.#hashes
    let slot = (h1 >>> 0) % this.#slots
    while (this.#offsets[slot] !== 0) {
      const at = slot * 4
      if (hashes[at] === h1 && hashes[at + 1] === h2 && hashes[at + 2] === h3 && hashes[at + 3] === h4) break
      slot = slot + 1 === this.#slots ? 0 : slot + 1
    }
    return slot
  }
}

// The result of the last hash: no object per key.
let h1 = 0
let h2 = 0
let h3 = 0
let h4 = 0

const c1 = 0x239b961b
const c2 = 0xab0e9789 | 0
const c3 = 0x38b34ae5
const c4 = 0xa1e38b93 | 0

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function hash128(bytes: Bytes, start: number, end: number): void {
  h1 = h2 = h3 = h4 = 0
  let at = start
  for (; at + 16 <= end; at += 16) {
    h1 ^= Math.imul(rotate(Math.imul(word(bytes, at), c1), 15), c2)
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0
    h2 ^= Math.imul(rotate(Math.imul(word(bytes, at + 4), c2), 16), c3)
    h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0
    h3 ^= Math.imul(rotate(Math.imul(word(bytes, at + 8), c3), 17), c4)
    h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0
    h4 ^= Math.imul(rotate(Math.imul(word(bytes, at + 12), c4), 18), c1)
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0
  }
  if (at < end) {
    h1 ^= Math.imul(rotate(Math.imul(tailWord(bytes, at, end), c1), 15), c2)
    h2 ^= Math.imul(rotate(Math.imul(tailWord(bytes, at + 4, end), c2), 16), c3)
    h3 ^= Math.imul(rotate(Math.imul(tailWord(bytes, at + 8, end), c3), 17), c4)
    h4 ^= Math.imul(rotate(Math.imul(tailWord(bytes, at + 12, end), c4), 18), c1)
  }
  const length = end - start
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  mixSums()
  h1 = finish(h1)
  h2 = finish(h2)
  h3 = finish(h3)
  h4 = finish(h4)
  mixSums()
}

function mixSums(): void {
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
}

function finish(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** Little endian, as the reference has it. */
function word(bytes: Bytes, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** What is left of a word at the end of the key, 0 beyond it. */
function tailWord(bytes: Bytes, at: number, end: number): number {
  let value = 0
  for (let index = Math.min(end - at, 4) - 1; index >= 0; index--) value = (value << 8) | bytes[at + index]!
  return value
}

/**
 * The two entropy decoders of Zstandard (RFC 8878 §4): finite state tables and Huffman tables, and the bit reader that runs
 * from the end of its bytes towards their start. Every table is checked while it is built, so that decoding with it can
 * neither leave it nor loop.
 */
import type { Bytes } from '../../../base/bytes.js'
import { MalformedError } from '../../wire.js'

/** Reads bits from the last one (below a final 1 bit) to the first. */
export class BackwardBits {
  readonly #bytes: Bytes
  readonly #start: number
  /** Bits that are left; below 0 more were read than there are. */
  left: number

  constructor(bytes: Bytes, start: number, end: number) {
    const last = end > start ? bytes[end - 1]! : 0
    if (last === 0) throw new MalformedError('zstd bit stream without an end')
    this.#bytes = bytes
    this.#start = start
    this.left = (end - start) * 8 - 1 - Math.clz32(last) + 24
  }

  /** The next `count` (≤ 24) bits without moving; bits before the first byte are 0. */
  peek(count: number): number {
    const from = this.left - count
    if (from >= 0) return this.#at(from, count)
    return this.left <= 0 ? 0 : this.#at(0, this.left) << -from
  }

  /** The next `count` (≤ 24) bits. */
  read(count: number): number {
    const value = this.peek(count)
    this.left -= count
    return value
  }

  #at(bit: number, count: number): number {
    const bytes = this.#bytes
    const at = this.#start + (bit >>> 3)
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    return (word >>> (bit & 7)) & ((1 << count) - 1)
  }
}

function highestBit(value: number): number {
  return 31 - Math.clz32(value)
}

/** A finite state table: where a state's symbol, its bits to read and the state that these are added to stand. */
export interface StateTable {
  readonly accuracyLog: number
  readonly symbols: Uint8Array
  readonly bitCounts: Uint8Array
  readonly baselines: Uint16Array
}

/** Probabilities are in units of 1/2^accuracyLog; -1 is "less than one" and takes one state at the table's end. */
export function stateTable(probabilities: ArrayLike<number>, accuracyLog: number): StateTable {
  const size = 1 << accuracyLog
  const symbols = new Uint8Array(size)
  const bitCounts = new Uint8Array(size)
  const baselines = new Uint16Array(size)
  const nextStates = new Uint16Array(probabilities.length)
  // 1. Rare symbols at the end, the others spread over the rest by a step that is coprime with the size.
  let high = size
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    if (probabilities[symbol] !== -1) continue
    symbols[--high] = symbol
    nextStates[symbol] = 1
  }
  const step = (size >>> 1) + (size >>> 3) + 3
  let place = 0
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    const probability = probabilities[symbol]!
    if (probability <= 0) continue
    nextStates[symbol] = probability
    for (let count = 0; count < probability; count++) {
      symbols[place] = symbol
      do place = (place + step) & (size - 1)
      while (place >= high)
    }
  }
  // 2. The states of one symbol share the whole range of next states among them.
  for (let state = 0; state < size; state++) {
    const next = nextStates[symbols[state]!]!++
    const bitCount = accuracyLog - highestBit(next)
    bitCounts[state] = bitCount
    baselines[state] = (next << bitCount) - size
  }
  return { accuracyLog, symbols, bitCounts, baselines }
}

/** The table of one symbol that costs no bits. */
export function constantTable(symbol: number): StateTable {
  return { accuracyLog: 0, symbols: Uint8Array.of(symbol), bitCounts: new Uint8Array(1), baselines: new Uint16Array(1) }
}

/** Reads a table's description from `start`; returns the position after it. */
export function readStateTable(
  bytes: Bytes,
  start: number,
  end: number,
  accuracyLogMax: number,
  symbolMax: number,
): { table: StateTable; end: number } {
  let bit = start * 8
  const read = (count: number): number => {
    let value = 0
    for (let index = 0; index < count; index++, bit++) {
      if (bit >>> 3 >= end) throw new MalformedError('zstd table cut off')
      value |= ((bytes[bit >>> 3]! >>> (bit & 7)) & 1) << index
    }
    return value
  }
  const accuracyLog = read(4) + 5
  if (accuracyLog > accuracyLogMax) throw new MalformedError('zstd accuracy')
  const probabilities: number[] = []
  for (let remaining = 1 << accuracyLog; remaining > 0; ) {
    // A value of 0 … remaining + 1. The small ones of them need a bit less than the others.
    const largest = remaining + 1
    const bits = highestBit(largest) + 1
    const shortValues = (1 << bits) - 1 - largest
    let value = read(bits - 1)
    if (value >= shortValues && read(1) === 1) value += (1 << (bits - 1)) - shortValues
    const probability = value - 1
    probabilities.push(probability)
    remaining -= Math.abs(probability)
    if (probability === 0) {
      let zeros: number
      do {
        zeros = read(2)
        for (let count = 0; count < zeros; count++) probabilities.push(0)
      } while (zeros === 3)
    }
    if (probabilities.length > symbolMax + 1 || remaining < 0) throw new MalformedError('zstd probabilities')
  }
  return { table: stateTable(probabilities, accuracyLog), end: (bit + 7) >>> 3 }
}

/** A Huffman table, indexed by the next `bits` bits. */
export interface HuffmanTable {
  readonly bits: number
  readonly symbols: Uint8Array
  readonly bitCounts: Uint8Array
}

const huffmanBitsMax = 11

/** Reads a Huffman tree's description from `start`; returns the position after it. */
export function readHuffmanTable(bytes: Bytes, start: number, end: number): { table: HuffmanTable; end: number } {
  if (start >= end) throw new MalformedError('zstd Huffman tree cut off')
  const header = bytes[start]!
  const weights: number[] = []
  let at = start + 1
  if (header >= 128) {
    const count = header - 127
    const size = (count + 1) >>> 1
    if (size > end - at) throw new MalformedError('zstd Huffman tree cut off')
    for (let index = 0; index < count; index++) {
      const pair = bytes[at + (index >>> 1)]!
      weights.push((index & 1) === 0 ? pair >>> 4 : pair & 15)
    }
    at += size
  } else {
    if (header > end - at) throw new MalformedError('zstd Huffman tree cut off')
    readWeights(bytes, at, at + header, weights)
    at += header
  }
  return { table: huffmanTable(weights), end: at }
}

/** Weights as two finite states that take turns; the stream ends where one of them finds no bits any more. */
function readWeights(bytes: Bytes, start: number, end: number, weights: number[]): void {
  const { table, end: streamStart } = readStateTable(bytes, start, end, 6, 255)
  const bits = new BackwardBits(bytes, streamStart, end)
  let state = bits.read(table.accuracyLog)
  let other = bits.read(table.accuracyLog)
  if (bits.left < 0) throw new MalformedError('zstd Huffman weights')
  for (;;) {
    weights.push(table.symbols[state]!)
    if (weights.length > 254) throw new MalformedError('zstd Huffman weights')
    const bitCount = table.bitCounts[state]!
    if (bitCount > bits.left) {
      weights.push(table.symbols[other]!)
      return
    }
    // A stream whose states need no bits would never end by itself: the count above ends it.
    const next = table.baselines[state]! + bits.read(bitCount)
    state = other
    other = next
  }
}

/** A weight w stands for a code of `bits + 1 - w` bits; the last symbol's weight is what completes the sum to a power of 2. */
function huffmanTable(weights: number[]): HuffmanTable {
  let sum = 0
  for (const weight of weights) {
    if (weight > huffmanBitsMax) throw new MalformedError('zstd Huffman weight')
    if (weight > 0) sum += 1 << (weight - 1)
  }
  if (sum === 0) throw new MalformedError('zstd Huffman tree without symbols')
  const bits = highestBit(sum) + 1
  const rest = (1 << bits) - sum
  if (bits > huffmanBitsMax || (rest & (rest - 1)) !== 0) throw new MalformedError('zstd Huffman tree')
  weights.push(highestBit(rest) + 1)

  const symbols = new Uint8Array(1 << bits)
  const bitCounts = new Uint8Array(1 << bits)
  let place = 0
  for (let weight = 1; weight <= bits; weight++) {
    for (let symbol = 0; symbol < weights.length; symbol++) {
      if (weights[symbol] !== weight) continue
      const next = place + (1 << (weight - 1))
      symbols.fill(symbol, place, next)
      bitCounts.fill(bits + 1 - weight, place, next)
      place = next
    }
  }
  return { bits, symbols, bitCounts }
}

/** Decodes exactly `to - from` symbols into `target`; the stream must end with them. */
export function decodeHuffman(
  table: HuffmanTable,
  bytes: Bytes,
  start: number,
  end: number,
  target: Uint8Array,
  from: number,
  to: number,
): void {
  const bits = new BackwardBits(bytes, start, end)
  const { symbols, bitCounts, bits: codeBits } = table
  const mask = (1 << codeBits) - 1
  for (let at = from; at < to; at++) {
    // Per literal, so `peek` is written out where three bytes are there; a code has at most 11 bits.
    const bit = bits.left - codeBits
    const place = start + (bit >> 3)
    const code =
      bit >= 0 && place + 2 < end
        ? ((bytes[place]! | (bytes[place + 1]! << 8) | (bytes[place + 2]! << 16)) >>> (bit & 7)) & mask
        : bits.peek(codeBits)
    target[at] = symbols[code]!
    bits.left -= bitCounts[code]!
  }
  if (bits.left !== 0) throw new MalformedError('zstd literals do not fill their stream')
}

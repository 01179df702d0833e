/**
 * Zstandard compression where Node has none (before 22.15). Written from RFC 8878. It writes one frame with its content
 * size, whose blocks hold matches coded with the predefined tables and literals as they are: less dense than the reference
 * encoder, which also codes literals by Huffman trees, and readable by every decoder. Blocks that do not shrink are stored.
 */
import type { Bytes } from '../../base/bytes.js'
import { Matches } from './matches.js'
import { Output } from './output.js'
import { literalCodes, literalPart, matchCodes, matchPart, offsetPart } from './zstd.js'
import type { StateTable } from './zstd-tables.js'

const blockBytes = 128 * 1024
/** The predefined table for offsets goes up to code 28. */
const distanceMax = 2 ** 28
const blockTypes = { raw: 0, compressed: 2 }

export function zstd(bytes: Bytes): Bytes {
  const output = new Output(Number.POSITIVE_INFINITY)
  frameHeader(bytes.byteLength, output)
  const matches = new Matches(bytes, distanceMax)
  const sequences = new Sequences()
  let start = 0
  do {
    const end = Math.min(start + blockBytes, bytes.byteLength)
    const headerAt = output.length
    output.fill(0, 3)
    compressedBlock(bytes, start, end, matches, sequences, output)
    let size = output.length - headerAt - 3
    let type = blockTypes.compressed
    if (size >= end - start) {
      output.length = headerAt + 3
      output.append(bytes, start, end)
      size = end - start
      type = blockTypes.raw
    }
    putLittleEndian(output.bytes, headerAt, 3, (size << 3) | (type << 1) | (end === bytes.byteLength ? 1 : 0))
    start = end
  } while (start < bytes.byteLength)
  return output.result()
}

/** Magic, "single segment" (the window is the content), and the content size in 1, 2 or 4 bytes. */
function frameHeader(size: number, output: Output): void {
  const code = size < 256 ? 0 : size < 0x10100 ? 1 : 2
  for (const byte of [0x28, 0xb5, 0x2f, 0xfd, (code << 6) | 0x20]) output.push(byte)
  pushLittleEndian(output, 1 << code, code === 1 ? size - 256 : size)
}

function pushLittleEndian(output: Output, count: number, value: number): void {
  output.fill(0, count)
  putLittleEndian(output.bytes, output.length - count, count, value)
}
function putLittleEndian(bytes: Bytes, at: number, count: number, value: number): void {
  for (let index = 0; index < count; index++) bytes[at + index] = value >>> (8 * index)
}

/** The sequences of one block, in arrays that serve all blocks. */
class Sequences {
  count = 0
  readonly literals = new Int32Array(blockBytes / 4)
  readonly lengths = new Int32Array(blockBytes / 4)
  readonly distances = new Int32Array(blockBytes / 4)
}

function compressedBlock(bytes: Bytes, start: number, end: number, matches: Matches, sequences: Sequences, output: Output): void {
  // 1. What is a match and what is a literal. The literals are written at once, behind a header of three bytes.
  const headerAt = output.length
  output.fill(0, 3)
  sequences.count = 0
  let at = start
  while (matches.next(at, 0, end, end)) {
    const index = sequences.count++
    sequences.literals[index] = matches.start - at
    sequences.lengths[index] = matches.length
    sequences.distances[index] = matches.distance
    output.append(bytes, at, matches.start)
    at = matches.start + matches.length
  }
  output.append(bytes, at, end)
  const rawLiterals = 0b1100 // Not coded, with a size of 20 bits.
  putLittleEndian(output.bytes, headerAt, 3, ((output.length - headerAt - 3) << 4) | rawLiterals)

  // 2. How many sequences, all three parts with predefined tables, and their bits.
  const { count } = sequences
  if (count < 128) output.push(count)
  else if (count < 0x7f00) {
    output.push((count >>> 8) + 128)
    output.push(count & 0xff)
  } else {
    output.push(255)
    pushLittleEndian(output, 2, count - 0x7f00)
  }
  if (count === 0) return
  output.push(0)
  writeSequences(sequences, output)
}

/**
 * The decoder reads the bits backwards, so the last sequence is written first, and of each what is read last. A state is
 * chosen so that the decoder gets from it to the one that was chosen before.
 */
function writeSequences(sequences: Sequences, output: Output): void {
  const bits = new BitWriter(output)
  let literalState = -1
  let matchState = -1
  let offsetState = -1
  for (let index = sequences.count - 1; index >= 0; index--) {
    const literals = sequences.literals[index]!
    const length = sequences.lengths[index]!
    const offsetValue = sequences.distances[index]! + 3
    const literalCode = codeOf(literals, literalCodes.baselines)
    const matchCode = codeOf(length, matchCodes.baselines)
    const offsetCode = 31 - Math.clz32(offsetValue)
    offsetState = step(offsetStates, offsetCode, offsetState, bits)
    matchState = step(matchStates, matchCode, matchState, bits)
    literalState = step(literalStates, literalCode, literalState, bits)
    bits.write(literals - literalCodes.baselines[literalCode]!, literalCodes.bitCounts[literalCode]!)
    bits.write(length - matchCodes.baselines[matchCode]!, matchCodes.bitCounts[matchCode]!)
    const offsetBits = offsetValue - 2 ** offsetCode
    if (offsetCode > 24) {
      bits.write(offsetBits % 0x100_0000, 24)
      bits.write(Math.floor(offsetBits / 0x100_0000), offsetCode - 24)
    } else bits.write(offsetBits, offsetCode)
  }
  bits.write(matchState, matchPart.predefined.accuracyLog)
  bits.write(offsetState, offsetPart.predefined.accuracyLog)
  bits.write(literalState, literalPart.predefined.accuracyLog)
  bits.close()
}

/** The last code whose values begin at or below `value`. */
function codeOf(value: number, baselines: readonly number[]): number {
  let low = 0
  let high = baselines.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (baselines[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** For each symbol and each state to go to: the state of this symbol from which a decoder gets there. */
interface EncoderStates {
  readonly table: StateTable
  readonly from: Uint8Array
}

const literalStates = encoderStates(literalPart.predefined)
const offsetStates = encoderStates(offsetPart.predefined)
const matchStates = encoderStates(matchPart.predefined)

function encoderStates(table: StateTable): EncoderStates {
  const size = 1 << table.accuracyLog
  const from = new Uint8Array(64 * size)
  for (let state = 0; state < size; state++) {
    const baseline = table.baselines[state]!
    const reached = 1 << table.bitCounts[state]!
    for (let target = baseline; target < baseline + reached; target++) from[table.symbols[state]! * size + target] = state
  }
  return { table, from }
}

/** The state to code `symbol` with; writes the bits that lead from it to `target`, or none when it is the last (-1). */
function step(states: EncoderStates, symbol: number, target: number, bits: BitWriter): number {
  const { table, from } = states
  const state = from[(symbol << table.accuracyLog) + Math.max(target, 0)]!
  if (target >= 0) bits.write(target - table.baselines[state]!, table.bitCounts[state]!)
  return state
}

/** Bits from the lowest up, byte after byte. */
class BitWriter {
  readonly #output: Output
  #pending = 0
  #count = 0

  constructor(output: Output) {
    this.#output = output
  }

  /** Writes the `count` (≤ 24) lowest bits of `value`, which has no others. */
  write(value: number, count: number): void {
    this.#pending |= value << this.#count
    this.#count += count
    while (this.#count >= 8) {
      this.#output.push(this.#pending & 0xff)
      this.#pending >>>= 8
      this.#count -= 8
    }
  }

  /** A final 1 tells the decoder where to begin. */
  close(): void {
    this.write(1, 1)
    if (this.#count > 0) this.#output.push(this.#pending)
  }
}

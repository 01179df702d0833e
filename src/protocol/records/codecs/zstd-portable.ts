/**
 * Zstandard decompression where Node has none (before 22.15). Written from RFC 8878. It decodes frames with or without a
 * content size, one after the other; skippable frames are skipped; dictionaries are refused. The content checksum is
 * stepped over: the batch has its CRC. Time and memory are bound by the input and the cap on the output: a block never
 * gives more than 128 KiB, and no claim of a header takes memory.
 */
import { allocate, type Bytes, emptyBytes } from '../../../base/bytes.js'
import { MalformedError } from '../../wire.js'
import { Output } from '../output.js'
import { atOnce, type Steps } from './steps.js'
import {
  BackwardBits,
  constantTable,
  decodeHuffman,
  type HuffmanTable,
  readHuffmanTable,
  readStateTable,
  type StateTable,
  stateTable,
} from './zstd-tables.js'

/** Decompresses to at most `bytesMax` bytes. Throws MalformedError, DecompressedSizeError. */
export function unzstd(bytes: Bytes, bytesMax: number): Bytes {
  return atOnce(unzstdSteps(bytes, bytesMax))
}

/** The same, a block at a step. */
export function* unzstdSteps(bytes: Bytes, bytesMax: number): Steps {
  const output = new Output(bytesMax)
  let at = 0
  do {
    const magic = littleEndian(bytes, at, 4)
    if (magic === frameMagic) at = yield* new Frame(bytes, output).decode(at + 4)
    else if (magic >= skippableMagic && magic < skippableMagic + 16) at += 8 + littleEndian(bytes, at + 4, 4)
    else throw new MalformedError('zstd magic')
    if (at > bytes.byteLength) throw new MalformedError('zstd frame cut off')
  } while (at < bytes.byteLength)
  return output.result()
}

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const blockBytesMax = 128 * 1024

function littleEndian(bytes: Bytes, at: number, count: number): number {
  if (count > bytes.byteLength - at) throw new MalformedError('zstd frame cut off')
  let value = 0
  for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}

/** A code of lengths: its value is the baseline plus so many bits. */
function lengthCodes(firstValue: number, bitCounts: number[]): { baselines: number[]; bitCounts: number[] } {
  const baselines: number[] = []
  let value = firstValue
  for (const bits of bitCounts) {
    baselines.push(value)
    value += 1 << bits
  }
  return { baselines, bitCounts }
}
const zeros = (count: number): number[] => Array<number>(count).fill(0)
/** Lengths of literals and of matches. */
export const literalCodes = lengthCodes(0, [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
export const matchCodes = lengthCodes(3, [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])

/** What a sequence's three parts are coded with, and their predefined tables (RFC 8878 §3.1.1.3.2.2). */
interface Part {
  readonly accuracyLogMax: number
  readonly symbolMax: number
  readonly predefined: StateTable
}
const ones = (count: number): number[] => Array<number>(count).fill(1)
const rare = (count: number): number[] => Array<number>(count).fill(-1)
const twos = (count: number): number[] => Array<number>(count).fill(2)
export const literalPart: Part = {
  accuracyLogMax: 9,
  symbolMax: 35,
  predefined: stateTable([4, 3, ...twos(11), ...ones(3), ...twos(9), 3, 2, ...ones(5), ...rare(4)], 6),
}
export const offsetPart: Part = {
  accuracyLogMax: 8,
  symbolMax: 31,
  predefined: stateTable([...ones(6), ...twos(3), ...ones(15), ...rare(5)], 5),
}
export const matchPart: Part = {
  accuracyLogMax: 9,
  symbolMax: 52,
  predefined: stateTable([1, 4, 3, ...twos(6), ...ones(37), ...rare(7)], 6),
}

/** One frame: what its blocks leave to the ones after them. */
class Frame {
  readonly #bytes: Bytes
  readonly #output: Output
  readonly #start: number
  #blockBytesMax = blockBytesMax
  #huffman: HuffmanTable | null = null
  #literalTable: StateTable | null = null
  #offsetTable: StateTable | null = null
  #matchTable: StateTable | null = null
  /** The last three distances, newest first. */
  #recent1 = 1
  #recent2 = 4
  #recent3 = 8
  #literals: Bytes = emptyBytes
  #literalCount = 0

  constructor(bytes: Bytes, output: Output) {
    this.#bytes = bytes
    this.#output = output
    this.#start = output.length
  }

  /** Decodes the frame whose header starts at `start`, after the magic; returns the position after it. */
  *decode(start: number): Generator<void, number, void> {
    const bytes = this.#bytes
    const descriptor = littleEndian(bytes, start, 1)
    if ((descriptor & 0x08) !== 0) throw new MalformedError('zstd frame of an unknown kind')
    const isSingleSegment = (descriptor & 0x20) !== 0
    let at = start + 1
    if (!isSingleSegment) {
      const window = littleEndian(bytes, at++, 1)
      const windowBytes = 2 ** (10 + (window >>> 3)) * (1 + (window & 7) / 8)
      this.#blockBytesMax = Math.min(blockBytesMax, windowBytes)
    }
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
    if (littleEndian(bytes, at, dictionaryBytes) !== 0) throw new MalformedError('zstd dictionary')
    const sizeCode = descriptor >>> 6
    at += dictionaryBytes + (sizeCode === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeCode)

    for (let isLast = false; !isLast; ) {
      const header = littleEndian(bytes, at, 3)
      at += 3
      isLast = (header & 1) === 1
      at = this.#block((header >>> 1) & 3, at, header >>> 3)
      yield
    }
    const hasChecksum = (descriptor & 0x04) !== 0
    if (hasChecksum) littleEndian(bytes, at, 4)
    return hasChecksum ? at + 4 : at
  }

  #block(type: number, at: number, size: number): number {
    const end = at + (type === 1 ? 1 : size)
    if (type === 3 || size > this.#blockBytesMax || end > this.#bytes.byteLength) throw new MalformedError('zstd block')
    if (type === 0) this.#output.append(this.#bytes, at, end)
    else if (type === 1) this.#output.fill(this.#bytes[at]!, size)
    else this.#sequences(this.#readLiterals(at, end), end)
    return end
  }

  /** Decodes the literals of a block into `#literals`; returns the position after them. */
  #readLiterals(start: number, end: number): number {
    const bytes = this.#bytes
    if (end - start < 1) throw new MalformedError('zstd literals')
    const type = bytes[start]! & 3
    const format = (bytes[start]! >>> 2) & 3
    // 1. Plain or repeated bytes: a size of 5, 12 or 20 bits.
    if (type < 2) {
      const headerSize = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3
      if (headerSize > end - start) throw new MalformedError('zstd literals')
      const count = littleEndian(bytes, start, headerSize) >>> (headerSize === 1 ? 3 : 4)
      const at = start + headerSize
      const next = at + (type === 0 ? count : 1)
      if (next > end) throw new MalformedError('zstd literals')
      this.#makeRoom(count)
      if (type === 0) this.#literals.set(bytes.subarray(at, next))
      else this.#literals.fill(bytes[at]!, 0, count)
      return next
    }
    // 2. Huffman codes: two sizes of 10, 14 or 18 bits, then the tree unless the last one is used again.
    const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18
    const headerSize = format < 2 ? 3 : format + 2
    if (headerSize > end - start) throw new MalformedError('zstd literals')
    const header = littleEndian(bytes, start, headerSize)
    const count = Math.floor(header / 16) % 2 ** sizeBits
    const next = start + headerSize + Math.floor(header / 2 ** (4 + sizeBits))
    if (next > end) throw new MalformedError('zstd literals')
    let at = start + headerSize
    if (type === 2) {
      const tree = readHuffmanTable(bytes, at, next)
      this.#huffman = tree.table
      at = tree.end
    }
    if (this.#huffman === null) throw new MalformedError('zstd literals without a tree')
    this.#makeRoom(count)
    this.#huffmanStreams(this.#huffman, at, next, count, format === 0)
    return next
  }

  #huffmanStreams(table: HuffmanTable, start: number, end: number, count: number, isSingle: boolean): void {
    const bytes = this.#bytes
    const target = this.#literals
    if (isSingle) {
      decodeHuffman(table, bytes, start, end, target, 0, count)
      return
    }
    const quarter = (count + 3) >>> 2
    if (end - start < 6 || quarter * 3 > count) throw new MalformedError('zstd literal streams')
    let at = start + 6
    for (let stream = 0; stream < 3; stream++) {
      const next = at + littleEndian(bytes, start + stream * 2, 2)
      if (next > end) throw new MalformedError('zstd literal streams')
      decodeHuffman(table, bytes, at, next, target, stream * quarter, (stream + 1) * quarter)
      at = next
    }
    decodeHuffman(table, bytes, at, end, target, quarter * 3, count)
  }

  #makeRoom(count: number): void {
    if (count > this.#blockBytesMax) throw new MalformedError('zstd block with too many literals')
    if (this.#literals.byteLength < count) this.#literals = allocate(Math.max(count, 16 * 1024))
    this.#literalCount = count
  }

  /** Runs the sequences of a block: so many literals, then a match, again and again; the literals left over end it. */
  #sequences(start: number, end: number): void {
    const bytes = this.#bytes
    const output = this.#output
    const outputEnd = output.length + this.#blockBytesMax
    if (end - start < 1) throw new MalformedError('zstd sequences')
    const first = bytes[start]!
    const countBytes = first < 128 ? 1 : first < 255 ? 2 : 3
    if (countBytes > end - start) throw new MalformedError('zstd sequences')
    let count = first
    if (countBytes === 2) count = (first - 128) * 256 + bytes[start + 1]!
    if (countBytes === 3) count = littleEndian(bytes, start + 1, 2) + 0x7f00
    let literal = 0
    if (count > 0) {
      // 1. The three tables, each predefined, constant, described here, or the last one again.
      let at = start + countBytes
      const modes = at < end ? bytes[at++]! : 3
      if ((modes & 3) !== 0) throw new MalformedError('zstd sequence modes')
      const literalTable = this.#readTable(modes >>> 6, literalPart, this.#literalTable, at, end)
      const offsetTable = this.#readTable((modes >>> 4) & 3, offsetPart, this.#offsetTable, this.#tableEnd, end)
      const matchTable = this.#readTable((modes >>> 2) & 3, matchPart, this.#matchTable, this.#tableEnd, end)
      at = this.#tableEnd
      this.#literalTable = literalTable
      this.#offsetTable = offsetTable
      this.#matchTable = matchTable

      // 2. The bits give the three first states, then per sequence the parts' extra bits and the next states.
      const bits = new BackwardBits(bytes, at, end)
      let literalState = bits.read(literalTable.accuracyLog)
      let offsetState = bits.read(offsetTable.accuracyLog)
      let matchState = bits.read(matchTable.accuracyLog)
      for (let left = count; left > 0; left--) {
        const offsetCode = offsetTable.symbols[offsetState]!
        const matchCode = matchTable.symbols[matchState]!
        const literalCode = literalTable.symbols[literalState]!
        const offsetValue = 2 ** offsetCode + readLong(bits, offsetCode)
        const length = matchCodes.baselines[matchCode]! + bits.read(matchCodes.bitCounts[matchCode]!)
        const literals = literalCodes.baselines[literalCode]! + bits.read(literalCodes.bitCounts[literalCode]!)
        if (left > 1) {
          literalState = literalTable.baselines[literalState]! + bits.read(literalTable.bitCounts[literalState]!)
          matchState = matchTable.baselines[matchState]! + bits.read(matchTable.bitCounts[matchState]!)
          offsetState = offsetTable.baselines[offsetState]! + bits.read(offsetTable.bitCounts[offsetState]!)
        }
        if (bits.left < 0 || literals > this.#literalCount - literal || literals + length > outputEnd - output.length) {
          throw new MalformedError('zstd sequence')
        }
        output.append(this.#literals, literal, literal + literals)
        literal += literals
        const distance = this.#distanceOf(offsetValue, literals === 0)
        if (distance > output.length - this.#start) throw new MalformedError('zstd match before its frame')
        output.repeat(distance, length)
      }
      if (bits.left !== 0) throw new MalformedError('zstd sequences do not fill their stream')
    } else if (end - start !== 1) throw new MalformedError('zstd block longer than its literals')
    // 3. What no sequence took.
    if (this.#literalCount - literal > outputEnd - output.length) throw new MalformedError('zstd block too long')
    output.append(this.#literals, literal, this.#literalCount)
  }

  /** Where the table that `#readTable` read last ends. */
  #tableEnd = 0

  #readTable(mode: number, part: Part, last: StateTable | null, at: number, end: number): StateTable {
    this.#tableEnd = at
    if (mode === 0) return part.predefined
    if (mode === 3) {
      if (last === null) throw new MalformedError('zstd table that was never read')
      return last
    }
    if (mode === 1) {
      if (at >= end || this.#bytes[at]! > part.symbolMax) throw new MalformedError('zstd symbol')
      this.#tableEnd = at + 1
      return constantTable(this.#bytes[at]!)
    }
    const read = readStateTable(this.#bytes, at, end, part.accuracyLogMax, part.symbolMax)
    this.#tableEnd = read.end
    return read.table
  }

  /** Values 1 to 3 name one of the last distances, shifted by one when no literals came before. */
  #distanceOf(value: number, hasNoLiterals: boolean): number {
    const recent = hasNoLiterals && value <= 3 ? value + 1 : value
    if (recent === 1) return this.#recent1
    let distance: number
    if (value > 3) distance = value - 3
    else if (recent === 2) distance = this.#recent2
    else distance = recent === 3 ? this.#recent3 : this.#recent1 - 1
    if (value > 3 || recent > 2) this.#recent3 = this.#recent2
    this.#recent2 = this.#recent1
    this.#recent1 = distance
    return distance
  }
}

/** Up to 31 bits, in two reads where one would not hold them. */
function readLong(bits: BackwardBits, count: number): number {
  if (count <= 24) return bits.read(count)
  const high = bits.read(count - 24)
  return high * 0x100_0000 + bits.read(24)
}

/**
 * LZ4 in its frame format, as Kafka's clients send it since magic 1. Written from the format descriptions. Header and block
 * checksums are verified; the content checksum is stepped over, as in Kafka's own reader (the batch has its CRC).
 *
 *   frame    magic 04 22 4d 18 · FLG · BD · [content size u64] · header checksum · block* · 0 u32 · [content checksum u32]
 *   block    size u32 (bit 31: stored as it is) · bytes · [checksum u32]
 */
import type { Bytes } from '../../base/bytes.js'
import { MalformedError } from '../wire.js'
import { Output } from './output.js'
import { xxHash32 } from './xxhash32.js'

/**
 * Decompresses to at most `bytesMax` bytes. Throws MalformedError, DecompressedSizeError. Clients that write magic 0 took
 * the header checksum over other bytes, some of them not: there it is not looked at.
 */
export function unlz4(bytes: Bytes, bytesMax: number, isForMagic0 = false): Bytes {
  const output = new Output(bytesMax)
  let at = 0
  do at = unframe(bytes, at, output, isForMagic0)
  while (at < bytes.byteLength)
  return output.result()
}

const magic = 0x184d2204
const flagBits = {
  version: 0xc0,
  independent: 0x20,
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  dictionary: 0x01,
}
const storedBit = 0x8000_0000

function uint32At(bytes: Bytes, at: number): number {
  if (bytes.byteLength - at < 4) throw new MalformedError('lz4 frame cut off')
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Decodes one frame and returns the position after it. */
function unframe(bytes: Bytes, start: number, output: Output, isForMagic0: boolean): number {
  if (uint32At(bytes, start) !== magic) throw new MalformedError('lz4 magic')
  const descriptor = start + 4
  const flags = bytes[descriptor] ?? 0
  const sizeCode = ((bytes[descriptor + 1] ?? 0) >>> 4) & 7
  if ((flags & flagBits.version) !== 0x40 || (flags & flagBits.dictionary) !== 0 || sizeCode < 4) {
    throw new MalformedError('lz4 frame of an unknown kind')
  }
  const blockBytesMax = 1 << (8 + 2 * sizeCode)
  let at = descriptor + ((flags & flagBits.contentSize) !== 0 ? 10 : 2)
  if (at >= bytes.byteLength) throw new MalformedError('lz4 frame cut off')
  if (!isForMagic0 && bytes[at] !== ((xxHash32(bytes, descriptor, at) >>> 8) & 0xff)) {
    throw new MalformedError('lz4 header checksum')
  }
  at++

  const frameStart = output.length
  for (;;) {
    const sizeField = uint32At(bytes, at)
    at += 4
    if (sizeField === 0) break
    const isStored = sizeField >= storedBit
    const size = isStored ? sizeField - storedBit : sizeField
    const end = at + size
    if (size > blockBytesMax || end > bytes.byteLength) throw new MalformedError(`lz4 block of ${size} bytes`)
    // Blocks that depend on each other may reach back to the frame's start, independent ones only to their own.
    const reach = (flags & flagBits.independent) !== 0 ? output.length : frameStart
    if (isStored) output.append(bytes, at, end)
    else unblock(bytes, at, end, output, reach, output.length + blockBytesMax)
    at = end
    if ((flags & flagBits.blockChecksum) !== 0) {
      if (uint32At(bytes, at) !== xxHash32(bytes, end - size, end)) throw new MalformedError('lz4 block checksum')
      at += 4
    }
  }
  if ((flags & flagBits.contentChecksum) !== 0) {
    uint32At(bytes, at)
    at += 4
  }
  return at
}

/**
 * Decodes the block from `start` to `end`: sequences of a token (literal count, match length), literals and a match.
 * `reach` is how far back a match may go, `outputEnd` where the block's output must have ended.
 */
function unblock(bytes: Bytes, start: number, end: number, output: Output, reach: number, outputEnd: number): void {
  let at = start
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >>> 4
    if (literals === 15) {
      let byte: number
      do {
        if (at >= end) throw new MalformedError('lz4 literal count')
        byte = bytes[at++]!
        literals += byte
      } while (byte === 255)
    }
    if (literals > end - at || literals > outputEnd - output.length) throw new MalformedError('lz4 literals')
    if (literals > 0) {
      output.append(bytes, at, at + literals)
      at += literals
    }
    // The last sequence has literals only.
    if (at === end) return
    if (end - at < 2) throw new MalformedError('lz4 match')
    const distance = bytes[at]! | (bytes[at + 1]! << 8)
    at += 2
    let length = (token & 15) + 4
    if (length === 19) {
      let byte: number
      do {
        if (at >= end) throw new MalformedError('lz4 match length')
        byte = bytes[at++]!
        length += byte
      } while (byte === 255)
    }
    if (distance > output.length - reach || length > outputEnd - output.length) throw new MalformedError('lz4 match')
    output.repeat(distance, length)
  }
}

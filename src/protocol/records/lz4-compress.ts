/**
 * LZ4 compression into one frame (see lz4.ts) of independent blocks of 64 KiB without checksums, as Kafka's own client
 * writes it. Written from the format descriptions.
 */
import type { Bytes } from '../../base/bytes.js'
import { Matches } from './matches.js'
import { Output } from './output.js'
import { xxHash32 } from './xxhash32.js'

const blockBytes = 64 * 1024
const distanceMax = 0xffff
/** A block's last match starts so many bytes before its end, and its last bytes are literals. */
const lastMatchStart = 12
const lastLiterals = 5
const storedBit = 0x8000_0000

// Magic, version 1 with independent blocks, blocks of 64 KiB.
const descriptor: Bytes = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40)

/**
 * `isForMagic0`: Kafka's first clients took the header checksum over the magic as well, and those who read messages with
 * magic 0 expect it so.
 */
export function lz4(bytes: Bytes, isForMagic0 = false): Bytes {
  const output = new Output(Number.POSITIVE_INFINITY)
  output.append(descriptor, 0, descriptor.byteLength)
  output.push((xxHash32(descriptor, isForMagic0 ? 0 : 4, descriptor.byteLength) >>> 8) & 0xff)
  const matches = new Matches(bytes, distanceMax)
  for (let start = 0; start < bytes.byteLength; start += blockBytes) {
    const end = Math.min(start + blockBytes, bytes.byteLength)
    const sizeAt = output.length
    output.fill(0, 4)
    block(bytes, start, end, matches, output)
    let size = output.length - sizeAt - 4
    if (size >= end - start) {
      // It did not shrink: stored as it is.
      output.length = sizeAt + 4
      output.append(bytes, start, end)
      size = end - start + storedBit
    }
    putUint32(output.bytes, sizeAt, size)
  }
  output.fill(0, 4)
  return output.result()
}

function putUint32(bytes: Bytes, at: number, value: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = value >>> (8 * index)
}

function block(bytes: Bytes, start: number, end: number, matches: Matches, output: Output): void {
  let at = start
  while (matches.next(at, start, end - lastMatchStart, end - lastLiterals)) {
    sequence(bytes, at, matches.start, matches.length - 4, output)
    output.push(matches.distance & 0xff)
    output.push(matches.distance >>> 8)
    extension(matches.length - 4, output)
    at = matches.start + matches.length
  }
  sequence(bytes, at, end, 0, output)
}

/** A token with both counts as far as they fit, and the literals. */
function sequence(bytes: Bytes, start: number, end: number, matchCode: number, output: Output): void {
  const count = end - start
  output.push((Math.min(count, 15) << 4) | Math.min(matchCode, 15))
  extension(count, output)
  output.append(bytes, start, end)
}

/** What of a count did not fit into its half of the token. */
function extension(count: number, output: Output): void {
  if (count < 15) return
  let left = count - 15
  for (; left >= 255; left -= 255) output.push(255)
  output.push(left)
}

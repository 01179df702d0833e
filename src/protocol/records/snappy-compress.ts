/**
 * Snappy compression in the framing that Java's clients and their followers read (see snappy.ts): blocks of 32 KiB, each of
 * them a raw stream of its own. Written from Snappy's format description.
 */
import { type Bytes, concat } from '../../base/bytes.js'
import { Matches } from './matches.js'
import { Output } from './output.js'

const frameHeader: Bytes = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)
const blockBytes = 32 * 1024

export function snappy(bytes: Bytes): Bytes {
  const output = new Output(Number.POSITIVE_INFINITY)
  const matches = new Matches(bytes, blockBytes)
  for (let start = 0; start < bytes.byteLength; start += blockBytes) {
    const sizeAt = output.length
    output.fill(0, 4)
    block(bytes, start, Math.min(start + blockBytes, bytes.byteLength), matches, output)
    const size = output.length - sizeAt - 4
    for (let shift = 24, at = sizeAt; shift >= 0; shift -= 8) output.bytes[at++] = size >>> shift
  }
  return concat([frameHeader, output.result()])
}

function block(bytes: Bytes, start: number, end: number, matches: Matches, output: Output): void {
  let length = end - start
  for (; length >= 0x80; length >>>= 7) output.push((length & 0x7f) | 0x80)
  output.push(length)
  let at = start
  while (matches.next(at, start, end, end)) {
    literal(bytes, at, matches.start, output)
    copy(matches.distance, matches.length, output)
    at = matches.start + matches.length
  }
  literal(bytes, at, end, output)
}

function literal(bytes: Bytes, start: number, end: number, output: Output): void {
  if (start === end) return
  const code = end - start - 1
  if (code < 60) output.push(code << 2)
  else {
    // One or two bytes of length: a block has no longer literal.
    output.push((code < 256 ? 60 : 61) << 2)
    output.push(code & 0xff)
    if (code >= 256) output.push(code >>> 8)
  }
  output.append(bytes, start, end)
}

/** Copies have 4 to 64 bytes; a longer one is cut so that no rest is below 4. */
function copy(distance: number, length: number, output: Output): void {
  let left = length
  while (left > 64) {
    const part = left < 68 ? 60 : 64
    farCopy(distance, part, output)
    left -= part
  }
  if (left < 12 && distance < 2048) {
    output.push(((distance >>> 8) << 5) | ((left - 4) << 2) | 1)
    output.push(distance & 0xff)
  } else farCopy(distance, left, output)
}

function farCopy(distance: number, length: number, output: Output): void {
  output.push(((length - 1) << 2) | 2)
  output.push(distance & 0xff)
  output.push(distance >>> 8)
}

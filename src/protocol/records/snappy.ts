/**
 * Snappy as Kafka's clients send it: raw (librdkafka) or in the framing of the Java library that most others follow
 * (Java, sarama, kafkajs), told apart by the framing's magic bytes. Written from Snappy's format description.
 *
 *   framed   0x82 'SNAPPY' 0x00 · version i32 · compatible version i32 · (size i32 · raw)*
 *   raw      uncompressed length (unsigned varint) · (tag · …)*   tag bits 0-1: 0 literal, 1 to 3 copies
 */
import type { Bytes } from '../../base/bytes.js'
import { MalformedError } from '../wire.js'
import { DecompressedSizeError, Output } from './output.js'

/** Decompresses to at most `bytesMax` bytes. Throws MalformedError, DecompressedSizeError. */
export function unsnappy(bytes: Bytes, bytesMax: number): Bytes {
  const output = new Output(bytesMax)
  if (isFramedAt(bytes, 0)) unframe(bytes, output, bytesMax)
  else unraw(bytes, 0, bytes.byteLength, output, bytesMax)
  return output.result()
}

const frameMagic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
const frameHeaderSize = frameMagic.length + 8

function isFramedAt(bytes: Bytes, at: number): boolean {
  if (bytes.byteLength - at < frameHeaderSize) return false
  return frameMagic.every((byte, index) => bytes[at + index] === byte)
}

function unframe(bytes: Bytes, output: Output, bytesMax: number): void {
  let at = 0
  while (at < bytes.byteLength) {
    // Streams may be joined: a header can stand wherever a block can.
    if (isFramedAt(bytes, at)) {
      at += frameHeaderSize
      continue
    }
    if (bytes.byteLength - at < 4) throw new MalformedError('snappy block without a size')
    const size = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    at += 4
    if (size < 0 || size > bytes.byteLength - at) throw new MalformedError(`snappy block of ${size} bytes, fewer are left`)
    unraw(bytes, at, at + size, output, bytesMax)
    at += size
  }
}

// Three bytes of input (a copy with a 16-bit distance) give at most 64 bytes of output.
const expansionMax = 22

function unraw(bytes: Bytes, start: number, end: number, output: Output, bytesMax: number): void {
  // 1. The length is declared; it must be one that so much input can give before any memory is taken for it.
  let at = start
  let declared = 0
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 28) throw new MalformedError('snappy length')
    const byte = bytes[at++]!
    declared += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (declared > (end - at) * expansionMax) throw new MalformedError('snappy length beyond what its bytes can hold')
  if (declared > bytesMax - output.length) throw new DecompressedSizeError(bytesMax)
  output.reserve(declared)

  // 2. Every element stays inside the input and inside the declared length. Copies reach back within this block only.
  const blockStart = output.length
  const blockEnd = blockStart + declared
  while (at < end) {
    const tag = bytes[at++]!
    const kind = tag & 3
    if (kind === 0) {
      let length = (tag >>> 2) + 1
      if (length > 60) {
        const lengthBytes = length - 60
        if (lengthBytes > end - at) throw new MalformedError('snappy literal')
        length = littleEndian(bytes, at, lengthBytes) + 1
        at += lengthBytes
      }
      if (length > end - at || length > blockEnd - output.length) throw new MalformedError('snappy literal')
      output.append(bytes, at, at + length)
      at += length
      continue
    }
    const distanceBytes = kind === 3 ? 4 : kind
    if (distanceBytes > end - at) throw new MalformedError('snappy copy')
    const distance = littleEndian(bytes, at, distanceBytes) + (kind === 1 ? (tag >>> 5) * 256 : 0)
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    at += distanceBytes
    if (distance > output.length - blockStart || length > blockEnd - output.length) throw new MalformedError('snappy copy')
    output.repeat(distance, length)
  }
  if (output.length !== blockEnd) throw new MalformedError('snappy block shorter than declared')
}

function littleEndian(bytes: Bytes, at: number, count: number): number {
  let value = 0
  for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}

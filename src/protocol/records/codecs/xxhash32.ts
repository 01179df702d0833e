/** xxHash32 with seed 0, the checksum inside LZ4 frames. Written from the algorithm's description. */
import type { Bytes } from '../../../base/bytes.js'

const prime1 = 0x9e3779b1 | 0
const prime2 = 0x85ebca77 | 0
const prime3 = 0xc2b2ae3d | 0
const prime4 = 0x27d4eb2f
const prime5 = 0x165667b1

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
function laneAt(bytes: Bytes, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
function round(sum: number, lane: number): number {
  return Math.imul(rotateLeft((sum + Math.imul(lane, prime2)) | 0, 13), prime1)
}

/** The hash of `bytes` from `start` up to `end`, unsigned. */
export function xxHash32(bytes: Bytes, start: number, end: number): number {
  let at = start
  let hash = prime5
  if (end - start >= 16) {
    let sum1 = (prime1 + prime2) | 0
    let sum2 = prime2
    let sum3 = 0
    let sum4 = -prime1 | 0
    for (; at <= end - 16; at += 16) {
      sum1 = round(sum1, laneAt(bytes, at))
      sum2 = round(sum2, laneAt(bytes, at + 4))
      sum3 = round(sum3, laneAt(bytes, at + 8))
      sum4 = round(sum4, laneAt(bytes, at + 12))
    }
    hash = (rotateLeft(sum1, 1) + rotateLeft(sum2, 7) + rotateLeft(sum3, 12) + rotateLeft(sum4, 18)) | 0
  }
  hash = (hash + (end - start)) | 0
  for (; at <= end - 4; at += 4) hash = Math.imul(rotateLeft((hash + Math.imul(laneAt(bytes, at), prime3)) | 0, 17), prime4)
  for (; at < end; at++) hash = Math.imul(rotateLeft((hash + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1)
  hash = Math.imul(hash ^ (hash >>> 15), prime2)
  hash = Math.imul(hash ^ (hash >>> 13), prime3)
  return (hash ^ (hash >>> 16)) >>> 0
}

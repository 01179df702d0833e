/**
 * Snappy as Kafka's clients send it: raw (librdkafka) or in the framing of the Java library that most others follow
 * (Java, sarama, kafkajs), told apart by the framing's magic bytes. The framing is ours, the blocks are the snappy package's.
 *
 *   framed   0x82 'SNAPPY' 0x00 · version i32 · compatible version i32 · (size i32 · raw)*
 *   raw      uncompressed length (unsigned varint) · tags, literals and copies
 */
import { allocate, type Bytes, concat, emptyBytes } from '../../../base/bytes.js'
import { snappyPackage } from '../../../base/packages.js'
import { MalformedError } from '../../wire.js'
import { DecompressedSizeError } from '../output.js'
import { type Codec, UnsupportedCodecError } from './codec.js'
import { atOnce, type Steps, withPauses } from './steps.js'

const frameHeader: Bytes = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)
const frameMagicSize = 8
/** What Java's producer puts into a block. */
const blockBytes = 32 * 1024
// Three bytes of input (a copy with a 16-bit distance) give at most 64 bytes of output.
const expansionMax = 22
// Memory outside of the heap, which the package would give otherwise, lives until the event loop has gone round.
const copied = { copyOutputData: true }

export const snappy: Codec = {
  missing: () => (snappyPackage() === null ? missing : null),
  isNative: () => snappyPackage() !== null,
  compress,
  decompress: (bytes, bytesMax) => atOnce(decompress(bytes, bytesMax)),
  compressAside: null,
  decompressAside(bytes, bytesMax, pause) {
    // A raw stream is one block, however large.
    return isFramedAt(bytes, 0) ? withPauses(decompress(bytes, bytesMax), pause) : decompressRawAside(bytes, bytesMax)
  },
  sizeMax: declaredInAll,
}

const missing = 'snappy cannot be used: the package snappy has no binary for this machine, or was installed without optional ones'

function library() {
  const loaded = snappyPackage()
  if (loaded === null) throw new UnsupportedCodecError(missing)
  return loaded
}

function compress(bytes: Bytes): Bytes {
  const { compressSync } = library()
  const parts: Bytes[] = [frameHeader]
  for (let start = 0; start < bytes.byteLength; start += blockBytes) {
    const block = compressSync(bytes.subarray(start, start + blockBytes), copied)
    parts.push(sizeField(block.byteLength), block)
  }
  return concat(parts)
}

function sizeField(size: number): Bytes {
  return Uint8Array.of(size >>> 24, size >>> 16, size >>> 8, size)
}

function* decompress(bytes: Bytes, bytesMax: number): Steps {
  const declared = declaredInAll(bytes)
  if (declared > bytesMax) throw new DecompressedSizeError(bytesMax)
  if (!isFramedAt(bytes, 0)) return decompressBlock(bytes)
  if (declared === 0) return emptyBytes
  const output = allocate(declared)
  let length = 0
  for (let at = nextBlock(bytes, 0); at < bytes.byteLength; at = nextBlock(bytes, blockEnd(bytes, at))) {
    const block = decompressBlock(bytes.subarray(at + 4, blockEnd(bytes, at)))
    output.set(block, length)
    length += block.byteLength
    yield
  }
  return output
}

async function decompressRawAside(bytes: Bytes, bytesMax: number): Promise<Bytes> {
  if (declaredInAll(bytes) > bytesMax) throw new DecompressedSizeError(bytesMax)
  const { uncompress } = library()
  try {
    return await uncompress(bytes, copied)
  } catch (error) {
    throw new MalformedError(error instanceof Error ? error.message : String(error))
  }
}

/** What all blocks declare together. */
function declaredInAll(bytes: Bytes): number {
  if (!isFramedAt(bytes, 0)) return declaredBytes(bytes, 0, bytes.byteLength)
  let declared = 0
  for (let at = nextBlock(bytes, 0); at < bytes.byteLength; at = nextBlock(bytes, blockEnd(bytes, at))) {
    declared += declaredBytes(bytes, at + 4, blockEnd(bytes, at))
  }
  return declared
}

/** Streams may be joined: a header can stand wherever a block can. */
function nextBlock(bytes: Bytes, start: number): number {
  let at = start
  while (isFramedAt(bytes, at)) at += frameHeader.byteLength
  return at
}

function isFramedAt(bytes: Bytes, at: number): boolean {
  if (bytes.byteLength - at < frameHeader.byteLength) return false
  for (let index = 0; index < frameMagicSize; index++) if (bytes[at + index] !== frameHeader[index]) return false
  return true
}

/** Position after the block whose size stands at `at`. */
function blockEnd(bytes: Bytes, at: number): number {
  if (bytes.byteLength - at < 4) throw new MalformedError('snappy block without a size')
  const size = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  const end = at + 4 + size
  if (size < 1 || end > bytes.byteLength) throw new MalformedError(`snappy block of ${size} bytes, fewer are left`)
  return end
}

/** The length in front of a raw block; it must be one that so many bytes can give. */
function declaredBytes(bytes: Bytes, start: number, end: number): number {
  let at = start
  let declared = 0
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 28) throw new MalformedError('snappy length')
    const byte = bytes[at++]!
    declared += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (declared > (end - at) * expansionMax) throw new MalformedError('snappy length beyond what its bytes can hold')
  return declared
}

/** Exactly the declared length, or an error: the package sees to that. */
function decompressBlock(block: Bytes): Bytes {
  const { uncompressSync } = library()
  try {
    return uncompressSync(block, copied)
  } catch (error) {
    throw new MalformedError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * LZ4 in its frame format, as Kafka's clients send it since magic 1. The frame is ours, the blocks are lz4-napi's; its own
 * frame calls know no bound. What Kafka's reader (KafkaLZ4BlockInputStream) refuses is refused here: blocks that depend on
 * each other, dictionaries, reserved bits. Header and block checksums are verified; the content checksum and whatever follows
 * the frame are not looked at, as there.
 *
 *   frame    magic 04 22 4d 18 · FLG · BD · [content size u64] · header checksum · block* · 0 u32 · [content checksum u32]
 *   block    size u32 (bit 31: stored as it is) · bytes · [checksum u32]
 */
import { allocate, type Bytes, concat, emptyBytes } from '../../../base/bytes.js'
import { lz4Package } from '../../../base/packages.js'
import { MalformedError } from '../../wire.js'
import { DecompressedSizeError } from '../output.js'
import { type Codec, UnsupportedCodecError } from './codec.js'
import { atOnce, type Steps, withPauses } from './steps.js'
import { xxHash32 } from './xxhash32.js'

export const lz4: Codec = {
  missing: () => (lz4Package() === null ? missing : null),
  isNative: () => lz4Package() !== null,
  compress: bytes => compress(bytes, 4),
  decompress: (bytes, bytesMax) => atOnce(decompress(bytes, bytesMax, true)),
  compressAside: null,
  decompressAside: (bytes, bytesMax, pause) => withPauses(decompress(bytes, bytesMax, true), pause),
  sizeMax,
}

/**
 * For messages with magic 0: Kafka's first clients took the header checksum over the magic as well, and those who read such
 * messages expect it so. Others did not; it is not looked at.
 */
export const lz4ForMagic0: Codec = {
  ...lz4,
  compress: bytes => compress(bytes, 0),
  decompress: (bytes, bytesMax) => atOnce(decompress(bytes, bytesMax, false)),
  decompressAside: (bytes, bytesMax, pause) => withPauses(decompress(bytes, bytesMax, false), pause),
}

const missing = 'lz4 cannot be used: the package lz4-napi has no binary for this machine, or was installed without optional ones'

function library() {
  const loaded = lz4Package()
  if (loaded === null) throw new UnsupportedCodecError(missing)
  return loaded
}

const magic = 0x184d2204
// Magic, version 1 with independent blocks, blocks of 64 KiB: as Kafka's own client writes it.
const descriptor: Bytes = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40)
const blockBytes = 64 * 1024
const flagBits = { version: 0xc0, independent: 0x20, blockChecksum: 0x10, contentSize: 0x08, reserved: 0x03 }
const reservedSizeBits = 0x8f
const storedBit = 0x8000_0000
// A byte of input extends a match by 255 bytes at most.
const expansionMax = 255

/** Throws when Kafka cannot read the frame, as far as its first bytes say so. */
function checkDescriptor(bytes: Bytes): void {
  if (bytes.byteLength < 7) throw new MalformedError('lz4 frame cut off')
  if (uint32At(bytes, 0) !== magic) throw new MalformedError('lz4 magic')
  const flags = bytes[4]!
  const sizes = bytes[5]!
  const isKnown = (flags & flagBits.version) === 0x40 && (flags & flagBits.reserved) === 0
  if (!isKnown) throw new MalformedError('lz4 frame of an unknown kind')
  if ((sizes & reservedSizeBits) !== 0 || sizes >>> 4 < 4) throw new MalformedError('lz4 block maximum')
  if ((flags & flagBits.independent) === 0) throw new MalformedError('lz4 blocks that depend on each other')
}

function sizeMax(bytes: Bytes): number {
  checkDescriptor(bytes)
  return bytes.byteLength * expansionMax
}

function compress(bytes: Bytes, checksumFrom: number): Bytes {
  const { compressSync } = library()
  const checksum = (xxHash32(descriptor, checksumFrom, descriptor.byteLength) >>> 8) & 0xff
  const parts: Bytes[] = [descriptor, Uint8Array.of(checksum)]
  for (let start = 0; start < bytes.byteLength; start += blockBytes) {
    const block = bytes.subarray(start, start + blockBytes)
    const compressed = compressSync(block).subarray(4)
    const isStored = compressed.byteLength >= block.byteLength
    parts.push(isStored ? sizeField(block.byteLength + storedBit) : sizeField(compressed.byteLength))
    parts.push(isStored ? block : compressed)
  }
  parts.push(sizeField(0))
  return concat(parts)
}

function sizeField(size: number): Bytes {
  return Uint8Array.of(size, size >>> 8, size >>> 16, size >>> 24)
}

function* decompress(bytes: Bytes, bytesMax: number, verifiesHeader: boolean): Steps {
  checkDescriptor(bytes)
  const flags = bytes[4]!
  const blockBytesMax = 1 << (8 + 2 * (bytes[5]! >>> 4))
  let at = (flags & flagBits.contentSize) !== 0 ? 14 : 6
  if (at >= bytes.byteLength) throw new MalformedError('lz4 frame cut off')
  if (verifiesHeader && bytes[at] !== ((xxHash32(bytes, 4, at) >>> 8) & 0xff)) throw new MalformedError('lz4 header checksum')
  at++

  const parts: Bytes[] = []
  let length = 0
  for (;;) {
    const sizeInFrame = uint32At(bytes, at)
    at += 4
    if (sizeInFrame === 0) break
    const isStored = sizeInFrame >= storedBit
    const size = isStored ? sizeInFrame - storedBit : sizeInFrame
    const end = at + size
    if (size === 0 || size > blockBytesMax || end > bytes.byteLength) throw new MalformedError(`lz4 block of ${size} bytes`)
    const block = bytes.subarray(at, end)
    at = end
    if ((flags & flagBits.blockChecksum) !== 0) {
      if (uint32At(bytes, at) !== xxHash32(bytes, end - size, end)) throw new MalformedError('lz4 block checksum')
      at += 4
    }
    const part = isStored ? block : decompressBlock(block, Math.min(blockBytesMax, size * expansionMax))
    length += part.byteLength
    if (length > bytesMax) throw new DecompressedSizeError(bytesMax)
    parts.push(part)
    yield
  }
  if (parts.length === 0) return emptyBytes
  return parts.length === 1 ? parts[0]! : concat(parts)
}

/** `bytesMax` is memory that is taken at once, so it is never a client's word. */
function decompressBlock(block: Bytes, bytesMax: number): Bytes {
  const { uncompressSync } = library()
  const sized = allocate(4 + block.byteLength)
  sized.set(sizeField(bytesMax))
  sized.set(block, 4)
  try {
    return uncompressSync(sized)
  } catch (error) {
    throw new MalformedError(error instanceof Error ? error.message : String(error))
  }
}

function uint32At(bytes: Bytes, at: number): number {
  if (bytes.byteLength - at < 4) throw new MalformedError('lz4 frame cut off')
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

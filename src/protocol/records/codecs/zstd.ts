/**
 * Zstandard by node:zlib where Node has it (22.15 and later); before that it is decompressed by the portable decoder and not
 * compressed at all. node:zlib reads the first frame only, and Node 22 takes a frame that is cut off for an empty one: so the
 * frames are told apart here, by their headers and the sizes of their blocks, and each is handed over whole.
 */
import { type Bytes, concat } from '../../../base/bytes.js'
import { nativeUnzstd, nativeUnzstdAside, nativeZstd } from '../../../base/zlib.js'
import { MalformedError } from '../../wire.js'
import { DecompressedSizeError } from '../output.js'
import { type Codec, UnsupportedCodecError } from './codec.js'
import { withPauses } from './steps.js'
import { byZlib, byZlibAside } from './zlib-bound.js'
import { unzstd, unzstdSteps } from './zstd-portable.js'

const missing = 'zstd can be read but not written: Node has it from 22.15 on'

export const zstd: Codec = {
  isNative: () => nativeUnzstd !== null,
  missing: () => (nativeZstd === null ? missing : null),
  compress(bytes, level) {
    if (nativeZstd === null) throw new UnsupportedCodecError(missing)
    return nativeZstd(bytes, level)
  },
  decompress: nativeUnzstd === null ? unzstd : decompress,
  // The codec of clients that are never answered in another one is not needed aside.
  compressAside: null,
  decompressAside(bytes, bytesMax, pause) {
    return nativeUnzstdAside === null ? withPauses(unzstdSteps(bytes, bytesMax), pause) : decompressAside(bytes, bytesMax)
  },
  sizeMax(bytes) {
    if (!isMagic(littleEndian(bytes, 0, 4))) throw new MalformedError('zstd magic')
    return bytes.byteLength * expansionMax
  },
}

/** Every frame costs a decoder of node:zlib, and no known client writes more than one. */
const framesMax = 64
// A block of four bytes gives at most 128 KiB.
const expansionMax = 32 * 1024
const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50

function decompress(bytes: Bytes, bytesMax: number): Bytes {
  const parts: Bytes[] = []
  let length = 0
  for (const frame of framesOf(bytes)) {
    const part = byZlib(nativeUnzstd!, frame, bytesMax)
    length += part.byteLength
    if (length > bytesMax) throw new DecompressedSizeError(bytesMax)
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : concat(parts)
}

async function decompressAside(bytes: Bytes, bytesMax: number): Promise<Bytes> {
  const parts: Bytes[] = []
  let length = 0
  for (const frame of framesOf(bytes)) {
    const part = await byZlibAside(nativeUnzstdAside!, frame, bytesMax)
    length += part.byteLength
    if (length > bytesMax) throw new DecompressedSizeError(bytesMax)
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : concat(parts)
}

/** Those that hold something, one after the other. */
function* framesOf(bytes: Bytes): Generator<Bytes, void, void> {
  let count = 0
  let at = 0
  do {
    const magic = littleEndian(bytes, at, 4)
    if (!isMagic(magic)) throw new MalformedError('zstd magic')
    const isSkippable = magic !== frameMagic
    const end = isSkippable ? at + 8 + littleEndian(bytes, at + 4, 4) : frameEnd(bytes, at + 4)
    if (end > bytes.byteLength) throw new MalformedError('zstd frame cut off')
    if (!isSkippable) {
      if (count++ === framesMax) throw new MalformedError('too many zstd frames')
      yield bytes.subarray(at, end)
    }
    at = end
  } while (at < bytes.byteLength)
}

function isMagic(magic: number): boolean {
  return magic === frameMagic || (magic >= skippableMagic && magic < skippableMagic + 16)
}

/** Position after the frame whose descriptor is at `start` (RFC 8878 §3.1.1). */
function frameEnd(bytes: Bytes, start: number): number {
  const descriptor = littleEndian(bytes, start, 1)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6]!
  let at = start + 1 + (isSingleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes
  for (let isLast = false; !isLast; ) {
    const block = littleEndian(bytes, at, 3)
    isLast = (block & 1) === 1
    const isRepeatedByte = ((block >>> 1) & 3) === 1
    at += 3 + (isRepeatedByte ? 1 : block >>> 3)
  }
  const hasChecksum = (descriptor & 4) !== 0
  return at + (hasChecksum ? 4 : 0)
}

function littleEndian(bytes: Bytes, at: number, count: number): number {
  if (count > bytes.byteLength - at) throw new MalformedError('zstd frame cut off')
  let value = 0
  for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}

/**
 * The codecs of record batches, by their id. Decompression is for the places where the broker must look inside: checks of
 * what clients produce, record-level timestamp lookup, compaction, other formats and codecs; compression for the batches that
 * it rewrites. Every codec stops at a bound on its output, so that a bomb costs the bound; bytes that are cut off or
 * damaged give MalformedError, never anything else.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Pause } from '../../base/pause.js'
import { MalformedError } from '../wire.js'
import { type CodecId, Codecs } from './batch.js'
import type { Codec } from './codecs/codec.js'
import { gzip } from './codecs/gzip.js'
import { lz4, lz4ForMagic0 } from './codecs/lz4.js'
import { snappy } from './codecs/snappy.js'
import { zstd } from './codecs/zstd.js'
import { DecompressedSizeError } from './output.js'

/** What one batch may decompress to where nothing tighter is said: 64 times the default `max.message.bytes`. */
export const decompressedBytesMax = 64 * 1024 * 1024

/** What all calls gave together: the difference between two looks is what was done meanwhile. */
export const decompressed = { bytes: 0 }

export interface CodecOptions {
  /** Messages with magic 0 have a quirk in their LZ4. */
  readonly isForMagic0?: boolean
}

/**
 * The decompressed bytes, or `bytes` itself for codec 0. Throws DecompressedSizeError when they would be more than
 * `bytesMax`, UnsupportedCodecError when the codec cannot be used here, MalformedError when the bytes or the codec are none
 * of Kafka's.
 */
export function decompress(id: CodecId, bytes: Bytes, bytesMax: number, options: CodecOptions = {}): Bytes {
  if (id !== Codecs.none) {
    const result = codecOf(id, options).decompress(bytes, bytesMax)
    decompressed.bytes += result.byteLength
    return result
  }
  if (bytes.byteLength > bytesMax) throw new DecompressedSizeError(bytesMax)
  return bytes
}

export interface CompressOptions extends CodecOptions {
  /** Effort of gzip and zstd; the codec's own default when absent. */
  readonly level?: number | undefined
}

/** Throws UnsupportedCodecError when the codec cannot be used here. */
export function compress(id: CodecId, bytes: Bytes, options: CompressOptions = {}): Bytes {
  return id === Codecs.none ? bytes : codecOf(id, options).compress(bytes, options.level)
}

/** What cannot become more than this is decompressed at once; some milliseconds. */
const atOnceBytesMax = 4 * 1024 * 1024
/** Below so many bytes another thread costs more than it saves. */
const asideBytesMin = 16 * 1024

/** As `decompress`, in another thread or with pauses when it may take long. */
export function decompressAside(id: CodecId, bytes: Bytes, bytesMax: number, pause: Pause): Bytes | Promise<Bytes> {
  if (id === Codecs.none) return decompress(id, bytes, bytesMax)
  const codec = codecOf(id, {})
  return codec.sizeMax(bytes) <= atOnceBytesMax
    ? codec.decompress(bytes, bytesMax)
    : codec.decompressAside(bytes, bytesMax, pause)
}

/** As `compress`, in another thread when that takes long. */
export function compressAside(id: CodecId, bytes: Bytes, options: CompressOptions): Bytes | Promise<Bytes> {
  const aside = bytes.byteLength < asideBytesMin || id === Codecs.none ? null : codecOf(id, options).compressAside
  return aside === null ? compress(id, bytes, options) : aside(bytes, options.level)
}

/** Why the codec cannot compress here, as a sentence; null when it can. Loads its library. */
export function codecProblem(id: CodecId): string | null {
  return id === Codecs.none ? null : codecOf(id, {}).missing()
}

/** Whether native code decompresses here, fast enough to look into every batch. Loads its library. */
export function isNative(id: CodecId): boolean {
  return codecOf(id, {}).isNative()
}

/**
 * The most that these bytes can decompress to, without doing it. Throws MalformedError when they are none of the codec's, as
 * far as their beginning says so.
 */
export function decompressedSizeMax(id: CodecId, bytes: Bytes): number {
  return codecOf(id, {}).sizeMax(bytes)
}

/** What they say that they decompress to, true or not; 0 where they say nothing. */
export function decompressedSizeSaid(id: CodecId, bytes: Bytes): number {
  return codecOf(id, {}).sizeSaid?.(bytes) ?? 0
}

/** What the broker itself writes in place of `id`: where that cannot compress here, gzip, which all readers know. */
export function writableCodec(id: CodecId): CodecId {
  return codecProblem(id) === null ? id : Codecs.gzip
}

const codecs: readonly (Codec | null)[] = [null, gzip, snappy, lz4, zstd]

function codecOf(id: CodecId, { isForMagic0 }: CodecOptions): Codec {
  const codec = isForMagic0 === true && id === Codecs.lz4 ? lz4ForMagic0 : codecs[id]
  if (codec == null) throw new MalformedError(`codec ${id} does not exist`)
  return codec
}

/**
 * Decompression of the records part of a batch, for the places where the broker must look inside: checks of what clients
 * produce, record-level timestamp lookup, other formats and codecs. Never compresses. Every codec stops at a bound on its
 * output, so that a bomb costs the bound; bytes that are cut off or damaged give MalformedError, never anything else.
 */
import type { Bytes } from '../../base/bytes.js'
import { gunzip, isOutputTooLarge, nativeZstd } from '../../base/zlib.js'
import { MalformedError } from '../wire.js'
import { type CodecId, Codecs } from './batch.js'
import { unlz4 } from './lz4.js'
import { DecompressedSizeError } from './output.js'
import { unsnappy } from './snappy.js'
import { unzstd } from './zstd.js'

/** What one batch may decompress to where nothing tighter is said: 64 times the default `max.message.bytes`. */
export const decompressedBytesMax = 64 * 1024 * 1024

export interface DecompressOptions {
  /** LZ4 in a message with magic 0: its header checksum is another one, and not looked at. */
  readonly isForMagic0?: boolean
}

/**
 * The decompressed bytes, or `bytes` itself for codec 0. Throws DecompressedSizeError when they would be more than
 * `bytesMax`, MalformedError when the bytes or the codec are none of Kafka's.
 */
export function decompress(codec: CodecId, bytes: Bytes, bytesMax: number, options: DecompressOptions = {}): Bytes {
  switch (codec) {
    case Codecs.none:
      if (bytes.byteLength > bytesMax) throw new DecompressedSizeError(bytesMax)
      return bytes
    case Codecs.gzip:
      return byZlib(gunzip, bytes, bytesMax)
    case Codecs.snappy:
      return unsnappy(bytes, bytesMax)
    case Codecs.lz4:
      return unlz4(bytes, bytesMax, options.isForMagic0)
    case Codecs.zstd:
      return nativeZstd === null ? unzstd(bytes, bytesMax) : byZlib(nativeZstd, bytes, bytesMax)
    default:
      throw new MalformedError(`codec ${codec} does not exist`)
  }
}

function byZlib(decoder: typeof gunzip, bytes: Bytes, bytesMax: number): Bytes {
  // zlib takes no bound below 1.
  if (bytesMax < 1) throw new DecompressedSizeError(bytesMax)
  try {
    return decoder(bytes, { maxOutputLength: bytesMax })
  } catch (error) {
    if (isOutputTooLarge(error)) throw new DecompressedSizeError(bytesMax)
    throw new MalformedError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Compression, for the few batches that the broker itself compresses: those of a topic whose `compression.type` is not the
 * producer's, and those that change their format on the way in or out. gzip is Node's; snappy and LZ4 are written here, and
 * so is zstd where Node has none. Never decides which codec to use.
 */
import type { Bytes } from '../../base/bytes.js'
import { gzip, nativeZstdCompress } from '../../base/zlib.js'
import { MalformedError } from '../wire.js'
import { type CodecId, Codecs } from './batch.js'
import { lz4 } from './lz4-compress.js'
import { snappy } from './snappy-compress.js'
import { zstd } from './zstd-compress.js'

/** Who compresses zstd; for the start line. */
export const zstdSource: 'node' | 'portable' = nativeZstdCompress === null ? 'portable' : 'node'

export interface CompressOptions {
  /** Effort of gzip and of Node's zstd; the codec's own default when absent. The others have one effort. */
  readonly level?: number | undefined
  /** LZ4 for messages with magic 0, whose header checksum is another one. */
  readonly isForMagic0?: boolean
}

export function compress(codec: CodecId, bytes: Bytes, options: CompressOptions = {}): Bytes {
  switch (codec) {
    case Codecs.none:
      return bytes
    case Codecs.gzip:
      return gzip(bytes, options.level)
    case Codecs.snappy:
      return snappy(bytes)
    case Codecs.lz4:
      return lz4(bytes, options.isForMagic0)
    case Codecs.zstd:
      return nativeZstdCompress === null ? zstd(bytes) : nativeZstdCompress(bytes, options.level)
    default:
      throw new MalformedError(`codec ${codec} does not exist`)
  }
}

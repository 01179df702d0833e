/**
 * The same batch in another codec: its records are recompressed (or not compressed), its header stays but for codec, length
 * and checksum. What stands in the records is not looked at.
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import * as batch from './batch.js'
import { compress } from './compression.js'

/** `records` are those of the batch `bytes`, decompressed. */
export function recompress(bytes: Bytes, records: Bytes, codec: batch.CodecId, level?: number): Bytes {
  const compressed = compress(codec, records, { level })
  const made = allocate(batch.batchHeaderSize + compressed.byteLength)
  made.set(bytes.subarray(0, batch.batchHeaderSize))
  made.set(compressed, batch.batchHeaderSize)
  batch.stampLength(made)
  batch.stampCodec(made, 0, codec)
  batch.stampCrc(made, 0)
  return made
}

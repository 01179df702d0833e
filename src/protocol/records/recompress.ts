/**
 * The same batch in another codec: its records are recompressed (or not compressed), its header stays but for codec, length
 * and checksum. What stands in the records is not looked at.
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import * as batch from './batch.js'
import { compress, compressAside } from './compression.js'

/** `records` are those of the batch `bytes`, decompressed. */
export function recompress(bytes: Bytes, records: Bytes, codec: batch.CodecId, level?: number): Bytes {
  return withRecords(bytes, compress(codec, records, { level }), codec)
}

/** The same, in another thread when that takes long. */
export async function recompressAside(bytes: Bytes, records: Bytes, codec: batch.CodecId, level?: number): Promise<Bytes> {
  return withRecords(bytes, await compressAside(codec, records, { level }), codec)
}

function withRecords(bytes: Bytes, compressed: Bytes, codec: batch.CodecId): Bytes {
  const made = allocate(batch.batchHeaderSize + compressed.byteLength)
  made.set(bytes.subarray(0, batch.batchHeaderSize))
  made.set(compressed, batch.batchHeaderSize)
  batch.stampLength(made)
  batch.stampCodec(made, 0, codec)
  batch.stampCrc(made, 0)
  return made
}

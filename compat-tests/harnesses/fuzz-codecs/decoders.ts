/**
 * The decoders under test. Each takes spoiled bytes and a bound on its output and gives the size of what it made of them, or
 * throws MalformedError; anything else it does is a finding. Where another decoder of the same format is at hand, both must
 * give the same bytes when both give any.
 */
import { decompressFrameSync } from 'lz4-napi'
import { type Bytes, equalBytes } from '#base/bytes.js'
import { crc32, nativeUnzstd } from '#base/zlib.js'
import { Codecs, computeCrc, crc, recordCount, stampCrc, stampLength } from '#protocol/records/batch.js'
import { unzstd } from '#protocol/records/codecs/zstd-portable.js'
import { decompress } from '#protocol/records/compression.js'
import { downConvert } from '#protocol/records/down-convert.js'
import { recordsOf } from '#protocol/records/records.js'
import { upConvert } from '#protocol/records/up-convert.js'
import { batches, messageSets, rawSnappyStreams, referenceLz4, referenceZstd, streamsOf } from './corpus.js'

export interface Decoder {
  readonly name: string
  readonly seeds: readonly Bytes[]
  /** Makes checksums right again, so that the damage gets past them; done to every other input. */
  readonly mend: ((bytes: Bytes) => void) | null
  /** Bytes that came out. */
  readonly decode: (bytes: Bytes, bytesMax: number) => number
}

/** What both decoders give must be the same; that one of them refuses what the other takes is no fault. */
function beside(own: Bytes, other: () => Bytes): number {
  let foreign: Bytes
  try {
    foreign = other()
  } catch {
    return own.byteLength
  }
  if (!equalBytes(own, foreign))
    throw new Error(`${own.byteLength} bytes, and another decoder gives ${foreign.byteLength} others`)
  return own.byteLength
}

function mendBatch(bytes: Bytes): void {
  if (bytes.byteLength < 61) return
  stampLength(bytes)
  stampCrc(bytes, 0)
}

function mendMessage(bytes: Bytes): void {
  if (bytes.byteLength < 26) return
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = view.getInt32(8) + 12
  if (size >= 26 && size <= bytes.byteLength) view.setUint32(12, crc32(bytes.subarray(16, size)))
}

export const decoders: readonly Decoder[] = [
  {
    name: 'gzip',
    seeds: streamsOf(Codecs.gzip),
    mend: null,
    decode: (bytes, bytesMax) => decompress(Codecs.gzip, bytes, bytesMax).byteLength,
  },
  {
    name: 'snappy-raw',
    seeds: rawSnappyStreams(),
    mend: null,
    decode: (bytes, bytesMax) => decompress(Codecs.snappy, bytes, bytesMax).byteLength,
  },
  {
    name: 'snappy-framed',
    seeds: streamsOf(Codecs.snappy),
    mend: null,
    decode: (bytes, bytesMax) => decompress(Codecs.snappy, bytes, bytesMax).byteLength,
  },
  {
    name: 'lz4',
    seeds: [...streamsOf(Codecs.lz4), ...referenceLz4],
    mend: null,
    decode: (bytes, bytesMax) => beside(decompress(Codecs.lz4, bytes, bytesMax), () => decompressFrameSync(bytes as Buffer)),
  },
  {
    name: 'lz4-magic-0',
    seeds: streamsOf(Codecs.lz4, true),
    mend: null,
    decode: (bytes, bytesMax) => decompress(Codecs.lz4, bytes, bytesMax, { isForMagic0: true }).byteLength,
  },
  {
    name: 'zstd',
    seeds: [...streamsOf(Codecs.zstd), ...referenceZstd],
    mend: null,
    decode(bytes, bytesMax) {
      const here = decompress(Codecs.zstd, bytes, bytesMax)
      return nativeUnzstd === null ? here.byteLength : beside(here, () => unzstd(bytes, bytesMax))
    },
  },
  {
    name: 'batch',
    seeds: batches(),
    mend: mendBatch,
    decode(bytes, bytesMax) {
      let size = 0
      let count = 0
      for (const { key, value, headers } of recordsOf(bytes, 0, bytesMax)) {
        size += (key?.byteLength ?? 0) + (value?.byteLength ?? 0) + headers.length
        count++
      }
      if (count !== Math.max(0, recordCount(bytes, 0))) throw new Error(`${count} records of ${recordCount(bytes, 0)}`)
      return size
    },
  },
  {
    name: 'up-convert',
    seeds: messageSets(),
    mend: mendMessage,
    decode(bytes, bytesMax) {
      const { batch } = upConvert(bytes, { messageBytesMax: bytes.byteLength, decompressedBytesMax: bytesMax })
      if (computeCrc(batch, 0) !== crc(batch, 0)) throw new Error('a batch with a wrong checksum')
      if ([...recordsOf(batch)].length !== recordCount(batch, 0)) throw new Error('a batch with a wrong count')
      // The header of a batch is more than those of one message.
      return Math.max(0, batch.byteLength - 61)
    },
  },
  {
    name: 'down-convert',
    seeds: batches(),
    mend: mendBatch,
    decode(bytes, bytesMax) {
      if (bytes.byteLength < 61) return 0
      // The log holds whole batches only.
      stampLength(bytes)
      return downConvert(bytes, bytes[0]! & 1 ? 0 : 1, 0, { bytesMax, firstMessage: 'cut' }).bytes.byteLength
    },
  },
]

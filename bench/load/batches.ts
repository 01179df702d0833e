// The batches that are sent over and over. Incompressible bytes where nothing is compressed; lines of text like those of an
// event log where a codec has to show what it does. One batch holds about 64 KiB of values, as stock producers send them
// under load, unless a load wants it smaller.
import { randomFillSync } from 'node:crypto'
import { batchHeaderSize, Codecs, recordCount, stampCodec, stampCrc, stampLength } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { compress } from '#protocol/records/compression.js'

export type CodecName = 'none' | 'lz4' | 'zstd'

const batchValueBytes = 64_000
/** Older than anything the broker may refuse as lying in the future, younger than retention. */
const markOriginMs = Date.now() - 4 * 3_600_000

/** `records` is as many as make a usual batch when absent. */
export function makeBatch(valueBytes: number, codec: CodecName = 'none', records = recordsOfUsualBatch(valueBytes)): Buffer {
  const values = Array.from({ length: records }, (_, index) => (codec === 'none' ? noise(valueBytes) : text(valueBytes, index)))
  const plain = Buffer.from(
    buildBatch(
      values.map(value => ({ key: null, value })),
      { timestampMs: markOriginMs },
    ),
  )
  return codec === 'none' ? plain : compressed(plain, codec)
}

function recordsOfUsualBatch(valueBytes: number): number {
  return Math.max(1, Math.floor(batchValueBytes / valueBytes))
}

/** Tells batches of the same content apart: by their timestamp, which the checksum covers. */
export function stampMark(batch: Buffer, mark: number): void {
  const timestamp = BigInt(markOriginMs + mark)
  batch.writeBigInt64BE(timestamp, baseTimestampAt)
  batch.writeBigInt64BE(timestamp, maxTimestampAt)
  stampCrc(batch, 0)
}

export function markOf(batch: Buffer): number {
  return Number(batch.readBigInt64BE(baseTimestampAt)) - markOriginMs
}

const baseTimestampAt = 27
const maxTimestampAt = 35

export function recordsIn(batch: Buffer): number {
  return recordCount(batch, 0)
}

function compressed(plain: Buffer, codec: CodecName): Buffer {
  const records = compress(Codecs[codec], plain.subarray(batchHeaderSize))
  const batch = Buffer.concat([plain.subarray(0, batchHeaderSize), records])
  stampLength(batch)
  stampCodec(batch, 0, Codecs[codec])
  stampCrc(batch, 0)
  return batch
}

function noise(bytes: number): Buffer {
  return randomFillSync(Buffer.allocUnsafe(bytes))
}

const words = ['order', 'payment', 'shipment', 'customer', 'warehouse', 'invoice', 'accepted', 'refused', 'delayed', 'returned']

export function text(bytes: number, index: number): Buffer {
  const id = noise(8).toString('hex')
  let line = `{"id":"${id}","at":${markOriginMs + index},"events":[`
  for (let word = index; line.length < bytes; word++) line += `{"type":"${words[(word * 7) % words.length]}","n":${word * 31}},`
  return Buffer.from(line.slice(0, bytes))
}

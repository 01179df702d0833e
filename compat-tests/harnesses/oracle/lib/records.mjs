// Builds record batches, right and wrong ones, and describes fetched ones for comparison.
import { gzipSync } from 'node:zlib'

const table = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1
  return n >>> 0
})
export function crc32c(bytes) {
  let crc = 0xffffffff
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
const ieee = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1
  return n >>> 0
})
export function crc32(bytes) {
  let crc = 0xffffffff
  for (const byte of bytes) crc = ieee[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

function varlong(value) {
  let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes = []
  for (; zigzag > 0x7fn; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80)
  bytes.push(Number(zigzag))
  return Buffer.from(bytes)
}

const sized = value => (value === null ? varlong(-1) : Buffer.concat([varlong(value.length), value]))
const bytesOf = value =>
  value === null || value === undefined ? null : Buffer.isBuffer(value) ? value : Buffer.from(String(value))

function encodeRecord(record, index) {
  const headers = record.headers ?? []
  const body = Buffer.concat([
    Buffer.from([record.attributes ?? 0]),
    varlong(record.timestampDelta ?? 0),
    varlong(record.offsetDelta ?? index),
    sized(bytesOf(record.key)),
    sized(bytesOf(record.value === undefined ? `v${index}` : record.value)),
    varlong(record.headerCount ?? headers.length),
    ...headers.flatMap(([name, value]) => [sized(bytesOf(name)), sized(bytesOf(value))]),
    record.tail ?? Buffer.alloc(0),
  ])
  return Buffer.concat([varlong(record.length ?? body.length), body])
}

// A batch of format 2. Every field of its header can be given, to make it wrong.
export function batch(records, options = {}) {
  const list =
    typeof records === 'number' ? Array.from({ length: records }, (_, i) => ({ key: `k${i}`, value: `v${i}` })) : records
  const plain = options.payload ?? Buffer.concat(list.map(encodeRecord))
  const codec = options.codec ?? 0
  const payload = options.compressed ?? (codec === 1 ? gzipSync(plain) : plain)
  const baseTimestamp = BigInt(options.timestamp ?? 0)
  const bytes = Buffer.alloc(61 + payload.length)
  bytes.writeBigInt64BE(BigInt(options.baseOffset ?? 0), 0)
  bytes.writeInt32BE(options.batchLength ?? 49 + payload.length, 8)
  bytes.writeInt32BE(options.leaderEpoch ?? -1, 12)
  bytes.writeInt8(options.magic ?? 2, 16)
  bytes.writeInt16BE((options.attributes ?? 0) | codec, 21)
  bytes.writeInt32BE(options.lastOffsetDelta ?? list.length - 1, 23)
  bytes.writeBigInt64BE(baseTimestamp, 27)
  bytes.writeBigInt64BE(BigInt(options.maxTimestamp ?? baseTimestamp), 35)
  bytes.writeBigInt64BE(BigInt(options.producerId ?? -1), 43)
  bytes.writeInt16BE(options.producerEpoch ?? -1, 51)
  bytes.writeInt32BE(options.sequence ?? -1, 53)
  bytes.writeInt32BE(options.count ?? list.length, 57)
  payload.copy(bytes, 61)
  bytes.writeUInt32BE(((options.crc ?? crc32c(bytes.subarray(21))) ^ (options.crcXor ?? 0)) >>> 0, 17)
  return options.cut === undefined ? bytes : bytes.subarray(0, bytes.length - options.cut)
}

// One message of format 0 or 1.
export function message(magic, key, value, timestamp = 0) {
  const part = x => {
    const bytes = bytesOf(x)
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes === null ? -1 : bytes.length)
    return Buffer.concat([length, bytes ?? Buffer.alloc(0)])
  }
  const time = Buffer.alloc(magic === 0 ? 0 : 8)
  if (magic > 0) time.writeBigInt64BE(BigInt(timestamp))
  const inner = Buffer.concat([Buffer.from([magic, 0]), time, part(key), part(value)])
  const head = Buffer.alloc(16)
  head.writeInt32BE(inner.length + 4, 8)
  head.writeUInt32BE(crc32(inner), 12)
  return Buffer.concat([head, inner])
}

export function describeRecords(bytes) {
  if (bytes === null) return null
  const batches = []
  let position = 0
  while (position + 17 <= bytes.length) {
    const length = bytes.readInt32BE(position + 8)
    const end = position + 12 + length
    if (length < 5 || end > bytes.length) break
    const magic = bytes.readInt8(position + 16)
    const one = bytes.subarray(position, end)
    if (magic < 2) batches.push({ magic, offset: Number(one.readBigInt64BE(0)), size: one.length })
    else {
      const attributes = one.readInt16BE(21)
      const appended = (attributes & 8) !== 0
      const isMarker = (attributes & 32) !== 0
      batches.push({
        magic,
        baseOffset: Number(one.readBigInt64BE(0)),
        size: one.length,
        partitionLeaderEpoch: one.readInt32BE(12),
        crcValid: one.readUInt32BE(17) === crc32c(one.subarray(21)),
        attributes,
        lastOffsetDelta: one.readInt32BE(23),
        baseTimestamp: isMarker ? '<time>' : one.readBigInt64BE(27),
        maxTimestamp: appended || isMarker ? '<time>' : one.readBigInt64BE(35),
        producerId: Number(one.readBigInt64BE(43)),
        producerEpoch: one.readInt16BE(51),
        baseSequence: one.readInt32BE(53),
        count: one.readInt32BE(57),
        payload: (attributes & 7) === 0 ? one.subarray(61).toString('hex').slice(0, 200) : '<compressed>',
      })
    }
    position = end
  }
  return { batches, bytesLeft: bytes.length - position }
}

// Frames of the other codecs around bytes that stay as they are: enough to be valid, without an encoder.
export function framed(codec, plain) {
  const int = (value, little = false) => {
    const bytes = Buffer.alloc(4)
    if (little) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  if (codec === 1) return gzipSync(plain)
  if (codec === 2) {
    // Snappy as Java's SnappyOutputStream frames it: one block, one literal of at most 256 bytes.
    const block = Buffer.concat([
      Buffer.from(plain.length < 128 ? [plain.length] : [(plain.length & 127) | 128, plain.length >> 7]),
      Buffer.from([60 << 2, plain.length - 1]),
      plain,
    ])
    return Buffer.concat([Buffer.from('82534e4150505900', 'hex'), int(1), int(1), int(block.length), block])
  }
  if (codec === 3)
    return Buffer.concat([Buffer.from('04224d18604082', 'hex'), int((plain.length | 0x80000000) >>> 0, true), plain, int(0)])
  const header = 1 | (plain.length << 3)
  return Buffer.concat([
    Buffer.from('28b52ffd20', 'hex'),
    Buffer.from([plain.length, header & 255, (header >> 8) & 255, header >> 16]),
    plain,
  ])
}
export const plainRecords = records => Buffer.concat(records.map(encodeRecord))

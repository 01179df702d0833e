/**
 * A record batch (v2) as a view over bytes: `(bytes, at)` in, one number out. No object is made, nothing is copied, and
 * nothing is checked: a caller that did not write the bytes itself first makes sure that a whole header is there.
 *
 *   at  0 baseOffset i64         at 21 attributes i16         at 51 producerEpoch i16
 *       8 length i32 (after 12)     23 lastOffsetDelta i32       53 baseSequence i32
 *      12 leaderEpoch i32           27 baseTimestamp i64         57 recordCount i32
 *      16 magic i8                  35 maxTimestamp i64          61 records
 *      17 crc u32 (over 21 … end)   43 producerId i64
 *
 * The CRC starts after the fields that a broker rewrites: a new base offset or leader epoch costs no CRC, a new timestamp
 * does. int64 fields are numbers. A timestamp beyond ±2^53 (nanoseconds) is rounded, which is enough for an index and keeps
 * order; `exactMaxTimestamp` is for who answers it to a client. Admission keeps other fields of that size out of the log.
 */
import { type Bytes, viewOf } from '../../base/bytes.js'
import type { LeaderEpoch, Offset, ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type Int64, roundedInt64Max } from '../../base/int64.js'
import type { Pause } from '../../base/pause.js'
import { crc32c } from './crc32c.js'

/** Bytes before the first record. */
export const batchHeaderSize = 61
/** Bytes before those that `length` counts: a reader needs them to know a batch's size. */
export const batchPrefixSize = 12
/** Where the bytes that the CRC covers begin. */
export const crcCoverageStart = 21
export const batchMagic = 2

export const noTimestamp = -1
export const noProducerId: ProducerId = -1
export const noProducerEpoch: ProducerEpoch = -1
export const noSequence = -1

/** Bits of `attributes`; the codec takes bits 0 to 2. */
export const Attributes = {
  codecMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const

export const Codecs = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
/** Codec id as it stands in a batch; 5 to 7 exist in the bits but not in Kafka. */
export type CodecId = number

export type TimestampType = 'CreateTime' | 'LogAppendTime'

const twoTo32 = 0x1_0000_0000

// Byte arithmetic, not a DataView: making a view costs more than the few fields that are read through it.
function int16At(bytes: Bytes, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!
}
function int32At(bytes: Bytes, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
function int64At(bytes: Bytes, at: number): number {
  return int32At(bytes, at) * twoTo32 + (int32At(bytes, at + 4) >>> 0)
}

/** Where `int64At` would round, a bigint. */
export function exactInt64At(bytes: Bytes, at: number): Int64 {
  const value = int64At(bytes, at)
  return Number.isSafeInteger(value) ? value : viewOf(bytes).getBigInt64(at)
}

export function baseOffset(bytes: Bytes, at: number): Offset {
  return int64At(bytes, at)
}
/** Size of the whole batch in bytes, the 12-byte prefix included; at least 61 in a batch that is one. */
export function batchLength(bytes: Bytes, at: number): number {
  return int32At(bytes, at + 8) + batchPrefixSize
}
export function leaderEpoch(bytes: Bytes, at: number): LeaderEpoch {
  return int32At(bytes, at + 12)
}
export function magic(bytes: Bytes, at: number): number {
  return (bytes[at + 16]! << 24) >> 24
}
/** The stored checksum, unsigned. */
export function crc(bytes: Bytes, at: number): number {
  return int32At(bytes, at + 17) >>> 0
}
/** The checksum that the bytes really have; the whole batch must be there. */
export function computeCrc(bytes: Bytes, at: number): number {
  return crc32c(bytes, at + crcCoverageStart, at + batchLength(bytes, at))
}
/** A tenth of a millisecond. */
const crcPieceBytes = 256 * 1024

/** Whether the stored checksum is that of the batch which `bytes` are; with pauses. */
export async function hasRightCrc(bytes: Bytes, pause: Pause): Promise<boolean> {
  let sum = 0
  for (let at = crcCoverageStart; at < bytes.byteLength; at += crcPieceBytes) {
    sum = crc32c(bytes, at, Math.min(at + crcPieceBytes, bytes.byteLength), sum)
    const paused = pause()
    if (paused !== null) await paused
  }
  return sum === crc(bytes, 0)
}
export function attributes(bytes: Bytes, at: number): number {
  return int16At(bytes, at + 21)
}
export function codecOf(bytes: Bytes, at: number): CodecId {
  return bytes[at + 22]! & Attributes.codecMask
}
export function isTransactional(bytes: Bytes, at: number): boolean {
  return (bytes[at + 22]! & Attributes.transactional) !== 0
}
export function isControl(bytes: Bytes, at: number): boolean {
  return (bytes[at + 22]! & Attributes.control) !== 0
}
export function hasDeleteHorizon(bytes: Bytes, at: number): boolean {
  return (bytes[at + 22]! & Attributes.deleteHorizon) !== 0
}
export function timestampType(bytes: Bytes, at: number): TimestampType {
  return (bytes[at + 22]! & Attributes.logAppendTime) !== 0 ? 'LogAppendTime' : 'CreateTime'
}
export function lastOffsetDelta(bytes: Bytes, at: number): number {
  return int32At(bytes, at + 23)
}
export function lastOffset(bytes: Bytes, at: number): Offset {
  return int64At(bytes, at) + int32At(bytes, at + 23)
}
/** The timestamp to which the records' deltas are added; the delete horizon in a compacted batch that has one. */
export function baseTimestamp(bytes: Bytes, at: number): Int64 {
  return exactInt64At(bytes, at + 27)
}
/** Rounded. */
export function maxTimestamp(bytes: Bytes, at: number): number {
  return Math.min(int64At(bytes, at + 35), roundedInt64Max)
}
export function exactMaxTimestamp(bytes: Bytes, at: number): Int64 {
  return exactInt64At(bytes, at + 35)
}
export function producerId(bytes: Bytes, at: number): ProducerId {
  return int64At(bytes, at + 43)
}
export function producerEpoch(bytes: Bytes, at: number): ProducerEpoch {
  return int16At(bytes, at + 51)
}
/** Sequence of the first record; -1 without one (no idempotence, or a control batch). */
export function baseSequence(bytes: Bytes, at: number): number {
  return int32At(bytes, at + 53)
}
/** Sequence of the last record: sequences run 0 … 2^31-1 and then from 0 again. */
export function lastSequence(bytes: Bytes, at: number): number {
  const first = baseSequence(bytes, at)
  return first < 0 ? first : sequenceAfter(first, lastOffsetDelta(bytes, at))
}
export function recordCount(bytes: Bytes, at: number): number {
  return int32At(bytes, at + 57)
}

/** The sequence `count` places after `sequence`, wrapping from 2^31-1 to 0. */
export function sequenceAfter(sequence: number, count: number): number {
  const next = sequence + count
  return next > 0x7fff_ffff ? next - 0x8000_0000 : next
}

function putInt32(bytes: Bytes, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
function putInt64(bytes: Bytes, at: number, value: number): void {
  putInt32(bytes, at, Math.floor(value / twoTo32))
  putInt32(bytes, at + 4, value >>> 0)
}

/** Outside the CRC: costs eight byte stores. */
export function stampBaseOffset(bytes: Bytes, at: number, offset: Offset): void {
  putInt64(bytes, at, offset)
}

/** Outside the CRC. */
export function stampLeaderEpoch(bytes: Bytes, at: number, epoch: LeaderEpoch): void {
  putInt32(bytes, at + 12, epoch)
}

/** The largest timestamp of a batch of type CreateTime. */
export function stampMaxTimestamp(bytes: Bytes, at: number, timestampMs: Int64): void {
  bytes[at + 22] = bytes[at + 22]! & ~Attributes.logAppendTime
  if (typeof timestampMs === 'number') putInt64(bytes, at + 35, timestampMs)
  else viewOf(bytes).setBigInt64(at + 35, timestampMs)
  stampCrc(bytes, at)
}

/** Makes the batch one of type LogAppendTime at `nowMs`: every record then counts as written at that moment. */
export function stampLogAppendTime(bytes: Bytes, at: number, nowMs: number): void {
  bytes[at + 22] = bytes[at + 22]! | Attributes.logAppendTime
  putInt64(bytes, at + 35, nowMs)
  stampCrc(bytes, at)
}

/** Leaves a checksum that is wrong. */
export function stampCodec(bytes: Bytes, at: number, codec: CodecId): void {
  bytes[at + 22] = (bytes[at + 22]! & ~Attributes.codecMask) | codec
}

/** Makes `bytes` one whole batch. Outside the CRC. */
export function stampLength(bytes: Bytes): void {
  putInt32(bytes, 8, bytes.byteLength - batchPrefixSize)
}

/** Writes the checksum that the bytes have now. */
export function stampCrc(bytes: Bytes, at: number): void {
  putInt32(bytes, at + 17, computeCrc(bytes, at))
}

/**
 * Builds a record batch (v2) from records: for what the broker itself writes (internal topics, markers) and for tests.
 * What clients produce is never rebuilt. No compression.
 */

import { assert } from '../../base/assert.js'
import { allocate, type Bytes, utf8Length, utf8Write, viewOf } from '../../base/bytes.js'
import type { LeaderEpoch, Offset, ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type Int64, int64Difference } from '../../base/int64.js'
import * as batch from './batch.js'
import type { RecordHeader } from './records.js'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.js'

export interface NewRecord {
  readonly key: Bytes | null
  readonly value: Bytes | null
  readonly headers?: readonly RecordHeader[]
  /** Milliseconds since 1970; absent takes the batch's `timestampMs`. */
  readonly timestampMs?: Int64
}

export interface BatchOptions {
  readonly baseOffset?: Offset
  /** -1, as a producer sends it, when absent. */
  readonly leaderEpoch?: LeaderEpoch
  readonly producerId?: ProducerId
  readonly producerEpoch?: ProducerEpoch
  readonly baseSequence?: number
  /** Of the records that have none of their own; -1 (no timestamp) when absent. */
  readonly timestampMs?: Int64
  readonly timestampType?: batch.TimestampType
  readonly isTransactional?: boolean
  readonly isControl?: boolean
}

/** The batch in bytes of its own, checksum included; offsets run from `baseOffset` without a gap. */
export function buildBatch(records: readonly NewRecord[], options: BatchOptions = {}): Bytes {
  assert(records.length > 0, 'a new batch has at least one record')
  const timestampMs = options.timestampMs ?? batch.noTimestamp
  const baseTimestamp = records[0]!.timestampMs ?? timestampMs
  let size = batch.batchHeaderSize
  let maxTimestamp = baseTimestamp
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!
    const recordTimestamp = record.timestampMs ?? timestampMs
    if (recordTimestamp > maxTimestamp) maxTimestamp = recordTimestamp
    const bodySize = recordBodySize(record, index, int64Difference(recordTimestamp, baseTimestamp))
    size += varintSize(bodySize) + bodySize
  }

  const bytes = allocate(size)
  writeHeader(bytes, {
    attributes: attributesOf(options),
    recordCount: records.length,
    baseTimestamp,
    maxTimestamp,
    producerId: options.producerId ?? batch.noProducerId,
    producerEpoch: options.producerEpoch ?? batch.noProducerEpoch,
    baseSequence: options.baseSequence ?? batch.noSequence,
  })
  batch.stampBaseOffset(bytes, 0, options.baseOffset ?? 0)
  batch.stampLeaderEpoch(bytes, 0, options.leaderEpoch ?? -1)

  let at = batch.batchHeaderSize
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!
    at = writeRecord(bytes, at, record, index, int64Difference(record.timestampMs ?? timestampMs, baseTimestamp))
  }
  assert(at === size, 'the sizes counted are the sizes written')
  batch.stampCrc(bytes, 0)
  return bytes
}

export interface HeaderFields {
  readonly attributes: number
  readonly recordCount: number
  readonly baseTimestamp: Int64
  readonly maxTimestamp: Int64
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  readonly baseSequence: number
}

/** The header of a batch that fills `bytes`, with offset 0, epoch -1 and no checksum yet. */
export function writeHeader(bytes: Bytes, fields: HeaderFields): void {
  const view = viewOf(bytes)
  batch.stampBaseOffset(bytes, 0, 0)
  view.setInt32(8, bytes.byteLength - batch.batchPrefixSize)
  batch.stampLeaderEpoch(bytes, 0, -1)
  view.setInt8(16, batch.batchMagic)
  view.setInt16(21, fields.attributes)
  view.setInt32(23, fields.recordCount - 1)
  view.setBigInt64(27, BigInt(fields.baseTimestamp))
  view.setBigInt64(35, BigInt(fields.maxTimestamp))
  view.setBigInt64(43, BigInt(fields.producerId))
  view.setInt16(51, fields.producerEpoch)
  view.setInt32(53, fields.baseSequence)
  view.setInt32(57, fields.recordCount)
}

function attributesOf(options: BatchOptions): number {
  return (
    (options.timestampType === 'LogAppendTime' ? batch.Attributes.logAppendTime : 0) |
    (options.isTransactional === true ? batch.Attributes.transactional : 0) |
    (options.isControl === true ? batch.Attributes.control : 0)
  )
}

/** Bytes of a record after its size. */
function recordBodySize(record: NewRecord, offsetDelta: number, timestampDelta: Int64): number {
  const headers = record.headers ?? []
  let size = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta)
  size += fieldSize(record.key) + fieldSize(record.value) + varintSize(headers.length)
  for (const header of headers) {
    const keyLength = utf8Length(header.key)
    size += varintSize(keyLength) + keyLength + fieldSize(header.value)
  }
  return size
}

function fieldSize(field: Bytes | null): number {
  return field === null ? 1 : varintSize(field.byteLength) + field.byteLength
}

function writeRecord(bytes: Bytes, start: number, record: NewRecord, offsetDelta: number, timestampDelta: Int64): number {
  const headers = record.headers ?? []
  let at = writeVarint(bytes, start, recordBodySize(record, offsetDelta, timestampDelta))
  // Records have attributes of their own; no bit of them has a meaning yet.
  bytes[at++] = 0
  at = writeVarlong(bytes, at, timestampDelta)
  at = writeVarint(bytes, at, offsetDelta)
  at = writeField(bytes, at, record.key)
  at = writeField(bytes, at, record.value)
  at = writeVarint(bytes, at, headers.length)
  for (const header of headers) {
    at = writeVarint(bytes, at, utf8Length(header.key))
    at += utf8Write(bytes, header.key, at)
    at = writeField(bytes, at, header.value)
  }
  return at
}

function writeField(bytes: Bytes, start: number, field: Bytes | null): number {
  if (field === null) return writeVarint(bytes, start, -1)
  const at = writeVarint(bytes, start, field.byteLength)
  bytes.set(field, at)
  return at + field.byteLength
}

/**
 * The records of one batch (v2), one after the other, decompressed where the batch is compressed. The cursor makes no
 * object per record: it is opened on a batch, moved by `next`, and read through its fields. It checks the structure of
 * every record that it passes and throws MalformedError on the first that is wrong. `recordsOf` is its comfortable
 * sibling for the cold path.
 *
 *   record   size varint · attributes i8 · timestampDelta varlong · offsetDelta varint ·
 *            key (varint length, -1 null) · value (same) · header count varint · headers (key, value)*
 */
import { type Bytes, emptyBytes, utf8Decode } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { type Int64, int64Sum } from '../../base/int64.js'
import { MalformedError } from '../wire.js'
import * as batch from './batch.js'
import { decompress, decompressedBytesMax } from './compression.js'
import { VarintReader } from './varint.js'

export interface RecordHeader {
  readonly key: string
  readonly value: Bytes | null
}

export interface BatchRecord {
  readonly offset: Offset
  readonly timestampMs: Int64
  readonly key: Bytes | null
  readonly value: Bytes | null
  readonly headers: readonly RecordHeader[]
}

/** The records of the batch at `at`; key and value are views of the batch, or of its decompressed copy. */
export function* recordsOf(bytes: Bytes, at = 0, bytesMax = decompressedBytesMax): Generator<BatchRecord, void> {
  const cursor = new RecordCursor()
  cursor.open(bytes, at, bytesMax)
  while (cursor.next()) {
    yield {
      offset: cursor.offset,
      timestampMs: cursor.timestampMs,
      key: cursor.key(),
      value: cursor.value(),
      headers: cursor.headers(),
    }
  }
}

export class RecordCursor {
  /** Of the record where the cursor stands: valid after `next` gave true. */
  offset: Offset = -1
  offsetDelta = -1
  timestampMs: Int64 = -1
  /** The largest of the records passed since `open`; -1 when none has a larger one. */
  maxTimestampMs: Int64 = batch.noTimestamp
  /** Index of the record in its batch, from 0. */
  index = -1
  /** Of the record without the length before it. */
  size = 0
  /** Negative for null. */
  keyLength = -1
  valueLength = -1

  readonly #reader = new VarintReader(emptyBytes)
  #records: Bytes = emptyBytes
  #recordsStart = 0
  #recordsEnd = 0
  #recordCount = 0
  #baseOffset = 0
  #baseTimestamp: Int64 = 0
  #logAppendTimestamp: Int64 | null = null
  #keyStart = 0
  #valueStart = 0
  #headerCount = 0
  #headersStart = 0

  /** Places the cursor before the first record of the batch at `at`. Decompresses to at most `bytesMax` bytes. */
  open(bytes: Bytes, at = 0, bytesMax = decompressedBytesMax): void {
    this.#open(bytes, at, bytesMax, null)
  }

  /** The same where the records of a compressed batch have been decompressed before. */
  openDecompressed(bytes: Bytes, at: number, records: Bytes): void {
    this.#open(bytes, at, 0, records)
  }

  #open(bytes: Bytes, at: number, bytesMax: number, decompressed: Bytes | null): void {
    const left = bytes.byteLength - at
    const length = left < batch.batchHeaderSize ? 0 : batch.batchLength(bytes, at)
    if (length < batch.batchHeaderSize || length > left) throw new MalformedError(`batch of ${length} bytes in ${left}`)
    const start = at + batch.batchHeaderSize
    const end = at + length
    const codec = batch.codecOf(bytes, at)
    if (codec === batch.Codecs.none) {
      this.#records = bytes
      this.#recordsStart = start
      this.#reader.reset(bytes, start, end)
      this.#recordsEnd = end
    } else {
      const records = decompressed ?? decompress(codec, bytes.subarray(start, end), bytesMax)
      this.#records = records
      this.#recordsStart = 0
      this.#reader.reset(records, 0, records.byteLength)
      this.#recordsEnd = records.byteLength
    }
    this.#recordCount = batch.recordCount(bytes, at)
    this.#baseOffset = batch.baseOffset(bytes, at)
    this.#baseTimestamp = batch.baseTimestamp(bytes, at)
    this.#logAppendTimestamp = batch.timestampType(bytes, at) === 'LogAppendTime' ? batch.exactMaxTimestamp(bytes, at) : null
    this.index = -1
    this.maxTimestampMs = batch.noTimestamp
  }

  /** All records as they stand in the batch, decompressed; a view. */
  records(): Bytes {
    return this.#records.subarray(this.#recordsStart, this.#recordsEnd)
  }

  /** Lets go of the bytes, which a kept cursor would otherwise pin. */
  close(): void {
    this.#records = emptyBytes
    this.#reader.reset(emptyBytes, 0, 0)
    this.#recordsStart = 0
    this.#recordsEnd = 0
    this.#recordCount = 0
  }

  /** Moves to the next record; false after the last one. Throws MalformedError. */
  next(): boolean {
    const reader = this.#reader
    if (this.index + 1 >= this.#recordCount) {
      if (reader.position !== this.#recordsEnd) throw new MalformedError('bytes left after the last record')
      return false
    }
    reader.end = this.#recordsEnd
    const size = reader.varint()
    const end = reader.position + size
    if (size < 1 || end > this.#recordsEnd) throw new MalformedError(`record of ${size} bytes, fewer are left`)
    this.size = size
    // From here on the reader itself refuses to leave this record.
    reader.end = end
    reader.position++
    const timestampDelta = reader.varlong()
    this.timestampMs = this.#logAppendTimestamp ?? int64Sum(this.#baseTimestamp, timestampDelta)
    if (this.timestampMs > this.maxTimestampMs) this.maxTimestampMs = this.timestampMs
    this.offsetDelta = reader.varint()
    this.offset = this.#baseOffset + this.offsetDelta
    this.keyLength = reader.varint()
    this.#keyStart = reader.position
    this.#skip(this.keyLength)
    this.valueLength = reader.varint()
    this.#valueStart = reader.position
    this.#skip(this.valueLength)
    this.#headerCount = reader.varint()
    this.#headersStart = reader.position
    if (this.#headerCount !== 0) this.#skipHeaders()
    if (reader.position !== end) throw new MalformedError('record longer than its fields')
    this.index++
    return true
  }

  key(): Bytes | null {
    return this.keyLength < 0 ? null : this.#records.subarray(this.#keyStart, this.#keyStart + this.keyLength)
  }

  value(): Bytes | null {
    return this.valueLength < 0 ? null : this.#records.subarray(this.#valueStart, this.#valueStart + this.valueLength)
  }

  headers(): RecordHeader[] {
    if (this.#headerCount === 0) return []
    // `next` has already walked over these bytes: nothing in them can be wrong any more.
    const reader = new VarintReader(this.#records, this.#headersStart, this.#recordsEnd)
    const headers: RecordHeader[] = []
    for (let count = this.#headerCount; count > 0; count--) {
      const keyLength = reader.varint()
      const key = utf8Decode(this.#records, reader.position, reader.position + keyLength)
      reader.position += keyLength
      const valueLength = reader.varint()
      const valueStart = reader.position
      if (valueLength > 0) reader.position += valueLength
      headers.push({ key, value: valueLength < 0 ? null : this.#records.subarray(valueStart, reader.position) })
    }
    return headers
  }

  /** Any negative length is null, as Kafka reads it. */
  #skip(length: number): void {
    if (length <= 0) return
    if (length > this.#reader.end - this.#reader.position) throw new MalformedError(`field of ${length} bytes leaves its record`)
    this.#reader.position += length
  }

  #skipHeaders(): void {
    if (this.#headerCount < 0) throw new MalformedError('negative header count')
    for (let count = this.#headerCount; count > 0; count--) {
      const keyLength = this.#reader.varint()
      if (keyLength < 0) throw new MalformedError('header without a key')
      this.#skip(keyLength)
      this.#skip(this.#reader.varint())
    }
  }
}

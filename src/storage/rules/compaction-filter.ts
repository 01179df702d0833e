/**
 * Compaction, the work on one batch: which of its records stay, and the batch that is left of them. As Kafka's Cleaner and
 * MemoryRecords.filterTo have it. Pure: bytes in, bytes out.
 *
 * A batch of which all stays is copied as it is. One of which a part stays keeps its offsets, its sequence, its codec and its
 * epoch; the records that stay are copied without being rebuilt. One of which nothing stays is left out, unless it is the
 * last one of a live producer or of its segment: then its header stays, with no records. (Kafka keeps the last one of a whole
 * round. Here every segment goes on to where the next one begins, so that recovery can tell what compaction took away from
 * what a power cut did.)
 *
 * Tombstones, and markers of which the transaction is gone, go in two steps, so that a reader who is on its way through the
 * log sees them. The first compaction that meets one writes into the batch until when it stays: the *delete horizon* takes
 * the place of the base timestamp (attribute bit 6), to which the records' timestamp deltas are then relative.
 */
import { allocate, type Bytes, viewOf } from '../../base/bytes.js'
import type { Offset, ProducerEpoch, ProducerId } from '../../base/ids.js'
import { type Int64, int64Difference, int64Sum } from '../../base/int64.js'
import * as batch from '../../protocol/records/batch.js'
import { compress, decompress, decompressedBytesMax, writableCodec } from '../../protocol/records/compression.js'
import { DecompressedSizeError } from '../../protocol/records/output.js'
import { VarintReader, varintSize, varlongSize, writeVarint, writeVarlong } from '../../protocol/records/varint.js'
import { MalformedError } from '../../protocol/wire.js'
import type { KeyOffsets } from './compaction-keys.js'
import type { CleanedTransactions } from './compaction-transactions.js'

/** What a live producer wrote last; the offset is null when only a marker is known of it. */
export interface LastOfProducer {
  readonly lastOffset: Offset | null
  readonly producerEpoch: ProducerEpoch
}

export interface FilterRules {
  readonly keys: KeyOffsets
  readonly transactions: CleanedTransactions
  readonly lastOfProducers: ReadonlyMap<ProducerId, LastOfProducer>
  readonly nowMs: number
  readonly deleteRetentionMs: number
}

export interface FilterCounts {
  recordsRead: number
  recordsKept: number
  /** Batches that cannot be read; they stay as they are. */
  unreadableBatches: number
}

/** Bytes that grow; what is kept of batches goes here, back to back. */
export class Kept {
  bytes: Bytes
  length = 0

  constructor(capacity: number) {
    this.bytes = allocate(capacity)
  }

  /** Makes room for `size` more bytes, and answers where they go. */
  reserve(size: number): number {
    const at = this.length
    if (at + size > this.bytes.byteLength) {
      const grown = allocate(Math.max(at + size, this.bytes.byteLength * 2))
      grown.set(this.bytes.subarray(0, at))
      this.bytes = grown
    }
    this.length += size
    return at
  }
}

export class BatchFilter {
  readonly counts: FilterCounts = { recordsRead: 0, recordsKept: 0, unreadableBatches: 0 }
  /** Where the next segment begins: the batch that ends there stays. */
  segmentEnd: Offset = -1

  readonly #rules: FilterRules
  readonly #reader = new RecordReader()

  constructor(rules: FilterRules) {
    this.#rules = rules
  }

  /** Appends to `kept` what stays of the batch at `at`. */
  filter(bytes: Bytes, at: number, kept: Kept): void {
    const { transactions, nowMs, deleteRetentionMs } = this.#rules
    const isControl = batch.isControl(bytes, at)
    const isDecided = transactions.see(bytes, at)
    const hasHorizon = batch.hasDeleteHorizon(bytes, at)
    const isPastHorizon = hasHorizon && batch.baseTimestamp(bytes, at) <= nowMs
    // 1. Aborted records go at once, a marker without a transaction when its horizon is past.
    const dropsAll = isDecided && (!isControl || isPastHorizon)
    // 2. Else every record is looked at.
    let places: Places
    try {
      places = dropsAll ? noPlaces : this.#places(bytes, at, isControl, isPastHorizon)
    } catch (error) {
      if (!(error instanceof MalformedError || error instanceof DecompressedSizeError)) throw error
      this.counts.unreadableBatches++
      copyWhole(bytes, at, kept)
      return
    }
    const { count, read, hasTombstone } = places
    this.counts.recordsRead += dropsAll ? batch.recordCount(bytes, at) : read
    this.counts.recordsKept += count
    // 3. What is left?
    if (count === 0) {
      if (this.#staysEmpty(bytes, at, isControl)) writeEmpty(bytes, at, kept)
      return
    }
    const getsHorizon = !hasHorizon && (hasTombstone || (isControl && isDecided))
    if (count === read && !getsHorizon) copyWhole(bytes, at, kept)
    else rewrite(bytes, at, places, getsHorizon ? nowMs + deleteRetentionMs : null, kept)
  }

  /** Where the records are that stay. */
  #places(bytes: Bytes, at: number, isControl: boolean, isPastHorizon: boolean): Places {
    const { keys } = this.#rules
    const reader = this.#reader
    reader.open(bytes, at)
    const places: Places = {
      records: reader.records,
      starts: [],
      rests: [],
      ends: [],
      deltas: [],
      count: 0,
      read: 0,
      hasTombstone: false,
    }
    while (reader.next()) {
      places.read++
      const stays = isControl || this.#stays(reader, keys, isPastHorizon)
      if (!stays) continue
      places.count++
      places.starts.push(reader.start)
      places.rests.push(reader.restStart)
      places.ends.push(reader.end)
      places.deltas.push(reader.timestampDelta)
      if (!reader.hasValue) places.hasTombstone = true
    }
    return places
  }

  #stays(reader: RecordReader, keys: KeyOffsets, isPastHorizon: boolean): boolean {
    // Nothing is known of what came after the keys were collected.
    if (reader.offset > keys.latestOffset) return true
    // Without a key there is no later record that could replace it; Kafka drops such records.
    if (reader.keyStart < 0) return false
    if (keys.get(reader.records, reader.keyStart, reader.keyEnd) > reader.offset) return false
    return reader.hasValue || !isPastHorizon
  }

  #staysEmpty(bytes: Bytes, at: number, isControl: boolean): boolean {
    const lastOffset = batch.lastOffset(bytes, at)
    if (lastOffset + 1 === this.segmentEnd) return true
    const producerId = batch.producerId(bytes, at)
    const last = producerId < 0 ? undefined : this.#rules.lastOfProducers.get(producerId)
    if (last === undefined) return false
    if (last.lastOffset !== null) return last.lastOffset === lastOffset
    return isControl && last.producerEpoch === batch.producerEpoch(bytes, at)
  }
}

/** The records of one batch that stay, as places in its (decompressed) bytes. */
interface Places {
  readonly records: Bytes
  readonly starts: number[]
  /** After attributes and timestamp: what is the same whatever the timestamps are relative to. */
  readonly rests: number[]
  readonly ends: number[]
  readonly deltas: Int64[]
  count: number
  /** How many there were. */
  read: number
  hasTombstone: boolean
}

const noPlaces: Places = {
  ...{ records: allocate(0), starts: [], rests: [], ends: [], deltas: [], count: 0, read: 0, hasTombstone: false },
}

function copyWhole(bytes: Bytes, at: number, kept: Kept): void {
  const length = batch.batchLength(bytes, at)
  const to = kept.reserve(length)
  kept.bytes.set(bytes.subarray(at, at + length), to)
}

const baseTimestampAt = 27
const maxTimestampAt = 35
const recordCountAt = 57
const lengthAt = 8
const attributesAt = 22

/** The header without records: what a restart learns a producer's sequence, or the end of the log, from. */
function writeEmpty(bytes: Bytes, at: number, kept: Kept): void {
  const to = kept.reserve(batch.batchHeaderSize)
  kept.bytes.set(bytes.subarray(at, at + batch.batchHeaderSize), to)
  const view = viewOf(kept.bytes)
  view.setInt32(to + lengthAt, batch.batchHeaderSize - batch.batchPrefixSize)
  kept.bytes[to + attributesAt]! &= ~(batch.Attributes.codecMask | batch.Attributes.deleteHorizon)
  view.setBigInt64(to + baseTimestampAt, BigInt(batch.noTimestamp))
  view.setInt32(to + recordCountAt, 0)
  batch.stampCrc(kept.bytes, to)
}

/** The batch with the records at `places` only; with `horizonMs` it gets that delete horizon. */
function rewrite(bytes: Bytes, at: number, places: Places, horizonMs: number | null, kept: Kept): void {
  const oldBase = batch.baseTimestamp(bytes, at)
  const newBase = horizonMs ?? oldBase
  const shift = int64Difference(oldBase, newBase)
  // 1. The records, in the codec that the batch had if it can be written here.
  const plain = shift === 0 ? copiedRecords(places) : shiftedRecords(places, shift)
  const codec = writableCodec(batch.codecOf(bytes, at))
  const records = compress(codec, plain)
  // 2. The header: offsets, sequence and epoch stay.
  const to = kept.reserve(batch.batchHeaderSize + records.byteLength)
  kept.bytes.set(bytes.subarray(at, at + batch.batchHeaderSize), to)
  kept.bytes.set(records, to + batch.batchHeaderSize)
  const view = viewOf(kept.bytes)
  view.setInt32(to + lengthAt, batch.batchHeaderSize + records.byteLength - batch.batchPrefixSize)
  view.setInt32(to + recordCountAt, places.count)
  batch.stampCodec(kept.bytes, to, codec)
  if (horizonMs !== null) {
    kept.bytes[to + attributesAt]! |= batch.Attributes.deleteHorizon
    view.setBigInt64(to + baseTimestampAt, BigInt(horizonMs))
  }
  if (batch.timestampType(bytes, at) === 'CreateTime') {
    let largest: Int64 = batch.noTimestamp
    for (const delta of places.deltas) {
      const timestamp = int64Sum(oldBase, delta)
      if (timestamp > largest) largest = timestamp
    }
    view.setBigInt64(to + maxTimestampAt, BigInt(largest))
  }
  batch.stampCrc(kept.bytes, to)
}

function copiedRecords({ records, starts, ends, count }: Places): Bytes {
  let size = 0
  for (let n = 0; n < count; n++) size += ends[n]! - starts[n]!
  const copy = allocate(size)
  let to = 0
  for (let n = 0; n < count; n++) {
    copy.set(records.subarray(starts[n]!, ends[n]!), to)
    to += ends[n]! - starts[n]!
  }
  return copy
}

/** Every timestamp delta grows by `shift`; all else stays. */
function shiftedRecords({ records, rests, ends, deltas, count }: Places, shift: Int64): Bytes {
  const bodySize = (n: number): number => 1 + varlongSize(int64Sum(deltas[n]!, shift)) + ends[n]! - rests[n]!
  let size = 0
  for (let n = 0; n < count; n++) size += varintSize(bodySize(n)) + bodySize(n)
  const made = allocate(size)
  let to = 0
  for (let n = 0; n < count; n++) {
    to = writeVarint(made, to, bodySize(n))
    // Record attributes: no bit of them has a meaning yet.
    made[to++] = 0
    to = writeVarlong(made, to, int64Sum(deltas[n]!, shift))
    made.set(records.subarray(rests[n]!, ends[n]!), to)
    to += ends[n]! - rests[n]!
  }
  return made
}

/** Walks over the records of a batch and says where their parts lie; RecordCursor says what is in them instead. */
export class RecordReader {
  /** Where the positions point into: the batch, or its decompressed records. */
  records: Bytes = noPlaces.records
  offset: Offset = -1
  start = 0
  restStart = 0
  end = 0
  timestampDelta: Int64 = 0
  /** Negative without a key. */
  keyStart = -1
  keyEnd = -1
  hasValue = false

  readonly #reader = new VarintReader(this.records)
  #baseOffset: Offset = 0
  #left = 0
  #recordsEnd = 0

  open(bytes: Bytes, at: number): void {
    const end = at + batch.batchLength(bytes, at)
    const codec = batch.codecOf(bytes, at)
    this.#baseOffset = batch.baseOffset(bytes, at)
    this.#left = batch.recordCount(bytes, at)
    // An emptied batch has no compressed stream either.
    const isPlain = codec === batch.Codecs.none || this.#left === 0
    this.records = isPlain ? bytes : decompress(codec, bytes.subarray(at + batch.batchHeaderSize, end), decompressedBytesMax)
    this.#recordsEnd = isPlain ? end : this.records.byteLength
    this.end = isPlain ? at + batch.batchHeaderSize : 0
  }

  /** False after the last record. Throws MalformedError on what is none. */
  next(): boolean {
    if (this.#left-- <= 0) return false
    const reader = this.#reader
    this.start = this.end
    reader.reset(this.records, this.start, this.#recordsEnd)
    const size = reader.varint()
    this.end = reader.position + size
    if (size < 1 || this.end > this.#recordsEnd) throw new MalformedError(`record of ${size} bytes, fewer are left`)
    reader.end = this.end
    reader.position++
    this.timestampDelta = reader.varlong()
    this.restStart = reader.position
    this.offset = this.#baseOffset + reader.varint()
    const keyLength = reader.varint()
    this.keyStart = keyLength < 0 ? -1 : reader.position
    this.keyEnd = reader.position + Math.max(keyLength, 0)
    if (this.keyEnd > this.end) throw new MalformedError('key leaves its record')
    reader.position = this.keyEnd
    this.hasValue = reader.varint() >= 0
    return true
  }
}

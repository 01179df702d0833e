/** Reads a partition from its start, record by record: how internal topics are replayed when a broker starts. */
import { InvariantError } from '../base/assert.js'
import { type Bytes, emptyBytes } from '../base/bytes.js'
import type { Offset } from '../base/ids.js'
import type { LogEntry } from '../coordinator/log-port.js'
import { Errors, isErrorCode } from '../protocol/errors.js'
import {
  batchHeaderSize,
  batchLength,
  batchMagic,
  computeCrc,
  crc,
  isControl,
  isTransactional,
  lastOffset,
  magic,
} from '../protocol/records/batch.js'
import { markerOf, producerOf } from '../protocol/records/marker.js'
import { RecordCursor, recordsOf } from '../protocol/records/records.js'
import { CorruptLogError } from '../storage/engine.js'
import { DiskFailure } from '../storage/files.js'
import type { Partition } from '../storage/partition.js'

const chunkBytes = 4 * 1024 * 1024

export interface StoredRecord {
  readonly key: Bytes | null
  readonly value: Bytes | null
}

/**
 * Every record of the log, oldest first, control batches left out. A record and its key and value are valid until the next
 * step. A start may read a million committed offsets here, so nothing is allocated per record that can be reused.
 *
 * A promise in between, here and below: the engine answers later; wait for it before the next step. It does not reject.
 */
export function* recordsOfLog(partition: Partition, from: Offset): Generator<StoredRecord | Promise<void>, void> {
  const cursor = new RecordCursor()
  const record: { key: Bytes | null; value: Bytes | null } = { key: null, value: null }
  for (const place of batchesOfLog(partition, from)) {
    if (place instanceof Promise) {
      yield place
      continue
    }
    const { bytes, at } = place
    if (isControl(bytes, at)) continue
    for (cursor.open(bytes, at); cursor.next(); ) {
      record.key = cursor.key()
      record.value = cursor.value()
      yield record
    }
  }
}

/** What a coordinator replays: records that have a key, and the ends of transactions. An entry is valid until the next step. */
export function* entriesOfLog(partition: Partition): Generator<LogEntry, void> {
  const cursor = new RecordCursor()
  const record: { key: Bytes; value: Bytes | null } = { key: emptyBytes, value: null }
  for (const place of batchesOfLog(partition, partition.logStartOffset)) {
    if (place instanceof Promise) {
      yield { kind: 'later', isThere: place }
      continue
    }
    const { bytes, at } = place
    if (isControl(bytes, at)) {
      const marker = markerOf(bytes, at)
      if (marker !== null) yield { kind: 'marker', marker }
      continue
    }
    const entry: LogEntry = { kind: 'record', record, producer: isTransactional(bytes, at) ? producerOf(bytes, at) : null }
    for (cursor.open(bytes, at); cursor.next(); ) {
      const key = cursor.key()
      if (key === null) continue
      record.key = key
      record.value = cursor.value()
      yield entry
    }
  }
}

interface BatchPlace {
  bytes: Bytes
  at: number
}

/**
 * Every batch, oldest first, its place valid until the next step. The log may not have been verified, and no
 * client checks these records: a damaged batch ends in CorruptLogError, and the next opening verifies the log.
 */
function* batchesOfLog(partition: Partition, from: Offset): Generator<Readonly<BatchPlace> | Promise<void>, void> {
  const place: BatchPlace = { bytes: emptyBytes, at: 0 }
  const { logEndOffset } = partition
  let next = from
  while (next < logEndOffset) {
    const reading = partition.read(next, {
      maxBytes: chunkBytes,
      atLeastOneBatch: true,
      isolation: 'read_uncommitted',
      upTo: 'logEnd',
    })
    const read = reading instanceof Promise ? yield* settled(reading) : reading
    const behindDamage = partition.endOfDamage(next)
    if (isErrorCode(read) && behindDamage !== null) {
      // It was said when the log was recovered; the rest is worth more than nothing.
      next = behindDamage
      continue
    }
    if (read === Errors.CORRUPT_MESSAGE) throw damageAt(partition, next)
    if (isErrorCode(read)) {
      throw new DiskFailure(`${partition.topic}-${partition.index} cannot be read at ${next}: error ${read}`, 'broken', null)
    }
    if (read.byteLength === 0) return
    const bytes = Buffer.allocUnsafeSlow(read.byteLength)
    let at = 0
    try {
      for (const slice of read.slices) {
        for (const end = at + slice.byteLength; at < end; ) {
          const count = slice.read(at + slice.byteLength - end, bytes.subarray(at, end))
          at += count instanceof Promise ? yield* settled(count) : count
        }
      }
    } finally {
      for (const slice of read.slices) slice.release()
    }
    for (let start = 0; start < at; start += batchLength(bytes, start)) {
      // Its offsets have no checksum: they go on, and end before the log does.
      const isSound = isWhole(bytes, start, at) && lastOffset(bytes, start) >= next && lastOffset(bytes, start) < logEndOffset
      if (!isSound) throw damageAt(partition, next)
      // Compaction leaves gaps; a batch below `next` was seen already.
      place.bytes = bytes
      place.at = start
      yield place
      next = lastOffset(bytes, start) + 1
    }
  }
}

/** What a promise comes to, when whoever drives the generator has waited for it. */
function* settled<Value>(promise: Promise<Value>): Generator<Promise<void>, Value> {
  let outcome = (): Value => {
    throw new InvariantError('the next step is taken when the engine has answered')
  }
  yield promise.then(
    value => {
      outcome = () => value
    },
    (error: unknown) => {
      outcome = () => {
        throw error
      }
    },
  )
  return outcome()
}

/** Whether a batch as it was written begins at `start` and ends at or before `end`. */
function isWhole(bytes: Bytes, start: number, end: number): boolean {
  if (end - start < batchHeaderSize || magic(bytes, start) !== batchMagic) return false
  const length = batchLength(bytes, start)
  return length >= batchHeaderSize && length <= end - start && crc(bytes, start) === computeCrc(bytes, start)
}

function damageAt(partition: Partition, offset: Offset): CorruptLogError {
  const error = new CorruptLogError(`${partition.topic}-${partition.index} is damaged at or after offset ${offset}`)
  partition.noteDamage(error)
  return error
}

/** Every record of whole batches in memory, control batches left out. */
export function* recordsOfBatches(bytes: Bytes): Generator<StoredRecord, void> {
  for (let at = 0; at < bytes.byteLength; at += batchLength(bytes, at)) if (!isControl(bytes, at)) yield* recordsOf(bytes, at)
}

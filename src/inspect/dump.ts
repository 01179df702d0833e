/**
 * The files of a data directory as lines of text: batches and their records, index entries, producers, transactions. Shows
 * what is there, as far as it can be read, and where reading ends; judging it is verify's part. Lines come one by one, because
 * a segment may be a gigabyte.
 */

import { asBuffer, type Bytes } from '../base/bytes.js'
import type { Int64 } from '../base/int64.js'
import * as batch from '../protocol/records/batch.js'
import { markerOf } from '../protocol/records/marker.js'
import { type BatchRecord, recordsOf } from '../protocol/records/records.js'
import { MalformedError } from '../protocol/wire.js'
import type { Files } from '../storage/files.js'
import { parsePartitionName } from '../storage/format/checkpoint.js'
import { OffsetIndex, TimeIndex } from '../storage/format/index-file.js'
import { decodeTransactionIndex } from '../storage/rules/compaction-transactions.js'
import { decodeProducerSnapshot } from '../storage/rules/producer-snapshot.js'
import { decodeInternal, isDecodable } from './internal-records.js'
import { isDataDirectory, isOurFile, isPartition } from './ours.js'
import { withoutZeros } from './segment-files.js'

export interface DumpOptions {
  /** Show the records of every batch. */
  readonly records: boolean
}

const chunkBytes = 1 << 20

export function* dump(files: Files, path: string, options: DumpOptions): Generator<string> {
  if (!files.isDirectory(path)) {
    if (files.sizeOf(path) === null) throw new DumpError(`${path} does not exist`)
    if (!isOurFile(path.slice(path.lastIndexOf('/') + 1))) throw new DumpError(`${path} is not a file of a data directory`)
    yield* dumpFile(files, path, options)
    return
  }
  const names = files.list(path).sort()
  const partitions = names.filter(name => parsePartitionName(name) !== null && isPartition(files, `${path}/${name}`))
  for (const name of partitions) yield* dump(files, `${path}/${name}`, options)
  if (partitions.length > 0) return
  if (!isPartition(files, path) && !isDataDirectory(files, path)) throw new DumpError(`${path} is not a data directory`)
  for (const name of names.filter(one => /^\d{20}(-\d{10})?\.(log|checkpoint)$/.test(one))) {
    yield* dumpFile(files, `${path}/${name}`, options)
  }
}

function* dumpFile(files: Files, path: string, options: DumpOptions): Generator<string> {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  const folder = path.slice(0, Math.max(slash, 0))
  const base = Number(/^(\d{20})/.exec(name)?.[1] ?? 0)
  yield `${folder.slice(folder.lastIndexOf('/') + 1)}/${name}`
  if (/\.index(\.|$)/.test(name)) yield* dumpIndex(new OffsetIndex(base, withoutZeros(wholeFile(files, path), 8)))
  else if (/\.timeindex(\.|$)/.test(name)) yield* dumpTimeIndex(new TimeIndex(base, withoutZeros(wholeFile(files, path), 12)))
  else if (/\.txnindex(\.|$)/.test(name)) yield* dumpTransactionIndex(wholeFile(files, path))
  else if (/\.snapshot(\.|$)/.test(name)) yield* dumpSnapshot(wholeFile(files, path))
  else if (/\.(log|checkpoint|damaged|cut)(\.|$)/.test(name) && /^\d{20}/.test(name)) {
    yield* dumpLog(files, path, parsePartitionName(folder.slice(folder.lastIndexOf('/') + 1))?.topic ?? '', options)
  } else yield asBuffer(wholeFile(files, path)).toString().trimEnd()
}

function wholeFile(files: Files, path: string): Bytes {
  const bytes = files.readWhole(path)
  if (bytes === null) throw new DumpError(`${path} does not exist`)
  return bytes
}

/** There is nothing to show. */
export class DumpError extends Error {
  override readonly name = 'DumpError'
}

function* dumpLog(files: Files, path: string, topic: string, options: DumpOptions): Generator<string> {
  const fd = files.open(path, 'read')
  try {
    const size = files.size(fd)
    let at = 0
    while (at < size) {
      const header = new Uint8Array(Math.min(batch.batchHeaderSize, size - at))
      files.read(fd, header, 0, header.byteLength, at)
      const length = header.byteLength < batch.batchHeaderSize ? -1 : batch.batchLength(header, 0)
      if (length < batch.batchHeaderSize || at + length > size || length > chunkBytes * 1024) {
        yield `  ${at}: ${size - at} bytes that are not a complete batch`
        return
      }
      const bytes = new Uint8Array(length)
      files.read(fd, bytes, 0, length, at)
      yield* dumpBatch(bytes, at, topic, options)
      at += length
    }
  } finally {
    files.close(fd)
  }
}

const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

function* dumpBatch(bytes: Bytes, position: number, topic: string, options: DumpOptions): Generator<string> {
  const isSound = batch.crc(bytes, 0) === batch.computeCrc(bytes, 0)
  const facts = [
    `offsets ${batch.baseOffset(bytes, 0)}-${batch.lastOffset(bytes, 0)}`,
    `position ${position}`,
    `${bytes.byteLength} bytes`,
    `${batch.recordCount(bytes, 0)} records`,
    `${batch.timestampType(bytes, 0)} ${timeText(batch.maxTimestamp(bytes, 0))}`,
    `compression ${codecNames[batch.codecOf(bytes, 0)] ?? batch.codecOf(bytes, 0)}`,
    `leader epoch ${batch.leaderEpoch(bytes, 0)}`,
  ]
  if (batch.producerId(bytes, 0) >= 0) {
    const sequences = `${batch.baseSequence(bytes, 0)}-${batch.lastSequence(bytes, 0)}`
    facts.push(`producer ${batch.producerId(bytes, 0)} epoch ${batch.producerEpoch(bytes, 0)} sequences ${sequences}`)
  }
  if (batch.isTransactional(bytes, 0)) facts.push('transactional')
  if (batch.isControl(bytes, 0)) facts.push('control')
  yield `  ${facts.join(', ')}${isSound ? '' : ', WRONG CHECKSUM'}`
  if (!options.records) return
  try {
    const marker = batch.isControl(bytes, 0) && batch.producerId(bytes, 0) >= 0 ? markerOf(bytes, 0) : null
    if (marker !== null) {
      const { isCommit, coordinatorEpoch } = marker
      yield `    ${batch.baseOffset(bytes, 0)} ${isCommit ? 'commit' : 'abort'}, coordinator epoch ${coordinatorEpoch}`
      return
    }
    for (const record of recordsOf(bytes, 0)) yield `    ${recordText(record, topic, batch.isControl(bytes, 0))}`
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    yield `    cannot be read: ${error.message}`
  }
}

function recordText({ offset, timestampMs, key, value, headers }: BatchRecord, topic: string, isControl: boolean): string {
  const decoded = isDecodable(topic) && !isControl ? decodeInternal(topic, key, value) : null
  const shownKey = decoded === null ? bytesText(key) : JSON.stringify(decoded.key)
  const shownValue = decoded === null ? bytesText(value) : JSON.stringify(decoded.value, shownValueOf)
  const shownHeaders =
    headers.length === 0 ? '' : ` headers {${headers.map(one => `${one.key}: ${bytesText(one.value)}`).join(', ')}}`
  return `${offset} ${timeText(timestampMs)} key ${shownKey} value ${shownValue}${shownHeaders}`
}

/** What JSON cannot show of a decoded record: bytes, and int64 beyond 2^53. */
function shownValueOf(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  const isBuffer = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
  return isBuffer ? `${(value.data as number[]).length} bytes` : value
}

function bytesText(bytes: Bytes | null): string {
  if (bytes === null) return 'null'
  const text = asBuffer(bytes).toString()
  // What is no UTF-8 comes back with U+FFFD; what is no text has control characters.
  const isText = !/\p{Cc}|\ufffd/u.test(text.replace(/[\t\n\r]/g, ' '))
  return isText ? JSON.stringify(text) : `0x${Buffer.from(bytes).toString('hex')}`
}

function timeText(timestampMs: Int64): string {
  const isDate = timestampMs >= 0 && timestampMs <= 8.64e15
  return isDate ? new Date(Number(timestampMs)).toISOString() : String(timestampMs)
}

function* dumpIndex(index: OffsetIndex): Generator<string> {
  for (let n = 0; n < index.count; n++) yield `  offset ${index.offsetAt(n)} position ${index.positionAt(n)}`
}

function* dumpTimeIndex(index: TimeIndex): Generator<string> {
  for (let n = 0; n < index.count; n++)
    yield `  time ${timeText(index.timestampAt(n))} (${index.timestampAt(n)}) offset ${index.offsetAt(n)}`
}

function* dumpTransactionIndex(bytes: Bytes): Generator<string> {
  for (const { producerId, firstOffset, lastOffset, lastStableOffset } of decodeTransactionIndex(bytes)) {
    yield `  producer ${producerId} aborted offsets ${firstOffset}-${lastOffset} last stable offset ${lastStableOffset}`
  }
}

function* dumpSnapshot(bytes: Bytes): Generator<string> {
  try {
    for (const { producerId, producerEpoch, batches, currentTxnFirstOffset } of decodeProducerSnapshot(bytes).entries()) {
      const known = batches.map(one => `${one.baseSequence}-${one.lastSequence} at ${one.baseOffset}-${one.lastOffset}`)
      const open = currentTxnFirstOffset < 0 ? '' : `, transaction open since ${currentTxnFirstOffset}`
      yield `  producer ${producerId} epoch ${producerEpoch}: sequences ${known.join(', ') || 'none'}${open}`
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    yield `  ${error.message}`
  }
}

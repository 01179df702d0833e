/**
 * Checks the files of one segment against each other: every batch by its checksum and structure, every index entry by the
 * batch that it names. Reads only. What a batch's records say is shown to the caller.
 */
import type { Bytes } from '../base/bytes.js'
import type { Offset } from '../base/ids.js'
import * as batch from '../protocol/records/batch.js'
import { RecordCursor } from '../protocol/records/records.js'
import { MalformedError } from '../protocol/wire.js'
import type { Files } from '../storage/files.js'
import { walkBatches } from '../storage/format/header-scanner.js'
import { datedBy, OffsetIndex, TimeIndex } from '../storage/format/index-file.js'
import type { Findings } from './findings.js'

/** Where a batch stands, and what index entries may say about it. */
interface BatchPlace {
  readonly position: number
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  /** What it gives to the time index. */
  readonly datedBy: number
}

export interface CheckedSegment {
  readonly baseOffset: Offset
  /** After the last whole batch; the base offset when there is none. */
  readonly endOffset: Offset
  readonly bytes: number
  readonly batches: number
  readonly records: number
  /** Bytes behind the last whole batch. */
  readonly rest: number
}

export interface SegmentInput {
  readonly files: Files
  readonly folder: string
  /** The folder's name, for reports. */
  readonly name: string
  readonly baseOffset: Offset
  /** The segment grows: a crash may have torn its end, and its index is shorter than its log. */
  readonly isActive: boolean
  readonly wasClosedCleanly: boolean
  /** The next start takes the files as they are; else it reads the end of the active segment first. */
  readonly opensAsLeft: boolean
  /** Compaction leaves gaps between offsets. */
  readonly mayHaveGaps: boolean
  readonly previousEnd: Offset
}

/** Sees each batch that is whole and right, in order; `bytes` is valid during the call. */
export type SeeBatch = (bytes: Bytes, at: number) => void

export function checkSegment(input: SegmentInput, findings: Findings, see: SeeBatch): CheckedSegment {
  const { files, baseOffset } = input
  const stem = String(baseOffset).padStart(20, '0')
  const log = `${input.name}/${stem}.log`
  const fd = files.open(`${input.folder}/${stem}.log`, 'read')
  try {
    const size = files.size(fd)
    const places: BatchPlace[] = []
    const cursor = new RecordCursor()
    let records = 0
    let next = Math.max(baseOffset, input.previousEnd)
    const stop = walkBatches(files, fd, 0, size, 'whole', (bytes, at, position) => {
      const first = batch.baseOffset(bytes, at)
      const problem = problemOf(bytes, at, first, next, baseOffset, input.mayHaveGaps)
      if (problem !== null) findings.damage(log, problem, position)
      if (batch.magic(bytes, at) !== batch.batchMagic) return false
      if (batch.crc(bytes, at) === batch.computeCrc(bytes, at)) {
        records += countRecords(cursor, bytes, at, position, log, findings)
        see(bytes, at)
      }
      const lastOffset = batch.lastOffset(bytes, at)
      places.push({ position, baseOffset: first, lastOffset, datedBy: datedBy(bytes, at) })
      next = Math.max(next, lastOffset + 1)
      return true
    })
    if (stop < size) reportRest(input, findings, log, stop, size)
    checkOffsetIndex(input, findings, `${stem}.index`, places)
    checkTimeIndex(input, findings, `${stem}.timeindex`, places)
    return { baseOffset, endOffset: next, bytes: size, batches: places.length, records, rest: size - stop }
  } finally {
    files.close(fd)
  }
}

function problemOf(bytes: Bytes, at: number, first: Offset, next: Offset, base: Offset, mayHaveGaps: boolean): string | null {
  if (batch.magic(bytes, at) !== batch.batchMagic) return `a batch of format ${batch.magic(bytes, at)}, which is not stored here`
  if (batch.crc(bytes, at) !== batch.computeCrc(bytes, at)) return `the batch at offset ${first} has a wrong checksum`
  const last = batch.lastOffset(bytes, at)
  if (first < next) return `offset ${first} comes again: ${next} was due`
  if (first > next && !mayHaveGaps) return `offsets ${next} to ${first - 1} are missing`
  if (last < first || last - base > 0x7fff_ffff) return `a batch of offsets ${first} to ${last}`
  return null
}

function countRecords(cursor: RecordCursor, bytes: Bytes, at: number, position: number, log: string, findings: Findings): number {
  let count = 0
  try {
    for (cursor.open(bytes, at); cursor.next(); ) count++
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    // Compressed records are stored as a producer sent them.
    findings.note(
      log,
      `the records of the batch at offset ${batch.baseOffset(bytes, at)} cannot be read: ${error.message}`,
      position,
    )
  }
  return count
}

function reportRest(input: SegmentInput, findings: Findings, log: string, stop: number, size: number): void {
  const text = `${size - stop} bytes that are not a complete batch`
  if (input.isActive && !input.wasClosedCleanly) findings.note(log, `${text}; the next start looks at them`, stop)
  else findings.damage(log, text, stop)
}

/** Kafka fills the index of a segment that grows with zeros, up to its largest size. */
export function withoutZeros(bytes: Bytes, entrySize: number): Bytes {
  let end = bytes.byteLength - (bytes.byteLength % entrySize)
  while (end > 0 && bytes.subarray(end - entrySize, end).every(byte => byte === 0)) end -= entrySize
  return bytes.subarray(0, end)
}

/** After a crash the indexes of the segment that grew are checked and made again. */
function reportIndex(input: SegmentInput, findings: Findings, path: string, message: string, position: number): void {
  if (input.isActive && !input.wasClosedCleanly) findings.note(path, message, position)
  else findings.damage(path, message, position)
}

function checkOffsetIndex(input: SegmentInput, findings: Findings, file: string, places: readonly BatchPlace[]): void {
  const path = `${input.name}/${file}`
  const bytes = input.files.readWhole(`${input.folder}/${file}`)
  if (bytes === null) {
    findings.note(path, 'is missing and is rebuilt when needed')
    return
  }
  const index = new OffsetIndex(input.baseOffset, withoutZeros(bytes, 8))
  const byPosition = new Map(places.map(place => [place.position, place]))
  let previous = -1
  for (let n = 0; n < index.count; n++) {
    const place = byPosition.get(index.positionAt(n))
    const offset = index.offsetAt(n)
    const isRight = place !== undefined && offset >= place.baseOffset && offset <= place.lastOffset && offset > previous
    if (!isRight) {
      reportIndex(input, findings, path, `entry ${n}: offset ${offset} at ${index.positionAt(n)} matches no batch`, n * 8)
      return
    }
    previous = offset
  }
}

function checkTimeIndex(input: SegmentInput, findings: Findings, file: string, places: readonly BatchPlace[]): void {
  const path = `${input.name}/${file}`
  const bytes = input.files.readWhole(`${input.folder}/${file}`)
  if (bytes === null) {
    findings.note(path, 'is missing and is rebuilt when needed')
    return
  }
  const index = new TimeIndex(input.baseOffset, withoutZeros(bytes, 12))
  let at = 0
  let previous = -1
  for (let n = 0; n < index.count; n++) {
    const [timestamp, offset] = [index.timestampAt(n), index.offsetAt(n)]
    while (at < places.length && places[at]!.lastOffset < offset) at++
    const place = places[at]
    const isRight = place !== undefined && offset >= place.baseOffset && place.datedBy === timestamp && timestamp > previous
    if (!isRight) {
      reportIndex(input, findings, path, `entry ${n}: time ${timestamp} at offset ${offset} matches no batch`, n * 12)
      return
    }
    previous = timestamp
  }
  const largest = places.reduce((max, place) => Math.max(max, place.datedBy), -1)
  if (largest > previous && (!input.isActive || input.opensAsLeft)) {
    findings.damage(path, `ends with time ${previous}, the segment with ${largest}: lookups by time miss records`)
  }
}

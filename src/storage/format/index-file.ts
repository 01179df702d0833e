/**
 * The two sparse indexes of a segment, kept in memory as exactly the bytes that their files hold, so that loading is one
 * read and flushing is one write of the tail. Neither knows when an entry is due: the segment decides that.
 *
 *   .index      8 bytes an entry: lastOffset - baseOffset i32, position i32      both strictly increase
 *   .timeindex 12 bytes an entry: timestamp i64, offset - baseOffset i32         timestamps strictly increase
 */
import { allocate, type Bytes, viewOf } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { maxTimestamp, noTimestamp, recordCount } from '../../protocol/records/batch.js'
import type { Files } from '../files.js'

const twoTo32 = 0x1_0000_0000
const firstCapacity = 32

/** Entries of one size, appended at the end, found by binary search. */
class EntryTable {
  readonly entrySize: number
  count = 0
  view: DataView
  #bytes: Bytes
  /** Entries that the file already holds. */
  #flushed = 0
  /** The file is missing or longer than what is in memory. */
  #fileDiffers = true

  constructor(entrySize: number, bytes: Bytes | null) {
    this.entrySize = entrySize
    if (bytes === null) {
      this.#bytes = allocate(firstCapacity * entrySize)
    } else {
      this.#bytes = bytes
      this.count = this.#flushed = Math.floor(bytes.byteLength / entrySize)
      this.#fileDiffers = bytes.byteLength !== this.count * entrySize
    }
    this.view = viewOf(this.#bytes)
  }

  get pending(): number {
    return this.count - this.#flushed
  }

  /** Makes room for one more entry and returns where it goes. */
  next(): number {
    const at = this.count * this.entrySize
    if (at + this.entrySize > this.#bytes.byteLength) {
      const grown = allocate(Math.max(firstCapacity * this.entrySize, this.#bytes.byteLength * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
      this.view = viewOf(grown)
    }
    this.count++
    return at
  }

  shrinkTo(count: number): void {
    this.count = count
    if (this.#flushed <= count) return
    this.#flushed = count
    this.#fileDiffers = true
  }

  /** What the file has to hold. */
  get content(): Bytes {
    return this.#bytes.subarray(0, this.count * this.entrySize)
  }

  /** For a file that was already cut to its first `count` entries. */
  isInItsFile(count: number): void {
    this.#flushed = count
    this.#fileDiffers = false
  }

  /** Brings the file to what is in memory; a file that was longer is cut. False when there was nothing to do. */
  flush(files: Files, path: string): boolean {
    if (this.pending === 0 && !this.#fileDiffers) return false
    const fd = files.open(path, 'create')
    try {
      const from = this.#flushed * this.entrySize
      const end = this.count * this.entrySize
      if (end > from) files.write(fd, this.#bytes, from, end - from, from)
      if (files.size(fd) > end) files.truncate(fd, end)
      this.#flushed = this.count
      this.#fileDiffers = false
      return true
    } finally {
      files.close(fd)
    }
  }
}

const offsetEntrySize = 8
const timeEntrySize = 12

export class OffsetIndex {
  readonly baseOffset: Offset
  readonly #table: EntryTable

  /** `bytes`: the content of an existing file, taken over; null for a new index. */
  constructor(baseOffset: Offset, bytes: Bytes | null) {
    this.baseOffset = baseOffset
    this.#table = new EntryTable(offsetEntrySize, bytes)
  }

  get count(): number {
    return this.#table.count
  }
  get pending(): number {
    return this.#table.pending
  }
  /** Last offset of the batch that entry `n` points at. */
  offsetAt(n: number): Offset {
    return this.baseOffset + this.#table.view.getInt32(n * offsetEntrySize)
  }
  positionAt(n: number): number {
    return this.#table.view.getInt32(n * offsetEntrySize + 4)
  }

  append(lastOffset: Offset, position: number): void {
    const at = this.#table.next()
    this.#table.view.setInt32(at, lastOffset - this.baseOffset)
    this.#table.view.setInt32(at + 4, position)
  }

  /** Position of a batch at or before the one that holds `offset`: where a search through headers begins. */
  floorPosition(offset: Offset): number {
    const n = this.#last(offset - this.baseOffset, 0)
    return n < 0 ? 0 : this.positionAt(n)
  }

  /** Position of the last indexed batch that starts at or before `position`. */
  batchStartBefore(position: number): number {
    const n = this.#last(position, 4)
    return n < 0 ? 0 : this.positionAt(n)
  }

  /** Last offset of the first indexed batch that begins at or after `position`; null when there is none. */
  offsetAtOrAfter(position: number): Offset | null {
    const n = this.#last(position - 1, 4) + 1
    return n < this.count ? this.offsetAt(n) : null
  }

  /** Whether there is an entry of a batch with this last offset at this position. */
  hasEntry(lastOffset: Offset, position: number): boolean {
    const n = this.#last(position, 4)
    return n >= 0 && this.positionAt(n) === position && this.offsetAt(n) === lastOffset
  }

  /** Last entry whose int32 at `field` is ≤ value, or -1. */
  #last(value: number, field: number): number {
    const view = this.#table.view
    let low = 0
    let high = this.#table.count - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (view.getInt32(middle * offsetEntrySize + field) <= value) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  /** Keeps the entries whose batch starts before `position`. */
  truncateToPosition(position: number): void {
    this.#table.shrinkTo(this.#last(position - 1, 4) + 1)
  }

  isFull(bytesMax: number): boolean {
    return this.#table.count >= Math.floor(bytesMax / offsetEntrySize)
  }

  /** Both columns strictly increase and lie in the segment; what a crash of the machine leaves in a file may not. */
  isSound(logSize: number): boolean {
    for (let n = 0; n < this.count; n++) {
      const previous = n === 0 ? this.baseOffset - 1 : this.offsetAt(n - 1)
      if (this.offsetAt(n) <= previous || this.positionAt(n) >= logSize) return false
      if (n > 0 ? this.positionAt(n) <= this.positionAt(n - 1) : this.positionAt(n) < 0) return false
    }
    return true
  }

  flush(files: Files, path: string): boolean {
    return this.#table.flush(files, path)
  }

  /** For writing the file as a whole: what it has to hold, and that it holds so many entries. */
  get bytes(): Bytes {
    return this.#table.content
  }
  isInItsFile(count: number): void {
    this.#table.isInItsFile(count)
  }
}

export class TimeIndex {
  readonly baseOffset: Offset
  readonly #table: EntryTable

  constructor(baseOffset: Offset, bytes: Bytes | null) {
    this.baseOffset = baseOffset
    this.#table = new EntryTable(timeEntrySize, bytes)
  }

  get count(): number {
    return this.#table.count
  }
  get pending(): number {
    return this.#table.pending
  }
  timestampAt(n: number): number {
    const view = this.#table.view
    return view.getInt32(n * timeEntrySize) * twoTo32 + view.getUint32(n * timeEntrySize + 4)
  }
  offsetAt(n: number): Offset {
    return this.baseOffset + this.#table.view.getInt32(n * timeEntrySize + 8)
  }

  /** Adds an entry unless its timestamp is no larger than the last one's; the entry is of a batch's last offset. */
  maybeAppend(timestamp: number, offset: Offset): void {
    const last = this.count === 0 ? -1 : this.timestampAt(this.count - 1)
    if (timestamp <= last) return
    const at = this.#table.next()
    const view = this.#table.view
    view.setInt32(at, Math.floor(timestamp / twoTo32))
    view.setUint32(at + 4, timestamp >>> 0)
    view.setInt32(at + 8, offset - this.baseOffset)
  }

  /**
   * Offset at or after which the first record with a timestamp of at least `timestamp` lies: that of the last entry with
   * a smaller timestamp. The base offset when there is none.
   */
  floorOffset(timestamp: number): Offset {
    const n = this.floorEntry(timestamp)
    return n < 0 ? this.baseOffset : this.offsetAt(n)
  }

  /** The last entry with a smaller timestamp, or -1. */
  floorEntry(timestamp: number): number {
    let low = 0
    let high = this.count - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (this.timestampAt(middle) < timestamp) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  /** Keeps the entries of offsets below `offset`. */
  truncateToOffset(offset: Offset): void {
    let count = this.count
    while (count > 0 && this.offsetAt(count - 1) >= offset) count--
    this.#table.shrinkTo(count)
  }

  /** One slot is kept for the entry that rolling adds. */
  isFull(bytesMax: number): boolean {
    return this.#table.count >= Math.floor(bytesMax / timeEntrySize) - 1
  }

  isSound(): boolean {
    for (let n = 0; n < this.count; n++) {
      if (this.offsetAt(n) < this.baseOffset) return false
      if (this.timestampAt(n) < 0) return false
      if (n > 0 && (this.timestampAt(n) <= this.timestampAt(n - 1) || this.offsetAt(n) <= this.offsetAt(n - 1))) return false
    }
    return true
  }

  flush(files: Files, path: string): boolean {
    return this.#table.flush(files, path)
  }

  /** For writing the file as a whole: what it has to hold, and that it holds so many entries. */
  get bytes(): Bytes {
    return this.#table.content
  }
  isInItsFile(count: number): void {
    this.#table.isInItsFile(count)
  }
}

/** The timestamp that a batch gives to the time index: an emptied batch has no record that could be found by one. */
export function datedBy(batch: Bytes, at: number): number {
  return recordCount(batch, at) === 0 ? noTimestamp : maxTimestamp(batch, at)
}

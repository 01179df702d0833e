/**
 * Which aborted transactions have their marker in one segment: Kafka's `.txnindex`. There is no file as long as there is no
 * such marker. Read where it is asked; in memory is only what the disk has not taken yet.
 *
 *   34 bytes an entry: version i16 = 0, producerId i64, firstOffset i64, lastOffset i64 (the marker's), lastStableOffset i64
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { CorruptLogError } from '../engine.js'
import { DiskFailure, type Files } from '../files.js'
import {
  type AbortedTransaction,
  abortedTransactionAt,
  encodeTransactionIndex,
  transactionEntrySize as entrySize,
  lastOffsetOfEntry,
  versionOfEntry,
} from '../rules/compaction-transactions.js'

/** Entries that are read at a time. */
const chunkEntries = 120
/** Entries that are written at a time when they are many. */
const pendingMax = 4096
const chunk = allocate(chunkEntries * entrySize)

export interface TransactionIndexedSegment {
  readonly baseOffset: Offset
  readonly isRemoved: boolean
  pathOf(kind: '.txnindex'): string
}

export class TransactionIndex {
  /** The file was written to since it was last synced. */
  hasUnsynced = false

  readonly #segment: TransactionIndexedSegment
  readonly #files: Files
  /** Entries in the file; null until it was looked at. */
  #filed: number | null = 0
  readonly #pending: AbortedTransaction[] = []
  /** Marker of the last entry in the file; null until it was looked at. */
  #lastMarker: Offset | null = null

  constructor(segment: TransactionIndexedSegment, files: Files) {
    this.#segment = segment
    this.#files = files
  }

  /** There is a file, which may hold anything. */
  noteFile(): void {
    this.#filed = null
    this.#lastMarker = null
  }

  get count(): number {
    return this.#filedCount() + this.#pending.length
  }

  get hasPending(): boolean {
    return this.#pending.length > 0
  }

  #filedCount(): number {
    this.#filed ??= Math.floor((this.#files.sizeOf(this.#path) ?? 0) / entrySize)
    return this.#filed
  }

  get #path(): string {
    return this.#segment.pathOf('.txnindex')
  }

  add(aborted: AbortedTransaction): void {
    this.#pending.push(aborted)
    this.flushIfPossible()
  }

  /** For many in a row, behind which comes `flushIfPossible`. */
  addOfMany(aborted: AbortedTransaction): void {
    this.#pending.push(aborted)
    if (this.#pending.length >= pendingMax) this.flushIfPossible()
  }

  /** A file that lags behind costs nothing but memory: what a full disk refuses is written later. */
  flushIfPossible(): void {
    try {
      this.flush()
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
    }
  }

  flush(): void {
    if (this.#pending.length === 0) return
    const from = this.#filedCount()
    const bytes = encodeTransactionIndex(this.#pending)
    const fd = this.#files.open(this.#path, 'create')
    try {
      this.#files.write(fd, bytes, 0, bytes.byteLength, from * entrySize)
    } finally {
      this.#files.close(fd)
    }
    this.hasUnsynced = true
    this.#filed = from + this.#pending.length
    this.#lastMarker = this.#pending.at(-1)!.lastOffset
    this.#pending.length = 0
  }

  /** fsync of the file, if it was written since the last time. */
  async sync(): Promise<void> {
    if (!this.hasUnsynced || this.#segment.isRemoved) return
    this.hasUnsynced = false
    try {
      await this.#files.syncPath(this.#path)
    } catch (error) {
      if (this.#segment.isRemoved) return
      this.hasUnsynced = true
      throw error
    }
  }

  /** Shows the entries with a marker at or after `from`, in their order, until `see` answers false; whether it never did. */
  visit(from: Offset, see: (aborted: AbortedTransaction) => boolean): boolean {
    if (!this.#visitFile(from, see)) return false
    for (const aborted of this.#pending) if (aborted.lastOffset >= from && !see(aborted)) return false
    return true
  }

  #visitFile(from: Offset, see: (aborted: AbortedTransaction) => boolean): boolean {
    const count = this.#filedCount()
    if (count === 0 || (this.#lastMarker !== null && this.#lastMarker < from)) return true
    const fd = this.#files.open(this.#path, 'read')
    try {
      if (this.#lastMarker === null) this.#lastMarker = lastOffsetOfEntry(this.#entries(fd, count - 1, 1), 0)
      if (this.#lastMarker < from) return true
      for (let n = this.#firstFrom(fd, from, count); n < count; n += chunkEntries) {
        const read = Math.min(chunkEntries, count - n)
        const bytes = this.#entries(fd, n, read)
        for (let at = 0; at < read * entrySize; at += entrySize) {
          if (lastOffsetOfEntry(bytes, at) >= from && !see(abortedTransactionAt(bytes, at))) return false
        }
      }
      return true
    } finally {
      this.#files.close(fd)
    }
  }

  /** An entry at or before the first one with a marker at or after `from`, and not many before it. */
  #firstFrom(fd: number, from: Offset, count: number): number {
    let low = 0
    let high = count
    while (high - low > chunkEntries) {
      const middle = (low + high) >>> 1
      if (lastOffsetOfEntry(this.#entries(fd, middle, 1), 0) >= from) high = middle
      else low = middle
    }
    return low
  }

  #entries(fd: number, n: number, count: number): Bytes {
    const read = this.#files.read(fd, chunk, 0, count * entrySize, n * entrySize)
    if (read === count * entrySize) return chunk
    throw new CorruptLogError(`${this.#path} ends before its entry ${n + count}`)
  }

  /** Whether every entry can be one of this segment, which ends before `end`. There is no checksum. */
  isSound(end: Offset): boolean {
    const size = this.#files.sizeOf(this.#path)
    if (size === null) return this.#filedCount() === 0
    if (size % entrySize !== 0) return false
    let previous = this.#segment.baseOffset - 1
    const count = size / entrySize
    const fd = this.#files.open(this.#path, 'read')
    try {
      for (let n = 0; n < count; n += chunkEntries) {
        const read = Math.min(chunkEntries, count - n)
        const bytes = this.#entries(fd, n, read)
        for (let at = 0; at < read * entrySize; at += entrySize) {
          const aborted = abortedTransactionAt(bytes, at)
          if (versionOfEntry(bytes, at) !== 0 || !isPlausible(aborted) || aborted.lastOffset <= previous) return false
          previous = aborted.lastOffset
        }
      }
      return previous < end
    } finally {
      this.#files.close(fd)
    }
  }

  /** Keeps the entries with a marker below `offset`; the file goes when none is left. */
  truncate(offset: Offset): void {
    const kept = this.#pending.filter(({ lastOffset }) => lastOffset < offset)
    this.#pending.splice(0, this.#pending.length, ...kept)
    const count = this.#filedCount()
    if (this.#files.sizeOf(this.#path) === null) return
    let keeps = 0
    this.#lastMarker = null
    // Of a file that is made anew nothing is looked at: it may hold anything.
    if (count > 0 && offset > this.#segment.baseOffset) {
      this.#visitFile(0, ({ lastOffset }) => {
        if (lastOffset < offset) keeps++
        return lastOffset < offset
      })
    }
    this.#lastMarker = null
    this.#filed = keeps
    this.hasUnsynced = keeps > 0
    if (keeps === 0) this.#files.remove(this.#path)
    else if (keeps < count || this.#files.sizeOf(this.#path) !== keeps * entrySize) this.#cut(keeps * entrySize)
  }

  #cut(size: number): void {
    const fd = this.#files.open(this.#path, 'write')
    try {
      this.#files.truncate(fd, size)
    } finally {
      this.#files.close(fd)
    }
  }

  /** For a compacted segment, which is synced as a whole before it counts. */
  write(aborted: readonly AbortedTransaction[]): void {
    if (aborted.length > 0) this.#files.writeWhole(this.#path, encodeTransactionIndex(aborted))
    this.noteFile()
  }
}

function isPlausible({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransaction): boolean {
  return (
    producerId >= 0 && firstOffset >= 0 && firstOffset < lastOffset && lastStableOffset >= 0 && lastStableOffset <= lastOffset + 1
  )
}

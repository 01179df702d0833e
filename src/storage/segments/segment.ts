/**
 * One segment: a `.log` file of batches back to back and its two sparse indexes. Opens its descriptor when it is needed and
 * gives it back when the pool asks, unless it is held. It never decides when to roll, what may be appended or what a
 * reader may see; its log does.
 */

import { assert } from '../../base/assert.js'
import type { Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import type { Slice } from '../../base/slice.js'
import {
  baseOffset,
  batchHeaderSize,
  batchLength,
  batchMagic,
  computeCrc,
  crc,
  lastOffset,
  magic,
  maxTimestamp,
} from '../../protocol/records/batch.js'
import { CorruptLogError } from '../engine.js'
import { DiskFailure } from '../files.js'
import { HeaderScanner, walkBatches } from '../format/header-scanner.js'
import { datedBy, type OffsetIndex, type TimeIndex } from '../format/index-file.js'
import { type FileSuffix, fileKinds, segmentFileName } from '../format/segment-names.js'
import type { AbortedTransaction } from '../rules/compaction-transactions.js'
import type { SegmentHome } from './segment-home.js'
import { type IndexPair, SegmentIndexes } from './segment-indexes.js'
import { SegmentSlice } from './segment-slice.js'
import { TransactionIndex } from './transaction-index.js'

/** Density of an index that has to be made again for reading. */
const defaultIndexIntervalBytes = 4096

export const noOffset: Offset = -1

export class Segment {
  readonly baseOffset: Offset
  /** Bytes of whole batches in the file. */
  size: number
  /** Largest timestamp in the segment and the last offset of the first batch that has it; -1 when there is none. */
  maxTimestamp = -1
  maxTimestampOffset: Offset = noOffset
  /** Timestamp of the first batch, from which segment.ms counts; undefined until one is there. */
  firstTimestamp: number | undefined
  /** Wall clock at creation: what segment.ms counts from when batches carry no timestamp. */
  readonly createdMs: number
  /** Wall clock at the last append, as far as this run of the broker knows. */
  writtenMs: number
  /** A compacted segment that is in its log: its files must not go. */
  isPlaced = false
  /** By how much segment.ms is shortened for this segment, so that many partitions do not roll at once. */
  readonly rollJitterMs: number

  readonly indexes: SegmentIndexes
  /** Transactions that a marker in this segment aborts. */
  readonly aborted: TransactionIndex

  readonly #home: SegmentHome
  readonly #stem: string
  #suffix: FileSuffix
  #exists: boolean
  #fd = -1
  #holders = 0
  #isRemoved = false
  #isSealed = false
  /** The indexes are made from the log, or the log cannot be read: rebuilding them would change nothing. */
  #hasFinalIndexes = false

  /** `size` null: a segment that has no files yet; they appear with the first append. */
  constructor(
    home: SegmentHome,
    baseOffset: Offset,
    size: number | null,
    createdMs: number,
    rollJitterMs: number,
    suffix: FileSuffix = '',
  ) {
    this.#home = home
    this.baseOffset = baseOffset
    this.#stem = `${home.folder}/${segmentFileName(baseOffset)}`
    this.#suffix = suffix
    this.size = size ?? 0
    this.#exists = size !== null
    this.createdMs = createdMs
    this.writtenMs = createdMs
    this.rollJitterMs = rollJitterMs
    this.indexes = new SegmentIndexes(this, home.files, home.folder, size === null)
    this.aborted = new TransactionIndex(this, home.files)
  }

  /** Where a segment's records are, whether there is one or not. */
  static logPathIn({ folder }: SegmentHome, baseOffset: Offset): string {
    return `${folder}/${segmentFileName(baseOffset)}.log`
  }

  get logPath(): string {
    return this.pathOf('.log')
  }
  pathOf(kind: (typeof fileKinds)[number], suffix = this.#suffix): string {
    return `${this.#stem}${kind}${suffix}`
  }
  /** The files that there are. */
  get paths(): string[] {
    return fileKinds.map(kind => this.pathOf(kind)).filter(path => this.#home.files.sizeOf(path) !== null)
  }
  get exists(): boolean {
    return this.#exists
  }
  get isOpen(): boolean {
    return this.#fd >= 0
  }
  get isHeld(): boolean {
    return this.#holders > 0
  }
  /** The log no longer has it. */
  get isRemoved(): boolean {
    return this.#isRemoved
  }

  /** The log file's descriptor; opened if need be and only good until the current step ends, unless retained. */
  get fd(): number {
    if (this.#fd < 0) {
      assert(!this.#isRemoved, 'a removed segment is not opened again')
      if (!this.#exists) this.#home.prepare()
      this.#fd = this.#home.files.open(this.logPath, this.#exists ? 'write' : 'create')
      if (!this.#exists) this.#createIndexes()
    }
    this.#home.pool.touch(this)
    return this.#fd
  }

  /** Makes the files now instead of at the first append. */
  create(): void {
    assert(this.fd >= 0, 'asking for the descriptor makes the file')
  }

  #createIndexes(): void {
    this.#exists = true
    this.indexes.createFiles(this.#loadedIndexes())
  }

  /** Loaded at first use; a missing or unsound file is rebuilt from the log. */
  get offsets(): OffsetIndex {
    return this.#loadedIndexes().offsets
  }
  get times(): TimeIndex {
    return this.#loadedIndexes().times
  }
  #loadedIndexes(): IndexPair {
    if (this.indexes.loaded === null) this.#loadIndexes()
    return this.indexes.loaded!
  }

  /** Reads both index files; false when one is missing or unsound, and then nothing is loaded. */
  tryLoadIndexes(isLogReadable = true): boolean {
    const { files, pool } = this.#home
    pool.touch(this)
    const loaded = this.indexes.load(this.size)
    if (loaded === null) return false
    const { times } = loaded
    if (times.count > 0) {
      this.maxTimestamp = times.timestampAt(times.count - 1)
      this.maxTimestampOffset = times.offsetAt(times.count - 1)
    }
    // On the last one the whole segment is judged by: whether it is old, whether it can hold a time.
    if (times.count === 0 || !isLogReadable || this.hasTimeEntry(new HeaderScanner(files), times.count - 1)) return true
    this.indexes.loaded = null
    return false
  }

  /** Whether the n-th entry of the time index is that of a batch. The indexes have no checksum. */
  hasTimeEntry(scanner: HeaderScanner, n: number): boolean {
    const offset = this.times.offsetAt(n)
    try {
      if (!scanner.find(this.fd, offset, this.offsets.floorPosition(offset), this.size)) return false
      return scanner.baseOffset <= offset && scanner.maxTimestamp === this.times.timestampAt(n)
    } catch (error) {
      if (error instanceof CorruptLogError) return false
      throw error
    }
  }

  /** For a sealed segment: what its index files hold, or what they should hold when they cannot be trusted. */
  #loadIndexes(): void {
    if (this.tryLoadIndexes()) return
    const problem = this.#hasFinalIndexes ? null : this.#makeIndexes()
    if (this.indexes.loaded !== null) return
    // The damaged one is the log: the indexes still lead to the batches that are not.
    if (!this.tryLoadIndexes(false)) throw problem ?? new CorruptLogError(`${this.logPath} cannot be read`)
  }

  /** After an index entry was wrong: rebuilds both. False when that would change nothing. */
  remakeIndexes(): boolean {
    if (this.#hasFinalIndexes) return false
    const { loaded } = this.indexes
    const { maxTimestamp: largest, maxTimestampOffset } = this
    if (this.#makeIndexes() === null) return true
    this.indexes.loaded = loaded
    this.maxTimestamp = largest
    this.maxTimestampOffset = maxTimestampOffset
    return false
  }

  /** Makes the indexes from the log; the reason when it is no row of batches. */
  #makeIndexes(): CorruptLogError | null {
    this.#hasFinalIndexes = true
    const { size } = this
    this.indexes.loaded = null
    this.rebuild(defaultIndexIntervalBytes, 0, this.baseOffset, 'headers', () => true)
    const stop = this.size
    this.size = size
    if (stop !== size) {
      this.indexes.loaded = null
      return new CorruptLogError(`${this.logPath} has no valid batches from ${stop} to ${size}`)
    }
    if (this.#isSealed) this.times.maybeAppend(this.maxTimestamp, this.maxTimestampOffset)
    // One that grows is synced from time to time.
    if (this.#isSealed && !this.indexes.areFilesDistrusted) void this.indexes.tryReplaceFiles()
    else this.indexes.distrustFiles()
    return null
  }

  /** Largest timestamp of all batches, -1 in an empty segment; may read the index files. */
  largestTimestamp(): number {
    if (this.indexes.loaded === null && this.maxTimestamp < 0) this.#loadIndexes()
    return this.maxTimestamp
  }

  /** Size of the larger one of the two index files. */
  get indexBytes(): number {
    return this.indexes.fileBytes
  }

  /** Timestamp of the first batch, -1 when it has none; may read the file. */
  firstDatedMs(): number {
    if (this.firstTimestamp === undefined && this.size > 0) {
      walkBatches(this.#home.files, this.fd, 0, this.size, 'headers', (bytes, at) => {
        this.firstTimestamp = maxTimestamp(bytes, at)
        return false
      })
    }
    return this.firstTimestamp ?? -1
  }

  /** When the newest record is dated; where none has a timestamp, when the segment was written. */
  datedMs(): number {
    const largest = this.largestTimestamp()
    return largest >= 0 ? largest : this.writtenMs
  }

  /** Bytes behind the end, which count for nothing until `append` is told that they are there. */
  writeBehind(bytes: Bytes, start: number, end: number): void {
    this.#home.files.write(this.fd, bytes, start, end - start, this.size + start)
  }

  /** `isBehind`: all but the header was written there before. */
  append(batch: Bytes, batchLastOffset: Offset, batchMaxTimestamp: number, indexIntervalBytes: number, isBehind = false): void {
    const { files } = this.#home
    const position = this.size
    const fd = this.fd
    // What is in the file already counts for the entries to come.
    this.#loadedIndexes()
    try {
      files.write(fd, batch, 0, isBehind ? batchHeaderSize : batch.byteLength, position)
    } catch (error) {
      this.#cutBack(fd, position, error)
    }
    this.#note(position, batch.byteLength, batchLastOffset, batchMaxTimestamp, indexIntervalBytes)
    if (this.indexes.isFlushDue) this.indexes.flushIfPossible()
  }

  /** For a segment that is not read yet: adds the batches that lie in `bytes` back to back, and counts each. */
  appendBatches(bytes: Bytes, length: number, indexIntervalBytes: number): void {
    const start = this.size
    this.#home.files.write(this.fd, bytes, 0, length, start)
    for (let at = 0; at < length; at += batchLength(bytes, at)) {
      this.#note(start + at, batchLength(bytes, at), lastOffset(bytes, at), datedBy(bytes, at), indexIntervalBytes)
    }
    if (this.indexes.isFlushDue) this.indexes.flush()
  }

  /** A part of the batch may have reached the file: takes it away again, and says so when even that fails. */
  #cutBack(fd: number, position: number, error: unknown): never {
    try {
      this.#home.files.truncate(fd, position)
    } catch (second) {
      throw new DiskFailure(`${this.logPath} is torn at ${position}: ${(second as Error).message}`, 'broken', error)
    }
    throw error
  }

  #note(position: number, length: number, last: Offset, batchMaxTimestamp: number, indexIntervalBytes: number): void {
    if (position === 0) this.firstTimestamp = batchMaxTimestamp
    if (batchMaxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = batchMaxTimestamp
      this.maxTimestampOffset = last
    }
    this.indexes.note(position, length, last, this.maxTimestamp, this.maxTimestampOffset, indexIntervalBytes)
    this.size = position + length
  }

  /**
   * Goes through the batches from `from` (where an indexed batch with offset `fromOffset` starts, or 0) to the end of the
   * file and makes index entries as appending would have; what lies before keeps its entries. With `whole` every checksum is
   * verified. The segment ends after the last good batch for which `see` did not answer false; the caller cuts the file.
   */
  rebuild(
    indexIntervalBytes: number,
    from: number,
    fromOffset: Offset,
    needs: 'headers' | 'whole',
    see: (bytes: Bytes, at: number, position: number) => boolean,
  ): void {
    const limit = this.size
    const { loaded } = this.indexes
    if (from === 0 || loaded === null) {
      this.indexes.beginAnew()
      this.maxTimestamp = -1
      this.maxTimestampOffset = noOffset
      from = 0
    } else {
      this.indexes.truncate(loaded, from, fromOffset)
      // The largest timestamp before `from` is that of the last entry kept: the entry that pointed at `from` put it there,
      // unless its own batch had a larger one, which is seen again now.
      const { times } = loaded
      this.maxTimestamp = times.count === 0 ? -1 : times.timestampAt(times.count - 1)
      this.maxTimestampOffset = times.count === 0 ? noOffset : times.offsetAt(times.count - 1)
    }
    let previous = fromOffset - 1
    this.size = walkBatches(this.#home.files, this.fd, from, limit, needs, (bytes, at, position) => {
      const last = lastOffset(bytes, at)
      const base = baseOffset(bytes, at)
      if (magic(bytes, at) !== batchMagic || base <= previous || last < base) return false
      if (last - this.baseOffset > 0x7fff_ffff) return false
      if (needs === 'whole' && crc(bytes, at) !== computeCrc(bytes, at)) return false
      if (!see(bytes, at, position)) return false
      previous = last
      this.#note(position, batchLength(bytes, at), last, datedBy(bytes, at), indexIntervalBytes)
      return true
    })
  }

  /** Cuts the file to the batches that are counted. */
  cutFile(): void {
    this.#home.files.truncate(this.fd, this.size)
  }

  /** Nothing is appended any more: adds the final time index entry and brings the indexes to their files. */
  seal(): void {
    // Never loaded, never changed: the files hold all of it.
    this.indexes.loaded?.times.maybeAppend(this.maxTimestamp, this.maxTimestampOffset)
    this.flushIndexes()
    this.#isSealed = true
  }

  /** Ends a compacted segment: its files are there, even when nothing is in it. */
  sealCleaned(writtenMs: number, aborted: readonly AbortedTransaction[]): void {
    this.create()
    this.seal()
    this.writtenMs = writtenMs
    this.aborted.write(aborted)
  }

  /** For a segment found on disk that another one follows. */
  markSealed(): void {
    this.#isSealed = true
  }

  /** At a start: the log can be read without index files, and a full disk takes none. They are written with a later sync. */
  putIndexesAway(isLast: boolean): void {
    try {
      if (isLast) this.flushIndexes()
      else this.seal()
    } catch (error) {
      if (!(error instanceof DiskFailure && error.kind === 'full')) throw error
      this.indexes.distrustFiles()
      if (!isLast) this.#isSealed = true
    }
  }

  flushIndexes(): void {
    if (!this.#exists) return
    this.indexes.flush()
    this.aborted.flush()
  }

  get hasUnsyncedIndexes(): boolean {
    return this.indexes.hasUnsynced || this.aborted.hasUnsynced
  }
  async syncIndexes(): Promise<void> {
    await this.indexes.sync()
    await this.aborted.sync()
  }

  hasFullIndex(segmentIndexBytes: number): boolean {
    return this.offsets.isFull(segmentIndexBytes) || this.times.isFull(segmentIndexBytes)
  }

  slice(position: number, byteLength: number): Slice {
    return new SegmentSlice(this, this.#home.files, this.fd, position, byteLength)
  }

  retain(): void {
    this.#holders++
  }
  release(): void {
    assert(this.#holders > 0, 'a slice is released once per retain')
    this.#holders--
    if (this.#holders === 0 && this.#isRemoved) this.#closeFile()
  }

  /** The pool's wish: gives the descriptor back, and the indexes too where they can be read again. */
  evict(): void {
    assert(!this.isHeld, 'a held segment stays open')
    this.#closeFile()
    this.#home.pool.forget(this)
    if (this.#isSealed && this.indexes.areInTheirFiles) this.indexes.loaded = null
  }

  /** The segment is gone for its log: the descriptor is closed when its last reader is done. */
  abandon(): void {
    this.#isRemoved = true
    this.#home.pool.forget(this)
    if (!this.isHeld) this.#closeFile()
  }

  /** Removes the files. */
  remove(): void {
    this.abandon()
    this.removeFiles()
  }
  removeFiles(): void {
    for (const kind of fileKinds) this.#home.files.remove(this.pathOf(kind))
  }

  /** Gives the files another suffix; open descriptors stay valid. */
  rename(suffix: FileSuffix): void {
    const { files } = this.#home
    for (const kind of fileKinds) {
      if (files.sizeOf(this.pathOf(kind)) !== null) files.rename(this.pathOf(kind), this.pathOf(kind, suffix))
    }
    this.#suffix = suffix
  }

  /** Takes the segment out of the log: its files get the suffix `.deleted`, and go when `delayMs` is over. */
  setAside(delayMs: number): void {
    this.abandon()
    this.rename('.deleted')
    this.#home.removeAfter(this.paths, delayMs)
  }

  #closeFile(): void {
    if (this.#fd < 0) return
    this.#home.pool.forget(this)
    this.#home.files.close(this.#fd)
    this.#fd = -1
  }
}

/**
 * The embedded engine: one partition's log as a row of segments, of which the last one grows. It rolls, compacts,
 * and knows what of it is not yet on stable storage; how it is read is in log-reader.ts.
 *
 *   logStartOffset                                              logEndOffset
 *        ↓                                                            ↓
 *   [ segment ][ segment ][ segment ][ active segment ··············· ]
 *                 sealed: files only      indexes in memory
 */

import { assert } from '../../base/assert.js'
import { type Bytes, copyOf } from '../../base/bytes.js'
import type { LeaderEpoch, Offset } from '../../base/ids.js'
import type { Int64 } from '../../base/int64.js'
import type { Pause } from '../../base/pause.js'
import type { Slice } from '../../base/slice.js'
import type { World } from '../../base/world.js'
import {
  batchHeaderSize,
  lastOffset,
  lastOffsetDelta,
  leaderEpoch,
  maxTimestamp,
  stampBaseOffset,
  stampLeaderEpoch,
} from '../../protocol/records/batch.js'
import type { CompactionOrder, CompactionResult, CorruptLogError, LogEngine, LogMark } from '../engine.js'
import { DiskFailure } from '../files.js'
import { type LeaderEpochs, leaderEpochFile } from '../format/leader-epochs.js'
import type { LogConfig } from '../log-config.js'
import type { AbortedTransaction } from '../rules/compaction-transactions.js'
import type { Durability, EpochEndOffset, TimestampedOffset } from '../types.js'
import { type CompactionHost, compactLog } from './compact.js'
import { LogReader, Mark } from './log-reader.js'
import { type DamagedRange, setAsideBelow } from './salvage.js'
import { Segment } from './segment.js'
import type { SegmentHome } from './segment-home.js'
import { SegmentSlice } from './segment-slice.js'
import { type SwapHost, swapIn } from './swap.js'

const noneAborted: readonly AbortedTransaction[] = []
const relativeOffsetMax = 0x7fff_ffff
/** A log with such a file in its folder is verified from its first batch on when it is opened. */
export const verifyMarkFile = 'verify-at-start'

/** What is written behind the end at once; a tenth of a millisecond. */
const aheadBytesAtOnce = 256 * 1024

/** A batch behind the end of the log, or the beginning of one. */
interface Ahead {
  readonly batch: Bytes
  readonly segment: Segment
  isWhole: boolean
}

export interface LogParts {
  readonly home: SegmentHome
  readonly world: World
  /** In order of base offset; at least one. */
  readonly segments: Segment[]
  readonly epochs: LeaderEpochs
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  readonly recoveryPoint: Offset
  readonly durability: Durability
  /** Files and directories that the first sync has to cover: what was made for a new partition. */
  readonly newPaths: readonly string[]
  /** Offsets that cannot be read; each ends where a segment begins. */
  readonly damaged: readonly DamagedRange[]
  /** Called after a roll with the base offset of the new segment. */
  readonly onRoll: (baseOffset: Offset) => void
  /** Called when a read finds that the log is not what was written. */
  readonly onDamage: (error: CorruptLogError) => void
}

export class SegmentedLog implements LogEngine {
  logStartOffset: Offset
  logEndOffset: Offset
  recoveryPoint: Offset
  damaged: readonly DamagedRange[]

  readonly #home: SegmentHome
  readonly #world: World
  readonly #segments: Segment[]
  readonly #epochs: LeaderEpochs
  readonly #durability: Durability
  readonly #reader: LogReader
  readonly #onRoll: (baseOffset: Offset) => void
  #active: Segment
  #ahead: Ahead | null = null
  #sealedBytes: number
  /** Some transaction was aborted: before that nothing needs to be looked up. */
  #hasAborted: boolean

  // Not yet synced: segments in order, each held so that its descriptor stays, and small files and directories by name.
  #dirty: Segment[] = []
  #newPaths = new Set<string>()
  /** Segments whose index files were written. */
  #dirtyIndexes = new Set<Segment>()
  /** Up to here every index entry is in its file. */
  #indexedTo: Offset
  #latestSync: Promise<unknown> = Promise.resolve()
  #isAbandoned = false

  constructor(parts: LogParts) {
    this.#home = parts.home
    this.#world = parts.world
    this.#segments = parts.segments
    this.#epochs = parts.epochs
    this.damaged = parts.damaged.filter(({ from, to }) => from < to && to > parts.logStartOffset)
    this.#durability = parts.durability
    for (const path of parts.newPaths) this.#newPaths.add(path)
    this.#onRoll = parts.onRoll
    this.#reader = new LogReader(parts.home.files, this, {
      onRemade: segment => this.#noteIndexes(segment),
      onDamage: parts.onDamage,
    })
    const active = parts.segments.at(-1)
    assert(active !== undefined, 'a log has an active segment')
    this.#active = active
    this.logStartOffset = parts.logStartOffset
    this.logEndOffset = parts.logEndOffset
    this.recoveryPoint = parts.recoveryPoint
    this.#indexedTo = parts.logEndOffset
    for (const segment of parts.segments) this.#noteIndexes(segment)
    this.#hasAborted = parts.segments.some(segment => segment.aborted.count > 0)
    this.#sealedBytes = parts.segments.slice(0, -1).reduce((sum, segment) => sum + segment.size, 0)
  }

  get sizeBytes(): number {
    return this.#sealedBytes + this.#active.size
  }
  get segments(): readonly Segment[] {
    return this.#segments
  }

  append(batch: Bytes, config: LogConfig, nowMs: number, aborted: AbortedTransaction | null): null {
    const last = lastOffset(batch, 0)
    const timestamp = maxTimestamp(batch, 0)
    const active = this.#segmentFor(batch.byteLength, last, timestamp, config, nowMs)
    const isBehind = this.#ahead !== null && this.#takeAhead(this.#ahead, batch)
    // Before the batch: once that is written, nothing may fail any more.
    if (this.#epochs.latest !== leaderEpoch(batch, 0)) this.#noteEpoch(leaderEpoch(batch, 0), this.logEndOffset)
    active.append(batch, last, timestamp, config.indexIntervalBytes, isBehind)
    active.writtenMs = nowMs
    this.logEndOffset = last + 1
    if (this.#durability === 'fsync' && this.#dirty.at(-1) !== active) this.#noteDirty(active)
    if (aborted !== null) this.#noteAborted(active, aborted)
    return null
  }

  async writeAhead(batch: Bytes, epoch: LeaderEpoch, config: LogConfig, nowMs: number, pause: Pause): Promise<void> {
    this.#dropAhead()
    const last = this.logEndOffset + lastOffsetDelta(batch, 0)
    const segment = this.#segmentFor(batch.byteLength, last, maxTimestamp(batch, 0), config, nowMs)
    const ahead: Ahead = { batch, segment, isWhole: false }
    this.#ahead = ahead
    // A crash leaves what one in the middle of a single write would leave.
    const header = copyOf(batch.subarray(0, batchHeaderSize))
    stampBaseOffset(header, 0, this.logEndOffset)
    stampLeaderEpoch(header, 0, epoch)
    segment.writeBehind(header, 0, batchHeaderSize)
    for (let at = batchHeaderSize; at < batch.byteLength; at += aheadBytesAtOnce) {
      const paused = pause()
      if (paused !== null) await paused
      if (this.#ahead !== ahead) return
      segment.writeBehind(batch, at, Math.min(at + aheadBytesAtOnce, batch.byteLength))
    }
    ahead.isWhole = true
  }

  /** Whether the batch that is appended stands behind the end already; another one is taken away. */
  #takeAhead(ahead: Ahead, batch: Bytes): boolean {
    const isIts =
      ahead.batch.buffer === batch.buffer &&
      ahead.batch.byteOffset === batch.byteOffset &&
      ahead.batch.byteLength === batch.byteLength
    if (isIts && ahead.isWhole) this.#ahead = null
    else this.#dropAhead()
    return isIts && ahead.isWhole
  }

  #dropAhead(): void {
    this.#ahead?.segment.cutFile()
    this.#ahead = null
  }

  /** The active segment with its file, a new one if need be. */
  #segmentFor(byteLength: number, last: Offset, timestamp: number, config: LogConfig, nowMs: number): Segment {
    if (this.#mustRoll(byteLength, last, timestamp, config, nowMs)) this.#roll(config, nowMs)
    const active = this.#active
    if (!active.exists) {
      // A file whose name is lost is lost: the directory is synced with it. Noted first: making it may fail half way.
      if (this.#durability !== 'none') this.#newPaths.add(this.#home.folder)
      active.create()
    }
    return active
  }

  #noteAborted(active: Segment, aborted: AbortedTransaction): void {
    this.#hasAborted = true
    if (active.aborted.count === 0 && this.#durability !== 'none') this.#newPaths.add(this.#home.folder)
    active.aborted.add(aborted)
  }

  #noteIndexes(segment: Segment): void {
    if (segment.hasUnsyncedIndexes && this.#durability !== 'none') this.#dirtyIndexes.add(segment)
  }

  #noteDirty(segment: Segment): void {
    segment.retain()
    this.#dirty.push(segment)
  }

  #mustRoll(byteLength: number, last: Offset, timestamp: number, config: LogConfig, nowMs: number): boolean {
    const active = this.#active
    if (active.size === 0) return false
    if (active.size > config.segmentBytes - byteLength) return true
    if (last - active.baseOffset > relativeOffsetMax || active.hasFullIndex(config.segmentIndexBytes)) return true
    const first = active.firstDatedMs()
    const waitedMs = first >= 0 ? timestamp - first : nowMs - active.createdMs
    return waitedMs > config.segmentMs - active.rollJitterMs
  }

  roll(config: LogConfig, nowMs: number): void {
    if (this.#active.size === 0) return
    this.#roll(config, nowMs)
    // Nothing but this file's name may soon tell where the log ends.
    this.#active.create()
    if (this.#durability !== 'none') this.#newPaths.add(this.#home.folder)
  }

  #roll(config: LogConfig, nowMs: number): void {
    this.#dropAhead()
    const sealed = this.#active
    sealed.seal()
    this.#noteIndexes(sealed)
    this.#indexedTo = this.logEndOffset
    if (this.#durability === 'os') this.#noteDirty(sealed)
    this.#sealedBytes += sealed.size
    this.#active = new Segment(this.#home, this.logEndOffset, null, nowMs, this.#jitterMs(config))
    this.#segments.push(this.#active)
    this.#onRoll(this.logEndOffset)
  }

  #jitterMs(config: LogConfig): number {
    const boundMs = Math.min(config.segmentJitterMs, config.segmentMs)
    if (boundMs <= 0) return 0
    const [a, b, c, d] = this.#world.randomBytes(4) as unknown as [number, number, number, number]
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % boundMs
  }

  #noteEpoch(epoch: LeaderEpoch, start: Offset): void {
    const text = this.#epochs.textWith(epoch, start)
    if (text === null) return
    const { files, folder } = this.#home
    files.writeWhole(`${folder}/${leaderEpochFile}.tmp`, text)
    files.rename(`${folder}/${leaderEpochFile}.tmp`, `${folder}/${leaderEpochFile}`)
    // Only what is in the file: an append that is refused meanwhile is tried again.
    this.#epochs.assign(epoch, start)
    if (this.#durability !== 'none') this.#newPaths.add(`${folder}/${leaderEpochFile}`).add(folder)
  }

  read(from: Offset, end: LogMark | null, maxBytes: number, atLeastOneBatch: boolean, slices: Slice[]): number {
    return this.#reader.read(from, end, maxBytes, atLeastOneBatch, slices)
  }
  markAt(offset: Offset): LogMark {
    return this.#reader.markAt(offset)
  }
  abortedIn(from: Offset, slices: readonly Slice[]): readonly AbortedTransaction[] {
    const last = slices.at(-1)
    if (!this.#hasAborted || last === undefined) return noneAborted
    assert(last instanceof SegmentSlice, 'a slice comes from this log')
    return this.#reader.abortedBetween(from, last)
  }
  get abortedCount(): number {
    return this.#hasAborted ? this.#segments.reduce((sum, { aborted }) => sum + aborted.count, 0) : 0
  }
  endOfDamage(offset: Offset): Offset | null {
    return this.#reader.endOfDamage(offset)
  }
  offsetForTimestamp(timestamp: Int64, end: Offset, pause: Pause): Promise<TimestampedOffset | null> {
    return this.#reader.offsetForTimestamp(timestamp, end, pause)
  }
  maxTimestampOffset(pause: Pause): Promise<TimestampedOffset | null> {
    return this.#reader.maxTimestampOffset(pause)
  }

  get epochStarts(): readonly { readonly epoch: LeaderEpoch; readonly start: Offset }[] {
    return this.#epochs.entries
  }
  epochAt(offset: Offset): LeaderEpoch {
    return this.#epochs.epochAt(offset)
  }
  endOffsetForEpoch(epoch: LeaderEpoch): EpochEndOffset {
    return this.#epochs.endOffsetFor(epoch, this.logEndOffset)
  }

  raiseStart(offset: Offset): void {
    assert(offset <= this.logEndOffset, 'a log does not start beyond its end')
    // A log does not begin with what cannot be read.
    const start = this.#reader.endOfRange(offset) ?? offset
    if (start <= this.logStartOffset) return
    this.logStartOffset = start
    this.damaged = this.damaged.filter(({ to }) => to > start)
  }

  /** What was damaged or cut off and lies below the start now: it was to be deleted like everything else there. */
  #removeSetAside(start: Offset, delayMs: number): void {
    const { files, folder, removeAfter } = this.#home
    const names = setAsideBelow(files.list(folder), start)
    if (names.length > 0)
      removeAfter(
        names.map(name => `${folder}/${name}`),
        delayMs,
      )
  }

  markForVerification(): void {
    this.#home.files.writeWhole(`${this.#home.folder}/${verifyMarkFile}`, '')
  }

  removeBelow(start: Offset, delayMs: number): boolean {
    assert(start <= this.logStartOffset, 'what is removed is not read any more')
    let isRemoved = false
    while (this.#segments.length > 1 && this.#segments[1]!.baseOffset <= start) {
      const segment = this.#segments.shift()!
      this.#sealedBytes -= segment.size
      segment.setAside(delayMs)
      isRemoved = true
    }
    if (!isRemoved) return false
    this.#reader.forgetPlaces()
    this.#removeSetAside(start, delayMs)
    return true
  }

  compact(order: CompactionOrder, deleteDelayMs: number): Promise<CompactionResult | null> {
    const { files, folder } = this.#home
    const swap: SwapHost = {
      ...{ files, folder, deleteDelayMs, isDurable: this.#durability !== 'none' },
      isAbandoned: () => this.#isAbandoned,
      replace: (sources, cleaned) => this.#replace(sources, cleaned),
    }
    const host: CompactionHost = {
      files,
      segmentsBelow: end => this.#segments.filter(segment => segment !== this.#active && segment.baseOffset < end),
      abortedBelow: end => (this.#hasAborted ? this.#reader.abortedFrom(0, end) : noneAborted),
      followsDamage: segment => this.#reader.followsDamage(segment),
      newCleaned: ([first]) => {
        const cleaned = new Segment(this.#home, first!.baseOffset, null, first!.createdMs, 0, '.cleaned')
        // What an earlier round left that could not be finished.
        cleaned.removeFiles()
        return cleaned
      },
      swapIn: (cleaned, sources) => swapIn(swap, cleaned, sources),
    }
    return compactLog(host, order)
  }

  #replace(sources: readonly Segment[], cleaned: Segment): void {
    const first = this.#segments.indexOf(sources[0]!)
    assert(first >= 0, 'what was compacted is still in the log')
    const replaced = this.#segments.splice(first, sources.length, cleaned)
    assert(
      replaced.every((segment, n) => segment === sources[n]),
      'nothing came between what was compacted',
    )
    for (const { size } of sources) this.#sealedBytes -= size
    this.#sealedBytes += cleaned.size
    cleaned.isPlaced = true
    this.#reader.forgetPlaces()
  }

  get hasUnsynced(): boolean {
    return this.#dirty.length > 0 || this.#newPaths.size > 0 || this.#dirtyIndexes.size > 0
  }

  sync(): Promise<LogMark> {
    const running = this.#syncAll()
    this.#latestSync = running
    return running
  }

  async #syncAll(): Promise<LogMark> {
    const { files } = this.#home
    const active = this.#active
    // In `os` mode only sealed segments are ever synced.
    const mark = this.#durability === 'fsync' ? this.#end() : new Mark(active.baseOffset, active, 0)
    const recoverableTo = Math.min(mark.offset, this.#indexedTo)
    const dirty = this.#dirty
    const paths = this.#newPaths
    const indexes = this.#dirtyIndexes
    this.#dirty = []
    if (paths.size > 0) this.#newPaths = new Set()
    if (indexes.size > 0) this.#dirtyIndexes = new Set()
    try {
      // What was removed meanwhile is not needed.
      for (const segment of dirty) if (!segment.isRemoved) await files.syncData(segment.fd)
      for (const segment of indexes) await segment.syncIndexes()
      for (const path of paths) await files.syncPath(path)
    } catch (error) {
      if (error instanceof DiskFailure && error.kind === 'exhausted' && !this.#isAbandoned) this.#bringBack(dirty, paths, indexes)
      // The files of a deleted partition may be gone under their old names, and are not needed.
      if (!this.#isAbandoned) throw error
    } finally {
      for (const segment of dirty) segment.release()
    }
    if (recoverableTo > this.recoveryPoint) this.recoveryPoint = recoverableTo
    return mark
  }

  /** Nothing was lost by a sync that had no descriptor: it is all still to be synced, before what came meanwhile. */
  #bringBack(dirty: readonly Segment[], paths: ReadonlySet<string>, indexes: ReadonlySet<Segment>): void {
    const since = this.#dirty
    this.#dirty = []
    for (const segment of dirty) this.#noteDirty(segment)
    for (const segment of since) {
      if (this.#dirty.includes(segment)) segment.release()
      else this.#dirty.push(segment)
    }
    this.#newPaths = new Set([...paths, ...this.#newPaths])
    this.#dirtyIndexes = new Set([...indexes, ...this.#dirtyIndexes])
  }

  #end(): Mark {
    return new Mark(this.logEndOffset, this.#active, this.#active.size)
  }
  end(): LogMark {
    return this.#end()
  }

  flushIndexes(): void {
    this.#active.flushIndexes()
    this.#noteIndexes(this.#active)
    this.#indexedTo = this.logEndOffset
  }

  async close(): Promise<void> {
    this.#dropAhead()
    const active = this.#active
    if (active.exists) {
      active.seal()
      this.#noteIndexes(active)
      if (this.#durability === 'os' && this.recoveryPoint < this.logEndOffset) this.#noteDirty(active)
    }
    if (this.#durability !== 'none') {
      // One that is still running has taken over what it syncs: nothing else would wait for that.
      await this.#latestSync
      await this.sync()
    }
    this.recoveryPoint = this.logEndOffset
    this.abandon()
  }

  abandon(): void {
    this.#isAbandoned = true
    this.#ahead = null
    for (const segment of this.#dirty) segment.release()
    this.#dirty = []
    for (const segment of this.#segments) segment.abandon()
    this.#reader.forgetPlaces()
  }
}

/**
 * The embedded engine: one partition's log as a row of segments, of which the last one grows. It rolls, finds offsets
 * through the sparse indexes, hands out slices of files and knows what of it is not yet on stable storage.
 *
 *   logStartOffset                                              logEndOffset
 *        ↓                                                            ↓
 *   [ segment ][ segment ][ segment ][ active segment ··············· ]
 *                 sealed: files only      indexes in memory
 */
import { assert } from '../../base/assert.js'
import type { Bytes } from '../../base/bytes.js'
import type { LeaderEpoch, Offset } from '../../base/ids.js'
import type { World } from '../../base/world.js'
import { lastOffset, leaderEpoch, maxTimestamp } from '../../protocol/records/batch.js'
import type { LogEngine, LogMark } from '../engine.js'
import type { LogConfig } from '../log-config.js'
import type { Durability, EpochEndOffset, FileSlice, TimestampedOffset } from '../types.js'
import { type CompactionHost, type CompactionOrder, type CompactionResult, compactLog } from './compact.js'
import { CorruptLogError, DamagedRangeError, HeaderScanner } from './header-scanner.js'
import { type LeaderEpochs, leaderEpochFile } from './leader-epochs.js'
import { type DamagedRange, DamageSearch, setAsideBelow } from './salvage.js'
import { Segment, type SegmentHome } from './segment.js'
import { type SwapHost, swapIn } from './swap.js'
import { firstSince, ofMaxTimestamp } from './timestamp-search.js'

/** Slices of one read: bounds the work when segments are tiny. */
const slicesPerReadMax = 64
const relativeOffsetMax = 0x7fff_ffff
/** A log with such a file in its folder is verified from its first batch on when it is opened. */
export const verifyMarkFile = 'verify-at-start'
/** Places where a read ended: sequential consumers continue there without a search. */
const rememberedPlaces = 8

class Mark implements LogMark {
  readonly offset: Offset
  readonly segment: Segment
  readonly position: number

  constructor(offset: Offset, segment: Segment, position: number) {
    this.offset = offset
    this.segment = segment
    this.position = position
  }
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

  readonly #home: SegmentHome
  readonly #world: World
  readonly #segments: Segment[]
  readonly #epochs: LeaderEpochs
  #damaged: readonly DamagedRange[]
  readonly #durability: Durability
  readonly #onRoll: (baseOffset: Offset) => void
  readonly #onDamage: (error: CorruptLogError) => void
  readonly #scanner: HeaderScanner
  #active: Segment
  #sealedBytes: number
  /** The read that is under way has met damage, and goes on before it and behind it. */
  #passesDamage = false
  /** The segment that a search looked into last. */
  #lookedInto: Segment | null = null

  // Not yet synced: segments in order, each held so that its descriptor stays, and small files and directories by name.
  #dirty: Segment[] = []
  #newPaths = new Set<string>()
  /** Segments whose index files were written. */
  #dirtyIndexes = new Set<Segment>()
  /** Up to here every index entry is in its file. */
  #indexedTo: Offset
  #latestSync: Promise<unknown> = Promise.resolve()
  #isAbandoned = false

  // A ring of (offset, segment, position).
  readonly #placeOffsets = new Float64Array(rememberedPlaces).fill(-1)
  readonly #placePositions = new Int32Array(rememberedPlaces)
  readonly #placeSegments: (Segment | null)[] = new Array(rememberedPlaces).fill(null)
  #nextPlace = 0

  constructor(parts: LogParts) {
    this.#home = parts.home
    this.#world = parts.world
    this.#segments = parts.segments
    this.#epochs = parts.epochs
    this.#damaged = parts.damaged.filter(({ from, to }) => from < to && to > parts.logStartOffset)
    this.#durability = parts.durability
    for (const path of parts.newPaths) this.#newPaths.add(path)
    this.#onRoll = parts.onRoll
    this.#onDamage = parts.onDamage
    this.#scanner = new HeaderScanner(parts.home.files)
    const active = parts.segments.at(-1)
    assert(active !== undefined, 'a log has an active segment')
    this.#active = active
    this.logStartOffset = parts.logStartOffset
    this.logEndOffset = parts.logEndOffset
    this.recoveryPoint = parts.recoveryPoint
    this.#indexedTo = parts.logEndOffset
    for (const segment of parts.segments) this.#noteIndexes(segment)
    this.#sealedBytes = parts.segments.slice(0, -1).reduce((sum, segment) => sum + segment.size, 0)
  }

  get sizeBytes(): number {
    return this.#sealedBytes + this.#active.size
  }
  get segments(): readonly Segment[] {
    return this.#segments
  }

  append(batch: Bytes, config: LogConfig, nowMs: number): void {
    const last = lastOffset(batch, 0)
    const timestamp = maxTimestamp(batch, 0)
    if (this.#mustRoll(batch.byteLength, last, timestamp, config, nowMs)) this.#roll(config, nowMs)
    const active = this.#active
    if (!active.exists) {
      // A file whose name is lost is lost: the directory is synced with it. Noted first: making it may fail half way.
      if (this.#durability !== 'none') this.#newPaths.add(this.#home.folder)
      active.create()
    }
    // Before the batch: once that is written, nothing may fail any more.
    if (this.#epochs.latest !== leaderEpoch(batch, 0)) this.#noteEpoch(leaderEpoch(batch, 0), this.logEndOffset)
    active.append(batch, last, timestamp, config.indexIntervalBytes)
    active.writtenMs = nowMs
    this.logEndOffset = last + 1
    if (this.#durability === 'fsync' && this.#dirty.at(-1) !== active) this.#noteDirty(active)
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
    if (!this.#epochs.assign(epoch, start)) return
    const { files, folder } = this.#home
    files.writeWhole(`${folder}/${leaderEpochFile}.tmp`, this.#epochs.toText())
    files.rename(`${folder}/${leaderEpochFile}.tmp`, `${folder}/${leaderEpochFile}`)
    if (this.#durability !== 'none') this.#newPaths.add(`${folder}/${leaderEpochFile}`).add(folder)
  }

  read(from: Offset, end: LogMark | null, maxBytes: number, atLeastOneBatch: boolean, slices: FileSlice[]): number {
    try {
      return this.#read(from, end, maxBytes, atLeastOneBatch, slices)
    } catch (error) {
      for (const slice of slices.splice(0)) slice.release()
      this.#passesDamage = !this.#remakeIndexes(error)
      return this.#read(from, end, maxBytes, atLeastOneBatch, slices)
    } finally {
      this.#passesDamage = false
    }
  }

  /** An index may have led astray whoever came upon `error`. False when it did not: the log itself is damaged. */
  #remakeIndexes(error: unknown): boolean {
    const segment = this.#lookedInto
    if (!(error instanceof CorruptLogError) || error instanceof DamagedRangeError || segment === null) throw error
    if (!segment.remakeIndexes()) {
      this.#onDamage(error)
      return false
    }
    this.#noteIndexes(segment)
    this.#forgetPlaces()
    return true
  }

  #read(from: Offset, end: LogMark | null, maxBytes: number, atLeastOneBatch: boolean, slices: FileSlice[]): number {
    const endOffset = end === null ? this.logEndOffset : end.offset
    if (this.#endOfRange(from) !== null) throw new DamagedRangeError(`the records at ${from} are damaged`)
    let offset = from
    let n = this.#segmentIndexOf(from)
    let total = 0
    while (offset < endOffset && slices.length < slicesPerReadMax) {
      const segment = this.#segments[n]!
      this.#lookedInto = segment
      const limit = this.#limitIn(segment, end)
      const start = this.#positionOf(segment, offset, limit)
      // Nothing at or after the offset in this segment (compaction took it away): the next one has it.
      const stop = start < 0 ? limit : this.#stopOf(segment, start, limit, maxBytes - total, atLeastOneBatch && total === 0, end)
      if (start >= 0 && stop > start) {
        slices.push(segment.slice(start, stop - start))
        total += stop - start
      }
      if (stop < limit || total >= maxBytes || segment === this.#active || (end instanceof Mark && segment === end.segment)) break
      const next = this.#segments[++n]!
      offset = next.baseOffset
      if (this.#followsDamage(next)) {
        // What lies before the damage is answered; who asks for what follows is told.
        if (total > 0) break
        throw new DamagedRangeError(`the records before ${offset} are damaged`)
      }
    }
    return total
  }

  endOfDamage(offset: Offset): Offset | null {
    const within = this.#endOfRange(offset)
    if (within !== null || this.#damaged.length === 0) return within
    const n = this.#segmentIndexOf(offset)
    const [segment, next] = [this.#segments[n]!, this.#segments[n + 1]]
    if (next === undefined || !this.#followsDamage(next)) return null
    return this.#positionOf(segment, offset, segment.size) < 0 ? next.baseOffset : null
  }

  #followsDamage({ baseOffset }: Segment): boolean {
    return this.#damaged.some(({ to }) => to === baseOffset)
  }

  #endOfRange(offset: Offset): Offset | null {
    for (const { from, to } of this.#damaged) if (offset >= from && offset < to) return to
    return null
  }

  /** Where the visible part of a segment ends. */
  #limitIn(segment: Segment, end: LogMark | null): number {
    if (end === null) return segment.size
    assert(end instanceof Mark, 'a mark comes from this log')
    return end.segment === segment ? end.position : segment.size
  }

  /** Position of the batch in `segment` that holds `offset` or follows it; -1 when there is none before `limit`. */
  #positionOf(segment: Segment, offset: Offset, limit: number): number {
    if (offset <= segment.baseOffset) return limit > 0 ? 0 : -1
    const place = this.#placeOffsets.indexOf(offset)
    if (place >= 0 && this.#placeSegments[place] === segment) return this.#placePositions[place]!
    const scanner = this.#scanner
    if (!this.#find(segment, offset, limit)) return -1
    // Base offsets have no checksum: a wrong one is seen where it points behind the log.
    if (scanner.lastOffset >= this.logEndOffset) throw new CorruptLogError(`${segment.logPath}: no offset ${scanner.lastOffset}`)
    return scanner.position
  }

  /** Brings the scanner to the batch that holds `offset` or follows it; over damage, when some was met. */
  #find(segment: Segment, offset: Offset, limit: number): boolean {
    const scanner = this.#scanner
    const { fd } = segment
    const endOffset = this.#segments[this.#segmentIndexOf(segment.baseOffset) + 1]?.baseOffset ?? this.logEndOffset
    for (let from = segment.offsets.floorPosition(offset); ; ) {
      try {
        return scanner.find(fd, offset, from, limit, endOffset)
      } catch (error) {
        if (!this.#passesDamage || !(error instanceof CorruptLogError)) throw error
        const search = new DamageSearch(this.#home.files, fd, limit, this.logEndOffset, () => true)
        const { position, positionBefore } = scanner
        let batch = search.findBatch(positionBefore + 1, segment.baseOffset)
        // Whole, but at an offset that its neighbours contradict.
        if (batch?.from === position) batch = search.findBatch(position + 1, segment.baseOffset)
        if (batch === null || batch.baseOffset > offset) throw error
        from = batch.from
      }
    }
  }

  /** Where a read that starts at the batch at `start` stops: at a batch's end, within `bytesLeft` unless one batch is due. */
  #stopOf(
    segment: Segment,
    start: number,
    limit: number,
    bytesLeft: number,
    oneBatchIsDue: boolean,
    end: LogMark | null,
  ): number {
    // Tail reads end here: no record byte and no header is looked at.
    if (limit - start <= bytesLeft) {
      if (segment === this.#active || (end instanceof Mark && end.segment === segment)) {
        this.#remember(end === null ? this.logEndOffset : end.offset, segment, limit)
      }
      return limit
    }
    const target = start + Math.max(bytesLeft, 0)
    const from = Math.max(start, segment.offsets.batchStartBefore(target))
    const stop = this.#wholeBatchesUpTo(segment.fd, start, from, target, limit)
    if (stop === start) {
      if (!oneBatchIsDue) return start
      // Not remembered: the length of a batch has a checksum, but nobody has looked at that.
      return start + this.#scanner.length
    }
    // A base offset has no checksum: it is believed when something else says the same.
    const { isNext, baseOffset, lastOffset: last } = this.#scanner
    if (isNext || segment.offsets.hasEntry(last, stop)) this.#remember(baseOffset, segment, stop)
    return stop
  }

  #wholeBatchesUpTo(fd: number, start: number, from: number, target: number, limit: number): number {
    const scanner = this.#scanner
    try {
      const stop = scanner.wholeBatchesUpTo(fd, from, target, limit)
      if (scanner.lastOffset < this.logEndOffset) return stop
      throw new CorruptLogError(`no offset ${scanner.lastOffset} at position ${scanner.position}`)
    } catch (error) {
      if (!this.#passesDamage || !(error instanceof CorruptLogError) || scanner.position === start) throw error
      // What lies before the damage is answered: from where the read began, batch by batch.
      const { position, positionBefore } = scanner
      if (from > start) return this.#wholeBatchesUpTo(fd, start, start, target, limit)
      return positionBefore > start ? positionBefore : position
    }
  }

  #remember(offset: Offset, segment: Segment, position: number): void {
    // There, what the scanner saw last is not what the read ended with.
    if (this.#passesDamage) return
    const known = this.#placeOffsets.indexOf(offset)
    const place = known >= 0 ? known : this.#nextPlace
    if (known < 0) this.#nextPlace = (place + 1) % rememberedPlaces
    this.#placeOffsets[place] = offset
    this.#placeSegments[place] = segment
    this.#placePositions[place] = position
  }

  #forgetPlaces(): void {
    this.#placeOffsets.fill(-1)
    this.#placeSegments.fill(null)
  }

  /** Index of the last segment that begins at or before `offset`. */
  #segmentIndexOf(offset: Offset): number {
    let high = this.#segments.length - 1
    if (this.#segments[high]!.baseOffset <= offset) return high
    let low = 0
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#segments[middle]!.baseOffset <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  offsetForTimestamp(timestamp: number, end: Offset): TimestampedOffset | null {
    return this.#lookUp(() => this.#offsetForTimestamp(timestamp, end))
  }

  #lookUp<Found>(run: () => Found): Found {
    try {
      return run()
    } catch (error) {
      if (!this.#remakeIndexes(error)) throw error
      return run()
    }
  }

  #offsetForTimestamp(timestamp: number, end: Offset): TimestampedOffset | null {
    for (const segment of this.#segments) {
      if (segment.baseOffset >= end) break
      this.#lookedInto = segment
      if (segment.largestTimestamp() < timestamp) continue
      const found = firstSince(this.#home.files, segment, timestamp, this.logStartOffset)
      if (found !== null && found.offset >= this.logEndOffset)
        throw new CorruptLogError(`no offset ${found.offset} in ${segment.logPath}`)
      if (found !== null) return found.offset < end ? this.#withEpoch(found) : null
    }
    return null
  }

  maxTimestampOffset(): TimestampedOffset | null {
    return this.#lookUp(() => this.#maxTimestampOffset())
  }

  #maxTimestampOffset(): TimestampedOffset | null {
    let best: Segment | null = null
    for (const segment of this.#segments) {
      if (segment.size > 0 && segment.largestTimestamp() > (best?.largestTimestamp() ?? -1)) best = segment
    }
    if (best === null) return null
    this.#lookedInto = best
    const found = ofMaxTimestamp(this.#home.files, best, this.logStartOffset)
    return found === null ? null : this.#withEpoch(found)
  }

  #withEpoch(found: { readonly timestampMs: number; readonly offset: Offset }): TimestampedOffset {
    return { timestamp: found.timestampMs, offset: found.offset, leaderEpoch: this.#epochs.epochAt(found.offset) }
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
    const start = this.#endOfRange(offset) ?? offset
    if (start <= this.logStartOffset) return
    this.logStartOffset = start
    this.#damaged = this.#damaged.filter(({ to }) => to > start)
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
    this.#forgetPlaces()
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
      followsDamage: segment => this.#followsDamage(segment),
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
    this.#forgetPlaces()
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
      // Nobody needs what was removed meanwhile.
      for (const segment of dirty) if (!segment.isRemoved) await files.syncData(segment.fd)
      for (const segment of indexes) await segment.syncIndexes()
      for (const path of paths) await files.syncPath(path)
    } catch (error) {
      // The files of a deleted partition may be gone under their old names, and nobody waits for them.
      if (!this.#isAbandoned) throw error
    } finally {
      for (const segment of dirty) segment.release()
    }
    if (recoverableTo > this.recoveryPoint) this.recoveryPoint = recoverableTo
    return mark
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
    this.#lookedInto = null
    for (const segment of this.#dirty) segment.release()
    this.#dirty = []
    for (const segment of this.#segments) segment.abandon()
    this.#forgetPlaces()
  }
}

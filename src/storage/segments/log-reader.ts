/**
 * How a log is read: finds offsets and timestamps through the sparse indexes of its segments, and hands out slices of their
 * files. It changes nothing but indexes that led it astray, and steps over batches that are damaged.
 */

import { assert } from '../../base/assert.js'
import type { LeaderEpoch, Offset } from '../../base/ids.js'
import { type Int64, roundedInt64 } from '../../base/int64.js'
import type { Pause } from '../../base/pause.js'
import type { Slice } from '../../base/slice.js'
import type { LogMark } from '../engine.js'
import { CorruptLogError, DamagedRangeError } from '../engine.js'
import type { Files } from '../files.js'
import { HeaderScanner } from '../format/header-scanner.js'
import type { AbortedTransaction } from '../rules/compaction-transactions.js'
import type { TimestampedOffset } from '../types.js'
import { type DamagedRange, DamageSearch } from './salvage.js'
import type { Segment } from './segment.js'
import type { SegmentSlice } from './segment-slice.js'
import { TimestampSearch } from './timestamp-search.js'

/** Slices of one read: bounds the work when segments are tiny. */
const slicesPerReadMax = 64
/** Places where a read ended: sequential consumers continue there without a search. */
const rememberedPlaces = 8

export class Mark implements LogMark {
  readonly offset: Offset
  readonly segment: Segment
  readonly position: number

  constructor(offset: Offset, segment: Segment, position: number) {
    this.offset = offset
    this.segment = segment
    this.position = position
  }
}

/** What is read: a log as it is at the moment of the call. */
export interface ReadableLog {
  /** In order of base offset; the last one is the active segment. */
  readonly segments: readonly Segment[]
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  /** Offsets that cannot be read; each ends where a segment begins. */
  readonly damaged: readonly DamagedRange[]
  epochAt(offset: Offset): LeaderEpoch
}

export interface ReaderOptions {
  /** Called when an index was wrong and the indexes of its segment were rebuilt. */
  readonly onRemade: (segment: Segment) => void
  /** Called when a read finds that the log is not what was written. */
  readonly onDamage: (error: CorruptLogError) => void
}

export class LogReader {
  readonly #files: Files
  readonly #log: ReadableLog
  readonly #options: ReaderOptions
  readonly #scanner: HeaderScanner
  /** The read that is under way has met damage, and goes on before it and behind it. */
  #passesDamage = false
  /** The segment that a read looked into last. */
  #lookedInto: Segment | null = null

  // A ring of (offset, segment, position).
  readonly #placeOffsets = new Float64Array(rememberedPlaces).fill(-1)
  readonly #placePositions = new Int32Array(rememberedPlaces)
  readonly #placeSegments: (Segment | null)[] = new Array(rememberedPlaces).fill(null)
  #nextPlace = 0

  constructor(files: Files, log: ReadableLog, options: ReaderOptions) {
    this.#files = files
    this.#log = log
    this.#options = options
    this.#scanner = new HeaderScanner(files)
  }

  read(from: Offset, end: LogMark | null, maxBytes: number, atLeastOneBatch: boolean, slices: Slice[]): number {
    try {
      return this.#read(from, end, maxBytes, atLeastOneBatch, slices)
    } catch (error) {
      for (const slice of slices.splice(0)) slice.release()
      this.#passesDamage = !this.#remakeIndexes(error, this.#lookedInto)
      return this.#read(from, end, maxBytes, atLeastOneBatch, slices)
    } finally {
      this.#passesDamage = false
    }
  }

  /** A wrong index may have caused `error`. False when it did not: the log itself is damaged. */
  #remakeIndexes(error: unknown, segment: Segment | null): boolean {
    if (!(error instanceof CorruptLogError) || error instanceof DamagedRangeError || segment === null) throw error
    if (!segment.remakeIndexes()) {
      this.#options.onDamage(error)
      return false
    }
    this.#options.onRemade(segment)
    this.forgetPlaces()
    return true
  }

  #read(from: Offset, end: LogMark | null, maxBytes: number, atLeastOneBatch: boolean, slices: Slice[]): number {
    const endOffset = end === null ? this.#log.logEndOffset : end.offset
    if (this.endOfRange(from) !== null) throw new DamagedRangeError(`the records at ${from} are damaged`)
    let offset = from
    let n = this.#segmentIndexOf(from)
    let total = 0
    while (offset < endOffset && slices.length < slicesPerReadMax) {
      const segment = this.#log.segments[n]!
      this.#lookedInto = segment
      const limit = this.#limitIn(segment, end)
      const start = this.#positionOf(segment, offset, limit)
      // Nothing at or after the offset in this segment (compaction took it away): the next one has it.
      const stop = start < 0 ? limit : this.#stopOf(segment, start, limit, maxBytes - total, atLeastOneBatch && total === 0, end)
      if (start >= 0 && stop > start) {
        slices.push(segment.slice(start, stop - start))
        total += stop - start
      }
      if (stop < limit || total >= maxBytes || this.#isActive(segment) || (end instanceof Mark && segment === end.segment)) break
      const next = this.#log.segments[++n]!
      offset = next.baseOffset
      if (this.followsDamage(next)) {
        // What lies before the damage is returned; a read of what follows gets the error.
        if (total > 0) break
        throw new DamagedRangeError(`the records before ${offset} are damaged`)
      }
    }
    return total
  }

  /** The place of the batch that holds `offset`. */
  markAt(offset: Offset): Mark {
    try {
      return this.#markAt(offset)
    } catch (error) {
      this.#passesDamage = !this.#remakeIndexes(error, this.#lookedInto)
      return this.#markAt(offset)
    } finally {
      this.#passesDamage = false
    }
  }

  #markAt(offset: Offset): Mark {
    const segment = this.#log.segments[this.#segmentIndexOf(offset)]!
    this.#lookedInto = segment
    const position = this.#positionOf(segment, offset, segment.size)
    return new Mark(offset, segment, position < 0 ? segment.size : position)
  }

  /**
   * Aborted transactions that have records between `from` and where a read ended, and perhaps others, as Kafka finds them: up to
   * the next entry of the offset index.
   */
  abortedBetween(from: Offset, last: SegmentSlice): AbortedTransaction[] {
    const { segments, logEndOffset } = this.#log
    const next = segments[this.#segmentIndexOf(last.segment.baseOffset) + 1]
    const end = last.segment.offsets.offsetAtOrAfter(last.position + last.byteLength) ?? next?.baseOffset ?? logEndOffset
    return this.abortedFrom(from, end)
  }

  /** Those with a marker from `from` on that begin below `end`. */
  abortedFrom(from: Offset, end: Offset): AbortedTransaction[] {
    const { segments } = this.#log
    const found: AbortedTransaction[] = []
    const see = (aborted: AbortedTransaction): boolean => {
      if (aborted.firstOffset < end) found.push(aborted)
      return aborted.lastStableOffset < end
    }
    for (let n = this.#segmentIndexOf(from); n < segments.length; n++) if (!segments[n]!.aborted.visit(from, see)) break
    return found
  }

  endOfDamage(offset: Offset): Offset | null {
    const within = this.endOfRange(offset)
    if (within !== null || this.#log.damaged.length === 0) return within
    const n = this.#segmentIndexOf(offset)
    const [segment, next] = [this.#log.segments[n]!, this.#log.segments[n + 1]]
    if (next === undefined || !this.followsDamage(next)) return null
    return this.#positionOf(segment, offset, segment.size) < 0 ? next.baseOffset : null
  }

  /** Whether what lies before this segment was damaged and set aside. */
  followsDamage({ baseOffset }: Segment): boolean {
    return this.#log.damaged.some(({ to }) => to === baseOffset)
  }

  /** Where the damaged records end among which `offset` lies. */
  endOfRange(offset: Offset): Offset | null {
    for (const { from, to } of this.#log.damaged) if (offset >= from && offset < to) return to
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
    if (scanner.lastOffset >= this.#log.logEndOffset)
      throw new CorruptLogError(`${segment.logPath}: no offset ${scanner.lastOffset}`)
    return scanner.position
  }

  /** Brings the scanner to the batch that holds `offset` or follows it; over damage, when some was met. */
  #find(segment: Segment, offset: Offset, limit: number): boolean {
    const scanner = this.#scanner
    const { fd } = segment
    const endOffset = this.#log.segments[this.#segmentIndexOf(segment.baseOffset) + 1]?.baseOffset ?? this.#log.logEndOffset
    for (let from = segment.offsets.floorPosition(offset); ; ) {
      try {
        return scanner.find(fd, offset, from, limit, endOffset)
      } catch (error) {
        if (!this.#passesDamage || !(error instanceof CorruptLogError)) throw error
        const search = new DamageSearch(this.#files, fd, limit, this.#log.logEndOffset, () => true)
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
      if (this.#isActive(segment) || (end instanceof Mark && end.segment === segment)) {
        this.#remember(end === null ? this.#log.logEndOffset : end.offset, segment, limit)
      }
      return limit
    }
    const target = start + Math.max(bytesLeft, 0)
    const from = Math.max(start, segment.offsets.batchStartBefore(target))
    const stop = this.#wholeBatchesUpTo(segment.fd, start, from, target, limit)
    if (stop === start) {
      if (!oneBatchIsDue) return start
      // Not remembered: the length of a batch has a checksum, but it was not checked.
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
      if (scanner.lastOffset < this.#log.logEndOffset) return stop
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

  /** To be called when segments were taken out or replaced. */
  forgetPlaces(): void {
    this.#placeOffsets.fill(-1)
    this.#placeSegments.fill(null)
  }

  /** Index of the last segment that begins at or before `offset`. */
  #segmentIndexOf(offset: Offset): number {
    const { segments } = this.#log
    let high = segments.length - 1
    if (segments[high]!.baseOffset <= offset) return high
    let low = 0
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (segments[middle]!.baseOffset <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  offsetForTimestamp(timestamp: Int64, end: Offset, pause: Pause): Promise<TimestampedOffset | null> {
    return this.#lookUp(search => this.#offsetForTimestamp(timestamp, end, search), pause)
  }

  /** Runs a search, and once more when an index led it astray. */
  async #lookUp<Found>(run: (search: TimestampSearch) => Promise<Found>, pause: Pause): Promise<Found> {
    const search = new TimestampSearch(this.#files, pause)
    try {
      return await run(search)
    } catch (error) {
      if (!this.#remakeIndexes(error, search.segment)) throw error
      return run(search)
    }
  }

  async #offsetForTimestamp(timestamp: Int64, end: Offset, search: TimestampSearch): Promise<TimestampedOffset | null> {
    const rounded = roundedInt64(timestamp)
    // From segment to segment by offset: while one is looked into, others may go, or be compacted into one.
    for (let from = this.#log.logStartOffset; ; ) {
      const { segments } = this.#log
      const n = this.#segmentIndexOf(from)
      const segment = segments[n]!
      const next = segments[n + 1]?.baseOffset ?? end
      if (segment.baseOffset >= end) return null
      if (segment.largestTimestamp() >= rounded) {
        const found = await search.firstSince(segment, timestamp, from)
        if (found !== null && found.offset >= this.#log.logEndOffset)
          throw new CorruptLogError(`no offset ${found.offset} in ${segment.logPath}`)
        if (found !== null && found.offset >= this.#log.logStartOffset) return found.offset < end ? this.#withEpoch(found) : null
      }
      if (next >= end) return null
      from = Math.max(next, this.#log.logStartOffset)
    }
  }

  maxTimestampOffset(pause: Pause): Promise<TimestampedOffset | null> {
    return this.#lookUp(search => this.#maxTimestampOffset(search), pause)
  }

  async #maxTimestampOffset(search: TimestampSearch): Promise<TimestampedOffset | null> {
    let best: Segment | null = null
    for (const segment of this.#log.segments) {
      search.segment = segment
      if (segment.size > 0 && segment.largestTimestamp() > (best?.largestTimestamp() ?? -1)) best = segment
    }
    if (best === null) return null
    const found = await search.ofMaxTimestamp(best, this.#log.logStartOffset)
    return found === null ? null : this.#withEpoch(found)
  }

  #withEpoch(found: { readonly timestampMs: Int64; readonly offset: Offset }): TimestampedOffset {
    return { timestamp: found.timestampMs, offset: found.offset, leaderEpoch: this.#log.epochAt(found.offset) }
  }

  #isActive(segment: Segment): boolean {
    return segment === this.#log.segments[this.#log.segments.length - 1]
  }
}

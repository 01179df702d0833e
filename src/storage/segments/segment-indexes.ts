/**
 * The two sparse indexes of a segment: in memory while they are used, and in their files. They know no batch: their
 * segment tells them what to note, and makes them anew from its batches where the files are not to be believed.
 *
 *   note ──▶ pending, in memory ── flush ──▶ in the files ── sync ──▶ on stable storage
 *            all of it ─────── sync, after distrustFiles ─────────▶
 */

import type { Offset } from '../../base/ids.js'
import { DiskFailure, type Files } from '../files.js'
import { OffsetIndex, TimeIndex } from '../format/index-file.js'

/** Entries kept in memory before they are written: one write per half a megabyte of log at Kafka's interval. */
const pendingEntriesMax = 128

export interface IndexedSegment {
  readonly baseOffset: Offset
  /** The log no longer has it. */
  readonly isRemoved: boolean
  /** Where the file is now: it may get another name. */
  pathOf(kind: '.index' | '.timeindex'): string
}

export interface IndexPair {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
}

export class SegmentIndexes {
  /** Null until they are used. */
  loaded: IndexPair | null
  /** The files were written to since they were last synced. */
  hasUnsynced = false

  readonly #segment: IndexedSegment
  readonly #files: Files
  readonly #folder: string
  #bytesSinceEntry = 0
  /** The files are not to be believed, and what is in memory takes their place as a whole with the next sync. */
  #replacesFiles = false

  /** `isNew`: there are no files yet. */
  constructor(segment: IndexedSegment, files: Files, folder: string, isNew: boolean) {
    this.#segment = segment
    this.#files = files
    this.#folder = folder
    this.loaded = isNew ? this.#empty() : null
  }

  #empty(): IndexPair {
    const { baseOffset } = this.#segment
    return { offsets: new OffsetIndex(baseOffset, null), times: new TimeIndex(baseOffset, null) }
  }

  /** Reads both files; null when one is missing or unsound, and then nothing is loaded. `logBytes`: size of the segment. */
  load(logBytes: number): IndexPair | null {
    const { baseOffset } = this.#segment
    const offsetBytes = this.#files.readWhole(this.#segment.pathOf('.index'))
    const timeBytes = this.#files.readWhole(this.#segment.pathOf('.timeindex'))
    if (offsetBytes === null || timeBytes === null) return null
    const offsets = new OffsetIndex(baseOffset, offsetBytes)
    const times = new TimeIndex(baseOffset, timeBytes)
    if (!offsets.isSound(logBytes) || !times.isSound()) return null
    this.loaded = { offsets, times }
    return this.loaded
  }

  /** Without an entry, for a segment that is noted from its beginning. */
  beginAnew(): void {
    this.loaded = this.#empty()
    this.#bytesSinceEntry = 0
  }

  /** Keeps what was noted before the batch at `position`, which an entry names as that of `offset`. */
  truncate({ offsets, times }: IndexPair, position: number, offset: Offset): void {
    offsets.truncateToPosition(position)
    times.truncateToOffset(offset)
    this.#bytesSinceEntry = position - offsets.batchStartBefore(position - 1)
  }

  /**
   * One batch, which begins at `position`. An entry is due when more than the interval lies between the last one and this
   * batch; it names the batch's last offset and where it starts, and the largest timestamp so far.
   */
  note(
    position: number,
    length: number,
    last: Offset,
    largestTimestamp: number,
    largestTimestampOffset: Offset,
    intervalBytes: number,
  ): void {
    if (this.#bytesSinceEntry > intervalBytes) {
      const { offsets, times } = this.loaded!
      offsets.append(last, position)
      times.maybeAppend(largestTimestamp, largestTimestampOffset)
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += length
  }

  get isFlushDue(): boolean {
    return this.loaded !== null && this.loaded.offsets.pending >= pendingEntriesMax
  }

  /** The content of the files is rebuilt: until the next sync nothing of it comes there, and then all of it. */
  distrustFiles(): void {
    this.#replacesFiles = true
    this.hasUnsynced = true
  }
  get areFilesDistrusted(): boolean {
    return this.#replacesFiles
  }

  /** The files have all of it: what is in memory may go, and be read again. */
  get areInTheirFiles(): boolean {
    return this.loaded !== null && !this.#replacesFiles && this.loaded.offsets.pending === 0 && this.loaded.times.pending === 0
  }

  createFiles({ offsets, times }: IndexPair): void {
    this.hasUnsynced = true
    offsets.flush(this.#files, this.#segment.pathOf('.index'))
    times.flush(this.#files, this.#segment.pathOf('.timeindex'))
  }

  flush(): void {
    if (this.loaded === null) return
    if (this.#replacesFiles) {
      this.hasUnsynced = true
      return
    }
    // Times first: recovery takes an offset entry in the file as a sign that the time entry made with it is there too.
    const hasTimes = this.loaded.times.flush(this.#files, this.#segment.pathOf('.timeindex'))
    const hasOffsets = this.loaded.offsets.flush(this.#files, this.#segment.pathOf('.index'))
    if (hasTimes || hasOffsets) this.hasUnsynced = true
  }

  /** An index file that lags behind costs nothing: recovery rebuilds it. A full disk shows at the next log write. */
  flushIfPossible(): void {
    try {
      this.flush()
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
    }
  }

  /** fsync of both files, as far as they were written since the last time. */
  async sync(): Promise<void> {
    if (!this.hasUnsynced || this.#segment.isRemoved) return
    try {
      if (this.#replacesFiles) {
        await this.#replaceFiles()
        this.#replacesFiles = false
        // What came meanwhile.
        this.flush()
      }
      this.hasUnsynced = false
      for (const kind of ['.timeindex', '.index'] as const) await this.#files.syncPath(this.#segment.pathOf(kind))
    } catch (error) {
      // The files of a segment that left the log meanwhile are not needed. On a full disk the old ones stay, and are found out.
      if (this.#segment.isRemoved || (error instanceof DiskFailure && error.kind === 'full')) return
      this.hasUnsynced = true
      throw error
    }
  }

  /** Puts both in the place of their files now. Nothing but the time that the next start takes depends on it. */
  async tryReplaceFiles(): Promise<void> {
    try {
      await this.#replaceFiles()
    } catch (error) {
      // The next start removes what is left here.
      if (!(error instanceof DiskFailure)) throw error
    }
  }

  /**
   * Brings rebuilt indexes to their files, each as a whole or not at all: the recovery point may lie above what they hold, so
   * a part of one that a power cut left would be trusted. Offsets first: where recovery finds an old entry of those, it takes
   * it that the times up to there are in the other file. Until then they stay in memory.
   */
  async #replaceFiles(): Promise<void> {
    const { offsets, times } = this.loaded!
    const rebuilt = [
      ['.index', offsets],
      ['.timeindex', times],
    ] as const
    for (const [kind, index] of rebuilt) {
      const path = this.#segment.pathOf(kind)
      const { count } = index
      this.#files.writeWhole(`${path}.tmp`, index.bytes)
      await this.#files.syncPath(`${path}.tmp`)
      // Meanwhile the segment may have left the log, or gone on under another name.
      if (this.#segment.isRemoved || path !== this.#segment.pathOf(kind)) return this.#files.remove(`${path}.tmp`)
      this.#files.rename(`${path}.tmp`, path)
      index.isInItsFile(count)
      await this.#files.syncPath(this.#folder)
    }
  }

  /** Size of the larger one of the two files. */
  get fileBytes(): number {
    const sizeOf = (kind: '.index' | '.timeindex'): number => this.#files.sizeOf(this.#segment.pathOf(kind)) ?? 0
    return Math.max(sizeOf('.index'), sizeOf('.timeindex'))
  }
}

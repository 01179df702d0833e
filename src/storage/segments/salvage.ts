/**
 * Damage in a log: bytes that were there and are no batch any more, with batches behind them that are. Nothing of it is thrown
 * away. The damaged bytes go into files of their own, whose names say which offsets are missing; the batches behind them
 * become segments. The log keeps a gap, and reads of it get an error, until the file is deleted by hand.
 *
 *   0.log  [good][good][bad][good][good]     →     0.log  [good][good]
 *                                                  2-3.damaged  [bad]         (names in 20 digits)
 *                                                  3.log  [good][good]
 *
 * The original is cut last, when everything else is on stable storage: a crash on the way leaves it as it was, and the next
 * start does the same again.
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import {
  baseOffset,
  batchHeaderSize,
  batchLength,
  batchMagic,
  computeCrc,
  crc,
  lastOffsetDelta,
  magic,
  recordCount,
} from '../../protocol/records/batch.js'
import type { Files } from '../files.js'
import { segmentFileName } from '../format/segment-names.js'
import type { SegmentHome } from './segment-home.js'

/** Offsets that cannot be read: `from` included, `to` not. */
export interface DamagedRange {
  readonly from: Offset
  readonly to: Offset
}

const damagedName = /^(\d{20})-(\d{20})\.damaged$/
const cutName = /^(\d{20})\.cut$/

/** What recoveries set aside in a folder. */
export function damagedRanges(names: readonly string[]): DamagedRange[] {
  const matches = names.map(name => damagedName.exec(name)).filter(match => match !== null)
  return matches.map(match => ({ from: Number(match[1]), to: Number(match[2]) })).sort((a, b) => a.from - b.from)
}

/** Which of the files that recoveries set aside hold nothing but what lies below `offset`. */
export function setAsideBelow(names: readonly string[], offset: Offset): string[] {
  return names.filter(name => Number(damagedName.exec(name)?.[2] ?? cutName.exec(name)?.[1] ?? Number.NaN) <= offset)
}

export function damagedPath(folder: string, { from, to }: DamagedRange): string {
  return `${folder}/${segmentFileName(from)}-${segmentFileName(to)}.damaged`
}

export function cutPath(folder: string, offset: Offset): string {
  return `${folder}/${segmentFileName(offset)}.cut`
}

/** Bytes of a file. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Batches back to back, each sound and the next of the one before. */
export interface SoundRun extends Range {
  readonly baseOffset: Offset
  readonly endOffset: Offset
}

/** What stands where a sound batch was expected. */
export interface Damage {
  readonly bytes: Range
  readonly offsets: DamagedRange
  /** The batches behind it; null: there are none. */
  readonly run: SoundRun | null
  /** It is known where the damaged bytes end, and which offsets they held. */
  readonly isBounded: boolean
}

const windowBytes = 1 << 20
/**
 * Checksums of what turns out to be no batch: so many bytes are computed for each byte that is searched, and so many more.
 * Records that were made to look like headers of huge batches could else make a search last for days.
 */
const checksumFactor = 8
const checksumAllowance = 256 << 20

/** Looks through one damaged segment file. Memory is made once, whatever is found. */
export class DamageSearch {
  readonly #files: Files
  readonly #fd: number
  readonly #size: number
  /** Offsets in the file lie below. */
  readonly #offsetMax: Offset
  /** Whether a batch may begin at an offset when the one before it ended at another. */
  readonly #mayFollow: (end: Offset, baseOffset: Offset) => boolean
  readonly #header = allocate(batchHeaderSize)
  #batch = allocate(1 << 16)

  constructor(
    files: Files,
    fd: number,
    size: number,
    offsetMax: Offset,
    mayFollow: (end: Offset, baseOffset: Offset) => boolean,
  ) {
    this.#files = files
    this.#fd = fd
    this.#size = size
    this.#offsetMax = offsetMax
    this.#mayFollow = mayFollow
  }

  /** Looks at the bytes from `position` on, where the batch that begins at `expected` is not sound. */
  damageAt(position: number, expected: Offset): Damage {
    // 1. What the header itself says is tried first: a record may hold bytes that look like a batch.
    const claimed = this.#claimAt(position, expected)
    if (claimed !== null) {
      const run = this.#runAt(claimed.position, claimed.offset)
      if (run !== null) return damage(position, run.from, expected, run.baseOffset, run)
    }
    // 2. Then every byte may be where a batch begins.
    const run = this.findRun(position + 1, expected)
    if (run !== null) return damage(position, run.from, expected, run.baseOffset, run)
    if (claimed !== null) {
      // Damaged ones back to back, up to the end.
      let last = claimed
      for (let next = last as typeof last | null; next !== null; next = this.#claimAt(last.position, last.offset)) last = next
      return damage(position, last.position, expected, last.offset, null)
    }
    return {
      bytes: { from: position, to: this.#size },
      offsets: { from: expected, to: expected },
      run: null,
      isBounded: false,
    }
  }

  /** Where the damaged batch at `position` ends, if its header can be believed. */
  #claimAt(position: number, expected: Offset): { readonly position: number; readonly offset: Offset } | null {
    const header = this.#header
    if (!this.#readHeader(position) || !isPlausible(header, 0, this.#size - position)) return null
    const claim = { position: position + batchLength(header, 0), offset: expected + lastOffsetDelta(header, 0) + 1 }
    const isBelieved = baseOffset(header, 0) === expected || this.#hasRightCrc(position, batchLength(header, 0))
    return isBelieved ? claim : null
  }

  /** The first run of sound batches that begins at or after `position` and holds offsets from `offsetMin` on. */
  findRun(position: number, offsetMin: Offset): SoundRun | null {
    return this.#find(position, offsetMin, Number.POSITIVE_INFINITY)
  }

  /** The first sound batch there. */
  findBatch(position: number, offsetMin: Offset): SoundRun | null {
    return this.#find(position, offsetMin, 1)
  }

  #find(position: number, offsetMin: Offset, batchesMax: number): SoundRun | null {
    const size = this.#size
    const window = allocate(Math.min(windowBytes, Math.max(size - position, batchHeaderSize)))
    let computed = 0
    // Windows overlap by a header, so that none is cut by their border.
    for (let start = position; start + batchHeaderSize <= size; start += window.byteLength - batchHeaderSize + 1) {
      const count = this.#files.read(this.#fd, window, 0, Math.min(window.byteLength, size - start), start)
      for (let at = 0; at + batchHeaderSize <= count; at++) {
        if (window[at + 16] !== batchMagic || !isPlausible(window, at, size - start - at)) continue
        const first = baseOffset(window, at)
        if (first < offsetMin || first + lastOffsetDelta(window, at) >= this.#offsetMax) continue
        const length = batchLength(window, at)
        if (computed + length > checksumAllowance + (start + at - position) * checksumFactor) continue
        const run = this.#runAt(start + at, offsetMin, batchesMax)
        if (run !== null) return run
        computed += length
      }
    }
    return null
  }

  /** The run that begins at `position`; null when no sound batch with offsets from `offsetMin` on is there. */
  #runAt(position: number, offsetMin: Offset, batchesMax = Number.POSITIVE_INFINITY): SoundRun | null {
    const header = this.#header
    let at = position
    let end = offsetMin
    let first: Offset = -1
    for (let n = 0; n < batchesMax && this.#readHeader(at) && isPlausible(header, 0, this.#size - at); n++) {
      const base = baseOffset(header, 0)
      const last = base + lastOffsetDelta(header, 0)
      const length = batchLength(header, 0)
      if (base < end || last >= this.#offsetMax || (first >= 0 && !this.#mayFollow(end, base))) break
      if (!this.#hasRightCrc(at, length)) break
      if (first < 0) first = base
      end = last + 1
      at += length
    }
    return first < 0 ? null : { from: position, to: at, baseOffset: first, endOffset: end }
  }

  /** The offset at which a run begins at exactly this position; null when none does. */
  startOfRunAt(position: number, offsetMin: Offset): Offset | null {
    return this.#runAt(position, offsetMin, 1)?.baseOffset ?? null
  }

  #readHeader(position: number): boolean {
    if (position + batchHeaderSize > this.#size) return false
    return this.#files.read(this.#fd, this.#header, 0, batchHeaderSize, position) === batchHeaderSize
  }

  #hasRightCrc(position: number, length: number): boolean {
    if (length > this.#batch.byteLength) this.#batch = allocate(Math.max(length, this.#batch.byteLength * 2))
    const bytes = this.#batch
    return this.#files.read(this.#fd, bytes, 0, length, position) === length && crc(bytes, 0) === computeCrc(bytes, 0)
  }

  /**
   * Whether some sector of a range may never have been written: it reads as zeros. That is what a power cut leaves of a
   * write; a range without one was there as a whole.
   */
  hasUnwrittenSector({ from, to }: Range): boolean {
    const chunk = allocate(Math.min(windowBytes, Math.max(to - from, 1)))
    for (let start = from; start < to; ) {
      const count = this.#files.read(this.#fd, chunk, 0, Math.min(chunk.byteLength, to - start), start)
      if (count === 0) return false
      // All but the last chunk end with a whole sector.
      const stop = start + count === to ? count : Math.max(1, count - ((start + count) % sectorBytes))
      for (let at = 0; at < stop; ) {
        const next = Math.min(stop, at + sectorBytes - ((start + at) % sectorBytes))
        let zero = at
        while (zero < next && chunk[zero] === 0) zero++
        if (zero === next && next - at >= unwrittenBytesMin) return true
        at = next
      }
      start += stop
    }
    return false
  }
}

const sectorBytes = 512
/** Fewer zeros than that at the edge of a sector are part of a batch like any others. */
const unwrittenBytesMin = 8

function damage(from: number, to: number, offset: Offset, offsetEnd: Offset, run: SoundRun | null): Damage {
  return { bytes: { from, to }, offsets: { from: offset, to: offsetEnd }, run, isBounded: true }
}

function isPlausible(bytes: Bytes, at: number, bytesLeft: number): boolean {
  if (magic(bytes, at) !== batchMagic) return false
  const length = batchLength(bytes, at)
  if (length < batchHeaderSize || length > bytesLeft) return false
  const delta = lastOffsetDelta(bytes, at)
  const count = recordCount(bytes, at)
  // Compaction takes records away and leaves the offsets.
  return delta >= 0 && count >= 0 && count <= delta + 1
}

/** Brings a run into the log file of a segment of its own, unless an earlier start has done so. Synced when it resolves. */
export async function makeSegmentFile({ files, folder }: SegmentHome, fd: number, run: SoundRun): Promise<void> {
  const stem = `${folder}/${segmentFileName(run.baseOffset)}`
  if (files.sizeOf(`${stem}.log`) !== null) return
  for (const kind of ['.index', '.timeindex', '.txnindex']) files.remove(stem + kind)
  // Half a copy must never stand under a segment's name.
  copyRange(files, fd, run, `${stem}.log.tmp`)
  await files.syncPath(`${stem}.log.tmp`)
  files.rename(`${stem}.log.tmp`, `${stem}.log`)
  await files.syncPath(folder)
}

/** Copies a range of a file into a new one, in place of what was there under that name. */
export function copyRange(files: Files, fd: number, range: Range, path: string): void {
  const target = files.open(path, 'create')
  try {
    files.truncate(target, 0)
    const chunk = allocate(Math.min(windowBytes, Math.max(range.to - range.from, 1)))
    for (let at = range.from; at < range.to; ) {
      const count = files.read(fd, chunk, 0, Math.min(chunk.byteLength, range.to - at), at)
      if (count === 0) break
      files.write(target, chunk, 0, count, at - range.from)
      at += count
    }
  } finally {
    files.close(target)
  }
}

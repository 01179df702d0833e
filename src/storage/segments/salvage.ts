/**
 * Damage in a log: bytes that were there and are no batch any more, with batches behind them that are. Nothing of it is thrown
 * away. The damaged bytes go into a file of their own, whose name says which offsets are missing; the batches behind them
 * become a segment. The log keeps a gap, and who reads there is told so, until a person deletes the file.
 *
 *   0.log  [good][good][bad][good][good]     →     0.log  [good][good]
 *                                                  2-3.damaged  [bad]         (names in 20 digits)
 *                                                  3.log  [good][good]
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
  lastOffset,
  lastOffsetDelta,
  magic,
  recordCount,
} from '../../protocol/records/batch.js'
import type { Files } from '../files.js'
import { type SegmentHome, segmentFileName } from './segment.js'

/** Offsets that cannot be read: `from` included, `to` not. */
export interface DamagedRange {
  readonly from: Offset
  readonly to: Offset
}

const damagedName = /^(\d{20})-(\d{20})\.damaged$/

/** What earlier recoveries set aside in a folder. */
export function damagedRanges(names: readonly string[]): DamagedRange[] {
  const matches = names.map(name => damagedName.exec(name)).filter(match => match !== null)
  return matches.map(match => ({ from: Number(match[1]), to: Number(match[2]) })).sort((a, b) => a.from - b.from)
}

export interface FoundBatch {
  readonly position: number
  readonly baseOffset: Offset
}

const windowBytes = 1 << 20

/** The first whole and sound batch in a range of a file that holds offsets from `offsetMin` up to below `offsetMax`. */
export function findBatch(
  files: Files,
  fd: number,
  range: { readonly from: number; readonly to: number },
  offsetMin: Offset,
  offsetMax: Offset,
): FoundBatch | null {
  const window = allocate(Math.min(windowBytes, Math.max(range.to - range.from, batchHeaderSize)))
  // Windows overlap by a header, so that none is cut by their border.
  for (let start = range.from; start + batchHeaderSize <= range.to; start += window.byteLength - batchHeaderSize + 1) {
    const count = files.read(fd, window, 0, Math.min(window.byteLength, range.to - start), start)
    for (let at = 0; at + batchHeaderSize <= count; at++) {
      if (!looksLikeBatch(window, at, range.to - start - at, offsetMin, offsetMax)) continue
      const position = start + at
      if (isSound(files, fd, position, batchLength(window, at))) return { position, baseOffset: baseOffset(window, at) }
    }
    if (count < window.byteLength) return null
  }
  return null
}

function looksLikeBatch(bytes: Bytes, at: number, bytesLeft: number, offsetMin: Offset, offsetMax: Offset): boolean {
  if (magic(bytes, at) !== batchMagic) return false
  const length = batchLength(bytes, at)
  if (length < batchHeaderSize || length > bytesLeft) return false
  const first = baseOffset(bytes, at)
  return first >= offsetMin && first < offsetMax && lastOffsetDelta(bytes, at) >= 0
}

function isSound(files: Files, fd: number, position: number, length: number): boolean {
  const bytes = allocate(length)
  return files.read(fd, bytes, 0, length, position) === length && crc(bytes, 0) === computeCrc(bytes, 0)
}

/** Where a batch claims to end that fills the file to its last byte and fits what is before it; null: it is a torn write. */
export function claimedEnd(files: Files, fd: number, position: number, size: number, expected: Offset): Offset | null {
  if (position + batchHeaderSize > size) return null
  const header = allocate(batchHeaderSize)
  files.read(fd, header, 0, batchHeaderSize, position)
  const delta = lastOffsetDelta(header, 0)
  const isWhole = position + batchLength(header, 0) === size && magic(header, 0) === batchMagic
  const isPlausible = baseOffset(header, 0) === expected && delta >= 0 && recordCount(header, 0) === delta + 1
  return isWhole && isPlausible ? lastOffset(header, 0) + 1 : null
}

/** Writes the bytes of a range into the file that says that these offsets are damaged. Synced when it resolves. */
export async function setDamageAside(
  home: SegmentHome,
  fd: number,
  range: { readonly from: number; readonly to: number },
  offsets: DamagedRange,
): Promise<string> {
  const path = `${home.folder}/${segmentFileName(offsets.from)}-${segmentFileName(offsets.to)}.damaged`
  copyRange(home.files, fd, range, path)
  await home.files.syncPath(path)
  await home.files.syncPath(home.folder)
  return path
}

/** Makes a segment's log file of the bytes behind the damage; an unfinished one of an earlier try is replaced. */
export async function segmentOfRest(
  { files, folder }: SegmentHome,
  fd: number,
  range: { readonly from: number; readonly to: number },
  base: Offset,
): Promise<void> {
  const stem = `${folder}/${segmentFileName(base)}`
  for (const kind of ['.index', '.timeindex']) files.remove(stem + kind)
  copyRange(files, fd, range, `${stem}.log`)
  await files.syncPath(`${stem}.log`)
  await files.syncPath(folder)
}

/** Copies a range of a file into a new one, in place of what was there under that name. */
export function copyRange(files: Files, fd: number, range: { readonly from: number; readonly to: number }, path: string): void {
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

/**
 * Walks batch headers inside one segment file. Two walks: `find` and `wholeBatchesUpTo` serve reads, probe a few KiB near
 * an index entry and keep their answer in fields, so that a read allocates nothing; `walk` serves recovery and lookups,
 * goes through a range in large chunks and shows every batch as bytes.
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import {
  baseOffset,
  batchHeaderSize,
  batchLength,
  batchMagic,
  lastOffset,
  magic,
  maxTimestamp,
} from '../../protocol/records/batch.js'
import { CorruptLogError } from '../engine.js'
import type { Files } from '../files.js'

/** Covers the gap between two index entries at Kafka's index interval and batches of usual size in one read. */
const probeBytes = 8192
/** Up to the largest timestamp. */
const probedHeaderBytes = 43

const walkChunkBytes = 1 << 20
/** A length that no batch has: larger than any segment. */
const batchBytesMax = 0x7fff_ffff

export class HeaderScanner {
  /** Answer of the last walk: where the batch starts, its size and its offsets. */
  position = 0
  length = 0
  baseOffset: Offset = 0
  lastOffset: Offset = 0
  maxTimestamp = 0
  /** Where the batch before it starts: when no batch follows, the length of that one may be wrong. */
  positionBefore = 0
  /** The batch that did not fit begins where the one before it ended, which was seen. */
  isNext = false

  readonly #files: Files
  /** Made at first use: a log that is not read needs none. */
  #probeMemory: Bytes | null = null
  #probeFd = -1
  #probeStart = 0
  #probeEnd = 0

  constructor(files: Files) {
    this.#files = files
  }

  get #probe(): Bytes {
    this.#probeMemory ??= allocate(probeBytes)
    return this.#probeMemory
  }

  /**
   * Finds the first batch whose last offset is at least `offset`, from the one at `from` on; false when none before `limit`.
   * `from` is a place that the index gave, or 0: a batch there that begins above `offset` shows that the index is wrong.
   * `endOffset` is where the log or the next segment goes on behind `limit`, if that is known.
   */
  find(fd: number, offset: Offset, from: number, limit: number, endOffset = Number.NaN): boolean {
    this.#probeFd = -1
    let at = from
    let previous: Offset = -1
    this.position = from
    while (at < limit) {
      this.#load(fd, at, limit)
      if (this.baseOffset <= previous || (at === from && from > 0 && this.baseOffset > offset)) {
        throw new CorruptLogError(`the batch at position ${at} begins at offset ${this.baseOffset}`)
      }
      if (this.lastOffset >= offset) {
        if (this.#isContradicted(fd, limit, endOffset)) {
          throw new CorruptLogError(`the batch at position ${at} repeats earlier offsets`)
        }
        return true
      }
      previous = this.lastOffset
      at += this.length
    }
    return false
  }

  /**
   * A base offset has no checksum, and that of the rest was not checked. Where the next batch contradicts the present one,
   * what follows says which of the two is wrong.
   */
  #isContradicted(fd: number, limit: number, endOffset: Offset): boolean {
    const at = this.position + this.length
    const inProbe = this.#bringBatch(fd, at, limit)
    if (inProbe < 0 || baseOffset(this.#probe, inProbe) > this.lastOffset) return false
    const nextEnd = lastOffset(this.#probe, inProbe) + 1
    const third = this.#bringBatch(fd, at + batchLength(this.#probe, inProbe), limit)
    return nextEnd === (third < 0 ? endOffset : baseOffset(this.#probe, third))
  }

  /** Where in the probe the header at `at` is; -1 when there is none. */
  #bringBatch(fd: number, at: number, limit: number): number {
    if (at + batchHeaderSize > limit) return -1
    const inProbe = this.#bring(fd, at, limit)
    const looksRight = magic(this.#probe, inProbe) === batchMagic && batchLength(this.#probe, inProbe) >= batchHeaderSize
    return looksRight ? inProbe : -1
  }

  /**
   * End of the last whole batch that ends at or before `target`, beginning with the batch at `from`; `from` itself when
   * that one does not fit. Afterwards `baseOffset` is the offset of the batch that did not fit.
   */
  wholeBatchesUpTo(fd: number, from: number, target: number, limit: number): number {
    this.#probeFd = -1
    let at = from
    let previous: Offset = -1
    this.position = from
    while (at < limit) {
      this.#load(fd, at, limit)
      if (this.baseOffset <= previous) throw new CorruptLogError(`offset ${this.baseOffset} is repeated at position ${at}`)
      if (at + this.length > target) {
        this.isNext = this.baseOffset === previous + 1
        return at
      }
      previous = this.lastOffset
      at += this.length
    }
    return at
  }

  /** Whether something that looks like a batch starts at `position`. */
  holdsBatch(fd: number, position: number, limit: number): boolean {
    this.#probeFd = -1
    try {
      this.#load(fd, position, limit)
      return true
    } catch (error) {
      if (error instanceof CorruptLogError) return false
      throw error
    }
  }

  /** Reads the header of the batch at `at` into the fields; when it is none, `position` says where it was looked for. */
  #load(fd: number, at: number, limit: number): void {
    this.positionBefore = this.position
    this.position = at
    if (at + batchHeaderSize > limit) throw new CorruptLogError(`no batch header at position ${at}: the log ends at ${limit}`)
    const inProbe = this.#bring(fd, at, limit)
    const length = batchLength(this.#probe, inProbe)
    if (length < batchHeaderSize || at + length > limit) {
      throw new CorruptLogError(`a batch of ${length} bytes at position ${at}: the log ends at ${limit}`)
    }
    this.length = length
    this.baseOffset = baseOffset(this.#probe, inProbe)
    this.lastOffset = lastOffset(this.#probe, inProbe)
    this.maxTimestamp = maxTimestamp(this.#probe, inProbe)
    if (magic(this.#probe, inProbe) !== batchMagic || this.baseOffset < 0 || this.lastOffset < this.baseOffset) {
      throw new CorruptLogError(`no batch at position ${at}`)
    }
  }

  /** Makes sure that the probe holds what is needed of the header at `at`; answers where in it. */
  #bring(fd: number, at: number, limit: number): number {
    if (fd !== this.#probeFd || at < this.#probeStart || at + probedHeaderBytes > this.#probeEnd) {
      const count = this.#files.read(fd, this.#probe, 0, Math.min(probeBytes, limit - at), at)
      if (count < probedHeaderBytes) throw new CorruptLogError(`the file ends inside the batch at position ${at}`)
      this.#probeFd = fd
      this.#probeStart = at
      this.#probeEnd = at + count
    }
    return at - this.#probeStart
  }
}

/** Sees one batch; with `whole` bytes up to its end are there, else only its header. False ends the walk. */
export type BatchVisitor = (bytes: Bytes, at: number, position: number, length: number) => boolean

/**
 * Shows every batch from the one at `from` to `visit`, in order, and returns the position after the last one that was
 * complete and for which `visit` did not answer false. Ends there at the first thing that cannot be a batch. The bytes are
 * only valid during the call.
 */
export function walkBatches(
  files: Pick<Files, 'read'>,
  fd: number,
  from: number,
  limit: number,
  needs: 'headers' | 'whole',
  visit: BatchVisitor,
): number {
  let chunk = allocate(Math.min(walkChunkBytes, Math.max(limit - from, batchHeaderSize)))
  let chunkStart = from
  let chunkEnd = from
  let at = from
  while (at + batchHeaderSize <= limit) {
    // 1. The header, then the whole batch if asked, are in the chunk.
    if (at + batchHeaderSize > chunkEnd) {
      chunkStart = at
      chunkEnd = at + files.read(fd, chunk, 0, Math.min(chunk.byteLength, limit - at), at)
      if (at + batchHeaderSize > chunkEnd) break
    }
    const length = batchLength(chunk, at - chunkStart)
    if (length < batchHeaderSize || length > batchBytesMax || at + length > limit) break
    if (needs === 'whole' && at + length > chunkEnd) {
      if (length > chunk.byteLength) chunk = allocate(length)
      chunkStart = at
      chunkEnd = at + files.read(fd, chunk, 0, Math.min(chunk.byteLength, limit - at), at)
      if (at + length > chunkEnd) break
    }
    // 2. The caller judges it.
    if (!visit(chunk, at - chunkStart, at, length)) break
    at += length
  }
  return at
}

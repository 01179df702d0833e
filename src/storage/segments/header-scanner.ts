/**
 * Walks batch headers inside one segment file. Two walks: `find` and `wholeBatchesUpTo` serve reads, probe a few KiB near
 * an index entry and keep their answer in fields, so that a read allocates nothing; `walk` serves recovery and lookups,
 * goes through a range in large chunks and shows every batch as bytes.
 */
import { allocate, type Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { baseOffset, batchHeaderSize, batchLength, lastOffset } from '../../protocol/records/batch.js'
import type { Files } from '../files.js'

/** The bytes in a segment are not the batches that were written there. */
export class CorruptLogError extends Error {
  override readonly name = 'CorruptLogError'
}

/** It is known since the start that these records are gone, and was said then. */
export class DamagedRangeError extends CorruptLogError {}

/** Covers the gap between two index entries at Kafka's index interval and batches of usual size in one read. */
const probeBytes = 8192
/** Up to the last offset delta. */
const probedHeaderBytes = 27

const walkChunkBytes = 1 << 20
/** A length that no batch has: larger than any segment. */
const batchBytesMax = 0x7fff_ffff

export class HeaderScanner {
  /** Answer of the last walk: where the batch starts, its size and its offsets. */
  position = 0
  length = 0
  baseOffset: Offset = 0
  lastOffset: Offset = 0

  readonly #files: Files
  /** Made at first use: a log that nobody reads needs none. */
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

  /** Finds the first batch whose last offset is at least `offset`, from the one at `from` on; false when none before `limit`. */
  find(fd: number, offset: Offset, from: number, limit: number): boolean {
    this.#probeFd = -1
    let at = from
    while (at < limit) {
      this.#load(fd, at, limit)
      if (this.lastOffset >= offset) return true
      at += this.length
    }
    return false
  }

  /**
   * End of the last whole batch that ends at or before `target`, beginning with the batch at `from`; `from` itself when
   * that one does not fit. Afterwards `baseOffset` is the offset of the batch that did not fit.
   */
  wholeBatchesUpTo(fd: number, from: number, target: number, limit: number): number {
    this.#probeFd = -1
    let at = from
    while (at < limit) {
      this.#load(fd, at, limit)
      if (at + this.length > target) return at
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

  /** Reads the header of the batch at `at` into the fields. */
  #load(fd: number, at: number, limit: number): void {
    if (at + batchHeaderSize > limit) throw new CorruptLogError(`no batch header at position ${at}: the log ends at ${limit}`)
    if (fd !== this.#probeFd || at < this.#probeStart || at + probedHeaderBytes > this.#probeEnd) {
      const count = this.#files.read(fd, this.#probe, 0, Math.min(probeBytes, limit - at), at)
      if (count < probedHeaderBytes) throw new CorruptLogError(`the file ends inside the batch at position ${at}`)
      this.#probeFd = fd
      this.#probeStart = at
      this.#probeEnd = at + count
    }
    const inProbe = at - this.#probeStart
    const length = batchLength(this.#probe, inProbe)
    if (length < batchHeaderSize || at + length > limit) {
      throw new CorruptLogError(`a batch of ${length} bytes at position ${at}: the log ends at ${limit}`)
    }
    this.position = at
    this.length = length
    this.baseOffset = baseOffset(this.#probe, inProbe)
    this.lastOffset = lastOffset(this.#probe, inProbe)
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

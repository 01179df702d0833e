import type { Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import type { Slice } from '../../base/slice.js'
import { CorruptLogError } from '../engine.js'
import type { Files } from '../files.js'
import type { OffsetIndex } from '../format/index-file.js'

/** A segment, whose descriptor stays open while it is held. */
interface HeldSegment {
  readonly baseOffset: Offset
  readonly offsets: OffsetIndex
  readonly logPath: string
  retain(): void
  release(): void
}

/** Bytes of a segment's file, held from its making until `release`. */
export class SegmentSlice implements Slice {
  readonly fd: number
  readonly position: number
  readonly byteLength: number
  readonly segment: HeldSegment
  readonly #files: Files

  constructor(segment: HeldSegment, files: Files, fd: number, position: number, byteLength: number) {
    this.segment = segment
    this.#files = files
    this.fd = fd
    this.position = position
    this.byteLength = byteLength
    segment.retain()
  }

  /** At once: it is what recovery and coordinators read. Requests of clients are read in the thread pool. */
  read(from: number, target: Bytes): number {
    const wanted = Math.min(target.byteLength, this.byteLength - from)
    const count = this.#files.read(this.fd, target, 0, wanted, this.position + from)
    if (count < wanted) throw new CorruptLogError(`${this.segment.logPath} ends at ${this.position + from + count}`)
    return count
  }
  retain(): void {
    this.segment.retain()
  }
  release(): void {
    this.segment.release()
  }
}

import type { Bytes } from '../../base/bytes.js'
import { CorruptLogError } from '../engine.js'
import type { Files } from '../files.js'
import type { FileSlice } from '../types.js'

/** Whose descriptor stays open for as long as somebody holds it: a segment. */
interface HeldFile {
  readonly logPath: string
  retain(): void
  release(): void
}

/** Bytes of a segment's file, held from its making until `release`. */
export class SegmentSlice implements FileSlice {
  readonly fd: number
  readonly position: number
  readonly byteLength: number
  readonly #segment: HeldFile
  readonly #files: Files

  constructor(segment: HeldFile, files: Files, fd: number, position: number, byteLength: number) {
    this.#segment = segment
    this.#files = files
    this.fd = fd
    this.position = position
    this.byteLength = byteLength
    segment.retain()
  }

  copyTo(target: Bytes, at: number): number {
    const count = this.#files.read(this.fd, target, at, this.byteLength, this.position)
    if (count < this.byteLength) throw new CorruptLogError(`${this.#segment.logPath} ends at ${this.position + count}`)
    return count
  }
  retain(): void {
    this.#segment.retain()
  }
  release(): void {
    this.#segment.release()
  }
}

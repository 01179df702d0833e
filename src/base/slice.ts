/**
 * Bytes that lie elsewhere, such as record batches in the file of a log, on their way to a client: the one name for
 * them from the engine to the socket. A slice is born held once; its holder releases it exactly once, sent or not. Until then
 * its bytes stay what they are and where they are, even when the log lets go of them.
 */
import { assert } from './assert.js'
import type { Bytes } from './bytes.js'

export interface Slice {
  readonly byteLength: number
  /** The open file that holds the bytes, to be sent from there; -1 when they are in none, and then they can only be read. */
  readonly fd: number
  /** Where in that file they begin. */
  readonly position: number
  /**
   * Brings bytes of the slice from `from` on into `target`, as many as fit, and answers how many: at once where they are at
   * hand, else later. Throws or rejects when they cannot be had.
   */
  read(from: number, target: Bytes): number | Promise<number>
  /** One more holder. */
  retain(): void
  release(): void
}

/** For who cannot wait, of an engine that answers at once. */
export function atOnce<Answer>(answer: Answer | Promise<Answer>): Answer {
  assert(!(answer instanceof Promise), 'this engine answers at once')
  return answer
}

/** Copies all of a slice into `target` at `at` and answers its length: for who cannot wait. */
export function copyAtOnce(slice: Slice, target: Bytes, at: number): number {
  const count = atOnce(slice.read(0, target.subarray(at, at + slice.byteLength)))
  assert(count === slice.byteLength, 'a slice is as long as it says')
  return count
}

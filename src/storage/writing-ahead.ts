/**
 * A client's large batch is written behind the end of its partition's log, with pauses, before it is appended. What other
 * clients append to the partition meanwhile waits: it would take the place.
 */
import type { Bytes } from '../base/bytes.js'
import { DiskFailure } from './files.js'

export class WritingAhead {
  #batch: Bytes | null = null
  #over: Promise<void> | null = null
  #end: () => void = () => {}

  /** Resolves when the batch is appended or given up; null when none is being written. */
  get over(): Promise<void> | null {
    return this.#over
  }

  /** Whether `batch` has to wait for another one. */
  bars(batch: Bytes): boolean {
    return this.#batch !== null && this.#batch !== batch
  }

  /** `batch` bars others from now on. */
  async write(batch: Bytes, run: () => Promise<void>): Promise<void> {
    this.#batch = batch
    this.#over = new Promise(resolve => {
      this.#end = resolve
    })
    try {
      await run()
    } catch (error) {
      // The append meets the same, and says so.
      if (!(error instanceof DiskFailure)) throw error
    }
  }

  /** Appended or not, `batch` bars nothing any more. */
  end(batch: Bytes): void {
    if (this.#batch !== batch) return
    this.#batch = null
    this.#over = null
    this.#end()
  }
}

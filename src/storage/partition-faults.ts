/**
 * What goes wrong with the log of one partition: said once, in an operator's words, and answered with the code that a client
 * understands. Damage marks the log, so that the next start verifies all of it.
 */

import { type ErrorCode, Errors } from '../protocol/errors.js'
import { CorruptLogError, DamagedRangeError, type LogEngine } from './engine.js'
import { DiskFailure } from './files.js'
import type { GroupCommit } from './group-commit.js'
import type { StorageLog } from './types.js'

export interface FaultyLog {
  readonly topic: string
  readonly index: number
  readonly engine: LogEngine
  readonly log: StorageLog
  readonly commit: Pick<GroupCommit, 'trouble'>
  /** There is no next start. */
  readonly isEphemeral: boolean
}

export class PartitionFaults {
  /** What a request is answered when the partition takes none any more. */
  closedWith: ErrorCode | null = null

  readonly #of: FaultyLog
  #isMarked = false

  constructor(of: FaultyLog) {
    this.#of = of
  }

  #say(message: string, error: Error, problem?: string): void {
    const { topic, index, log } = this.#of
    log.error(message, { topic, partition: index, error: error.message, ...(problem === undefined ? {} : { problem }) })
  }

  appendRefused(error: DiskFailure): void {
    if (error.kind === 'exhausted') this.#say('append failed: out of file descriptors (see ulimit -n)', error)
    else this.#say('append failed: disk error', error)
  }

  syncPostponed(error: DiskFailure): void {
    this.#say('sync postponed: out of file descriptors (see ulimit -n)', error)
  }

  /** The code for what the engine threw; what is no fault of the world is thrown again. */
  codeOf(error: unknown, what = 'could not read the log'): ErrorCode {
    if (error instanceof DiskFailure) {
      this.#say(what, error)
      // Of a partition that is closed the files may be gone, which says nothing about the disk.
      if (this.closedWith === null) this.#of.commit.trouble(error)
      return Errors.KAFKA_STORAGE_ERROR
    }
    if (!(error instanceof CorruptLogError)) throw error
    if (!(error instanceof DamagedRangeError)) this.noteDamage(error)
    // A client shows this one to its user; the other it tries again for ever.
    return Errors.CORRUPT_MESSAGE
  }

  noteDamage(error: CorruptLogError): void {
    if (this.#isMarked || this.#of.isEphemeral || this.closedWith !== null) return
    this.#isMarked = true
    try {
      this.#of.engine.markForVerification()
      this.#say('the log is damaged; the next start verifies it and moves unreadable batches aside', error)
    } catch (failure) {
      if (!(failure instanceof DiskFailure)) throw failure
      const message = 'the log is damaged, and it could not be marked for verification; run `gregor verify`'
      this.#say(message, error, failure.message)
    }
  }
}

/** How the log of the metadata is written to, since the scrape before. */
import type { Clock } from '../../base/world.js'
import type { HttpParts } from '../parts.js'

export interface QuorumFigures {
  readonly recordsPerSecond: number
  /** Zero when nothing was written. */
  readonly commitMsMean: number
  /** Since the start. */
  readonly commitMsMax: number
}

type MetadataLog = HttpParts['broker']['services']['metadataLog']

export class QuorumMeter {
  readonly #clock: Clock
  readonly #log: MetadataLog
  #before: { readonly atMs: number; readonly endOffset: number; readonly commits: number; readonly commitMs: number }

  constructor(clock: Clock, log: MetadataLog) {
    this.#clock = clock
    this.#log = log
    this.#before = { atMs: clock.monotonicMs(), endOffset: log.endOffset, commits: 0, commitMs: 0 }
  }

  read(): QuorumFigures {
    const before = this.#before
    const { endOffset, writes } = this.#log
    const { commits, commitMs, commitMsMax } = writes
    const now = { atMs: this.#clock.monotonicMs(), endOffset, commits, commitMs }
    this.#before = now
    const seconds = (now.atMs - before.atMs) / 1000
    const since = commits - before.commits
    return {
      recordsPerSecond: seconds > 0 ? (endOffset - before.endOffset) / seconds : 0,
      commitMsMean: since > 0 ? (commitMs - before.commitMs) / since : 0,
      commitMsMax,
    }
  }
}

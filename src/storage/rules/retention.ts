/**
 * Retention: how many of the oldest segments of a log have to go, as Kafka's deleteOldSegments decides it. Pure. Segments
 * are asked lazily and from the oldest on, because a segment's largest timestamp may have to be read from disk.
 *
 * Three reasons, in this order, each from where the one before it ended:
 *   1. the whole segment lies below the start of the log (DeleteRecords moved it),
 *   2. without the segment the log still has retention.bytes,
 *   3. the segment's largest timestamp is older than retention.ms. A timestamp in the future keeps it.
 * Only 1 holds for a log whose cleanup.policy does not delete.
 */
import type { Offset } from '../../base/ids.js'

export interface RetainedSegment {
  readonly baseOffset: Offset
  readonly size: number
  /** When the newest record is dated; where no record has a timestamp, when the segment was last known to be written. */
  datedMs(): number
}

export interface RetentionRules {
  /** cleanup.policy contains `delete`. */
  readonly deletesOld: boolean
  /** retention.ms; -1 is no limit. */
  readonly retentionMs: number
  /** retention.bytes; -1 is no limit. */
  readonly retentionBytes: number
}

export interface LogFacts {
  /** In order; the last one is the active segment. */
  readonly segments: readonly RetainedSegment[]
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  readonly highWatermark: Offset
}

/** How many segments go, beginning with the oldest; all of them when even the active one has expired. */
export function expiredCount(log: LogFacts, rules: RetentionRules, nowMs: number): number {
  const { segments } = log
  let gone = 0

  const pass = (mayGo: (segment: RetainedSegment, next: RetainedSegment | undefined) => boolean): void => {
    for (; gone < segments.length; gone++) {
      const segment = segments[gone]!
      const next = segments[gone + 1]
      // What is not yet visible is not yet old: the start of the log never passes the high watermark.
      if (log.highWatermark < (next?.baseOffset ?? log.logEndOffset)) return
      // Replacing an empty active segment by another one would change nothing.
      if (next === undefined && segment.size === 0) return
      if (!mayGo(segment, next)) return
    }
  }

  pass((_, next) => next !== undefined && next.baseOffset <= log.logStartOffset)
  if (!rules.deletesOld) return gone
  if (rules.retentionBytes >= 0) {
    let surplus = -rules.retentionBytes
    for (let n = gone; n < segments.length; n++) surplus += segments[n]!.size
    pass(({ size }) => {
      if (surplus < size) return false
      surplus -= size
      return true
    })
  }
  if (rules.retentionMs >= 0) pass(segment => nowMs - segment.datedMs() > rules.retentionMs)
  return gone
}

/**
 * Compaction, the decisions: which part of a log may be compacted now, whether that is worth while, and which segments become
 * one. As Kafka's LogCleanerManager has it. Pure; compaction-filter.ts says what stays of a batch.
 *
 *   0           cleanedTo                end                      logEndOffset
 *   |   clean   |        dirty           |  not yet to be touched  |
 *                                        ↑ active segment, last stable offset, or younger than min.compaction.lag.ms
 */
import type { Offset } from '../../base/ids.js'

export interface CompactableSegment {
  readonly baseOffset: Offset
  readonly size: number
  readonly indexBytes: number
  /** When the newest record is dated. */
  datedMs(): number
  /** Timestamp of the first batch; -1 when it has none. */
  firstDatedMs(): number
}

export interface CompactionRules {
  /** cleanup.policy contains `compact`. */
  readonly isCompacted: boolean
  /** min.cleanable.dirty.ratio, 0 to 1. */
  readonly dirtyRatioMin: number
  readonly compactionLagMinMs: number
  readonly compactionLagMaxMs: number
  /** delete.retention.ms: how long a tombstone stays after it was compacted for the first time. */
  readonly deleteRetentionMs: number
}

export interface CompactableLog {
  /** In order; the last one is the active segment. */
  readonly segments: readonly CompactableSegment[]
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  readonly lastStableOffset: Offset
  /** Up to where an earlier compaction came; null when there was none. */
  readonly cleanedTo: Offset | null
}

export interface CompactionPlan {
  readonly firstDirty: Offset
  /** Segments that begin below are compacted. */
  readonly end: Offset
  /** Share of the log, up to `end`, that is dirty. */
  readonly dirtyRatio: number
  /** Dirty enough, or waiting for longer than max.compaction.lag.ms. */
  readonly isDue: boolean
}

/** What could be compacted now; null when nothing could. */
export function planCompaction(log: CompactableLog, rules: CompactionRules, nowMs: number): CompactionPlan | null {
  const { segments } = log
  const firstDirty = firstDirtyOffset(log)
  const active = segments.length - 1
  // 1. Neither the active segment, nor what may still be aborted, nor what is too young.
  let bound = Math.min(log.lastStableOffset, segments[active]!.baseOffset)
  if (rules.compactionLagMinMs > 0) {
    for (let n = indexOf(segments, firstDirty); n < active; n++) {
      if (segments[n]!.datedMs() <= nowMs - rules.compactionLagMinMs) continue
      bound = Math.min(bound, segments[n]!.baseOffset)
      break
    }
  }
  // 2. Whole segments only.
  const last = indexOf(segments, Math.max(firstDirty, bound))
  const end = segments[last]!.baseOffset
  let dirtyBytes = 0
  let cleanBytes = 0
  for (let n = 0; n < last; n++) {
    const { baseOffset, size } = segments[n]!
    if (baseOffset < firstDirty) cleanBytes += size
    // One that is both was still active when the log was last compacted; Kafka counts it twice as well.
    if (segments[n + 1]!.baseOffset > firstDirty) dirtyBytes += size
  }
  if (dirtyBytes === 0) return null
  const dirtyRatio = dirtyBytes / (cleanBytes + dirtyBytes)
  const isDue = dirtyRatio > rules.dirtyRatioMin || isOverdue(log, firstDirty, rules, nowMs)
  return { firstDirty, end, dirtyRatio, isDue }
}

/** A checkpoint that lies outside the log says nothing: everything is dirty then. */
function firstDirtyOffset({ cleanedTo, logStartOffset, logEndOffset }: CompactableLog): Offset {
  return cleanedTo === null || cleanedTo < logStartOffset || cleanedTo > logEndOffset ? logStartOffset : cleanedTo
}

function isOverdue({ segments }: CompactableLog, firstDirty: Offset, rules: CompactionRules, nowMs: number): boolean {
  // Asking for the first timestamp may read the disk; the usual lag is "never".
  if (rules.compactionLagMaxMs >= Number.MAX_SAFE_INTEGER) return false
  for (let n = indexOf(segments, firstDirty); n < segments.length - 1; n++) {
    const first = segments[n]!.firstDatedMs()
    if (first > 0 && first < nowMs - rules.compactionLagMaxMs) return true
  }
  return false
}

/** Index of the segment that holds `offset`. */
function indexOf(segments: readonly CompactableSegment[], offset: Offset): number {
  let n = segments.length - 1
  while (n > 0 && segments[n]!.baseOffset > offset) n--
  return n
}

const relativeOffsetMax = 0x7fff_ffff

/**
 * Neighbours that fit into one segment together, so that logs of which little is left do not end as many tiny files. `end` is
 * where the last of `segments` ends at the latest. A segment that `staysApart` is not joined to the one before it.
 */
export function groupSegments<S extends Pick<CompactableSegment, 'baseOffset' | 'size' | 'indexBytes'>>(
  segments: readonly S[],
  end: Offset,
  segmentBytesMax: number,
  indexBytesMax: number,
  staysApart: (segment: S) => boolean = () => false,
): S[][] {
  const groups: S[][] = []
  let size = 0
  let indexBytes = 0
  segments.forEach((segment, n) => {
    const group = groups.at(-1)
    const lastOffset = (segments[n + 1]?.baseOffset ?? end) - 1
    const fits =
      group !== undefined &&
      !staysApart(segment) &&
      size + segment.size <= segmentBytesMax &&
      indexBytes + segment.indexBytes <= indexBytesMax &&
      (segment.size === 0 || lastOffset - group[0]!.baseOffset <= relativeOffsetMax)
    if (fits) {
      group.push(segment)
      size += segment.size
      indexBytes += segment.indexBytes
    } else {
      groups.push([segment])
      size = segment.size
      indexBytes = segment.indexBytes
    }
  })
  return groups
}

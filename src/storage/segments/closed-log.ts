/**
 * Opens a log that was closed in order without reading a byte of it, save transaction indexes: its files must be those that the
 * stop wrote down. What they hold is read on demand.
 */
import type { Offset } from '../../base/ids.js'
import type { LogAsLeft } from '../format/directory-state.js'
import { LeaderEpochs } from '../format/leader-epochs.js'
import { verifyMarkFile } from './log.js'
import type { RecoveredLog } from './recovery.js'
import { damagedRanges } from './salvage.js'
import { Segment } from './segment.js'
import type { SegmentHome } from './segment-home.js'

export interface ClosedLog {
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  readonly asLeft: LogAsLeft
}

const segmentFile = /^(\d{20})\.(log|index|timeindex|txnindex)$/
/** What recovery tidies up. */
const leftover = /\.(deleted|cleaned|swap|tmp)$/

/** `names`: what is in the log's folder. Null when that is not what was left. */
export function openClosedLog(
  home: SegmentHome,
  names: readonly string[],
  closed: ClosedLog,
  nowMs: number,
): RecoveredLog | null {
  const { lastSegment } = closed.asLeft
  const bases = new Set<number>()
  const indexed = new Set<number>()
  for (const name of names) {
    if (leftover.test(name) || name === verifyMarkFile) return null
    const match = segmentFile.exec(name)
    if (match !== null) (match[2] === 'log' ? bases : indexed).add(Number(match[1]))
  }
  for (const base of indexed) if (!bases.has(base)) return null
  const segments = [...bases]
    .sort((a, b) => a - b)
    .map(base => new Segment(home, base, home.files.sizeOf(Segment.logPathIn(home, base)) ?? 0, nowMs, 0))
  const hasAborted = names.some(name => name.endsWith('.txnindex'))
  if (hasAborted) for (const segment of segments) segment.aborted.noteFile()
  // One that was never written to has no file.
  if (segments.length === 0 && lastSegment.size === 0) segments.push(new Segment(home, lastSegment.baseOffset, null, nowMs, 0))
  const active = segments.at(-1)
  if (active === undefined || active.baseOffset !== lastSegment.baseOffset || active.size !== lastSegment.size) return null
  if (hasAborted || closed.asLeft.abortedCount > 0) {
    const ends = segments.map((_, n) => segments[n + 1]?.baseOffset ?? closed.logEndOffset)
    if (!segments.every((segment, n) => segment.aborted.isSound(ends[n]!))) return null
    if (segments.reduce((sum, { aborted }) => sum + aborted.count, 0) !== closed.asLeft.abortedCount) return null
  }
  for (const segment of segments.slice(0, -1)) segment.markSealed()
  const epochs = new LeaderEpochs()
  for (const { epoch, start } of closed.asLeft.epochs) epochs.assign(epoch, start)
  return {
    segments,
    damaged: damagedRanges(names),
    epochs,
    logStartOffset: Math.max(closed.logStartOffset, segments[0]!.baseOffset),
    logEndOffset: closed.logEndOffset,
    unsyncedPaths: [],
    isSalvaged: false,
    abortedFrom: null,
  }
}

/**
 * Turns what lies in a partition's directory back into a log. After a clean shutdown only the last few KiB are looked at;
 * after anything else every batch from the recovery point on is verified by its checksum. What lies below the recovery point
 * was synced before the point was written and is trusted.
 *
 * Where a batch is not whole, either a write did not get to the disk (the log is cut there: nothing of it was acknowledged),
 * or the disk has changed what was there (salvage.ts: nothing is thrown away). It is damage for certain below the recovery
 * point, and everywhere when only the process died and the system that held its writes lived on.
 */
import { asBuffer } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { baseOffset, lastOffset, leaderEpoch, maxTimestamp } from '../../protocol/records/batch.js'
import type { StorageLog } from '../types.js'
import { type BatchVisitor, HeaderScanner, walkBatches } from './header-scanner.js'
import { LeaderEpochs, leaderEpochFile } from './leader-epochs.js'
import { claimedEnd, copyRange, type DamagedRange, damagedRanges, findBatch, segmentOfRest, setDamageAside } from './salvage.js'
import { Segment, type SegmentHome, segmentFileName } from './segment.js'

export interface RecoveryInput {
  readonly home: SegmentHome
  readonly wasClosedCleanly: boolean
  readonly recoveryPoint: Offset
  /** Checkpointed start of the log. */
  readonly logStartOffset: Offset
  /** Every start above 0 was checkpointed before segments went. */
  readonly isStartKnown: boolean
  /** Every write that was made can still be read: the machine was up all the time since. */
  readonly keepsWrites: boolean
  /** Below, compaction may have left holes between segments; null when there was none. */
  readonly cleanedTo: Offset | null
  readonly indexIntervalBytes: number
  readonly nowMs: number
  readonly log: StorageLog
}

export interface RecoveredLog {
  readonly segments: Segment[]
  /** Offsets that cannot be read. */
  readonly damaged: readonly DamagedRange[]
  readonly epochs: LeaderEpochs
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  /** Files whose bytes are sound but perhaps not yet on stable storage. */
  readonly unsyncedPaths: readonly string[]
}

const segmentName = /^(\d{20})\.(log|index|timeindex|txnindex)$/

export async function recoverLog(input: RecoveryInput): Promise<RecoveredLog> {
  const { home, log } = input
  const epochs = new LeaderEpochs()
  const epochPath = `${home.folder}/${leaderEpochFile}`
  const epochBytes = home.files.readWhole(epochPath)
  const epochText = epochBytes === null ? null : asBuffer(epochBytes).toString()
  if (epochText !== null) epochs.load(epochText)
  let segments = listSegments(input)
  const unsyncedPaths: string[] = []

  if (!input.wasClosedCleanly && isFrontLost(segments, input)) {
    log.warn('log begins with a segment that is not its first: nothing of it was ever synced', { folder: home.folder })
    for (const segment of segments.splice(0)) segment.remove()
    unsyncedPaths.push(home.folder)
  }
  if (epochs.count === 0) for (const segment of segments) noteFirstEpoch(segment, input, epochs)

  // 1. The end of the log: quickly when it was closed in order, else by checksum.
  let logEndOffset = segments.length === 0 ? input.logStartOffset : -1
  if (segments.length > 0 && input.wasClosedCleanly) logEndOffset = cleanEnd(segments.at(-1)!, input, epochs)
  if (logEndOffset < 0) logEndOffset = await scan(segments, input, epochs, unsyncedPaths)

  // 2. The start: a trimmed log whose end was lost begins anew where it was trimmed.
  let logStartOffset = Math.max(input.logStartOffset, segments[0]?.baseOffset ?? 0)
  if (segments.length > 0 && logStartOffset > logEndOffset) {
    log.warn('log ends before its start offset: it begins anew there', { folder: home.folder, logStartOffset, logEndOffset })
    for (const segment of segments) segment.remove()
    segments = []
    logEndOffset = logStartOffset
  }
  if (segments.length === 0) {
    logStartOffset = logEndOffset
    segments.push(new Segment(home, logEndOffset, null, input.nowMs, 0))
  }

  // 3. What the epoch file says about offsets that are no more there.
  const isChanged = epochs.truncateFrom(logEndOffset)
  if (isChanged || (epochs.count > 0 && epochText !== epochs.toText())) {
    home.files.writeWhole(epochPath, epochs.toText())
    unsyncedPaths.push(epochPath)
  }
  const damaged = damagedRanges(home.files.list(home.folder))
  return { segments, damaged, epochs, logStartOffset, logEndOffset, unsyncedPaths }
}

/** Whether the system had written a later segment and not the first when the power failed. */
function isFrontLost(segments: readonly Segment[], { isStartKnown, logStartOffset, recoveryPoint }: RecoveryInput): boolean {
  const first = segments[0]?.baseOffset ?? 0
  return isStartKnown && first > logStartOffset && first > recoveryPoint
}

/** Segments in order, sealed but for the last; leftovers of deletions and indexes without a log are removed. */
function listSegments({ home, nowMs, log }: RecoveryInput): Segment[] {
  const bases = new Set<string>()
  const names = home.files.list(home.folder)
  for (const name of names) {
    const match = segmentName.exec(name)
    if (match?.[2] === 'log') bases.add(match[1]!)
    else if (name.endsWith('.deleted') || name.endsWith('.cleaned') || name.endsWith('.tmp'))
      home.files.remove(`${home.folder}/${name}`)
  }
  for (const name of names) {
    const match = segmentName.exec(name)
    if (match === null || bases.has(match[1]!)) continue
    log.warn('removed an index without a log', { file: `${home.folder}/${name}` })
    home.files.remove(`${home.folder}/${name}`)
  }
  const segments = [...bases].sort().map(base => {
    return new Segment(home, Number(base), home.files.sizeOf(`${home.folder}/${base}.log`) ?? 0, nowMs, 0)
  })
  for (const segment of segments.slice(0, -1)) segment.markSealed()
  return segments
}

/** End of a log that was closed in order; -1 when the last segment does not look like that. */
function cleanEnd(active: Segment, input: RecoveryInput, epochs: LeaderEpochs): Offset {
  const { size } = active
  const end = rescan(active, Number.MAX_SAFE_INTEGER, 'headers', input, epochs)
  if (active.size === size) return end
  input.log.warn('a log closed in order does not end with a batch: its last segment is verified', { file: active.logPath })
  active.size = size
  return -1
}

/** Verifies every segment from the one that holds the recovery point on; answers the end of the log. */
async function scan(segments: Segment[], input: RecoveryInput, epochs: LeaderEpochs, unsyncedPaths: string[]): Promise<Offset> {
  const { home, recoveryPoint } = input
  let end: Offset = 0
  let first = segments.length - 1
  // A segment that ends with the recovery point may have been sealed after that was written: its last time may be missing.
  while (first > 0 && segments[first]!.baseOffset >= recoveryPoint) first--
  for (let n = first; n < segments.length; n++) {
    const segment = segments[n]!
    const { size } = segment
    end = rescan(segment, recoveryPoint, 'whole', input, epochs)
    const isCut = segment.size < size
    const next = segments[n + 1]
    if (isCut || (next !== undefined && isHole(end, next.baseOffset, input))) {
      const isKept = (input.keepsWrites || end < recoveryPoint) && (await salvage(segments, n, size, end, input))
      if (!isKept) cut(segments, n, size, end, input)
      if (isCut) segment.cutFile()
      // What was removed must not come back behind what is written from now on.
      unsyncedPaths.push(home.folder)
    }
    if (n < segments.length - 1) segment.seal()
    else segment.flushIndexes()
    unsyncedPaths.push(segment.logPath)
  }
  return end
}

/** Ends the log with the n-th segment. Whole batches that are lost by that stay in files that say so. */
function cut(segments: Segment[], n: number, size: number, end: Offset, { home, log }: RecoveryInput): void {
  const segment = segments[n]!
  const later = segments.splice(n + 1)
  const rest = { from: segment.size, to: size }
  const hasBatches = findBatch(home.files, segment.fd, rest, end, Number.MAX_SAFE_INTEGER) !== null
  const asides = later.filter(one => one.size > 0).map(one => one.baseOffset)
  if (hasBatches) copyRange(home.files, segment.fd, rest, cutPath(home, end))
  for (const one of later) {
    if (one.size > 0 && !(hasBatches && one.baseOffset === end)) home.files.rename(one.logPath, cutPath(home, one.baseOffset))
    one.remove()
  }
  log.warn('log cut after its last whole batch', {
    file: segment.logPath,
    logEndOffset: end,
    bytesCut: size - segment.size,
    segmentsRemoved: later.length,
    ...(hasBatches || asides.length > 0 ? { wholeBatchesBehindIt: 'kept in .cut files' } : {}),
  })
}

function cutPath(home: SegmentHome, offset: Offset): string {
  return `${home.folder}/${segmentFileName(offset)}.cut`
}

/** Keeps everything but the damaged bytes; false when there is none: the end of the log was torn off. */
async function salvage(segments: Segment[], n: number, size: number, end: Offset, input: RecoveryInput): Promise<boolean> {
  const { home, log, recoveryPoint, nowMs } = input
  const segment = segments[n]!
  const next = segments[n + 1]
  const rest = { from: segment.size, to: size }
  const found = findBatch(home.files, segment.fd, rest, end, next?.baseOffset ?? Number.MAX_SAFE_INTEGER)
  const claimed = claimedEnd(home.files, segment.fd, rest.from, rest.to, end)
  // 1. Which offsets are gone. What was durable once is not given to others.
  const to = found?.baseOffset ?? next?.baseOffset ?? Math.max(claimed ?? end, Math.min(recoveryPoint, Number.MAX_SAFE_INTEGER))
  if (to === end) return false
  const damaged = { from: rest.from, to: found?.position ?? rest.to }
  const path = await setDamageAside(home, segment.fd, damaged, { from: end, to })
  // 2. What is behind them.
  if (found !== null) {
    await segmentOfRest(home, segment.fd, { from: found.position, to: rest.to }, to)
    const isThere = next?.baseOffset === to
    segments.splice(n + 1, isThere ? 1 : 0, new Segment(home, to, rest.to - found.position, nowMs, 0))
  } else if (next === undefined) {
    // Its name alone says from now on where the log ends.
    const empty = new Segment(home, to, null, nowMs, 0)
    empty.create()
    segments.push(empty)
  }
  log.error('the log is damaged: records cannot be read until the file is deleted that holds what is left of them', {
    file: path,
    firstOffset: end,
    lastOffset: to - 1,
    bytes: damaged.to - damaged.from,
  })
  return true
}

/**
 * Whether records are missing between the end of a segment and the start of the next: the system had written the second one
 * and not the end of the first when the power failed. Compaction leaves such gaps too.
 */
function isHole(end: Offset, nextStart: Offset, { recoveryPoint, cleanedTo }: RecoveryInput): boolean {
  return end < nextStart && nextStart > recoveryPoint && nextStart > (cleanedTo ?? 0)
}

/**
 * Goes through one segment from the last index entry that is known to be right and lies below `trustedBefore`; answers the
 * offset after its last batch.
 */
function rescan(
  segment: Segment,
  trustedBefore: Offset,
  needs: 'headers' | 'whole',
  input: RecoveryInput,
  epochs: LeaderEpochs,
): Offset {
  let end = segment.baseOffset
  if (segment.size > 0) loadFirstTimestamp(segment, input)
  const place = trustedPlace(segment, trustedBefore, input)
  segment.rebuild(input.indexIntervalBytes, place.position, place.offset, needs, (bytes, at) => {
    end = lastOffset(bytes, at) + 1
    epochs.assign(leaderEpoch(bytes, at), baseOffset(bytes, at))
    return true
  })
  return end
}

function trustedPlace(segment: Segment, trustedBefore: Offset, { home }: RecoveryInput): { position: number; offset: Offset } {
  const start = { position: 0, offset: segment.baseOffset }
  if (trustedBefore <= segment.baseOffset || segment.size === 0 || !segment.tryLoadIndexes()) return start
  const { offsets } = segment
  let n = offsets.count - 1
  while (n >= 0 && offsets.offsetAt(n) >= trustedBefore) n--
  if (n < 0) return start
  const scanner = new HeaderScanner(home.files)
  const position = offsets.positionAt(n)
  if (!scanner.holdsBatch(segment.fd, position, segment.size) || scanner.lastOffset !== offsets.offsetAt(n)) return start
  return { position, offset: scanner.baseOffset }
}

/** For a log whose epoch file is lost. */
function noteFirstEpoch(segment: Segment, { home }: RecoveryInput, epochs: LeaderEpochs): void {
  if (segment.size === 0) return
  walkBatches(home.files, segment.fd, 0, segment.size, 'headers', (bytes, at) => {
    epochs.assign(leaderEpoch(bytes, at), baseOffset(bytes, at))
    return false
  })
}

function loadFirstTimestamp(segment: Segment, { home }: RecoveryInput): void {
  walkBatches(home.files, segment.fd, 0, segment.size, 'headers', (bytes, at) => {
    segment.firstTimestamp = maxTimestamp(bytes, at)
    return false
  })
}

/** Shows the headers of all batches from the one that holds `from` to the end of the log, in order. */
export function replayHeaders(home: SegmentHome, segments: readonly Segment[], from: Offset, visit: BatchVisitor): void {
  const scanner = new HeaderScanner(home.files)
  segments.forEach((segment, n) => {
    const next = segments[n + 1]
    if (segment.size === 0 || (next !== undefined && next.baseOffset <= from)) return
    const isWhole = from <= segment.baseOffset
    if (!isWhole && !scanner.find(segment.fd, from, segment.offsets.floorPosition(from), segment.size)) return
    walkBatches(home.files, segment.fd, isWhole ? 0 : scanner.position, segment.size, 'headers', visit)
  })
}

/**
 * Turns what lies in a partition's directory back into a log. After a clean shutdown only the last few KiB are looked at;
 * after anything else every batch from the recovery point on is verified by its checksum. What lies below the recovery point
 * was synced before the point was written and is trusted.
 *
 * Where a batch is not whole, either a write did not get to the disk (the log is cut there: nothing of it was acknowledged),
 * or the disk has changed what was there (salvage.ts: nothing is thrown away). It is damage for certain below the recovery
 * point, and everywhere when only the process died and the system that held its writes lived on. After a power cut, and above
 * the recovery point, it is damage when batches are all there that follow, and no sector in between reads as zeros, as one
 * does that was never written.
 */
import { asBuffer, type Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { baseOffset, isControl, lastOffset, leaderEpoch, maxTimestamp, producerId } from '../../protocol/records/batch.js'
import { CorruptLogError } from '../engine.js'
import { DiskFailure } from '../files.js'
import { HeaderScanner, walkBatches } from '../format/header-scanner.js'
import { LeaderEpochs, leaderEpochFile } from '../format/leader-epochs.js'
import { EpochLabels, type LabelledLog } from './epoch-labels.js'
import {
  copyRange,
  cutPath,
  type Damage,
  type DamagedRange,
  DamageSearch,
  damagedPath,
  damagedRanges,
  makeSegmentFile,
  type Range,
  type SoundRun,
} from './salvage.js'
import { Segment } from './segment.js'
import type { SegmentHome } from './segment-home.js'

export interface RecoveryInput extends LabelledLog {
  /** A read found that the log is damaged: it is verified from its first batch on, whatever else is known. */
  readonly verifiesAll: boolean
  readonly recoveryPoint: Offset
  /** Checkpointed start of the log. */
  readonly logStartOffset: Offset
  /** Every start above 0 was checkpointed before segments went. */
  readonly isStartKnown: boolean
  /** Below, compaction may have left holes between segments; null when there was none. */
  readonly cleanedTo: Offset | null
  /** Of a log that was closed in order: aborted transactions in its indexes; null when that is not known. */
  readonly abortedCount: number | null
  readonly indexIntervalBytes: number
  readonly nowMs: number
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
  /** New damage was found. */
  readonly isSalvaged: boolean
  /** Which transactions are aborted by markers from here on is to be read from the log; null: the indexes say it. */
  readonly abortedFrom: Offset | null
}

const segmentName = /^(\d{20})\.(log|index|timeindex|txnindex)$/

export async function recoverLog(input: RecoveryInput): Promise<RecoveredLog> {
  const { home, log } = input
  const epochs = new LeaderEpochs()
  const epochPath = `${home.folder}/${leaderEpochFile}`
  const epochBytes = home.files.readWhole(epochPath)
  const epochText = epochBytes === null ? null : asBuffer(epochBytes).toString()
  if (epochText !== null) epochs.load(epochText)
  const segments = listSegments(input)
  const unsyncedPaths: string[] = []

  if (!input.wasClosedCleanly && isFrontLost(segments, input)) {
    log.warn('the first segment of a log is missing: nothing of it was ever synced', { folder: home.folder })
    for (const segment of segments.splice(0)) segment.remove()
    unsyncedPaths.push(home.folder)
  }
  const hasEpochs = epochs.count > 0
  if (!hasEpochs) for (const segment of segments) noteFirstEpoch(segment, input, epochs)

  // 1. The end of the log: quickly when it was closed in order, else by checksum.
  const scan = new Scan(input, segments, new EpochLabels(input, epochs, hasEpochs), unsyncedPaths)
  let logEndOffset = segments.length === 0 ? input.logStartOffset : -1
  if (segments.length > 0 && input.wasClosedCleanly && !input.verifiesAll) logEndOffset = scan.cleanEnd()
  if (logEndOffset < 0) logEndOffset = await scan.run()

  // 2. The start: a trimmed log whose end was lost starts empty where it was trimmed.
  let logStartOffset = Math.max(input.logStartOffset, segments[0]?.baseOffset ?? 0)
  if (segments.length > 0 && logStartOffset > logEndOffset) {
    log.warn('the log ends before its start offset; starting empty at that offset', {
      folder: home.folder,
      logStartOffset,
      logEndOffset,
    })
    for (const segment of segments.splice(0)) {
      // Deleted records may go. Kafka's checkpoint has no checksum, so it is not known whether they were deleted.
      if (input.isStartKnown) segment.remove()
      else removeToCut(segment, home)
    }
    // Their files are gone, and must not come back beside what is written from now on.
    unsyncedPaths.splice(0, unsyncedPaths.length, home.folder)
    logEndOffset = logStartOffset
  }
  if (segments.length === 0) {
    logStartOffset = logEndOffset
    segments.push(new Segment(home, logEndOffset, null, input.nowMs, 0))
  }

  // 3. What the epoch file says about offsets that are no more there, or of batches that say something else.
  let isChanged = epochs.truncateFrom(logEndOffset)
  if (!agreesWithLog(epochs, input, segments)) {
    log.warn('rebuilt damaged leader epochs from the log', { folder: home.folder })
    epochs.truncateFrom(0)
    for (const segment of segments) noteEpochs(segment, input, epochs)
    isChanged = true
  }
  if (isChanged || (epochs.count > 0 && epochText !== epochs.toText())) {
    writeEpochs(input, epochs, unsyncedPaths)
  }
  const damaged = damagedRanges(home.files.list(home.folder))
  const abortedFrom = abortedToRead(input, segments, scan, logEndOffset)
  return { segments, damaged, epochs, logStartOffset, logEndOffset, unsyncedPaths, isSalvaged: scan.isSalvaged, abortedFrom }
}

/** Where the transaction indexes begin to be wrong, or may be: behind the recovery point, and where one is missing or unsound. */
function abortedToRead(input: RecoveryInput, segments: readonly Segment[], scan: Scan, logEndOffset: Offset): Offset | null {
  const { home, abortedCount, log } = input
  const ends = segments.map((_, n) => segments[n + 1]?.baseOffset ?? logEndOffset)
  const unsound = segments.find((segment, n) => !segment.aborted.isSound(ends[n]!))
  const count = abortedCount === null || unsound !== undefined ? null : segments.reduce((sum, one) => sum + one.aborted.count, 0)
  const isIncomplete = count !== null && count !== abortedCount
  if (unsound !== undefined || isIncomplete) {
    log.warn('rebuilt missing or damaged transaction indexes from the log', { folder: home.folder })
  }
  const wrongFrom = isIncomplete ? segments[0] : unsound
  // A log that was found damaged may have been so because of an index.
  const readFrom = scan.isSalvaged || input.verifiesAll ? scan.firstMarker : scan.firstNewMarker
  const from = Math.min(wrongFrom?.baseOffset ?? logEndOffset, readFrom ?? logEndOffset)
  return from < logEndOffset ? from : null
}

/** A full disk keeps the old file, of which the next start will think the same. */
function writeEpochs({ home }: RecoveryInput, epochs: LeaderEpochs, unsyncedPaths: string[]): void {
  const { files, folder } = home
  const path = `${folder}/${leaderEpochFile}`
  try {
    files.writeWhole(`${path}.tmp`, epochs.toText())
    files.rename(`${path}.tmp`, path)
    unsyncedPaths.push(path, folder)
  } catch (error) {
    if (!(error instanceof DiskFailure && error.kind === 'full')) throw error
  }
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
    log.warn('removed an index without a log file', { file: `${home.folder}/${name}` })
    home.files.remove(`${home.folder}/${name}`)
  }
  const segments = [...bases].sort().map(base => {
    const segment = new Segment(home, Number(base), home.files.sizeOf(`${home.folder}/${base}.log`) ?? 0, nowMs, 0)
    if (names.includes(`${base}.txnindex`)) segment.aborted.noteFile()
    return segment
  })
  for (const segment of segments.slice(0, -1)) segment.markSealed()
  return segments
}

/** Takes a segment out of a log; the batches in it stay in a file that says where they were. */
function removeToCut(segment: Segment, { files, folder }: SegmentHome): void {
  if (segment.size > 0) files.rename(segment.logPath, cutPath(folder, segment.baseOffset))
  segment.remove()
}

/** One look at all that has to be looked at of a log. */
class Scan {
  isSalvaged = false
  /** The first end of a transaction that was seen, and the first one behind the recovery point. */
  firstMarker: Offset | null = null
  firstNewMarker: Offset | null = null
  readonly #input: RecoveryInput
  readonly #segments: Segment[]
  readonly #labels: EpochLabels
  readonly #unsyncedPaths: string[]
  readonly #damaged: DamagedRange[]

  constructor(input: RecoveryInput, segments: Segment[], labels: EpochLabels, unsyncedPaths: string[]) {
    const { files, folder } = input.home
    this.#input = input
    this.#segments = segments
    this.#labels = labels
    this.#unsyncedPaths = unsyncedPaths
    this.#damaged = damagedRanges(files.list(folder))
  }

  /** End of a log that was closed in order; -1 when its last segment does not look like that. */
  cleanEnd(): Offset {
    const active = this.#segments.at(-1)!
    const { size } = active
    const end = this.#rescan(active, Number.MAX_SAFE_INTEGER, undefined)
    this.#labels.finish()
    if (active.size === size && (this.#promised === 0 || end === this.#promised)) return end
    this.#input.log.warn('a cleanly closed log does not end where it did; verifying its last segment', { file: active.logPath })
    active.size = size
    return -1
  }

  /** Verifies every segment from the one that holds the recovery point on; answers the end of the log. */
  async run(): Promise<Offset> {
    const { home, recoveryPoint, verifiesAll } = this.#input
    const segments = this.#segments
    const trustedBefore = verifiesAll ? 0 : recoveryPoint
    let end: Offset = 0
    let first = segments.length - 1
    // A segment that ends with the recovery point may have been sealed after that was written: its last time may be missing.
    while (first > 0 && segments[first]!.baseOffset >= trustedBefore) first--
    for (let n = first; n < segments.length; n++) {
      const segment = segments[n]!
      const { size } = segment
      end = this.#rescan(segment, trustedBefore, segments[n + 1])
      if (segment.size < size || this.#lacksEnd(end, segments[n + 1])) {
        await this.#repair(n, size, end)
        // What was removed must not come back behind what is written from now on.
        this.#unsyncedPaths.push(home.folder)
      }
      segment.putIndexesAway(n === segments.length - 1)
      this.#unsyncedPaths.push(segment.logPath)
    }
    this.#labels.finish()
    return end
  }

  #noteMarker(offset: Offset): void {
    this.firstMarker ??= offset
    if (offset >= this.#promised) this.firstNewMarker ??= offset
  }

  /** Up to here the log was on stable storage once. Kafka's checkpoint has no checksum that would show a wrong number. */
  get #promised(): Offset {
    return this.#input.isStartKnown ? this.#input.recoveryPoint : 0
  }

  /** Whether records are missing behind a segment that ends with `end`. */
  #lacksEnd(end: Offset, next: Segment | undefined): boolean {
    if (next !== undefined) return this.#isHole(end, next.baseOffset)
    return Math.max(end, this.#input.logStartOffset) < this.#promised
  }

  /**
   * Whether records are missing between the end of a batch and the start of the next. Compaction leaves such gaps too, and so
   * does damage that is known.
   */
  #isHole(end: Offset, nextStart: Offset): boolean {
    const { recoveryPoint, cleanedTo, isStartKnown, logStartOffset } = this.#input
    // What lies below the start is on its way out, some of it is gone.
    if (nextStart <= logStartOffset) return false
    // Kafka compacts without saying so first.
    if (!isStartKnown || end >= nextStart || nextStart <= recoveryPoint || nextStart <= (cleanedTo ?? 0)) return false
    let from = end
    for (const range of this.#damaged) if (range.from <= from && range.to > from) from = range.to
    return from < nextStart
  }

  /**
   * Goes through one segment from the last index entry that is known to be right and lies below `trustedBefore`; answers the
   * offset after its last batch.
   */
  #rescan(segment: Segment, trustedBefore: Offset, next: Segment | undefined): Offset {
    const { home, indexIntervalBytes } = this.#input
    const { size } = segment
    if (size > 0) loadFirstTimestamp(segment, this.#input)
    const place = placeToBegin(segment, trustedBefore, this.#input)
    const knownEnd = this.#input.wasClosedCleanly && this.#promised > 0 ? this.#promised : Number.MAX_SAFE_INTEGER
    const endMax = next?.baseOffset ?? knownEnd
    let end = place.offset
    /** The latest batch, when offsets are missing before it. */
    let doubtful: { readonly position: number; readonly end: Offset } | null = null
    const walk = (): void => {
      end = place.offset
      segment.rebuild(indexIntervalBytes, place.position, place.offset, 'whole', (bytes, at, position) => {
        const base = baseOffset(bytes, at)
        const last = lastOffset(bytes, at)
        if (last >= endMax || this.#isHole(end, base)) return false
        doubtful = base > end ? { position, end } : null
        end = last + 1
        this.#labels.see(segment, bytes, at, position)
        if (isControl(bytes, at) && producerId(bytes, at) >= 0) this.#noteMarker(base)
        return true
      })
    }
    walk()
    // The base offset has no checksum. Where the next batch says that one was too large, that one is damaged, and not the next.
    const doubt = doubtful as { readonly position: number; readonly end: Offset } | null
    if (segment.size < size && doubt !== null) {
      const search = new DamageSearch(home.files, segment.fd, size, endMax, () => true)
      const start = search.startOfRunAt(segment.size, doubt.end)
      if (start !== null && start < end) {
        segment.size = doubt.position
        walk()
      }
    }
    return end
  }

  /** The n-th segment is a row of batches up to `end` and no further: sets damage aside, cuts off what was torn. */
  async #repair(n: number, size: number, end: Offset): Promise<void> {
    const { home } = this.#input
    const segment = this.#segments[n]!
    segment.retain()
    try {
      const made = await this.#damagesIn(n, size, end)
      this.#segments.splice(n + 1, 0, ...made)
      // Now the rest can go from where it was.
      if (segment.size < size) segment.cutFile()
      if (!this.isSalvaged) return
      await home.files.syncPath(segment.logPath)
      await home.files.syncPath(home.folder)
    } finally {
      segment.release()
    }
  }

  /** Answers the segments that were made of what is behind the damage. */
  async #damagesIn(n: number, size: number, startEnd: Offset): Promise<Segment[]> {
    const { home, nowMs } = this.#input
    const segment = this.#segments[n]!
    const next = this.#segments[n + 1]
    const { fd } = segment
    const offsetMax = next?.baseOffset ?? segment.baseOffset + relativeOffsetMax
    const search = new DamageSearch(home.files, fd, size, offsetMax, (before, base) => !this.#isHole(before, base))
    const runs: SoundRun[] = []
    let position = segment.size
    let end = startEnd
    // 1. Damage, and the batches behind it, as often as there is some.
    while (position < size || this.#lacksEnd(end, next)) {
      const damage = search.damageAt(position, end)
      const isKnown = this.#damaged.some(({ from }) => from === damage.offsets.from)
      if (!isKnown && !this.#isCertain(damage, search, next)) break
      const { run } = damage
      const to = run?.baseOffset ?? next?.baseOffset ?? Math.max(damage.offsets.to, this.#promised)
      // Where nothing is found behind it, all that is left goes with the damage.
      await this.#setAside(segment, { from: position, to: run?.from ?? size }, { from: end, to })
      position = run?.to ?? size
      end = run?.endOffset ?? to
      if (run !== null) runs.push(run)
    }
    if (position < size || this.#lacksEnd(end, next)) await this.#cutOff(n, { from: position, to: size }, end)
    // 2. The batches behind it become segments, the last one first: a repair that is interrupted finds what is left to do.
    for (const run of runs.toReversed()) await makeSegmentFile(home, fd, run)
    const made = runs.map(run => new Segment(home, run.baseOffset, run.to - run.from, nowMs, 0))
    const madeEnd = runs.at(-1)?.endOffset ?? startEnd
    if (next === undefined && end > madeEnd) {
      // Its name alone says from now on where the log ends.
      const empty = new Segment(home, end, null, nowMs, 0)
      empty.create()
      made.push(empty)
    }
    return made
  }

  /** Whether something was there and is damaged, rather than never written. */
  #isCertain({ bytes, offsets, run, isBounded }: Damage, search: DamageSearch, next: Segment | undefined): boolean {
    const { keepsWrites, recoveryPoint } = this.#input
    if (offsets.from < recoveryPoint) return true
    if (!isBounded) return keepsWrites && next !== undefined
    return keepsWrites || run?.from === bytes.from || !search.hasUnwrittenSector(bytes)
  }

  /** Brings damaged bytes into a file whose name says which offsets are missing. Synced when it resolves. */
  async #setAside(segment: Segment, bytes: Range, offsets: DamagedRange): Promise<void> {
    const { home, log } = this.#input
    const path = damagedPath(home.folder, offsets)
    copyRange(home.files, segment.fd, bytes, path)
    await home.files.syncPath(path)
    await home.files.syncPath(home.folder)
    this.#damaged.push(offsets)
    this.isSalvaged = true
    log.error('the log is damaged: these records cannot be read; their bytes were moved to the file', {
      file: path,
      firstOffset: offsets.from,
      lastOffset: offsets.to - 1,
      bytes: bytes.to - bytes.from,
    })
  }

  /** Ends the log with the n-th segment. Whole batches that are lost by that stay in files that say so. */
  async #cutOff(n: number, rest: Range, end: Offset): Promise<void> {
    const { home, log } = this.#input
    const { files, folder } = home
    const segment = this.#segments[n]!
    const later = this.#segments.splice(n + 1)
    const search = new DamageSearch(files, segment.fd, rest.to, Number.MAX_SAFE_INTEGER, () => true)
    const hasBatches = search.findRun(rest.from, end) !== null
    const keepsSome = hasBatches || later.some(one => one.size > 0)
    // A segment that begins there has the same batches.
    if (hasBatches && !later.some(one => one.size > 0 && one.baseOffset === end)) {
      copyRange(files, segment.fd, rest, cutPath(folder, end))
      await files.syncPath(cutPath(folder, end))
    }
    for (const one of later) removeToCut(one, home)
    log.warn('truncated the log after its last complete batch', {
      file: segment.logPath,
      logEndOffset: end,
      bytesCut: rest.to - rest.from,
      segmentsRemoved: later.length,
      ...(keepsSome ? { wholeBatchesBehindIt: 'kept in .cut files' } : {}),
    })
  }
}

const relativeOffsetMax = 0x7fff_ffff

interface Place {
  readonly position: number
  readonly offset: Offset
}

/** Where verification of a segment begins: at its start, or at an entry of its index below `trustedBefore`. */
function placeToBegin(segment: Segment, trustedBefore: Offset, input: RecoveryInput): Place {
  const start = { position: 0, offset: segment.baseOffset }
  if (Math.max(trustedBefore, input.recoveryPoint) <= segment.baseOffset || segment.size === 0) return start
  const place = trustedBefore > segment.baseOffset ? trustedPlace(segment, trustedBefore, input) : null
  // The next start would trust what a power cut leaves of files that are rewritten in place.
  if (place === null) segment.indexes.distrustFiles()
  return place ?? start
}

/** The last entry below `trustedBefore`, or the start of the segment; null when the index files cannot be believed. */
function trustedPlace(segment: Segment, trustedBefore: Offset, { home }: RecoveryInput): Place | null {
  if (!segment.tryLoadIndexes()) return null
  const { offsets, times } = segment
  let n = offsets.count - 1
  while (n >= 0 && offsets.offsetAt(n) >= trustedBefore) n--
  if (n < 0) return { position: 0, offset: segment.baseOffset }
  const scanner = new HeaderScanner(home.files)
  const position = offsets.positionAt(n)
  if (!scanner.holdsBatch(segment.fd, position, segment.size) || scanner.lastOffset !== offsets.offsetAt(n)) return null
  const place = { position, offset: scanner.baseOffset }
  // The largest time so far is that of the last entry that is kept.
  let kept = times.count - 1
  while (kept >= 0 && times.offsetAt(kept) >= place.offset) kept--
  return kept < 0 || segment.hasTimeEntry(scanner, kept) ? place : null
}

/** For a log whose epoch file is lost. */
function noteFirstEpoch(segment: Segment, { home }: RecoveryInput, epochs: LeaderEpochs): void {
  if (segment.size === 0) return
  walkBatches(home.files, segment.fd, 0, segment.size, 'headers', (bytes, at) => {
    epochs.assign(leaderEpoch(bytes, at), baseOffset(bytes, at))
    return false
  })
}

function noteEpochs(segment: Segment, { home }: RecoveryInput, epochs: LeaderEpochs): void {
  if (segment.size === 0) return
  walkBatches(home.files, segment.fd, 0, segment.size, 'headers', (bytes, at) => {
    epochs.assign(leaderEpoch(bytes, at), baseOffset(bytes, at))
    return true
  })
}

/** Whether the latest epoch began where the file says. It has no checksum, and what it says is told to consumers. */
function agreesWithLog(epochs: LeaderEpochs, { home }: RecoveryInput, segments: readonly Segment[]): boolean {
  const { latest, latestStart } = epochs
  const segment = segments.findLast(one => one.size > 0 && one.baseOffset <= latestStart)
  if (epochs.count === 0 || segment === undefined) return true
  const scanner = new HeaderScanner(home.files)
  try {
    const from = latestStart === segment.baseOffset ? 0 : segment.offsets.floorPosition(latestStart)
    if (!scanner.find(segment.fd, latestStart, from, segment.size)) return true
  } catch (error) {
    // A damaged log says nothing about its epochs.
    if (error instanceof CorruptLogError) return true
    throw error
  }
  let found = -1
  walkBatches(home.files, segment.fd, scanner.position, scanner.position + scanner.length, 'headers', (bytes, at) => {
    found = leaderEpoch(bytes, at)
    return false
  })
  // Compaction may have taken away the batch that began it.
  return scanner.baseOffset > latestStart ? found >= latest : found === latest
}

function loadFirstTimestamp(segment: Segment, { home }: RecoveryInput): void {
  walkBatches(home.files, segment.fd, 0, segment.size, 'headers', (bytes, at) => {
    segment.firstTimestamp = maxTimestamp(bytes, at)
    return false
  })
}

/** Shows all batches from the one that holds `from` to the end of the log, in order. */
export function replayBatches(
  home: SegmentHome,
  segments: readonly Segment[],
  from: Offset,
  visit: (segment: Segment, bytes: Bytes, at: number) => void,
): void {
  const scanner = new HeaderScanner(home.files)
  segments.forEach((segment, n) => {
    const next = segments[n + 1]
    if (segment.size === 0 || (next !== undefined && next.baseOffset <= from)) return
    const isWhole = from <= segment.baseOffset
    if (!isWhole && !scanner.find(segment.fd, from, segment.offsets.floorPosition(from), segment.size)) return
    walkBatches(home.files, segment.fd, isWhole ? 0 : scanner.position, segment.size, 'whole', (bytes, at) => {
      visit(segment, bytes, at)
      return true
    })
  })
}

/**
 * One round of compaction of one log: collects the latest offset of every key in the dirty part, then rewrites every segment
 * up to the end of that part, without the records that a later one replaces. It reads and writes in pieces and lets
 * the event loop go round between slices of a few milliseconds; appends and reads go on meanwhile, because the segments it
 * touches are sealed. It never decides what is worth compacting (rules/compaction.ts) nor what stays of a batch
 * (rules/compaction-filter.ts).
 */
import { assert } from '../../base/assert.js'
import type { Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import { computeCrc, crc, isControl, lastOffset } from '../../protocol/records/batch.js'
import { DecompressedSizeError } from '../../protocol/records/output.js'
import { MalformedError } from '../../protocol/wire.js'
import { type CompactionOrder, type CompactionResult, CorruptLogError } from '../engine.js'
import { DiskFailure, type Files } from '../files.js'
import { walkBatches } from '../format/header-scanner.js'
import { groupSegments } from '../rules/compaction.js'
import { BatchFilter, Kept, RecordReader } from '../rules/compaction-filter.js'
import { KeyOffsets } from '../rules/compaction-keys.js'
import { type AbortedTransaction, CleanedTransactions } from '../rules/compaction-transactions.js'
import type { Segment } from './segment.js'

/** What the log gives for it. */
export interface CompactionHost {
  readonly files: Files
  /** Sealed segments that begin below `end`, in order. */
  segmentsBelow(end: Offset): readonly Segment[]
  /** Aborted transactions with records below `end`; their markers may stand above. */
  abortedBelow(end: Offset): readonly AbortedTransaction[]
  /** Whether records are damaged between the segment before and this one: where readers are told so. */
  followsDamage(segment: Segment): boolean
  /** An empty segment under the suffix `.cleaned`. */
  newCleaned(sources: readonly Segment[]): Segment
  /** False when the log was given up meanwhile. */
  swapIn(cleaned: Segment, sources: readonly Segment[]): Promise<boolean>
}

/** Null when it was cancelled; what was swapped in by then stays. Throws DiskFailure, and CorruptLogError for a damaged log. */
export async function compactLog(host: CompactionHost, order: CompactionOrder): Promise<CompactionResult | null> {
  if (order.isCancelled()) return null
  const aborted = host.abortedBelow(order.end)
  const keys = await collectKeys(host, order, aborted)
  if (keys === null) return null
  const cleanedTo = keys.latestOffset + 1
  assert(cleanedTo > order.firstDirty, 'there is room for one key at least')

  const transactions = new CleanedTransactions(aborted)
  const filter = new BatchFilter({ ...order, keys, transactions })
  const sources = host.segmentsBelow(cleanedTo)
  // Where what is not compacted this time begins.
  const next = host.segmentsBelow(order.end)[sources.length]?.baseOffset ?? order.end
  const groups = groupSegments(sources, next, order.segmentBytes, order.segmentIndexBytes, host.followsDamage)
  let bytesRead = 0
  let bytesWritten = 0
  for (let n = 0; n < groups.length; n++) {
    const group = groups[n]!
    const [following] = groups[n + 1] ?? []
    filter.segmentEnd = following?.baseOffset ?? next
    const cleaned = await cleanGroup(host, order, group, filter, transactions)
    if (cleaned === null) return null
    for (const { size } of group) bytesRead += size
    bytesWritten += cleaned.size
  }
  return {
    ...filter.counts,
    ...{ cleanedTo, bytesRead, bytesWritten, segmentsBefore: sources.length, segmentsAfter: groups.length },
  }
}

/** The latest offset of each key from `firstDirty` on, up to `end` or as far as there is room. */
async function collectKeys(
  host: CompactionHost,
  order: CompactionOrder,
  aborted: readonly AbortedTransaction[],
): Promise<KeyOffsets | null> {
  const { firstDirty, end } = order
  // Offsets in the dirty part have hardly a gap: their number bounds that of the keys.
  const keys = new KeyOffsets(end - firstDirty, order.keyBytesMax, order.keyLoadFactor)
  const transactions = new CleanedTransactions(aborted.filter(({ lastOffset: marker }) => marker >= firstDirty))
  const reader = new RecordReader()
  keys.latestOffset = firstDirty - 1
  const segments = host.segmentsBelow(end)
  for (let n = 0; n < segments.length; n++) {
    const segment = segments[n]!
    const next = segments[n + 1]?.baseOffset ?? end
    if (next <= firstDirty) continue
    let hasRoom = true
    const from = segment.offsets.floorPosition(firstDirty)
    const isDone = await walkInSlices(host.files, segment, from, order, (bytes, at) => {
      const isDropped = transactions.see(bytes, at)
      const last = lastOffset(bytes, at)
      if (last < firstDirty) return true
      const unfit = isDropped || isControl(bytes, at) ? null : putKeys(reader, keys, bytes, at, firstDirty)
      hasRoom = unfit === null
      // One batch may have more keys than there is room for: the next round goes on inside of it.
      keys.latestOffset = unfit === null ? last : Math.max(keys.latestOffset, unfit - 1)
      return hasRoom
    })
    if (!isDone) return null
    if (!hasRoom) break
    // Offsets that nothing has are clean, too.
    keys.latestOffset = next - 1
  }
  return keys
}

/** Answers the offset of the first record for whose key there is no room; null when there is for all. */
function putKeys(reader: RecordReader, keys: KeyOffsets, bytes: Bytes, at: number, firstDirty: Offset): Offset | null {
  try {
    for (reader.open(bytes, at); reader.next(); ) {
      if (reader.keyStart < 0 || reader.offset < firstDirty) continue
      if (!keys.put(reader.records, reader.keyStart, reader.keyEnd, reader.offset)) return reader.offset
    }
  } catch (error) {
    // The batch stays as it is; so do earlier records with its keys.
    if (!(error instanceof MalformedError || error instanceof DecompressedSizeError)) throw error
  }
  return null
}

/** Writes what stays of `sources` into one new segment, and that into their place. Null when cancelled. */
async function cleanGroup(
  host: CompactionHost,
  order: CompactionOrder,
  sources: readonly Segment[],
  filter: BatchFilter,
  transactions: CleanedTransactions,
): Promise<Segment | null> {
  const cleaned = host.newCleaned(sources)
  const kept = new Kept(order.ioBytes)
  cleaned.retain()
  try {
    for (const source of sources) {
      const isDone = await walkInSlices(host.files, source, 0, order, (bytes, at) => {
        // What is rewritten gets a new checksum: a damaged batch must not become a sound one.
        if (crc(bytes, at) !== computeCrc(bytes, at)) throw new CorruptLogError(`${source.logPath}: a batch is damaged`)
        filter.filter(bytes, at, kept)
        if (kept.length >= order.ioBytes) flush(cleaned, kept, order)
        return true
      })
      if (!isDone) return null
    }
    flush(cleaned, kept, order)
    cleaned.sealCleaned(sources.at(-1)!.writtenMs, transactions.stillAborted.splice(0))
    return (await host.swapIn(cleaned, sources)) ? cleaned : null
  } finally {
    cleaned.release()
    // Before the swap it does not belong to the log.
    if (!cleaned.isPlaced) cleaned.remove()
  }
}

function flush(cleaned: Segment, kept: Kept, order: CompactionOrder): void {
  if (kept.length > 0) cleaned.appendBatches(kept.bytes, kept.length, order.indexIntervalBytes)
  kept.length = 0
}

/** Shows every batch of a sealed segment; false when it was cancelled. `visit` answers false to end it. */
async function walkInSlices(
  files: Files,
  segment: Segment,
  from: number,
  { slices, isCancelled }: CompactionOrder,
  visit: (bytes: Bytes, at: number) => boolean,
): Promise<boolean> {
  segment.retain()
  try {
    let position = from
    let isEnded = false
    while (position < segment.size && !isEnded) {
      if (isCancelled()) return false
      let isPaused = false
      position = walkBatches(reading(files), segment.fd, position, segment.size, 'whole', (bytes, at) => {
        if (slices.isOver) isPaused = true
        else isEnded = !visit(bytes, at)
        return !isPaused && !isEnded
      })
      if (isPaused) await slices.next()
      else if (position < segment.size && !isEnded) throw new CorruptLogError(`${segment.logPath}: no batch at ${position}`)
    }
    return !isCancelled()
  } finally {
    segment.release()
  }
}

/** A log that cannot be read is not compacted; that the disk refuses to write is another matter. */
function reading(files: Files): Pick<Files, 'read'> {
  return {
    read(...args) {
      try {
        return files.read(...args)
      } catch (error) {
        throw error instanceof DiskFailure ? new CorruptLogError(error.message, { cause: error }) : error
      }
    },
  }
}

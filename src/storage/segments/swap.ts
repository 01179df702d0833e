/**
 * Puts a compacted segment in the place of those that it was made from, so that a crash at any step leaves the old ones or
 * the new one, and never a log without its records. The steps and names are Kafka's:
 *
 *   1. X.log.cleaned, X.index.cleaned …      written and synced: worth nothing yet
 *   2. X.log.swap, X.index.swap …            complete: from here on recovery finishes what follows
 *   3. X.log.deleted, Y.log.deleted …        the sources leave the log; readers keep what they hold open
 *   4. X.log, X.index …                      the log file last
 *
 * The directory is synced after 2, 3 and 4. An index of a source can so never stand beside the log file of the new segment.
 */
import { assert } from '../../base/assert.js'
import { lastOffset } from '../../protocol/records/batch.js'
import type { Files } from '../files.js'
import { walkBatches } from '../format/header-scanner.js'
import type { Segment } from './segment.js'

/** The log whose segments are exchanged. */
export interface SwapHost {
  readonly files: Files
  readonly folder: string
  readonly isDurable: boolean
  /** Where the sources' files stay for this long, as `.deleted`. */
  readonly deleteDelayMs: number
  /** The partition was deleted or closed: its folder may be another one's by now. */
  isAbandoned(): boolean
  /** Readers use `cleaned` from now on. */
  replace(sources: readonly Segment[], cleaned: Segment): void
}

/** False when the log was given up meanwhile. `cleaned` is complete and sealed; it is the host's from step 3 on. */
export async function swapIn(host: SwapHost, cleaned: Segment, sources: readonly Segment[]): Promise<boolean> {
  const { files, folder, isDurable } = host
  assert(sources[0]?.baseOffset === cleaned.baseOffset, 'a compacted segment begins where its sources began')
  if (isDurable) for (const path of cleaned.paths) await files.syncPath(path)
  if (host.isAbandoned()) return false
  cleaned.rename('.swap')
  if (isDurable) await files.syncPath(folder)
  if (host.isAbandoned()) return false
  host.replace(sources, cleaned)
  for (const source of sources) source.setAside(host.deleteDelayMs)
  if (isDurable) await files.syncPath(folder)
  if (host.isAbandoned()) return false
  cleaned.rename('')
  if (isDurable) await files.syncPath(folder)
  return !host.isAbandoned()
}

const swapName = /^(\d{20})\.log\.swap$/
const segmentName = /^(\d{20})\.(log|index|timeindex|txnindex)$/

/** At start, before the log is looked at: finishes what a crash interrupted between steps 2 and 4. */
export async function completeSwaps(files: Files, folder: string, isDurable: boolean): Promise<void> {
  const names = files.list(folder)
  if (!names.some(name => name.endsWith('.swap'))) return
  const complete = names.map(name => swapName.exec(name)?.[1]).filter(base => base !== undefined)
  // 1. The sources go, their indexes above all.
  for (const base of complete) {
    const end = Math.max(endOf(files, `${folder}/${base}.log.swap`), Number(base) + 1)
    for (const name of names) {
      const source = segmentName.exec(name)?.[1]
      if (source !== undefined && source >= base && Number(source) < end) files.remove(`${folder}/${name}`)
    }
  }
  if (isDurable) await files.syncPath(folder)
  // 2. The new segments take their place. An index without its log file belongs to a swap that was finished.
  for (const base of complete) {
    for (const kind of ['timeindex', 'index', 'txnindex', 'log']) {
      if (names.includes(`${base}.${kind}.swap`)) files.rename(`${folder}/${base}.${kind}.swap`, `${folder}/${base}.${kind}`)
    }
  }
  for (const name of names) {
    if (name.endsWith('.swap') && !complete.includes(name.slice(0, 20))) files.remove(`${folder}/${name}`)
  }
  if (isDurable) await files.syncPath(folder)
}

/** The offset after the last batch in a file. */
function endOf(files: Files, path: string): number {
  const fd = files.open(path, 'read')
  try {
    let end = 0
    walkBatches(files, fd, 0, files.size(fd), 'headers', (bytes, at) => {
      end = lastOffset(bytes, at) + 1
      return true
    })
    return end
  } finally {
    files.close(fd)
  }
}

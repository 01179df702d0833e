/** What the files of a segment are called. */
import type { Offset } from '../../base/ids.js'

/** Under which a segment's files stand while they are not (yet, or any more) part of the log, as in Kafka. */
export type FileSuffix = '' | '.cleaned' | '.swap' | '.deleted'

/** The log file comes last wherever several are renamed: as long as it has its old name, nothing has happened. */
export const fileKinds = ['.timeindex', '.index', '.txnindex', '.log'] as const

/** Kafka's file name of a segment: the first offset that it may hold, in 20 digits. */
export function segmentFileName(baseOffset: Offset): string {
  return String(baseOffset).padStart(20, '0')
}

/** Where the files of a partition's segments live, and what they are called. */
import type { Offset } from '../../base/ids.js'
import type { Files } from '../files.js'
import type { OpenSegments } from './open-segments.js'

/** Under which a segment's files stand while they are not (yet, or any more) part of the log, as in Kafka. */
export type FileSuffix = '' | '.cleaned' | '.swap' | '.deleted'

/** The log file comes last wherever several are renamed: as long as it has its old name, nothing has happened. */
export const fileKinds = ['.timeindex', '.index', '.txnindex', '.log'] as const

/** Kafka's file name of a segment: the first offset that it may hold, in 20 digits. */
export function segmentFileName(baseOffset: Offset): string {
  return String(baseOffset).padStart(20, '0')
}

export interface SegmentHome {
  readonly files: Files
  readonly pool: OpenSegments
  /** The partition's directory. */
  readonly folder: string
  /** Called before the first file is made: an ephemeral partition has no directory until then. */
  readonly prepare: () => void
  /** Removes files once `delayMs` is over; slow readers may have them open. */
  readonly removeAfter: (paths: readonly string[], delayMs: number) => void
}

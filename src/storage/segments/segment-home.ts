/** Where the files of a partition's segments live. */
import type { Files } from '../files.js'
import type { OpenSegments } from './open-segments.js'

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

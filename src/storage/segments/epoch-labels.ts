/**
 * Holds the leader epochs that batches carry against each other while a log is verified. The epoch stands outside of a batch's
 * checksum: a wrong one would not only be shown to readers, who then believe that their log was truncated, it would also be
 * taken for an election. Epochs never go down in a log, so one that its neighbours do not have is damage, and is put right.
 */
import { allocate, type Bytes, viewOf } from '../../base/bytes.js'
import type { LeaderEpoch, Offset } from '../../base/ids.js'
import { baseOffset, leaderEpoch } from '../../protocol/records/batch.js'
import type { LeaderEpochs } from '../format/leader-epochs.js'
import type { StorageLog } from '../types.js'
import type { Segment } from './segment.js'
import type { SegmentHome } from './segment-home.js'

/** Where the epoch stands in a batch. */
const epochAt = 12

/** What is known of the log that is verified. */
export interface LabelledLog {
  readonly home: SegmentHome
  readonly wasClosedCleanly: boolean
  /** Every write that was made can still be read: the machine was up all the time since. */
  readonly keepsWrites: boolean
  readonly log: StorageLog
}

interface Doubtful {
  readonly segment: Segment
  readonly position: number
  readonly offset: Offset
  readonly epoch: LeaderEpoch
  /** What was in force so far. */
  readonly known: LeaderEpoch
}

export class EpochLabels {
  readonly #input: LabelledLog
  readonly #epochs: LeaderEpochs
  /** Whether all epochs were written down before the batches that began them: nothing is lost of what was written. */
  readonly #isComplete: boolean
  #doubtful: Doubtful | null = null

  /** `isFromFile`: the epochs are those that were written down, and not guesses. */
  constructor(input: LabelledLog, epochs: LeaderEpochs, isFromFile: boolean) {
    this.#input = input
    this.#epochs = epochs
    this.#isComplete = isFromFile && (input.keepsWrites || input.wasClosedCleanly)
  }

  /** The next batch of the log. */
  see(segment: Segment, bytes: Bytes, at: number, position: number): void {
    const epoch = leaderEpoch(bytes, at)
    const doubtful = this.#doubtful
    if (doubtful !== null) {
      this.#doubtful = null
      // One batch alone does not begin an epoch and end it.
      if (epoch === doubtful.known) this.#putRight(doubtful)
      else this.#epochs.assign(doubtful.epoch, doubtful.offset)
    }
    const offset = baseOffset(bytes, at)
    const known = this.#epochs.epochAt(offset)
    if (epoch === known) return
    if (known < 0) this.#epochs.assign(epoch, offset)
    else this.#doubtful = { segment, position, offset, epoch, known }
  }

  /** There are no more batches. */
  finish(): void {
    const doubtful = this.#doubtful
    this.#doubtful = null
    if (doubtful === null) return
    if (this.#isComplete || doubtful.epoch < doubtful.known) this.#putRight(doubtful)
    else this.#epochs.assign(doubtful.epoch, doubtful.offset)
  }

  #putRight({ segment, position, offset, epoch, known }: Doubtful): void {
    if (position + epochAt + 4 > segment.size) return
    const bytes = allocate(4)
    viewOf(bytes).setInt32(0, known)
    this.#input.home.files.write(segment.fd, bytes, 0, 4, position + epochAt)
    this.#input.log.warn('corrected the leader epoch of a batch', {
      file: segment.logPath,
      offset,
      epoch,
      leaderEpoch: known,
    })
  }
}

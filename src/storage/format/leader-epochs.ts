/**
 * The leader epochs of one partition and where each began: Kafka's `leader-epoch-checkpoint`. Answers OffsetForLeaderEpoch.
 * Keeps its entries in memory; the owner of the partition's directory writes them.
 */
import type { LeaderEpoch, Offset } from '../../base/ids.js'
import type { EpochEndOffset } from '../types.js'

export const leaderEpochFile = 'leader-epoch-checkpoint'

export class LeaderEpochs {
  // Invariant: epochs and start offsets both strictly increase from entry to entry.
  readonly #epochs: LeaderEpoch[] = []
  readonly #starts: Offset[] = []

  get count(): number {
    return this.#epochs.length
  }
  get latest(): LeaderEpoch {
    return this.#epochs.at(-1) ?? -1
  }

  get entries(): { readonly epoch: LeaderEpoch; readonly start: Offset }[] {
    return this.#epochs.map((epoch, n) => ({ epoch, start: this.#starts[n]! }))
  }

  /** Where the latest epoch began; -1 when there is none. */
  get latestStart(): Offset {
    return this.#starts.at(-1) ?? -1
  }

  /** Notes that `epoch` begins at `start`; false when it is no news. */
  assign(epoch: LeaderEpoch, start: Offset): boolean {
    if (epoch < 0 || epoch <= this.latest) return false
    // An epoch that never wrote anything leaves no trace.
    while ((this.#starts.at(-1) ?? -1) >= start) {
      this.#starts.pop()
      this.#epochs.pop()
    }
    this.#epochs.push(epoch)
    this.#starts.push(start)
    return true
  }

  /** What `toText` says after `assign`; null when that is no news. */
  textWith(epoch: LeaderEpoch, start: Offset): string | null {
    const after = new LeaderEpochs()
    for (const known of this.entries) after.assign(known.epoch, known.start)
    return after.assign(epoch, start) ? after.toText() : null
  }

  /** Forgets epochs that begin at or after `end`. True when something was forgotten. */
  truncateFrom(end: Offset): boolean {
    const before = this.count
    while ((this.#starts.at(-1) ?? -1) >= end) {
      this.#starts.pop()
      this.#epochs.pop()
    }
    return this.count !== before
  }

  /** The epoch in which the record at `offset` was written; -1 when unknown. */
  epochAt(offset: Offset): LeaderEpoch {
    for (let n = this.count - 1; n >= 0; n--) if (this.#starts[n]! <= offset) return this.#epochs[n]!
    return -1
  }

  /** The largest epoch ≤ `epoch` and where the next one began; the latest epoch ends at the end of the log. */
  endOffsetFor(epoch: LeaderEpoch, logEndOffset: Offset): EpochEndOffset {
    if (epoch === -1 || this.count === 0 || epoch > this.latest) return unknownEpoch
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const next = this.#epochs.findIndex(known => known > epoch)
    // Older than all that is known: it ended before the first known one began.
    return { leaderEpoch: next === 0 ? epoch : this.#epochs[next - 1]!, endOffset: this.#starts[next]! }
  }

  toText(): string {
    const lines = this.#epochs.map((epoch, n) => `${epoch} ${this.#starts[n]}\n`)
    return `0\n${this.count}\n${lines.join('')}`
  }

  /** Takes over the entries of a checkpoint file; false when it is not one, and nothing is taken over. */
  load(text: string): boolean {
    const [version, count, ...lines] = text.trimEnd().split('\n')
    if (version !== '0' || Number(count) !== lines.length) return false
    const entries = lines.map(line => line.split(' ').map(Number))
    if (entries.some(entry => entry.length !== 2 || !entry.every(Number.isSafeInteger))) return false
    for (const [epoch, start] of entries) this.assign(epoch!, start!)
    return true
  }
}

const unknownEpoch: EpochEndOffset = { leaderEpoch: -1, endOffset: -1 }

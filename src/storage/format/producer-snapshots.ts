/**
 * The `.snapshot` files of one partition: producer state as of an offset, in the file's name. One is taken at every roll,
 * at checkpoints and at shutdown, so that recovery replays only what came after. A snapshot is a shortcut: a damaged or
 * missing one costs time, never correctness.
 */
import type { Offset } from '../../base/ids.js'
import { MalformedError } from '../../protocol/wire.js'
import type { Files } from '../files.js'
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../rules/producer-snapshot.js'
import { ProducerStates } from '../rules/producers.js'
import { segmentFileName } from './segment-names.js'

const snapshotName = /^(\d{20})\.snapshot$/

export interface ProducersAt {
  readonly states: ProducerStates
  /** What the log holds from here on is not in it yet. */
  readonly offset: Offset
}

export interface LoadedProducers extends ProducersAt {
  readonly hasRemoved: boolean
}

/** Offsets of snapshots, both included. */
export interface UsableSnapshots {
  readonly from: Offset
  readonly to: Offset
}

export class ProducerSnapshots {
  readonly #files: Files
  readonly #folder: string
  /** Offset of the newest one; -1 when there is none. */
  #latest: Offset = -1
  /** Whether that one belongs to a segment's start and stays as long as the segment. */
  #latestStays = true

  constructor(files: Files, folder: string) {
    this.#files = files
    this.#folder = folder
  }

  get latest(): Offset {
    return this.#latest
  }

  /** Writes the state of everything below `offset`, unless that is written already. */
  take(states: ProducerStates, offset: Offset, isSegmentStart: boolean): void {
    if (offset <= this.#latest || offset === 0) return
    this.#files.writeWhole(this.#path(offset), encodeProducerSnapshot(states))
    if (!this.#latestStays) this.#files.remove(this.#path(this.#latest))
    this.#latest = offset
    this.#latestStays = isSegmentStart
  }

  /**
   * The newest sound snapshot that is usable, or the empty state at `start`: an older one knows nothing of batches that
   * are gone, and would take the next one for a gap. What is of no use is removed; `hasRemoved`
   * then asks for a sync of the folder: a snapshot of batches that a crash took must not come back beside those that are
   * written in their place. `isEmptyAtEnd`: it is known that no producer is known at the end, and need not be read.
   */
  load(
    start: Offset,
    { from, to: end }: UsableSnapshots,
    segmentStarts: readonly Offset[],
    names: readonly string[],
    isEmptyAtEnd: boolean,
  ): LoadedProducers {
    let found: { states: ProducerStates; offset: Offset } | null = null
    let hasRemoved = false
    for (const offset of offsetsOf(names).toReversed()) {
      let states: ProducerStates | null = null
      if (found === null && offset >= Math.max(start, from) && offset <= end)
        states = isEmptyAtEnd && offset === end ? new ProducerStates() : this.#read(offset)
      if (states !== null) {
        found = { states, offset }
        this.#latest = offset
        this.#latestStays = segmentStarts.includes(offset)
      } else if (offset > end || found === null || !segmentStarts.includes(offset)) {
        this.#files.remove(this.#path(offset))
        hasRemoved = true
      }
    }
    return { ...(found ?? { states: new ProducerStates(), offset: start }), hasRemoved }
  }

  /** The newest sound one that is usable, or the empty state at `start`. */
  before(start: Offset, { from, to }: UsableSnapshots, names: readonly string[]): ProducersAt {
    for (const offset of offsetsOf(names).toReversed()) {
      const states = offset >= Math.max(start, from) && offset <= to ? this.#read(offset) : null
      if (states !== null) return { states, offset }
    }
    return { states: new ProducerStates(), offset: start }
  }

  /** Removes those of segments that are gone. */
  keepThoseOf(segmentStarts: readonly Offset[]): void {
    for (const known of offsetsOf(this.#files.list(this.#folder))) {
      if (known !== this.#latest && !segmentStarts.includes(known)) this.#files.remove(this.#path(known))
    }
  }

  #read(offset: Offset): ProducerStates | null {
    const bytes = this.#files.readWhole(this.#path(offset))
    if (bytes === null) return null
    try {
      return decodeProducerSnapshot(bytes)
    } catch (error) {
      if (error instanceof MalformedError) return null
      throw error
    }
  }

  #path(offset: Offset): string {
    return `${this.#folder}/${segmentFileName(offset)}.snapshot`
  }
}

function offsetsOf(names: readonly string[]): Offset[] {
  const offsets = names.map(name => snapshotName.exec(name)?.[1]).filter(name => name !== undefined)
  return offsets.map(Number).sort((a, b) => a - b)
}

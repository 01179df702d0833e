/**
 * The transactions of a partition that keep readers of committed records back: those that are open, and those whose marker is
 * not yet below the high watermark. Nothing from the first record of the earliest one on is *stable*.
 */
import type { Offset, ProducerId } from '../../base/ids.js'

export class OpenTransactions {
  /** First offsets, in their order. */
  readonly #open = new Map<ProducerId, Offset>()
  /** Ended, in the order of their markers. */
  readonly #ended: { readonly firstOffset: Offset; readonly marker: Offset }[] = []
  #isSorted = true
  /** The smallest of both; -1 when there is none. */
  #first: Offset = -1

  /** First offset of what is not stable; -1 when all is. */
  get firstUnstable(): Offset {
    return this.#first
  }
  get openCount(): number {
    return this.#open.size
  }

  begin(producerId: ProducerId, firstOffset: Offset): void {
    this.#open.set(producerId, firstOffset)
    if (this.#first < 0 || firstOffset < this.#first) this.#first = firstOffset
  }

  /** Takes one over from a snapshot, which is in no order. */
  load(producerId: ProducerId, firstOffset: Offset): void {
    this.#isSorted = false
    this.begin(producerId, firstOffset)
  }

  end(producerId: ProducerId, marker: Offset): void {
    const firstOffset = this.#open.get(producerId)
    if (firstOffset === undefined) return
    this.#open.delete(producerId)
    this.#ended.push({ firstOffset, marker })
  }

  /** What a reader may see goes up to here: markers below count. */
  reached(highWatermark: Offset): void {
    let count = 0
    while (count < this.#ended.length && this.#ended[count]!.marker < highWatermark) count++
    if (count === 0) return
    this.#ended.splice(0, count)
    this.#first = this.firstOpenBut(-1) ?? -1
    for (const { firstOffset } of this.#ended) if (this.#first < 0 || firstOffset < this.#first) this.#first = firstOffset
  }

  /** Where the earliest open one begins that is not this producer's. */
  firstOpenBut(producerId: ProducerId): Offset | null {
    if (!this.#isSorted) this.#sort()
    for (const [other, firstOffset] of this.#open) if (other !== producerId) return firstOffset
    return null
  }

  #sort(): void {
    const sorted = [...this.#open].sort((a, b) => a[1] - b[1])
    this.#open.clear()
    for (const [producerId, firstOffset] of sorted) this.#open.set(producerId, firstOffset)
    this.#isSorted = true
  }

  clear(): void {
    this.#open.clear()
    this.#ended.length = 0
    this.#first = -1
    this.#isSorted = true
  }
}

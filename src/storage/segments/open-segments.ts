/**
 * Bounds how many segment files a data directory keeps open. The least recently used one that nobody holds gives its
 * descriptor back; a held one is skipped, so the bound may be passed while slices are on their way to clients.
 */
import type { Segment } from './segment.js'

export class OpenSegments {
  readonly #max: number
  // Insertion order is the order of use: a touched segment goes to the end.
  readonly #open = new Set<Segment>()
  #latest: Segment | null = null

  constructor(openSegmentsMax: number) {
    this.#max = openSegmentsMax
  }

  get count(): number {
    return this.#open.size
  }

  touch(segment: Segment): void {
    if (segment === this.#latest) return
    this.#latest = segment
    this.#open.delete(segment)
    this.#open.add(segment)
    if (this.#open.size > this.#max) this.#evictOne(segment)
  }

  forget(segment: Segment): void {
    this.#open.delete(segment)
    if (this.#latest === segment) this.#latest = null
  }

  #evictOne(keep: Segment): void {
    for (const segment of this.#open) {
      if (segment === keep || segment.isHeld) continue
      segment.evict()
      return
    }
  }
}

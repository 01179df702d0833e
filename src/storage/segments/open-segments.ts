/**
 * Bounds how many segment files a data directory keeps open. The least recently used one that is not held gives its
 * descriptor back; a held one is skipped, so the bound may be passed while slices are on their way to clients.
 */
/** What can be opened again when it is needed: a segment. */
export interface Evictable {
  /** It is in use. */
  readonly isHeld: boolean
  /** Gives its descriptor back. */
  evict(): void
}

export class OpenSegments {
  readonly #max: number
  // Insertion order is the order of use: a touched segment goes to the end.
  readonly #open = new Set<Evictable>()
  #latest: Evictable | null = null

  constructor(openSegmentsMax: number) {
    this.#max = openSegmentsMax
  }

  get count(): number {
    return this.#open.size
  }

  touch(segment: Evictable): void {
    if (segment === this.#latest) return
    this.#latest = segment
    this.#open.delete(segment)
    this.#open.add(segment)
    if (this.#open.size > this.#max) this.#evictOne(segment)
  }

  forget(segment: Evictable): void {
    this.#open.delete(segment)
    if (this.#latest === segment) this.#latest = null
  }

  #evictOne(keep: Evictable): void {
    for (const segment of this.#open) {
      if (segment === keep || segment.isHeld) continue
      segment.evict()
      return
    }
  }
}

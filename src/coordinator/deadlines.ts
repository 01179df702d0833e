/**
 * Named deadlines in time order. A heartbeat moves its member's deadline to later thousands of times before it ever
 * fires, so moving to later is free: only the entry's time changes, and its node in the heap stays where it is until it
 * comes to the top, where it is put back at its real time. A node that no longer belongs to its entry is passed over.
 */
interface Entry<Command> {
  atMs: number
  /** Deadlines at the same moment come due in the order in which they were set. */
  order: number
  command: Command
  node: Node<Command>
}

interface Node<Command> {
  readonly key: string
  /** Never later than the entry's time, as long as the node is the entry's. */
  readonly atMs: number
  readonly order: number
  entry: Entry<Command> | null
}

export class Deadlines<Command> {
  readonly #entries = new Map<string, Entry<Command>>()
  #heap: Node<Command>[] = []
  #order = 0

  get size(): number {
    return this.#entries.size
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  set(key: string, atMs: number, command: Command): void {
    const order = this.#order++
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      const node: Node<Command> = { key, atMs, order, entry: null }
      node.entry = { atMs, order, command, node }
      this.#entries.set(key, node.entry)
      this.#push(node)
      return
    }
    entry.command = command
    entry.atMs = atMs
    entry.order = order
    if (atMs < entry.node.atMs) this.#renew(key, entry)
  }

  cancel(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.node.entry = null
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
    this.#heap = []
  }

  /** No deadline is due before this moment; null when there is none. */
  earliestMs(): number | null {
    this.#dropAbandoned()
    return this.#heap[0]?.atMs ?? null
  }

  /** A mark of this moment: `takeDue` leaves alone what is set after it. */
  mark(): number {
    return this.#order
  }

  /**
   * Takes out the next command due at `nowMs` among those set before `mark`. One at a time, because carrying out one may
   * move or cancel the next; with a mark, because a deadline that sets itself again at once must not hold the loop.
   */
  takeDue(nowMs: number, mark: number): Command | null {
    for (;;) {
      this.#dropAbandoned()
      const node = this.#heap[0]
      if (node === undefined || node.atMs > nowMs) return null
      const entry = node.entry as Entry<Command>
      if (entry.atMs > node.atMs) {
        this.#renew(node.key, entry)
      } else {
        if (entry.order >= mark) return null
        this.#pop()
        this.#entries.delete(node.key)
        return entry.command
      }
    }
  }

  /** Puts the entry at its real place; its old node is abandoned. */
  #renew(key: string, entry: Entry<Command>): void {
    entry.node.entry = null
    entry.node = { key, atMs: entry.atMs, order: entry.order, entry }
    this.#push(entry.node)
  }

  #dropAbandoned(): void {
    while (this.#heap.length > 0 && (this.#heap[0] as Node<Command>).entry === null) this.#pop()
  }

  #push(node: Node<Command>): void {
    // Setting and cancelling in turns leaves abandoned nodes behind; they never outnumber the live ones by much.
    if (this.#heap.length > 2 * this.#entries.size + 64) this.#rebuild()
    const heap = this.#heap
    let at = heap.length
    heap.push(node)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(node, heap[parent] as Node<Command>)) break
      heap[at] = heap[parent] as Node<Command>
      at = parent
    }
    heap[at] = node
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Node<Command>
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Node<Command>, heap[child] as Node<Command>)) child++
      if (!isBefore(heap[child] as Node<Command>, last)) break
      heap[at] = heap[child] as Node<Command>
      at = child
    }
    heap[at] = last
  }

  #rebuild(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap.filter(node => node.entry !== null).sort((a, b) => a.atMs - b.atMs || a.order - b.order)
  }
}

function isBefore(a: { atMs: number; order: number }, b: { atMs: number; order: number }): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

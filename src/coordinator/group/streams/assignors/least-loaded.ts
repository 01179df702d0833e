/** A queue whose head has the least load; among equals the one that came first into the group's order. */
export interface Loaded {
  readonly load: number
  readonly order: number
}

export class LeastLoaded<Item extends Loaded> {
  readonly #heap: Item[] = []

  constructor(items: Iterable<Item>) {
    for (const item of items) this.push(item)
  }

  push(item: Item): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(item, heap[parent] as Item)) break
      heap[at] = heap[parent] as Item
      at = parent
    }
    heap[at] = item
  }

  pop(): Item | null {
    const heap = this.#heap
    const [head] = heap
    const last = heap.pop()
    if (head === undefined || last === undefined) return null
    if (heap.length === 0) return head
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Item, heap[child] as Item)) child++
      if (child >= heap.length || !isBefore(heap[child] as Item, last)) break
      heap[at] = heap[child] as Item
      at = child
    }
    heap[at] = last
    return head
  }
}

function isBefore(one: Loaded, other: Loaded): boolean {
  return one.load < other.load || (one.load === other.load && one.order < other.order)
}

/**
 * Requests that wait for partitions to advance: Kafka's purgatory. A waiting request costs a timer and a listener per
 * partition, both gone when it is answered.
 */
import type { World } from '../base/world.js'
import type { Partition } from '../storage/partition.js'

export class Waiting {
  readonly #world: World
  readonly #parked = new Set<() => void>()
  #isStopped = false

  constructor(world: World) {
    this.#world = world
  }

  /** Nothing waits any more: the broker stops. */
  get isStopped(): boolean {
    return this.#isStopped
  }
  get parkedCount(): number {
    return this.#parked.size
  }

  /** Lets everybody go who waits, and nobody wait from now on. */
  stop(): void {
    this.#isStopped = true
    for (const done of [...this.#parked]) done()
  }

  /**
   * Resolves when one of the partitions advanced (or went away), or when the time is over, whichever is first. Advances
   * within one turn of the event loop wake once: the resolution runs as a microtask behind all of them.
   */
  advanceOrDeadline(partitions: readonly Partition[], waitMs: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        if (!this.#parked.delete(done)) return
        timer.cancel()
        for (const unsubscribe of unsubscribes) unsubscribe()
        resolve()
      }
      this.#parked.add(done)
      const timer = this.#world.after(waitMs, done)
      const unsubscribes = partitions.map(partition => partition.onAdvance(done))
    })
  }
}

/**
 * Requests that wait for partitions to advance: Kafka's purgatory. A waiting request costs a timer and a listener per
 * partition, both gone when it is answered.
 */
import type { Clock } from '../base/world.js'
import type { Partition } from '../storage/partition.js'
import type { Session } from './session.js'

export class Waiting {
  readonly #clock: Clock
  readonly #parked = new Set<() => void>()
  #isStopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nothing waits any more: the broker stops. */
  get isStopped(): boolean {
    return this.#isStopped
  }
  get parkedCount(): number {
    return this.#parked.size
  }

  /** Releases all waiting requests; none waits from now on. */
  stop(): void {
    this.#isStopped = true
    for (const done of [...this.#parked]) done()
  }

  /**
   * Resolves when one of the partitions advanced (or went away), when the time is over, or when the connection is
   * closed, whichever is first. Advances within one turn of the event loop wake once: the resolution runs as a microtask
   * behind all of them.
   */
  advanceOrDeadline(partitions: readonly Partition[], waitMs: number, session: Session): Promise<void> {
    if (this.#isStopped || session.isClosed) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        if (!this.#parked.delete(done)) return
        timer.cancel()
        for (const unsubscribe of unsubscribes) unsubscribe()
        forgetClosed()
        resolve()
      }
      this.#parked.add(done)
      const timer = this.#clock.after(waitMs, done)
      const forgetClosed = session.onClosed(done)
      const unsubscribes = partitions.map(partition => partition.onAdvance(done))
    })
  }
}

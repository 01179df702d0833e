import type { World } from '../base/world.js'
import type { Partition } from '../storage/partition.js'

/**
 * Resolves when one of the partitions advanced (or went away), or when the time is over, whichever is first. Advances within
 * one turn of the event loop wake once: the resolution runs as a microtask behind all of them.
 */
export function advanceOrDeadline(partitions: readonly Partition[], waitMs: number, world: World): Promise<void> {
  return new Promise(resolve => {
    let isDone = false
    const done = (): void => {
      if (isDone) return
      isDone = true
      timer.cancel()
      for (const unsubscribe of unsubscribes) unsubscribe()
      resolve()
    }
    const timer = world.after(waitMs, done)
    const unsubscribes = partitions.map(partition => partition.onAdvance(done))
  })
}

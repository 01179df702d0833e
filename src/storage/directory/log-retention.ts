/**
 * Looks through the logs of a directory from time to time and deletes what retention lets go. For every log the order is:
 * the start moves in memory, then on stable storage, then the segments below it leave the log. So a crash in between brings
 * nothing back that readers were told is gone, and a log that lost all its segments still knows where it ends.
 *
 * It works in slices, so that a directory of many partitions does not delay requests.
 */
import type { Offset } from '../../base/ids.js'
import type { Timer } from '../../base/world.js'
import { DiskFailure } from '../files.js'
import type { Partition } from '../partition.js'
import { Slices } from '../slices.js'
import type { PartitionHost } from './partition-loader.js'

/** Kafka, too, looks for the first time soon after the start. */
const firstCheckMs = 30_000

export class LogRetention {
  readonly #host: PartitionHost
  readonly #partitions: ReadonlyMap<string, Partition>
  readonly #intervalMs: number
  #timer: Timer | null = null
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(host: PartitionHost, partitions: ReadonlyMap<string, Partition>, intervalMs: number) {
    this.#host = host
    this.#partitions = partitions
    this.#intervalMs = intervalMs
  }

  /** Begins to look, every log.retention.check.interval.ms. */
  start(): void {
    this.#schedule(Math.min(firstCheckMs, this.#intervalMs))
  }

  /** Resolves when nothing is under way any more. */
  stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    return this.#running
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer = this.#host.world.after(delayMs, () => {
      this.#running = this.run().finally(() => this.#schedule(this.#intervalMs))
    })
  }

  /** One look at every log. */
  async run(): Promise<void> {
    const { world, checkpoints, log, nextTurn } = this.#host
    const slices = new Slices(world.host, nextTurn)
    const shortened: { readonly partition: Partition; readonly start: Offset }[] = []
    const settled: Promise<void>[] = []
    for (const partition of [...this.#partitions.values()]) {
      if (this.#isStopped) return
      const start = partition.upkeep.applyRetention(world.nowMs())
      if (start !== null) {
        shortened.push({ partition, start })
        settled.push(partition.settled())
      }
      if (slices.isOver) await slices.next()
    }
    if (shortened.length === 0) return
    try {
      await Promise.all([...settled, checkpoints?.logStarts.write()])
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      log.warn('could not checkpoint log start offsets; retrying', { error: error.message })
      return
    }
    for (const { partition, start } of shortened) {
      partition.upkeep.removeBelow(start)
      if (slices.isOver) await slices.next()
    }
  }
}

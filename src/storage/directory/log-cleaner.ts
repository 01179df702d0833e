/**
 * Compacts the logs of a directory, one at a time and the dirtiest first, as Kafka's LogCleaner with one thread. How far a
 * log was compacted is written down after each round; a round that is lost with the process is done again. A log that cannot
 * be read, or that breaks a rule, is left alone from then on, and said so once: the others go on.
 */
import type { Timer } from '../../base/world.js'
import type { CompactionResult } from '../engine.js'
import { CorruptLogError } from '../engine.js'
import { DiskFailure } from '../files.js'
import type { Partition } from '../partition.js'
import type { CompactionPlan } from '../rules/compaction.js'
import { Slices } from '../slices.js'
import type { PartitionHost } from './partition-loader.js'

export interface CleanerSettings {
  /** log.cleaner.backoff.ms: pause after a look that found nothing to do. */
  readonly backoffMs: number
  /** log.cleaner.dedupe.buffer.size: memory for the keys of one round. */
  readonly keyBytesMax: number
  /** log.cleaner.io.buffer.load.factor: how full that memory may get. */
  readonly keyLoadFactor: number
  /** log.cleaner.io.buffer.size */
  readonly ioBytes: number
}

/** Kafka's. */
export const defaultCleanerSettings: CleanerSettings = {
  backoffMs: 15_000,
  keyBytesMax: 134_217_728,
  keyLoadFactor: 0.9,
  ioBytes: 524_288,
}

export class LogCleaner {
  readonly #host: PartitionHost
  readonly #partitions: ReadonlyMap<string, Partition>
  readonly #settings: CleanerSettings
  /** Left alone until the next start. */
  readonly #uncleanable = new WeakSet<Partition>()
  #timer: Timer | null = null
  #running: Promise<unknown> = Promise.resolve()
  #isStopped = false

  constructor(host: PartitionHost, partitions: ReadonlyMap<string, Partition>, settings: CleanerSettings) {
    this.#host = host
    this.#partitions = partitions
    this.#settings = settings
  }

  /** Begins to look for logs to compact. */
  start(): void {
    if (this.#isStopped) return
    this.#timer = this.#host.world.after(this.#settings.backoffMs, () => {
      void this.run().finally(() => this.start())
    })
  }

  /** Resolves when nothing is under way any more; what is half done is given up. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#running
  }

  /** Compacts until nothing is due; answers how many rounds that took. */
  run(): Promise<number> {
    const run = this.#running.then(() => this.#host.compactionTurn(() => this.#cleanAll()))
    this.#running = run.catch(() => {})
    return run
  }

  async #cleanAll(): Promise<number> {
    const slices = new Slices(this.#host.world.host, this.#host.nextTurn)
    let rounds = 0
    while (!this.#isStopped) {
      const filthiest = await this.#filthiest(slices)
      if (filthiest === null || !(await this.#clean(...filthiest, slices))) break
      rounds++
    }
    return rounds
  }

  async #filthiest(slices: Slices): Promise<[Partition, CompactionPlan] | null> {
    let found: [Partition, CompactionPlan] | null = null
    for (const partition of [...this.#partitions.values()]) {
      if (this.#uncleanable.has(partition)) continue
      const plan = this.#planFor(partition)
      if (plan?.isDue && plan.dirtyRatio > (found?.[1].dirtyRatio ?? -1)) found = [partition, plan]
      if (slices.isOver) await slices.next()
    }
    return found
  }

  #planFor(partition: Partition): CompactionPlan | null {
    try {
      return partition.upkeep.compactionPlan(this.#host.world.nowMs())
    } catch (error) {
      this.#failed(partition, error)
      return null
    }
  }

  /** False when there is no use in going on now. */
  async #clean(partition: Partition, plan: CompactionPlan, slices: Slices): Promise<boolean> {
    const { world, checkpoints } = this.#host
    const { keyBytesMax, keyLoadFactor, ioBytes } = this.#settings
    const startedMs = world.host.monotonicMs()
    try {
      const isCancelled = () => this.#isStopped
      const result = await partition.upkeep.compact(plan, { keyBytesMax, keyLoadFactor, ioBytes, slices, isCancelled })
      // A partition that was deleted on the way is none of ours any more.
      if (result === null) return true
      await checkpoints?.cleaned.write()
      this.#report(partition, plan, result, world.host.monotonicMs() - startedMs)
      return true
    } catch (error) {
      return this.#failed(partition, error)
    }
  }

  /** Whether the other logs can be compacted. */
  #failed(partition: Partition, error: unknown): boolean {
    const { topic, index } = partition
    if (error instanceof DiskFailure) {
      this.#host.log.warn('compaction failed: disk error; retrying', {
        topic,
        partition: index,
        error: error.message,
      })
      return false
    }
    if (!(error instanceof CorruptLogError)) throw error
    this.#uncleanable.add(partition)
    this.#host.log.error('cannot compact a log; it stays uncompacted', { topic, partition: index, error: error.message })
    partition.noteDamage(error)
    return true
  }

  #report({ topic, index }: Partition, plan: CompactionPlan, result: CompactionResult, durationMs: number): void {
    const { firstDirty } = plan
    const fields = { topic, partition: index, firstDirty, ...result, durationMs: Math.round(durationMs) }
    this.#host.log.info('log compacted', fields)
    if (result.unreadableBatches > 0) this.#host.log.warn('kept unreadable batches uncompacted', fields)
  }
}

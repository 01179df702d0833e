/**
 * Files and directories that are no longer part of anything, and go after a delay: Kafka's file.delete.delay.ms. Readers that
 * have them open do not need the delay, people who deleted the wrong topic do. What is still waiting when the directory is
 * closed goes at the next start.
 */
import type { Timer, World } from '../../base/world.js'
import { DiskFailure, type Files } from '../files.js'
import type { StorageLog } from '../types.js'

export class Removals {
  readonly #files: Files
  readonly #world: World
  readonly #log: StorageLog
  readonly #timers = new Set<Timer>()

  constructor(files: Files, world: World, log: StorageLog) {
    this.#files = files
    this.#world = world
    this.#log = log
  }

  /** How many removals are waiting. */
  get count(): number {
    return this.#timers.size
  }

  after(paths: readonly string[], delayMs: number): void {
    if (paths.length === 0) return
    const timer = this.#world.after(delayMs, () => {
      this.#timers.delete(timer)
      for (const path of paths) void this.#remove(path)
    })
    this.#timers.add(timer)
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#files.removeLater(path)
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error
      this.#log.warn('could not remove deleted files', { path, error: error.message })
    }
  }

  /** Nothing more is removed. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }
}

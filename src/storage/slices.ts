/**
 * Cuts long work into slices of a few milliseconds, between which the event loop serves everybody else.
 *
 *   for (…) { …; if (slices.isOver) await slices.next() }
 */
import type { World } from '../base/world.js'

const sliceMs = 5

export function turnOfEventLoop(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

export class Slices {
  readonly #world: World
  readonly #nextTurn: () => Promise<void>
  #endMs: number

  /** `nextTurn` resolves when the event loop has been around once. */
  constructor(world: World, nextTurn = turnOfEventLoop) {
    this.#world = world
    this.#nextTurn = nextTurn
    this.#endMs = world.monotonicMs() + sliceMs
  }

  get isOver(): boolean {
    return this.#world.monotonicMs() >= this.#endMs
  }

  async next(): Promise<void> {
    await this.#nextTurn()
    this.#endMs = this.#world.monotonicMs() + sliceMs
  }
}

/**
 * Cuts long work into slices of a few milliseconds, between which the event loop serves other clients.
 *
 *   for (…) { …; if (slices.isOver) await slices.next() }
 */
import { endTurn } from '../base/end-of-turn.js'
import type { Clock } from '../base/world.js'

/** How long other clients wait at most, if the steps are short; a turn of the event loop costs a fiftieth of it. */
const sliceMs = 1
/** What a request may take before it stands in line. Many may arrive in one turn, and most need no more. */
const firstSliceMs = 0.25

/** Resolves when the event loop has been around once, behind the answers to what arrived in that turn. */
export function turnOfEventLoop(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(() => {
      endTurn()
      resolve()
    })
  })
}

const line: (() => void)[] = []

/**
 * Like `turnOfEventLoop`, but in a turn of its own: of many long requests only one does a slice of its work per turn, so
 * together they delay other requests no longer than one would.
 */
export function turnInLine(): Promise<void> {
  return new Promise(resolve => {
    line.push(resolve)
    if (line.length === 1) setImmediate(callNext)
  })
}

function callNext(): void {
  endTurn()
  line.shift()?.()
  if (line.length > 0) setImmediate(callNext)
}

export class Slices {
  readonly #clock: Clock
  readonly #nextTurn: () => Promise<void>
  #endMs: number

  /** `nextTurn` resolves when the event loop has been around once. */
  constructor(clock: Clock, nextTurn = turnOfEventLoop, firstMs = sliceMs) {
    this.#clock = clock
    this.#nextTurn = nextTurn
    this.#endMs = clock.monotonicMs() + firstMs
  }

  /** For a request: all of them together have one slice in a turn of the event loop. */
  static ofRequest(clock: Clock): Slices {
    return new Slices(clock, turnInLine, firstSliceMs)
  }

  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#endMs
  }

  async next(): Promise<void> {
    await this.#nextTurn()
    this.#endMs = this.#clock.monotonicMs() + sliceMs
  }
}

import type { Clock } from '../base/world.js'

/** A machine's clock whose turns of the event loop are taken one by one; so much time passes at each look at it. */
export class TurnsByHand implements Clock {
  readonly #waiting = new Set<() => void>()

  #nowMs = 0
  readonly #msPerLook: number

  constructor(msPerLook = 0) {
    this.#msPerLook = msPerLook
  }

  monotonicMs(): number {
    this.#nowMs += this.#msPerLook
    return this.#nowMs
  }

  after(_delayMs: number, fire: () => void) {
    const run = (): void => fire()
    this.#waiting.add(run)
    return { cancel: () => void this.#waiting.delete(run) }
  }

  /** What has waited longest; false when nothing has. */
  next(): boolean {
    const [run] = this.#waiting
    if (run === undefined) return false
    this.#waiting.delete(run)
    run()
    return true
  }

  all(): void {
    while (this.next());
  }
}

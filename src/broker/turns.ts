/**
 * Long work that many clients may ask for at once: done piece by piece, in the order in which the pieces are asked for, for a
 * few milliseconds per turn of the event loop, for all clients together.
 */
import type { Pause } from '../base/pause.js'
import type { World } from '../base/world.js'
import { Slices } from '../storage/slices.js'

export class Turns {
  readonly #slices: Slices
  #last: Promise<unknown> = Promise.resolve()

  constructor(world: World) {
    this.#slices = Slices.ofRequest(world.host)
  }

  /** Does a piece when those before it are done. */
  take<T>(piece: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      await this.pause()
      return piece()
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  /** For a long piece: lets others in when it is time. */
  readonly pause: Pause = () => (this.#slices.isOver ? this.#slices.next() : null)
}

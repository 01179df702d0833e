/**
 * Producer ids at hand for decisions, which cannot wait for one. An id comes from a block that was reserved durably, and
 * leaves once; one that a refused decision had taken, or that is here when the broker stops, is skipped for ever.
 */
import type { ProducerId } from '../../base/ids.js'

export class ProducerIdStock {
  readonly #newProducerId: () => Promise<ProducerId>
  readonly #ids: ProducerId[] = []
  #filling: Promise<boolean> | null = null

  constructor(newProducerId: () => Promise<ProducerId>) {
    this.#newProducerId = newProducerId
  }

  get isEmpty(): boolean {
    return this.#ids.length === 0
  }

  /** null: none is there; one is on its way. */
  take(): ProducerId | null {
    const id = this.#ids.pop() ?? null
    if (id === null) void this.fill()
    return id
  }

  /** False when none is to be had. Whoever waited beside may have taken it. */
  fill(): Promise<boolean> {
    this.#filling ??= this.#newProducerId().then(
      id => {
        this.#filling = null
        this.#ids.push(id)
        return true
      },
      () => {
        this.#filling = null
        return false
      },
    )
    return this.#filling
  }
}

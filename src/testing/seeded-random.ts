/** Randomness that can be had again: the same seed draws the same numbers on every machine. For simulations only. */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 ≤ result < 2^32, by mulberry32. */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** 0 ≤ result < `end`, an integer. */
  below(end: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * end)
  }

  /** `from` ≤ result ≤ `to`, an integer. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  /** True once in `times`, on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  /** A source of its own, so that what one part draws does not shift what another draws. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32())
  }
}

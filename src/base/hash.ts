/**
 * A hash that is the same in every process and version: it is written down, and compared after a restart. Not for secrets.
 * 53 bits, so that it is exact as a number.
 */
export class StableHash {
  #high = 0xdeadbeef
  #low = 0x41c6ce57

  /** Two values in a row are told apart from one that is both. */
  add(value: string | number): this {
    const text = `${value}`
    this.#mix(text.length)
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at))
    return this
  }

  #mix(unit: number): void {
    this.#high = Math.imul(this.#high ^ unit, 2_654_435_761)
    this.#low = Math.imul(this.#low ^ unit, 1_597_334_677)
  }

  get value(): number {
    const [high, low] = [this.#high, this.#low]
    const mixedHigh = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
    const mixedLow = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(mixedHigh ^ (mixedHigh >>> 13), 3_266_489_909)
    return 2 ** 32 * (mixedLow & 0x1f_ffff) + (mixedHigh >>> 0)
  }
}

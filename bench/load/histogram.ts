// How long things took, counted in buckets whose width grows with the value: 128 to each doubling, so that every value is
// kept within 1 %, from a microsecond to hours, in one small array. Nothing is averaged and nothing is thrown away.

const bucketsPerDoubling = 128
const doublings = 34

export class Histogram {
  readonly #counts = new Float64Array(bucketsPerDoubling * doublings)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  get maxMs(): number {
    return this.#max
  }

  record(milliseconds: number): void {
    const microseconds = Math.max(1, milliseconds * 1000)
    const bucket = Math.min(this.#counts.length - 1, Math.floor(Math.log2(microseconds) * bucketsPerDoubling))
    this.#counts[bucket] = this.#counts[bucket]! + 1
    this.#count += 1
    if (milliseconds > this.#max) this.#max = milliseconds
  }

  /** The value that `share` of all values do not exceed, in milliseconds; NaN without values. */
  percentileMs(share: number): number {
    const wanted = Math.ceil(share * this.#count)
    let seen = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= wanted && seen > 0) return Math.min(this.#max, 2 ** ((bucket + 1) / bucketsPerDoubling) / 1000)
    }
    return Number.NaN
  }
}

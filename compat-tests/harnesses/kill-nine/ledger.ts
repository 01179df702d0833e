/**
 * What the broker has promised: for every acknowledged record the offset that was answered. Judges a log that is read back
 * against it. A record says who wrote it and as which of that producer's numbers, so that a doubled one is recognised
 * whatever its offset.
 */
export interface Found {
  readonly offset: number
  readonly producer: string
  readonly number: number
}

export const partitionKey = (topic: string, partition: number) => `${topic}-${partition}`

export function recordValue(producer: string, number: number, padding: number): Buffer {
  return Buffer.from(`${producer}\t${number}\t${'.'.repeat(padding)}`)
}

/** @throws Error for a value that no producer of this harness writes. */
export function parseValue(value: Uint8Array | null): { producer: string; number: number } {
  const [producer, number] = Buffer.from(value ?? [])
    .toString('latin1', 0, 60)
    .split('\t')
  if (producer === undefined || number === undefined) throw new Error('an unknown record')
  return { producer, number: Number(number) }
}

export class Ledger {
  /** partition → producer → number → offset */
  readonly #acknowledged = new Map<string, Map<string, Map<number, number>>>()
  #count = 0

  get count(): number {
    return this.#count
  }

  acknowledge(partition: string, producer: string, number: number, offset: number): void {
    const producers = getOrCreate(this.#acknowledged, partition, () => new Map<string, Map<number, number>>())
    getOrCreate(producers, producer, () => new Map<number, number>()).set(number, offset)
    this.#count++
  }

  countOf(partition: string): number {
    let count = 0
    for (const numbers of this.#acknowledged.get(partition)?.values() ?? []) count += numbers.size
    return count
  }

  /** Every acknowledged record of a partition that `offsets` does not contain. */
  missingFrom(partition: string, offsets: ReadonlySet<number>): string[] {
    return this.#of(partition)
      .filter(({ offset }) => !offsets.has(offset))
      .map(({ producer, number, offset }) => `${partition}@${offset}: ${producer} ${number}`)
  }

  /** What is wrong with the whole content of a partition, read from its start after all producers are done. */
  faultsOf(partition: string, log: readonly Found[]): string[] {
    const faults: string[] = []
    const places = new Map<string, number>()
    const lastNumbers = new Map<string, number>()
    for (const [index, { offset, producer, number }] of log.entries()) {
      const record = `${producer} ${number}`
      // 1. Offsets without a gap.
      if (offset !== index) faults.push(`${partition}: offset ${offset} in place ${index}`)
      // 2. No record twice, and each producer's in its order.
      const before = places.get(record)
      if (before !== undefined) faults.push(`${partition}: ${record} at ${before} and again at ${offset}`)
      else if (number <= (lastNumbers.get(producer) ?? -1)) faults.push(`${partition}@${offset}: ${record} out of order`)
      places.set(record, offset)
      lastNumbers.set(producer, Math.max(number, lastNumbers.get(producer) ?? -1))
    }
    // 3. Everything acknowledged is where the answer said.
    for (const { producer, number, offset } of this.#of(partition)) {
      const place = places.get(`${producer} ${number}`)
      if (place === undefined) faults.push(`${partition}: lost ${producer} ${number}, acknowledged at ${offset}`)
      else if (place !== offset) faults.push(`${partition}: ${producer} ${number} acknowledged at ${offset}, found at ${place}`)
    }
    // 4. And nothing else: every producer waited for its last answer.
    if (log.length !== this.countOf(partition)) {
      faults.push(`${partition}: ${log.length} records, ${this.countOf(partition)} acknowledged`)
    }
    return faults
  }

  #of(partition: string): { producer: string; number: number; offset: number }[] {
    const all = []
    for (const [producer, numbers] of this.#acknowledged.get(partition) ?? []) {
      for (const [number, offset] of numbers) all.push({ producer, number, offset })
    }
    return all
  }
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}

/** A log in memory for the coordinator's tests: it can hold back durability, refuse and lose records. Compacts on request. */
import { copyOf, toHex } from '../base/bytes.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { Appended, LogPort } from './log-port.js'
import type { LogRecord } from './machine.js'

interface Held {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class MemoryLog implements LogPort {
  readonly #partitions = new Map<number, LogRecord[]>()
  readonly #held: Held[] = []
  /** Appends stay not durable until `release`. */
  holdsBack = false
  /** Answer to every append while it is set. */
  refusal: ErrorCode | null = null
  /** null: the topic is not there. */
  partitions: number | null = null
  /** Of one batch, keys and values only. */
  bytesMax = Number.POSITIVE_INFINITY
  /** Records in each batch that was taken. */
  readonly batchSizes: number[] = []

  append(partition: number, records: readonly LogRecord[]): { readonly errorCode: ErrorCode } | Appended {
    if (this.refusal !== null) return { errorCode: this.refusal }
    const bytes = records.reduce((sum, { key, value }) => sum + key.byteLength + (value?.byteLength ?? 0), 0)
    if (bytes > this.bytesMax) return { errorCode: Errors.MESSAGE_TOO_LARGE }
    this.batchSizes.push(records.length)
    const kept = this.#partitions.get(partition) ?? []
    this.#partitions.set(partition, kept)
    kept.push(...records.map(({ key, value }) => ({ key: copyOf(key), value: value === null ? null : copyOf(value) })))
    if (!this.holdsBack) return { durable: null }
    return { durable: new Promise((resolve, reject) => this.#held.push({ resolve, reject })) }
  }

  partitionCount(): number | null {
    return this.partitions
  }

  batchBytesMax(): number {
    return this.bytesMax
  }

  replay(partition: number): readonly LogRecord[] {
    return this.#partitions.get(partition) ?? []
  }

  get heldCount(): number {
    return this.#held.length
  }
  /** Makes the append that has been waiting as number `index` durable. */
  release(index = 0): void {
    this.#held.splice(index, 1)[0]?.resolve()
  }
  lose(index = 0): void {
    this.#held.splice(index, 1)[0]?.reject(new Error('the disk did not confirm'))
  }

  /** Only the last record of each key stays, in its place; tombstones stay too, as they do for a while in Kafka. */
  compact(): void {
    for (const [partition, records] of this.#partitions) {
      const last = new Map(records.map((record, index) => [toHex(record.key), index]))
      this.#partitions.set(
        partition,
        records.filter((record, index) => last.get(toHex(record.key)) === index),
      )
    }
  }
}

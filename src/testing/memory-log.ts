/** A log in memory for the coordinator's tests: it can hold back durability, refuse and lose records. */
import { copyOf } from '../base/bytes.js'
import type { LogEntry, LogPort, Written } from '../coordinator/log-port.js'
import type { LogRecord, TopicsView } from '../coordinator/machine.js'
import { type ErrorCode, Errors, refuse } from '../protocol/errors.js'
import type { Marker, Producer } from '../protocol/records/marker.js'

export const noTopics: TopicsView = { revision: 0, topics: new Map() }

interface Held {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class MemoryLog implements LogPort {
  readonly #partitions = new Map<number, LogEntry[]>()
  readonly #held: Held[] = []
  /** Appends stay not durable until `release`. */
  holdsBack = false
  /** Answer to every append while it is set. */
  refusal: ErrorCode | null = null
  /** null: the topic is not there. */
  partitions: number | null = null
  epoch = 0
  /** Of one batch, keys and values only. */
  bytesMax = Number.POSITIVE_INFINITY
  /** Records in each batch that was taken. */
  readonly batchSizes: number[] = []

  append(partition: number, records: readonly LogRecord[], producer: Producer | null = null): Written {
    if (this.refusal !== null) return refuse(this.refusal, '')
    const bytes = records.reduce((sum, { key, value }) => sum + key.byteLength + (value?.byteLength ?? 0), 0)
    if (bytes > this.bytesMax) return refuse(Errors.MESSAGE_TOO_LARGE, '')
    this.batchSizes.push(records.length)
    const kept = records.map(({ key, value }) => ({ key: copyOf(key), value: value === null ? null : copyOf(value) }))
    return this.#keep(
      partition,
      kept.map(record => ({ kind: 'record', record, producer })),
    )
  }

  appendMarker(partition: number, marker: Marker): Written {
    return this.refusal !== null ? refuse(this.refusal, '') : this.#keep(partition, [{ kind: 'marker', marker }])
  }

  #keep(partition: number, entries: readonly LogEntry[]): Written {
    const all = this.#partitions.get(partition) ?? []
    this.#partitions.set(partition, all)
    all.push(...entries)
    if (!this.holdsBack) return { durable: null }
    return { durable: new Promise((resolve, reject) => this.#held.push({ resolve, reject })) }
  }

  partitionCount(): number | null {
    return this.partitions
  }

  leaderEpoch(): number {
    return this.epoch
  }

  batchBytesMax(): number {
    return this.bytesMax
  }

  replay(partition: number): readonly LogEntry[] {
    return this.#partitions.get(partition) ?? []
  }

  records(partition: number): readonly LogRecord[] {
    return this.replay(partition).flatMap(entry => (entry.kind === 'record' ? [entry.record] : []))
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
}

/** A log in memory for the coordinator's tests: it can hold back durability, refuse and lose records. */
import { copyOf, toHex } from '../base/bytes.js'
import type { LogEntry, LogPort, Written } from '../coordinator/log-port.js'
import type { LogRecord, TopicsView } from '../coordinator/machine.js'
import { type ErrorCode, Errors, refuse } from '../protocol/errors.js'
import type { Marker, Producer } from '../protocol/records/marker.js'

export const noTopics: TopicsView = { topicsRevision: 0, topics: new Map(), topicsById: new Map() }

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

  /** The end of a transaction, whatever its version. */
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

  /**
   * The same log as compaction leaves it: up to the first transaction that is still open without aborted records, and of each
   * key the last record only.
   */
  compacted(partition: number): readonly LogEntry[] {
    const entries = this.replay(partition)
    const ends = entries.map((entry, at) => endOf(entries, entry, at))
    const firstOpen = ends.indexOf('open')
    const end = firstOpen === -1 ? entries.length : firstOpen
    const latest = new Map<string, number>()
    for (const [at, entry] of entries.slice(0, end).entries()) {
      if (entry.kind === 'record' && ends[at] !== 'aborted') latest.set(toHex(entry.record.key), at)
    }
    return entries.filter(
      (entry, at) =>
        at >= end || entry.kind !== 'record' || (ends[at] !== 'aborted' && latest.get(toHex(entry.record.key)) === at),
    )
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

/** How the transaction of an entry ended; null for one that is in none. */
function endOf(entries: readonly LogEntry[], entry: LogEntry, at: number): 'committed' | 'aborted' | 'open' | null {
  if (entry.kind !== 'record' || entry.producer === null) return null
  const { producerId } = entry.producer
  const end = entries.slice(at).find(later => later.kind === 'marker' && later.marker.producer.producerId === producerId)
  if (end?.kind !== 'marker') return 'open'
  return end.marker.isCommit ? 'committed' : 'aborted'
}

/**
 * A read_committed reader on the wire that follows many partitions at once and outlives the broker. It leaves out aborted
 * transactions as every client must: by the list that comes with a fetch, up to the marker of each.
 */
import { errorName } from '#protocol/errors.js'
import { Fetch } from '#protocol/messages/fetch.js'
import { batchLength, isControl, isTransactional, lastOffset, producerId } from '#protocol/records/batch.js'
import { markerOf } from '#protocol/records/marker.js'
import { type BatchRecord, recordsOf } from '#protocol/records/records.js'
import { delay } from './patience.js'
import { ConnectionLost, WireClient } from './wire-client.js'

const FETCH_VERSION = 11
const READ_COMMITTED = 1
const PARTITION_BYTES_MAX = 256 * 1024
const FETCH_BYTES_MAX = 4 * 1024 * 1024
const WAIT_MS_MAX = 100

export interface PartitionPlace {
  readonly topic: string
  readonly partition: number
}

export interface PartitionPosition extends PartitionPlace {
  readonly lastStableOffset: number
  readonly highWatermark: number
}

/** What the reader is shown, with the time at which it came. */
export interface Shown {
  record(place: PartitionPlace, record: BatchRecord, atMs: number): void
  position?(position: PartitionPosition, atMs: number): void
}

interface Place extends PartitionPlace {
  nextOffset: number
  lastStableOffset: number
  highWatermark: number
}

interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export class CommittedReader {
  readonly problems: string[] = []
  recordCount = 0
  readonly #topics: ReadonlyMap<string, readonly Place[]>
  #isStopping = false

  /** `topics`: name → partitions. */
  constructor(
    private readonly bootstrap: string,
    readonly name: string,
    topics: ReadonlyMap<string, number>,
    private readonly shown: Shown,
  ) {
    const placesOf = (topic: string, count: number) =>
      Array.from({ length: count }, (_, partition) => ({
        topic,
        partition,
        nextOffset: 0,
        lastStableOffset: -1,
        highWatermark: -1,
      }))
    this.#topics = new Map([...topics].map(([topic, count]) => [topic, placesOf(topic, count)]))
  }

  /** Ends once it was told to, or at the first problem. */
  async run(): Promise<void> {
    while (!this.#isStopping && this.problems.length === 0) {
      try {
        const client = await WireClient.connect(this.bootstrap, this.name)
        try {
          while (!this.#isStopping) await this.#fetch(client)
        } finally {
          client.close()
        }
      } catch (error) {
        if (!(error instanceof ConnectionLost)) this.problems.push(`${this.name}: ${(error as Error).message}`)
        await delay(20)
      }
    }
  }

  stop(): void {
    this.#isStopping = true
  }

  /** Whether no transaction is open any more, and everything was read. */
  get isAtTheEnds(): boolean {
    return this.#places().every(
      ({ nextOffset, lastStableOffset, highWatermark }) =>
        highWatermark !== -1 && lastStableOffset === highWatermark && nextOffset >= highWatermark,
    )
  }

  ends(): { topic: string; partition: number; end: number }[] {
    return this.#places().map(({ topic, partition, highWatermark }) => ({ topic, partition, end: highWatermark }))
  }

  #places(): Place[] {
    return [...this.#topics.values()].flat()
  }

  async #fetch(client: WireClient): Promise<void> {
    const answer = await client.request(Fetch, FETCH_VERSION, {
      maxWaitMs: WAIT_MS_MAX,
      minBytes: 1,
      maxBytes: FETCH_BYTES_MAX,
      isolationLevel: READ_COMMITTED,
      topics: [...this.#topics].map(([topic, places]) => ({
        topic,
        partitions: places.map(({ partition, nextOffset }) => ({
          partition,
          fetchOffset: nextOffset,
          partitionMaxBytes: PARTITION_BYTES_MAX,
        })),
      })),
    })
    const atMs = Date.now()
    for (const { topic, partitions } of answer.responses) {
      for (const { partitionIndex, errorCode, highWatermark, lastStableOffset, abortedTransactions, records } of partitions) {
        const place = this.#topics.get(topic)![partitionIndex]!
        if (errorCode !== 0) {
          // One that has just started may have to say "not yet", but never that what was there is gone.
          const error = errorName(errorCode)
          if (error === 'OFFSET_OUT_OF_RANGE') throw new Error(`${topic}-${partitionIndex}: ${error} at ${place.nextOffset}`)
          continue
        }
        place.highWatermark = highWatermark
        place.lastStableOffset = lastStableOffset
        this.shown.position?.(place, atMs)
        if (records !== null) this.#take(place, records, abortedTransactions ?? [], atMs)
      }
    }
  }

  #take(place: Place, bytes: Uint8Array, abortedTransactions: readonly AbortedTransaction[], atMs: number): void {
    const waiting = [...abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset)
    const aborted = new Set<number>()
    for (let at = 0; at + 12 <= bytes.length && at + batchLength(bytes, at) <= bytes.length; at += batchLength(bytes, at)) {
      while (waiting.length > 0 && waiting[0]!.firstOffset <= lastOffset(bytes, at)) aborted.add(waiting.shift()!.producerId)
      const producer = producerId(bytes, at)
      if (isControl(bytes, at)) {
        if (markerOf(bytes, at)?.isCommit === false) aborted.delete(producer)
      } else if (!isTransactional(bytes, at) || !aborted.has(producer)) {
        for (const record of recordsOf(bytes, at)) {
          // A fetch may begin inside of a batch.
          if (record.offset < place.nextOffset) continue
          this.shown.record(place, record, atMs)
          this.recordCount++
        }
      }
      place.nextOffset = Math.max(place.nextOffset, lastOffset(bytes, at) + 1)
    }
  }
}

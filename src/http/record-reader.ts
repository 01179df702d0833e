/**
 * Reads records of a partition by Fetch, a piece at a time: batches are opened one at a time for all HTTP clients, and long ones
 * in another thread, so that a browse of anything costs Kafka's clients little.
 */
import type { World } from '../base/world.js'
import { Turns } from '../broker/turns.js'
import { Errors } from '../protocol/errors.js'
import { Fetch } from '../protocol/messages/fetch.js'
import * as batch from '../protocol/records/batch.js'
import { decompressAside, decompressedBytesMax } from '../protocol/records/compression.js'
import { markerOf } from '../protocol/records/marker.js'
import { type BatchRecord, RecordCursor } from '../protocol/records/records.js'
import { Slices } from '../storage/slices.js'
import type { KafkaClient } from './kafka-client.js'
import { kafkaFailure } from './kafka-failures.js'
import { type BatchFacts, compressions } from './record-json.js'

export type Isolation = 'read_committed' | 'read_uncommitted'

export interface Piece {
  /** Where to go on. */
  readonly nextOffset: number
  /** The last stable offset where only committed records are read. */
  readonly endOffset: number
  readonly startOffset: number
  readonly bytes: number
}

export interface ReadOptions {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly bytesMax: number
  readonly isolation: Isolation
  readonly maxWaitMs?: number
}

/** Topics by name; from 13 on they have ids. */
const fetchVersion = 12

export class RecordReader {
  readonly #world: World
  readonly #turns: Turns
  readonly #cursor = new RecordCursor()

  constructor(world: World) {
    this.#world = world
    this.#turns = new Turns(world)
  }

  /**
   * One Fetch, and `take` for each record from `offset` on until it gives false: that record is the next. Views of a record are
   * over when `take` returns.
   */
  async read(
    kafka: KafkaClient,
    { topic, partition, offset, bytesMax, isolation, maxWaitMs = 0 }: ReadOptions,
    take: (record: BatchRecord, facts: BatchFacts) => boolean,
  ): Promise<Piece> {
    const request = {
      maxWaitMs,
      minBytes: 1,
      maxBytes: bytesMax,
      isolationLevel: isolation === 'read_committed' ? 1 : 0,
      topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: bytesMax }] }],
    }
    const { errorCode, responses } = await kafka.call(Fetch, request, fetchVersion)
    const answered = responses[0]?.partitions[0]
    if (errorCode !== Errors.NONE) throw kafkaFailure(errorCode)
    if (answered === undefined) throw kafkaFailure(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    if (answered.errorCode !== Errors.NONE) throw kafkaFailure(answered.errorCode)
    const bytes = (answered.records ?? new Uint8Array(0)) as Uint8Array
    const aborted = (answered.abortedTransactions ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset)
    const nextOffset = await this.#turns.take(() => this.#each(bytes, { partition, offset, aborted }, take))
    return {
      nextOffset,
      endOffset: isolation === 'read_committed' ? answered.lastStableOffset : answered.highWatermark,
      startOffset: answered.logStartOffset,
      bytes: bytes.byteLength,
    }
  }

  async #each(
    bytes: Uint8Array,
    from: {
      readonly partition: number
      readonly offset: number
      readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[]
    },
    take: (record: BatchRecord, facts: BatchFacts) => boolean,
  ): Promise<number> {
    const slices = new Slices(this.#world.host)
    const pause = () => (slices.isOver ? slices.next() : null)
    const cursor = this.#cursor
    const ending = new Set<number>()
    let nextAborted = 0
    let nextOffset = from.offset
    try {
      for (let at = 0; at + batch.batchHeaderSize <= bytes.byteLength; ) {
        const length = batch.batchLength(bytes, at)
        if (at + length > bytes.byteLength) break
        const lastOffset = batch.lastOffset(bytes, at)
        const producerId = batch.producerId(bytes, at)
        for (; nextAborted < from.aborted.length && from.aborted[nextAborted]!.firstOffset <= lastOffset; nextAborted++) {
          ending.add(from.aborted[nextAborted]!.producerId)
        }
        const isTransactional = batch.isTransactional(bytes, at)
        const isControl = batch.isControl(bytes, at)
        if (isControl && markerOf(bytes, at)?.isCommit === false) ending.delete(producerId)
        if (!isControl && !(isTransactional && ending.has(producerId))) {
          const codec = batch.codecOf(bytes, at)
          const body = bytes.subarray(at + batch.batchHeaderSize, at + length)
          if (codec === batch.Codecs.none) cursor.open(bytes, at)
          else cursor.openDecompressed(bytes, at, await decompressAside(codec, body, decompressedBytesMax, pause))
          const facts: BatchFacts = {
            partition: from.partition,
            timestampType: batch.timestampType(bytes, at),
            producerId: producerId < 0 ? null : producerId,
            isTransactional,
            compression: compressions[codec] ?? 'none',
          }
          while (cursor.next()) {
            if (cursor.offset < from.offset) continue
            if (!take(recordAt(cursor), facts)) return cursor.offset
            const paused = pause()
            if (paused !== null) await paused
          }
        }
        nextOffset = lastOffset + 1
        at += length
      }
      return Math.max(nextOffset, from.offset)
    } finally {
      cursor.close()
    }
  }
}

function recordAt(cursor: RecordCursor): BatchRecord {
  return {
    offset: cursor.offset,
    timestampMs: cursor.timestampMs,
    key: cursor.key(),
    value: cursor.value(),
    headers: cursor.headers(),
  }
}

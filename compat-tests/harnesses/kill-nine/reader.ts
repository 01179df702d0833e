/**
 * Reads partitions over the wire, without a group: once and whole (readLog), or all the time (Watcher), which remembers
 * everything it was ever shown so that nothing shown can vanish or change unnoticed.
 */
import { errorName } from '#protocol/errors.js'
import { Fetch } from '#protocol/messages/fetch.js'
import { ListOffsets } from '#protocol/messages/list-offsets.js'
import { batchLength } from '#protocol/records/batch.js'
import { recordsOf } from '#protocol/records/records.js'
import { delay } from '../../lib/patience.js'
import { ConnectionLost, WireClient } from '../../lib/wire-client.js'
import { type Found, parseValue, partitionKey } from './ledger.js'

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

const FETCH_VERSION = 11
const BYTES_MAX = 4 * 1024 * 1024
const EARLIEST = -2
const LATEST = -1

export async function offsetBounds(client: WireClient, name: PartitionName): Promise<{ start: number; end: number }> {
  const [start, end] = await Promise.all([EARLIEST, LATEST].map(timestamp => offsetAt(client, name, timestamp)))
  return { start: start!, end: end! }
}

async function offsetAt(client: WireClient, { topic, partition }: PartitionName, timestamp: number): Promise<number> {
  const answer = await client.request(ListOffsets, 4, {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
  })
  const { errorCode, offset } = answer.topics[0]!.partitions[0]!
  if (errorCode !== 0) throw new Error(`ListOffsets ${partitionKey(topic, partition)}: ${errorName(errorCode)}`)
  return offset
}

/** Everything from offset 0 to the present end. */
export async function readLog(client: WireClient, name: PartitionName): Promise<Found[]> {
  const { start, end } = await offsetBounds(client, name)
  const log: Found[] = []
  for (let offset = start; offset < end; ) {
    const found = await fetchFrom(client, name, offset, 0)
    if (found.length === 0) throw new Error(`${partitionKey(name.topic, name.partition)}: nothing at ${offset} of ${end}`)
    log.push(...found)
    offset = found.at(-1)!.offset + 1
  }
  return log
}

async function fetchFrom(client: WireClient, name: PartitionName, offset: number, maxWaitMs: number): Promise<Found[]> {
  const { topic, partition } = name
  const answer = await client.request(Fetch, FETCH_VERSION, {
    maxWaitMs,
    minBytes: 1,
    maxBytes: BYTES_MAX,
    topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: BYTES_MAX }] }],
  })
  const { errorCode, records } = answer.responses[0]!.partitions[0]!
  if (errorCode !== 0) throw new Error(`Fetch ${partitionKey(topic, partition)} at ${offset}: ${errorName(errorCode)}`)
  const found: Found[] = []
  const bytes = records ?? new Uint8Array()
  // A fetch may begin inside a batch and may end with a part of one.
  for (let at = 0; at + 12 <= bytes.length && at + batchLength(bytes, at) <= bytes.length; at += batchLength(bytes, at)) {
    for (const record of recordsOf(bytes, at)) {
      if (record.offset >= offset) found.push({ offset: record.offset, ...parseValue(record.value) })
    }
  }
  return found
}

export class Watcher {
  readonly problems: string[] = []
  readonly #seen: Found[] = []
  #isStopping = false

  constructor(
    private readonly bootstrap: string,
    readonly name: PartitionName,
  ) {}

  get seenCount(): number {
    return this.#seen.length
  }

  async run(): Promise<void> {
    while (!this.#isStopping && this.problems.length === 0) {
      try {
        const client = await WireClient.connect(this.bootstrap, 'watcher')
        try {
          while (!this.#isStopping) this.#remember(await fetchFrom(client, this.name, this.#seen.length, 200))
        } finally {
          client.close()
        }
      } catch (error) {
        // OFFSET_OUT_OF_RANGE would mean: what was shown before the crash is not there after it.
        if (!(error instanceof ConnectionLost)) this.problems.push((error as Error).message)
        await delay(20)
      }
    }
  }

  stop(): void {
    this.#isStopping = true
  }

  /** Everything it was shown that the log does not hold in the same place. */
  vanishedFrom(log: readonly Found[]): string[] {
    const of = partitionKey(this.name.topic, this.name.partition)
    return this.#seen
      .filter(({ offset, producer, number }) => log[offset]?.producer !== producer || log[offset]?.number !== number)
      .map(({ offset, producer, number }) => `${of}@${offset}: ${producer} ${number} was shown and is gone`)
  }

  #remember(found: readonly Found[]): void {
    for (const record of found) {
      if (record.offset !== this.#seen.length) {
        this.problems.push(
          `${partitionKey(this.name.topic, this.name.partition)}: shown ${record.offset} after ${this.#seen.length - 1}`,
        )
        return
      }
      this.#seen.push(record)
    }
  }
}

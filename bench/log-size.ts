// Whether reading gets slower as a log grows: fetches at places all over a log of one gigabyte and of one of fifty. The places
// are the same in every run, so that they lie in page cache and what differs is finding them. The logs are written as files
// before the broker starts, in Kafka's form, with holes where the records are zeros, so that the disk holds little of them;
// the broker recovers them as it recovers any log.
import { closeSync, ftruncateSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Fetch } from '#protocol/messages/fetch.js'
import { stampBaseOffset } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { WireClient } from '../compat-tests/lib/wire-client.js'
import type { Comparison, Figure, Target } from './lib/comparison.js'
import { type CompareOptions, type Contender, compare, newFolder } from './lib/fleet.js'
import { Histogram } from './load/histogram.js'
import { nextTopicName } from './load/produce-load.js'
import { endOffsetsOf, makeTopic } from './load/requests.js'
import { gregor } from './peers/gregor.js'

const figures: readonly Figure[] = [
  { key: 'p50', unit: 'p50 ms', isLowerBetter: true, isHeadline: true },
  { key: 'p99', unit: 'p99 ms', isLowerBetter: true, isHeadline: true },
]
const valueBytes = 256 * 1024
/** What of a batch is not a hole. */
const writtenBytes = 128
const segmentBytes = 1e9
const fetchVersion = 12
const placeCount = 1000
const roundsOfPlaces = 4
/** Has no divisor in common with their count, so that all of them are visited. */
const strideOfPlaces = 387
const sizes = { full: { small: 1e9, large: 50e9 }, quick: { small: 1e9, large: 5e9 } }
/** "Independent of the size", within what two runs differ by. */
const targets: readonly Target[] = [{ figure: 'p50', to: 'limit', atMost: 1.1 }]
const blockBytes = 4096

/** Only Gregor is asked: the target compares it with itself. */
export async function logSize(options: CompareOptions, report: (comparison: Comparison) => void): Promise<void> {
  const { small, large } = options.isQuick ? sizes.quick : sizes.full
  const of = `a log of ${large / 1e9} GB, with one of ${small / 1e9} GB as the limit`
  const title = `log size: fetches of one batch of 256 KiB, all over ${of}`
  const needed = (large / valueBytes) * blockBytes * 2
  const { bavail, bsize } = statfsSync(options.scratch)
  if (bavail * bsize < needed) {
    report({
      id: 'log-size',
      question: 'size',
      title,
      figures,
      entries: [{ name: 'gregor', notRun: 'not enough room on the disk' }],
    })
    return
  }
  const logs: BigLog[] = []
  try {
    for (const bytes of [large, small]) {
      options.progress(`log size: recovering ${bytes / 1e9} GB`)
      logs.push(await BigLog.start(options.scratch, bytes))
    }
    const contenders: Contender[] = logs.map(log => ({
      name: log.bytes === large ? 'gregor' : `gregor, ${log.bytes / 1e9} GB`,
      isLimit: log.bytes === small,
      run: () => log.fetchEverywhere(),
    }))
    const entries = await compare('log size', contenders, options)
    report({ id: 'log-size', question: 'size', title, figures, entries, targets })
  } finally {
    for (const log of logs) await log.end()
  }
}

class BigLog {
  readonly bytes: number
  readonly #directory: string
  readonly #topic: string
  readonly #batches: number
  readonly #client: WireClient
  readonly #stop: () => Promise<unknown>

  static async start(scratch: string, bytes: number): Promise<BigLog> {
    const directory = newFolder(scratch, 'gregor')
    // Makes the topic; its files follow while nobody has them open.
    const first = await gregor.start({ directory })
    const { name } = await makeTopic(first, nextTopicName(), 1)
    await first.stop()
    const partition = readdirSync(directory, { recursive: true, encoding: 'utf8' }).find(path => path.endsWith(`${name}-0`))
    if (partition === undefined) throw new Error(`no folder of ${name} in the data directory`)
    const batches = writeSegments(join(directory, partition), bytes)
    const second = await gregor.start({ directory })
    const [end] = await endOffsetsOf(second, { name, partitions: 1 })
    if (end !== batches) throw new Error(`the log was recovered up to ${end} of ${batches}`)
    const client = await WireClient.connect(`127.0.0.1:${second.port}`, 'gregor-bench')
    return new BigLog(bytes, directory, name, batches, client, second.stop)
  }

  private constructor(
    bytes: number,
    directory: string,
    topic: string,
    batches: number,
    client: WireClient,
    stop: () => Promise<unknown>,
  ) {
    this.bytes = bytes
    this.#directory = directory
    this.#topic = topic
    this.#batches = batches
    this.#client = client
    this.#stop = stop
  }

  async fetchEverywhere(): Promise<Record<string, number>> {
    const latencies = new Histogram()
    for (let fetched = 0; fetched < roundsOfPlaces * placeCount; fetched++) {
      // Never near the place before: neither the one nor the next segment.
      const place = (fetched * strideOfPlaces) % placeCount
      const fetchOffset = Math.floor((place / placeCount) * this.#batches)
      // The smallest answer there is: one batch, whatever its size.
      const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1 }]
      const startMs = performance.now()
      const { responses } = await this.#client.request(Fetch, fetchVersion, {
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 1,
        topics: [{ topic: this.#topic, partitions }],
      })
      latencies.record(performance.now() - startMs)
      const records = responses[0]?.partitions[0]?.records
      if (records === undefined || records === null || records.byteLength < valueBytes) throw new Error('a fetch came back empty')
    }
    return { p50: latencies.percentileMs(0.5), p99: latencies.percentileMs(0.99) }
  }

  async end(): Promise<void> {
    this.#client.close()
    await this.#stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** One record of zeros to a batch. The number of batches. */
function writeSegments(folder: string, bytes: number): number {
  const batch = Buffer.from(buildBatch([{ key: null, value: Buffer.alloc(valueBytes) }], { timestampMs: Date.now() }))
  const head = batch.subarray(0, writtenBytes)
  if (batch.subarray(writtenBytes).some(byte => byte !== 0)) throw new Error('more of a batch than its head is not zero')
  const batchesPerSegment = Math.floor(segmentBytes / batch.length)
  const batches = Math.floor(bytes / segmentBytes) * batchesPerSegment
  for (let first = 0; first < batches; first += batchesPerSegment) {
    const file = openSync(join(folder, `${String(first).padStart(20, '0')}.log`), 'w')
    for (let index = 0; index < batchesPerSegment; index++) {
      stampBaseOffset(head, 0, first + index)
      writeSync(file, head, 0, writtenBytes, index * batch.length)
    }
    ftruncateSync(file, batchesPerSegment * batch.length)
    closeSync(file)
  }
  return batches
}

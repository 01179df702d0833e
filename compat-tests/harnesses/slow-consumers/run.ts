/**
 * Consumers that hardly read: `run.js [--consumers N] [--seconds N]`.
 *
 *   1. One consumer asks for twenty segments and reads 1 KB a second. Retention deletes the segments meanwhile. The bytes
 *      that it gets in the end are those that were there when it asked; then the files are let go.
 *   2. Many such consumers stand beside one that reads as fast as it can. The broker's memory and open files stay within
 *      bounds that do not depend on how much they asked for, and the fast one is not held up.
 *
 * Exit code 0 when all of that holds, 1 when something does not, 2 for wrong usage. Linux only: it looks into /proc.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { Fetch } from '#protocol/messages/fetch.js'
import { ListOffsets } from '#protocol/messages/list-offsets.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { delay, eventually } from '../../lib/patience.js'
import { openFiles, residentBytes } from '../../lib/process-facts.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { SlowReader } from './slow-reader.js'

const topic = 'slowly-read'
const segmentBytes = 1 << 20
const keptBytes = 32 * segmentBytes
const askedBytes = 20 * segmentBytes
const bytesPerSecond = 1024
const hurriedBytesPerSecond = 256 << 20
/** What the answers of one slow consumer may cost the broker beyond its socket. */
const memoryPerConsumerMax = 512 * 1024
const memoryGrowthMax = 96 << 20
/** Segments of the log and files that every broker has open. */
const otherFilesMax = 160

const { values } = parseArgs({
  options: { consumers: { type: 'string', default: '200' }, seconds: { type: 'string', default: '10' } },
})
const [consumers, seconds] = [values.consumers, values.seconds].map(Number) as [number, number]
if (![consumers, seconds].every(value => Number.isInteger(value) && value > 0)) {
  console.error('consumers and seconds are whole numbers above 0')
  process.exit(2)
}
if (!existsSync('/proc/self/fd')) {
  console.log('not run: there is no /proc to look into')
  process.exit(0)
}

const tally = new Tally()
const figures: Record<string, number> = {}
const broker = await startGregor({
  args: ['log.retention.check.interval.ms=300', 'gregor.durability=os'].flatMap(config => ['--config', config]),
})
try {
  const client = await WireClient.connect(broker.bootstrap)
  await createTopic(client)
  await deletionBesideOneReader(client, broker)
  await manyBesideAFastOne(client, broker)
  client.close()
} finally {
  await broker.stop()
}
process.exit(tally.close(figures))

/** `detail` is told when the claim does not hold. */
function claim(name: string, holds: boolean, detail: string): void {
  tally.claim(name, holds ? null : detail)
}

async function createTopic(client: WireClient): Promise<void> {
  const configs = {
    'segment.bytes': String(segmentBytes),
    'retention.bytes': String(keptBytes),
    'file.delete.delay.ms': '500',
  }
  await client.request(CreateTopics, 5, {
    topics: [
      {
        name: topic,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      },
    ],
    timeoutMs: 10_000,
    validateOnly: false,
  })
}

/** Batches of 64 KiB, until the log has grown by `bytes`. */
async function append(client: WireClient, bytes: number): Promise<void> {
  const value = Buffer.alloc(64 << 10)
  for (let written = 0; written < bytes; written += value.byteLength) {
    value.fill(written & 0xff)
    const records = buildBatch([{ key: null, value }], { timestampMs: Date.now() })
    await client.request(Produce, 7, {
      acks: 1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    })
  }
}

async function startOffset(client: WireClient): Promise<number> {
  const { topics } = await client.request(ListOffsets, 1, {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -2 }] }],
  })
  return topics[0]!.partitions[0]!.offset!
}

// --- 1 ---

async function deletionBesideOneReader(client: WireClient, { bootstrap, pid }: RunningGregor): Promise<void> {
  await append(client, 24 * segmentBytes)
  const first = await startOffset(client)
  const reference = await SlowReader.ask(bootstrap, topic, first, askedBytes, hurriedBytesPerSecond)
  await eventually(() => reference.isComplete, 30_000)
  const slow = await SlowReader.ask(bootstrap, topic, first, askedBytes, bytesPerSecond)
  await eventually(() => slow.received > 0, 10_000)

  await append(client, 2 * keptBytes)
  const isDeleted = await eventually(async () => (await startOffset(client)) > first + 320, 20_000)
  claim(
    'retention deletes the segments that a slow consumer is reading',
    isDeleted,
    `the log starts at ${await startOffset(client)}`,
  )
  // The start of the log moves first; files are renamed, and go, a moment later.
  await eventually(() => leftOvers() === 0 && openFiles(pid).deletedLogs > 0, 10_000)
  claim('their files go', leftOvers() === 0, `${leftOvers()} .deleted files`)
  const held = openFiles(pid).deletedLogs
  figures.segmentsHeldOpen = held
  // A segment is closed before it is full, and what was asked for begins and ends in the middle of one.
  const heldMax = askedBytes / segmentBytes + 2
  claim('what it has not read yet is held open', held > 0 && held <= heldMax, `${held} deleted logs are open`)
  const before = slow.received
  await delay(2000)
  const pace = Math.round((slow.received - before) / 2)
  claim('it reads on at its own pace', pace > 0 && pace <= 2 * bytesPerSecond, `${pace} bytes a second`)

  slow.hurry(hurriedBytesPerSecond)
  await eventually(() => slow.isComplete || slow.isLost, 30_000)
  const [should, is] = [reference, slow].map(({ received, total }) => `${received} of ${total}`)
  claim(
    'it gets every byte that was there when it asked',
    should === is && slow.digest() === reference.digest(),
    `${is}, ${should}`,
  )
  slow.close()
  reference.close()
  const isLetGo = await eventually(() => openFiles(pid).deletedLogs === 0, 10_000)
  claim('then the segments are let go', isLetGo, `${openFiles(pid).deletedLogs} deleted logs are open`)
}

function leftOvers(): number {
  return readdirSync(join(broker.dataDir, `${topic}-0`)).filter(name => name.endsWith('.deleted')).length
}

// --- 2 ---

async function manyBesideAFastOne(client: WireClient, { bootstrap, pid }: RunningGregor): Promise<void> {
  const first = await startOffset(client)
  const alone = await readAll(bootstrap, first, seconds)
  const before = residentBytes(pid)
  const slow = await Promise.all(
    Array.from({ length: consumers }, () => SlowReader.ask(bootstrap, topic, first, askedBytes, bytesPerSecond)),
  )
  await eventually(() => slow.every(({ received }) => received > 0), 20_000)
  const beside = await readAll(bootstrap, first, seconds)
  const after = residentBytes(pid)
  const files = openFiles(pid)
  const growth = after - before
  Object.assign(figures, { residentMegabytes: after >> 20, growthMegabytes: growth >> 20, ...files })
  Object.assign(figures, { fastAloneMegabytesPerSecond: alone, fastBesideMegabytesPerSecond: beside })
  const bound = Math.min(memoryGrowthMax, consumers * memoryPerConsumerMax)
  claim(`${consumers} slow consumers cost less than ${bound >> 20} MB`, growth < bound, `${growth >> 20} MB`)
  const filesMax = consumers + otherFilesMax
  claim(`and no more than ${filesMax} open files`, files.count <= filesMax, JSON.stringify(files))
  claim('a fast consumer beside them is not held up', beside > alone / 3, `${beside} of ${alone} MB a second`)
  claim('no consumer lost its connection', !slow.some(({ isLost }) => isLost), 'a connection was closed')
  for (const one of slow) one.close()
  const isFree = await eventually(() => openFiles(pid).sockets < 20, 10_000)
  claim('when they leave, their sockets are closed', isFree, `${openFiles(pid).sockets} sockets`)
}

/** Megabytes a second of a consumer that reads the log again and again. */
async function readAll(bootstrap: string, from: number, forSeconds: number): Promise<number> {
  const client = await WireClient.connect(bootstrap)
  const endMs = performance.now() + forSeconds * 1000
  const startedMs = performance.now()
  let bytes = 0
  while (performance.now() < endMs) {
    const { responses } = await client.request(Fetch, 4, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 4 << 20,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset: from, partitionMaxBytes: 4 << 20 }] }],
    })
    bytes += responses[0]?.partitions[0]?.records?.byteLength ?? 0
  }
  client.close()
  return Math.round(bytes / 1e6 / ((performance.now() - startedMs) / 1000))
}

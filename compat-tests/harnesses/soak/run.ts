/**
 * Does anything grow? `run.js [--seconds N] [--svg FILE] [--rate N]`. One broker under a mixed
 * load, with segments of one second, retention and compaction at work all the time: producers of plain and compacted topics,
 * a kafkajs group that commits, topics that come and go, connections that come and go. Every two seconds its resident memory,
 * open files and files on disk are noted; after a warm-up of a third of the time none of them may rise. The samples can be
 * drawn (`--svg`).
 *
 * Exit code 0 when nothing grows, 1 when something does, 2 for wrong usage. Linux only: it looks into /proc.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import kafkajs from 'kafkajs'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DeleteTopics } from '#protocol/messages/delete-topics.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { delay } from '../../lib/patience.js'
import { openFiles, residentBytes } from '../../lib/process-facts.js'
import { Random } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { chart } from './chart.js'

const sampleMs = 2000
const valueBytes = 500
const recordsPerBatch = 10
const keyCount = 2000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    svg: { type: 'string' },
    /** Batches a second, all producers together. */
    rate: { type: 'string', default: '200' },
  },
})
const [seconds, rate] = [values.seconds, values.rate].map(Number) as [number, number]
if (![seconds, rate].every(value => Number.isInteger(value) && value > 0)) {
  console.error('seconds and rate are whole numbers above 0')
  process.exit(2)
}
if (!existsSync('/proc/self/fd')) {
  console.log('not run: there is no /proc to look into')
  process.exit(0)
}

interface Sample {
  readonly atSeconds: number
  readonly residentMegabytes: number
  readonly openFiles: number
  readonly filesOnDisk: number
  readonly slowestAnswerMs: number
}

const allowances: { readonly of: keyof Sample; readonly name: string; readonly share: number; readonly atLeast: number }[] = [
  { of: 'residentMegabytes', name: 'resident memory', share: 0.25, atLeast: 24 },
  { of: 'openFiles', name: 'open files', share: 0.2, atLeast: 10 },
  { of: 'filesOnDisk', name: 'files on disk', share: 0.3, atLeast: 60 },
]

const tally = new Tally()
const counts = { batches: 0, consumed: 0, topicsMade: 0, compactions: 0, warnings: 0 }
const random = new Random(1)
let isOver = false
const configs = [
  'log.roll.ms=1000',
  'log.retention.check.interval.ms=1000',
  'log.retention.ms=10000',
  'log.segment.delete.delay.ms=1000',
  'log.cleaner.backoff.ms=500',
  'log.cleaner.delete.retention.ms=3000',
  'log.cleaner.min.cleanable.ratio=0.3',
]
const broker = await startGregor({
  args: ['--json-logs', ...configs.flatMap(config => ['--config', config])],
  onLogLine: line => {
    if (line.includes('"log compacted"')) counts.compactions++
    if (/"level":(40|50|60|"warn"|"error"|"fatal")/.test(line)) {
      counts.warnings++
      if (counts.warnings <= 5) console.log(line)
    }
  },
})
let samples: Sample[] = []
try {
  const client = await WireClient.connect(broker.bootstrap)
  await createTopic(client, 'deleted', 4, {})
  await createTopic(client, 'compacted', 4, { 'cleanup.policy': 'compact' })
  await createTopic(client, 'both', 2, { 'cleanup.policy': 'compact,delete' })
  const work = [
    produce('deleted', 4, rate / 2),
    produce('compacted', 4, rate / 4),
    produce('both', 2, rate / 4),
    consume(broker),
    comeAndGo(broker),
  ]
  samples = await observe(broker, client)
  isOver = true
  await Promise.all(work)
  client.close()
} finally {
  isOver = true
  await broker.stop()
}
judge()
if (values.svg !== undefined) draw(values.svg)
process.exit(tally.close({ seconds, ...counts, ...samples.at(-1) }))

// --- the load ---

async function createTopic(client: WireClient, name: string, numPartitions: number, topicConfigs: Record<string, string>) {
  const { topics } = await client.request(CreateTopics, 5, {
    topics: [
      {
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(topicConfigs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  if (topics[0]?.errorCode !== 0) throw new Error(`${name} not created: ${topics[0]?.errorMessage}`)
}

async function produce(topic: string, partitions: number, batchesPerSecond: number): Promise<void> {
  const client = await WireClient.connect(broker.bootstrap)
  const own = random.fork()
  while (!isOver) {
    const startedMs = performance.now()
    for (let n = 0; n < batchesPerSecond / 10 && !isOver; n++) {
      const records = Array.from({ length: recordsPerBatch }, () => ({
        key: Buffer.from(`key-${own.below(keyCount)}`),
        value: own.oneIn(20) ? null : Buffer.alloc(own.below(valueBytes), 0x76),
      }))
      await client.request(Produce, 7, {
        acks: own.oneIn(4) ? -1 : 1,
        timeoutMs: 10_000,
        topicData: [
          {
            name: topic,
            partitionData: [{ index: own.below(partitions), records: buildBatch(records, { timestampMs: Date.now() }) }],
          },
        ],
      })
      counts.batches++
    }
    await delay(Math.max(1, 100 - (performance.now() - startedMs)))
  }
  client.close()
}

async function consume({ bootstrap }: RunningGregor): Promise<void> {
  const kafka = new kafkajs.Kafka({ clientId: 'soak', brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: 'soakers', maxWaitTimeInMs: 500 })
  await consumer.connect()
  await consumer.subscribe({ topics: ['deleted', 'compacted', 'both'], fromBeginning: true })
  await consumer.run({
    autoCommitInterval: 500,
    eachBatch: async ({ batch }) => {
      counts.consumed += batch.messages.length
    },
  })
  while (!isOver) await delay(200)
  await consumer.disconnect()
}

/** Topics and connections that live for a moment. */
async function comeAndGo({ bootstrap }: RunningGregor): Promise<void> {
  for (let n = 0; !isOver; n++) {
    const client = await WireClient.connect(bootstrap, `visitor-${n}`)
    const name = `brief-${n}`
    await createTopic(client, name, 3, {})
    const records = buildBatch([{ key: null, value: Buffer.alloc(100) }], { timestampMs: Date.now() })
    await client.request(Produce, 7, {
      acks: 1,
      timeoutMs: 10_000,
      topicData: [{ name, partitionData: [0, 1, 2].map(index => ({ index, records })) }],
    })
    await client.request(DeleteTopics, 3, { topicNames: [name], timeoutMs: 10_000 })
    counts.topicsMade++
    client.close()
    await delay(500)
  }
}

// --- the observer ---

async function observe({ pid, dataDir }: RunningGregor, client: WireClient): Promise<Sample[]> {
  const found: Sample[] = []
  const startedMs = performance.now()
  while (performance.now() - startedMs < seconds * 1000) {
    const slowestAnswerMs = await slowestAnswer(client)
    found.push({
      atSeconds: (performance.now() - startedMs) / 1000,
      residentMegabytes: residentBytes(pid) / (1 << 20),
      openFiles: openFiles(pid).count,
      filesOnDisk: countFiles(dataDir),
      slowestAnswerMs,
    })
    if (found.length % 15 === 0) console.log(JSON.stringify({ ...rounded(found.at(-1)!), ...counts }))
  }
  return found
}

function countFiles(dataDir: string): number {
  let count = 0
  for (const { name, parentPath } of readdirSync(dataDir, { withFileTypes: true })) {
    try {
      count += 1 + readdirSync(join(parentPath, name)).length
    } catch {
      // A file, or a partition that was deleted meanwhile.
      count++
    }
  }
  return count
}

/** Asks for what costs nothing, for one sample's time: what it waits for is other work. */
async function slowestAnswer(client: WireClient): Promise<number> {
  const endMs = performance.now() + sampleMs
  let slowest = 0
  while (performance.now() < endMs) {
    const askedMs = performance.now()
    await client.request(Metadata, 4, { topics: [], allowAutoTopicCreation: false })
    slowest = Math.max(slowest, performance.now() - askedMs)
    await delay(20)
  }
  return slowest
}

function rounded(sample: Sample): Record<string, number> {
  return Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, Math.round(value as number)]))
}

// --- the judge ---

/** After the warm-up, the last quarter stands on average no higher than the first quarter by more than an allowance. */
function judge(): void {
  const steady = samples.slice(Math.floor(samples.length / 3))
  const quarter = Math.max(1, Math.floor(steady.length / 4))
  for (const { of, name, share, atLeast } of allowances) {
    const mean = (part: readonly Sample[]) => part.reduce((sum, sample) => sum + sample[of], 0) / part.length
    const [first, last] = [mean(steady.slice(0, quarter)), mean(steady.slice(-quarter))]
    const isFlat = last - first <= Math.max(atLeast, first * share)
    tally.claim(`${name} does not grow`, isFlat ? null : `from ${Math.round(first)} to ${Math.round(last)}`)
  }
  tally.claim('compaction was at work', counts.compactions > seconds / 20 ? null : `${counts.compactions} compactions`)
  tally.claim('the group read along', counts.consumed > counts.batches ? null : `${counts.consumed} records`)
  tally.claim('nothing was warned of', counts.warnings === 0 ? null : `${counts.warnings} warnings`)
}

function draw(file: string): void {
  const series = [
    { name: 'memory', unit: 'MiB', values: samples.map(({ residentMegabytes }) => residentMegabytes) },
    { name: 'open files', unit: '', values: samples.map(sample => sample.openFiles) },
    { name: 'files on disk', unit: '', values: samples.map(({ filesOnDisk }) => filesOnDisk) },
    { name: 'slowest', unit: 'ms an answer', values: samples.map(({ slowestAnswerMs }) => slowestAnswerMs) },
  ]
  const title = `${Math.round(seconds)} s of mixed load, ${counts.batches} batches, ${counts.compactions} compactions`
  writeFileSync(
    file,
    chart(
      title,
      samples.map(({ atSeconds }) => atSeconds),
      series,
    ),
  )
  console.log(`wrote ${file}`)
}

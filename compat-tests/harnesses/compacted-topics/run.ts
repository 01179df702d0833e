/**
 * Compacted topics as others see them: `run.js [--writes N]`. Batches in every codec,
 * with tombstones and idempotent producers, are written until the topic was compacted several times; kafkajs and kcat read
 * it from the start and must end with the latest value of every key and no other. A topic that retention shortens and the
 * topic of committed offsets are written beside it. Then the broker stops, and Kafka's own kafka-dump-log verifies every
 * file: batches and records, both indexes, producer snapshots.
 *
 * Exit code 0 when all of that holds, 1 when something does not, 2 for wrong usage. What is not on this machine (kcat, a JVM
 * with Kafka's jars) is said and left out.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import kafkajs from 'kafkajs'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { ListOffsets } from '#protocol/messages/list-offsets.js'
import { OffsetCommit } from '#protocol/messages/offset-commit.js'
import { Produce } from '#protocol/messages/produce.js'
import { batchHeaderSize } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { writableCodec } from '#protocol/records/compression.js'
import { recompress } from '#protocol/records/recompress.js'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { kafkaClasspath } from '../../lib/maven.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually, within } from '../../lib/patience.js'
import { run } from '../../lib/processes.js'
import { Random } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import { ToolHost } from '../../lib/tool-host.js'
import { WireClient } from '../../lib/wire-client.js'

const topic = 'compacted'
const shortened = 'shortened'
const offsetsTopic = '__consumer_offsets'
const groupId = 'committers'
const partitionsCommitted = 200
const keyCount = 300
const deleteRetentionMs = 1000
const readTimeoutMs = 60_000

const { values } = parseArgs({ options: { writes: { type: 'string', default: '4000' } } })
const writes = Number(values.writes)
if (!Number.isInteger(writes) || writes < 1) {
  console.error('writes is a whole number above 0')
  process.exit(2)
}

const configs = [
  'log.cleaner.backoff.ms=200',
  'log.cleaner.min.cleanable.ratio=0.05',
  'log.retention.check.interval.ms=200',
  'offsets.topic.num.partitions=1',
  'offsets.topic.segment.bytes=1048576',
]

const tally = new Tally()
const dataDir = scratchFolder('compacted-topics')
/** `detail` is told when the claim does not hold. */
function claim(name: string, holds: boolean, detail: string): void {
  tally.claim(name, holds ? null : detail)
}

/** The size of the value that each key has in the end, which hardly two have in common; -1 after a tombstone. */
const latest = new Map<string, number>()
let compactions = 0
let compactionsOfOffsets = 0
/** What the group committed last, by partition. */
const committed = new Map<number, number>()
try {
  await main()
} finally {
  await rm(dataDir, { recursive: true, force: true })
}
process.exit(tally.failed === 0 ? 0 : 1)

async function main(): Promise<void> {
  const broker = await startGregor({
    dataDir,
    args: ['--json-logs', ...configs.flatMap(config => ['--config', config])],
    onLogLine: line => {
      if (!line.includes('"log compacted"')) return
      if (line.includes(`"${topic}"`)) compactions++
      if (line.includes(`"${offsetsTopic}"`)) compactionsOfOffsets++
    },
  })
  try {
    const client = await WireClient.connect(broker.bootstrap)
    const compact = { 'cleanup.policy': 'compact', 'delete.retention.ms': String(deleteRetentionMs) }
    await createTopic(client, topic, 1, compact)
    await createTopic(client, shortened, partitionsCommitted, { 'retention.bytes': '2097152' })
    // Two waves with a pause: the second one compacts again what has passed its delete horizon.
    await write(client, new Random(1), writes)
    await delay(2 * deleteRetentionMs)
    await write(client, new Random(2), writes)
    await eventually(async () => (await settled(200)) && compactions >= 3, 30_000)
    claim('the topic was compacted several times', compactions >= 3, `${compactions} times`)
    await commitAgainAndAgain(client)
    await lengthen(client)
    const end = await endOffset(client)
    await checkReader('kafkajs', end, () => readWithKafkajs(broker, end))
    if ((await run('kcat', ['-V'])).exitCode === 0) await checkReader('kcat', end, () => readWithKcat(broker))
    else console.log('not run: kcat is not installed')
    client.close()
  } finally {
    await broker.stop()
  }
  await checkFiles()
}

async function settled(ms: number): Promise<boolean> {
  const before = compactions
  await delay(ms)
  return before === compactions
}

async function createTopic(
  client: WireClient,
  name: string,
  numPartitions: number,
  overrides: Readonly<Record<string, string>>,
): Promise<void> {
  const configs = Object.entries({ 'segment.bytes': '1048576', ...overrides }).map(([key, value]) => ({ name: key, value }))
  const { topics } = await client.request(CreateTopics, 5, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  if (topics[0]?.errorCode !== 0) throw new Error(`topic not created: ${topics[0]?.errorMessage}`)
}

async function write(client: WireClient, random: Random, count: number): Promise<void> {
  const producers = await Promise.all(
    [0, 1, 2].map(async () => {
      const { producerId } = await client.request(InitProducerId, 0, { transactionalId: null, transactionTimeoutMs: 1000 })
      return { producerId, baseSequence: 0 }
    }),
  )
  for (let n = 0; n < count; n++) {
    const producer = random.oneIn(2) ? random.pick(producers) : null
    const records = Array.from({ length: random.between(1, 8) }, () => {
      const key = `key-${random.below(keyCount)}`
      const value = random.oneIn(8) ? null : 'v'.repeat(random.between(0, 3000))
      latest.set(key, value === null ? -1 : value.length)
      return { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }
    })
    const plain = buildBatch(records, {
      timestampMs: Date.now(),
      ...(producer === null ? {} : { ...producer, producerEpoch: 0 }),
    })
    if (producer !== null) producer.baseSequence += records.length
    const codec = writableCodec(random.below(5))
    const batch = codec === 0 ? plain : recompress(plain, plain.subarray(batchHeaderSize), codec)
    const { responses } = await client.request(Produce, 7, {
      acks: 1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: batch }] }],
    })
    const errorCode = responses[0]?.partitionResponses[0]?.errorCode
    if (errorCode !== 0) throw new Error(`produce: error ${errorCode}`)
  }
}

/** Commits of a consumer that is in no group generation, until the topic of offsets was compacted twice. */
async function commitAgainAndAgain(client: WireClient): Promise<void> {
  await client.request(FindCoordinator, 3, { key: groupId, keyType: 0 })
  for (let round = 0; round < 2000 && compactionsOfOffsets < 2; round++) {
    const partitions = Array.from({ length: partitionsCommitted }, (_, partitionIndex) => {
      const committedOffset = round * 10 + partitionIndex
      return { partitionIndex, committedOffset, committedLeaderEpoch: -1, committedMetadata: 'm'.repeat(round % 50) }
    })
    const answer = await client.request(OffsetCommit, 7, {
      ...{ groupId, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null },
      topics: [{ name: shortened, partitions }],
    })
    for (const { partitionIndex, errorCode } of answer.topics[0]!.partitions) {
      if (errorCode === 0) committed.set(partitionIndex, round * 10 + partitionIndex)
      // The coordinator may still be loading.
      else await delay(5)
    }
  }
  claim('committed offsets were compacted', compactionsOfOffsets >= 2, `${compactionsOfOffsets} times`)
}

/** Until retention has taken the start of the log. */
async function lengthen(client: WireClient): Promise<void> {
  const value = Buffer.alloc(100_000)
  for (let n = 0; n < 60; n++) {
    const records = buildBatch([{ key: null, value }], { timestampMs: Date.now() })
    const topicData = [{ name: shortened, partitionData: [{ index: 0, records }] }]
    await client.request(Produce, 7, { acks: 1, timeoutMs: 10_000, topicData })
  }
  const isShortened = await eventually(() => !existsSync(join(dataDir, `${shortened}-0`, `${'0'.repeat(20)}.log`)), 20_000)
  claim('retention took segments', isShortened, 'the first segment is still there')
}

async function endOffset(client: WireClient): Promise<number> {
  const { topics } = await client.request(ListOffsets, 1, {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  })
  return topics[0]!.partitions[0]!.offset!
}

interface ReadRecord {
  readonly offset: number
  readonly key: string
  /** Of the value; -1 for a tombstone. */
  readonly size: number
}

async function checkReader(name: string, end: number, read: () => Promise<ReadRecord[]>): Promise<void> {
  const records = await within(readTimeoutMs, name, read())
  const found = new Map(records.map(({ key, size }) => [key, size]))
  const wrong = [...latest].filter(([key, size]) => (found.get(key) ?? -1) !== size).map(([key]) => key)
  claim(`${name}: every key has its latest value`, wrong.length === 0, `wrong: ${wrong.slice(0, 5).join(', ')}`)
  const isRising = records.every(({ offset }, n) => n === 0 || offset > records[n - 1]!.offset)
  claim(`${name}: offsets rise and keep their numbers`, isRising && (records.at(-1)?.offset ?? 0) < end, `end ${end}`)
  const share = `${records.length} records of ${end} offsets`
  claim(`${name}: what was replaced is gone`, records.length < end / 2, share)
  console.log(`${name} read ${share}`)
}

async function readWithKafkajs({ bootstrap }: RunningGregor, end: number): Promise<ReadRecord[]> {
  const kafka = new kafkajs.Kafka({ clientId: 'compacted', brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const { CompressionCodecs, CompressionTypes } = kafkajs
  const { unsnappy, unlz4, unzstd } = await decoders()
  CompressionCodecs[CompressionTypes.Snappy] = unsnappy
  CompressionCodecs[CompressionTypes.LZ4] = unlz4
  CompressionCodecs[CompressionTypes.ZSTD] = unzstd
  const consumer = kafka.consumer({ groupId: 'compacted-readers', maxWaitTimeInMs: 200 })
  const records: ReadRecord[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    void consumer.run({
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        for (const { offset, key, value } of batch.messages) {
          records.push({ offset: Number(offset), key: String(key), size: value === null ? -1 : value.byteLength })
        }
        if (Number(batch.lastOffset()) + 1 >= end) resolve()
      },
    })
  })
  await consumer.disconnect()
  return records
}

/** kafkajs brings none of these; the codecs are the project's own, which other tests hold against others'. */
async function decoders() {
  const { decompress } = await import('#protocol/records/compression.js')
  const codec = (id: number) => () => ({
    compress: () => Promise.reject(new Error('only read here')),
    decompress: async (bytes: Buffer) => Buffer.from(decompress(id, bytes, 64 << 20)),
  })
  return { unsnappy: codec(2), unlz4: codec(3), unzstd: codec(4) }
}

async function readWithKcat({ bootstrap }: RunningGregor): Promise<ReadRecord[]> {
  // Sizes and not values, which together are more than what is kept of a command's output. %S is -1 for a tombstone.
  const args = ['-q', '-C', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-e', '-f', '%o %k %S\n']
  const file = join(dataDir, 'kcat.txt')
  const { exitCode, stderr } = await run('sh', ['-c', 'exec kcat "$@" >"$0"', file, ...args], { timeoutMs: readTimeoutMs })
  if (exitCode !== 0) throw new Error(`kcat ended with ${exitCode}: ${stderr}`)
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const [offset, key, size] = line.split(' ')
      return { offset: Number(offset), key: key!, size: Number(size) }
    })
}

async function checkFiles(): Promise<void> {
  const classpath = await kafkaClasspath()
  if (classpath === null) {
    console.log("not run: kafka-dump-log, because Kafka's jars or a JVM are not here")
    return
  }
  await using tools = ToolHost.start(classpath)
  await checkFolder(tools, topic, ['--deep-iteration'])
  await checkFolder(tools, shortened, ['--deep-iteration'])
  const logs = await checkFolder(tools, offsetsTopic, ['--offsets-decoder'])
  // The last record of each key, as Kafka's decoder prints it.
  const found = new Map<number, number>()
  for (const [, partition, offset] of logs.matchAll(/"topic":"shortened","partition":(\d+)\}.*?"offset":(\d+)/g)) {
    found.set(Number(partition), Number(offset))
  }
  const wrong = [...committed].filter(([partition, offset]) => found.get(partition) !== offset)
  const isRight = wrong.length === 0 && committed.size === partitionsCommitted
  claim('kafka-dump-log shows what was committed last', isRight, `wrong: ${wrong.slice(0, 3).join(' ')}, of ${committed.size}`)
}

/** Every file of the first partition; answers what the logs were shown as. */
async function checkFolder(tools: ToolHost, name: string, decoder: readonly string[]): Promise<string> {
  const folder = join(dataDir, `${name}-0`)
  const stems = readdirSync(folder)
    .filter(file => file.endsWith('.log'))
    .map(file => file.slice(0, -4))
    .sort()
  const dump = async (file: string, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await tools.run('kafka-dump-log', ['--files', join(folder, file), ...args])
    const complaint = /mismatch|invalid|isvalid: false|out of order|not found|exception|error/i.exec(`${stdout}\n${stderr}`)
    const isFine = exitCode === 0 && complaint === null
    claim(`kafka-dump-log ${args.join(' ')} ${name}-0/${file}`, isFine, `${complaint?.[0]}\n${`${stdout}${stderr}`.slice(-1500)}`)
    return stdout
  }
  let shown = ''
  let emptied = 0
  let horizons = 0
  for (const stem of stems) {
    const stdout = await dump(`${stem}.log`, ...decoder)
    shown += stdout
    emptied += [...stdout.matchAll(/^baseOffset: .* count: 0 /gm)].length
    horizons += [...stdout.matchAll(/deleteHorizonMs: OptionalLong\[\d+\]/g)].length
    for (const kind of ['index', 'timeindex']) await dump(`${stem}.${kind}`, '--index-sanity-check')
    for (const kind of ['index', 'timeindex']) await dump(`${stem}.${kind}`, '--verify-index-only')
  }
  for (const file of readdirSync(folder).filter(one => one.endsWith('.snapshot'))) await dump(file)
  console.log(`${name}: ${stems.length} segments, ${emptied} emptied batches, ${horizons} batches with a delete horizon`)
  return shown
}

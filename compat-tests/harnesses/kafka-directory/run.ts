/**
 * A data directory that Apache Kafka wrote, opened, served and continued by Gregor: `run.js [--keep]`. Kafka (one node,
 * broker and controller in one) gets topics of several shapes, records of several codecs and committed offsets, is restarted
 * once, so that leader epochs rise, and stops. Gregor has to find all of it, go on where Kafka stopped, and write what
 * Kafka's own kafka-dump-log reads. The same again after `kill -9` of Kafka. Then the other way: a directory of Gregor's own
 * is continued by Kafka, which is killed, and is Gregor's again. At the end several data directories, which the two pass to
 * each other, each moving partitions between them.
 *
 * Exit code 0 when everything holds or when there is no Kafka to be had (then "not run"), 1 when something does not.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import kafkajs, { type Admin, type Producer } from 'kafkajs'
import { verifyDirectories, verifyDirectory } from '#inspect/verify-directory.js'
import { Errors } from '#protocol/errors.js'
import { AlterReplicaLogDirs } from '#protocol/messages/alter-replica-log-dirs.js'
import { DescribeLogDirs } from '#protocol/messages/describe-log-dirs.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { nodeFiles } from '#storage/files.js'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { kafkaClasspath } from '../../lib/maven.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually, within } from '../../lib/patience.js'
import { Tally } from '../../lib/tally.js'
import { ToolHost } from '../../lib/tool-host.js'
import { WireClient } from '../../lib/wire-client.js'

// CommonJS: not all of its names can be imported one by one.
const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs

const group = 'readers'
const plain = { topic: 'plain', numPartitions: 3 }
const rolled = {
  topic: 'rolled',
  numPartitions: 1,
  configEntries: [
    { name: 'segment.bytes', value: '1048576' },
    { name: 'retention.ms', value: '1234567890' },
  ],
}
const grown = { topic: 'grown.topic', numPartitions: 1 }
const compacted = { topic: 'compacted', numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }
const deleted = { topic: 'deleted', numPartitions: 2 }
const kept = [plain, rolled, { ...grown, numPartitions: 4 }, compacted]
/** What Kafka's controller writes snapshots for, and how often: the log alone must not be needed. */
const kafkaProperties = {
  'offsets.topic.num.partitions': '4',
  'metadata.log.max.record.bytes.between.snapshots': '2000',
  'log.message.timestamp.after.max.ms': '86400000',
}
const deletesSoon = { 'log.retention.check.interval.ms': '500', 'log.initial.task.delay.ms': '100' }
const settleMs = 60_000

interface Found {
  /** By topic and partition, in order of offsets. */
  readonly records: Map<string, string[]>
  readonly offsets: Map<string, string>
  readonly topicIds: Map<string, string>
  readonly leaderEpochs: Map<string, number>
}

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } })
  const classpath = await kafkaClasspath()
  if (classpath === null) {
    console.log('not run: real Kafka needs Java, Maven and its registry')
    return 0
  }
  const scratch = scratchFolder('kafka-directory')
  const tally = new Tally()
  const figures: Record<string, unknown> = { name: 'kafka-directory' }
  try {
    const stopped = join(scratch, 'stopped')
    const killed = join(scratch, 'killed')
    const written = await writeWithKafka(stopped, killed)
    figures.records = [...written.records.values()].reduce((sum, records) => sum + records.length, 0)
    figures.snapshots = readdirSync(join(stopped, '__cluster_metadata-0')).filter(name => name.endsWith('.checkpoint')).length
    await using host = ToolHost.start(classpath)
    await continueWithGregor('after an orderly stop', stopped, written, host, tally)
    await continueWithGregor('after kill -9', killed, written, host, tally)
    await continueWithKafka(join(scratch, 'ours'), tally)
    await passDirectories(scratch, tally)
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  const exitCode = tally.close(figures)
  if (exitCode === 0 && !values.keep) await rm(scratch, { recursive: true, force: true })
  else console.log(`the data directories are kept in ${scratch}`)
  return exitCode
}

/** Leaves the directory of a Kafka that stopped in order in `stopped`, and of one that was killed in `killed`. */
async function writeWithKafka(stopped: string, killed: string): Promise<Found> {
  let kafka = await startKafka({ logDir: stopped, properties: kafkaProperties, heap: '512m' })
  try {
    await withClient(kafka.bootstrapServers, async (admin, producer) => {
      await admin.createTopics({ topics: [plain, rolled, grown, compacted, deleted] })
      await admin.createPartitions({ topicPartitions: [{ topic: grown.topic, count: 4 }] })
      await produce(producer, 'first')
      await admin.deleteTopics({ topics: [deleted.topic] })
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          { type: ConfigResourceTypes.TOPIC, name: plain.topic, configEntries: [{ name: 'retention.ms', value: '86400000' }] },
        ],
      })
      await admin.setOffsets({ groupId: 'set-by-hand', topic: plain.topic, partitions: [{ partition: 1, offset: '7' }] })
    })
    await consume(kafka.bootstrapServers, group)
  } finally {
    await kafka.stop()
  }
  // Another start is another leader epoch.
  kafka = await startKafka({ logDir: stopped, properties: kafkaProperties, heap: '512m' })
  try {
    await withClient(kafka.bootstrapServers, (_admin, producer) => produce(producer, 'second'))
    const written = await look(kafka.bootstrapServers)
    // What a process that is killed now would leave: everything that reached the operating system.
    await cp(stopped, killed, { recursive: true })
    await rm(join(killed, '.kafka_cleanshutdown'), { force: true })
    return written
  } finally {
    await kafka.stop()
  }
}

async function continueWithGregor(when: string, dataDir: string, written: Found, host: ToolHost, tally: Tally): Promise<void> {
  const lines: string[] = []
  const { findings } = verifyDirectory(nodeFiles, dataDir)
  const damages = findings.list.filter(({ severity }) => severity === 'damage').map(({ path, message }) => `${path}: ${message}`)
  tally.claimNone(`${when}: gregor verify finds nothing damaged in what Kafka left`, damages)
  const gregor = await startGregor({ dataDir, onLogLine: line => lines.push(line) })
  let continued: Found
  try {
    const found = await look(gregor.bootstrap)
    tally.claimNone(`${when}: every topic, with its id`, differences(written.topicIds, found.topicIds))
    const fallen = [...written.leaderEpochs].filter(([key, epoch]) => (found.leaderEpochs.get(key) ?? -1) < epoch)
    tally.claimNone(
      `${when}: no leader epoch falls`,
      fallen.map(([key, epoch]) => `${key}: ${epoch} is ${found.leaderEpochs.get(key)}`),
    )
    tally.claimNone(`${when}: every record, at its offset`, differences(written.records, found.records))
    tally.claimNone(`${when}: every committed offset`, differences(written.offsets, found.offsets))
    await withClient(gregor.bootstrap, async (admin, producer) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [plain, rolled, compacted].map(({ topic }) => ({ type: ConfigResourceTypes.TOPIC, name: topic })),
      })
      const values = resources.flatMap(({ resourceName, configEntries }) =>
        configEntries.map(({ configName, configValue }) => `${resourceName} ${configName}=${configValue}`),
      )
      const expected = ['plain retention.ms=86400000', 'rolled segment.bytes=1048576', 'compacted cleanup.policy=compact']
      tally.claimNone(
        `${when}: topic configurations`,
        expected.filter(one => !values.includes(one)),
      )
      await produce(producer, 'third')
      await admin.createTopics({ topics: [{ topic: 'made-by-gregor', numPartitions: 1 }] })
    })
    await consume(gregor.bootstrap, group)
    continued = await look(gregor.bootstrap)
  } finally {
    await gregor.stop()
  }
  const shorter = [...written.records].filter(([key, records]) => {
    const now = continued.records.get(key) ?? []
    return now.length <= records.length || records.some((record, n) => record !== now[n])
  })
  tally.claimNone(
    `${when}: records go on behind Kafka’s`,
    shorter.map(([key]) => key),
  )
  const behind = [...continued.records].filter(([key, records]) => {
    const committed = continued.offsets.get(`${group} ${key}`)
    return committed !== undefined && Number(committed) !== Number(records.at(-1)?.split(' ')[0]) + 1
  })
  tally.claimNone(
    `${when}: the group goes on where it was`,
    behind.map(([key]) => `${key}: ${continued.offsets.get(`${group} ${key}`)}`),
  )
  const complaints = lines.filter(line => /"level":(50|60)/.test(line))
  tally.claimNone(`${when}: Gregor logged no error`, complaints)
  tally.claimNone(`${when}: kafka-dump-log reads every file`, await dumpAll(dataDir, host))
}

async function continueWithKafka(dataDir: string, tally: Tally): Promise<void> {
  const when = 'Gregor’s own, in Kafka'
  const gregor = await startGregor({ dataDir, args: ['--config', 'node.id=1', '--config', 'offsets.topic.num.partitions=4'] })
  let written: Found
  try {
    await withClient(gregor.bootstrap, async (admin, producer) => {
      await admin.createTopics({ topics: [plain, rolled, { ...grown, numPartitions: 4 }, compacted, deleted] })
      await produce(producer, 'first')
      await admin.deleteTopics({ topics: [deleted.topic] })
      await admin.setOffsets({ groupId: 'set-by-hand', topic: plain.topic, partitions: [{ partition: 1, offset: '7' }] })
    })
    await consume(gregor.bootstrap, group)
    written = await look(gregor.bootstrap)
  } finally {
    await gregor.stop()
  }
  const kafka = await startKafka({ logDir: dataDir, properties: { ...kafkaProperties, ...deletesSoon }, heap: '512m' })
  let left: Found
  try {
    const found = await look(kafka.bootstrapServers)
    tally.claimNone(`${when}: every topic, with its id`, differences(written.topicIds, found.topicIds))
    tally.claimNone(`${when}: every record, at its offset`, differences(written.records, found.records))
    tally.claimNone(`${when}: every committed offset`, differences(written.offsets, found.offsets))
    await withClient(kafka.bootstrapServers, async (admin, producer) => {
      await produce(producer, 'second')
      // It deletes segments that began before Gregor's last checkpoint, and says so nowhere.
      await admin.fetchTopicOffsets(rolled.topic) // deleteTopicRecords looks up no leader
      await admin.deleteTopicRecords({ topic: rolled.topic, partitions: [{ partition: 0, offset: '190' }] })
    })
    await consume(kafka.bootstrapServers, group)
    const folder = join(dataDir, `${rolled.topic}-0`)
    const isDeleted = await eventually(() => !existsSync(join(folder, '00000000000000000000.log')), settleMs)
    tally.claim(`${when}: Kafka deletes a segment`, isDeleted ? null : readdirSync(folder).join(' '))
    left = await look(kafka.bootstrapServers)
  } finally {
    await kafka.kill9()
  }
  await backFromKilledKafka(dataDir, left, tally)
}

/** A Kafka that was killed leaves no marker that would say that Gregor's checkpoint is an old one. */
async function backFromKilledKafka(dataDir: string, left: Found, tally: Tally): Promise<void> {
  const when = 'Gregor’s own, back from a Kafka that was killed'
  const gregor = await startGregor({ dataDir, args: ['--config', 'node.id=1'] })
  try {
    const found = await look(gregor.bootstrap)
    // Of what was deleted, some is back: Kafka writes down once a minute where a log starts.
    const sinceStart = new Map(
      [...left.records].map(([key, all]) => [key, found.records.get(key)?.slice(-all.length || Infinity)]),
    )
    tally.claimNone(`${when}: every record, at its offset`, differences(left.records, sinceStart))
    tally.claimNone(`${when}: every committed offset`, differences(left.offsets, found.offsets))
    const aside = kept.flatMap(({ topic, numPartitions }) =>
      Array.from({ length: numPartitions }, (_, n) => `${topic}-${n}`).flatMap(folder =>
        readdirSync(join(dataDir, folder))
          .filter(name => /\.(damaged|cut)$/.test(name))
          .map(name => `${folder}/${name}`),
      ),
    )
    tally.claimNone(`${when}: nothing is put away as damaged`, aside)
  } finally {
    await gregor.stop()
  }
}

/** Kafka, Gregor and Kafka again on the same three directories: each finds every partition where the one before had put it. */
async function passDirectories(scratch: string, tally: Tally): Promise<void> {
  const directories = ['one', 'two', 'three'].map(name => join(scratch, name))
  const logDir = directories.join(',')
  const onKafka = async (use: (bootstrap: string) => Promise<void>): Promise<void> => {
    const kafka = await startKafka({ logDir, properties: kafkaProperties, heap: '512m' })
    await use(kafka.bootstrapServers).finally(() => kafka.stop())
  }
  const onGregor = async (use: (bootstrap: string) => Promise<void>): Promise<void> => {
    const gregor = await startGregor({ dataDir: logDir, onLogLine: line => lines.push(line) })
    await use(gregor.bootstrap).finally(() => gregor.stop())
  }
  const lines: string[] = []
  let before: { readonly found: Found; readonly places: Map<string, string> } | null = null
  const turn = (who: string, label: string, moves: readonly number[]) => async (bootstrap: string) => {
    const when = `several directories, ${who}`
    await withClient(bootstrap, async (admin, producer) => {
      if (before === null) await admin.createTopics({ topics: [plain, rolled, { ...grown, numPartitions: 4 }, compacted] })
      else {
        const found = await look(bootstrap)
        tally.claimNone(`${when}: every record, at its offset`, differences(before.found.records, found.records))
        tally.claimNone(`${when}: every partition is where it was`, differences(before.places, await placesOf(bootstrap)))
      }
      for (const [at, partition] of moves.entries()) await move(bootstrap, plain.topic, partition, directories[at]!)
      await produce(producer, label)
    })
    before = { found: await look(bootstrap), places: await placesOf(bootstrap) }
    const wrong = moves.filter((partition, at) => before?.places.get(`${plain.topic}-${partition}`) !== directories[at])
    tally.claimNone(`${when}: partitions are moved`, wrong.map(String))
  }
  await onKafka(turn('written by Kafka', 'first', [0]))
  await onGregor(turn('continued by Gregor', 'second', [1, 2, 0]))
  await onKafka(turn('back in Kafka', 'third', [2, 0]))
  await onGregor(turn('and in Gregor again', 'fourth', []))
  const complaints = lines.filter(line => /"level":"?(error|fatal|50|60)/.test(line))
  tally.claimNone('several directories: Gregor logged no error', complaints)
  const damages = verifyDirectories(nodeFiles, directories).flatMap(({ path, findings }) =>
    findings.list.filter(({ severity }) => severity === 'damage').map(one => `${path}/${one.path}: ${one.message}`),
  )
  tally.claimNone('several directories: gregor verify finds nothing damaged', damages)
}

/** The directory of every partition of a topic of ours. */
async function placesOf(bootstrap: string): Promise<Map<string, string>> {
  const wire = await WireClient.connect(bootstrap)
  const { results } = await wire.request(DescribeLogDirs, 4, {
    topics: kept.map(({ topic }) => ({ topic, partitions: [0, 1, 2, 3] })),
  })
  wire.close()
  const places = results.flatMap(({ logDir, topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(one => [`${name}-${one.partitionIndex}`, one.isFutureKey ? `on its way to ${logDir}` : logDir] as const),
    ),
  )
  // What is on its way is found in two directories.
  return new Map(places.sort(([, a], [, b]) => Number(a.startsWith('on')) - Number(b.startsWith('on'))))
}

async function move(bootstrap: string, topic: string, partition: number, path: string): Promise<void> {
  const wire = await WireClient.connect(bootstrap)
  await wire.request(AlterReplicaLogDirs, 2, { dirs: [{ path, topics: [{ name: topic, partitions: [partition] }] }] })
  wire.close()
  const isThere = async (): Promise<void> => {
    while ((await placesOf(bootstrap)).get(`${topic}-${partition}`) !== path) await delay(50)
  }
  await within(settleMs, `the move of ${topic}-${partition}`, isThere())
}

async function withClient(bootstrap: string, use: (admin: Admin, producer: Producer) => Promise<unknown>): Promise<void> {
  const client = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 10 } })
  const admin = client.admin()
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 })
  try {
    await admin.connect()
    await producer.connect()
    await use(admin, producer)
  } finally {
    await producer.disconnect()
    await admin.disconnect()
  }
}

async function produce(producer: Producer, label: string): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const compression = round % 2 === 0 ? CompressionTypes.None : CompressionTypes.GZIP
    for (const { topic, numPartitions } of kept) {
      const messages = Array.from({ length: 40 }, (_, n) => ({
        partition: n % numPartitions,
        key: `${label}-${round}-${n}`,
        value: `${label} ${round} ${n} `.padEnd(topic === rolled.topic ? 20_000 : 60, 'x'),
      }))
      await producer.send({ topic, messages, compression, acks: -1 })
    }
  }
}

/** Reads everything there is as a member of the group, and commits. */
async function consume(bootstrap: string, groupId: string): Promise<void> {
  const client = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 10 } })
  const waiting = new Set<string>()
  await withAdmin(client, async admin => {
    const committed = await committedBy(admin, groupId)
    const at = new Map(
      committed.flatMap(({ topic, partitions }) => partitions.map(one => [`${topic} ${one.partition}`, Number(one.offset)])),
    )
    for (const { topic } of kept) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        if (Number(high) > Math.max(0, at.get(`${topic} ${partition}`) ?? 0))
          waiting.add(`${topic} ${partition} ${Number(high) - 1}`)
      }
    }
  })
  const topics = kept.map(({ topic }) => topic)
  // Leaving commits what was read.
  await withConsumer(client, groupId, topics, async consumer => {
    const read = new Promise<void>(resolve => {
      void consumer.run({
        eachMessage: async ({ topic, partition, message }) => {
          waiting.delete(`${topic} ${partition} ${message.offset}`)
          if (waiting.size === 0) resolve()
        },
      })
    })
    await within(settleMs, `group ${groupId} reading ${[...waiting].slice(0, 5).join(', ')}`, read)
  })
}

/** A client that is not let go of would keep this process alive when something has failed. */
async function withAdmin<T>(client: kafkajs.Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client.admin()
  try {
    await admin.connect()
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

async function withConsumer(
  client: kafkajs.Kafka,
  groupId: string,
  topics: string[],
  use: (consumer: kafkajs.Consumer) => Promise<void>,
): Promise<void> {
  const consumer = client.consumer({ groupId })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics, fromBeginning: true })
    await use(consumer)
  } finally {
    await consumer.disconnect()
  }
}

/** All topics, records and offsets, as a client sees them. */
async function look(bootstrap: string): Promise<Found> {
  const client = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 10 } })
  return withAdmin(client, admin => lookWith(bootstrap, client, admin))
}

async function lookWith(bootstrap: string, client: kafkajs.Kafka, admin: Admin): Promise<Found> {
  const wire = await WireClient.connect(bootstrap)
  const { topics } = await wire.request(Metadata, 12, { topics: null })
  wire.close()
  const own = topics.filter(({ isInternal }) => !isInternal)
  const names = own.map(({ name }) => name ?? '')
  const topicIds = new Map(
    own.map(({ name, topicId, partitions }) => [name ?? '', `${topicId}, ${partitions.length} partitions`]),
  )
  const epochs = own.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, leaderEpoch }) => [`${name} ${partitionIndex}`, leaderEpoch] as const),
  )
  const offsets = new Map<string, string>()
  for (const groupId of [group, 'set-by-hand']) {
    for (const { topic, partitions } of await committedBy(admin, groupId)) {
      for (const { partition, offset } of partitions) {
        if (Number(offset) >= 0) offsets.set(`${groupId} ${topic} ${partition}`, offset)
      }
    }
  }
  const records = await readAll(client, admin, names)
  return { records, offsets, topicIds, leaderEpochs: new Map(epochs) }
}

/** A coordinator of Kafka's that has just started may still be reading. */
async function committedBy(admin: Admin, groupId: string): ReturnType<Admin['fetchOffsets']> {
  const ask = async (): ReturnType<Admin['fetchOffsets']> => {
    for (;;) {
      try {
        return await admin.fetchOffsets({ groupId, topics: kept.map(({ topic }) => topic) })
      } catch (error) {
        if ((error as { code?: number }).code !== Errors.COORDINATOR_LOAD_IN_PROGRESS) throw error
        await delay(200)
      }
    }
  }
  return within(settleMs, `the coordinator of ${groupId}`, ask())
}

async function readAll(client: kafkajs.Kafka, admin: Admin, names: readonly string[]): Promise<Map<string, string[]>> {
  const records = new Map<string, string[]>()
  const waiting = new Set<string>()
  for (const topic of names) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
      records.set(`${topic} ${partition}`, [])
      if (Number(high) > 0) waiting.add(`${topic} ${partition} ${Number(high) - 1}`)
    }
  }
  await withConsumer(client, `look-${randomUUID()}`, [...names], async consumer => {
    const read = new Promise<void>(resolve => {
      if (waiting.size === 0) resolve()
      void consumer.run({
        autoCommit: false,
        eachMessage: async ({ topic, partition, message }) => {
          const { offset, key, value, timestamp } = message
          records.get(`${topic} ${partition}`)!.push(`${offset} ${key} ${value?.toString().trimEnd()} ${timestamp}`)
          waiting.delete(`${topic} ${partition} ${offset}`)
          if (waiting.size === 0) resolve()
        },
      })
    })
    await within(settleMs, `reading ${[...waiting].slice(0, 5).join(', ')}`, read)
  })
  return records
}

function differences<T>(expected: ReadonlyMap<string, T>, found: ReadonlyMap<string, T>): string[] {
  return [...expected]
    .filter(([key, value]) => JSON.stringify(found.get(key)) !== JSON.stringify(value))
    .map(([key, value]) => `${key}: ${JSON.stringify(value)?.slice(0, 200)} is ${JSON.stringify(found.get(key))?.slice(0, 200)}`)
}

/** Every segment and index of every partition through Kafka's own reader. */
async function dumpAll(dataDir: string, host: ToolHost): Promise<string[]> {
  const problems: string[] = []
  for (const folder of readdirSync(dataDir).filter(name => /-\d+$/.test(name))) {
    const logs = readdirSync(join(dataDir, folder)).filter(name => name.endsWith('.log'))
    const decoder = folder.startsWith('__consumer_offsets')
      ? ['--offsets-decoder']
      : folder.startsWith('__cluster_metadata')
        ? ['--cluster-metadata-decoder']
        : ['--deep-iteration']
    for (const log of logs) {
      const path = join(dataDir, folder, log)
      const files = [path, path.replace(/log$/, 'index'), path.replace(/log$/, 'timeindex')].filter(existsSync)
      const result = await host.run('kafka-dump-log', ['--files', files.join(','), ...decoder])
      const isWrong =
        result.exitCode !== 0 || result.stderr !== '' || /isvalid: false|Mismatches|invalid|corrupt/i.test(result.stdout)
      if (isWrong) problems.push(`${folder}/${log}: ${result.stderr.slice(0, 500)}${result.stdout.slice(-500)}`)
    }
  }
  return problems
}

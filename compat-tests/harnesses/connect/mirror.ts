/**
 * MirrorMaker 2 between real Kafka and Gregor, both ways at once. Every record arrives, at least once and in the order of its
 * partition but for repetitions; the copy of a topic has its configs, and a group that goes on at the other cluster, where
 * MirrorMaker says, misses nothing.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DescribeConfigs } from '#protocol/messages/describe-configs.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { OffsetCommit } from '#protocol/messages/offset-commit.js'
import { OffsetFetch } from '#protocol/messages/offset-fetch.js'
import { appendBatch } from '../../lib/append-batch.js'
import { CommittedReader } from '../../lib/committed-reader.js'
import { eventually } from '../../lib/patience.js'
import { WireClient } from '../../lib/wire-client.js'
import { gregor, realKafka, type TestedBroker } from '../exactly-once/broker.js'
import { javaProgram, type Part } from './java.js'

const partitionCount = 2
const recordsPerBatch = 500
const group = 'readers'
const retentionMs = '123456789'
const MIRRORED_MS_MAX = 300_000
const SYNCED_MS_MAX = 120_000

interface Direction {
  readonly name: string
  readonly from: TestedBroker
  readonly to: TestedBroker
  readonly topic: string
  /** MirrorMaker puts the name of the cluster before it. */
  readonly copy: string
}

export async function mirror(part: Part): Promise<void> {
  const { scratch, tally, records, kills } = part
  const folder = join(scratch, 'mirror')
  mkdirSync(folder)
  const brokers = { kafka: await realKafka(folder), gregor: await gregor(folder) }
  await Promise.all(Object.values(brokers).map(broker => broker.start()))
  const there: Direction = {
    name: 'Kafka to Gregor',
    from: brokers.kafka,
    to: brokers.gregor,
    topic: 'there',
    copy: 'kafka.there',
  }
  const back: Direction = { name: 'Gregor to Kafka', from: brokers.gregor, to: brokers.kafka, topic: 'back', copy: 'gregor.back' }
  const maker = javaProgram(part, 'org.apache.kafka.connect.mirror.MirrorMaker', propertiesOf(brokers))
  try {
    for (const direction of [there, back]) await fill(direction, records)
    maker.start()
    const watched = [there, back].map(watch)
    for (let kill = 1; kill <= kills; kill++) {
      const share = (records * kill) / (kills + 1)
      await eventually(() => watched[0]!.seen.size >= share, MIRRORED_MS_MAX)
      await brokers.gregor.kill9()
      await brokers.gregor.start()
      console.log(`Gregor killed: ${watched.map(({ seen }) => seen.size).join(' and ')} of ${records} records mirrored`)
    }
    for (const [nth, direction] of [there, back].entries()) {
      const { seen, reader, problems } = watched[nth]!
      await eventually(() => seen.size >= records, MIRRORED_MS_MAX)
      tally.claim(`${direction.name}: ${records} records arrive`, seen.size === records ? null : `${seen.size} arrived`)
      tally.claimNone(`${direction.name}: nothing is skipped within a partition`, problems)
      const synced = await eventually(() => isSynced(direction), SYNCED_MS_MAX, 500)
      tally.claim(`${direction.name}: the configs of the topic`, synced ? null : 'its retention.ms did not come')
      tally.claim(
        `${direction.name}: a group goes on where it was, and misses nothing`,
        await groupProblem(direction, records, watched[nth]!),
      )
      reader.stop()
    }
  } finally {
    await maker.stop()
    tally.claimNone('MirrorMaker did not end by itself', maker.problems)
    tally.claim('Gregor stops in order and leaves nothing damaged', await brokers.gregor.stop())
    tally.claimNone('Gregor logged no error', brokers.gregor.errorLines)
    await brokers.kafka.stop()
    // For whoever looks for a reason.
    if (tally.failed > 0) for (const [words, times] of maker.said) console.log(`        ${times} × ${words}`)
  }
}

function propertiesOf(brokers: Readonly<Record<string, TestedBroker>>): Record<string, string> {
  const names = Object.keys(brokers)
  const ones = [
    '',
    'checkpoints.topic.',
    'heartbeats.topic.',
    'offset-syncs.topic.',
    'offset.storage.',
    'status.storage.',
    'config.storage.',
  ]
  const often = ['refresh.topics', 'refresh.groups', 'sync.topic.configs', 'sync.group.offsets', 'emit.checkpoints']
  return {
    clusters: names.join(),
    ...Object.fromEntries(names.map(name => [`${name}.bootstrap.servers`, brokers[name]!.bootstrap])),
    'kafka->gregor.enabled': 'true',
    'kafka->gregor.topics': 'there',
    'gregor->kafka.enabled': 'true',
    'gregor->kafka.topics': 'back',
    'sync.group.offsets.enabled': 'true',
    'tasks.max': '2',
    'offset.flush.interval.ms': '1000',
    ...Object.fromEntries(ones.map(kind => [`${kind}replication.factor`, '1'])),
    ...Object.fromEntries(often.map(what => [`${what}.interval.seconds`, '2'])),
  }
}

/** Records that are numbered within their partition, and a group that has read the first half. */
async function fill({ from, topic }: Direction, records: number): Promise<void> {
  const client = await WireClient.connect(from.bootstrap)
  const configs = [{ name: 'retention.ms', value: retentionMs }]
  const made = { name: topic, numPartitions: partitionCount, replicationFactor: 1, assignments: [], configs }
  await client.request(CreateTopics, 5, { topics: [made], timeoutMs: 30_000 })
  const { producerId } = await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
  const each = records / partitionCount
  for (let partition = 0; partition < partitionCount; partition++) {
    for (let first = 0; first < each; first += recordsPerBatch) {
      const batch = Array.from({ length: Math.min(recordsPerBatch, each - first) }, (_, i) => ({
        key: null,
        value: Buffer.from(`${first + i} ${'x'.repeat(100)}`),
      }))
      await appendBatch(client, { topic, partition }, { producerId, baseSequence: first }, batch)
    }
  }
  const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: Math.floor(each / 2),
    committedMetadata: '',
  }))
  const commit = { groupId: group, generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: topic, partitions }] }
  const isCommitted = async () => {
    // Kafka makes the topic of the groups when it is first asked for a coordinator.
    await client.request(FindCoordinator, 3, { key: group, keyType: 0 })
    const answer = await client.request(OffsetCommit, 7, commit)
    return answer.topics.every(one => one.partitions.every(({ errorCode }) => errorCode === 0))
  }
  if (!(await eventually(isCommitted, 60_000))) throw new Error(`no commit at ${from.bootstrap}`)
  client.close()
}

interface Watched {
  /** `partition number` of every record that came. */
  readonly seen: Set<string>
  /** By partition: the number of the record at each offset. */
  readonly numbers: number[][]
  readonly problems: string[]
  readonly reader: CommittedReader
}

/** Follows the copy from the moment that it is there. */
function watch({ to, copy }: Direction): Watched {
  const seen = new Set<string>()
  const numbers: number[][] = Array.from({ length: partitionCount }, () => [])
  const problems: string[] = []
  const highest = numbers.map(() => -1)
  const reader = new CommittedReader(to.bootstrap, 'watcher', new Map([[copy, partitionCount]]), {
    record: ({ partition }, { value }) => {
      const number = Number.parseInt(Buffer.from(value ?? []).toString(), 10)
      if (number > highest[partition]! + 1) problems.push(`${copy}-${partition}: ${number} after ${highest[partition]}`)
      highest[partition] = Math.max(highest[partition]!, number)
      seen.add(`${partition} ${number}`)
      numbers[partition]!.push(number)
    },
  })
  void eventually(() => exists(to, copy), MIRRORED_MS_MAX, 200).then(() => reader.run())
  return { seen, numbers, problems, reader }
}

async function asked<T>({ bootstrap }: TestedBroker, ask: (client: WireClient) => Promise<T>): Promise<T> {
  const client = await WireClient.connect(bootstrap)
  try {
    return await ask(client)
  } finally {
    client.close()
  }
}

function exists(broker: TestedBroker, name: string): Promise<boolean> {
  return asked(broker, async client => {
    const { topics } = await client.request(Metadata, 7, { topics: [{ name }], allowAutoTopicCreation: false })
    return topics[0]?.errorCode === 0 && topics[0].partitions.length === partitionCount
  })
}

function isSynced({ to, copy }: Direction): Promise<boolean> {
  return asked(to, async client => {
    const resources = [{ resourceType: 2, resourceName: copy, configurationKeys: ['retention.ms'] }]
    const { results } = await client.request(DescribeConfigs, 2, { resources, includeSynonyms: false })
    return results[0]?.configs[0]?.value === retentionMs
  })
}

/** Going on where the group stands at the copy, it reads everything that it had not read at the original. */
async function groupProblem({ to, copy }: Direction, records: number, { numbers }: Watched): Promise<string | null> {
  const half = Math.floor(records / partitionCount / 2)
  let offsets: number[] = []
  const isThere = () =>
    asked(to, async client => {
      const partitionIndexes = Array.from({ length: partitionCount }, (_, index) => index)
      const { topics } = await client.request(OffsetFetch, 6, { groupId: group, topics: [{ name: copy, partitionIndexes }] })
      offsets = (topics[0]?.partitions ?? []).map(({ committedOffset }) => Number(committedOffset))
      return offsets.length === partitionCount && offsets.every(offset => offset > 0)
    })
  if (!(await eventually(isThere, SYNCED_MS_MAX, 500))) return `it stands at ${offsets.join(' and ')}`
  const skipped = offsets.flatMap((offset, partition) => numbers[partition]!.slice(0, offset).filter(number => number >= half))
  return skipped.length === 0 ? null : `${skipped.length} records before ${offsets.join(' and ')} were not read before`
}

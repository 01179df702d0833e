/**
 * Exactly once: `run.js [--records N] [--kills N] [--clients N] [--seed N] [--kafka] [--without CLIENT,…]
 * [--config KEY=VALUE]…`.
 * Transactional copiers of kafkajs, confluent-kafka, franz-go and Java read topics, write every record to two others and commit
 * their offsets in the same transaction, in two stages: `in` → `mid`, `left`; `mid` → `right`, `far`. Meanwhile the broker is
 * killed and comes back, copiers are killed, stopped beyond their transaction's timeout, or replaced while they still live.
 * Readers with read_committed tell what they were shown; the checker judges the history of all of it.
 *
 * Exit code 0 when everything holds, 1 when something does not (the data directory and all that
 * copiers said are then kept), 2 for wrong usage. `--kafka`
 * plays before real Kafka 4.4.
 */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { CommittedReader, type Shown } from '../../lib/committed-reader.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually, within } from '../../lib/patience.js'
import { Random, randomSeed } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { gregor, realKafka, type TestedBroker } from './broker.js'
import { HistoryChecker } from './checker.js'
import { type CopyingClient, copyingClients } from './clients.js'
import { Copier } from './copier.js'
import { parseRecord } from './copier-lines.js'
import { Drama } from './drama.js'
import { anomalyKinds, type HistoryEvent } from './history.js'
import { OffsetsObserver } from './offsets-observer.js'
import { startReader } from './readers.js'
import { castOf, createTopics, produceInput } from './stage.js'

/** A pause, a timeout of five seconds, the broker's next look, and a broker that is away. */
const STUCK_MS_MAX = { gregor: 25_000, kafka: 60_000 }
const STALLED_MS_MAX = 90_000
const SETTLE_MS_MAX = 60_000
/** So long one copy may take to be read again, after that. */
const REREAD_MS_MAX = 0.5

const usage =
  'usage: exactly-once/run.js [--records N] [--kills N] [--clients N] [--seed N] [--kafka] [--without CLIENT,…] [--config K=V]…'

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        records: { type: 'string', default: '20000' },
        kills: { type: 'string', default: '10' },
        clients: { type: 'string', default: '5' },
        seed: { type: 'string', default: String(randomSeed()) },
        kafka: { type: 'boolean', default: false },
        without: { type: 'string', default: '' },
        config: { type: 'string', multiple: true, default: [] },
      },
    })
    const numbers = {
      records: Number(values.records),
      kills: Number(values.kills),
      clients: Number(values.clients),
      seed: Number(values.seed),
    }
    if (!Object.values(numbers).every(Number.isSafeInteger)) return null
    return { ...numbers, kafka: values.kafka, without: values.without.split(','), configs: values.config }
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error(usage)
    return 2
  }
  const { records, kills, seed } = options
  console.log(`exactly-once: ${records} records, ${kills} kills, seed ${seed}`)
  const clients = await copyingClients(options.without)
  const scratch = scratchFolder('exactly-once')
  const broker = options.kafka ? await realKafka(scratch) : await gregor(scratch, options.configs)
  const tally = new Tally()
  const figures: Record<string, unknown> = { name: 'exactly-once', seed, records }
  const startedMs = performance.now()
  try {
    await broker.start()
    Object.assign(figures, await perform(broker, clients, options, tally, createWriteStream(join(scratch, 'copiers.txt'))))
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  tally.claim('the broker stopped in order and left nothing damaged', await broker.stop())
  tally.claimNone('the broker logged no error', broker.errorLines)
  figures.seconds = Math.round((performance.now() - startedMs) / 1000)
  const exitCode = tally.close(figures)
  if (exitCode === 0) await rm(scratch, { recursive: true, force: true })
  else console.log(`seed ${seed}; the data directory is kept in ${scratch}`)
  return exitCode
}

async function perform(
  broker: TestedBroker,
  clients: readonly CopyingClient[],
  { records, kills, clients: count, seed, kafka }: NonNullable<ReturnType<typeof readOptions>>,
  tally: Tally,
  said: Writable,
): Promise<object> {
  const { bootstrap } = broker
  const random = new Random(seed)
  const cast = castOf(clients, count)
  const checker = new HistoryChecker({ stuckMsMax: kafka ? STUCK_MS_MAX.kafka : STUCK_MS_MAX.gregor })
  const tell = (event: HistoryEvent) => checker.record(event)

  // 1. What is to be copied, and those who watch.
  const setup = await WireClient.connect(bootstrap)
  await createTopics(setup, cast)
  await produceInput(setup, cast, records, tell)
  setup.close()
  const watcher = new CommittedReader(bootstrap, 'watcher', cast.targets, shownAs('watcher', tell))
  const observer = new OffsetsObserver(bootstrap, cast.groups, tell)
  const watching = Promise.all([watcher.run(), observer.run()])
  const readingClients = clients.filter(({ reader }) => reader !== null)
  const live = readingClients
    .slice(0, 1)
    .map(client => startReader(client, `${client.name}, live`, bootstrap, cast.targets, tell))

  // 2. The play, until everything is copied.
  const copiers = cast.places.map(place => new Copier(place, bootstrap, random.fork(), tell, said))
  const copiesDue = records * 4
  const drama = new Drama(
    { broker, copiers, progress: () => watcher.recordCount / copiesDue, stalledMsMax: STALLED_MS_MAX },
    random.fork(),
  )
  for (const copier of copiers) copier.start()
  let problem: string | null = null
  try {
    await drama.play(kills)
  } catch (error) {
    problem = (error as Error).message
  }
  tally.claim('everything was copied', problem)
  await Promise.all(copiers.map(copier => copier.stop()))
  said.end()

  // 3. Nothing stays open; then everybody reads everything.
  const isSettled = await eventually(() => watcher.isAtTheEnds, SETTLE_MS_MAX)
  tally.claim('no transaction stays open', isSettled ? null : 'the last stable offset is not at the end')
  const last = await WireClient.connect(bootstrap)
  await within(SETTLE_MS_MAX, 'the last look at the committed offsets', lastLook(observer, last))
  last.close()
  const ends = watcher.ends()
  const again = new CommittedReader(bootstrap, 'from the start', cast.targets, shownAs('from the start', tell))
  const readingAgain = again.run()
  const readAgain = await eventually(() => again.isAtTheEnds, SETTLE_MS_MAX + copiesDue * REREAD_MS_MAX)
  for (const reader of [watcher, again]) {
    reader.stop()
    if (isSettled) tell({ type: 'read all', reader: reader.name })
  }
  observer.stop()
  await Promise.all([watching, readingAgain])
  const finals = readingClients.map(client => startReader(client, client.name, bootstrap, cast.targets, tell))
  const readerProblems = [
    ...watcher.problems,
    ...again.problems,
    ...(readAgain ? [] : ['a second reading did not come to the ends']),
    ...(await Promise.all([...live, ...finals].map(reader => reader.finish(ends)))),
  ]

  // 4. The judgement.
  const anomalies = checker.anomalies()
  for (const kind of anomalyKinds) {
    const found = anomalies.filter(anomaly => anomaly.kind === kind).map(({ detail }) => detail)
    tally.claimNone(`no ${kind}`, found)
  }
  tally.claimNone(
    'every reader came to the end',
    readerProblems.filter(text => text !== null),
  )
  tally.claimNone(
    'no copier ended but for its transactional id',
    copiers.flatMap(({ problems }) => problems),
  )
  for (const { place, reasons } of copiers) {
    for (const [reason, times] of reasons) console.log(`        ${times} × ${place.client.name}: ${reason}`)
  }
  return {
    copiers: cast.places.map(({ name }) => name),
    processes: copiers.reduce((sum, { processCount }) => sum + processCount, 0),
    ...drama.turns,
    transactions: checker.transactionCount,
    committed: checker.countOf('committed'),
    aborted: checker.countOf('aborted'),
    unknown: checker.countOf('unknown'),
    readers: [...live, ...finals].map(({ name }) => name),
    offsetLooks: observer.lookCount,
  }
}

function shownAs(reader: string, tell: (event: HistoryEvent) => void): Shown {
  return {
    record: ({ topic, partition }, { offset, value }, atMs) =>
      tell({ type: 'read', reader, topic, partition, offset, ...parseRecord(Buffer.from(value ?? []).toString()), atMs }),
    position: ({ topic, partition, lastStableOffset, highWatermark }, atMs) =>
      tell({ type: 'position', topic, partition, lastStableOffset, highWatermark, atMs }),
  }
}

/** The coordinators may still be loading, and the last markers under way. */
async function lastLook(observer: OffsetsObserver, client: WireClient): Promise<void> {
  await delay(500)
  while (!(await observer.look(client))) await delay(100)
}

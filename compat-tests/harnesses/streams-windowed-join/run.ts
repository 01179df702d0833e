/**
 * Kafka Streams, at least once, and the tool that resets it: `run.js [--records N] [--kills N] [--seed N] [--kafka]`.
 *
 *   1. Two streams are joined within a window of ten seconds while the broker and the application are killed by turns. Every pair
 *      within the window comes, at least once, and no other.
 *   2. kafka-streams-application-reset takes the application back to its beginning: its internal topics are gone, and started
 *      anew it gives every pair once more.
 *
 * Exit code 0 when everything holds or the toolchain is missing ("not run"), 1 when something does not, 2 for wrong usage.
 * `--kafka` joins on real Kafka 4.4.
 */
import { join } from 'node:path'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { appendBatch } from '../../lib/append-batch.js'
import { CommittedReader } from '../../lib/committed-reader.js'
import { compiledCommand, JavaApplication } from '../../lib/java-application.js'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually } from '../../lib/patience.js'
import { run } from '../../lib/processes.js'
import { Random } from '../../lib/random.js'
import type { Tally } from '../../lib/tally.js'
import { toolClasses } from '../../lib/tool-host.js'
import { WireClient } from '../../lib/wire-client.js'
import { gregor, realKafka, type TestedBroker } from '../exactly-once/broker.js'
import { play, readOptions } from '../streams-exactly-once/play.js'

const [LEFT, RIGHT, OUTPUT] = ['left', 'right', 'pairs'] as const
const APPLICATION_ID = 'windowed-join'
const PARTITIONS = 4
const RECORDS_PER_BATCH = 500
const WINDOW_MS = 10_000
/** Without a single pair more. */
const STALLED_MS_MAX = 120_000

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions('streams-windowed-join', { records: 20_000, kills: 3 })
  if (options === null) return 2
  const { records, kills, seed } = options
  const command = await compiledCommand('streams-windowed-join', 'WindowedJoin')
  const tools = await kafkaClasspath()
  if (command === null || tools === null) {
    console.log('not run  Kafka Streams needs a JDK, Maven and its registry')
    return 0
  }
  console.log(`streams-windowed-join: ${records} records on each side, ${kills} kills of each, seed ${seed}`)
  const scratch = scratchFolder('join')
  const broker = options.kafka ? await realKafka(scratch) : await gregor(scratch)
  const stateFolder = join(scratch, 'state')
  const args = [broker.bootstrap, APPLICATION_ID, stateFolder, LEFT, RIGHT, OUTPUT]
  const application = new JavaApplication(command, args, stateFolder)
  return play({
    figures: { name: 'streams-windowed-join', seed, records },
    ...{ scratch, broker, applications: [application] },
    perform: tally => perform(broker, application, tools, options, tally),
  })
}

async function perform(
  broker: TestedBroker,
  application: JavaApplication,
  tools: string,
  { records, kills, seed }: { records: number; kills: number; seed: number },
  tally: Tally,
): Promise<object> {
  const random = new Random(seed)
  const expected = await produceSides(broker.bootstrap, records, random)
  // How often each pair came.
  let pairs = new Map<string, number>()
  let total = 0
  const reader = new CommittedReader(broker.bootstrap, 'reader', new Map([[OUTPUT, PARTITIONS]]), {
    record: (_, { value }) => {
      const pair = Buffer.from(value ?? []).toString()
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
      total++
    },
  })
  const reading = reader.run()
  const progressTo = async (count: number) => {
    let [seen, seenAtMs] = [total, performance.now()]
    while (pairs.size < count) {
      await delay(20)
      if (total !== seen) [seen, seenAtMs] = [total, performance.now()]
      else if (performance.now() - seenAtMs > STALLED_MS_MAX) return `no progress at ${pairs.size} of ${expected.size} pairs`
    }
    return null
  }

  // 1. The play: a kill of the broker and one of the application, by turns, with progress.
  application.start()
  let problem: string | null = null
  for (let turn = 1; turn <= 2 * kills && problem === null; turn++) {
    problem = await progressTo((turn / (2 * kills + 1)) * expected.size)
    await delay(random.below(300))
    if (turn % 2 === 1) {
      await broker.kill9()
      await broker.start()
    } else {
      await application.kill9()
      application.start()
    }
    console.log(`${turn % 2 === 1 ? 'broker' : 'application'} killed: ${pairs.size} of ${expected.size} pairs`)
  }
  problem ??= await progressTo(expected.size)
  tally.claim('every pair within the window comes', problem)
  tally.claimNone(
    'no pair comes that is not within it',
    [...pairs.keys()].filter(pair => !expected.has(pair)),
  )
  const repeated = total - pairs.size

  // 2. Back to the beginning.
  await application.stop()
  const internal = await topicsOf(broker, `${APPLICATION_ID}-`)
  tally.claim('the stores of the join have topics', internal.length === 2 ? null : internal.join(', '))
  const reset = ['--bootstrap-server', broker.bootstrap, '--application-id', APPLICATION_ID, '--input-topics', `${LEFT},${RIGHT}`]
  const resetter = [...javaArgs(tools), toolClasses['kafka-streams-application-reset'], ...reset, '--force']
  const { exitCode, stdout, stderr } = await run('java', [...shortLivedJvmArgs, ...resetter], { timeoutMs: 60_000 })
  tally.claim('kafka-streams-application-reset --force', exitCode === 0 ? null : `exit code ${exitCode}: ${stdout}${stderr}`)
  const isGone = await eventually(async () => (await topicsOf(broker, `${APPLICATION_ID}-`)).length === 0, 10_000)
  tally.claim('its internal topics are gone', isGone ? null : 'they are still there')
  await application.forgetState()
  await eventually(() => reader.isAtTheEnds, STALLED_MS_MAX)
  pairs = new Map()
  application.start()
  tally.claim('started anew, it gives every pair once more', await progressTo(expected.size))
  reader.stop()
  await reading
  tally.claimNone('the reader had no problem', reader.problems)
  return { pairs: expected.size, repeated }
}

/** One record of each key on both sides; of half of them the right one comes too late. The pairs that are to be. */
async function produceSides(bootstrap: string, records: number, random: Random): Promise<Set<string>> {
  const client = await WireClient.connect(bootstrap)
  const topic = (name: string) => ({ name, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] })
  await client.request(CreateTopics, 5, { topics: [LEFT, RIGHT, OUTPUT].map(topic), timeoutMs: 30_000 })
  const { producerId } = await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
  const expected = new Set<string>()
  const startMs = Date.now() - 3_600_000
  const sides = Array.from({ length: records }, (_, i) => {
    const isWithin = random.below(2) === 0
    const leftMs = startMs + i
    const rightMs = leftMs + (isWithin ? random.below(WINDOW_MS) : WINDOW_MS + 1 + random.below(WINDOW_MS))
    if (isWithin) expected.add(`l${i} r${i}`)
    return { key: Buffer.from(`k${i}`), left: [`l${i}`, leftMs], right: [`r${i}`, rightMs] } as const
  })
  for (const side of ['left', 'right'] as const) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const own = sides.filter((_, i) => i % PARTITIONS === partition)
      for (let sequence = 0; sequence < own.length; sequence += RECORDS_PER_BATCH) {
        const batch = own.slice(sequence, sequence + RECORDS_PER_BATCH).map(({ key, [side]: [value, timestampMs] }) => ({
          ...{ key, value: Buffer.from(value), timestampMs },
        }))
        await appendBatch(client, { topic: side, partition }, { producerId, baseSequence: sequence }, batch)
      }
    }
  }
  client.close()
  return expected
}

async function topicsOf({ bootstrap }: TestedBroker, prefix: string): Promise<string[]> {
  const client = await WireClient.connect(bootstrap)
  const { topics } = await client.request(Metadata, 7, { topics: null, allowAutoTopicCreation: false })
  client.close()
  return topics.map(({ name }) => name ?? '').filter(name => name.startsWith(prefix))
}

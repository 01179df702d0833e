/**
 * Kafka Streams, exactly once: `run.js [--records N] [--kills N] [--seed N] [--kafka]`.
 * The word count of Kafka's tutorial with `exactly_once_v2`: a repartition topic, a state store with its changelog. While it
 * counts, the broker and the application are killed by turns, once with the loss of the application's state. In the end the last
 * count of every word, as a reader with read_committed is shown it, is the one that was computed directly.
 *
 * Exit code 0 when everything holds or the toolchain is missing ("not run"), 1 when something does not, 2 for wrong usage.
 * `--kafka` counts on real Kafka 4.4.
 */
import { join } from 'node:path'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import { appendBatch } from '../../lib/append-batch.js'
import { CommittedReader } from '../../lib/committed-reader.js'
import { compiledCommand, JavaApplication } from '../../lib/java-application.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually } from '../../lib/patience.js'
import { Random } from '../../lib/random.js'
import type { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { gregor, realKafka, type TestedBroker } from '../exactly-once/broker.js'
import { play, readOptions } from './play.js'

const INPUT = 'lines'
const OUTPUT = 'counts'
const APPLICATION_ID = 'word-count'
const PARTITIONS = 4
const WORDS_PER_LINE = 4
const VOCABULARY = 500
const LINES_PER_BATCH = 1000
/** Without a single count more. */
const STALLED_MS_MAX = 120_000
const QUIET_MS = 3000

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions('streams-exactly-once', { records: 20_000, kills: 5 })
  if (options === null) return 2
  const { records, kills, seed } = options
  const command = await compiledCommand('streams-exactly-once', 'WordCount')
  if (command === null) {
    console.log('not run  Kafka Streams needs a JDK, Maven and its registry')
    return 0
  }
  console.log(`streams-exactly-once: ${records} records, ${kills} kills of each, seed ${seed}`)
  const scratch = scratchFolder('streams')
  const broker = options.kafka ? await realKafka(scratch) : await gregor(scratch)
  const stateFolder = join(scratch, 'state')
  const args = [broker.bootstrap, APPLICATION_ID, stateFolder, INPUT, OUTPUT]
  const application = new JavaApplication(command, args, stateFolder)
  return play({
    figures: { name: 'streams-exactly-once', seed, records },
    ...{ scratch, broker, applications: [application] },
    perform: tally => perform(broker, application, options, tally),
  })
}

async function perform(
  broker: TestedBroker,
  application: JavaApplication,
  { records, kills, seed }: { records: number; kills: number; seed: number },
  tally: Tally,
): Promise<object> {
  const random = new Random(seed)
  const expected = await produceLines(broker.bootstrap, records, random)
  const total = records * WORDS_PER_LINE

  // 1. Who watches: a word's count may only grow, and its last one counts.
  const counts = new Map<string, number>()
  const backwards: string[] = []
  let counted = 0
  const reader = new CommittedReader(broker.bootstrap, 'reader', new Map([[OUTPUT, PARTITIONS]]), {
    record: (_, { key, value }) => {
      const [word, count] = [Buffer.from(key ?? []).toString(), Number(Buffer.from(value ?? []).toString())]
      const before = counts.get(word) ?? 0
      if (count <= before) backwards.push(`${word}: ${count} after ${before}`)
      counts.set(word, count)
      counted += count - before
    },
  })
  const reading = reader.run()

  // 2. The play: a kill of the broker and one of the application, by turns, with progress.
  application.start()
  const progressTo = async (share: number) => {
    let [seen, seenAtMs] = [counted, performance.now()]
    while (counted < share * total) {
      await delay(20)
      if (counted !== seen) [seen, seenAtMs] = [counted, performance.now()]
      else if (performance.now() - seenAtMs > STALLED_MS_MAX) return `no progress at ${counted} of ${total} words`
    }
    return null
  }
  let problem: string | null = null
  for (let turn = 1; turn <= 2 * kills && problem === null; turn++) {
    problem = await progressTo(turn / (2 * kills + 2))
    if (problem !== null) break
    await delay(random.below(300))
    if (turn % 2 === 1) {
      await broker.kill9()
      await delay(random.below(500))
      await broker.start()
    } else {
      await application.kill9()
      if (turn === 2 * Math.ceil(kills / 2)) await application.forgetState()
      application.start()
    }
    console.log(`${turn % 2 === 1 ? 'broker' : 'application'} killed: ${((100 * counted) / total).toFixed(1)} % counted`)
  }
  problem ??= await progressTo(1)

  // 3. Nothing more comes, and what is there is right.
  await delay(QUIET_MS)
  const isSettled = await eventually(() => reader.isAtTheEnds, STALLED_MS_MAX)
  reader.stop()
  await reading
  const wrong = [...expected]
    .filter(([word, count]) => counts.get(word) !== count)
    .map(([word, count]) => `${word}: ${counts.get(word) ?? 0}, there are ${count}`)
  const invented = [...counts.keys()].filter(word => !expected.has(word))
  tally.claim('every word was counted', problem)
  tally.claimNone('the last count of every word is the one computed directly', [...wrong, ...invented])
  tally.claimNone('no count went back', backwards)
  tally.claim('no transaction stays open', isSettled ? null : 'the last stable offset is not at the end')
  tally.claimNone('the reader came to the end', reader.problems)
  return {
    words: total,
    vocabulary: expected.size,
    brokerKills: kills,
    applicationKills: kills,
    outputRecords: reader.recordCount,
  }
}

/** Returns how often each word is there. */
async function produceLines(bootstrap: string, records: number, random: Random): Promise<Map<string, number>> {
  const client = await WireClient.connect(bootstrap)
  const topic = (name: string) => ({ name, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] })
  await client.request(CreateTopics, 5, { topics: [topic(INPUT), topic(OUTPUT)], timeoutMs: 30_000 })
  const { producerId } = await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
  const expected = new Map<string, number>()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const count = Math.floor((records + partition) / PARTITIONS)
    for (let sequence = 0; sequence < count; ) {
      const lines = Array.from({ length: Math.min(LINES_PER_BATCH, count - sequence) }, () => {
        const words = Array.from({ length: WORDS_PER_LINE }, () => `word${random.below(VOCABULARY)}`)
        for (const word of words) expected.set(word, (expected.get(word) ?? 0) + 1)
        return { key: null, value: Buffer.from(words.join(' ')) }
      })
      await appendBatch(client, { topic: INPUT, partition }, { producerId, baseSequence: sequence }, lines)
      sequence += lines.length
    }
  }
  client.close()
  return expected
}

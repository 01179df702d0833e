/**
 * Kafka Streams as a streams group (KIP-1071): `run.js [--records N] [--turns N] [--seed N] [--kafka]`.
 * A word count and a join of orders with users, exactly once, with a standby of each task. It begins as an application of the
 * classic protocol, is stopped, and goes on as a streams group with its offsets and its state. Then instances are added and
 * killed by turns with the broker. In the end every count is the one that was computed directly, and every order was joined
 * once; and kafka-streams-groups lists, describes, resets and deletes the group.
 *
 * Exit code 0 when everything holds or the toolchain is missing ("not run"), 1 when something does not, 2 for wrong usage.
 */
import { join } from 'node:path'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { IncrementalAlterConfigs } from '#protocol/messages/incremental-alter-configs.js'
import { InitProducerId } from '#protocol/messages/init-producer-id.js'
import type { NewRecord } from '#protocol/records/build.js'
import { appendBatch } from '../../lib/append-batch.js'
import { CommittedReader } from '../../lib/committed-reader.js'
import { compiledCommand, JavaApplication } from '../../lib/java-application.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually } from '../../lib/patience.js'
import { Random } from '../../lib/random.js'
import type { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { gregor, realKafka, type TestedBroker } from '../exactly-once/broker.js'
import { play, readOptions } from '../streams-exactly-once/play.js'
import { checkTool, streamsTool } from './tool.js'

const APPLICATION_ID = 'shop'
const TOPICS = ['lines', 'counts', 'users', 'orders', 'joined']
const PARTITIONS = 4
const WORDS_PER_LINE = 4
const VOCABULARY = 500
const USERS = 200
const RECORDS_PER_BATCH = 1000
const INSTANCES = 3
/** Without a single result more. */
const STALLED_MS_MAX = 120_000
const QUIET_MS = 3000
const GROUP_RESOURCE = 32
const SET = 0

/** Members that were killed are missed soon. */
const configs = [
  'group.streams.min.session.timeout.ms=6000',
  'group.streams.session.timeout.ms=6000',
  'group.streams.min.heartbeat.interval.ms=500',
  'group.streams.heartbeat.interval.ms=500',
]

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions('streams-groups', { records: 20_000, turns: 4 })
  if (options === null) return 2
  const { records, turns, seed } = options
  const [command, tool] = [await compiledCommand('streams-exactly-once', 'WordCount'), await streamsTool()]
  if (command === null || tool === null) {
    console.log('not run  Kafka Streams needs a JDK, Maven and its registry')
    return 0
  }
  console.log(`streams-groups: ${records} records, ${turns} turns, seed ${seed}`)
  const scratch = scratchFolder('streams-groups')
  const broker = options.kafka ? await realKafka(scratch, configs) : await gregor(scratch, configs)
  const applicationOf = (protocol: string, n: number): JavaApplication => {
    const state = join(scratch, `state-${n}`)
    const [lines = '', counts = '', ...shop] = TOPICS
    return new JavaApplication(command, [broker.bootstrap, APPLICATION_ID, state, lines, counts, protocol, ...shop], state)
  }
  const applications = Array.from({ length: INSTANCES }, (_, n) => applicationOf('streams', n))
  const classic = applicationOf('classic', 0)
  return play({
    figures: { name: 'streams-groups', seed, records, turns },
    ...{ scratch, broker, applications: [classic, ...applications] },
    perform: async tally => {
      const figures = await perform(broker, classic, applications, options, tally)
      await checkTool(tool, broker.bootstrap, APPLICATION_ID, () => Promise.all(applications.map(one => one.stop())), tally)
      return figures
    },
  })
}

async function perform(
  broker: TestedBroker,
  classic: JavaApplication,
  applications: readonly JavaApplication[],
  { records, turns, seed }: { records: number; turns: number; seed: number },
  tally: Tally,
): Promise<object> {
  const random = new Random(seed)
  const { expected, orders } = await produce(broker.bootstrap, records, random)
  const total = records * WORDS_PER_LINE + orders.size

  // 1. Who watches: a count may only grow, and an order is joined once.
  const counts = new Map<string, number>()
  const joined = new Map<string, number>()
  const wrong: string[] = []
  let seen = 0
  const watched = new Map([
    ['counts', PARTITIONS],
    ['joined', PARTITIONS],
  ])
  const reader = new CommittedReader(broker.bootstrap, 'reader', watched, {
    record: ({ topic }, { key, value }) => {
      const [name, text] = [Buffer.from(key ?? []).toString(), Buffer.from(value ?? []).toString()]
      if (topic === 'joined') {
        const user = orders.get(text.split(' ')[0] ?? '')
        if (user !== name || !text.endsWith(` of name of ${name}`)) wrong.push(`${name}: ${text}`)
        joined.set(text, (joined.get(text) ?? 0) + 1)
        seen++
        return
      }
      const before = counts.get(name) ?? 0
      if (Number(text) <= before) wrong.push(`${name}: ${text} after ${before}`)
      counts.set(name, Number(text))
      seen += Number(text) - before
    },
  })
  const reading = reader.run()
  const progressTo = async (share: number): Promise<void> => {
    let [last, lastAtMs] = [seen, performance.now()]
    while (seen < share * total) {
      await delay(20)
      if (seen !== last) [last, lastAtMs] = [seen, performance.now()]
      else if (performance.now() - lastAtMs > STALLED_MS_MAX) throw new Error(`no progress at ${seen} of ${total} results`)
    }
  }
  const report = (what: string): void => console.log(`${what}: ${((100 * seen) / total).toFixed(1)} % done`)

  // 2. An application of the classic protocol goes on as a streams group.
  classic.start()
  await progressTo(1 / (turns + 2))
  await classic.stop()
  report('the classic application was stopped')

  // 3. Instances come and are killed; so is the broker.
  applications[0]?.start()
  applications[1]?.start()
  for (let turn = 1; turn <= turns; turn++) {
    await progressTo((turn + 1) / (turns + 2))
    await delay(random.below(300))
    const application = applications[turn % INSTANCES]
    if (turn % 3 === 0) {
      await broker.kill9()
      await delay(random.below(500))
      await broker.start()
      report('broker killed')
    } else if (turn === 1) {
      applications[2]?.start()
      report('an instance more')
    } else {
      await application?.kill9()
      application?.start()
      report('an instance killed, and started again')
    }
  }
  await progressTo(1)

  // 4. Nothing more comes, and what is there is right.
  await delay(QUIET_MS)
  const isSettled = await eventually(() => reader.isAtTheEnds, STALLED_MS_MAX)
  reader.stop()
  await reading
  const miscounted = [...expected].filter(([word, count]) => counts.get(word) !== count).map(([word]) => word)
  tally.claimNone('the last count of every word is the one computed directly', miscounted)
  tally.claimNone('no count went back, and no order was joined with another user', wrong)
  tally.claimNone(
    'no order was joined twice',
    [...joined].filter(([, times]) => times > 1).map(([order]) => order),
  )
  tally.claim('every order was joined', joined.size === orders.size ? null : `${joined.size} of ${orders.size}`)
  tally.claim('no transaction stays open', isSettled ? null : 'the last stable offset is not at the end')
  tally.claimNone('the reader came to the end', reader.problems)
  return { results: total, outputRecords: reader.recordCount }
}

interface Expected {
  /** How often each word is there. */
  readonly expected: ReadonlyMap<string, number>
  /** Order → its user. */
  readonly orders: ReadonlyMap<string, string>
}

/** Users come first: an order is joined with what is known of its user by then. */
async function produce(bootstrap: string, records: number, random: Random): Promise<Expected> {
  const client = await WireClient.connect(bootstrap)
  const topic = (name: string) => ({ name, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] })
  await client.request(CreateTopics, 5, { topics: TOPICS.map(topic), timeoutMs: 30_000 })
  const standbys = { name: 'streams.num.standby.replicas', configOperation: SET, value: '1' }
  const resources = [{ resourceType: GROUP_RESOURCE, resourceName: APPLICATION_ID, configs: [standbys] }]
  await client.request(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  const { producerId } = await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
  const append = async (name: string, partition: number, all: readonly NewRecord[]): Promise<void> => {
    for (let baseSequence = 0; baseSequence < all.length; baseSequence += RECORDS_PER_BATCH) {
      const batch = all.slice(baseSequence, baseSequence + RECORDS_PER_BATCH)
      await appendBatch(client, { topic: name, partition }, { producerId, baseSequence }, batch)
    }
  }

  const orders = new Map<string, string>()
  const userAt = (partition: number, n: number): string => `user-${partition}-${n}`
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const users = Array.from({ length: USERS }, (_, n) => userAt(partition, n))
    await append(
      'users',
      partition,
      users.map(user => ({ key: Buffer.from(user), value: Buffer.from(`name of ${user}`) })),
    )
  }
  await delay(20)
  const expected = new Map<string, number>()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const count = Math.floor((records + partition) / PARTITIONS)
    const lines = Array.from({ length: count }, () => {
      const words = Array.from({ length: WORDS_PER_LINE }, () => `word${random.below(VOCABULARY)}`)
      for (const word of words) expected.set(word, (expected.get(word) ?? 0) + 1)
      return { key: null, value: Buffer.from(words.join(' ')) }
    })
    await append('lines', partition, lines)
    const bought = Array.from({ length: Math.floor(count / 4) }, (_, n) => {
      const [order, user] = [`order-${partition}-${n}`, userAt(partition, random.below(USERS))]
      orders.set(order, user)
      return { key: Buffer.from(user), value: Buffer.from(order) }
    })
    await append('orders', partition, bought)
  }
  client.close()
  return { expected, orders }
}

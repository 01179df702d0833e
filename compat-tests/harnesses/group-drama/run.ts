/**
 * Group drama: `run.js [--seconds N] [--seed N] [--bootstrap HOST:PORT | --kafka]
 * [--without CLIENT,CLIENT]`.
 * Twenty members of up to eight different clients share one group through the assignor "range", the one name that all of
 * them can speak (kafkajs and @platformatic/kafka by an assignor given to them). For two minutes they join, leave, crash
 * and are paused beyond their session, while a producer writes to every partition.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage. `--kafka` plays before real Kafka.
 */
import { parseArgs } from 'node:util'
import kafkajs from 'kafkajs'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { delay, eventually } from '../../lib/patience.js'
import { Random, randomSeed } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { memberClients } from './clients.js'
import { Drama } from './drama.js'
import { describeGroup } from './group-view.js'
import { Member } from './member.js'

const { Kafka, logLevel, Partitioners } = kafkajs

const PARTITIONS = 24
const MEMBERS = 20
const PRODUCE_EVERY_MS = 100
const CATCH_UP_MS = 60_000
const READY_MS_MAX = 30_000

const usage = 'usage: group-drama/run.js [--seconds N] [--seed N] [--bootstrap HOST:PORT | --kafka] [--without CLIENT,CLIENT]'

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '120' },
        seed: { type: 'string', default: String(randomSeed()) },
        bootstrap: { type: 'string' },
        kafka: { type: 'boolean', default: false },
        without: { type: 'string', default: '' },
      },
    })
    const numbers = { seconds: Number(values.seconds), seed: Number(values.seed) }
    if (!Object.values(numbers).every(Number.isSafeInteger)) return null
    return { ...numbers, bootstrap: values.bootstrap ?? null, kafka: values.kafka, without: values.without.split(',') }
  } catch {
    return null
  }
}

async function startBroker(options: { bootstrap: string | null; kafka: boolean }, onError: (line: string) => void) {
  if (options.bootstrap !== null) return { bootstrap: options.bootstrap, stop: async () => {} }
  if (options.kafka) {
    const kafka = await startKafka()
    return { bootstrap: kafka.bootstrapServers, stop: kafka.stop }
  }
  const gregor = await startGregor({ onLogLine: line => line.includes('"level":"error"') && onError(line) })
  return { bootstrap: gregor.bootstrap, stop: gregor.stop }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error(usage)
    return 2
  }
  console.log(`group-drama: ${options.seconds} s, seed ${options.seed}`)
  const tally = new Tally()
  const figures: Record<string, unknown> = { name: 'group-drama', seed: options.seed, seconds: options.seconds }
  const brokerErrors: string[] = []
  const broker = await startBroker(options, line => brokerErrors.push(line))
  try {
    Object.assign(figures, await perform(broker.bootstrap, options, tally))
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  await broker.stop()
  tally.claimNone('the broker logged no error', brokerErrors)
  const exitCode = tally.close(figures)
  if (exitCode !== 0) console.log(`seed ${options.seed}`)
  return exitCode
}

async function perform(
  bootstrap: string,
  { seconds, seed, without }: { seconds: number; seed: number; without: readonly string[] },
  tally: Tally,
): Promise<object> {
  const topic = `drama-${process.pid}`
  const group = `drama-group-${process.pid}`
  const admin = await WireClient.connect(bootstrap, 'drama-admin')
  await createTopic(admin, topic)
  await findCoordinator(admin, group, topic)

  // 1. The cast: places are dealt in turns until all are taken.
  const clients = (await memberClients()).filter(({ name }) => !without.includes(name))
  const producedEnds = new Map<number, number>()
  /** Of each partition: offset → who received it last. */
  const consumed = Array.from({ length: PARTITIONS }, () => new Map<number, string>())
  const problems: string[] = []
  const strangers: string[] = []
  const events = {
    problem: (text: string) => {
      problems.push(text)
      console.log(`        ${text}`)
    },
    received: (clientId: string, partition: number, offset: number) => {
      consumed[partition]!.set(offset, clientId)
      const quiet = drama.quiet
      // The first one may have been appended, though not yet acknowledged, before the quiet time began.
      if (quiet !== null && offset > (quiet.fromOffsets.get(partition) ?? 0) && quiet.owners.get(partition) !== clientId) {
        strangers.push(`${clientId} received ${partition}@${offset}, which belongs to ${quiet.owners.get(partition)}`)
      }
    },
  }
  const cast = clients.flatMap(client => Array<typeof client>(client.places).fill(client))
  const members = Array.from({ length: MEMBERS }, (_, index) => {
    const client = cast[index] ?? clients[index % clients.length]!
    return new Member(`${client.name}-${index}`, client, { bootstrap, topic, group }, events)
  })
  const drama = new Drama(
    { admin, topic, group, partitions: PARTITIONS, members, producedEnds: () => producedEnds },
    new Random(seed),
  )

  // 2. The play, with a producer in the background.
  const producer = new Kafka({ clientId: 'drama-producer', brokers: [bootstrap], logLevel: logLevel.ERROR }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  let isPlaying = true
  const producing = (async () => {
    for (let round = 0; isPlaying; round++) {
      const messages = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value: `${round}` }))
      for (const { partition, baseOffset } of await producer.send({ topic, acks: -1, messages })) {
        producedEnds.set(partition, Number(baseOffset) + 1)
      }
      await delay(PRODUCE_EVERY_MS)
    }
  })()
  try {
    await drama.play(seconds)
  } catch (error) {
    for (const member of members) await member.crash()
    throw error
  } finally {
    isPlaying = false
    await producing
    await producer.disconnect()
  }

  // 3. The remaining members read to the end; then all leave.
  const missing = () =>
    [...producedEnds].flatMap(([partition, end]) =>
      Array.from({ length: end }, (_, offset) => offset)
        .filter(offset => !consumed[partition]!.has(offset))
        .map(offset => {
          const [before, after] = [offset - 1, offset + 1].map(beside => consumed[partition]!.get(beside) ?? 'nobody')
          return `${partition}@${offset}; the one before went to ${before}, the one after to ${after}`
        }),
    )
  await eventually(() => missing().length === 0, CATCH_UP_MS, 500)
  const unread = missing()
  await Promise.all(members.map(member => member.leave()))
  admin.close()

  const produced = [...producedEnds.values()].reduce((sum, end) => sum + end, 0)
  tally.claimNone('every partition was owned exactly once at every look at a stable group', drama.ownership)
  tally.claimNone('the group settled after every round', drama.stuck)
  tally.claimNone('the group stays as it is while no member joins or leaves', drama.unrest)
  tally.claimNone('what is produced while no member joins or leaves reaches only the owner', strangers)
  tally.claimNone('every record was received by the group', unread)
  tally.claimNone('no client ended unasked or said anything unexpected', problems, 20)
  const settleMs = drama.settleMs.sort((a, b) => a - b)
  return {
    members: Object.fromEntries(clients.map(({ name }) => [name, members.filter(({ client }) => client.name === name).length])),
    turns: drama.turns,
    rounds: settleMs.length,
    stableLooks: drama.stableLooks,
    settleMsMedian: settleMs[settleMs.length >> 1],
    settleMsMax: settleMs.at(-1),
    produced,
  }
}

/** Real Kafka creates __consumer_offsets now, and the noise that clients make meanwhile is not what this is about. */
async function findCoordinator(admin: WireClient, group: string, topic: string): Promise<void> {
  const isReady = async () => {
    const { errorCode } = await admin.request(FindCoordinator, 2, { key: group })
    return errorCode === 0 && (await describeGroup(admin, group, topic)).state === 'Dead'
  }
  if (!(await eventually(isReady, READY_MS_MAX))) throw new Error(`${group} has no coordinator after ${READY_MS_MAX} ms`)
}

async function createTopic(admin: WireClient, name: string): Promise<void> {
  const topic = { name, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }
  const answer = await admin.request(CreateTopics, 4, { topics: [topic], timeoutMs: 30_000 })
  if (answer.topics[0]!.errorCode !== 0) throw new Error(`CreateTopics: ${answer.topics[0]!.errorMessage}`)
}

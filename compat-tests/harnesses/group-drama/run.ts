/**
 * Group drama: `run.js [--protocol classic|consumer] [--seconds N] [--seed N] [--bootstrap HOST:PORT | --kafka]
 * [--without CLIENT,CLIENT] [--assignor range|cooperative-sticky]`.
 * Twenty members of up to eight different clients share one group through the assignor "range", the one name that all of
 * them can speak (kafkajs and @platformatic/kafka by an assignor given to them). For two minutes they join, leave, crash
 * and are paused beyond their session, while a producer writes to every partition. With `--protocol consumer` ten members of the
 * three clients that speak it do the same, change to the classic protocol and back, and the broker is killed again and again.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage. `--kafka` plays before real Kafka.
 */
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import kafkajs from 'kafkajs'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually } from '../../lib/patience.js'
import { Random, randomSeed } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { gregor, realKafka, type TestedBroker } from '../exactly-once/broker.js'
import { memberClients } from './clients.js'
import { Drama } from './drama.js'
import { describeGroup } from './group-view.js'
import { Member } from './member.js'
import { brokerConfigs, type GroupProtocol } from './member-options.js'

const { Kafka, logLevel, Partitioners } = kafkajs

const PARTITIONS = 24
const PRODUCE_EVERY_MS = 100
const CATCH_UP_MS = 60_000
const READY_MS_MAX = 30_000

interface Cast {
  readonly members: number
  readonly membersMin: number
  readonly acts: readonly GroupProtocol[]
  readonly killsBroker: boolean
}

const casts: Record<GroupProtocol, Cast> = {
  classic: { members: 20, membersMin: 8, acts: ['classic'], killsBroker: false },
  consumer: { members: 10, membersMin: 5, acts: ['consumer', 'classic', 'consumer'], killsBroker: true },
}

const usage = `usage: group-drama/run.js [--protocol classic|consumer] [--seconds N] [--seed N] [--bootstrap HOST:PORT | --kafka]
  [--without CLIENT,CLIENT] [--assignor range|cooperative-sticky]`

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        protocol: { type: 'string', default: 'classic' },
        assignor: { type: 'string', default: 'range' },
        seconds: { type: 'string', default: '120' },
        seed: { type: 'string', default: String(randomSeed()) },
        bootstrap: { type: 'string' },
        kafka: { type: 'boolean', default: false },
        without: { type: 'string', default: '' },
      },
    })
    const numbers = { seconds: Number(values.seconds), seed: Number(values.seed) }
    if (!Object.values(numbers).every(Number.isSafeInteger)) return null
    const protocol = (['classic', 'consumer'] as const).find(name => name === values.protocol)
    const assignor = (['range', 'cooperative-sticky'] as const).find(name => name === values.assignor)
    if (protocol === undefined || assignor === undefined) return null
    return {
      ...numbers,
      protocol,
      assignor,
      bootstrap: values.bootstrap ?? null,
      kafka: values.kafka,
      without: values.without.split(','),
    }
  } catch {
    return null
  }
}

type Options = NonNullable<ReturnType<typeof readOptions>>

/** One that somebody else started is neither killed nor judged by its log. */
function findBroker({ bootstrap, kafka }: Options, scratch: string): Promise<TestedBroker> {
  if (bootstrap !== null) {
    const nothing = async () => {}
    return Promise.resolve({ bootstrap, errorLines: [], start: nothing, kill9: nothing, stop: async () => null })
  }
  return kafka ? realKafka(scratch, brokerConfigs) : gregor(scratch, brokerConfigs)
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error(usage)
    return 2
  }
  console.log(`group-drama: ${options.protocol}, ${options.assignor}, ${options.seconds} s, seed ${options.seed}`)
  const tally = new Tally()
  const { protocol, seed, seconds } = options
  const figures: Record<string, unknown> = { name: 'group-drama', protocol, seed, seconds }
  const scratch = scratchFolder('group-drama')
  const broker = await findBroker(options, scratch)
  await broker.start()
  try {
    Object.assign(figures, await perform(broker, options, tally))
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  tally.claim('the broker stops, and leaves its data whole', await broker.stop())
  tally.claimNone('the broker logged no error', broker.errorLines)
  const exitCode = tally.close(figures)
  if (exitCode === 0) await rm(scratch, { recursive: true, force: true })
  else console.log(`seed ${options.seed}, data in ${scratch}`)
  return exitCode
}

async function perform(broker: TestedBroker, options: Options, tally: Tally): Promise<object> {
  const { protocol, assignor, seconds, seed, without } = options
  const { bootstrap } = broker
  const { membersMin, acts, ...cast } = casts[protocol]
  const isBrokerKilled = cast.killsBroker && options.bootstrap === null
  const topic = `drama-${process.pid}`
  const group = `drama-group-${process.pid}`
  let admin = await WireClient.connect(bootstrap, 'drama-admin')
  await createTopic(admin, topic)
  await findCoordinator(admin, group, topic)

  // 1. The cast: places are dealt in turns until all are taken.
  const clients = (await memberClients())
    .map(client => (protocol === 'consumer' ? { ...client, places: client.consumerPlaces } : client))
    .filter(({ name, places }) => places > 0 && !without.includes(name))
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
  const places = clients.flatMap(client => Array<typeof client>(client.places).fill(client))
  const members = Array.from({ length: cast.members }, (_, index) => {
    const client = places[index] ?? clients[index % clients.length]!
    return new Member(
      `${client.name}-${index}`,
      client,
      { bootstrap, topic, group, assignor, hasUpheavals: acts.length > 1 },
      events,
    )
  })
  const look = async () => {
    if (admin.isLost) admin = await WireClient.connect(bootstrap, 'drama-admin')
    return describeGroup(admin, group, topic)
  }
  const killBroker = async () => {
    await broker.kill9()
    await broker.start()
  }
  const drama = new Drama(
    {
      ...{ partitions: PARTITIONS, members, membersMin, acts, assignor, look, producedEnds: () => producedEnds },
      killBroker: isBrokerKilled ? killBroker : null,
    },
    new Random(seed),
  )

  // 2. The play, with a producer in the background.
  const producer = new Kafka({
    clientId: 'drama-producer',
    brokers: [bootstrap],
    logLevel: isBrokerKilled ? logLevel.NOTHING : logLevel.ERROR,
  }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    ...(isBrokerKilled && { retry: { initialRetryTime: 200, maxRetryTime: 1000, retries: 60 } }),
  })
  await producer.connect()
  let isPlaying = true
  const producing = (async () => {
    for (let round = 0; isPlaying; round++) {
      const messages = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value: `${round}` }))
      try {
        for (const { partition, baseOffset } of await producer.send({ topic, acks: -1, messages })) {
          producedEnds.set(partition, Number(baseOffset) + 1)
        }
      } catch (error) {
        // kafkajs gives up a broker that takes long to come back, as Kafka does.
        if (!isBrokerKilled) throw error
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
    assignor,
    members: Object.fromEntries(clients.map(({ name }) => [name, members.filter(({ client }) => client.name === name).length])),
    turns: drama.turns,
    rounds: settleMs.length,
    stableLooks: drama.stableLooks,
    ...(acts.length > 1 && { mixedLooks: drama.mixedLooks }),
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

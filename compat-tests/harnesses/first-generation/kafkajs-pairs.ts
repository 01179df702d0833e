/** Pairs of kafkajs consumers with its defaults; see run.ts for the arguments and the lines that it prints. */
import kafkajs, { type Consumer } from 'kafkajs'
import { delay, eventually } from '../../lib/patience.js'

const { Kafka, logLevel } = kafkajs
const [bootstrap = '', topic = '', groupPrefix = '', pairs = '', apartMsMax = ''] = process.argv.slice(2)
/** Longer than the first heartbeat, at which a member would hear that there is another one. */
const watchedMs = 3_500

const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })

interface Member {
  readonly consumer: Consumer
  /** Partitions of each generation that it was part of. */
  readonly generations: number[]
}

function createMember(groupId: string): Member {
  const consumer = kafka.consumer({ groupId })
  const generations: number[] = []
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    generations.push(payload.memberAssignment[topic]?.length ?? 0)
  })
  return { consumer, generations }
}

async function start({ consumer }: Member): Promise<void> {
  await consumer.connect()
  await consumer.subscribe({ topic })
  await consumer.run({ eachMessage: async () => {} })
}

async function meet(nth: number): Promise<void> {
  const apartMs = Math.round((Number(apartMsMax) * nth) / Math.max(Number(pairs) - 1, 1))
  const members = [createMember(`${groupPrefix}-${nth}`), createMember(`${groupPrefix}-${nth}`)] as const
  const startedMs = performance.now()
  await Promise.all([start(members[0]), delay(apartMs).then(() => start(members[1]))])
  const share = () => members.every(({ generations }) => generations.at(-1) === 1)
  await eventually(share, 15_000, 5)
  const tookMs = Math.round(performance.now() - startedMs)
  await delay(watchedMs)
  const [a, b] = members.map(({ generations }) => generations.length)
  console.log(`pair ${apartMs} ${tookMs} ${a} ${b}`)
  await Promise.all(members.map(({ consumer }) => consumer.disconnect()))
}

// A few at a time: most of the time of a pair is the watch for a second generation.
const queue = Array.from({ length: Number(pairs) }, (_, nth) => nth)
const atOnce = 10
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let nth = queue.shift(); nth !== undefined; nth = queue.shift()) await meet(nth)
  }),
)

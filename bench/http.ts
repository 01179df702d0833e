// Whether looking at a broker hurts its clients: the live tail of a topic that is written at a high rate, and pages of a large
// topic, browsed and searched as fast as they come. A producer's latency alone and beside it, in the same run on the same broker,
// and how late the broker's event loop comes round meanwhile: by the clock, and in processor time of one
// turn, which other work on the machine hardly changes. Who looks is a process of its own.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Comparison, Figure } from './lib/comparison.js'
import { type CompareOptions, compare, newFolder } from './lib/fleet.js'
import { childScript } from './lib/subject.js'
import { makeBatch } from './load/batches.js'
import type { Histogram } from './load/histogram.js'
import { type OfferedLoad, offerTo } from './load/offered-load.js'
import { frameFor, nextTopicName, ProduceLoad } from './load/produce-load.js'
import { type Endpoint, makeTopic, type Topic, untilLogHolds } from './load/requests.js'
import { untilAnswered } from './peers/peer.js'

const figures: readonly Figure[] = [
  { key: 'offered', unit: 'MB/s', isLowerBetter: false },
  { key: 'aloneP99', unit: 'alone p99 ms', isLowerBetter: true },
  { key: 'besideP99', unit: 'beside p99 ms', isLowerBetter: true },
  { key: 'ratio', unit: 'p99 beside ÷ alone', isLowerBetter: true },
  { key: 'aloneLoop', unit: 'loop alone p99 ms', isLowerBetter: true },
  { key: 'loop', unit: 'loop p99 ms', isLowerBetter: true },
  { key: 'aloneTurn', unit: 'turn alone p99 CPU ms', isLowerBetter: true },
  { key: 'turn', unit: 'turn p99 CPU ms', isLowerBetter: true },
  { key: 'turnMax', unit: 'turn max CPU ms', isLowerBetter: true },
  { key: 'seen', unit: 'events or pages/s', isLowerBetter: false },
]
const targets = [
  { figure: 'loop', to: 'value' as const, atMost: 20 },
  { figure: 'ratio', to: 'value' as const, atMost: 2 },
]

interface Look {
  readonly id: string
  readonly title: string
  readonly task: 'tail' | 'browse' | 'search'
  /** Of the topic that is looked at, before anything is measured. */
  readonly bytes: { readonly full: number; readonly quick: number }
  /** Offered while it is looked at; 80 % of what the machine reaches, where that is less. */
  readonly megabytesPerSecond: number
}

const looks: readonly Look[] = [
  {
    id: 'tail',
    title: 'live tail of a topic written at 200 MB/s',
    task: 'tail',
    bytes: { full: 0, quick: 0 },
    megabytesPerSecond: 200,
  },
  { id: 'browse', title: 'pages of a large topic', task: 'browse', bytes: { full: 10e9, quick: 1e9 }, megabytesPerSecond: 20 },
  {
    id: 'search',
    title: 'a search through a large topic',
    task: 'search',
    bytes: { full: 10e9, quick: 1e9 },
    megabytesPerSecond: 20,
  },
]

const shareOfMaximum = 0.8
const maximumSeconds = 2
const seconds = { full: 8, quick: 2 }

export async function http(options: CompareOptions, report: (comparison: Comparison) => void): Promise<void> {
  for (const look of looks.filter(({ title }) => title.includes(options.load))) {
    const title = `HTTP port: ${look.title}, beside a producer`
    const contenders = [{ name: 'gregor', isLimit: false, run: () => lookedAt(look, options) }]
    const entries = await compare(title, contenders, { ...options, cold: true })
    report({ id: `http-${look.id}`, question: 'http', title, figures, entries, targets })
  }
}

async function lookedAt(look: Look, { scratch, isQuick }: CompareOptions): Promise<Record<string, number>> {
  const args = [newFolder(scratch, 'looked-at'), 'os', '127.0.0.1:0']
  const broker = fork(childScript('observed-broker.js'), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let reader: ChildProcess | null = null
  try {
    const { port, http } = await told<{ port: number; http: string }>(broker)
    const endpoint = { port, versions: await untilAnswered(port) }
    const batch = makeBatch(1000)
    const topic = await makeTopic(endpoint, nextTopicName(), 1)
    const written = await fill(endpoint, topic, batch, look.bytes[isQuick ? 'quick' : 'full'])
    // What is browsed is not what is written to.
    const target = written === 0 ? topic : await makeTopic(endpoint, nextTopicName(), 1)
    const frame = await frameFor(endpoint, target, 1, batch)
    const maximum = await maximumOf(endpoint, batch)
    const offered = Math.min(look.megabytesPerSecond, shareOfMaximum * maximum)
    const load: OfferedLoad = {
      batch,
      requestsPerSecond: (offered * 1e6) / batch.length,
      acks: 1,
      warmUpSeconds: 0.5,
      seconds: isQuick ? seconds.quick : seconds.full,
    }
    reader = fork(childScript('http-reader.js'), [http, topic.name, look.task], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await told(reader)
    const watched = async (): Promise<{ latencies: Histogram; loop: Record<string, number> }> => {
      await told(broker, 'watch')
      const latencies = await offerTo(port, frame, load)
      return { latencies, loop: await told<Record<string, number>>(broker, 'tell') }
    }
    const alone = await watched()
    reader.send('start')
    const beside = await watched()
    const { seen } = await told<{ seen: number }>(reader, 'tell')
    const [aloneP99, besideP99] = [alone.latencies.percentileMs(0.99), beside.latencies.percentileMs(0.99)]
    return {
      offered,
      aloneP99,
      besideP99,
      ratio: besideP99 / aloneP99,
      aloneLoop: alone.loop.p99!,
      loop: beside.loop.p99!,
      aloneTurn: alone.loop.turnP99!,
      turn: beside.loop.turnP99!,
      turnMax: beside.loop.turnMax!,
      seen: seen / (load.seconds + load.warmUpSeconds),
    }
  } finally {
    if (reader !== null) await ended(reader, () => reader?.disconnect())
    await ended(broker, () => broker.send('stop'))
  }
}

/** How many records. */
async function fill(endpoint: Endpoint, topic: Topic, batch: Buffer, bytes: number): Promise<number> {
  if (bytes === 0) return 0
  const shape = { batch, partitions: 1, acks: 1, connections: 1, inFlight: 5 }
  const load = await ProduceLoad.open(endpoint.port, await frameFor(endpoint, topic, 1, batch), shape, false)
  const { records } = await load.run({ bytes })
  load.close()
  await untilLogHolds(endpoint, topic, records)
  return records
}

/** MB/s that this broker takes on this machine, of a producer that sends whenever it is answered. */
async function maximumOf(endpoint: Endpoint, batch: Buffer): Promise<number> {
  const topic = await makeTopic(endpoint, nextTopicName(), 1)
  const shape = { batch, partitions: 1, acks: 1, connections: 1, inFlight: 5 }
  const load = await ProduceLoad.open(endpoint.port, await frameFor(endpoint, topic, 1, batch), shape, false)
  const done = await load.run({ seconds: maximumSeconds })
  load.close()
  return (done.requests * batch.length) / 1e6 / done.seconds
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.connected) end()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function told<Message>(child: ChildProcess, question?: string): Promise<Message> {
  const answer = once(child, 'message')
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`a process ended with ${code}`)
  })
  if (question !== undefined) child.send(question)
  const [message] = await Promise.race([answer, exit])
  return message as Message
}

// How long a broker lets its clients wait when it is not busy, and when it is: latencies of produce and from producer to
// consumer at fixed offered loads, with acks=all and writing left to the system, as Kafka's defaults have it.
import type { Comparison, Figure, Target } from './lib/comparison.js'
import { type CompareOptions, type Contender, compare, type Fleet } from './lib/fleet.js'
import { makeBatch } from './load/batches.js'
import { FetchLoad, fetchFrame } from './load/fetch-load.js'
import { followed } from './load/followed.js'
import { offer, offerTo } from './load/offered-load.js'
import { frameFor, nextTopicName, ProduceLoad } from './load/produce-load.js'
import { makeTopic, removeTopic } from './load/requests.js'
import type { RunningPeer } from './peers/peer.js'
import { bareNodeLimit } from './wire-limits.js'

const figures: readonly Figure[] = [
  { key: 'endToEndP50', unit: 'e2e p50 ms', isLowerBetter: true, isHeadline: true },
  { key: 'endToEndP99', unit: 'e2e p99 ms', isLowerBetter: true, isHeadline: true },
  { key: 'endToEndP999', unit: 'e2e p99.9 ms', isLowerBetter: true },
  { key: 'produceP50', unit: 'ack p50 ms', isLowerBetter: true, isHeadline: true },
  { key: 'produceP99', unit: 'ack p99 ms', isLowerBetter: true },
  { key: 'produceP999', unit: 'ack p99.9 ms', isLowerBetter: true },
  { key: 'offered', unit: 'MB/s', isLowerBetter: false },
]

const latencyTargets: readonly Target[] = [
  { figure: 'endToEndP50', to: 'kafka', atMost: 0.5 },
  { figure: 'endToEndP99', to: 'kafka', atMost: 0.5 },
  { figure: 'endToEndP99', to: 'value', atMost: 5 },
]

interface Offer {
  readonly title: string
  /** 1 KB each. */
  readonly recordsPerBatch: number
  /** Null: 80 % of what this peer was found able to pass on. */
  readonly megabytesPerSecond: number | null
  readonly isInQuick: boolean
  readonly targets: readonly Target[]
}

/** At rising loads stock producers put more records into a batch. */
const offers: readonly Offer[] = [
  { title: '1,000 messages/s of 1 KB', recordsPerBatch: 1, megabytesPerSecond: 1, isInQuick: true, targets: latencyTargets },
  { title: '10 MB/s, 16 KB batches', recordsPerBatch: 16, megabytesPerSecond: 10, isInQuick: true, targets: latencyTargets },
  { title: '50 MB/s, 64 KB batches', recordsPerBatch: 64, megabytesPerSecond: 50, isInQuick: false, targets: [] },
  {
    title: "80 % of each peer's maximum, 64 KB batches",
    recordsPerBatch: 64,
    megabytesPerSecond: null,
    isInQuick: false,
    targets: [],
  },
]

const valueBytes = 1000
const acksAll = -1
const shareOfMaximum = 0.8
// The search for the maximum.
const searchSeconds = 1
const searchesMax = 4
const stretchMax = 1.05
const seconds = { full: 5, quick: 1 }

export async function latency(
  options: CompareOptions,
  report: (comparison: Comparison) => void,
  { running, absent }: Fleet,
): Promise<void> {
  const { isQuick } = options
  const length = isQuick ? seconds.quick : seconds.full
  const mute = running.filter(peer => !speaksFetch(peer)).map(({ name }) => ({ name, notRun: 'serves an older Fetch' }))
  for (const offered of offers.filter(({ isInQuick, title }) => (isInQuick || !isQuick) && title.includes(options.load))) {
    const contenders: Contender[] = running.filter(speaksFetch).map(peer => ({
      name: peer.name,
      isLimit: false,
      run: () => latenciesOf(peer, offered, length),
    }))
    const title = `latency: ${offered.title}, acks=all, one producer and one consumer`
    const measured = await compare(title, contenders, options)
    const entries = [...measured, ...(await limitFor(running, offered, length, options)), ...mute, ...absent]
    const id = `latency-${offered.megabytesPerSecond ?? 'maximum'}`
    report({ id, question: 'latency', title, figures, entries, targets: offered.targets })
  }
}

function speaksFetch({ peer }: RunningPeer): boolean {
  return peer.id !== 'mock'
}

async function latenciesOf(peer: RunningPeer, offered: Offer, length: number): Promise<Record<string, number>> {
  const megabytesPerSecond = offered.megabytesPerSecond ?? shareOfMaximum * (await maximumOf(peer, offered))
  const { produce, endToEnd } = await offer(peer, { ...loadOf(offered, megabytesPerSecond), seconds: length })
  return {
    endToEndP50: endToEnd.percentileMs(0.5),
    endToEndP99: endToEnd.percentileMs(0.99),
    endToEndP999: endToEnd.percentileMs(0.999),
    produceP50: produce.percentileMs(0.5),
    produceP99: produce.percentileMs(0.99),
    produceP999: produce.percentileMs(0.999),
    offered: megabytesPerSecond,
  }
}

/**
 * A server that answers and does nothing else: what the machine, Node and this generator take of each latency. Asked after the
 * peers, so that each of them follows upon another peer, as in every other comparison.
 */
async function limitFor(running: readonly RunningPeer[], offered: Offer, length: number, options: CompareOptions) {
  const peer = running.find(speaksFetch)
  const { megabytesPerSecond } = offered
  if (peer === undefined || megabytesPerSecond === null) return []
  const load = { ...loadOf(offered, megabytesPerSecond), seconds: length }
  const topic = await makeTopic(peer, nextTopicName(), 1)
  const learnt = await frameFor(peer, topic, acksAll, load.batch)
  await removeTopic(peer, topic)
  const { name, port, frame, stop } = await bareNodeLimit(learnt, load.batch)
  const run = async () => {
    const answers = await offerTo(port, frame, load)
    return {
      produceP50: answers.percentileMs(0.5),
      produceP99: answers.percentileMs(0.99),
      produceP999: answers.percentileMs(0.999),
      offered: megabytesPerSecond,
    }
  }
  return compare(name, [{ name, isLimit: true, run }], options).finally(stop)
}

function loadOf({ recordsPerBatch }: Offer, megabytesPerSecond: number) {
  const batch = makeBatch(valueBytes, 'none', recordsPerBatch)
  const requestsPerSecond = (megabytesPerSecond * 1e6) / (valueBytes * recordsPerBatch)
  return { batch, requestsPerSecond, acks: acksAll, warmUpSeconds: 0.5 }
}

/**
 * Megabytes per second that come out as fast as they are offered. What a producer gets through that sends whenever it is
 * answered is more than that, because a consumer may catch up behind it: it is where the search begins.
 */
async function maximumOf(peer: RunningPeer, offered: Offer): Promise<number> {
  let rate = await rateOf(peer, offered)
  for (let search = 0; search < searchesMax; search++) {
    const { stretch } = await offer(peer, { ...loadOf(offered, rate), seconds: searchSeconds })
    if (stretch <= stretchMax) break
    rate /= stretch
  }
  return rate
}

async function rateOf(peer: RunningPeer, { recordsPerBatch }: Offer): Promise<number> {
  const batch = makeBatch(valueBytes, 'none', recordsPerBatch)
  const topic = await makeTopic(peer, nextTopicName(), 1)
  const shape = { batch, partitions: 1, acks: acksAll, connections: 1, inFlight: 5 }
  const producer = await ProduceLoad.open(peer.port, await frameFor(peer, topic, acksAll, batch), shape, false)
  const following = { topic, connections: 1, endOffset: null, recordsPerBatch }
  const consumer = await FetchLoad.open(peer.port, fetchFrame(peer, following), following)
  try {
    const { seconds } = await followed(producer, consumer, { seconds: searchSeconds })
    return (producer.requests * batch.length) / 1e6 / seconds
  } finally {
    producer.close()
    consumer.close()
    await removeTopic(peer, topic)
  }
}

// Whether one client hurts another: how long a small client waits while another one asks for much, beside what it waits when
// it is alone, in the same run on the same broker. The small client produces a record of 100 bytes, reads it back, pauses,
// and so on; the pair is what is measured. The other client runs in a process of its own.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fetch } from '#protocol/messages/fetch.js'
import { Produce } from '#protocol/messages/produce.js'
import { WireClient } from '../compat-tests/lib/wire-client.js'
import type { Comparison, Figure } from './lib/comparison.js'
import { absentEntries, type CompareOptions, compare, newFolder } from './lib/fleet.js'
import { childScript } from './lib/subject.js'
import { makeBatch } from './load/batches.js'
import { type HeavyLoad, heavyLoads } from './load/heavy-loads.js'
import { Histogram } from './load/histogram.js'
import { nextTopicName } from './load/produce-load.js'
import { makeTopic } from './load/requests.js'
import type { Peer } from './peers/peer.js'

const figures: readonly Figure[] = [
  { key: 'quietP50', unit: 'quiet p50 ms', isLowerBetter: true },
  { key: 'quietP99', unit: 'quiet p99 ms', isLowerBetter: true },
  { key: 'loadedP50', unit: 'loaded p50 ms', isLowerBetter: true },
  { key: 'loadedP99', unit: 'loaded p99 ms', isLowerBetter: true },
  { key: 'ratio', unit: 'p99 loaded ÷ quiet', isLowerBetter: true },
  { key: 'perSecond', unit: 'heavy req/s', isLowerBetter: false },
]
const targets = [{ figure: 'ratio', to: 'value' as const, atMost: 5 }]
const pauseMs = 5
const seconds = { full: { warmUp: 1, quiet: 4, loaded: 8 }, quick: { warmUp: 0.5, quiet: 1, loaded: 2 } }

export async function fairness(options: CompareOptions, report: (comparison: Comparison) => void): Promise<void> {
  for (const load of heavyLoads.filter(({ title }) => title.includes(options.load))) {
    const contenders = options.present
      .filter(({ peer }) => peer.id === 'gregor' || peer.id === 'before')
      .map(({ peer }) => ({ name: peer.id, isLimit: false, run: () => besideEachOther(peer, load, options) }))
    const title = `fairness: a small client beside ${load.title}`
    const entries = [...(await compare(title, contenders, { ...options, cold: true })), ...absentEntries(options)]
    const id = `fairness-${load.title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`
    report({ id, question: 'fairness', title, figures, entries, targets })
  }
}

async function besideEachOther(
  peer: Peer,
  load: HeavyLoad,
  { scratch, isQuick }: CompareOptions,
): Promise<Record<string, number>> {
  const { warmUp, quiet, loaded } = isQuick ? seconds.quick : seconds.full
  const broker = await peer.start({ directory: newFolder(scratch, peer.id) })
  const heavy = fork(childScript('heavy-client.js'), [`${broker.port}`, load.title], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    await told(heavy)
    const small = await SmallClient.open(broker)
    await small.run(warmUp)
    const alone = await small.run(quiet)
    heavy.send('start')
    const beside = await small.run(loaded)
    const { answered } = await told<{ answered: number }>(heavy, 'tell')
    small.close()
    const ratio = beside.percentileMs(0.99) / alone.percentileMs(0.99)
    return {
      quietP50: alone.percentileMs(0.5),
      quietP99: alone.percentileMs(0.99),
      loadedP50: beside.percentileMs(0.5),
      loadedP99: beside.percentileMs(0.99),
      ratio,
      perSecond: answered / loaded,
    }
  } finally {
    if (heavy.connected) heavy.disconnect()
    if (heavy.exitCode === null && heavy.signalCode === null) await once(heavy, 'exit')
    await broker.stop()
  }
}

async function told<Message>(child: ChildProcess, question?: string): Promise<Message> {
  const answer = once(child, 'message')
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`the heavy client ended with ${code}`)
  })
  if (question !== undefined) child.send(question)
  const [message] = await Promise.race([answer, exit])
  return message as Message
}

class SmallClient {
  readonly #client: WireClient
  readonly #topic: string
  readonly #batch = makeBatch(100, 'none', 1)

  static async open({ port, versions }: { readonly port: number; readonly versions: ReadonlyMap<number, number> }) {
    const { name } = await makeTopic({ port, versions }, nextTopicName(), 1)
    return new SmallClient(await WireClient.connect(`127.0.0.1:${port}`, 'small'), name)
  }

  private constructor(client: WireClient, topic: string) {
    this.#client = client
    this.#topic = topic
  }

  async run(forSeconds: number): Promise<Histogram> {
    const latencies = new Histogram()
    const endMs = performance.now() + forSeconds * 1000
    for (let nowMs = performance.now(); nowMs < endMs; nowMs = performance.now()) {
      await this.#produceAndFetch()
      latencies.record(performance.now() - nowMs)
      await sleep(pauseMs)
    }
    return latencies
  }

  async #produceAndFetch(): Promise<void> {
    const partitionData = [{ index: 0, records: this.#batch }]
    const produced = await this.#client.request(Produce, 9, {
      acks: 1,
      timeoutMs: 30_000,
      topicData: [{ name: this.#topic, partitionData }],
    })
    const { errorCode, baseOffset } = produced.responses[0]!.partitionResponses[0]!
    if (errorCode !== 0) throw new Error(`the small client's record was refused with error ${errorCode}`)
    const partitions = [{ partition: 0, fetchOffset: baseOffset, partitionMaxBytes: 1_000_000 }]
    const fetched = await this.#client.request(Fetch, 11, {
      maxWaitMs: 10_000,
      minBytes: 1,
      maxBytes: 1_000_000,
      topics: [{ topic: this.#topic, partitions }],
    })
    const records = fetched.responses[0]?.partitions[0]?.records
    if (records === null || records === undefined) throw new Error('the small client did not get its record back')
  }

  close(): void {
    this.#client.close()
  }
}

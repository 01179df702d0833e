// Whether one client hurts another: how long a small client waits while another one asks for much, beside what it waits when
// it is alone, in the same run on the same broker. The small client produces a record of 100 bytes, reads it back, pauses,
// and so on; the pair is what is measured. The other client runs in a process of its own. The limit is a bare Node server
// that answers the same bytes after as much work of its one thread, in slices of a millisecond with the small client's
// requests in between: what the machine's cores, Node and these clients make of the best that one thread can do.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fetch } from '#protocol/messages/fetch.js'
import { Produce } from '#protocol/messages/produce.js'
import { WireClient } from '../compat-tests/lib/wire-client.js'
import type { Comparison, Figure } from './lib/comparison.js'
import { absentEntries, type CompareOptions, type Contender, compare, newFolder } from './lib/fleet.js'
import { exchange, requestFrame } from './lib/frames.js'
import { mainThreadCpuMsOf } from './lib/proc.js'
import { childScript, startBareNode } from './lib/subject.js'
import { makeBatch } from './load/batches.js'
import { type HeavyLoad, heavyLoads } from './load/heavy-loads.js'
import { Histogram } from './load/histogram.js'
import { nextTopicName } from './load/produce-load.js'
import { makeTopic } from './load/requests.js'
import { encodedScript, type Line } from './load/script.js'
import type { Peer, RunningPeer } from './peers/peer.js'

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

/** The work of a request is known by doing it so often, when it has been done before. */
const learningRuns = 3

export async function fairness(options: CompareOptions, report: (comparison: Comparison) => void): Promise<void> {
  for (const load of heavyLoads.filter(({ title }) => title.includes(options.load))) {
    const peers = options.present.filter(({ peer }) => peer.id === 'gregor' || peer.id === 'before')
    const contenders: Contender[] = peers.map(({ peer }) => ({
      name: peer.id,
      isLimit: false,
      run: () => besideEachOther(peer, load, options),
    }))
    const gregor = peers.find(({ peer }) => peer.id === 'gregor')?.peer
    const limit = { name: 'bare Node server', isLimit: true, run: () => besideOnBareNode(gregor!, load, options) }
    if (gregor !== undefined) contenders.push(limit)
    const title = `fairness: a small client beside ${load.title}`
    const entries = [...(await compare(title, contenders, { ...options, cold: true })), ...absentEntries(options)]
    const id = `fairness-${load.title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`
    report({ id, question: 'fairness', title, figures, entries, targets })
  }
}

type Values = Readonly<Record<string, number>>

async function besideEachOther(peer: Peer, load: HeavyLoad, options: CompareOptions): Promise<Values> {
  const broker = await peer.start({ directory: newFolder(options.scratch, peer.id) })
  try {
    const frames = await load.prepare(broker.port)
    const { name } = await makeTopic(broker, nextTopicName(), 1)
    return await measured(broker.port, name, load, frames, options)
  } finally {
    await broker.stop()
  }
}

async function besideOnBareNode(peer: Peer, load: HeavyLoad, options: CompareOptions): Promise<Values> {
  const directory = newFolder(options.scratch, peer.id)
  const broker = await peer.start({ directory })
  let frames: readonly Buffer[]
  let topic: string
  const lines: Line[] = []
  try {
    frames = await load.prepare(broker.port)
    topic = (await makeTopic(broker, nextTopicName(), 1)).name
    lines.push(...(await learnt(broker, frames)))
    const small = [requestFrame(Produce, produceVersion, produceOf(topic)), requestFrame(Fetch, fetchVersion, fetchOf(topic, 0))]
    for (const request of small) lines.push({ request, answer: await exchange(broker.port, request), workMs: 0 })
  } finally {
    await broker.stop()
  }
  const script = join(directory, 'answers.json')
  writeFileSync(script, encodedScript(lines))
  const server = await startBareNode('bare Node server', ['replay', script])
  try {
    return await measured(server.port, topic, load, frames, options)
  } finally {
    await server.stop()
  }
}

async function learnt({ port, pid }: RunningPeer, frames: readonly Buffer[]): Promise<Line[]> {
  const answers: Buffer[] = []
  const workMs = frames.map(() => 0)
  for (let run = 0; run <= learningRuns; run++) {
    for (const [index, request] of frames.entries()) {
      const beforeMs = mainThreadCpuMsOf(pid)
      answers[index] = await exchange(port, request)
      if (run > 0) workMs[index]! += (mainThreadCpuMsOf(pid) - beforeMs) / learningRuns
    }
  }
  return frames.map((request, index) => ({ request, answer: answers[index]!, workMs: workMs[index]! }))
}

async function measured(
  port: number,
  topic: string,
  load: HeavyLoad,
  frames: readonly Buffer[],
  { scratch, isQuick }: CompareOptions,
): Promise<Values> {
  const { warmUp, quiet, loaded } = isQuick ? seconds.quick : seconds.full
  const file = join(newFolder(scratch, 'heavy'), 'requests')
  writeFileSync(file, Buffer.concat(frames))
  const heavy = fork(childScript('heavy-client.js'), [`${port}`, `${load.connections}`, file], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    await told(heavy)
    const small = await SmallClient.open(port, topic)
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

const produceVersion = 9
const fetchVersion = 11
const record = makeBatch(100, 'none', 1)

const produceOf = (name: string) => ({
  acks: 1,
  timeoutMs: 30_000,
  topicData: [{ name, partitionData: [{ index: 0, records: record }] }],
})

const fetchOf = (topic: string, fetchOffset: number) => ({
  maxWaitMs: 10_000,
  minBytes: 1,
  maxBytes: 1_000_000,
  topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }] }],
})

class SmallClient {
  readonly #client: WireClient
  readonly #topic: string

  /** Its requests are as long as those of `requestFrame`. */
  static async open(port: number, topic: string): Promise<SmallClient> {
    return new SmallClient(await WireClient.connect(`127.0.0.1:${port}`, 'gregor-bench'), topic)
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
    const produced = await this.#client.request(Produce, produceVersion, produceOf(this.#topic))
    const { errorCode, baseOffset } = produced.responses[0]!.partitionResponses[0]!
    if (errorCode !== 0) throw new Error(`the small client's record was refused with error ${errorCode}`)
    const fetched = await this.#client.request(Fetch, fetchVersion, fetchOf(this.#topic, baseOffset))
    const records = fetched.responses[0]?.partitions[0]?.records
    if (records === null || records === undefined) throw new Error('the small client did not get its record back')
  }

  close(): void {
    this.#client.close()
  }
}

// What it takes to come up, and what is taken while up: from nothing, with gigabytes of log, with thousands of partitions.
// A broker is up again when it tells the ends of all its logs and they are what they were; and it comes back both from an
// orderly stop and from a kill.
import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync } from 'node:fs'
import type { Comparison, Figure, Target } from './lib/comparison.js'
import { absentEntries, type CompareOptions, type Contender, compare, newFolder } from './lib/fleet.js'
import { settledResidentBytes } from './lib/proc.js'
import { makeBatch, recordsIn } from './load/batches.js'
import { frameFor, nextTopicName, ProduceLoad } from './load/produce-load.js'
import { endOffsetsOf, makeTopic, type Topic } from './load/requests.js'
import { gregor } from './peers/gregor.js'
import type { Peer, RunningPeer } from './peers/peer.js'

const mebibyte = 1024 * 1024
const startFigures: readonly Figure[] = [
  { key: 'readyMs', unit: 'ready ms', isLowerBetter: true, isHeadline: true },
  { key: 'residentMebibytes', unit: 'resident MiB', isLowerBetter: true, isHeadline: true },
]
const restartFigures: readonly Figure[] = [
  { key: 'afterStopMs', unit: 'after stop ms', isLowerBetter: true, isHeadline: true },
  { key: 'afterKillMs', unit: 'after kill ms', isLowerBetter: true, isHeadline: true },
  { key: 'residentMebibytes', unit: 'resident MiB', isLowerBetter: true, isHeadline: true },
]
const startTargets: readonly Target[] = [
  { figure: 'readyMs', to: 'value', atMost: 150 },
  { figure: 'readyMs', to: 'kafka', atMost: 0.1 },
  { figure: 'residentMebibytes', to: 'value', atMost: 70 },
  { figure: 'residentMebibytes', to: 'kafka', atMost: 0.2 },
]
const manyPartitionsTargets: readonly Target[] = [
  { figure: 'afterStopMs', to: 'value', atMost: 1000 },
  { figure: 'residentMebibytes', to: 'value', atMost: 250 },
]

const dataBytes = { full: 10e9, quick: 0.5e9 }
const partitionCount = { full: 10_000, quick: 1_000 }
const partitionsPerTopic = 1_000
/** One file each and what a broker keeps beside it. */
const descriptorsPerPartition = 4
/** Every run stops and starts a process twice, which takes a JVM a minute with many partitions and hardly varies. */
const restartRuns = { gregor: 3, others: 1, quick: 1 }

export async function restart(options: CompareOptions, report: (comparison: Comparison) => void): Promise<void> {
  for (const question of [freshStart, withData, withPartitions]) report(await question(options))
}

async function freshStart(options: CompareOptions): Promise<Comparison> {
  const contenders = options.present.map(({ peer }) => ({
    name: peer.id,
    isLimit: false,
    run: async () => {
      const running = await peer.start({ directory: newFolder(options.scratch, peer.id) })
      try {
        return { readyMs: running.readyMs, residentMebibytes: (await settledResidentBytes(running.pid)) / mebibyte }
      } finally {
        await running.stop()
      }
    },
  }))
  const title = 'start: from exec to the first answer to Metadata, and resident memory when idle'
  const entries = [...(await compare('start', contenders, options)), ...absentEntries(options)]
  return { id: 'start', question: 'restart', title, figures: startFigures, entries, targets: startTargets }
}

async function withData(options: CompareOptions): Promise<Comparison> {
  const wanted = options.isQuick ? dataBytes.quick : dataBytes.full
  const { bavail, bsize } = statfsSync(options.scratch)
  // One log at a time, and as much again for what the system needs.
  const bytes = Math.min(wanted, Math.floor((bavail * bsize) / 4 / 1e9) * 1e9)
  const title = `restart with ${bytes / 1e9} GB in one partition${bytes < wanted ? ' (the disk holds no more)' : ''}`
  const batch = makeBatch(1000)
  const fill = async (running: RunningPeer) => [await filled(running, 1, batch, bytes)]
  return restartComparison(options, 'restart-data', title, fill, 2 * 10_000)
}

async function withPartitions(options: CompareOptions): Promise<Comparison> {
  const count = options.isQuick ? partitionCount.quick : partitionCount.full
  const title = `restart with ${count.toLocaleString('en')} partitions, one batch in each`
  const batch = makeBatch(100, 'none', 1)
  const fill = async (running: RunningPeer) => {
    const logs: FilledTopic[] = []
    for (let made = 0; made < count; made += partitionsPerTopic) {
      options.progress(`restart: ${running.name}, ${made} of ${count} partitions made`)
      logs.push(await filled(running, partitionsPerTopic, batch, partitionsPerTopic * batch.length))
    }
    return logs
  }
  const descriptors = descriptorsPerPartition * count + 10_000
  const comparison = await restartComparison(options, 'restart-partitions', title, fill, descriptors)
  return options.isQuick ? comparison : { ...comparison, targets: manyPartitionsTargets }
}

interface FilledTopic {
  readonly topic: Topic
  readonly records: number
}

async function filled(running: RunningPeer, partitions: number, batch: Buffer, bytes: number): Promise<FilledTopic> {
  const topic = await makeTopic(running, nextTopicName(), partitions)
  const shape = { batch, partitions, acks: -1, connections: 1, inFlight: 5 }
  const load = await ProduceLoad.open(running.port, await frameFor(running, topic, -1, batch), shape, false)
  try {
    const { requests } = await load.run({ bytes })
    return { topic, records: requests * recordsIn(batch) }
  } finally {
    load.close()
  }
}

type Fill = (running: RunningPeer) => Promise<FilledTopic[]>

/** One peer after the other, because there is disk for the log of one; what it takes to come back hardly varies. */
async function restartComparison(
  options: CompareOptions,
  id: string,
  title: string,
  fill: Fill,
  descriptors: number,
): Promise<Comparison> {
  const entries = absentEntries(options)
  for (const { peer } of options.present) {
    const notRun = peer.isInMemory ? 'keeps nothing on a disk' : options.isQuick && peer !== gregor ? 'not in a quick run' : null
    if (notRun !== null) {
      entries.push({ name: peer.id, notRun })
      continue
    }
    const runs = options.isQuick ? restartRuns.quick : peer === gregor ? restartRuns.gregor : restartRuns.others
    const directory = newFolder(options.scratch, peer.id)
    options.progress(`${title}: filling ${peer.id}`)
    const filling: { done: Promise<Restartable> | null } = { done: null }
    const contender: Contender = {
      name: peer.id,
      isLimit: false,
      run: async () => {
        filling.done ??= Restartable.fill(peer, { directory, descriptors }, fill)
        return (await filling.done).comeBack()
      },
    }
    try {
      entries.push(...(await compare(title, [contender], { ...options, runs, cold: true })))
    } finally {
      const restartable = await filling.done?.catch(() => null)
      await restartable?.end()
      rmSync(directory, { recursive: true, force: true })
    }
  }
  return { id, question: 'restart', title, figures: restartFigures, entries }
}

class Restartable {
  readonly #peer: Peer
  readonly #start: { readonly directory: string; readonly descriptors: number }
  readonly #topics: readonly FilledTopic[]
  #running: RunningPeer

  static async fill(peer: Peer, start: { directory: string; descriptors: number }, fill: Fill): Promise<Restartable> {
    const running = await peer.start(start)
    try {
      return new Restartable(peer, start, running, await fill(running))
    } catch (error) {
      await running.kill()
      throw error
    }
  }

  private constructor(
    peer: Peer,
    start: { directory: string; descriptors: number },
    running: RunningPeer,
    topics: readonly FilledTopic[],
  ) {
    this.#peer = peer
    this.#start = start
    this.#running = running
    this.#topics = topics
  }

  async comeBack(): Promise<Record<string, number>> {
    await this.#running.stop()
    const afterStopMs = await this.#upAgain()
    const residentMebibytes = (await settledResidentBytes(this.#running.pid)) / mebibyte
    await this.#running.kill()
    return { afterStopMs, afterKillMs: await this.#upAgain(), residentMebibytes }
  }

  async end(): Promise<void> {
    await this.#running.stop()
  }

  /** Milliseconds until every log has its end again. @throws Error when one has another. */
  async #upAgain(): Promise<number> {
    // What a peer, or the one before it, left to the system is not part of coming back.
    execFileSync('sync')
    this.#running = await this.#peer.start(this.#start)
    const answeredMs = performance.now()
    for (const { topic, records } of this.#topics) await untilEndsAre(this.#running, topic, records)
    return this.#running.readyMs + performance.now() - answeredMs
  }
}

const checksMax = 60_000
const checkMs = 2

async function untilEndsAre(running: RunningPeer, topic: Topic, records: number): Promise<void> {
  for (let check = 0; check < checksMax; check++) {
    const ends = await endOffsetsOf(running, topic).catch(() => null)
    if (ends !== null && !ends.includes(null)) {
      const held = ends.reduce<number>((sum, end) => sum + end!, 0)
      if (held === records) return
      throw new Error(`${topic.name} came back with ${held} records of ${records}`)
    }
    await new Promise(resolve => setTimeout(resolve, checkMs))
  }
  throw new Error(`${topic.name} did not come back`)
}

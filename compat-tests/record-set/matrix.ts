/**
 * Runs the record-set matrix against one broker: every client writes the set once per codec to a topic of its own, then every
 * client reads every topic whose codec it knows, and each reading is judged by expectation.ts. One process per client and
 * phase. A client ends at the first topic that fails and is started again for the rest, so that one bad topic does not hide
 * the next; after a few failures the rest of its topics count as failed without being tried, because each costs a deadline.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { eventually } from '../lib/patience.js'
import type { RunResult } from '../lib/processes.js'
import { type Contender, type ContenderName, consumeSets, explain, produceSet, type Task } from './contenders.js'
import { type Capabilities, type Codec, codecs, faultOf, type Moment, producedLines, producible } from './expectation.js'
import { type ConsumedLine, recordSet } from './record-set.js'

/** Failures of one client in one phase before it is given up. */
const FAILURES_MAX = 6

const LEADER_TIMEOUT_MS = 10_000

/** Clocks are those of one machine; this is for rounding to the millisecond. */
const CLOCK_SLACK_MS = 1000

/** One topic: what one client wrote with one codec. */
export interface Written {
  readonly producer: ContenderName
  readonly codec: Codec
  readonly topic: string
  /** null when it was written, else what went wrong. */
  readonly fault: string | null
  readonly produced: Moment
}

export interface Reading {
  readonly written: Written
  readonly consumer: ContenderName
  /** null: right. A string: what is wrong. */
  readonly fault: string | null
}

/** A contender that runs here. */
type Running = Contender & { readonly capabilities: Capabilities }

export class RecordSetMatrix {
  readonly #runId = `${process.pid}-${Math.trunc(performance.timeOrigin)}`
  readonly #running: readonly Running[]
  readonly #set = recordSet()
  readonly #admin: Admin

  constructor(
    readonly bootstrap: string,
    contenders: readonly Contender[],
    readonly codecsRun: readonly Codec[],
    readonly scratch: string,
    /** Asked before each client: against a dead broker every one of them would wait for its deadline. */
    readonly assertBrokerAlive: () => void,
  ) {
    this.#running = contenders.filter((contender): contender is Running => contender.capabilities !== null)
    this.#admin = new Kafka({ clientId: 'compat-admin', brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  }

  async run(): Promise<readonly Reading[]> {
    const topics = this.#running.flatMap(({ name, capabilities }) =>
      this.#codecsOf(capabilities.codecs).map(codec => this.#topicOf(name, codec)),
    )
    // The set's timestamps are years old: by the default retention the broker would be right to delete it.
    const configEntries = [{ name: 'retention.ms', value: '-1' }]
    await this.#admin.connect()
    try {
      await this.#admin.createTopics({ topics: topics.map(topic => ({ topic, numPartitions: 1, configEntries })) })
      // Kafka answers the creation before the leader is one; clients without patience would trip over it.
      for (const topic of topics) {
        const hasLeader = async () => (await this.#admin.fetchTopicOffsets(topic)).length === 1
        if (!(await eventually(hasLeader, LEADER_TIMEOUT_MS))) throw new Error(`${topic} has no leader`)
      }
      const written: Written[] = []
      for (const producer of this.#running) written.push(...(await this.#produceBy(producer)))
      const readings: Reading[] = []
      for (const consumer of this.#running) readings.push(...(await this.#consumeBy(consumer, written)))
      await this.#admin.deleteTopics({ topics })
      return readings
    } finally {
      await this.#admin.disconnect()
    }
  }

  #codecsOf(of: readonly Codec[]): readonly Codec[] {
    return codecs.filter(codec => of.includes(codec) && this.codecsRun.includes(codec))
  }

  #topicOf(producer: ContenderName, codec: Codec): string {
    return `record-set-${producer.replace('/', '-')}-${codec}-${this.#runId}`
  }

  async #produceBy({ name, capabilities }: Running): Promise<readonly Written[]> {
    this.assertBrokerAlive()
    const file = join(this.scratch, `${name.replace('/', '-')}.jsonl`)
    await writeFile(
      file,
      producedLines(this.#set, capabilities)
        .map(line => `${JSON.stringify(line)}\n`)
        .join(''),
    )
    const tasks = this.#codecsOf(capabilities.codecs).map(codec => ({ topic: this.#topicOf(name, codec), argument: codec, file }))
    const fromMs = performance.timeOrigin + performance.now() - CLOCK_SLACK_MS
    const { faults, elapsedMs } = await inTurns(tasks, rest => produceSet(name, this.bootstrap, rest))
    const produced = { fromMs, toMs: performance.timeOrigin + performance.now() + CLOCK_SLACK_MS }
    report(name, 'produced', tasks, faults, elapsedMs)
    await rm(file)
    return tasks.map(({ topic, argument }) => ({
      producer: name,
      codec: argument,
      topic,
      fault: faults.get(topic) ?? null,
      produced,
    }))
  }

  async #consumeBy(consumer: Running, all: readonly Written[]): Promise<readonly Reading[]> {
    this.assertBrokerAlive()
    const { name, capabilities } = consumer
    const known = this.#codecsOf(capabilities.consumeCodecs ?? capabilities.codecs)
    const concerned = all.filter(({ codec }) => known.includes(codec))
    const readable = concerned.filter(({ fault }) => fault === null)
    const folder = join(this.scratch, name.replace('/', '-'))
    await mkdir(folder)
    const tasks = readable.map(({ topic, producer }) => ({
      topic,
      argument: producible(this.#set, this.#capabilitiesOf(producer)).length,
      file: join(folder, topic),
    }))
    const { faults, elapsedMs } = await inTurns(tasks, rest => consumeSets(name, this.bootstrap, rest))
    for (const written of readable) {
      if (faults.has(written.topic)) continue
      const fault = await this.#judge(join(folder, written.topic), written, capabilities)
      if (fault !== null) faults.set(written.topic, fault)
    }
    report(name, 'consumed', tasks, faults, elapsedMs)
    await rm(folder, { recursive: true, force: true })
    return concerned.map(written => ({
      written,
      consumer: name,
      fault: written.fault === null ? (faults.get(written.topic) ?? null) : `producer: ${written.fault}`,
    }))
  }

  async #judge(file: string, { producer, produced }: Written, consumer: Capabilities): Promise<string | null> {
    const text = await readFile(file, 'utf8').catch(() => '')
    try {
      const lines = text.split('\n').filter(line => line !== '')
      const consumed = lines.map(line => JSON.parse(line) as ConsumedLine)
      return faultOf(consumed, this.#set, this.#capabilitiesOf(producer), consumer, produced)
    } catch (error) {
      return `the output is unreadable: ${(error as Error).message}`
    }
  }

  #capabilitiesOf(name: ContenderName): Capabilities {
    return this.#running.find(contender => contender.name === name)!.capabilities
  }
}

/** Runs all tasks in one process, and again for those behind a failure. The faults are by topic. */
async function inTurns<T extends Task>(
  tasks: readonly T[],
  run: (rest: readonly T[]) => Promise<RunResult>,
): Promise<{ faults: Map<string, string>; elapsedMs: number }> {
  const faults = new Map<string, string>()
  let elapsedMs = 0
  let rest = tasks
  while (rest.length > 0) {
    const result = await run(rest)
    elapsedMs += result.elapsedMs
    if (result.exitCode === 0) break
    const reached = rest.findIndex(({ topic }) => !result.stdout.includes(`done ${topic}\n`))
    if (reached === -1) {
      // Everything was done, and then the process failed: no topic is to blame, and none is proven.
      for (const { topic } of rest) faults.set(topic, `after the last topic: ${explain(result)}`)
      break
    }
    const { topic } = rest[reached]!
    faults.set(topic, explain(result, topic))
    rest = rest.slice(reached + 1)
    if (faults.size >= FAILURES_MAX) {
      for (const { topic } of rest) faults.set(topic, `not tried after ${FAILURES_MAX} failures`)
      break
    }
  }
  return { faults, elapsedMs }
}

function report(
  name: ContenderName,
  what: string,
  tasks: readonly Task[],
  faults: ReadonlyMap<string, string>,
  elapsedMs: number,
): void {
  console.log(`${name} ${what} ${tasks.length - faults.size} of ${tasks.length} topics in ${(elapsedMs / 1000).toFixed(1)} s`)
  for (const [topic, fault] of [...faults].slice(0, FAILURES_MAX)) console.log(`  ${topic}: ${fault}`)
}

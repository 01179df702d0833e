/**
 * Runs the record-set matrix against one broker: every client writes the set once per codec to a topic of its own, then every
 * client reads every topic whose codec it knows, and each reading is judged by expectation.ts. One process per client and
 * phase. A client ends at the first topic that fails and is started again for the rest, so that one bad topic does not hide
 * the next; after a few failures the rest of its topics count as failed without being tried, because each costs a deadline.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { eventually } from '../../lib/patience.js'
import type { RunResult } from '../../lib/processes.js'
import { type Contender, type ContenderName, consumeSets, explain, produceSet, type Task } from './contenders.js'
import {
  type Capabilities,
  type Codec,
  codecs,
  faultOf,
  type Moment,
  producedLines,
  producible,
  writesHeaders,
} from './expectation.js'
import { knownFault } from './known-faults.js'
import { type ConsumedLine, nullHeaderSet, recordSet, type SetRecord } from './record-set.js'

/** Failures of one client in one phase before it is given up. */
const FAILURES_MAX = 6

const LEADER_TIMEOUT_MS = 10_000

/** Clocks are those of one machine; this is for rounding to the millisecond. */
const CLOCK_SLACK_MS = 1000

/** One topic: what one client wrote with one codec. */
export interface Written {
  readonly producer: ContenderName
  readonly codec: Codec
  /** The main set, or the one that not every client can say or read. */
  readonly hasNullHeaders: boolean
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
  /** Why no broker can make this pair work; its fault is then no failure, and null when it was not tried. */
  readonly known: string | null
}

interface PlannedTopic {
  readonly topic: string
  readonly codec: Codec
  readonly hasNullHeaders: boolean
}

/** A contender that runs here. */
type Running = Contender & { readonly capabilities: Capabilities }

export class RecordSetMatrix {
  readonly #runId = `${process.pid}-${Math.trunc(performance.timeOrigin)}`
  readonly #running: readonly Running[]
  readonly #mainSet = recordSet()
  readonly #nullHeaderSet = nullHeaderSet()
  readonly #admin: Admin

  constructor(
    readonly bootstrap: string,
    contenders: readonly Contender[],
    readonly codecsRun: readonly Codec[],
    /** Against real Kafka, to prove that they are what they are said to be. */
    readonly triesKnownFaults: boolean,
    readonly scratch: string,
    /** Asked before each client: against a dead broker every one of them would wait for its deadline. */
    readonly assertBrokerAlive: () => void,
  ) {
    this.#running = contenders.filter((contender): contender is Running => contender.capabilities !== null)
    this.#admin = new Kafka({ clientId: 'compat-admin', brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  }

  async run(): Promise<readonly Reading[]> {
    const plans = this.#running.map(producer => this.#plan(producer))
    const topics = plans.flat().map(({ topic }) => topic)
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
      for (const [index, producer] of this.#running.entries()) written.push(...(await this.#produceBy(producer, plans[index]!)))
      const readings: Reading[] = []
      for (const consumer of this.#running) readings.push(...(await this.#consumeBy(consumer, written)))
      await this.#admin.deleteTopics({ topics })
      return readings
    } finally {
      await this.#admin.disconnect()
    }
  }

  /** The topics that a producer writes. */
  #plan({ name, capabilities }: Running): readonly PlannedTopic[] {
    const named = (what: string) => `record-set-${name.replace('/', '-')}-${what}-${this.#runId}`
    const saysNullHeaders = writesHeaders(capabilities) && !(capabilities.cannotProduce ?? []).includes('null header value')
    return [
      ...this.#codecsOf(capabilities.codecs).map(codec => ({ codec, hasNullHeaders: false, topic: named(codec) })),
      ...(saysNullHeaders ? [{ codec: 'none' as const, hasNullHeaders: true, topic: named('null-headers') }] : []),
    ]
  }

  #codecsOf(of: readonly Codec[]): readonly Codec[] {
    return codecs.filter(codec => of.includes(codec) && this.codecsRun.includes(codec))
  }

  #setOf({ hasNullHeaders }: { readonly hasNullHeaders: boolean }): readonly SetRecord[] {
    return hasNullHeaders ? this.#nullHeaderSet : this.#mainSet
  }

  async #produceBy({ name, capabilities }: Running, plan: readonly PlannedTopic[]): Promise<readonly Written[]> {
    this.assertBrokerAlive()
    const folder = join(this.scratch, `${name.replace('/', '-')}-produces`)
    await mkdir(folder)
    const tasks: Task[] = []
    for (const { topic, codec, hasNullHeaders } of plan) {
      const file = join(folder, hasNullHeaders ? 'null-headers.jsonl' : 'main.jsonl')
      const lines = producedLines(this.#setOf({ hasNullHeaders }), capabilities)
      await writeFile(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
      tasks.push({ topic, argument: codec, file })
    }
    const fromMs = performance.timeOrigin + performance.now() - CLOCK_SLACK_MS
    const { faults, elapsedMs } = await inTurns(tasks, rest => produceSet(name, this.bootstrap, rest))
    const produced = { fromMs, toMs: performance.timeOrigin + performance.now() + CLOCK_SLACK_MS }
    report(name, 'produced', tasks, faults, elapsedMs)
    await rm(folder, { recursive: true, force: true })
    return plan.map(topic => ({ ...topic, producer: name, fault: faults.get(topic.topic) ?? null, produced }))
  }

  async #consumeBy(consumer: Running, all: readonly Written[]): Promise<readonly Reading[]> {
    this.assertBrokerAlive()
    const { name, capabilities } = consumer
    const concerned = all.filter(written => this.#canRead(capabilities, written))
    const knownOf = (written: Written) => knownFault(written.producer, written.codec, name)
    const readable = concerned.filter(written => written.fault === null && (this.triesKnownFaults || knownOf(written) === null))
    const folder = join(this.scratch, name.replace('/', '-'))
    await mkdir(folder)
    const tasks = readable.map(written => ({
      topic: written.topic,
      argument: producible(this.#setOf(written), this.#capabilitiesOf(written.producer)).length,
      file: join(folder, written.topic),
    }))
    const { faults, elapsedMs } = await inTurns(tasks, rest => consumeSets(name, this.bootstrap, rest))
    for (const written of readable) {
      if (faults.has(written.topic)) continue
      const fault = await this.#judge(join(folder, written.topic), written, capabilities)
      if (fault !== null) faults.set(written.topic, fault)
    }
    report(name, 'consumed', tasks, faults, elapsedMs)
    await rm(folder, { recursive: true, force: true })
    return concerned.map(written => {
      const fault = written.fault === null ? (faults.get(written.topic) ?? null) : `producer: ${written.fault}`
      const known = knownOf(written)
      const staleKnowledge = this.triesKnownFaults && known !== null && fault === null
      return staleKnowledge
        ? { written, consumer: name, fault: 'works, though known-faults.ts says that it cannot', known: null }
        : { written, consumer: name, fault, known }
    })
  }

  #canRead(consumer: Capabilities, { codec, hasNullHeaders }: Written): boolean {
    if (!this.#codecsOf(consumer.consumeCodecs ?? consumer.codecs).includes(codec)) return false
    return !hasNullHeaders || !(consumer.cannotConsume ?? []).includes('null header value')
  }

  async #judge(file: string, written: Written, consumer: Capabilities): Promise<string | null> {
    const { producer, produced } = written
    const text = await readFile(file, 'utf8').catch(() => '')
    try {
      const lines = text.split('\n').filter(line => line !== '')
      const consumed = lines.map(line => JSON.parse(line) as ConsumedLine)
      return faultOf(consumed, this.#setOf(written), this.#capabilitiesOf(producer), consumer, produced)
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

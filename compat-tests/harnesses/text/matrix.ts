/**
 * Runs the matrix against one broker: every client produces the text once to a topic of its own, then every client consumes
 * every topic as a group of its own, and each output is judged. One process per client and phase, one after the other:
 * starting interpreters is most of the cost, and two at a time would only compete for the same two cores.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { type Client, type ClientName, consume, explain, produce } from '../../lib/clients.js'
import { endOffsetsOf, faultOf } from './expectation.js'
import type { Verdicts } from './report.js'
import { numberedLines, type SourceText } from './source-text.js'

export const PARTITIONS = 3

/** One run of the matrix against one broker; topics and groups carry the run's name, so that runs do not meet. */
export class MatrixRun {
  readonly #runId = `${process.pid}-${Math.trunc(performance.timeOrigin)}`
  readonly #available: readonly ClientName[]
  readonly #admin: Admin
  readonly #verdicts = new Map<ClientName, Map<ClientName, string | null>>()

  constructor(
    readonly bootstrap: string,
    clients: readonly Client[],
    readonly source: SourceText,
    readonly scratch: string,
    /** Asked before each client: against a dead broker every one of them would wait for its deadline. */
    readonly assertBrokerAlive: () => void,
  ) {
    this.#available = clients.filter(client => client.notRun === null).map(client => client.name)
    this.#admin = new Kafka({ clientId: 'compat-admin', brokers: [bootstrap], logLevel: logLevel.ERROR }).admin()
  }

  async run(): Promise<Verdicts> {
    const topics = this.#available.map(name => this.#topicOf(name))
    await this.#admin.connect()
    await this.#admin.createTopics({ topics: topics.map(topic => ({ topic, numPartitions: PARTITIONS })) })
    try {
      await this.#produceAll()
      for (const name of this.#available) await this.#consumeAllBy(name)
      await this.#admin.deleteTopics({ topics })
    } finally {
      await this.#admin.disconnect()
    }
    return this.#verdicts
  }

  #topicOf(producer: ClientName): string {
    return `compat-${producer}-${this.#runId}`
  }

  async #produceAll(): Promise<void> {
    const file = join(this.scratch, 'source.txt')
    await writeFile(file, numberedLines(this.source.lines))
    for (const name of this.#available) {
      this.assertBrokerAlive()
      const result = await produce(name, this.bootstrap, this.#topicOf(name), file)
      const fault = result.exitCode === 0 ? null : `producer: ${explain(result)}`
      this.#verdicts.set(name, new Map(this.#available.map(consumer => [consumer, fault])))
      console.log(`${name} produced in ${seconds(result.elapsedMs)}${fault === null ? '' : `, FAILED: ${fault}`}`)
    }
  }

  async #consumeAllBy(name: ClientName): Promise<void> {
    this.assertBrokerAlive()
    const folder = join(this.scratch, name)
    await mkdir(folder)
    // A topic that was not produced is not consumed: its fault is the producer's.
    const producers = this.#available.filter(producer => this.#verdicts.get(producer)?.get(name) === null)
    const subscriptions = producers.map(producer => ({
      topic: this.#topicOf(producer),
      group: `${this.#topicOf(producer)}-by-${name}`,
      outputFile: join(folder, producer),
    }))
    const result = await consume(name, this.bootstrap, this.source.lines.length, subscriptions)

    const faults: (string | null)[] = []
    for (const { topic, group, outputFile } of subscriptions) {
      const output = await readFile(outputFile).catch(() => Buffer.alloc(0))
      faults.push(faultOf(output, this.source) ?? (await this.#commitFault(topic, group, endOffsetsOf(output))))
    }
    // A client that received everything and then crashed is not a client that works.
    const crash = result.exitCode !== 0 && faults.every(fault => fault === null) ? explain(result) : null
    producers.forEach((producer, index) => {
      this.#verdicts.get(producer)!.set(name, faults[index] ?? crash)
    })
    const good = crash === null ? faults.filter(fault => fault === null).length : 0
    console.log(`${name} consumed ${good} of ${producers.length} topics in ${seconds(result.elapsedMs)}`)
    if (good < producers.length) console.log(`  ${explain(result)}`)
    await rm(folder, { recursive: true, force: true })
  }

  async #commitFault(topic: string, groupId: string, ends: ReadonlyMap<number, number>): Promise<string | null> {
    const committed = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    const offsets = new Map(committed.flatMap(of => of.partitions).map(({ partition, offset }) => [partition, Number(offset)]))
    for (const [partition, end] of ends) {
      if (offsets.get(partition) !== end) return `partition ${partition}: committed ${offsets.get(partition)}, not ${end}`
    }
    return null
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

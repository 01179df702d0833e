// What a gigabyte of records costs the broker in processor time under TLS, produced and fetched, beside Kafka under TLS with the
// same certificate and the same requests, and beside itself without TLS. One connection, TLS 1.3 with AES-128-GCM.
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import { freePorts } from '../compat-tests/lib/ports.js'
import { certificateIn } from './lib/certificate.js'
import { type Cost, costOf, costSeries } from './lib/cost.js'
import type { BenchOptions, Series, Table } from './lib/figure.js'
import { quiet } from './lib/proc.js'
import { inTurns } from './lib/rounds.js'
import type { Subject } from './lib/subject.js'
import { batchesPerAnswer, FetchLoad, type FetchPlan, planFetch } from './load/fetch.js'
import { ProduceLoad, type ProducePlan, planProduce } from './load/produce.js'
import { newBatch, recordsPerBatch } from './load/records.js'
import { createTopic, deleteTopic, type LoadTopic } from './load/topics.js'
import { gregor } from './peers/gregor.js'
import { kafka } from './peers/kafka.js'
import type { Peer } from './peers/peer.js'

const suite = 'TLS_AES_128_GCM_SHA256'
const answersInLog = 500
const warmUpBatches = 500
const warmUpAnswers = 50
const triesMax = 100
const triesPauseMs = 50

/** A broker with a listener without TLS, where the requests are planned, and one with. */
interface Secure extends Subject {
  readonly securePort: number
}

export async function tlsCost(options: BenchOptions): Promise<Table> {
  const { store, certificate } = certificateIn(options.scratch)
  const secure: ConnectionOptions = { ca: certificate, servername: 'localhost', ciphers: suite }
  const running: Secure[] = []
  const batch = newBatch()
  try {
    running.push(await started(gregor, store, options.scratch))
    const beside = await kafka.prepare()
    if (!('notRun' in beside)) running.push(await started(kafka, store, options.scratch))
    const logs: FetchPlan[] = []
    for (const subject of running) logs.push(await filled(subject, batch))

    const batches = options.isQuick ? 3000 : 6000
    const answers = (options.isQuick ? 1 : 3) * answersInLog
    const kinds = running.flatMap((subject, at) =>
      [secure, null].flatMap(over => {
        const name = `${subject.name}${over === null ? ', no TLS' : ', TLS'}`
        const port = over === null ? subject.port : subject.securePort
        return [
          { name: `produce: ${name}`, run: () => costOfProducing(subject, port, over, batch, batches) },
          { name: `fetch: ${name}`, run: () => costOfFetching(subject, port, over, logs[at] as FetchPlan, answers) },
        ]
      }),
    )
    const costs = await inTurns('cost under TLS', kinds, options, kind => kind.run())
    const series = kinds.map(({ name }, at): Series => costSeries(name, costs[at] ?? [], limitOf(name)))
    return {
      id: 'tls-cost',
      title: `TLS: processor time of the server per GB of records (${suite}, one connection, acks=1, answers of 1 MiB)`,
      unit: 's/GB',
      series: [...series, ...('notRun' in beside ? [{ name: 'kafka, TLS', notRun: beside.notRun }] : [])],
    }
  } finally {
    for (const subject of running) await subject.stop()
  }
}

/** Gregor stands beside Kafka, where Kafka is there. */
function limitOf(name: string): string | undefined {
  return name.includes('gregor') ? name.replace('gregor', 'kafka') : undefined
}

async function started(peer: Peer, store: string, scratch: string): Promise<Secure> {
  const [securePort = 0] = await freePorts(1)
  const secure = { ports: { SSL: securePort }, properties: { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': store } }
  const running = await peer.start({ directory: join(scratch, `tls-${peer.id}`), secure })
  return { ...running, securePort }
}

async function filled(subject: Secure, batch: Buffer): Promise<FetchPlan> {
  const batches = answersInLog * batchesPerAnswer
  const topic = await createTopic(subject.port, 'tls-fetch')
  const load = await ProduceLoad.connect(subject.port, await planWhenReady(subject.port, topic, batch), recordsPerBatch)
  await load.run(batches - 1)
  load.close()
  return planFetch(subject.port, topic, batch.length, batches)
}

/** Kafka answers that it does not lead a partition for a while after it has made it. */
async function planWhenReady(port: number, topic: LoadTopic, batch: Buffer): Promise<ProducePlan> {
  for (let tries = 1; ; tries++) {
    try {
      return await planProduce(port, topic, 1, batch)
    } catch (error) {
      if (tries === triesMax) throw error
      await setTimeout(triesPauseMs)
    }
  }
}

async function costOfProducing(
  subject: Secure,
  port: number,
  secure: ConnectionOptions | null,
  batch: Buffer,
  batches: number,
): Promise<Cost> {
  const topic = await createTopic(subject.port, 'tls-produce')
  const plan = await planWhenReady(subject.port, topic, batch)
  const load = await ProduceLoad.connect(port, plan, recordsPerBatch, secure)
  try {
    await load.run(warmUpBatches)
    await quiet(subject.pid)
    return await costOf(subject, batches * plan.batchBytes, () => load.run(batches))
  } finally {
    load.close()
    await deleteTopic(subject.port, topic)
    await quiet(subject.pid)
  }
}

async function costOfFetching(
  subject: Secure,
  port: number,
  secure: ConnectionOptions | null,
  plan: FetchPlan,
  answers: number,
): Promise<Cost> {
  const load = await FetchLoad.connect(port, plan, secure)
  try {
    await load.run(warmUpAnswers)
    await quiet(subject.pid)
    return await costOf(subject, answers * plan.recordBytes, () => load.run(answers))
  } finally {
    load.close()
  }
}

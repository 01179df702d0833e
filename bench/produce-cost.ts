// What a gigabyte of produced records costs the broker in processor time, for the acknowledgements that stock clients ask
// for, beside what the same requests cost a C program that only writes them to a file, and a bare Node server.
import { join } from 'node:path'
import { type Cost, costOf, costSeries } from './lib/cost.js'
import type { BenchOptions, Table } from './lib/figure.js'
import { holdMemory } from './lib/hold-memory.js'
import { quiet } from './lib/proc.js'
import { inTurns } from './lib/rounds.js'
import { type Subject, startGregor } from './lib/subject.js'
import { type Limit, produceLimits } from './limits.js'
import { ProduceLoad, type ProducePlan, planProduce } from './load/produce.js'
import { newBatch, recordsPerBatch } from './load/records.js'
import { createTopic, deleteTopic, endOffsetOf } from './load/topics.js'

const warmUpBatches = 500
/** What is synced waits for the disk; a third of the bytes says as much about the processor. */
const syncedShare = 3

interface Producing {
  readonly name: string
  readonly subject: Subject
  readonly acks: number
  readonly batches: number
}

export async function produceCost(options: BenchOptions): Promise<Table> {
  const batch = newBatch()
  const batches = options.isQuick ? 3000 : 6000
  const running: Subject[] = []
  const releaseMemory = await holdMemory(options.scratch)
  try {
    for (const durability of ['os', 'fsync']) {
      const directory = join(options.scratch, `produce-${durability}`)
      // A deleted log goes at once, so that the next run finds its memory free.
      const configs = ['--config', `gregor.durability=${durability}`, '--config', 'log.segment.delete.delay.ms=0']
      const args = ['--data-dir', directory, ...configs]
      running.push(await startGregor(`gregor, ${durability}`, args))
    }
    const [os, fsync] = running as [Subject, Subject]
    const brokers: Producing[] = [
      { name: 'gregor, acks=1', subject: os, acks: 1, batches },
      { name: 'gregor, acks=all, left to the system', subject: os, acks: -1, batches },
      { name: 'gregor, acks=all, on stable storage', subject: fsync, acks: -1, batches: batches / syncedShare },
    ]
    const plan = await planOf(os, batch)
    const limits: Limit[] = await produceLimits(plan, options.scratch)
    const bare: Producing[] = []
    for (const limit of limits) {
      if (!('pid' in limit)) continue
      running.push(limit)
      bare.push({ name: limit.name, subject: limit, acks: 1, batches: limit === limits[1] ? batches / syncedShare : batches })
    }
    const all = [...brokers, ...bare]
    const costs = await inTurns('produce cost', all, options, producing =>
      brokers.includes(producing) ? costOfBroker(producing, batch) : costOfLimit(producing, plan),
    )
    const beside = [limits[0]?.name, limits[0]?.name, limits[1]?.name]
    const series = all.map(({ name }, index) => costSeries(name, costs[index]!, beside[index]))
    const notRun = limits.filter(limit => 'notRun' in limit)
    return {
      id: 'produce-cost',
      title:
        'Produce: processor time of the server per GB of records (batches of 64 × 1,000 bytes, five in flight, one connection)',
      unit: 's/GB',
      series: [...series, ...notRun],
    }
  } finally {
    for (const subject of running) await subject.stop()
    await releaseMemory()
  }
}

async function planOf(gregor: Subject, batch: Buffer): Promise<ProducePlan> {
  const topic = await createTopic(gregor.port, 'produce-layout')
  return planProduce(gregor.port, topic, 1, batch)
}

/** Into a topic of its own, which is checked for its end offset and removed. */
async function costOfBroker({ subject, acks, batches }: Producing, batch: Buffer): Promise<Cost> {
  const topic = await createTopic(subject.port, 'produce-cost')
  const plan = await planProduce(subject.port, topic, acks, batch)
  const load = await ProduceLoad.connect(subject.port, plan, recordsPerBatch)
  try {
    await load.run(warmUpBatches)
    await quiet(subject.pid)
    const cost = await costOf(subject, batches * plan.batchBytes, () => load.run(batches))
    const endOffset = await endOffsetOf(subject.port, topic)
    if (endOffset !== load.nextOffset) throw new Error(`the log ends at ${endOffset}, acknowledged was up to ${load.nextOffset}`)
    return cost
  } finally {
    load.close()
    await deleteTopic(subject.port, topic)
    await quiet(subject.pid)
  }
}

async function costOfLimit({ subject, batches }: Producing, plan: ProducePlan): Promise<Cost> {
  const load = await ProduceLoad.connect(subject.port, plan, 0)
  try {
    await load.run(warmUpBatches)
    await quiet(subject.pid)
    return await costOf(subject, batches * plan.batchBytes, () => load.run(batches))
  } finally {
    load.close()
  }
}

// What a gigabyte of consumed records costs the broker in processor time, on both send paths, beside what the same answers
// cost a C program and a bare Node server on this machine.
import { join } from 'node:path'
import { type Cost, costOf, costSeries } from './lib/cost.js'
import type { BenchOptions, Table } from './lib/figure.js'
import { quiet } from './lib/proc.js'
import { inTurns } from './lib/rounds.js'
import { type Subject, startGregor } from './lib/subject.js'
import { fetchLimits, type Limit, writeLogFile } from './limits.js'
import { batchesPerAnswer, FetchLoad, type FetchPlan, planFetch } from './load/fetch.js'
import { ProduceLoad, planProduce } from './load/produce.js'
import { newBatch, recordsPerBatch } from './load/records.js'
import { createTopic } from './load/topics.js'

/** The log that is read: 0.5 GB, all of it in page cache and in one segment. */
const answersInLog = 500
const warmUpAnswers = 50

export async function fetchCost(options: BenchOptions): Promise<Table> {
  const batch = newBatch()
  const batches = answersInLog * batchesPerAnswer
  const answers = (options.isQuick ? 1 : 3) * answersInLog
  const running: Subject[] = []
  try {
    options.progress('fetch cost: filling the logs')
    const plans: FetchPlan[] = []
    for (const path of ['sendfile', 'copy']) {
      const config = ['--config', `gregor.send.path=${path}`, '--config', 'gregor.durability=os']
      const gregor = await startGregor(`gregor, ${path}`, ['--data-dir', join(options.scratch, `fetch-${path}`), ...config])
      running.push(gregor)
      plans.push(await filled(gregor, batch, batches))
    }
    const logFile = join(options.scratch, 'fetch.log')
    await writeLogFile(logFile, batch, batches)
    const limits: Limit[] = await fetchLimits(plans[0]!, logFile, options.scratch)
    for (const limit of limits) if ('pid' in limit) running.push(limit)

    const costs = await inTurns('fetch cost', running, options, subject =>
      costOfFetching(subject, plans[running.indexOf(subject)] ?? plans[0]!, answers),
    )
    const beside = [limits[0]?.name, limits[1]?.name]
    const series = running.map(({ name }, index) => costSeries(name, costs[index]!, beside[index]))
    const notRun = limits.filter(limit => 'notRun' in limit)
    return {
      id: 'fetch-cost',
      title: 'Fetch: processor time of the server per GB of records (answers of 1 MiB, one connection, from page cache)',
      unit: 's/GB',
      series: [...series, ...notRun],
    }
  } finally {
    for (const subject of running) await subject.stop()
  }
}

/** Produces the log through the front door, and learns how it is fetched. */
async function filled(gregor: Subject, batch: Buffer, batches: number): Promise<FetchPlan> {
  const topic = await createTopic(gregor.port, 'fetch-cost')
  const producing = await planProduce(gregor.port, topic, 1, batch)
  const load = await ProduceLoad.connect(gregor.port, producing, recordsPerBatch)
  await load.run(batches - 1)
  load.close()
  return planFetch(gregor.port, topic, batch.length, batches)
}

async function costOfFetching(subject: Subject, plan: FetchPlan, answers: number): Promise<Cost> {
  const load = await FetchLoad.connect(subject.port, plan)
  try {
    await load.run(warmUpAnswers)
    await quiet(subject.pid)
    return await costOf(subject, answers * plan.recordBytes, () => load.run(answers))
  } finally {
    load.close()
  }
}

/**
 * A disk that really loses power, and one that is really full:
 * `run.js [--cycles N] [--seed N]`. Idempotent producers write to a broker on an ext4 of
 * its own, topics come and go; again and again the process is frozen, the file system is shut down as a power cut would, and
 * everything comes back. Every acknowledged record, topic and configuration has to be there. A broker that leaves syncs to
 * the system is run the same way, and must be caught losing something. Then a broker on a tmpfs of a few megabytes is filled
 * to the brim, and one of two data directories.
 *
 * Needs root, loop devices, mkfs.ext4 and a C compiler; where one is missing, "not run" and the reason are printed.
 * Exit code 0 when everything holds or nothing could be run, 1 when something does not hold, 2 for wrong usage.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Errors } from '#protocol/errors.js'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { gregorProgram, startGregor } from '../../lib/gregor.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, within } from '../../lib/patience.js'
import { freePorts } from '../../lib/ports.js'
import { run } from '../../lib/processes.js'
import { Random, randomSeed } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { ConfiguredTopics } from '../kill-nine/configured-topics.js'
import { Ledger, partitionKey, recordValue } from '../kill-nine/ledger.js'
import { offsetBounds, readLog, Watcher } from '../kill-nine/reader.js'
import { RecreatedTopics } from '../kill-nine/recreated-topics.js'
import { SequencedProducer } from '../kill-nine/sequenced-producer.js'
import { CuttableDisk, SmallDisk } from './file-system.js'
import { fillOneOfTwo } from './full-directory.js'

const diskBytes = 1024 * 1024 * 1024
const smallDiskBytes = 12 * 1024 * 1024
const topics = { steady: 2, rolling: 1 }
const partitions = Object.entries(topics).flatMap(([topic, count]) =>
  [...Array(count).keys()].map(partition => ({ topic, partition })),
)
const settleMs = 60_000
/** A broker that does not sync loses something in fewer cuts than this, or the cuts cut nothing. */
const mutantCyclesMax = 10

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { cycles: { type: 'string', default: '50' }, seed: { type: 'string', default: String(randomSeed()) } },
    })
    const numbers = { cycles: Number(values.cycles), seed: Number(values.seed) }
    return Object.values(numbers).every(Number.isSafeInteger) ? numbers : null
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error('usage: power-cut-real/run.js [--cycles N] [--seed N]')
    return 2
  }
  const scratch = scratchFolder('power-cut-real')
  const tally = new Tally()
  const figures: Record<string, unknown> = { name: 'power-cut-real', ...options }
  try {
    const disk = await CuttableDisk.create(scratch, diskBytes)
    if (typeof disk === 'string') console.log(`not run: no power to cut here: ${disk}`)
    else {
      try {
        Object.assign(figures, await cutAgainAndAgain(disk, options.cycles, new Random(options.seed), tally))
        await catchTheMutant(disk, new Random(options.seed), tally)
      } finally {
        await disk.unmount()
      }
    }
    const small = await SmallDisk.create(scratch, smallDiskBytes)
    if (typeof small === 'string') console.log(`not run: no small disk to fill here: ${small}`)
    else {
      try {
        Object.assign(figures, await fill(small, tally))
        rmSync(join(small.folder, 'data'), { recursive: true })
        Object.assign(figures, await fillOneOfTwo(small, scratch, tally))
      } finally {
        await small.unmount()
      }
    }
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  const exitCode = tally.close(figures)
  await rm(scratch, { recursive: true, force: true })
  return exitCode
}

interface Findings {
  readonly acknowledged: number
  readonly cuts: number
  readonly resent: number
  readonly restartMsMax: number
  readonly topics: RecreatedTopics['counts']
  /** Broken promises. */
  readonly faults: string[]
  /** What the broker or a client complained about. */
  readonly complaints: string[]
}

/** One broker through `cycles` power cuts; stops at the first broken promise. */
async function live(
  disk: CuttableDisk,
  name: string,
  cycles: number,
  random: Random,
  args: readonly string[],
): Promise<Findings> {
  const [port] = await freePorts(1)
  const bootstrap = `127.0.0.1:${port}`
  const dataDir = join(disk.folder, name)
  const complaints: string[] = []
  const start = () =>
    startGregor({
      dataDir,
      listen: bootstrap,
      args,
      onLogLine: line => {
        if (/"level":"?(error|fatal|50|60)/.test(line)) complaints.push(line)
      },
    })
  let gregor = await start()
  const configuredTopics = new ConfiguredTopics()
  const setup = await WireClient.connect(bootstrap)
  await configuredTopics.create(setup, 'steady', topics.steady, {})
  await configuredTopics.create(setup, 'rolling', topics.rolling, { 'segment.bytes': '1048576' })
  setup.close()
  const ledger = new Ledger()
  const producers = partitions.map(({ topic, partition }) => {
    const load = topic === 'rolling' ? { paddingMax: 30_000, pauseMsMax: 60 } : { paddingMax: 1200, pauseMsMax: 6 }
    const place = { bootstrap, topic, partition, name: `${topic}-${partition}`, firstSequence: 0, ...load }
    return new SequencedProducer(place, ledger, random.fork())
  })
  const watchers = partitions.map(one => new Watcher(bootstrap, one))
  const producing = Promise.all(producers.map(producer => producer.run()))
  const watching = Promise.all(watchers.map(watcher => watcher.run()))
  const recreatedTopics = new RecreatedTopics(bootstrap, random.fork())
  const comingAndGoing = recreatedTopics.run()
  const faults: string[] = []
  let restartMsMax = 0
  let cuts = 0
  try {
    for (; cuts < cycles && faults.length === 0 && recreatedTopics.problems.length === 0; cuts++) {
      await delay(random.between(150, 700))
      const client = await WireClient.connect(bootstrap)
      await configuredTopics.createAny(client, `survivor-${cuts}`, random)
      client.close()
      await delay(random.between(0, 200))
      // Frozen first: a process that sees the disk fail would tell its clients, which a power cut leaves no time for.
      process.kill(gregor.pid, 'SIGSTOP')
      await disk.cutPower()
      await gregor.kill9()
      await disk.comeBack()
      const startedMs = performance.now()
      gregor = await start()
      restartMsMax = Math.max(restartMsMax, Math.round(performance.now() - startedMs))
      const again = await WireClient.connect(bootstrap)
      await configuredTopics.check(again)
      again.close()
      faults.push(...configuredTopics.problems.splice(0), ...producers.flatMap(producer => producer.problems))
    }
    for (const one of [...producers, recreatedTopics]) one.stop()
    await within(settleMs, 'the producers', producing)
    await within(settleMs, 'the topics that come and go', comingAndGoing)
    faults.push(...recreatedTopics.problems)
    const client = await WireClient.connect(bootstrap)
    for (const [index, { topic, partition }] of partitions.entries()) {
      const key = partitionKey(topic, partition)
      const log = await readLog(client, { topic, partition })
      faults.push(...ledger.faultsOf(key, log), ...watchers[index]!.vanishedFrom(log))
      const { end } = await offsetBounds(client, { topic, partition })
      if (end !== ledger.countOf(key)) faults.push(`${key} ends with ${end}, ${ledger.countOf(key)} were acknowledged`)
    }
    client.close()
    for (const watcher of watchers) watcher.stop()
    await watching
    complaints.push(...watchers.flatMap(watcher => watcher.problems))
    const exitCode = await gregor.stop()
    if (exitCode !== 0) complaints.push(`it stopped with exit code ${exitCode}`)
  } catch (error) {
    // The disk must not be in use when it is removed.
    await gregor.kill9()
    for (const one of [...producers, ...watchers, recreatedTopics]) one.stop()
    throw error
  }
  const resent = producers.reduce((sum, producer) => sum + producer.resentBatches, 0)
  return { acknowledged: ledger.count, cuts, resent, restartMsMax, topics: recreatedTopics.counts, faults, complaints }
}

async function cutAgainAndAgain(disk: CuttableDisk, cycles: number, random: Random, tally: Tally): Promise<object> {
  const { acknowledged, cuts, resent, restartMsMax, topics, faults, complaints } = await live(disk, 'honest', cycles, random, [])
  tally.claimNone(`nothing that was acknowledged is lost in ${cuts} power cuts`, faults)
  tally.claimNone('no client complains', complaints)
  tally.claim('batches were on their way when the power failed', resent > 0 ? null : 'the cuts hit nothing')
  const verified = await run(process.execPath, [gregorProgram, 'verify', join(disk.folder, 'honest')])
  tally.claim('gregor verify finds nothing afterwards', verified.exitCode === 0 ? null : verified.stdout + verified.stderr)
  return { acknowledged, resent, restartMsMax, ...topics }
}

async function catchTheMutant(disk: CuttableDisk, random: Random, tally: Tally): Promise<void> {
  const args = ['--config', 'gregor.durability=os']
  const faults = await live(disk, 'mutant', mutantCyclesMax, random, args).then(
    found => found.faults,
    (error: Error) => [error.message],
  )
  console.log(`a broker that does not sync: ${faults[0] ?? 'nothing lost'}`)
  tally.claim(
    'a broker that does not sync is caught',
    faults.length > 0 ? null : `it lost nothing in ${mutantCyclesMax} power cuts`,
  )
}

async function fill(disk: SmallDisk, tally: Tally): Promise<object> {
  const filler = join(disk.folder, 'filler')
  writeFileSync(filler, Buffer.alloc(smallDiskBytes / 4))
  const gregor = await startGregor({ dataDir: join(disk.folder, 'data') })
  const client = await WireClient.connect(gregor.bootstrap)
  const create = (name: string) =>
    client.request(CreateTopics, 7, { topics: [{ name, numPartitions: 1, replicationFactor: -1, assignments: [], configs: [] }] })
  await create('t')
  const ledger = new Ledger()
  let number = 0
  const produce = async (): Promise<number> => {
    const records = buildBatch([{ key: null, value: recordValue('filler', number, 50_000) }], { timestampMs: Date.now() })
    const answer = await client.request(Produce, 9, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
    })
    const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!
    if (errorCode === 0) ledger.acknowledge('t-0', 'filler', number++, baseOffset)
    return errorCode
  }
  let errorCode = 0
  for (let n = 0; n < 1000 && errorCode === 0; n++) errorCode = await produce()
  const whenFull = number
  tally.claim(
    'a full disk refuses with KAFKA_STORAGE_ERROR',
    errorCode === Errors.KAFKA_STORAGE_ERROR ? null : `answered ${errorCode}`,
  )
  tally.claim('and does so again', (await produce()) === Errors.KAFKA_STORAGE_ERROR ? null : 'something else the second time')
  const read = await readLog(client, { topic: 't', partition: 0 })
  tally.claimNone('reads go on', ledger.faultsOf('t-0', read))
  rmSync(filler)
  const after: number[] = []
  for (let n = 0; n < 10; n++) after.push(await produce())
  tally.claim('there is room again, and no batch is refused', after.every(code => code === 0) ? null : after.join(', '))
  const created = await create('u')
  tally.claim('a topic can be made again', created.topics[0]!.errorCode === 0 ? null : `error ${created.topics[0]!.errorCode}`)
  tally.claimNone(
    'every acknowledged record is there',
    ledger.faultsOf('t-0', await readLog(client, { topic: 't', partition: 0 })),
  )
  client.close()
  const exitCode = await gregor.stop()
  tally.claim('the broker lived through it', exitCode === 0 ? null : `exit code ${exitCode}`)
  return { recordsWhenFull: whenFull }
}

/** Partitions that are moved from one data directory to another while they are written to, and what a crash leaves of that. */
import { describe, expect, test } from 'vitest'
import { copyOf } from '../base/bytes.js'
import { Errors } from '../protocol/errors.js'
import { AlterReplicaLogDirs } from '../protocol/messages/alter-replica-log-dirs.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DeleteRecords } from '../protocol/messages/delete-records.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { DescribeLogDirs } from '../protocol/messages/describe-log-dirs.js'
import { Produce } from '../protocol/messages/produce.js'
import { buildBatch } from '../protocol/records/build.js'
import { recordsOf } from '../protocol/records/records.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { type CrashPolicy, crashPolicies } from '../testing/simulated-disk/crash.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { dataPath, SimulatedBroker } from './simulated-broker.js'

const [a, b, c] = [dataPath, '/b', '/c']
const two = { 'log.dirs': [a, b].join(',') }
const open = (disk: SimulatedDisk, settings: Readonly<Record<string, string>> = two, durability: 'fsync' | 'os' = 'fsync') =>
  SimulatedBroker.open({ disk, seed: 1, settings, durability })

async function create(broker: SimulatedBroker): Promise<void> {
  const topic = { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await broker.until(broker.request(CreateTopics, 7, { topics: [topic], timeoutMs: 1000, validateOnly: false }))
}

/** With a value of 300 bytes that begins with `label`; segments have a few kilobytes. */
async function produce(broker: SimulatedBroker, label: string): Promise<number | undefined> {
  const records = buildBatch([{ key: null, value: Buffer.from(`${label} `.padEnd(300, '.')) }], { timestampMs: 1 })
  const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }]
  const answer = broker.request(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData })
  return (await broker.until(answer)).responses[0]?.partitionResponses[0]?.errorCode
}

async function move(broker: SimulatedBroker, path: string): Promise<number | undefined> {
  const dirs = [{ path, topics: [{ name: 't', partitions: [0] }] }]
  const { results } = await broker.until(broker.request(AlterReplicaLogDirs, 2, { dirs }))
  return results[0]?.partitions[0]?.errorCode
}

/** `a`, or `a, to b` while it is on its way. */
async function place(broker: SimulatedBroker): Promise<string> {
  const { results } = await broker.until(broker.request(DescribeLogDirs, 5, { topics: null }))
  const [now, future] = [false, true].map(isFuture =>
    results
      .filter(({ topics }) => topics.some(({ partitions }) => partitions[0]?.isFutureKey === isFuture))
      .map(dir => dir.logDir),
  )
  return [now, ...(future!.length > 0 ? [`to ${future}`] : [])].join(', ')
}

/** Lets a move come to its end. */
async function moved(broker: SimulatedBroker): Promise<string> {
  for (let turn = 0; turn < 2000 && (await place(broker)).includes('to '); turn++) await broker.until(broker.settle())
  for (let turn = 0; turn < 10; turn++) await broker.until(broker.settle())
  return place(broker)
}

/** The labels of all records, in order. */
function labels(broker: SimulatedBroker): string[] {
  const partition = broker.core.services.topics.partition('t', 0)!
  const found: string[] = []
  for (let from = partition.logStartOffset; from < partition.highWatermark; ) {
    const read = partition.read(from, { maxBytes: 1 << 20, atLeastOneBatch: true, isolation: 'read_uncommitted' })
    if (typeof read === 'number' || read instanceof Promise) throw new Error(`read: ${String(read)}`)
    for (const slice of read.slices) {
      const bytes = copyOf(new Uint8Array(slice.byteLength))
      slice.read(0, bytes)
      slice.release()
      for (const { record, offset } of eachRecord(bytes)) {
        found.push(Buffer.from(record!).toString().trimEnd().split(' ')[0]!)
        from = offset + 1
      }
    }
  }
  return found
}

function* eachRecord(bytes: Uint8Array): Generator<{ record: Uint8Array | null; offset: number }> {
  for (let at = 0; at < bytes.byteLength; ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at)
    const length = 12 + view.getInt32(8)
    const base = Number(view.getBigInt64(0))
    let n = 0
    for (const { value } of recordsOf(bytes.subarray(at, at + length), 0)) yield { record: value, offset: base + n++ }
    at += length
  }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n))

test('a partition is written to while it is moved, and every record is there afterwards, and after a restart', async () => {
  for (const durability of ['fsync', 'os'] as const) {
    const disk = new SimulatedDisk(dataPath)
    const broker = await open(disk, two, durability)
    await create(broker)
    for (const n of numbers(30)) await produce(broker, n)
    expect(await move(broker, b)).toBe(Errors.NONE)
    expect(await place(broker)).toBe(`${a}, to ${b}`)
    let count = 30
    for (; (await place(broker)) !== b && count < 500; count++) expect(await produce(broker, String(count))).toBe(Errors.NONE)
    for (const end = count + 20; count < end; count++) expect(await produce(broker, String(count))).toBe(Errors.NONE)
    expect(labels(broker)).toEqual(numbers(count))
    // The record of it is no election.
    expect(broker.core.services.topics.image.topics.get('t')?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 0 })
    await broker.stop()
    const again = await open(disk, two, durability)
    expect(await place(again)).toBe(b)
    expect(labels(again)).toEqual(numbers(count))
    expect(again.warnings).toEqual([])
    // Kafka's name for what is left.
    expect(disk.paths(a).some(path => /\/t-0\.[0-9a-f]{32}-delete\//.test(path))).toBe(true)
    await again.stop()
  }
})

test('who reads on a partition finds it where it went, without an error', async () => {
  const broker = await open(new SimulatedDisk(dataPath))
  await create(broker)
  await produce(broker, '0')
  const before = broker.core.services.topics.partition('t', 0)!
  const woken: boolean[] = []
  before.onAdvance(() => woken.push(broker.core.services.topics.partition('t', 0) !== before))
  await move(broker, b)
  await moved(broker)
  expect(woken).toEqual([true])
  await broker.stop()
})

test('the last wish counts: another directory, or back where it is', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk, { 'log.dirs': [a, b, c].join(',') })
  await create(broker)
  for (const n of numbers(10)) await produce(broker, n)
  await move(broker, b)
  await move(broker, c)
  expect(await place(broker)).toBe(`${a}, to ${c}`)
  await move(broker, a)
  expect(await place(broker)).toBe(a)
  await move(broker, c)
  expect(await moved(broker)).toBe(c)
  expect(labels(broker)).toEqual(numbers(10))
  broker.world.advance(1)
  await broker.settle()
  expect(disk.paths(b).filter(path => path.includes('t-0'))).toEqual([])
  await broker.stop()
})

test('what was deleted stays so: the start of the log goes with it', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk)
  await create(broker)
  for (const n of numbers(10)) await produce(broker, n)
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 7 }] }]
  await broker.until(broker.request(DeleteRecords, 2, { topics, timeoutMs: 1000 }))
  await move(broker, b)
  expect(await moved(broker)).toBe(b)
  expect(labels(broker)).toEqual(['7', '8', '9'])
  await broker.stop()
  const again = await open(disk)
  expect(labels(again)).toEqual(['7', '8', '9'])
  await again.stop()
})

test('a start of the log that is being written down while the partition goes is not acknowledged', async () => {
  const broker = await open(new SimulatedDisk(dataPath))
  await create(broker)
  for (const n of numbers(10)) await produce(broker, n)
  const { topics } = broker.core.services
  const before = topics.partition('t', 0)!
  await move(broker, b)
  const asked = before.upkeep.deleteRecordsBefore(7)
  before.moveTo(topics.partition('t', 0)!)
  expect(await broker.until(asked)).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  expect(before.logStartOffset).toBe(0)
  await broker.stop()
})

test('a directory that fails under a copy goes offline; the partition stays where it is', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk)
  await create(broker)
  for (const n of numbers(30)) await produce(broker, n)
  disk.beforeCall = call => (call.path.startsWith(b) && call.operation === 'write' ? 'ENOSPC' : undefined)
  await move(broker, b)
  expect(await moved(broker)).toBe(a)
  expect(await produce(broker, '30')).toBe(Errors.NONE)
  expect(labels(broker)).toEqual(numbers(31))
  expect(broker.fatal).toEqual([])
  await broker.stop()
})

test('a topic that is deleted on its way, and a wish that changes at any moment, take no directory offline', async () => {
  for (const change of ['deletes', 'turns round'] as const) {
    for (let turns = 0; turns < 40; turns += 3) {
      const disk = new SimulatedDisk(dataPath)
      const broker = await open(disk)
      await create(broker)
      for (const n of numbers(12)) await produce(broker, n)
      await move(broker, b)
      for (let turn = 0; turn < turns; turn++) {
        await broker.settle()
        disk.pendingSyncs[0]?.finish()
        broker.runDeferred()
      }
      if (change === 'deletes') {
        await broker.until(broker.request(DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1000 }))
      } else await move(broker, a)
      broker.world.advance(1)
      await moved(broker)
      expect(broker.errors, `after ${turns} turns`).toEqual([])
      expect(await place(broker)).toBe(change === 'deletes' ? '' : a)
      await broker.stop()
    }
  }
})

test('a stop in the middle begins again at the next start', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk, { ...two, 'replica.alter.log.dirs.io.max.bytes.per.second': '1000' })
  await create(broker)
  for (const n of numbers(30)) await produce(broker, n)
  await move(broker, b)
  expect(await place(broker)).toBe(`${a}, to ${b}`)
  await broker.stop()
  const again = await open(disk)
  expect(await moved(again)).toBe(b)
  expect(labels(again)).toEqual(numbers(30))
  await again.stop()
})

describe.each(crashPolicies)('a power cut (%s)', policy => {
  test('at any call of a move leaves every acknowledged record, once', async () => {
    // Each policy at other calls; all of them at all calls pass, too, and take a minute.
    for (let cut = 1 + crashPolicies.indexOf(policy); ; cut += crashPolicies.length) {
      const acknowledged: string[] = []
      const taken = await cutAt(cut, policy, acknowledged)
      if (taken === null) break
      const broker = await open(taken)
      try {
        const found = labels(broker)
        expect(found.slice(0, acknowledged.length)).toEqual(acknowledged)
        expect(found).toEqual(numbers(found.length))
        await moved(broker)
        expect(labels(broker)).toEqual(found)
        expect([a, b]).toContain(await place(broker))
        expect(await produce(broker, String(found.length))).toBe(Errors.NONE)
        await broker.stop()
      } catch (error) {
        throw new Error(`cut ${cut}: ${(error as Error).message}`, { cause: error })
      }
    }
  })
})

/** The disk as a power cut leaves it before the n-th call that changes something, from the wish to move on; null: none left. */
async function cutAt(cut: number, policy: CrashPolicy, acknowledged: string[]): Promise<SimulatedDisk | null> {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk)
  await create(broker)
  const known: string[] = []
  let next = 0
  const produceOne = async (): Promise<void> => {
    const label = String(next++)
    if ((await produce(broker, label)) === Errors.NONE) known.push(label)
  }
  while (next < 20) await produceOne()
  let taken: SimulatedDisk | null = null
  let calls = 0
  disk.beforeCall = call => {
    if (!call.changes || taken !== null || ++calls < cut) return undefined
    acknowledged.push(...known)
    taken = disk.crash(policy, new SeededRandom(cut))
    return undefined
  }
  await move(broker, b)
  while (taken === null && (await place(broker)) !== b && next < 60) await produceOne()
  for (let more = 0; more < 5 && taken === null; more++) await produceOne()
  for (let turn = 0; turn < 10; turn++) await broker.until(broker.settle())
  const found = taken as SimulatedDisk | null
  await broker.stop()
  if (found === null) return null
  for (const path of [a, b]) found.files.remove(`${path}/.lock`)
  return found
}

/** Several data directories: where partitions go, what one that fails takes with it, and what a start finds again. */
import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DeleteTopics } from '../protocol/messages/delete-topics.js'
import { DescribeGroups } from '../protocol/messages/describe-groups.js'
import { DescribeLogDirs } from '../protocol/messages/describe-log-dirs.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { FindCoordinator } from '../protocol/messages/find-coordinator.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { Produce } from '../protocol/messages/produce.js'
import { buildBatch } from '../protocol/records/build.js'
import { type DiskFault, SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { dataPath, SimulatedBroker } from './simulated-broker.js'

const [a, b, c] = [dataPath, '/b', '/c']
const three = { 'log.dirs': [a, b, c].join(',') }
const open = (disk: SimulatedDisk, settings: Readonly<Record<string, string>> = three) =>
  SimulatedBroker.open({ disk, seed: 1, settings })

async function create(broker: SimulatedBroker, name: string, numPartitions: number): Promise<number | undefined> {
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
  const answer = broker.request(CreateTopics, 7, { topics: [topic], timeoutMs: 1000, validateOnly: false })
  return (await broker.until(answer)).topics[0]?.errorCode
}

async function produce(broker: SimulatedBroker, name: string, index: number): Promise<number | undefined> {
  const records = buildBatch([{ key: null, value: Buffer.from(`${name}-${index}`) }], { timestampMs: 1 })
  const topicData = [{ name, partitionData: [{ index, records }] }]
  const answer = broker.request(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData })
  return (await broker.until(answer)).responses[0]?.partitionResponses[0]?.errorCode
}

/** How many records can be read; or the error. */
async function fetched(broker: SimulatedBroker, topic: string, partition: number): Promise<string> {
  const partitions = [{ partition, currentLeaderEpoch: -1, fetchOffset: 0, partitionMaxBytes: 10_000 }]
  const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 10_000, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [] }
  const answer = broker.request(Fetch, 12, { ...request, topics: [{ topic, partitions }] })
  const found = (await broker.until(answer)).responses[0]?.partitions[0]
  return found?.errorCode === Errors.NONE ? `${found.highWatermark} records` : `error ${found?.errorCode}`
}

async function listed(broker: SimulatedBroker, name: string, partitionIndex: number): Promise<number | undefined> {
  const partitions = [{ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 }]
  const answer = broker.request(ListOffsets, 7, { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions }] })
  return (await broker.until(answer)).topics[0]?.partitions[0]?.errorCode
}

async function described(broker: SimulatedBroker, name: string): Promise<object[]> {
  const { topics } = await broker.until(broker.request(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false }))
  return topics[0]!.partitions.map(({ errorCode, leaderId, leaderEpoch, offlineReplicas }) => {
    return { errorCode, leaderId, leaderEpoch, offlineReplicas }
  })
}

async function placed(broker: SimulatedBroker): Promise<Record<string, string>> {
  const { results } = await broker.until(broker.request(DescribeLogDirs, 5, { topics: null }))
  const texts = results.map(({ errorCode, logDir, topics }) => {
    const names = topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`))
    return [logDir, errorCode === Errors.NONE ? names.join(' ') : `error ${errorCode}`]
  })
  return Object.fromEntries(texts)
}

/** Whatever touches this directory fails. */
function breakDirectory(disk: SimulatedDisk, path: string, fault: DiskFault): void {
  const before = disk.beforeCall
  disk.beforeCall = call => (`${call.path}/`.startsWith(`${path}/`) && call.changes ? fault : before(call))
}

const led = { errorCode: Errors.NONE, leaderId: 1, leaderEpoch: 0, offlineReplicas: [] }
const offline = { errorCode: Errors.LEADER_NOT_AVAILABLE, leaderId: -1, leaderEpoch: 1, offlineReplicas: [1] }

test('a new partition goes to the directory with the fewest, the metadata not counted', async () => {
  const broker = await open(new SimulatedDisk(dataPath))
  await create(broker, 't', 4)
  await create(broker, 'u', 3)
  expect(await placed(broker)).toEqual({ [a]: 't-0 t-3 u-2', [b]: 't-1 u-0', [c]: 't-2 u-1' })
  await broker.stop()
})

test('the metadata may have a directory of its own, which has no partitions of topics', async () => {
  const broker = await open(new SimulatedDisk(dataPath), { 'log.dirs': [b, c].join(','), 'metadata.log.dir': a })
  await create(broker, 't', 2)
  expect(await placed(broker)).toEqual({ [b]: 't-0', [c]: 't-1' })
  expect(broker.core.directory.path).toBe(a)
  await broker.stop()
})

test('no new partition goes to a directory that is cordoned, and none anywhere when all are', async () => {
  const disk = new SimulatedDisk(dataPath)
  const some = await open(disk, { ...three, 'cordoned.log.dirs': `${a},${c}` })
  await create(some, 't', 2)
  expect(await placed(some)).toEqual({ [a]: '', [b]: 't-0 t-1', [c]: '' })
  await some.stop()
  const none = await open(disk, { ...three, 'cordoned.log.dirs': '*' })
  expect(await create(none, 'u', 1)).toBe(Errors.INVALID_REPLICATION_FACTOR)
  expect(await produce(none, 't', 0)).toBe(Errors.NONE)
  await none.stop()
})

test('a directory that is removed or unmounted under the broker is not made again: new partitions go elsewhere', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk)
  await create(broker, 't', 3)
  for (const name of disk.files.list(b)) if (name !== '.lock') disk.files.remove(`${b}/${name}`)
  expect(await create(broker, 'u', 2)).toBe(Errors.NONE)
  expect(await placed(broker)).toEqual({ [a]: 't-0 u-0', [b]: `error ${Errors.KAFKA_STORAGE_ERROR}`, [c]: 't-2 u-1' })
  expect(broker.errors.join()).toContain('/b has no meta.properties any more: it was removed, or is not mounted')
  expect(disk.files.list(b).filter(name => name.startsWith('u-'))).toEqual([])
  await broker.stop()
})

describe.each(['EIO', 'ENOSPC'] as const)('a directory that fails with %s', fault => {
  test('takes its own partitions offline; the others serve on', async () => {
    const disk = new SimulatedDisk(dataPath)
    const broker = await open(disk)
    await create(broker, 't', 3)
    for (const index of [0, 1, 2]) expect(await produce(broker, 't', index)).toBe(Errors.NONE)
    breakDirectory(disk, b, fault)
    expect(await produce(broker, 't', 1)).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(await fetched(broker, 't', 1)).toBe(`error ${Errors.KAFKA_STORAGE_ERROR}`)
    expect(await listed(broker, 't', 1)).toBe(Errors.KAFKA_STORAGE_ERROR)
    broker.world.advance(1)
    expect(await described(broker, 't')).toEqual([led, offline, led])
    for (const index of [0, 2]) expect(await produce(broker, 't', index)).toBe(Errors.NONE)
    expect(await fetched(broker, 't', 2)).toBe('2 records')
    // New partitions go elsewhere.
    await create(broker, 'u', 2)
    expect(await placed(broker)).toEqual({ [a]: 't-0 u-0', [b]: `error ${Errors.KAFKA_STORAGE_ERROR}`, [c]: 't-2 u-1' })
    expect(broker.fatal).toEqual([])
    expect(broker.errors.filter(line => line.includes('failed and is offline'))).toHaveLength(1)
    await broker.stop()
  })

  test('gives everything back at the next start, led again', async () => {
    const disk = new SimulatedDisk(dataPath)
    const whole = disk.beforeCall
    const first = await open(disk)
    await create(first, 't', 3)
    expect(await produce(first, 't', 1)).toBe(Errors.NONE)
    breakDirectory(disk, b, fault)
    await produce(first, 't', 1)
    first.world.advance(1)
    await first.stop()
    disk.beforeCall = whole
    const second = await open(disk)
    expect(await fetched(second, 't', 1)).toBe('1 records')
    expect((await described(second, 't'))[1]).toEqual({ ...led, leaderEpoch: 2 })
    expect(await produce(second, 't', 1)).toBe(Errors.NONE)
    await second.stop()
  })
})

test('a partition that a directory does not take goes to the next', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk)
  await create(broker, 't', 1)
  breakDirectory(disk, b, 'EIO')
  expect(await create(broker, 'u', 1)).toBe(Errors.NONE)
  expect(await placed(broker)).toEqual({ [a]: 't-0', [b]: `error ${Errors.KAFKA_STORAGE_ERROR}`, [c]: 'u-0' })
  expect(await produce(broker, 'u', 0)).toBe(Errors.NONE)
  await broker.stop()
})

test('the broker ends when the directory of the metadata fails, or the last one', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk)
  await create(broker, 't', 3)
  breakDirectory(disk, b, 'EIO')
  breakDirectory(disk, c, 'EIO')
  for (const index of [1, 2]) await produce(broker, 't', index)
  expect(broker.fatal).toEqual([])
  breakDirectory(disk, a, 'EIO')
  await produce(broker, 't', 0)
  expect(broker.fatal).toHaveLength(1)
})

test('a full disk under the metadata refuses what needs room, and ends nothing', async () => {
  const disk = new SimulatedDisk(dataPath)
  const whole = disk.beforeCall
  const broker = await open(disk)
  await create(broker, 't', 3)
  breakDirectory(disk, a, 'ENOSPC')
  expect(await produce(broker, 't', 0)).toBe(Errors.KAFKA_STORAGE_ERROR)
  expect(await fetched(broker, 't', 0)).toBe('0 records')
  disk.beforeCall = whole
  expect(await produce(broker, 't', 0)).toBe(Errors.NONE)
  await broker.stop()
})

test('coordinators whose log is offline are looked for elsewhere; all others go on', async () => {
  const disk = new SimulatedDisk(dataPath)
  const broker = await open(disk, { 'log.dirs': [a, b].join(','), 'offsets.topic.num.partitions': '2' })
  const groups = ['g0', 'g1', 'g2', 'g3', 'g4', 'g5']
  const find = async () => {
    const found = await broker.until(broker.request(FindCoordinator, 4, { keyType: 0, coordinatorKeys: groups }))
    return found.coordinators.map(({ errorCode }) => errorCode)
  }
  expect(new Set(await find())).toEqual(new Set([Errors.NONE]))
  await create(broker, 't', 2)
  breakDirectory(disk, b, 'EIO')
  await produce(broker, 't', 1)
  const codes = groups.map(group => (broker.core.services.groups.partitionOf(group) === 1 ? Errors.COORDINATOR_NOT_AVAILABLE : 0))
  expect(new Set(codes).size).toBe(2)
  expect(await find()).toEqual(codes)
  const answer = broker.request(DescribeGroups, 5, { groups, includeAuthorizedOperations: false })
  const told = (await broker.until(answer)).groups.map(({ errorCode }) => errorCode)
  expect(told).toEqual(codes.map(code => (code === 0 ? 0 : Errors.NOT_COORDINATOR)))
  await broker.stop()
})

describe('a start', () => {
  async function withRecords(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk(dataPath)
    const broker = await open(disk)
    await create(broker, 't', 3)
    for (const index of [0, 1, 2]) await produce(broker, 't', index)
    await broker.stop()
    return disk
  }

  test('with a directory that cannot be read serves the others, and makes nothing of it anew', async () => {
    const disk = await withRecords()
    const whole = disk.beforeCall
    disk.beforeCall = call => (call.path.startsWith(b) ? 'EIO' : whole(call))
    const second = await open(disk)
    expect(await described(second, 't')).toEqual([led, offline, led])
    expect(await fetched(second, 't', 1)).toBe(`error ${Errors.KAFKA_STORAGE_ERROR}`)
    expect(await produce(second, 't', 1)).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(await fetched(second, 't', 2)).toBe('1 records')
    await second.stop()
    disk.beforeCall = whole
    const third = await open(disk)
    expect(await fetched(third, 't', 1)).toBe('1 records')
    await third.stop()
  })

  test('takes a partition whose files were brought to another directory by hand for what it is', async () => {
    const disk = await withRecords()
    for (const path of disk.paths('/b').filter(one => one.startsWith('/b/t-1/'))) {
      disk.files.makeDirectory('/c/t-1')
      disk.files.writeWhole(path.replace('/b/', '/c/'), disk.files.readWhole(path)!)
    }
    disk.files.remove('/b/t-1')
    for (let start = 0; start < 2; start++) {
      const broker = await open(disk)
      expect(await fetched(broker, 't', 1)).toBe('1 records')
      expect(await described(broker, 't')).toEqual([led, led, led])
      expect(await placed(broker)).toEqual({ [a]: 't-0', [b]: '', [c]: 't-1 t-2' })
      await broker.stop()
    }
  })

  test('with a directory left out of log.dirs keeps its partitions offline until their topic is deleted', async () => {
    const disk = await withRecords()
    const two = { 'log.dirs': [a, c].join(',') }
    const second = await open(disk, two)
    expect(await produce(second, 't', 1)).toBe(Errors.KAFKA_STORAGE_ERROR)
    await second.until(second.request(DeleteTopics, 5, { topicNames: ['t'], timeoutMs: 1000 }))
    expect(await create(second, 't', 3)).toBe(Errors.NONE)
    expect(await produce(second, 't', 1)).toBe(Errors.NONE)
    await second.stop()
    // What the lost directory holds of the deleted topic goes when it comes back.
    const third = await open(disk)
    expect(await placed(third)).toEqual({ [a]: 't-0 t-2', [b]: '', [c]: 't-1' })
    await third.stop()
  })

  test('with an empty directory in the place of one that has partitions is refused, and leaves it empty', async () => {
    const disk = await withRecords()
    for (const path of ['/d', '/d']) {
      await expect(open(disk, { 'log.dirs': [a, path, c].join(',') })).rejects.toThrow(/\/d: empty, and 1 partitions are in/)
      expect(disk.files.sizeOf('/d/meta.properties')).toBe(null)
    }
    // Beside all others it is a new one.
    const more = await open(disk, { 'log.dirs': [a, b, c, '/d'].join(',') })
    await create(more, 'u', 1)
    expect((await placed(more))['/d']).toBe('u-0')
    await more.stop()
  })

  test('with the directories in another order is refused: the first has the metadata', async () => {
    const disk = await withRecords()
    await expect(open(disk, { 'log.dirs': [b, a, c].join(',') })).rejects.toThrow(`metadata is in ${a}: name it first`)
    await expect(open(disk, { 'log.dirs': ['/e', a, b, c].join(',') })).rejects.toThrow('/e has no meta.properties')
  })
})

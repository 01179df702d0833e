/** What becomes of topics when the disk does not do its part. */
import { describe, expect, test } from 'vitest'
import { silentLog } from '../base/log.js'
import { Traffic } from '../base/meter.js'
import { realWorld, type World } from '../base/world.js'
import { MutableImage } from '../cluster/image.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { Errors } from '../protocol/errors.js'
import type { MetadataRecord, MetadataRecordInput } from '../protocol/state/metadata.js'
import { DiskFailure } from '../storage/files.js'
import { StorageFailure } from './storage-failure.js'
import { Topics, type TopicsOptions } from './topics.js'

interface Disk {
  /** Of the metadata log; throws when it takes nothing. */
  readonly write?: () => Promise<void>
  readonly createPartition?: () => unknown
  readonly world?: World
}

function topicsOn({
  write = async () => {},
  createPartition = () => ({ traffic: new Traffic() }),
  world = realWorld,
}: Disk): Topics {
  const image = new MutableImage()
  const metadataLog = {
    write(records: readonly MetadataRecordInput[]) {
      const written = write()
      for (const record of records) image.apply(record as MetadataRecord)
      return written
    },
  }
  const placing = { partition: () => undefined, isMissing: () => false, createPartition, deletePartition: () => {} }
  const directory = { isClosed: false, all: [{}], ...placing }
  const settings = { nodeId: 1, directoryId: '', partitionCountDefault: 1, replicationFactorDefault: 1 }
  const { config } = resolveBrokerConfig([optionsLayer({})])
  const parts = { image, metadataLog, directory, settings, config, world, log: silentLog }
  return new Topics(parts as unknown as TopicsOptions)
}

const creation = { name: 't', partitionCount: 1, replicationFactor: -1, assignments: [], configs: new Map() }
const refused = { kind: 'refused', errorCode: Errors.KAFKA_STORAGE_ERROR }

test('a metadata log that takes nothing refuses the topic, and there is none', async () => {
  const topics = topicsOn({
    write: () => {
      throw new StorageFailure(Errors.KAFKA_STORAGE_ERROR, 'the disk is full')
    },
  })
  expect(await topics.create(creation)).toEqual({ ...refused, message: 'the disk is full' })
  expect(topics.image.topics.size).toBe(0)
})

test('a record that may not be durable is not acknowledged', async () => {
  const topics = topicsOn({ write: () => Promise.reject(new StorageFailure(Errors.KAFKA_STORAGE_ERROR, 'the sync failed')) })
  expect(await topics.create(creation)).toMatchObject(refused)
})

test('a partition that cannot be made refuses the topic', async () => {
  const topics = topicsOn({
    createPartition: () => {
      throw new DiskFailure('write /srv/data/t-0/partition.metadata: ENOSPC', 'full', null)
    },
  })
  // And where the data lies is nobody else's business.
  expect(await topics.create(creation)).toEqual({ ...refused, message: 'The disk is full' })
})

test('a fault of ours is no refusal', async () => {
  const topics = topicsOn({
    createPartition: () => {
      throw new TypeError('ours')
    },
  })
  await expect(topics.create(creation)).rejects.toThrow('ours')
})

test('the topic is there before the promise of its durability settles', () => {
  const topics = topicsOn({ write: () => new Promise(() => {}) })
  void topics.create(creation)
  expect(topics.partition('t', 0)).toBeDefined()
})

test('who is told of deletions is told before anything of the same name can be made', async () => {
  const topics = topicsOn({})
  await topics.create(creation)
  const told: string[] = []
  topics.onDeleted(async topic => void told.push(topic))
  const deleted = topics.delete('t')
  expect(told).toEqual(['t'])
  await deleted
})

describe('a topic whose partitions take long to make', () => {
  /** Every partition takes a slice of its own. */
  function slowly(partitionCount: number) {
    let nowMs = 0
    const made: number[] = []
    let turns = 0
    const world = { ...realWorld, host: { ...realWorld.host, monotonicMs: () => nowMs } }
    const createPartition = () => {
      nowMs += 10
      made.push(turns)
      return { traffic: new Traffic() }
    }
    const topics = topicsOn({ createPartition, world })
    const countTurns = (): void => {
      turns++
      if (made.length < partitionCount) setImmediate(countTurns)
    }
    setImmediate(countTurns)
    return { topics, made, command: { ...creation, partitionCount } }
  }

  test('is made a slice at a time, and others have their turn in between', async () => {
    const { topics, made, command } = slowly(120)
    await topics.create(command)
    expect(new Set(made).size).toBeGreaterThan(60)
    expect(topics.image.topics.get('t')?.partitions.length).toBe(120)
  })

  test('is there at once with as many as a coordinator may need', () => {
    const { topics, command } = slowly(100)
    void topics.create(command)
    expect(topics.image.topics.get('t')?.partitions.length).toBe(100)
  })

  test('is created once, however many requests ask for it, and deleted when it exists', async () => {
    const { topics, command } = slowly(120)
    const outcomes = [topics.create(command), topics.create(command), topics.createOnDemand('t'), topics.delete('t')]
    expect((await Promise.all(outcomes)).map(outcome => ('kind' in outcome ? outcome.errorCode : Errors.NONE))).toEqual([
      Errors.NONE,
      Errors.TOPIC_ALREADY_EXISTS,
      Errors.TOPIC_ALREADY_EXISTS,
      Errors.NONE,
    ])
    expect(topics.image.topics.size).toBe(0)
  })

  test('keeps its name from others that would collide with it', async () => {
    const { topics, command } = slowly(120)
    const outcomes = [topics.create({ ...command, name: 'a.b' }), topics.create({ ...command, name: 'a_b' })]
    const [, second] = await Promise.all(outcomes)
    expect(second).toMatchObject({ errorCode: Errors.INVALID_TOPIC_EXCEPTION })
  })
})

import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.js'
import { DiskFailure, type Files, nodeFiles } from './files.js'
import { append, batchOf, client, everything, openTest, readBytes, topicId } from './test-kit.test-support.js'

interface Sync {
  readonly what: string
  finish(error?: Error): Promise<void>
}

/** Files whose syncs end when the test says so. */
function heldSyncs(): { files: Files; syncs: Sync[] } {
  const syncs: Sync[] = []
  const hold = (what: string) =>
    new Promise<void>((resolve, reject) => {
      syncs.push({
        what,
        finish: async error => {
          if (error === undefined) resolve()
          else reject(error)
          await settled()
        },
      })
    })
  const files: Files = {
    ...nodeFiles,
    syncData: () => hold('data'),
    syncPath: path => (path.includes('/t-') ? hold(path.slice(path.indexOf('/t-') + 1)) : Promise.resolve()),
  }
  return { files, syncs }
}

/** Lets promise reactions run; no time passes. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

async function opened() {
  const held = heldSyncs()
  const test = await openTest({ durability: 'fsync', defers: true, files: held.files })
  const partition = test.directory.createPartition('t', 0, topicId)
  const runDeferred = async () => {
    for (const run of test.deferred.splice(0)) run()
    await settled()
  }
  /** Ends all syncs until none is left. */
  const finishAll = async () => {
    for (let sync = held.syncs.shift(); sync !== undefined; sync = held.syncs.shift()) await sync.finish()
  }
  return Object.assign(test, held, { partition, runDeferred, finishAll })
}

describe('group commit', () => {
  test('the high watermark follows the sync, not the append', async () => {
    const { partition, runDeferred, finishAll } = await opened()
    let woken = 0
    partition.onAdvance(() => woken++)
    let isDurable = false
    void append(partition, batchOf('a')).durable?.then(() => {
      expect(partition.highWatermark).toBe(1)
      isDurable = true
    })
    await runDeferred()
    expect([partition.logEndOffset, partition.highWatermark, woken, isDurable]).toEqual([1, 0, 0, false])
    expect(readBytes(partition, 0).byteLength).toBe(0)
    expect(readBytes(partition, 0, { upTo: 'logEnd' }).byteLength).toBeGreaterThan(0)
    await finishAll()
    expect([partition.highWatermark, woken, isDurable]).toEqual([1, 1, true])
    expect(readBytes(partition, 0).byteLength).toBeGreaterThan(0)
  })

  test('appends before the sync share it; those after its start wait for the next', async () => {
    const { partition, runDeferred, finishAll, syncs } = await opened()
    append(partition, batchOf('warm'))
    await runDeferred()
    await finishAll()
    const first = append(partition, batchOf('a')).durable
    expect(append(partition, batchOf('b')).durable).toBe(first)
    await runDeferred()
    expect(syncs).toHaveLength(1)
    const second = append(partition, batchOf('c')).durable
    expect(second).not.toBe(first)
    await runDeferred()
    expect(syncs).toHaveLength(1)
    await syncs.shift()!.finish()
    expect(partition.highWatermark).toBe(3)
    await runDeferred()
    expect(syncs).toHaveLength(1)
    await syncs.shift()!.finish()
    expect(partition.highWatermark).toBe(4)
    await second
  })

  test('a new partition and a new segment are in their directories before anything is acknowledged', async () => {
    const { partition, runDeferred, syncs } = await opened()
    append(partition, batchOf('a'))
    await runDeferred()
    const seen: string[] = []
    for (let sync = syncs.shift(); sync !== undefined; sync = syncs.shift()) {
      seen.push(sync.what)
      expect(partition.highWatermark).toBe(0)
      await sync.finish()
    }
    expect(seen.sort()).toEqual(['data', 't-0', 't-0/leader-epoch-checkpoint', 't-0/partition.metadata'])
    expect(partition.highWatermark).toBe(1)
  })

  test('a sync covers the segments that were rolled since the last', async () => {
    const test = await opened()
    const { partition, runDeferred, finishAll, syncs } = test
    append(partition, batchOf('a'))
    await runDeferred()
    await finishAll()
    test.config = { ...test.config, segmentBytes: 200 }
    for (let n = 0; n < 4; n++) append(partition, batchOf('a', { valueBytes: 80 }))
    await runDeferred()
    let dataSyncs = 0
    for (let sync = syncs.shift(); sync !== undefined; sync = syncs.shift()) {
      if (sync.what === 'data') dataSyncs++
      await sync.finish()
    }
    expect(dataSyncs).toBe(4)
    expect(partition.highWatermark).toBe(5)
  })

  test('several partitions are synced side by side, but not more than a few', async () => {
    const { directory, runDeferred, finishAll, syncs } = await opened()
    const partitions = [1, 2, 3, 4, 5, 6].map(index => directory.createPartition('t', index, topicId))
    for (const partition of partitions) append(partition, batchOf('a'))
    await runDeferred()
    expect(syncs).toHaveLength(3)
    await finishAll()
    expect(partitions.map(partition => partition.highWatermark)).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('a retry of a batch that is not yet durable waits for the same sync', async () => {
    const { partition, runDeferred, finishAll } = await opened()
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0 }
    const original = append(partition, batchOf('a', producer))
    const retry = append(partition, batchOf('a', producer))
    expect(retry.isDuplicate).toBe(true)
    expect(retry.durable).toBe(original.durable)
    await runDeferred()
    await finishAll()
    expect(append(partition, batchOf('a', producer)).durable).toBeNull()
  })

  test('a failed sync is final: nothing is acknowledged, nothing is appended, nothing is tried again', async () => {
    const { directory, partition, runDeferred, syncs, failures } = await opened()
    const other = directory.createPartition('t', 1, topicId)
    const first = append(partition, batchOf('a'))
    await runDeferred()
    const waiting = append(partition, batchOf('b'))
    const failure = new DiskFailure('fdatasync: EIO', 'broken', null)
    await syncs.shift()!.finish(failure)
    await expect(first.durable).rejects.toBe(failure)
    await expect(waiting.durable).rejects.toBe(failure)
    expect(failures).toEqual([failure])
    expect(partition.highWatermark).toBe(0)
    expect(partition.append(batchOf('c'), client)).toMatchObject({ errorCode: Errors.KAFKA_STORAGE_ERROR })
    expect(other.append(batchOf('c'), client)).toMatchObject({ errorCode: Errors.KAFKA_STORAGE_ERROR })
    await runDeferred()
    expect(syncs).toHaveLength(0)
  })

  test('after a failed sync the directory is not marked as closed in order', async () => {
    const { directory, partition, runDeferred, syncs, path } = await opened()
    append(partition, batchOf('a'))
    await runDeferred()
    await syncs.shift()!.finish(new DiskFailure('fdatasync: EIO', 'broken', null))
    await directory.close()
    expect(nodeFiles.sizeOf(`${path}/.kafka_cleanshutdown`)).toBeNull()
    expect(nodeFiles.sizeOf(`${path}/recovery-point-offset-checkpoint`)).toBeNull()
  })

  test('a partition deleted during its sync fails no request', async () => {
    const { directory, partition, runDeferred, finishAll, failures, syncs } = await opened()
    const { durable } = append(partition, batchOf('a'))
    await runDeferred()
    directory.deletePartition('t', 0)
    await syncs.shift()!.finish(new DiskFailure('gone', 'broken', null))
    await finishAll()
    await durable
    expect(failures).toEqual([])
  })

  test('where only rolled segments are synced, the recovery point waits for them', async () => {
    const { files, syncs } = heldSyncs()
    const test = await openTest({ durability: 'os', defers: true, files, config: { segmentBytes: 200 } })
    const partition = test.directory.createPartition('t', 0, topicId)
    append(partition, batchOf('a', { valueBytes: 60 }))
    expect(append(partition, batchOf('a', { valueBytes: 60 })).durable).toBeNull()
    expect([partition.highWatermark, partition.recoveryPoint]).toEqual([2, 0])
    for (const run of test.deferred.splice(0)) run()
    await settled()
    const seen: string[] = []
    for (let sync = syncs.shift(); sync !== undefined; sync = syncs.shift()) {
      expect(partition.recoveryPoint).toBe(0)
      seen.push(sync.what)
      await sync.finish()
    }
    expect(seen.filter(what => what === 'data')).toHaveLength(1)
    expect(partition.recoveryPoint).toBe(1)
  })

  test('closing makes what waits durable', async () => {
    const test = await openTest({ durability: 'fsync', defers: true })
    const partition = test.directory.createPartition('t', 0, topicId)
    const { durable } = append(partition, batchOf('a'))
    await test.directory.close()
    expect(partition.highWatermark).toBe(1)
    for (const run of test.deferred) run()
    await durable
    expect(partition.read(0, everything)).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  })
})

describe('without a file descriptor to be had', () => {
  const exhausted = () => new DiskFailure('open: EMFILE: too many open files', 'exhausted', null)

  test('an append that needs a new segment is refused, and the next one finds the log as it was', async () => {
    let isExhausted = false
    const open: Files['open'] = (path, mode) => {
      if (isExhausted) throw exhausted()
      return nodeFiles.open(path, mode)
    }
    const { directory, failures, warnings } = await openTest({ files: { ...nodeFiles, open }, config: { segmentBytes: 200 } })
    const partition = directory.createPartition('t', 0, topicId)
    append(partition, batchOf('a', { valueBytes: 100 }))
    isExhausted = true
    expect(partition.append(batchOf('b', { valueBytes: 100 }), client)).toMatchObject({ errorCode: Errors.KAFKA_STORAGE_ERROR })
    expect(warnings).toEqual(['append failed: out of file descriptors (see ulimit -n)'])
    expect(partition.logEndOffset).toBe(1)
    isExhausted = false
    expect(append(partition, batchOf('c', { valueBytes: 100 })).baseOffset).toBe(1)
    expect(readBytes(partition, 0).toString()).not.toContain('b#0')
    expect(failures).toEqual([])
  })

  test('a sync that cannot begin is tried again, and who waits for it goes on waiting', async () => {
    const { world, directory, partition, syncs, runDeferred, finishAll, failures } = await opened()
    const { durable } = append(partition, batchOf('a'))
    await runDeferred()
    await syncs.shift()!.finish(exhausted())
    expect(partition.highWatermark).toBe(0)
    append(partition, batchOf('b'))
    await runDeferred()
    expect(syncs).toEqual([])
    world.advance(1000)
    await runDeferred()
    await finishAll()
    await durable
    expect(partition.highWatermark).toBe(2)
    expect(failures).toEqual([])
    expect(directory.partition('t', 0)).toBe(partition)
  })
})

describe('a disk that refuses writes', () => {
  const refusing = (kind: 'full' | 'broken', written: number) => {
    const state = { isOn: false }
    const files: Files = {
      ...nodeFiles,
      write(fd, bytes, start, length, position) {
        if (!state.isOn || length < 61) return nodeFiles.write(fd, bytes, start, length, position)
        nodeFiles.write(fd, bytes, start, written, position)
        throw new DiskFailure('write', kind, null)
      },
    }
    return { state, files }
  }

  test('full: the append is refused, the log is as before, and goes on when there is room', async () => {
    const { state, files } = refusing('full', 30)
    const { directory, failures } = await openTest({ files })
    const partition = directory.createPartition('t', 0, topicId)
    const producer = { producerId: 1, producerEpoch: 0 }
    append(partition, batchOf('a', { ...producer, baseSequence: 0 }))
    const before = readBytes(partition, 0)
    state.isOn = true
    const refusal = partition.append(batchOf('b', { ...producer, baseSequence: 1 }), client)
    expect(refusal).toMatchObject({ errorCode: Errors.KAFKA_STORAGE_ERROR })
    expect(partition.logEndOffset).toBe(1)
    expect(readBytes(partition, 0)).toEqual(before)
    expect(nodeFiles.sizeOf(`${directory.path}/t-0/00000000000000000000.log`)).toBe(before.byteLength)
    state.isOn = false
    expect(append(partition, batchOf('b', { ...producer, baseSequence: 1 }))).toMatchObject({ baseOffset: 1, isDuplicate: false })
    expect(failures).toEqual([])
  })

  test('broken: fatal', async () => {
    const { state, files } = refusing('broken', 0)
    const { directory, failures } = await openTest({ files })
    const partition = directory.createPartition('t', 0, topicId)
    state.isOn = true
    expect(partition.append(batchOf('a'), client)).toMatchObject({ errorCode: Errors.KAFKA_STORAGE_ERROR })
    expect(failures).toHaveLength(1)
  })
})

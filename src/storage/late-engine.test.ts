/** A partition above an engine that answers later. */
import { expect, test } from 'vitest'
import { Errors } from '../protocol/errors.js'
import { CorruptLogError } from './engine.js'
import { DiskFailure } from './files.js'
import { LateEngine } from './late-engine.test-support.js'
import type { Partition } from './partition.js'
import {
  append,
  batchOf,
  bytesOf,
  client,
  everything,
  offsetsIn,
  openTest,
  type TestDirectory,
  topicId,
} from './test-kit.test-support.js'
import type { Durability } from './types.js'

async function newPartition(durability: Durability): Promise<TestDirectory & { partition: Partition }> {
  const test = await openTest({ durability, defers: durability === 'fsync' })
  return { ...test, partition: test.directory.createPartition('t', 0, topicId) }
}

/** What has settled so far, by name. */
function watch(promises: Readonly<Record<string, Promise<void> | null>>): { readonly settled: string[] } {
  const settled: string[] = []
  for (const [name, promise] of Object.entries(promises)) {
    promise?.then(
      () => settled.push(name),
      () => settled.push(`${name} failed`),
    )
  }
  return { settled }
}
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('the engine of this broker answers at once', async () => {
  const { partition } = await newPartition('os')
  expect(append(partition, batchOf('a'))).toMatchObject({ written: null, durable: null })
  const read = partition.read(0, everything)
  expect(read).toMatchObject({ highWatermark: 1 })
  expect(read).not.toBeInstanceOf(Promise)
  bytesOf(typeof read === 'object' && 'slices' in read ? read.slices : [])
})

test('appends have their places at once and are acknowledged in their order, however late the engine answers', async () => {
  const { partition } = await newPartition('os')
  using late = new LateEngine(false)
  const [a, b] = [append(partition, batchOf('a', { count: 2 })), append(partition, batchOf('b'))]
  expect([a.baseOffset, b.baseOffset, partition.logEndOffset]).toEqual([0, 2, 3])
  const { settled } = watch({ a: a.durable, b: b.durable })
  late.answer(1)
  await turn()
  expect(settled).toEqual([])
  late.answer()
  await turn()
  expect(settled).toEqual(['a', 'b'])
})

test('acks=1 waits for the engine, acks=all for stable storage too', async () => {
  const { partition, deferred } = await newPartition('fsync')
  using late = new LateEngine(false)
  const { written, durable } = append(partition, batchOf('a'))
  const { settled } = watch({ written, durable })
  late.answer()
  await turn()
  expect(settled).toEqual(['written'])
  for (const run of deferred.splice(0)) run()
  await durable
  expect(partition.highWatermark).toBe(1)
})

test('a duplicate is acknowledged no sooner than the original', async () => {
  const { partition } = await newPartition('os')
  using late = new LateEngine(false)
  const sent = { producerId: 5, producerEpoch: 0, baseSequence: 0 }
  append(partition, batchOf('a', sent))
  const again = append(partition, batchOf('a', sent))
  expect(again).toMatchObject({ isDuplicate: true, baseOffset: 0 })
  const { settled } = watch({ again: again.written })
  await turn()
  expect(settled).toEqual([])
  late.answer()
  await turn()
  expect(settled).toEqual(['again'])
})

test('a batch that the engine loses is acknowledged by nobody, nor is what comes behind it', async () => {
  const { partition, failures } = await newPartition('os')
  using late = new LateEngine(false)
  const [a, b] = [append(partition, batchOf('a')), append(partition, batchOf('b'))]
  const { settled } = watch({ a: a.durable, b: b.durable })
  late.answer(1)
  late.fail(new DiskFailure('lost', 'broken', null))
  await turn()
  expect(settled).toEqual(['a failed', 'b failed'])
  expect(failures.map(({ message }) => message)).toEqual(['lost'])
  expect(partition.append(batchOf('c'), client)).toMatchObject({ errorCode: Errors.KAFKA_STORAGE_ERROR })
})

test('a read that is answered later ends where the log ended when it was asked', async () => {
  const { partition, deferred } = await newPartition('fsync')
  const { durable } = append(partition, batchOf('a'))
  for (const run of deferred.splice(0)) run()
  await durable
  using late = new LateEngine(false)
  const reading = partition.read(0, everything)
  expect(reading).toBeInstanceOf(Promise)
  append(partition, batchOf('b'))
  late.answer()
  const read = await reading
  if (typeof read === 'number') throw new Error(`error ${read}`)
  expect(offsetsIn(bytesOf(read.slices))).toEqual(['0-0'])
  expect(read.highWatermark).toBe(1)
})

test('a read that fails later is an error code, as one that fails at once', async () => {
  const { partition } = await newPartition('os')
  append(partition, batchOf('a'))
  using late = new LateEngine(false)
  const readings = [partition.read(0, everything), partition.read(0, everything)]
  late.fail(new DiskFailure('unreadable', 'broken', null))
  late.fail(new CorruptLogError('no batches'))
  expect(await Promise.all(readings)).toEqual([Errors.KAFKA_STORAGE_ERROR, Errors.CORRUPT_MESSAGE])
})

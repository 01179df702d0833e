/** Producers whose records were deleted: what a recovery knows of them must not stand between them and their next batch. */
import { expect, test } from 'vitest'
import { append, batchOf, client, copyFolder, openTest, type TestDirectory, topicId } from './test-kit.test-support.js'

const producer = { producerId: 5, producerEpoch: 0 }
const config = { segmentBytes: 400 }

const batch = (sequence: number) => batchOf(`b${sequence}`, { ...producer, baseSequence: sequence })

/** Ten batches in several segments, all of them deleted. */
async function trimmed(): Promise<TestDirectory> {
  const opened = await openTest({ config })
  const partition = opened.directory.createPartition('t', 0, topicId)
  for (let sequence = 0; sequence < 10; sequence++) append(partition, batch(sequence))
  expect(await partition.upkeep.deleteRecordsBefore(10)).toBe(0)
  return opened
}

async function afterCrash({ path }: TestDirectory) {
  const { directory } = await openTest({ path: copyFolder(path), config })
  return directory.partition('t', 0)!
}

test('after a crash the batch that follows deleted ones is no gap', async () => {
  const partition = await afterCrash(await trimmed())
  expect(partition.logStartOffset).toBe(10)
  expect(append(partition, batch(10))).toMatchObject({ isDuplicate: false, lastOffset: 10 })
})

test('a deleted batch whose segment is still there is a duplicate, and a gap behind it a gap', async () => {
  const partition = await afterCrash(await trimmed())
  expect(append(partition, batch(9))).toMatchObject({ isDuplicate: true })
  expect(partition.append(batch(12), client)).toMatchObject({ kind: 'refused' })
})

test('where the segments are gone too, any sequence may be the next', async () => {
  const opened = await trimmed()
  const { directory } = opened
  directory.partition('t', 0)!.upkeep.removeBelow(10)
  const partition = await afterCrash(opened)
  expect(append(partition, batch(10))).toMatchObject({ isDuplicate: false })
})

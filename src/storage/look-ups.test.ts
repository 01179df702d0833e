/** Look-ups by time open batches, which may be large: others are served meanwhile, and the log may change. */
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { concat } from '../base/bytes.js'
import { Errors } from '../protocol/errors.js'
import * as batches from '../protocol/records/batch.js'
import { buildBatch } from '../protocol/records/build.js'
import { turnOfEventLoop } from './slices.js'
import { append, openTest, type TestOptions, topicId } from './test-kit.test-support.js'

const startMs = 1_700_000_000_000

async function onePartition(options: TestOptions = {}) {
  const { directory } = await openTest({ durability: 'os', ...options })
  return { partition: directory.createPartition('t', 0, topicId) }
}

/** Records a millisecond apart, of which a gzip batch holds very many. */
function gzipped(count: number, firstMs: number) {
  const value = new Uint8Array(100)
  const plain = buildBatch(Array.from({ length: count }, (_, n) => ({ key: null, value, timestampMs: firstMs + n })))
  const batch = concat([plain.subarray(0, batches.batchHeaderSize), gzipSync(plain.subarray(batches.batchHeaderSize))])
  batches.stampLength(batch)
  batches.stampCodec(batch, 0, batches.Codecs.gzip)
  batches.stampCrc(batch, 0)
  return batch
}

test('a large compressed batch is opened in another thread, and its records are gone through with pauses', async () => {
  const { partition } = await onePartition()
  append(partition, gzipped(50_000, startMs))
  const seen: string[] = []
  const pause = async () => {
    if (seen.at(-1) !== 'pause') seen.push('pause')
  }
  const looking = partition.offsetForTimestamp(startMs + 49_999, 'read_uncommitted', pause)
  await turnOfEventLoop()
  seen.push('another turn of the event loop')
  expect(await looking).toMatchObject({ offset: 49_999, timestamp: startMs + 49_999 })
  expect(seen).toEqual(['another turn of the event loop', 'pause'])
  expect(await partition.maxTimestampOffset('read_uncommitted', pause)).toMatchObject({ offset: 49_999 })
})

test('a segment that is deleted while a look-up is in it is read to its end; what is found is in the log', async () => {
  const { partition } = await onePartition({ config: { segmentBytes: 30_000 } })
  for (let n = 0; n < 4; n++) append(partition, gzipped(5_000, startMs + n * 5_000))
  let pauses = 0
  const found = await partition.offsetForTimestamp(startMs + 4_000, 'read_uncommitted', async () => {
    if (pauses++ > 0) return
    expect(await partition.upkeep.deleteRecordsBefore(12_000)).toBe(Errors.NONE)
    partition.upkeep.removeBelow(12_000)
  })
  expect(pauses).toBeGreaterThan(0)
  expect(found).toMatchObject({ offset: 12_000, timestamp: startMs + 12_000 })
})

test('a partition that is closed while a look-up is in it answers that it is', async () => {
  const { partition } = await onePartition()
  append(partition, gzipped(5_000, startMs))
  const found = await partition.offsetForTimestamp(startMs + 4_999, 'read_uncommitted', async () => {
    if (!partition.isClosed) partition.abandon(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  })
  expect(found).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
})

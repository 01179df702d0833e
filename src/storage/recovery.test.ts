import fs from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.js'
import { noPause } from '../testing/no-pause.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import type { LogConfig } from './log-config.js'
import type { Partition } from './partition.js'
import {
  append,
  batchOf,
  client,
  copyFolder,
  offsetsIn,
  openTest,
  readBytes,
  type TestOptions,
  topicId,
} from './test-kit.test-support.js'

const small: Partial<LogConfig> = { segmentBytes: 1000, indexIntervalBytes: 150 }

function indexFiles(folder: string): Record<string, string> {
  const names = fs
    .readdirSync(folder)
    .filter(name => name.endsWith('index'))
    .sort()
  return Object.fromEntries(names.map(name => [name, fs.readFileSync(`${folder}/${name}`).toString('hex')]))
}

function stateOf(partition: Partition) {
  const { logStartOffset, logEndOffset, highWatermark, sizeBytes, topicId: id } = partition
  return { logStartOffset, logEndOffset, highWatermark, sizeBytes, id, bytes: readBytes(partition, logStartOffset) }
}

async function filled(options: TestOptions, appends: number) {
  const opened = await openTest({ config: small, ...options })
  const partition = opened.directory.createPartition('t', 0, topicId)
  for (let n = 0; n < appends; n++) {
    append(partition, batchOf(`b${n}`, { count: 1 + (n % 3), producerId: 5, producerEpoch: 0, baseSequence: sequenceOf(n) }))
  }
  return { ...opened, partition }
}

/** Sequence of the first record of the n-th batch that `filled` writes. */
function sequenceOf(n: number): number {
  let sequence = 0
  for (let before = 0; before < n; before++) sequence += 1 + (before % 3)
  return sequence
}

describe('after a clean shutdown', () => {
  test('everything is as it was', async () => {
    const first = await filled({}, 40)
    const before = stateOf(first.partition)
    await first.directory.close()
    expect(fs.readFileSync(`${first.path}/.kafka_cleanshutdown`, 'utf8')).toBe('{"version":0,"brokerEpoch":-1}')
    const second = await openTest({ path: first.path, config: small })
    expect(second.warnings).toEqual([])
    expect(fs.existsSync(`${first.path}/.kafka_cleanshutdown`)).toBe(false)
    expect(stateOf(second.directory.partition('t', 0)!)).toEqual(before)
    expect(second.directory.clusterId).toBe(first.directory.clusterId)
  })

  test('the last batch of a producer is still known as a duplicate', async () => {
    const first = await filled({}, 7)
    await first.directory.close()
    const second = await openTest({ path: first.path, config: small })
    const partition = second.directory.partition('t', 0)!
    const producer = { producerId: 5, producerEpoch: 0 }
    const again = append(partition, batchOf('b6', { count: 1, ...producer, baseSequence: sequenceOf(6) }))
    expect(again).toMatchObject({ isDuplicate: true, lastOffset: partition.logEndOffset - 1 })
    const gap = partition.append(batchOf('x', { ...producer, baseSequence: sequenceOf(9) }), client)
    expect(gap).toMatchObject({ errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER })
    expect(append(partition, batchOf('b7', { ...producer, baseSequence: sequenceOf(7) })).isDuplicate).toBe(false)
  })

  test('appending goes on in the same segment, and segment.ms counts from its first batch', async () => {
    const config = { segmentMs: 1000 }
    const at = (delta: number) => batchOf('a', { timestampMs: 1_699_999_000_000 + delta })
    const first = await openTest({ config })
    append(first.directory.createPartition('t', 0, topicId), at(0))
    await first.directory.close()
    const second = await openTest({ path: first.path, config })
    const partition = second.directory.partition('t', 0)!
    append(partition, at(900))
    append(partition, at(1001))
    expect(fs.readdirSync(`${first.path}/t-0`).filter(name => name.endsWith('.log'))).toHaveLength(2)
    expect(partition.logEndOffset).toBe(3)
  })

  test('a log whose records were deleted stays without them', async () => {
    const first = await filled({}, 40)
    await first.partition.upkeep.deleteRecordsBefore(5)
    await first.directory.close()
    const second = await openTest({ path: first.path, config: small })
    expect(second.directory.partition('t', 0)!.logStartOffset).toBe(5)
  })
})

describe('after kill -9', () => {
  test('everything that reached the operating system is there, and the next offset is exact', async () => {
    const first = await filled({}, 40)
    const before = stateOf(first.partition)
    const second = await openTest({ path: copyFolder(first.path), config: small })
    const partition = second.directory.partition('t', 0)!
    expect(stateOf(partition)).toEqual(before)
    const next = batchOf('next', { producerId: 5, producerEpoch: 0, baseSequence: sequenceOf(40) })
    expect(append(partition, next).baseOffset).toBe(before.logEndOffset)
  })

  test('five duplicates per producer are known again', async () => {
    const first = await filled({ config: {} }, 8)
    const second = await openTest({ path: copyFolder(first.path) })
    const partition = second.directory.partition('t', 0)!
    for (let n = 3; n < 8; n++) {
      const again = { count: 1 + (n % 3), producerId: 5, producerEpoch: 0, baseSequence: sequenceOf(n) }
      expect(append(partition, batchOf(`b${n}`, again))).toMatchObject({ isDuplicate: true })
    }
  })

  test('a log torn at any byte of its last batches is cut to the whole ones', async () => {
    const first = await openTest()
    const partition = first.directory.createPartition('t', 0, topicId)
    const ends = [0]
    for (let n = 0; n < 3; n++) {
      append(partition, batchOf(`b${n}`))
      ends.push(partition.sizeBytes)
    }
    const whole = fs.readFileSync(`${first.path}/t-0/00000000000000000000.log`)
    for (let size = whole.byteLength - 1; size >= ends[1]!; size--) {
      const copy = copyFolder(first.path)
      const log = `${copy}/t-0/00000000000000000000.log`
      fs.writeFileSync(log, whole.subarray(0, size))
      const again = await openTest({ path: copy })
      const batches = ends.filter(end => end <= size).length - 1
      const torn = again.directory.partition('t', 0)!
      expect(torn.logEndOffset).toBe(batches)
      expect(torn.sizeBytes).toBe(ends[batches])
      expect(fs.statSync(log).size).toBe(ends[batches])
      expect(again.warnings.length).toBe(ends.includes(size) ? 0 : 1)
      expect(append(torn, batchOf('next')).baseOffset).toBe(batches)
      expect(readBytes(torn, 0).subarray(0, ends[batches])).toEqual(whole.subarray(0, ends[batches]))
    }
  })

  test('zeros after the last batch, as a machine crash leaves them, are cut', async () => {
    const first = await filled({}, 12)
    const before = stateOf(first.partition)
    const copy = copyFolder(first.path)
    const log = fs
      .readdirSync(`${copy}/t-0`)
      .filter(name => name.endsWith('.log'))
      .sort()
      .at(-1)!
    fs.appendFileSync(`${copy}/t-0/${log}`, Buffer.alloc(5000))
    const second = await openTest({ path: copy, config: small })
    expect(stateOf(second.directory.partition('t', 0)!)).toEqual(before)
  })

  test('a page of an earlier segment that was never written removes the later ones', async () => {
    const first = await filled({}, 40)
    const copy = copyFolder(first.path)
    const logs = fs
      .readdirSync(`${copy}/t-0`)
      .filter(name => name.endsWith('.log'))
      .sort()
    expect(logs.length).toBeGreaterThan(2)
    fs.writeFileSync(`${copy}/t-0/${logs[1]}`, Buffer.alloc(fs.statSync(`${copy}/t-0/${logs[1]}`).size))
    const second = await openTest({ path: copy, config: small })
    const partition = second.directory.partition('t', 0)!
    expect(partition.logEndOffset).toBe(Number.parseInt(logs[1]!, 10))
    expect(fs.readdirSync(`${copy}/t-0`).filter(name => name.endsWith('.log'))).toEqual(logs.slice(0, 2))
    // Not one byte of whole batches is thrown away.
    const kept = fs.readdirSync(`${copy}/t-0`).filter(name => name.endsWith('.cut'))
    expect(kept).toEqual(logs.slice(2).map(name => name.replace(/log$/, 'cut')))
    expect(second.warnings).toEqual(['truncated the log after its last complete batch'])
  })

  test('a log that ends before its start offset starts empty there, and what it had does not come back', async () => {
    const disk = new SimulatedDisk('/data')
    const options = { path: '/data', files: disk.files, durability: 'fsync', config: small } as const
    const first = await filled(options, 20)
    await first.partition.settled()
    expect(await first.partition.upkeep.deleteRecordsBefore(first.partition.logEndOffset)).toBe(Errors.NONE)
    const { logEndOffset, logStartOffset } = first.partition
    // As a file system may leave the files of a topic whose deletion a power cut interrupted.
    disk.files.writeWhole('/data/t-0/00000000000000000000.log', batchOf('old'))
    for (const path of disk.paths('/data/t-0')) if (!/00000.log|metadata/.test(path)) disk.files.remove(path)
    disk.endProcess()
    disk.files.remove('/data/.lock')
    const second = await openTest(options)
    expect(second.warnings).toEqual(['the log ends before its start offset; starting empty at that offset'])
    expect(second.directory.partition('t', 0)).toMatchObject({ logStartOffset, logEndOffset })
    const third = disk.crash('drop', new SeededRandom(1))
    expect(third.files.list('/data/t-0').filter(name => name.endsWith('.log'))).toEqual([])
  })

  test('rebuilt indexes are those that appending made', async () => {
    const first = await filled({ config: { segmentBytes: 60_000, indexIntervalBytes: 4096 } }, 0)
    for (let n = 0; n < 300; n++) {
      append(
        first.partition,
        batchOf(`b${n}`, { valueBytes: (n * 37) % 900, timestampMs: 1_700_000_000_000 + ((n * 7919) % 1000) }),
      )
    }
    const crashed = copyFolder(first.path)
    const withoutIndexes = copyFolder(first.path)
    for (const name of fs.readdirSync(`${withoutIndexes}/t-0`)) {
      if (name.endsWith('index')) fs.rmSync(`${withoutIndexes}/t-0/${name}`)
    }
    await first.directory.close()
    const expected = indexFiles(`${first.path}/t-0`)
    expect(Object.keys(expected).length).toBeGreaterThan(5)
    for (const path of [crashed, withoutIndexes]) {
      const again = await openTest({ path, config: { segmentBytes: 60_000 } })
      await again.directory.close()
      expect(indexFiles(`${path}/t-0`)).toEqual(expected)
    }
  })

  test('recovery from a point in the middle of a segment finds the same log and the same indexes', async () => {
    const first = await openTest({ durability: 'fsync' })
    const partition = first.directory.createPartition('t', 0, topicId)
    const write = async (from: number, to: number) => {
      for (let n = from; n < to; n++) {
        append(partition, batchOf(`b${n}`, { valueBytes: (n * 37) % 900, timestampMs: 1_700_000_000_000 + ((n * 7919) % 1000) }))
      }
      await append(partition, batchOf('last')).durable
    }
    await write(0, 150)
    await first.directory.checkpoint()
    await write(150, 300)
    const before = stateOf(partition)
    const copy = copyFolder(first.path)
    // Damage below the recovery point is not looked for: proof that recovery began there.
    const log = `${copy}/t-0/00000000000000000000.log`
    const bytes = fs.readFileSync(log)
    bytes[75] = bytes[75]! ^ 1
    fs.writeFileSync(log, bytes)
    const second = await openTest({ path: copy })
    expect(second.warnings).toEqual([])
    expect(second.directory.partition('t', 0)!.logEndOffset).toBe(before.logEndOffset)
    await first.directory.close()
    await second.directory.close()
    expect(indexFiles(`${copy}/t-0`)).toEqual(indexFiles(`${first.path}/t-0`))
  })

  test('index entries of what was cut go with it', async () => {
    const first = await openTest()
    const partition = first.directory.createPartition('t', 0, topicId)
    for (let n = 0; n < 100; n++) append(partition, batchOf(`b${n}`, { valueBytes: 500, timestampMs: 1_700_000_000_000 + n }))
    await first.directory.checkpoint()
    const copies = [copyFolder(first.path), copyFolder(first.path)]
    const [withPoint, withoutIndexes] = copies as [string, string]
    fs.writeFileSync(`${withPoint}/recovery-point-offset-checkpoint`, '0\n1\nt 0 40\n')
    for (const suffix of ['index', 'timeindex']) fs.rmSync(`${withoutIndexes}/t-0/00000000000000000000.${suffix}`)
    for (const path of copies) {
      const log = `${path}/t-0/00000000000000000000.log`
      const bytes = fs.readFileSync(log)
      bytes.fill(0, (bytes.byteLength / 100) * 70)
      fs.writeFileSync(log, bytes)
      const again = await openTest({ path })
      expect(again.directory.partition('t', 0)!.logEndOffset).toBe(70)
      expect(await again.directory.partition('t', 0)!.maxTimestampOffset('read_uncommitted', noPause)).toMatchObject({
        offset: 69,
      })
      await again.directory.close()
    }
    expect(indexFiles(`${withPoint}/t-0`)).toEqual(indexFiles(`${withoutIndexes}/t-0`))
  })

  test('any history, crashed and reopened at any moment, is the same log', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ count: fc.integer({ min: 1, max: 4 }), valueBytes: fc.integer({ min: 1, max: 200 }) }),
      },
      { weight: 1, arbitrary: fc.constantFrom('crash', 'close', 'checkpoint') },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        let opened = await openTest({ config: small })
        opened.directory.createPartition('t', 0, topicId)
        const written: Buffer[] = []
        for (const one of steps) {
          const partition = opened.directory.partition('t', 0)!
          if (typeof one === 'object') {
            const batch = batchOf('p', one)
            append(partition, batch)
            written.push(Buffer.from(batch))
          } else if (one === 'checkpoint') {
            await opened.directory.checkpoint()
          } else {
            if (one === 'close') await opened.directory.close()
            opened = await openTest({ path: copyFolder(opened.path), config: small })
            expect(readBytes(opened.directory.partition('t', 0)!, 0).equals(Buffer.concat(written))).toBe(true)
          }
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('odds and ends of a directory', () => {
  test('index files without a log are removed', async () => {
    const first = await filled({}, 2)
    await first.directory.close()
    fs.writeFileSync(`${first.path}/t-0/00000000000000000009.index`, '')
    const second = await openTest({ path: first.path, config: small })
    expect(fs.existsSync(`${first.path}/t-0/00000000000000000009.index`)).toBe(false)
    expect(second.warnings).toEqual(['removed an index without a log file'])
  })

  test('a damaged checkpoint costs a full scan and nothing else', async () => {
    const first = await filled({}, 20)
    const before = stateOf(first.partition)
    await first.directory.checkpoint()
    const copy = copyFolder(first.path)
    fs.writeFileSync(`${copy}/recovery-point-offset-checkpoint`, 'rubbish')
    const second = await openTest({ path: copy, config: small })
    expect(stateOf(second.directory.partition('t', 0)!)).toEqual(before)
  })

  test('a damaged snapshot falls back on an older one and the log', async () => {
    const first = await filled({}, 40)
    await first.directory.close()
    const snapshots = fs
      .readdirSync(`${first.path}/t-0`)
      .filter(name => name.endsWith('.snapshot'))
      .sort()
    expect(snapshots.length).toBeGreaterThan(2)
    fs.writeFileSync(`${first.path}/t-0/${snapshots.at(-1)}`, 'rubbish')
    const second = await openTest({ path: first.path, config: small })
    const partition = second.directory.partition('t', 0)!
    const again = batchOf('b39', { count: 1, producerId: 5, producerEpoch: 0, baseSequence: sequenceOf(39) })
    expect(append(partition, again)).toMatchObject({ isDuplicate: true })
  })

  test('reads of old segments work after a restart without their index files', async () => {
    const first = await filled({}, 40)
    await first.directory.close()
    for (const name of fs.readdirSync(`${first.path}/t-0`)) {
      if (name.endsWith('index')) fs.rmSync(`${first.path}/t-0/${name}`)
    }
    const second = await openTest({ path: first.path, config: small })
    const partition = second.directory.partition('t', 0)!
    for (let from = 0; from < partition.logEndOffset; from++) {
      const [first] = offsetsIn(readBytes(partition, from, { maxBytes: 1 }))
      const [start, end] = first!.split('-').map(Number)
      expect(start).toBeLessThanOrEqual(from)
      expect(end).toBeGreaterThanOrEqual(from)
    }
    expect(await partition.offsetForTimestamp(0, 'read_uncommitted', noPause)).toMatchObject({ offset: 0 })
  })
})

describe('the leader epoch', () => {
  const epochsOf = (partition: Partition) => [...readEpochs(readBytes(partition, 0))]
  function* readEpochs(bytes: Buffer) {
    for (let at = 0; at < bytes.byteLength; at += bytes.readInt32BE(at + 8) + 12) yield bytes.readInt32BE(at + 12)
  }
  /** What a power cut leaves when nothing was synced since the file was so long. */
  const cutLog = (path: string, size: number) => fs.truncateSync(`${path}/t-0/00000000000000000000.log`, size)

  test('is another after a start that lost the end of a log, and readers are told where the old one ended', async () => {
    const first = await openTest()
    const partition = first.directory.createPartition('t', 0, topicId)
    append(partition, batchOf('kept'))
    const kept = partition.sizeBytes
    append(partition, batchOf('lost'))
    const copy = copyFolder(first.path)
    cutLog(copy, kept)
    const second = (await openTest({ path: copy })).directory.partition('t', 0)!
    expect(second).toMatchObject({ leaderEpoch: 1, logEndOffset: 1 })
    expect(second.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 1 })
    append(second, batchOf('in its place'))
    append(second, batchOf('another'))
    expect(second.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 1 })
    expect(epochsOf(second)).toEqual([0, 1, 1])
  })

  test('is never given out again, even when nothing is left of what was written in it', async () => {
    const first = await openTest()
    append(first.directory.createPartition('t', 0, topicId), batchOf('kept'))
    const kept = first.directory.partition('t', 0)!.sizeBytes
    let path = copyFolder(first.path)
    for (const epoch of [1, 2, 3]) {
      const { directory } = await openTest({ path })
      const partition = directory.partition('t', 0)!
      expect(partition.leaderEpoch).toBe(epoch)
      append(partition, batchOf('lost'))
      path = copyFolder(path)
      cutLog(path, kept)
      fs.rmSync(`${path}/t-0/leader-epoch-checkpoint`)
    }
  })

  test('stays through an orderly stop, and no start makes it fall', async () => {
    const first = await openTest()
    append(first.directory.createPartition('t', 0, topicId), batchOf('a'))
    const path = copyFolder(first.path)
    for (let start = 0; start < 3; start++) {
      const { directory } = await openTest({ path })
      expect(directory.partition('t', 0)!.leaderEpoch).toBe(1)
      await directory.close()
    }
  })

  test('stays where records that are not durable are not read', async () => {
    const first = await openTest({ durability: 'fsync' })
    await append(first.directory.createPartition('t', 0, topicId), batchOf('a')).durable
    const { directory } = await openTest({ path: copyFolder(first.path), durability: 'fsync' })
    expect(directory.partition('t', 0)!.leaderEpoch).toBe(0)
  })
})

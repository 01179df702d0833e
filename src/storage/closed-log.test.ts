import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { noPause } from '../testing/no-pause.js'
import { type Files, nodeFiles } from './files.js'
import { append, batchOf, offsetsIn, openTest, readBytes, topicId } from './test-kit.test-support.js'

const config = { segmentBytes: 1000, indexIntervalBytes: 150 }

/** A partition of several segments, closed in order; `producerId` in every batch unless it is -1. */
async function closedLog(producerId: number): Promise<string> {
  const { directory, path } = await openTest({ config })
  const partition = directory.createPartition('t', 0, topicId)
  for (let n = 0; n < 20; n++) append(partition, batchOf(`b${n}`, producer(producerId, n)))
  await directory.close()
  return path
}

function producer(producerId: number, baseSequence: number) {
  return producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence }
}

/** The names of the partition's files that were opened or read. */
function watched(): { files: Files; touched: string[] } {
  const touched: string[] = []
  const note = (path: string): void => {
    if (path.includes('/t-0/')) touched.push(path.slice(path.lastIndexOf('/') + 1))
  }
  const files: Files = {
    ...nodeFiles,
    open(path, mode) {
      note(path)
      return nodeFiles.open(path, mode)
    },
    readWhole(path) {
      note(path)
      return nodeFiles.readWhole(path)
    },
  }
  return { files, touched }
}

describe('a log that is as an orderly stop left it', () => {
  test('opens and closes again without one of its files being read', async () => {
    const path = await closedLog(-1)
    const { files, touched } = watched()
    const { directory } = await openTest({ path, config, files })
    const partition = directory.partition('t', 0)!
    expect(partition).toMatchObject({ topicId, logStartOffset: 0, logEndOffset: 20, recoveryPoint: 20, leaderEpoch: 0 })
    await directory.close()
    expect(touched).toEqual([])
  })

  test('of its producers only what they sent last is read', async () => {
    const path = await closedLog(5)
    const { files, touched } = watched()
    const { directory } = await openTest({ path, config, files })
    expect(touched).toEqual(['00000000000000000020.snapshot'])
    const again = append(directory.partition('t', 0)!, batchOf('b19', producer(5, 19)))
    expect(again).toMatchObject({ isDuplicate: true, lastOffset: 19 })
  })

  test('goes on where it ended: records, indexes and times are those of a log that was never closed', async () => {
    const path = await closedLog(-1)
    const closed = await openTest({ path, config })
    const never = await openTest({ config })
    const fresh = never.directory.createPartition('t', 0, topicId)
    for (let n = 0; n < 20; n++) append(fresh, batchOf(`b${n}`))
    const partition = closed.directory.partition('t', 0)!
    for (const one of [partition, fresh]) for (let n = 20; n < 40; n++) append(one, batchOf(`b${n}`))
    expect(readBytes(partition, 0).equals(readBytes(fresh, 0))).toBe(true)
    for (let offset = 0; offset < 40; offset++) expect(offsetsIn(readBytes(partition, offset))[0]).toBe(`${offset}-${offset}`)
    expect(await partition.offsetForTimestamp(0, 'read_uncommitted', noPause)).toMatchObject({ offset: 0 })
    expect(await partition.maxTimestampOffset('read_uncommitted', noPause)).toEqual(
      await fresh.maxTimestampOffset('read_uncommitted', noPause),
    )
  })
})

describe('what is not as it was left is recovered', () => {
  const last = (path: string): string => {
    const names = fs.readdirSync(`${path}/t-0`).filter(name => name.endsWith('.log'))
    return `${path}/t-0/${names.sort().at(-1)}`
  }

  test('a log that became shorter', async () => {
    const path = await closedLog(-1)
    fs.truncateSync(last(path), fs.statSync(last(path)).size - 1)
    const { directory, warnings } = await openTest({ path, config })
    expect(warnings).not.toEqual([])
    expect(directory.partition('t', 0)!.logEndOffset).toBeLessThanOrEqual(20)
    expect(offsetsIn(readBytes(directory.partition('t', 0)!, 0)).length).toBe(19)
  })

  test('a log with leftovers of a deletion', async () => {
    const path = await closedLog(-1)
    fs.writeFileSync(`${path}/t-0/00000000000000000000.log.deleted`, 'x')
    const { directory } = await openTest({ path, config })
    expect(fs.existsSync(`${path}/t-0/00000000000000000000.log.deleted`)).toBe(false)
    expect(directory.partition('t', 0)!.logEndOffset).toBe(20)
  })

  test('a checkpoint that does not say how the log was left', async () => {
    const path = await closedLog(-1)
    fs.rmSync(`${path}/gregor-checkpoint`)
    const { files, touched } = watched()
    const { directory } = await openTest({ path, config, files })
    expect(touched).not.toEqual([])
    expect(directory.partition('t', 0)!.logEndOffset).toBe(20)
  })
})

test('what Kafka appended since is no damage: its marker of a clean stop says that it had the directory last', async () => {
  const { directory, path } = await openTest({})
  append(directory.createPartition('t', 0, topicId), batchOf('ours'))
  await directory.close()
  const log = `${path}/t-0/00000000000000000000.log`
  const theirs = fs.readFileSync(log)
  theirs.writeBigInt64BE(1n, 0)
  fs.appendFileSync(log, theirs)
  fs.writeFileSync(`${path}/recovery-point-offset-checkpoint`, '0\n1\nt 0 2\n')
  fs.writeFileSync(`${path}/.kafka_cleanshutdown`, '{"version":0,"brokerEpoch":7}')

  const again = await openTest({ path })
  expect(again.directory.partition('t', 0)).toMatchObject({ logEndOffset: 2 })
  expect(fs.readdirSync(`${path}/t-0`).filter(name => name.endsWith('.damaged'))).toEqual([])
})

/** A directory that Kafka had in between, and that it left without a word: it was killed. */
import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { append, batchOf, copyFolder, offsetsIn, openTest, readBytes, topicId } from './test-kit.test-support.js'

const segment = (base: number): string => `${String(base).padStart(20, '0')}.log`

/** What every start of Kafka writes. */
function kafkaStarts(path: string, leaderEpoch: number): void {
  fs.mkdirSync(`${path}/__cluster_metadata-0`, { recursive: true })
  fs.writeFileSync(`${path}/__cluster_metadata-0/quorum-state`, `{"leaderId":1,"leaderEpoch":${leaderEpoch},"data_version":0}`)
  fs.rmSync(`${path}/.kafka_cleanshutdown`, { force: true })
}

/** A partition with the batches of these offsets in segments that begin there. */
function written(path: string, segments: Readonly<Record<number, readonly number[]>>, batch: Buffer): void {
  for (const name of fs.readdirSync(`${path}/t-0`)) if (/^\d{20}/.test(name)) fs.rmSync(`${path}/t-0/${name}`)
  for (const [base, offsets] of Object.entries(segments)) {
    const batches = offsets.map(offset => {
      const bytes = Buffer.from(batch)
      bytes.writeBigInt64BE(BigInt(offset), 0)
      return bytes
    })
    fs.writeFileSync(`${path}/t-0/${segment(Number(base))}`, Buffer.concat(batches))
  }
}

async function ours(): Promise<{ path: string; batch: Buffer }> {
  const { directory, path } = await openTest({})
  const partition = directory.createPartition('t', 0, topicId)
  for (let n = 0; n < 3; n++) append(partition, batchOf('ours'))
  const batch = fs.readFileSync(`${path}/t-0/${segment(0)}`).subarray(0, readBytes(partition, 0).byteLength / 3)
  await directory.close()
  return { path, batch: Buffer.from(batch) }
}

async function found(path: string) {
  const { directory, warnings } = await openTest({ path })
  const partition = directory.partition('t', 0)!
  const offsets = offsetsIn(readBytes(partition, partition.logStartOffset)).map(range => Number(range.split('-')[0]))
  const aside = fs.readdirSync(`${path}/t-0`).filter(name => /\.(damaged|cut)$/.test(name))
  const { logStartOffset, logEndOffset } = partition
  await directory.close()
  return { offsets, logStartOffset, logEndOffset, aside, warnings }
}

const whole = { aside: [], warnings: [] }

describe('nothing is lost, or put away, of what a Kafka that was killed', () => {
  test('appended and compacted', async () => {
    const { path, batch } = await ours()
    kafkaStarts(path, 1)
    written(path, { 0: [0, 1, 2, 4], 7: [7, 9], 12: [12] }, batch)
    expect(await found(path)).toEqual({ offsets: [0, 1, 2, 4, 7, 9, 12], logStartOffset: 0, logEndOffset: 13, ...whole })
  })

  test('appended, after it had deleted old segments', async () => {
    const { path, batch } = await ours()
    kafkaStarts(path, 1)
    written(path, { 5: [5, 6], 7: [7] }, batch)
    expect(await found(path)).toEqual({ offsets: [5, 6, 7], logStartOffset: 5, logEndOffset: 8, ...whole })
  })

  test('wrote after a kill of Gregor, before one or after another start of it', async () => {
    const first = await ours()
    const running = await openTest({ path: first.path })
    append(running.directory.partition('t', 0)!, batchOf('ours'))
    const path = copyFolder(first.path)
    await running.directory.close()
    kafkaStarts(path, 1)
    written(path, { 5: [5, 6], 8: [8] }, first.batch)
    expect((await found(path)).offsets).toEqual([5, 6, 8])
    kafkaStarts(path, 2)
    written(path, { 8: [8], 12: [12, 14] }, first.batch)
    expect(await found(path)).toEqual({ offsets: [8, 12, 14], logStartOffset: 8, logEndOffset: 15, ...whole })
  })
})

test('what Gregor wrote after it is Gregor’s again: a gap in it is damage', async () => {
  const { path, batch } = await ours()
  kafkaStarts(path, 1)
  await found(path)
  fs.rmSync(`${path}/.kafka_cleanshutdown`)
  written(path, { 0: [0, 1, 2, 4] }, batch)
  expect((await found(path)).warnings).not.toEqual([])
})

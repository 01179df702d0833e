import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bytes, concat } from '../base/bytes.js'
import { Errors } from '../protocol/errors.js'
import * as batch from '../protocol/records/batch.js'
import { buildBatch } from '../protocol/records/build.js'
import { recompress } from '../protocol/records/recompress.js'
import type { Partition } from '../storage/partition.js'
import { fakeWorld } from '../testing/fake-world.js'
import { DownConversions } from './down-conversion.js'
import { Session } from './session.js'

const valueBytes = 40_000
const batchCount = 10
/** A batch of gzip, large enough for another thread. */
const batches = Array.from({ length: batchCount }, (_, index) => {
  const plain = buildBatch([{ key: null, value: randomBytes(valueBytes) }], { timestampMs: 1 })
  const bytes = recompress(plain, plain.subarray(batch.batchHeaderSize), batch.Codecs.gzip)
  batch.stampBaseOffset(bytes, 0, index)
  return bytes
})

let folder: string
let fd: number
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gregor-conversion-'))
  writeFileSync(join(folder, 'log'), concat(batches))
  fd = openSync(join(folder, 'log'), 'r')
})
afterAll(() => {
  closeSync(fd)
  rmSync(folder, { recursive: true })
})

/** A partition that gives one batch a read, whatever the limit, and notes who reads. */
function partitionOf(name: string, reads: string[], onRead: () => void = () => {}): Partition {
  const read = (from: number) => {
    reads.push(`${name}${from}`)
    onRead()
    if (from >= batchCount) return { slices: [] }
    const position = batches.slice(0, from).reduce((sum, { byteLength }) => sum + byteLength, 0)
    return { slices: [{ fd, position, byteLength: batches[from]!.byteLength, release: () => {} }] }
  }
  return { read } as unknown as Partition
}

const newSession = () => new Session({} as never, {} as never)
const limits = { bytesMax: 10_000_000, firstMessage: 'none' } as const
const sizeOf = (converted: Bytes | number) => (typeof converted === 'number' ? converted : converted.byteLength)

test('clients take turns, a piece each', async () => {
  const conversions = new DownConversions(fakeWorld())
  const reads: string[] = []
  const both = ['a', 'b'].map(name => conversions.convert(newSession(), partitionOf(name, reads), 0, 3, limits))
  const [first, second] = await Promise.all(both)
  expect(sizeOf(first!)).toBeGreaterThan(batchCount * valueBytes)
  expect(first).toEqual(second)
  expect(reads.slice(0, 6)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
})

test('nothing more is converted for a client that went away, and nothing is held for it', async () => {
  const conversions = new DownConversions(fakeWorld())
  const session = newSession()
  const reads: string[] = []
  const partition = partitionOf('', reads, () => {
    if (reads.length === 3) session.closed()
  })
  await conversions.convert(session, partition, 0, 2, limits)
  expect(reads).toEqual(['0', '1', '2'])
  expect(conversions.heldBytes).toBe(0)
  await conversions.convert(session, partition, 0, 2, limits)
  expect(reads.length).toBe(3)
})

test('what all answers hold is bounded: beyond it each gets one piece, until a client reads or leaves', async () => {
  const totalBytesMax = 8 * valueBytes
  const conversions = new DownConversions(fakeWorld(), totalBytesMax)
  const sessions = Array.from({ length: 6 }, newSession)
  const ask = (session: Session) => conversions.convert(session, partitionOf('', []), 0, 3, limits)
  const sizes = await Promise.all(sessions.map(async session => sizeOf(await ask(session))))
  for (const size of sizes) expect(size).toBeGreaterThan(valueBytes)
  const pieceBytes = valueBytes * 1.1
  expect(conversions.heldBytes).toBeLessThan(totalBytesMax + sessions.length * pieceBytes)
  // More partitions of the same answer find no room.
  expect(sizeOf(await ask(sessions[0]!))).toBe(0)

  for (const session of sessions.slice(1)) session.closed()
  conversions.letGo(sessions[0]!)
  expect(conversions.heldBytes).toBe(0)
  expect(sizeOf(await ask(sessions[0]!))).toBeGreaterThan(5 * valueBytes)
})

test('an error behind the first piece is for the next fetch to find', async () => {
  const conversions = new DownConversions(fakeWorld())
  const sound = partitionOf('', [])
  const failing = {
    read: (from: number) => (from >= 2 ? Errors.KAFKA_STORAGE_ERROR : (sound.read as (from: number) => unknown)(from)),
  } as unknown as Partition
  expect(sizeOf(await conversions.convert(newSession(), failing, 0, 3, limits))).toBeGreaterThan(2 * valueBytes)
  expect(await conversions.convert(newSession(), failing, 2, 3, limits)).toBe(Errors.KAFKA_STORAGE_ERROR)
})

import { describe, expect, it } from 'vitest'
import { encode } from '../../src/protocol/codec.js'
import { Fetch } from '../../src/protocol/messages/fetch.js'
import { stampBaseOffset } from '../../src/protocol/records/batch.js'
import { buildBatch } from '../../src/protocol/records/build.js'
import { Writer } from '../../src/protocol/wire.js'
import { FetchScan } from './fetch-scan.js'

const version = 12

function batchAt(offset: number, records: number): Buffer {
  const batch = buildBatch(Array.from({ length: records }, () => ({ key: null, value: Buffer.alloc(20, 'v') })))
  stampBaseOffset(batch, 0, offset)
  return Buffer.from(batch)
}

function answer(partitions: readonly { readonly records: Buffer; readonly errorCode?: number }[]): Buffer {
  const writer = new Writer()
  writer.int32(0)
  writer.int32(7)
  writer.uint8(0)
  const answered = partitions.map(({ records, errorCode = 0 }, partitionIndex) => ({
    partitionIndex,
    errorCode,
    highWatermark: 100,
    abortedTransactions: null,
    records,
  }))
  encode(Fetch.response, version, writer, { responses: [{ topic: 'a-topic', partitions: answered }] })
  writer.patchInt32(0, writer.position - 4)
  return Buffer.from(writer.written())
}

/** What is heard when the bytes come in pieces of `pieceBytes`. */
function heard(bytes: Buffer, pieceBytes: number): unknown[] {
  const events: unknown[] = []
  const scan = new FetchScan({
    onBatch: (...batch) => events.push(batch),
    onAnswer: () => events.push('answer'),
  })
  for (let at = 0; at < bytes.length; at += pieceBytes) scan.take(bytes, at, Math.min(bytes.length, at + pieceBytes))
  return events
}

describe('the scan of fetch answers', () => {
  const [first, second, third] = [batchAt(5, 3), batchAt(8, 1), batchAt(2, 4)]
  const torn = batchAt(6, 2).subarray(0, 40)
  const cutInHead = batchAt(6, 2).subarray(0, 9)
  const bytes = Buffer.concat([
    answer([
      { records: Buffer.concat([first, second]) },
      { records: Buffer.alloc(0) },
      { records: Buffer.concat([third, torn]) },
      { records: cutInHead },
    ]),
    answer([]),
    answer([{ records: first }]),
  ])

  it('hears the same whatever the pieces are in which the bytes come', () => {
    const all = [
      [0, 5, 3, first.length],
      [0, 8, 1, second.length],
      [2, 2, 4, third.length],
      'answer',
      'answer',
      [0, 5, 3, first.length],
      'answer',
    ]
    for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes++) expect(heard(bytes, pieceBytes)).toEqual(all)
  })

  it('is not silent about an error', () => {
    expect(() => heard(answer([{ records: Buffer.alloc(0), errorCode: 6 }]), 10_000)).toThrow('error 6')
  })
})

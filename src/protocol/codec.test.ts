/**
 * The compiler against bytes that Kafka 4.2's own classes write, and the rules that those bytes do not show. That holds
 * for every message what is shown here for a few is round-trip.test.ts's and conformance.test.ts's business.
 */

import { describe, expect, test, vi } from 'vitest'
import { type Bytes, emptyBytes, fromHex, toHex } from '../base/bytes.js'
import { memorySlice } from '../testing/slices.js'
import { decode, decodeInSlices, encode } from './codec.js'
import { ApiVersions } from './messages/api-versions.js'
import { DescribeTopicPartitions } from './messages/describe-topic-partitions.js'
import { Fetch } from './messages/fetch.js'
import { JoinGroup } from './messages/join-group.js'
import { Metadata } from './messages/metadata.js'
import { array, type Encodable, type Fields, int32, int64, type Message, message, records, string, struct } from './schema.js'
import { MalformedError, Reader, structsAtOnceMax, structsPerRequestMax, takesLong, Writer } from './wire.js'

const topicId = 'AQIDBAUGBwgJCgsMDQ4PEA'

describe('what is encoded are the bytes that Kafka writes', () => {
  test('a flexible request', () => {
    const request = { clientSoftwareName: 'gregor', clientSoftwareVersion: '1.0' }
    expect(hexOf(ApiVersions.request, 3, request)).toBe('07677265676f7204312e3000')
    expect(decode(ApiVersions.request, 3, readerOf('07677265676f7204312e3000'))).toEqual({
      ...request,
      clusterId: null,
      nodeId: -1,
    })
  })

  test('tagged fields go by number, only where they differ from their default, and not at all in old versions', () => {
    const response = {
      errorCode: 0,
      apiKeys: [{ apiKey: 3, minVersion: 0, maxVersion: 13 }],
      throttleTimeMs: 7,
      supportedFeatures: [{ name: 'group.version', minVersion: 0, maxVersion: 1 }],
      finalizedFeaturesEpoch: 5,
    }
    const v3 = '00000200030000000d0000000007020014020e67726f75702e76657273696f6e000000010001080000000000000005'
    expect(hexOf(ApiVersions.response, 3, response)).toBe(v3)
    expect(decode(ApiVersions.response, 3, readerOf(v3))).toEqual({ ...response, finalizedFeatures: [], zkMigrationReady: false })
    expect(hexOf(ApiVersions.response, 0, response)).toBe('00000000000100030000000d')
  })

  test('one value in three versions, with a text beyond ASCII and an id', () => {
    const response: Encodable<typeof Metadata.response.fields> = {
      clusterId: 'c',
      controllerId: 1,
      brokers: [{ nodeId: 1, host: 'h', port: 9092 }],
      topics: [
        {
          errorCode: 0,
          name: 'é',
          topicId,
          partitions: [
            {
              errorCode: 0,
              partitionIndex: 0,
              leaderId: 1,
              leaderEpoch: 4,
              replicaNodes: [1],
              isrNodes: [1],
              offlineReplicas: [],
            },
          ],
        },
      ],
    }
    expect(hexOf(Metadata.response, 0, response)).toBe(
      '0000000100000001000168000023840000000100000002c3a9000000010000000000000000000100000001000000010000000100000001',
    )
    expect(hexOf(Metadata.response, 5, response)).toBe(
      '00000000000000010000000100016800002384ffff000163000000010000000100000002c3a9' +
        '0000000001000000000000000000010000000100000001000000010000000100000000',
    )
    expect(hexOf(Metadata.response, 12, response)).toBe(
      '000000000200000001026800002384000002630000000102000003c3a9' +
        '0102030405060708090a0b0c0d0e0f1000020000000000000000000100000004020000000102000000010100800000000000',
    )
  })

  test('a tagged struct in a request, and a tagged default left out', () => {
    const request = {
      replicaState: { replicaId: 2 },
      maxWaitMs: 500,
      minBytes: 1,
      topics: [{ topicId, partitions: [{ partition: 0, fetchOffset: 2 ** 40, partitionMaxBytes: 1_048_576 }] }],
    }
    expect(hexOf(Fetch.request, 18, request)).toBe(
      '000001f4000000017fffffff0000000000ffffffff020102030405060708090a0b0c0d0e0f100200000000ffffffff0000010000000000' +
        'ffffffffffffffffffffffff001000000000010101010d00000002ffffffffffffffff00',
    )
  })

  test('records, a null array and tags on two levels', () => {
    const bytes =
      '00000000000000000000020102030405060708090a0b0c0d0e0f10020000000000000000000000000009ffffffffffffffffffffffffffffffff' +
      '00ffffffff040102030101090000000100000002000001000d02000000010268000023840000'
    const partition = {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: 9,
      currentLeader: { leaderId: 1, leaderEpoch: 2 },
      abortedTransactions: null,
      records: fromHex('010203'),
    }
    const response = {
      responses: [{ topicId, partitions: [partition] }],
      nodeEndpoints: [{ nodeId: 1, host: 'h', port: 9092 }],
    }
    expect(hexOf(Fetch.response, 16, response)).toBe(bytes)
    const back = decode(Fetch.response, 16, readerOf(bytes))
    expect(back.nodeEndpoints).toEqual([{ nodeId: 1, host: 'h', port: 9092, rack: null }])
    expect(back.responses[0]?.partitions[0]).toMatchObject({ lastStableOffset: -1, currentLeader: { leaderEpoch: 2 } })
    expect(toHex(back.responses[0]?.partitions[0]?.records ?? emptyBytes)).toBe('010203')
  })

  test('a struct that may be null', () => {
    const nextCursor = { topicName: 't', partitionIndex: 3 }
    expect(hexOf(DescribeTopicPartitions.response, 0, { topics: [], nextCursor })).toBe('0000000001010274000000030000')
    expect(hexOf(DescribeTopicPartitions.response, 0, { topics: [] })).toBe('0000000001ff00')
    expect(decode(DescribeTopicPartitions.response, 0, readerOf('0000000001ff00')).nextCursor).toBe(null)
  })

  test('null is written as empty where a version cannot say null', () => {
    const response = { errorCode: 25, protocolName: null, leader: '', memberId: 'm', members: [] }
    expect(hexOf(JoinGroup.response, 5, response)).toBe('000000000019ffffffff0000000000016d00000000')
    expect(hexOf(JoinGroup.response, 7, response)).toBe('000000000019ffffffff000001026d0100')
  })
})

describe('tags', () => {
  const tagged = message({
    name: 'Tagged',
    versions: '0',
    flexible: '0+',
    fields: { a: int32('0+', { tag: 0, tagged: '0+' }), b: string('0+', { tag: 2, tagged: '0+' }) },
  })

  test('unknown tags are passed over', () => {
    // Three tags: 0 with 4 bytes, 1 (unknown) with 2, 2 with "x".
    expect(decode(tagged, 0, readerOf('03 00 04 00000009 01 02 ffff 02 02 0278'))).toEqual({ a: 9, b: 'x' })
  })

  test.each([0, 125, 126, 16_380, 16_381, 30_000])(
    'the size of a tag stands before a text of %i bytes, and nothing is lost',
    length => {
      const value = { a: 9, b: 'x'.repeat(length) }
      const writer = new Writer(8)
      encode(tagged, 0, writer, value)
      const reader = new Reader(writer.finish())
      expect(decode(tagged, 0, reader)).toEqual(value)
      expect(reader.remaining).toBe(0)
    },
  )

  test('a tag that takes fewer or more bytes than it declares is malformed', () => {
    expect(() => decode(tagged, 0, readerOf('01 00 05 00000009 00'))).toThrow(MalformedError)
    expect(() => decode(tagged, 0, readerOf('01 00 03 00000009'))).toThrow(MalformedError)
  })
})

describe('bounds', () => {
  const empties = message({ name: 'Empties', versions: '0', flexible: '0+', fields: { list: array('0+', {}) } })

  test('an array may not claim more elements than its bytes could hold', () => {
    const wide = message({ name: 'Wide', versions: '0', flexible: 'none', fields: { list: array('0+', { a: int64('0+') }) } })
    expect(decode(wide, 0, readerOf('00000001 0000000000000001'))).toEqual({ list: [{ a: 1 }] })
    expect(() => decode(wide, 0, readerOf('00000002 0000000000000001 00000000000000'))).toThrow(MalformedError)
    expect(() => decode(wide, 0, readerOf('7fffffff'))).toThrow(MalformedError)
    expect(() => decode(wide, 0, readerOf('ffffffff'))).toThrow(MalformedError)
  })

  test('a request may not hold more structs than the bound, however small they are', () => {
    const frame = (count: number): Reader => {
      const writer = new Writer()
      writer.unsignedVarint(count + 1)
      for (let i = 0; i <= count; i++) writer.uint8(0)
      return new Reader(writer.finish())
    }
    expect(decode(empties, 0, frame(structsPerRequestMax)).list).toHaveLength(structsPerRequestMax)
    expect(() => decode(empties, 0, frame(structsPerRequestMax + 1))).toThrow(MalformedError)
  })

  test('nor more tags, which cost time, whether one could be known or not', () => {
    const tag = { a: int32('0+', { tag: 0, tagged: '0+' }) }
    const frame = (start: number[]): Reader => {
      const writer = new Writer()
      for (const length of start) writer.unsignedVarint(length)
      for (let i = 0; i <= structsPerRequestMax; i++) {
        writer.unsignedVarint(99)
        writer.uint8(0)
      }
      return new Reader(writer.finish())
    }
    const some = message({ name: 'Some', versions: '0', flexible: '0+', fields: tag })
    const count = structsPerRequestMax + 1
    expect(() => decode(some, 0, frame([count]))).toThrow(`more than ${structsPerRequestMax}`)
    expect(() => decode(empties, 0, frame([1, count]))).toThrow(`more than ${structsPerRequestMax}`)
  })
})

describe('a message of many names is read in slices', () => {
  const names = message({
    name: 'Names',
    versions: '0',
    flexible: '0+',
    fields: { groups: array('0+', { name: string('0+'), topics: array('0+', { topic: string('0+') }) }) },
  })
  const frame = (groups: number, topics: number): Reader => {
    const writer = new Writer()
    const inner = Array.from({ length: topics }, (_, index) => ({ topic: `topic-${index}` }))
    encode(names, 0, writer, {
      groups: Array.from({ length: groups }, (_, index) => ({ name: `group-${index}`, topics: inner })),
    })
    return new Reader(writer.finish())
  }

  test.each([
    ['many in one array', 10_000, 0],
    ['many in an inner array', 1, 10_000],
    ['many in many', 200, 50],
  ])('no step reads more than some hundreds: %s', (_what, groups, topics) => {
    const reader = frame(groups, topics)
    const text = vi.spyOn(reader, 'compactString')
    const slices = decodeInSlices(names, 0, reader)
    const perStep: number[] = []
    for (let seen = 0; slices.next().done !== true; seen = text.mock.calls.length) perStep.push(text.mock.calls.length - seen)
    expect(text.mock.calls.length).toBe(groups * (1 + topics))
    expect(Math.max(...perStep)).toBeLessThan(200)
  })

  test('what takes long is not begun where its time is bound, and is read with the same reader where it is not', () => {
    const reader = frame(structsAtOnceMax + 1, 0)
    const text = vi.spyOn(reader, 'compactString')
    reader.boundTime()
    expect(() => decode(names, 0, reader)).toThrow(takesLong)
    expect(text).not.toHaveBeenCalled()
    const short = frame(structsAtOnceMax, 0)
    short.boundTime()
    expect(decode(names, 0, short).groups).toHaveLength(structsAtOnceMax)
  })
})

test('records that lie elsewhere are counted in their length and remembered by their place', () => {
  const batch = message({
    name: 'Batch',
    versions: '0-1',
    flexible: '1+',
    fields: { id: int32('0+'), records: records('0+'), end: int32('0+') },
  })
  const [first, second] = [memorySlice(Buffer.alloc(200)), memorySlice(Buffer.alloc(100))]
  const value = { id: 1, records: [first, second], end: 2 }
  const writer = new Writer()
  encode(batch, 0, writer, value)
  expect(toHex(writer.finish())).toBe('00000001 0000012c 00000002'.replaceAll(' ', ''))
  expect(writer.inserts).toEqual([
    { position: 8, source: first },
    { position: 8, source: second },
  ])
  writer.reset()
  expect(writer.inserts).toBe(null)
  encode(batch, 1, writer, value)
  expect(toHex(writer.finish())).toBe('00000001 ad02 00000002 00'.replaceAll(' ', ''))
})

test('a field the version lacks decodes to its default, nested structs to their members', () => {
  const grown = message({
    name: 'Grown',
    versions: '0-1',
    flexible: 'none',
    fields: { a: int32('0+'), b: struct('1+', { c: int64('1+', { default: -1 }), d: string('1+') }) },
  })
  expect(decode(grown, 0, readerOf('00000001'))).toEqual({ a: 1, b: { c: -1, d: '' } })
})

test('a message is not compiled for a version that it does not have', () => {
  expect(() => decode(Metadata.request, 14, readerOf(''))).toThrow('version 14')
})

function hexOf<F extends Fields>(message: Message<F>, version: number, value: Encodable<F>): string {
  const writer = new Writer()
  encode(message, version, writer, value)
  return toHex(writer.finish())
}

function readerOf(hex: string): Reader {
  const bytes: Bytes = fromHex(hex.replaceAll(' ', ''))
  return new Reader(bytes)
}

test('a fault in compiled code names its message and version', () => {
  const fault = (): unknown => {
    try {
      return encode(Metadata.request, 9, new Writer(), null as never)
    } catch (error) {
      return (error as Error).stack
    }
  }
  expect(fault()).toContain('gregor/codec/MetadataRequest.v9.js')
})

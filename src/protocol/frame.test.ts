import { expect, test } from 'vitest'
import { concat } from '../base/bytes.js'
import { memorySlice } from '../testing/slices.js'
import { decode } from './codec.js'
import { encodeLongResponse, encodeResponse } from './frame.js'
import { DescribeTransactions } from './messages/describe-transactions.js'
import { Fetch } from './messages/fetch.js'
import { Metadata } from './messages/metadata.js'
import { Reader, Writer } from './wire.js'

const to = { apiKey: Fetch.key, version: 12, correlationId: 1, message: Fetch.response }

/** The second of three topics cannot be encoded. */
function spoiled(released: string[]) {
  const topic = (name: string) => {
    const records = [memorySlice(new Uint8Array(10), () => void released.push(name))]
    const partition = {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: 1,
      lastStableOffset: 1,
      abortedTransactions: null,
      records,
    }
    return { topic: name, partitions: [partition] }
  }
  const responses = [topic('before'), { ...topic('spoiled'), topic: Symbol('none') as never }, topic('behind')]
  return { sessionId: 0, responses }
}

test('an answer that cannot be encoded lets go of its slices, those behind the fault too', () => {
  const released: string[] = []
  expect(() => encodeResponse(new Writer(), to, spoiled(released))).toThrow(TypeError)
  expect(released).toEqual(['before', 'spoiled', 'behind'])
})

test('so does a long one', async () => {
  const released: string[] = []
  await expect(encodeLongResponse(to, spoiled(released), () => null)).rejects.toThrow(TypeError)
  expect(released).toEqual(['before', 'spoiled', 'behind'])
})

test('a long answer comes in pieces, so that its memory is never copied to make it larger', async () => {
  const described = { apiKey: Metadata.key, version: 9, correlationId: 1, message: Metadata.response }
  const topics = Array.from({ length: 20_000 }, (_, index) => ({
    ...{ errorCode: 0, name: `topic-${index}`, isInternal: false, partitions: [], topicAuthorizedOperations: 0 },
  }))
  const answer = { brokers: [], clusterId: 'c', controllerId: 1, topics, clusterAuthorizedOperations: 0 }
  const { pieces, bytes, byteLength } = await encodeLongResponse(described, answer as never, () => null)
  expect(Math.max(...pieces!.map(piece => piece.byteLength))).toBeLessThan(300_000)
  const whole = concat([...pieces!, bytes])
  expect(whole.byteLength).toBe(byteLength)
  const reader = new Reader(whole)
  expect([reader.int32(), reader.int32(), reader.int8()]).toEqual([byteLength - 4, 1, 0])
  expect(decode(Metadata.response, 9, reader).topics.map(({ name }) => name)).toEqual(topics.map(({ name }) => name))
})

test('an answer without slices that cannot be encoded is not gone through again', async () => {
  const described = { apiKey: DescribeTransactions.key, version: 0, correlationId: 1, message: DescribeTransactions.response }
  let looks = 0
  const state = {
    errorCode: 0,
    get transactionalId(): string {
      looks++
      return Symbol('none') as never
    },
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  }
  const answer = { transactionStates: Array.from({ length: 10 }, () => state) }
  expect(() => encodeResponse(new Writer(), described, answer as never)).toThrow(TypeError)
  await expect(encodeLongResponse(described, answer as never, () => null)).rejects.toThrow(TypeError)
  expect(looks).toBe(2)
})

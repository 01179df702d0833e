import { expect, test } from 'vitest'
import { memorySlice } from '../testing/slices.js'
import { encodeLongResponse, encodeResponse } from './frame.js'
import { DescribeTransactions } from './messages/describe-transactions.js'
import { Fetch } from './messages/fetch.js'
import { Writer } from './wire.js'

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

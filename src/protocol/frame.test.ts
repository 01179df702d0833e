import { expect, test } from 'vitest'
import { memorySlice } from '../testing/slices.js'
import { encodeLongResponse, encodeResponse } from './frame.js'
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

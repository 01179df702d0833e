/** Requests that take long to read: others are served meanwhile, and the connection's own requests keep their order. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realWorld } from '../base/world.js'
import { Errors } from '../protocol/errors.js'
import { FindCoordinator } from '../protocol/messages/find-coordinator.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { Produce } from '../protocol/messages/produce.js'
import { structsAtOnceMax } from '../protocol/wire.js'
import { batchOf, requestBytes, type TestBroker, testBroker } from './test-client.test-support.js'

let broker: TestBroker
beforeAll(async () => {
  // A clock by which everything takes longer than a slice.
  let nowMs = 0
  broker = await testBroker({ world: { ...realWorld, host: { ...realWorld.host, monotonicMs: () => (nowMs += 10) } } })
})
afterAll(() => broker.stop())

const partitions = structsAtOnceMax + 100

/** Batches in a frame that fits the buffer that all connections read into, and in one that does not. */
const valueBytes = { 'shared memory': 1, 'memory of its own': 1000 }

test.each(Object.entries(valueBytes))(
  'a produce of many partitions: all of it is stored as it came (%s)',
  async (topic, size) => {
    const [client, other] = [await broker.connect(), await broker.connect()]
    const name = topic.replaceAll(' ', '-')
    await client.createTopic(name, partitions)
    const answered: string[] = []
    const partitionData = Array.from({ length: partitions }, (_, index) => ({
      index,
      records: batchOf([`${index}`.padEnd(size, '.')]),
    }))
    const request = { acks: -1, timeoutMs: 1000, topicData: [{ name, partitionData }] }
    const first = client.call(Produce, 9, request).finally(() => answered.push('long'))
    const second = client.produce(name, batchOf(['behind'])).finally(() => answered.push('behind it'))
    const small = other.topicNames().finally(() => answered.push('other'))
    const [{ responses }, behind] = await Promise.all([first, second, small])
    expect(answered).toEqual(['other', 'long', 'behind it'])
    expect(responses[0]!.partitionResponses.map(({ errorCode }) => errorCode)).toEqual(Array(partitions).fill(Errors.NONE))
    expect(behind.baseOffset).toBe(1)
    const last = partitions - 1
    const { records } = await client.fetch(name, 0, { partition: last })
    expect(Buffer.from(records as Uint8Array).includes(`${last}`.padEnd(size, '.'))).toBe(true)
  },
)

test('a request of many names that is cut off closes its connection, as a short one does', async () => {
  const client = await broker.connect()
  const topics = Array.from({ length: partitions }, (_, index) => ({ name: `name-${index}` }))
  const whole = requestBytes(Metadata, 9, 1, 'c', { topics })
  const cut = Buffer.from(whole.subarray(0, whole.byteLength - 4))
  cut.writeInt32BE(cut.byteLength - 4, 0)
  client.write(cut)
  await client.closed()
})

test('every name is answered', async () => {
  const client = await broker.connect()
  const coordinatorKeys = Array.from({ length: 5000 }, (_, index) => `group-${index}`)
  const { coordinators } = await client.call(FindCoordinator, 4, { keyType: 0, coordinatorKeys })
  expect(coordinators.map(({ key }) => key)).toEqual(coordinatorKeys)
})

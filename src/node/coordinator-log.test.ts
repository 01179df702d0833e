/** What a broker makes of __consumer_offsets as a Kafka with transactions wrote it. */
import { expect, test } from 'vitest'
import { silentLog } from '../base/log.js'
import { realWorld } from '../base/world.js'
import { type TestBroker, temporaryDirectory, testBroker } from '../broker/test-client.test-support.js'
import { encodeRecord } from '../coordinator/group/records.js'
import type { LogEntry, LogPort } from '../coordinator/log-port.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { coordinatorLog } from './coordinator-log.js'
import { offsetsTopic } from './internal-topics.js'

const logOf = ({ running: { services } }: TestBroker): LogPort =>
  coordinatorLog(offsetsTopic, services.topics, realWorld, silentLog)

const commit = (partition: number, offset: number) =>
  encodeRecord({
    type: 'offset',
    groupId: 'g',
    topic: 't',
    partition,
    value: { offset, leaderEpoch: -1, metadata: '', commitTimestampMs: 0, expireTimestampMs: -1 },
  })
const producer = (producerId: number) => ({ producerId, producerEpoch: 3 })
const writer = (producerId: number) => ({ ...producer(producerId), guard: 'unverified' as const })
const marker = (producerId: number, isCommit: boolean) => ({ producer: producer(producerId), isCommit, coordinatorEpoch: 5 })

test('offsets of a transaction are the group’s when it was committed, unless others came later', async () => {
  using directory = temporaryDirectory()
  const options = { directory: directory.path, config: { 'offsets.topic.num.partitions': '1' } }
  const before = await testBroker(options)
  const log = logOf(before)
  log.append(0, [commit(0, 1), commit(1, 1), commit(2, 1), commit(3, 1)], null)
  log.append(0, [commit(0, 2), commit(3, 2)], writer(10))
  log.append(0, [commit(1, 2)], writer(11))
  log.append(0, [commit(2, 2)], writer(12))
  log.append(0, [commit(3, 3)], null)
  log.appendMarker(0, marker(10, true), 0)
  log.appendMarker(0, marker(11, false), 0)
  await before.stop()

  await using after = await testBroker(options)
  const client = await after.connect()
  const { topics } = await client.call(OffsetFetch, 7, { groupId: 'g', topics: null })
  const committed = topics[0]!.partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset])
  expect(committed.sort()).toEqual([
    [0, 2],
    [1, 1],
    [2, 1],
    [3, 3],
  ])
})

test('a transaction’s records and its end are replayed as they were written', async () => {
  await using broker = await testBroker({ config: { 'offsets.topic.num.partitions': '1' } })
  const log = logOf(broker)
  log.append(0, [commit(0, 1)], null)
  log.append(0, [commit(0, 2)], writer(10))
  for (const isCommit of [true, false]) log.appendMarker(0, marker(10, isCommit), 0)
  const seen = (entry: LogEntry) => {
    if (entry.kind === 'later') throw new Error('this engine answers at once')
    return entry.kind === 'marker' ? entry.marker : entry.producer
  }
  expect(Array.from(log.replay(0), seen)).toEqual([null, producer(10), marker(10, true), marker(10, false)])
})

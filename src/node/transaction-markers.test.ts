import { expect, test } from 'vitest'
import { silentLog } from '../base/log.js'
import { type ErrorCode, Errors, refuse } from '../protocol/errors.js'
import type { Marker } from '../protocol/records/marker.js'
import { fakeWorld } from '../testing/fake-world.js'
import type { Topics } from './topics.js'
import { TransactionMarkers } from './transaction-markers.js'

const settled = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns++) await new Promise(resolve => setImmediate(resolve))
}
const markerOf = (producerEpoch = 0, isCommit = true): Marker => ({
  producer: { producerId: 7, producerEpoch },
  isCommit,
  coordinatorEpoch: 0,
})
const on = (...places: string[]) =>
  places.map(place => ({
    topic: place.slice(0, place.lastIndexOf('-')),
    partition: Number(place.slice(place.lastIndexOf('-') + 1)),
  }))

/** Partitions that take a marker or refuse it with the code that is set for them. */
function scene() {
  const world = fakeWorld()
  const refusals = new Map<string, ErrorCode>()
  const written: string[] = []
  /** Markers are durable when this is called. */
  const syncs: (() => void)[] = []
  let isHeld = false
  let msPerMarker = 0
  const appended = (place: string, { producer: { producerEpoch }, isCommit }: Marker, version: number) => {
    world.advance(msPerMarker)
    written.push(`${place} ${isCommit ? 'commit' : 'abort'} ${producerEpoch} v${version}`)
    return { durable: isHeld ? new Promise<void>(resolve => syncs.push(resolve)) : null }
  }
  const topics = {
    partition: (topic: string, index: number) => {
      const place = `${topic}-${index}`
      if (refusals.get(place) === Errors.UNKNOWN_TOPIC_OR_PARTITION) return undefined
      return {
        appendMarker(marker: Marker, version: number) {
          const errorCode = refusals.get(place)
          return errorCode === undefined ? appended(place, marker, version) : refuse(errorCode, '')
        },
      }
    },
  } as unknown as Topics
  const groups = {
    async writeMarker(index: number, marker: Marker, version: number) {
      const errorCode = refusals.get(`__consumer_offsets-${index}`)
      if (errorCode === undefined) appended(`groups-${index}`, marker, version)
      return errorCode ?? Errors.NONE
    },
  }
  const markers = new TransactionMarkers({ topics, groups, clock: world.host, log: silentLog })
  const hold = (): void => {
    isHeld = true
  }
  const takes = (ms: number): void => {
    msPerMarker = ms
  }
  return { world, refusals, written, syncs, markers, hold, takes }
}

/** What has become of a promise by now. */
function outcomeOf(promise: Promise<boolean>): { readonly value: boolean | null } {
  const outcome: { value: boolean | null } = { value: null }
  void promise.then(value => {
    outcome.value = value
  })
  return outcome
}

test('a marker goes to every partition, and to __consumer_offsets through the groups', async () => {
  const { markers, written } = scene()
  const sent = markers.send({ partitions: on('t-0', 't-1', '__consumer_offsets-3'), marker: markerOf(), transactionVersion: 2 })
  expect(await sent).toBe(true)
  expect(written.sort()).toEqual(['groups-3 commit 0 v2', 't-0 commit 0 v2', 't-1 commit 0 v2'])
})

test('it is there when every one of them is durable', async () => {
  const { markers, syncs, hold } = scene()
  hold()
  const sent = outcomeOf(markers.send({ partitions: on('t-0', 't-1'), marker: markerOf(), transactionVersion: 0 }))
  await settled()
  syncs[0]?.()
  await settled()
  expect(sent.value).toBeNull()
  syncs[1]?.()
  await settled()
  expect(sent.value).toBe(true)
})

test('what a partition did not take is offered again, to that partition alone', async () => {
  const { markers, refusals, written, world } = scene()
  refusals.set('t-1', Errors.KAFKA_STORAGE_ERROR)
  refusals.set('__consumer_offsets-0', Errors.COORDINATOR_NOT_AVAILABLE)
  const partitions = on('t-0', 't-1', '__consumer_offsets-0')
  const sent = outcomeOf(markers.send({ partitions, marker: markerOf(), transactionVersion: 0 }))
  await settled()
  expect([sent.value, written]).toEqual([null, ['t-0 commit 0 v0']])
  refusals.clear()
  world.advance(100)
  await settled()
  expect(sent.value).toBe(true)
  expect(written).toEqual(['t-0 commit 0 v0', 't-1 commit 0 v0', 'groups-0 commit 0 v0'])
})

test('nobody waits for a deleted topic, nor for a partition that knows of a later end', async () => {
  const { markers, refusals } = scene()
  refusals.set('gone-0', Errors.UNKNOWN_TOPIC_OR_PARTITION)
  refusals.set('t-1', Errors.INVALID_PRODUCER_EPOCH)
  refusals.set('t-2', Errors.TRANSACTION_COORDINATOR_FENCED)
  expect(await markers.send({ partitions: on('gone-0', 't-1', 't-2'), marker: markerOf(), transactionVersion: 2 })).toBe(true)
})

test('sent twice, as after a shard was read again: the second begins when the first has ended, lest one be late', async () => {
  const { markers, written, syncs, hold } = scene()
  hold()
  const first = outcomeOf(markers.send({ partitions: on('t-0'), marker: markerOf(1), transactionVersion: 0 }))
  const second = outcomeOf(markers.send({ partitions: on('t-0'), marker: markerOf(2), transactionVersion: 0 }))
  await settled()
  expect(written).toEqual(['t-0 commit 1 v0'])
  syncs[0]?.()
  await settled()
  expect([first.value, second.value, written]).toEqual([true, null, ['t-0 commit 1 v0', 't-0 commit 2 v0']])
  syncs[1]?.()
  await settled()
  expect(second.value).toBe(true)
})

test('a broker that stops waits for no partition', async () => {
  const { markers, refusals, world } = scene()
  refusals.set('t-0', Errors.KAFKA_STORAGE_ERROR)
  const sent = outcomeOf(markers.send({ partitions: on('t-0'), marker: markerOf(), transactionVersion: 0 }))
  await settled()
  markers.stop()
  world.advance(100)
  await settled()
  expect(sent.value).toBe(false)
})

test('many partitions are written in slices of a millisecond, so that others are served in between', async () => {
  const { markers, written, takes } = scene()
  takes(1)
  const partitions = Array.from({ length: 7 }, (_, partition) => ({ topic: 't', partition }))
  const sent = markers.send({ partitions, marker: markerOf(), transactionVersion: 0 })
  const seen: number[] = []
  while (written.length < 7) {
    await new Promise(resolve => setImmediate(resolve))
    if (seen.at(-1) !== written.length) seen.push(written.length)
  }
  expect(await sent).toBe(true)
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7])
})

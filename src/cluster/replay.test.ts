import { describe, expect, test } from 'vitest'
import { encodeMetadataRecord, type MetadataRecordInput } from '../protocol/state/metadata.js'
import { MutableImage, topicResource } from './image.js'
import { ImageReplay } from './replay.js'

const topicId = 'AbCdEfGhIjKlMnOpQrStUw'
const topic = (name: string, id = topicId): MetadataRecordInput => ({ kind: 'topic', name, topicId: id })
const partition = (partitionId: number, leader = 1): MetadataRecordInput => ({
  ...{ kind: 'partition', partitionId, topicId, replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [] },
  ...{ leader, leaderEpoch: 4, partitionEpoch: 0, directories: [] },
})

function replayed(...records: MetadataRecordInput[]): ImageReplay {
  const replay = new ImageReplay(new MutableImage())
  for (const record of records) replay.see(encodeMetadataRecord(record))
  return replay
}

describe('a change of a partition', () => {
  const change = (fields: object): MetadataRecordInput => ({ kind: 'partitionChange', partitionId: 0, topicId, ...fields })
  const changed = (fields: object) => replayed(topic('t'), partition(0), change(fields)).image.topics.get('t')?.partitions[0]

  test('keeps what it does not name', () => {
    expect(changed({})).toEqual({ index: 0, leader: 1, leaderEpoch: 4, replicas: [1], isr: [1], directory: null })
  })
  test('with a leader is an election, even of the same one', () => {
    expect(changed({ leader: 1 })).toMatchObject({ leader: 1, leaderEpoch: 5 })
    expect(changed({ leader: -1, isr: [] })).toMatchObject({ leader: -1, leaderEpoch: 5, isr: [] })
  })
  test('with another directory is no election', () => {
    expect(changed({ directories: ['dddddddddddddddddddddA'] })).toMatchObject({
      leaderEpoch: 4,
      directory: 'dddddddddddddddddddddA',
    })
  })
  test('of an unknown partition changes nothing', () => {
    expect(replayed(topic('t'), change({ leader: 2 })).image.topics.get('t')?.partitions).toEqual([])
  })
})

describe('a transaction', () => {
  const begin: MetadataRecordInput = { kind: 'beginTransaction' }
  const names = (replay: ImageReplay) => [...replay.image.topics.keys()]

  test('counts when it has ended', () => {
    expect(names(replayed(begin, topic('a'), { kind: 'endTransaction' }))).toEqual(['a'])
  })
  test('counts for nothing when it was aborted, or when the log ends before it', () => {
    expect(names(replayed(begin, topic('a'), { kind: 'abortTransaction' }, topic('b')))).toEqual(['b'])
    expect(names(replayed(begin, topic('a')))).toEqual([])
  })
})

describe('a config that comes before its topic, as Kafka 3.3 writes it', () => {
  const config = (value: string | null): MetadataRecordInput => ({
    kind: 'config',
    resourceType: topicResource,
    resourceName: 't',
    name: 'cleanup.policy',
    value,
  })
  const configsOf = (replay: ImageReplay) => [...replay.image.configsOf(topicResource, 't')]

  test("is the topic's", () => {
    expect(configsOf(replayed(config('compact'), topic('t')))).toEqual([['cleanup.policy', 'compact']])
    expect(configsOf(replayed(config('compact'), config(null), topic('t')))).toEqual([])
  })
  test('is not that of the next topic of this name', () => {
    const removed: MetadataRecordInput = { kind: 'removeTopic', topicId }
    expect(configsOf(replayed(config('compact'), topic('t'), removed, topic('t')))).toEqual([])
  })
})

test('ids of removed topics are remembered, and kinds that mean nothing here', () => {
  const replay = replayed(topic('t'), { kind: 'removeTopic', topicId })
  // One of a later Kafka (99) and a broker's registration (0), of which only the first would be missed.
  replay.see(Uint8Array.of(1, 99, 0))
  replay.see(Uint8Array.of(1, 0, 0))
  expect([...replay.removedTopicIds]).toEqual([topicId])
  expect([...replay.unknownKinds]).toEqual([99])
})

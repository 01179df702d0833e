import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Errors, isRefusal, type Refusal } from '../protocol/errors.js'
import { decodeMetadataRecord, encodeMetadataRecord, type MetadataRecordInput } from '../protocol/state/metadata.js'
import {
  allocateProducerIds,
  alterConfigs,
  type ClusterSettings,
  type CreateTopicCommand,
  createPartitions,
  createTopic,
  type Decided,
  removeTopic,
} from './controller.js'
import { brokerResource, groupResource, MutableImage, topicResource } from './image.js'

const settings: ClusterSettings = {
  nodeId: 1,
  directoryId: 'dddddddddddddddddddddA',
  partitionCountDefault: 4,
  replicationFactorDefault: 1,
}
let topicCount = 0
/** 22 characters of base64url, the last of which carries four bits only. */
const newId = (): string => `t${String(++topicCount).padStart(20, '0')}A`

const creation = (name: string, rest: Partial<CreateTopicCommand> = {}): CreateTopicCommand => ({
  name,
  topicId: newId(),
  partitionCount: -1,
  replicationFactor: -1,
  assignments: [],
  configs: new Map(),
  ...rest,
})

function applied<R>(image: MutableImage, decided: Decided<R> | Refusal): R {
  if (isRefusal(decided)) throw new Error(decided.message)
  for (const record of decided.records) image.apply(onDisk(record))
  return decided.result
}

/** As it comes back from the log. */
function onDisk(record: MetadataRecordInput) {
  const decoded = decodeMetadataRecord(encodeMetadataRecord(record))
  if (typeof decoded !== 'object') throw new Error('a record that cannot be read')
  return decoded
}

function imageWith(...names: string[]): MutableImage {
  const image = new MutableImage()
  for (const name of names) applied(image, createTopic(image, settings, creation(name)))
  return image
}

const codeOf = (outcome: Decided<unknown> | Refusal): number => (isRefusal(outcome) ? outcome.errorCode : 0)

test('a topic is created as its result says', () => {
  const image = new MutableImage()
  const configs = new Map([['retention.ms', '5']])
  const result = applied(image, createTopic(image, settings, creation('a', { partitionCount: 2, configs })))
  expect(image.topics.get('a')).toEqual(result)
  expect(image.topicsById.get(result.topicId)).toEqual(result)
  const led = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1], directory: settings.directoryId }
  expect(result.partitions).toEqual([0, 1].map(index => ({ index, ...led })))
  expect(image.configsOf(topicResource, result.name)).toEqual(configs)
})

test('-1 takes the defaults', () => {
  const image = new MutableImage()
  expect(applied(image, createTopic(image, settings, creation('a'))).partitions).toHaveLength(4)
  const three = { ...settings, replicationFactorDefault: 3 }
  expect(codeOf(createTopic(image, three, creation('b')))).toBe(Errors.INVALID_REPLICATION_FACTOR)
})

const assigned = (...replicas: (readonly [number, ...number[]])[]) =>
  replicas.map(([partitionIndex, ...brokerIds]) => ({ partitionIndex, brokerIds }))

test.each<[string, string, Partial<CreateTopicCommand>, number]>([
  ['an empty name', '', {}, Errors.INVALID_TOPIC_EXCEPTION],
  ['the name .', '.', {}, Errors.INVALID_TOPIC_EXCEPTION],
  ['the name ..', '..', {}, Errors.INVALID_TOPIC_EXCEPTION],
  ['a name of 250 characters', 'x'.repeat(250), {}, Errors.INVALID_TOPIC_EXCEPTION],
  ['a name with a slash', 'a/b', {}, Errors.INVALID_TOPIC_EXCEPTION],
  ['a name with a letter beyond ASCII', 'ä', {}, Errors.INVALID_TOPIC_EXCEPTION],
  ['the name of KRaft’s log', '__cluster_metadata', {}, Errors.INVALID_REQUEST],
  ['a name that exists', 'there', {}, Errors.TOPIC_ALREADY_EXISTS],
  ['a name that differs in . and _ only', 'with_dot', {}, Errors.INVALID_TOPIC_EXCEPTION],
  ['no partitions', 'a', { partitionCount: 0 }, Errors.INVALID_PARTITIONS],
  ['less than no partitions', 'a', { partitionCount: -2 }, Errors.INVALID_PARTITIONS],
  ['too many partitions', 'a', { partitionCount: 100_001 }, Errors.INVALID_PARTITIONS],
  ['no replicas', 'a', { replicationFactor: 0 }, Errors.INVALID_REPLICATION_FACTOR],
  ['less than no replicas', 'a', { replicationFactor: -2 }, Errors.INVALID_REPLICATION_FACTOR],
  ['two replicas', 'a', { replicationFactor: 2 }, Errors.INVALID_REPLICATION_FACTOR],
  ['assignments and a count', 'a', { assignments: assigned([0, 1]), partitionCount: 1 }, Errors.INVALID_REQUEST],
  ['assignments and a factor', 'a', { assignments: assigned([0, 1]), replicationFactor: 1 }, Errors.INVALID_REQUEST],
  ['assignments with a gap', 'a', { assignments: assigned([0, 1], [2, 1]) }, Errors.INVALID_REPLICA_ASSIGNMENT],
  ['assignments that begin at 1', 'a', { assignments: assigned([1, 1]) }, Errors.INVALID_REPLICA_ASSIGNMENT],
  ['a partition assigned twice', 'a', { assignments: assigned([0, 1], [0, 1]) }, Errors.INVALID_REPLICA_ASSIGNMENT],
  ['a partition without replicas', 'a', { assignments: assigned([0]) }, Errors.INVALID_REPLICA_ASSIGNMENT],
  ['a broker that is not there', 'a', { assignments: assigned([0, 2]) }, Errors.INVALID_REPLICA_ASSIGNMENT],
  ['a broker twice', 'a', { assignments: assigned([0, 1, 1]) }, Errors.INVALID_REPLICA_ASSIGNMENT],
])('creation is refused: %s', (_what, name, rest, errorCode) => {
  const image = imageWith('there', 'with.dot')
  expect(codeOf(createTopic(image, settings, creation(name, rest)))).toBe(errorCode)
})

test('assignments say how many partitions there are', () => {
  const image = new MutableImage()
  const topic = applied(image, createTopic(image, settings, creation('a', { assignments: assigned([1, 1], [0, 1]) })))
  expect(topic.partitions.map(({ index }) => index)).toEqual([0, 1])
})

test('names without . and _ never collide', () => {
  const image = imageWith('a', 'b-c', 'a_b')
  expect(codeOf(createTopic(image, settings, creation('a-b')))).toBe(0)
  expect(codeOf(createTopic(image, settings, creation('a.b')))).toBe(Errors.INVALID_TOPIC_EXCEPTION)
})

test('a removed topic frees its name; the next one of this name has none of its configs', () => {
  const image = new MutableImage()
  const old = applied(image, createTopic(image, settings, creation('a', { configs: new Map([['retention.ms', '5']]) })))
  applied(image, removeTopic(image, 'a'))
  expect(image.topics.size).toBe(0)
  expect(image.topicsById.size).toBe(0)
  expect(codeOf(removeTopic(image, 'a'))).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  const next = applied(image, createTopic(image, settings, creation('a')))
  expect(next.topicId).not.toBe(old.topicId)
  expect(image.configsOf(topicResource, 'a').size).toBe(0)
})

test('partitions are added behind the old ones', () => {
  const image = imageWith('a')
  const { firstNew } = applied(image, createPartitions(image, settings, { name: 'a', count: 6, assignments: null }))
  expect(firstNew).toBe(4)
  expect(image.topics.get('a')?.partitions.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5])
})

test.each([
  ['a topic that is not there', 'b', 9, null, Errors.UNKNOWN_TOPIC_OR_PARTITION],
  ['as many as there are', 'a', 4, null, Errors.INVALID_PARTITIONS],
  ['fewer than there are', 'a', 3, null, Errors.INVALID_PARTITIONS],
  ['a negative count', 'a', -1, null, Errors.INVALID_PARTITIONS],
  ['too many', 'a', 100_001, null, Errors.INVALID_PARTITIONS],
  ['fewer assignments than new partitions', 'a', 6, [[1]], Errors.INVALID_REPLICA_ASSIGNMENT],
  ['more assignments than new partitions', 'a', 5, [[1], [1]], Errors.INVALID_REPLICA_ASSIGNMENT],
  ['a broker that is not there', 'a', 5, [[7]], Errors.INVALID_REPLICA_ASSIGNMENT],
  ['a partition without replicas', 'a', 5, [[]], Errors.INVALID_REPLICA_ASSIGNMENT],
])('growth is refused: %s', (_what, name, count, replicas, errorCode) => {
  const assignments = replicas?.map(brokerIds => ({ brokerIds })) ?? null
  expect(codeOf(createPartitions(imageWith('a'), settings, { name, count, assignments }))).toBe(errorCode)
})

test('producer ids are never handed out twice', () => {
  const image = new MutableImage()
  expect(applied(image, allocateProducerIds(image, settings, 1000))).toEqual({ first: 0, end: 1000 })
  expect(applied(image, allocateProducerIds(image, settings, 1000))).toEqual({ first: 1000, end: 2000 })
  expect(image.nextProducerId).toBe(2000)
})

test('replay gives the live image, whatever was decided; no decision breaks what holds for every image', () => {
  const name = fc.constantFrom('a', 'b', 'a.b', 'a_b', 'c', '..')
  const command = fc.oneof(
    fc.record({ do: fc.constant('create' as const), name, count: fc.integer({ min: -1, max: 5 }) }),
    fc.record({ do: fc.constant('remove' as const), name, count: fc.constant(0) }),
    fc.record({ do: fc.constant('grow' as const), name, count: fc.integer({ min: 0, max: 8 }) }),
    fc.record({ do: fc.constant('ids' as const), name, count: fc.integer({ min: 1, max: 5 }) }),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), commands => {
      const image = new MutableImage()
      const log: MetadataRecordInput[] = []
      for (const { do: what, name: topic, count } of commands) {
        const configs = new Map([['k', `${count}`]])
        const decided =
          what === 'create'
            ? createTopic(image, settings, creation(topic, { partitionCount: count, configs }))
            : what === 'remove'
              ? removeTopic(image, topic)
              : what === 'grow'
                ? createPartitions(image, settings, { name: topic, count, assignments: null })
                : allocateProducerIds(image, settings, count)
        if (isRefusal(decided)) continue
        log.push(...decided.records)
        for (const record of decided.records) image.apply(onDisk(record))
      }
      const replayed = new MutableImage()
      for (const record of log) replayed.apply(onDisk(record))
      expect(replayed).toEqual(image)
      expect(image.topics.size).toBe(image.topicsById.size)
      for (const topic of image.topics.values()) {
        expect(image.topicsById.get(topic.topicId)).toBe(topic)
        expect(topic.partitions.map(({ index }) => index)).toEqual([...topic.partitions.keys()])
        expect(image.configsOf(topicResource, topic.name).size).toBe(1)
      }
      expect(image.topics.has('a.b') && image.topics.has('a_b')).toBe(false)
    }),
  )
})

test('altered configs are exactly those asked for, in as many records as something changes', () => {
  const image = new MutableImage()
  const configs = new Map(Object.entries({ 'retention.ms': '5', 'flush.ms': '1' }))
  applied(image, createTopic(image, settings, creation('a', { configs })))
  const wanted = new Map(Object.entries({ 'retention.ms': '6', 'segment.ms': '7' }))
  const resource = { type: topicResource, name: 'a' }
  const decided = alterConfigs(image, resource, wanted, [...wanted.keys()])
  applied(image, decided)
  expect(decided).toMatchObject({
    records: [{ name: 'flush.ms', value: null }, { name: 'retention.ms' }, { name: 'segment.ms' }],
  })
  expect(image.configsOf(topicResource, 'a')).toEqual(wanted)
  expect(alterConfigs(image, resource, wanted, [...wanted.keys()])).toMatchObject({ records: [] })
})

test('a broker’s config that is set again is written again: who uses it reads files again', () => {
  const image = new MutableImage()
  const broker = { type: brokerResource, name: '1' }
  const configs = new Map(Object.entries({ 'max.connections': '5', 'log.retention.ms': '6' }))
  applied(image, alterConfigs(image, broker, configs, []))
  expect(alterConfigs(image, broker, configs, ['max.connections']).records).toMatchObject([{ name: 'max.connections' }])
})

test('a resource that sets nothing any more is gone', () => {
  const image = new MutableImage()
  const group = { type: groupResource, name: 'g' }
  applied(image, alterConfigs(image, group, new Map([['share.isolation.level', 'read_committed']]), []))
  expect([...(image.configs.get(groupResource) ?? [])].map(([name]) => name)).toEqual(['g'])
  applied(image, alterConfigs(image, group, new Map(), []))
  expect(image.configs.get(groupResource)?.size).toBe(0)
})

import { expect, test } from 'vitest'
import { Errors, isRefusal } from '../../../protocol/errors.js'
import { MemoryTopics } from '../../../testing/memory-topics.js'
import {
  type ConfiguredTopology,
  configure,
  malformedTopology,
  type Subtopology,
  statusCodes,
  type TopicInfo,
  tasksPerGroupMax,
} from './topology.js'

const info = (name: string, partitions = 0): TopicInfo => ({ name, partitions, replicationFactor: 0, topicConfigs: [] })

function subtopology(subtopologyId: string, rest: Partial<Subtopology>): Subtopology {
  return {
    subtopologyId,
    sourceTopics: [],
    sourceTopicRegex: [],
    stateChangelogTopics: [],
    repartitionSinkTopics: [],
    repartitionSourceTopics: [],
    copartitionGroups: [],
    ...rest,
  }
}

const joined = (sourceTopics: number[], repartitionSourceTopics: number[] = []) => ({
  copartitionGroups: [{ sourceTopics, sourceTopicRegex: [], repartitionSourceTopics }],
})

type Counts = Readonly<Record<string, number>>

function topicsOf(counts: Counts): MemoryTopics['topics'] {
  const topics = new MemoryTopics()
  for (const [name, count] of Object.entries(counts)) topics.set(name, count)
  return topics.topics
}

function configured(counts: Counts, ...subtopologies: Subtopology[]): ConfiguredTopology {
  const result = configure({ epoch: 0, subtopologies }, topicsOf(counts))
  if (isRefusal(result)) throw new Error(result.message)
  return result
}

function refusal(counts: Counts, ...subtopologies: Subtopology[]): unknown {
  const result = configure({ epoch: 0, subtopologies }, topicsOf(counts))
  return isRefusal(result) ? [result.errorCode, result.message] : result
}

test('source topics that are not there are told, three by name', () => {
  expect(configured({}, subtopology('0', { sourceTopics: ['d', 'b', 'a', 'c'] }))).toEqual({
    subtopologies: null,
    status: {
      statusCode: statusCodes.missingSourceTopics,
      statusDetail: 'Source topics a, b, c and 1 additional topics are missing.',
    },
    missingTopics: [],
  })
})

test('a subtopology has as many tasks as its largest source has partitions, and so has its changelog', () => {
  const { subtopologies, missingTopics, status } = configured(
    { a: 2, b: 5 },
    subtopology('0', { sourceTopics: ['a', 'b'], stateChangelogTopics: [info('log')] }),
  )
  expect(subtopologies?.map(({ taskCount, isStateful }) => [taskCount, isStateful])).toEqual([[5, true]])
  expect(missingTopics).toEqual([info('log', 5)])
  expect(status).toEqual({ statusCode: statusCodes.missingInternalTopics, statusDetail: 'Internal topics are missing: log' })
})

test('once its internal topics are there a topology is ready', () => {
  const one = subtopology('0', { sourceTopics: ['a'], stateChangelogTopics: [info('log')] })
  expect(configured({ a: 2, log: 2 }, one).status).toBeNull()
})

test('an internal topic with another number of partitions stands in the way', () => {
  const one = subtopology('0', { sourceTopics: ['a'], stateChangelogTopics: [info('log')] })
  expect(configured({ a: 2, log: 3 }, one).status).toEqual({
    statusCode: statusCodes.incorrectlyPartitionedTopics,
    statusDetail: 'Existing topic log has different number of partitions: expected 2, found 3',
  })
})

test('a repartition topic has the partitions of who writes to it, through any number of subtopologies', () => {
  const { missingTopics } = configured(
    { a: 6 },
    subtopology('2', { repartitionSourceTopics: [info('r2')], stateChangelogTopics: [info('log')] }),
    subtopology('1', { repartitionSourceTopics: [info('r1')], repartitionSinkTopics: ['r2'] }),
    subtopology('0', { sourceTopics: ['a'], repartitionSinkTopics: ['r1'] }),
  )
  expect(new Map(missingTopics.map(({ name, partitions }) => [name, partitions]))).toEqual(
    new Map([
      ['r1', 6],
      ['r2', 6],
      ['log', 6],
    ]),
  )
})

test('a repartition topic with a number of its own keeps it', () => {
  const { missingTopics } = configured(
    { a: 6 },
    subtopology('0', { sourceTopics: ['a'], repartitionSinkTopics: ['r'] }),
    subtopology('1', { repartitionSourceTopics: [info('r', 2)] }),
  )
  expect(missingTopics).toEqual([info('r', 2)])
})

test('loops and repartition topics without a writer are no topology', () => {
  const loop = [
    subtopology('0', { repartitionSourceTopics: [info('r2')], repartitionSinkTopics: ['r1'] }),
    subtopology('1', { repartitionSourceTopics: [info('r1')], repartitionSinkTopics: ['r2'] }),
  ]
  expect(refusal({}, ...loop)).toEqual([
    Errors.STREAMS_INVALID_TOPOLOGY,
    'Failed to compute number of partitions for all repartition topics. There may be loops in the topology that cannot be resolved.',
  ])
  expect(refusal({}, subtopology('0', { repartitionSourceTopics: [info('r')] }))).toEqual([
    Errors.STREAMS_INVALID_TOPOLOGY,
    'Failed to compute number of partitions for all repartition topics, because a repartition source topic is never used as a sink topic.',
  ])
  expect(refusal({}, subtopology('0', { stateChangelogTopics: [info('log')] }))).toEqual([
    Errors.STREAMS_INVALID_TOPOLOGY,
    'No source topics found for subtopology 0',
  ])
})

test('joined source topics need the same partitions', () => {
  const join = subtopology('0', { sourceTopics: ['a', 'b'], ...joined([0, 1]) })
  expect(configured({ a: 2, b: 2 }, join).status).toBeNull()
  expect(configured({ a: 2, b: 3 }, join).status).toEqual({
    statusCode: statusCodes.incorrectlyPartitionedTopics,
    statusDetail: 'Following topics do not have the same number of partitions: [{a=2, b=3}]',
  })
})

test('a repartition topic follows the topic it is joined with', () => {
  const { missingTopics } = configured(
    { a: 6, b: 4 },
    subtopology('0', { sourceTopics: ['a'], repartitionSinkTopics: ['r'] }),
    subtopology('1', { sourceTopics: ['b'], repartitionSourceTopics: [info('r')], ...joined([0], [0]) }),
  )
  expect(missingTopics).toEqual([info('r', 4)])
})

test('a repartition topic with a number of its own cannot follow', () => {
  const { status } = configured(
    { a: 6, b: 4 },
    subtopology('0', { sourceTopics: ['a'], repartitionSinkTopics: ['r'] }),
    subtopology('1', { sourceTopics: ['b'], repartitionSourceTopics: [info('r', 3)], ...joined([0], [0]) }),
  )
  expect(status?.statusDetail).toBe(
    "Number of partitions [3] of repartition topic [r] doesn't match number of partitions [4] of the source topic.",
  )
})

test('joined repartition topics take the largest number, or the one that is declared', () => {
  const writers = [
    subtopology('0', { sourceTopics: ['a'], repartitionSinkTopics: ['r1'] }),
    subtopology('1', { sourceTopics: ['b'], repartitionSinkTopics: ['r2'] }),
  ]
  const join = (first: TopicInfo) => subtopology('2', { repartitionSourceTopics: [first, info('r2')], ...joined([], [0, 1]) })
  const counts = { a: 6, b: 4 }
  expect(configured(counts, ...writers, join(info('r1'))).missingTopics).toEqual([info('r1', 6), info('r2', 6)])
  expect(configured(counts, ...writers, join(info('r1', 3))).missingTopics).toEqual([info('r1', 3), info('r2', 3)])
})

test('a topology of more tasks than a group may have is refused', () => {
  const many = Array.from({ length: 3 }, (_, at) => subtopology(String(at), { sourceTopics: ['a'] }))
  expect(refusal({ a: tasksPerGroupMax / 2 }, ...many)).toEqual([
    Errors.STREAMS_INVALID_TOPOLOGY,
    'The topology has 15000 tasks, more than the 10000 of a group.',
  ])
})

test('a long chain of subtopologies is gone through once', () => {
  const length = 9_000
  const chain = Array.from({ length }, (_, at) =>
    subtopology(String(at), { repartitionSourceTopics: [info(`r${at + 1}`)], repartitionSinkTopics: [`r${at}`] }),
  )
  const head = subtopology('head', { sourceTopics: ['a'], repartitionSinkTopics: [`r${length}`] })
  expect(configured({ a: 1 }, ...chain, head).missingTopics).toHaveLength(length)
})

test('repeated names and places outside their lists are malformed', () => {
  const a = subtopology('0', { sourceTopics: ['a'] })
  const isMalformed = (...subtopologies: Subtopology[]) => malformedTopology({ epoch: 0, subtopologies })
  expect(isMalformed(a)).toBe(false)
  expect(malformedTopology({ epoch: -1, subtopologies: [a] })).toBe(true)
  expect(isMalformed(a, a)).toBe(true)
  expect(isMalformed({ ...a, ...joined([1]) })).toBe(true)
  expect(isMalformed({ ...a, ...joined([-1]) })).toBe(true)
  expect(isMalformed({ ...a, stateChangelogTopics: [info('log'), info('log')] })).toBe(true)
  const twice = {
    ...info('log'),
    topicConfigs: [
      { key: 'k', value: '1' },
      { key: 'k', value: '2' },
    ],
  }
  expect(isMalformed({ ...a, stateChangelogTopics: [twice] })).toBe(true)
})

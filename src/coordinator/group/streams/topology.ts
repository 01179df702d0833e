/**
 * What becomes of a topology among the topics that there are: how many partitions its internal topics have, how many tasks its
 * subtopologies, and what stands in the way of them. Kafka's InternalTopicManager, in its order and words. Pure.
 */
import { Errors, isRefusal, type Refusal, refuse } from '../../../protocol/errors.js'
import type { Decoded } from '../../../protocol/schema.js'
import type { StreamsGroupTopologyValue } from '../../../protocol/state/streams-group.js'
import type { TopicsView } from '../../machine.js'

export type Topology = Readonly<Decoded<(typeof StreamsGroupTopologyValue)['fields']>>
export type Subtopology = Topology['subtopologies'][number]
export type TopicInfo = Subtopology['stateChangelogTopics'][number]

/** Numbers on the wire. */
export const statusCodes = {
  staleTopology: 0,
  missingSourceTopics: 1,
  incorrectlyPartitionedTopics: 2,
  missingInternalTopics: 3,
  shutdownApplication: 4,
  assignmentDelayed: 5,
  missingClientTags: 6,
} as const

export interface Status {
  readonly statusCode: number
  readonly statusDetail: string
}

export interface ConfiguredSubtopology {
  readonly subtopologyId: string
  readonly taskCount: number
  readonly isStateful: boolean
  /** With those that are internal. */
  readonly sourceTopics: readonly string[]
  /** As the client described it, with the partitions that its internal topics have. */
  readonly described: Subtopology
}

export interface ConfiguredTopology {
  /** In the order of their ids; null when not even the number of tasks is known. */
  readonly subtopologies: readonly ConfiguredSubtopology[] | null
  /** Why no task can run; null when all is there. */
  readonly status: Status | null
  /** Internal topics to be made. */
  readonly missingTopics: readonly TopicInfo[]
}

/** Tasks of one group. Kafka has no bound; here an assignment goes through all of them in one step, some 30 ms for so many. */
export const tasksPerGroupMax = 10_000

type Topics = TopicsView['topics']

/** Refuses what no topics could be right for. */
export function configure(topology: Topology, topics: Topics): ConfiguredTopology | Refusal {
  const subtopologies = [...topology.subtopologies].sort((a, b) => (a.subtopologyId < b.subtopologyId ? -1 : 1))
  const missing = new Set(subtopologies.flatMap(({ sourceTopics }) => sourceTopics.filter(topic => !topics.has(topic))))
  if (missing.size > 0) {
    return unready(statusCodes.missingSourceTopics, `Source topics ${summary([...missing].sort())} are missing.`)
  }

  const counts = repartitionCounts(subtopologies, topics)
  if (isRefusal(counts)) return counts
  const problem = copartition(subtopologies, topics, counts)
  if (problem !== null) return isRefusal(problem) ? problem : { subtopologies: null, status: problem, missingTopics: [] }
  const configured: ConfiguredSubtopology[] = []
  let tasks = 0
  for (const subtopology of subtopologies) {
    const one = configureOne(subtopology, topics, counts)
    if (isRefusal(one)) return one
    configured.push(one)
    tasks += one.taskCount
  }
  if (tasks > tasksPerGroupMax) return invalid(`The topology has ${tasks} tasks, more than the ${tasksPerGroupMax} of a group.`)
  return compared(configured, topics)
}

/** Names that the topology reads or keeps its state in: what it is configured from. */
export function requiredTopics({ subtopologies }: Topology): Set<string> {
  const names = new Set<string>()
  for (const { sourceTopics, repartitionSourceTopics, stateChangelogTopics } of subtopologies) {
    for (const name of sourceTopics) names.add(name)
    for (const { name } of repartitionSourceTopics) names.add(name)
    for (const { name } of stateChangelogTopics) names.add(name)
  }
  return names
}

/** What no client of Kafka's sends, and what Kafka answers with a fault of its own. */
export function malformedTopology({ epoch, subtopologies }: Topology): boolean {
  return (
    epoch < 0 ||
    hasRepeats(subtopologies.map(({ subtopologyId }) => subtopologyId)) ||
    subtopologies.some(
      ({ sourceTopics, repartitionSourceTopics, stateChangelogTopics, copartitionGroups }) =>
        copartitionGroups.some(
          group =>
            group.sourceTopics.some(at => sourceTopics[at] === undefined) ||
            group.repartitionSourceTopics.some(at => repartitionSourceTopics[at] === undefined),
        ) ||
        [repartitionSourceTopics, stateChangelogTopics].some(
          list =>
            hasRepeats(list.map(({ name }) => name)) ||
            list.some(({ topicConfigs }) => hasRepeats(topicConfigs.map(({ key }) => key))),
        ),
    )
  )
}

const hasRepeats = (names: readonly string[]): boolean => new Set(names).size < names.length

/** Counts of internal topics, by name. */
type Counts = Map<string, number>

/**
 * A repartition topic has as many partitions as are declared for it, or as the largest source of the subtopology that writes to
 * it. That may be such a topic again, so the known counts spread from one subtopology to the next.
 */
function repartitionCounts(subtopologies: readonly Subtopology[], topics: Topics): Counts | Refusal {
  const counts: Counts = new Map()
  const readers = new Map<string, Subtopology[]>()
  for (const subtopology of subtopologies) {
    for (const { name, partitions } of subtopology.repartitionSourceTopics) {
      if (partitions !== 0) counts.set(name, partitions)
      const known = readers.get(name)
      if (known === undefined) readers.set(name, [subtopology])
      else known.push(subtopology)
    }
  }
  const resolved = new Set<Subtopology>()
  for (let next: Iterable<Subtopology> = subtopologies; ; ) {
    const found = new Set<Subtopology>()
    for (const subtopology of next) {
      if (resolved.has(subtopology)) continue
      const count = largestSource(subtopology, topics, counts)
      if (count === null) continue
      resolved.add(subtopology)
      for (const sink of subtopology.repartitionSinkTopics) {
        if (counts.has(sink)) continue
        counts.set(sink, count)
        for (const reader of readers.get(sink) ?? []) found.add(reader)
      }
    }
    if (found.size === 0) break
    next = found
  }
  const failed = 'Failed to compute number of partitions for all repartition topics'
  if (subtopologies.some(({ repartitionSinkTopics }) => repartitionSinkTopics.some(sink => !counts.has(sink)))) {
    return invalid(`${failed}. There may be loops in the topology that cannot be resolved.`)
  }
  if (subtopologies.some(({ repartitionSourceTopics }) => repartitionSourceTopics.some(({ name }) => !counts.has(name)))) {
    return invalid(`${failed}, because a repartition source topic is never used as a sink topic.`)
  }
  return counts
}

/** Of those that are known so far. */
function largestSource({ sourceTopics, repartitionSourceTopics }: Subtopology, topics: Topics, counts: Counts): number | null {
  const known: number[] = []
  for (const { name } of repartitionSourceTopics) if (counts.has(name)) known.push(counts.get(name) as number)
  for (const name of sourceTopics) known.push(countOf(name, topics, counts) ?? 0)
  return known.length === 0 ? null : largest(known)
}

function largest(counts: Iterable<number>): number {
  let found = 0
  for (const count of counts) found = Math.max(found, count)
  return found
}

/** Of a topic that is there, or of one that will be. */
function countOf(name: string, topics: Topics, counts: Counts): number | undefined {
  return topics.get(name)?.partitions.length ?? counts.get(name)
}

/** Topics that are joined need partitions alike: repartition topics follow the others. Null when they have them. */
function copartition(subtopologies: readonly Subtopology[], topics: Topics, counts: Counts): Status | Refusal | null {
  const fixed = new Set<string>()
  const flexible = new Set<string>()
  for (const { repartitionSourceTopics } of subtopologies) {
    for (const { name, partitions } of repartitionSourceTopics) (partitions === 0 ? flexible : fixed).add(name)
  }
  for (const { copartitionGroups, sourceTopics, repartitionSourceTopics } of subtopologies) {
    for (const group of copartitionGroups) {
      const names = new Set([
        ...group.sourceTopics.map(at => sourceTopics[at] as string),
        ...group.repartitionSourceTopics.map(at => repartitionSourceTopics[at]?.name as string),
      ])
      const repartition = new Map<string, number>()
      const others = new Map<string, number>()
      for (const name of names) {
        const count = countOf(name, topics, counts) ?? 0
        if (fixed.has(name) || flexible.has(name)) repartition.set(name, count)
        else others.set(name, count)
      }
      if (names.size === 0) continue
      const common = commonCount(
        repartition,
        others,
        Array.from(fixed, name => countOf(name, topics, counts) ?? 0),
      )
      if (common === null) return incorrectlyPartitioned(unlike(others.size > 0 ? others : repartition))
      if (common === 0) {
        return invalid(`All topics in the copartition group had undefined partition number: [${[...names].join(', ')}]`)
      }
      for (const [name, count] of repartition) {
        counts.set(name, common)
        if (fixed.has(name) && count !== common) {
          const is = `Number of partitions [${count}] of repartition topic [${name}]`
          return incorrectlyPartitioned(`${is} doesn't match number of partitions [${common}] of the source topic.`)
        }
      }
    }
  }
  return null
}

/** Null when those that cannot follow differ. Kafka compares all declared counts of the topology, not only the group's. */
function commonCount(repartition: Counts, others: Counts, declared: readonly number[]): number | null {
  if (others.size === 0 && declared.length === 0) return largest(repartition.values())
  const counts = new Set(others.size > 0 ? others.values() : declared)
  return counts.size === 1 ? (counts.values().next().value as number) : null
}

function unlike(counts: Counts): string {
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name}=${count}`)
  return `Following topics do not have the same number of partitions: [{${sorted.join(', ')}}]`
}

function configureOne(subtopology: Subtopology, topics: Topics, counts: Counts): ConfiguredSubtopology | Refusal {
  const { subtopologyId, repartitionSourceTopics, stateChangelogTopics } = subtopology
  const sourceTopics = [...new Set([...subtopology.sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)])]
  const taskCount = largest(sourceTopics.map(name => countOf(name, topics, counts) ?? 0))
  if (taskCount === 0) return invalid(`No source topics found for subtopology ${subtopologyId}`)
  return {
    subtopologyId,
    taskCount,
    isStateful: stateChangelogTopics.length > 0,
    sourceTopics,
    described: {
      ...subtopology,
      repartitionSourceTopics: repartitionSourceTopics.map(info => ({
        ...info,
        partitions: info.partitions === 0 ? (counts.get(info.name) ?? 0) : info.partitions,
      })),
      stateChangelogTopics: stateChangelogTopics.map(info => ({ ...info, partitions: taskCount })),
    },
  }
}

/** Internal topics as they should be, with those that are. */
function compared(subtopologies: readonly ConfiguredSubtopology[], topics: Topics): ConfiguredTopology {
  const missing = new Map<string, TopicInfo>()
  for (const { described } of subtopologies) {
    for (const expected of [...described.repartitionSourceTopics, ...described.stateChangelogTopics]) {
      const found = topics.get(expected.name)?.partitions.length
      if (found === undefined) missing.set(expected.name, expected)
      else if (found !== expected.partitions) {
        const what = `Existing topic ${expected.name} has different number of partitions`
        return unready(statusCodes.incorrectlyPartitionedTopics, `${what}: expected ${expected.partitions}, found ${found}`)
      }
    }
  }
  if (missing.size === 0) return { subtopologies, status: null, missingTopics: [] }
  const statusDetail = `Internal topics are missing: ${summary([...missing.keys()].sort())}`
  return {
    subtopologies,
    status: { statusCode: statusCodes.missingInternalTopics, statusDetail },
    missingTopics: [...missing.values()],
  }
}

const namesToldMax = 3

function summary(names: readonly string[]): string {
  const told = names.slice(0, namesToldMax).join(', ')
  return names.length > namesToldMax ? `${told} and ${names.length - namesToldMax} additional topics` : told
}

function incorrectlyPartitioned(statusDetail: string): Status {
  return { statusCode: statusCodes.incorrectlyPartitionedTopics, statusDetail }
}

function unready(statusCode: number, statusDetail: string): ConfiguredTopology {
  return { subtopologies: null, status: { statusCode, statusDetail }, missingTopics: [] }
}

const invalid = (message: string): Refusal => refuse(Errors.STREAMS_INVALID_TOPOLOGY, message)

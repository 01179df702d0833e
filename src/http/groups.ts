/** Groups as the routes read them: state and members as their kind is described, positions by OffsetFetch, lag by the ends. */
import type { Bytes } from '../base/bytes.js'
import { Errors } from '../protocol/errors.js'
import { ConsumerGroupDescribe } from '../protocol/messages/consumer-group-describe.js'
import { DescribeGroups } from '../protocol/messages/describe-groups.js'
import { ListGroups } from '../protocol/messages/list-groups.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { StreamsGroupDescribe } from '../protocol/messages/streams-group-describe.js'
import { MalformedError, Reader } from '../protocol/wire.js'
import type { KafkaClient } from './kafka-client.js'
import { accepted, kafkaFailure } from './kafka-failures.js'
import { type ByPartition, earliest, type Found, findOffsets, latest } from './offsets.js'

export interface ListedGroup {
  readonly groupId: string
  readonly type: string
  readonly protocolType: string
  readonly state: string
}

export async function listGroups(kafka: KafkaClient): Promise<ListedGroup[]> {
  const answer = await kafka.call(ListGroups, {})
  accepted(answer)
  return answer.groups.map(({ groupId, protocolType, groupState, groupType }) => ({
    groupId,
    protocolType,
    state: groupState ?? '',
    type: (groupType ?? '').toLowerCase(),
  }))
}

export interface Member {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly assignment: { topic: string; partitions: number[] }[]
}

export interface Described {
  readonly state: string
  readonly assignor: string
  readonly members: Member[]
}

/** Null for a kind of group that this version does not describe. */
export async function describeGroup(kafka: KafkaClient, { groupId, type }: ListedGroup): Promise<Described | null> {
  switch (type) {
    case 'classic':
      return describeClassic(kafka, groupId)
    case 'consumer':
      return describeConsumer(kafka, groupId)
    case 'streams':
      return describeStreams(kafka, groupId)
  }
  return null
}

/** [KIP-848] */
async function describeConsumer(kafka: KafkaClient, groupId: string): Promise<Described> {
  const { groups } = await kafka.call(ConsumerGroupDescribe, { groupIds: [groupId], includeAuthorizedOperations: false })
  accepted(groups[0])
  const { groupState = '', assignorName = '', members = [] } = groups[0]!
  return {
    state: groupState,
    assignor: assignorName,
    members: members.map(member => ({
      ...namesOf(member),
      assignment: member.assignment.topicPartitions.map(({ topicName: topic, partitions }) => ({
        topic,
        partitions: [...partitions],
      })),
    })),
  }
}

/** [KIP-1071] Tasks, by which a member reads all partitions of that number of the topics of a subtopology. */
async function describeStreams(kafka: KafkaClient, groupId: string): Promise<Described> {
  const { groups } = await kafka.call(StreamsGroupDescribe, { groupIds: [groupId], includeAuthorizedOperations: false })
  accepted(groups[0])
  const { groupState = '', assignorName = '', topology, members = [] } = groups[0]!
  const sources = new Map(
    (topology?.subtopologies ?? []).map(({ subtopologyId, sourceTopics, repartitionSourceTopics }) => [
      subtopologyId,
      [...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)],
    ]),
  )
  return {
    state: groupState,
    assignor: assignorName ?? '',
    members: members.map(member => ({
      ...namesOf(member),
      assignment: member.assignment.activeTasks.flatMap(({ subtopologyId, partitions }) =>
        (sources.get(subtopologyId) ?? []).map(topic => ({ topic, partitions: [...partitions] })),
      ),
    })),
  }
}

function namesOf(member: {
  readonly memberId: string
  readonly instanceId?: string | null
  readonly clientId: string
  readonly clientHost: string
}) {
  const { memberId, instanceId = null, clientId, clientHost } = member
  return { memberId, instanceId, clientId, host: clientHost.replace(/^\//, '') }
}

async function describeClassic(kafka: KafkaClient, groupId: string): Promise<Described> {
  const { groups } = await kafka.call(DescribeGroups, { groups: [groupId] })
  accepted(groups[0])
  const { groupState: state, protocolData: assignor, protocolType, members } = groups[0]!
  return {
    state,
    assignor,
    members: members.map(member => ({
      ...namesOf({ ...member, instanceId: member.groupInstanceId ?? null }),
      assignment: protocolType === 'consumer' ? assignmentOf(member.memberAssignment) : [],
    })),
  }
}

/** A consumer's assignment, in any version: topics and partitions, and what only its assignor reads. */
export function assignmentOf(bytes: Bytes): { topic: string; partitions: number[] }[] {
  if (bytes.byteLength === 0) return []
  try {
    const reader = new Reader(bytes)
    reader.int16()
    const assignment: { topic: string; partitions: number[] }[] = []
    for (let topics = reader.nonNullLength(reader.arrayLength(2)); topics > 0; topics--) {
      const topic = reader.string()
      const partitions: number[] = []
      for (let left = reader.nonNullLength(reader.arrayLength(4)); left > 0; left--) partitions.push(reader.int32())
      assignment.push({ topic, partitions })
    }
    return assignment
  } catch (error) {
    // What clients tell each other is theirs.
    if (error instanceof MalformedError) return []
    throw error
  }
}

export interface Committed {
  readonly offset: number
  readonly metadata: string
}

/** group → topic → partition. A group that the client may not see has none. */
export async function committedOffsets(
  kafka: KafkaClient,
  groupIds: readonly string[],
): Promise<Map<string, ByPartition<Committed>>> {
  const found = new Map<string, ByPartition<Committed>>()
  if (groupIds.length === 0) return found
  const { groups } = await kafka.call(
    OffsetFetch,
    { groups: groupIds.map(groupId => ({ groupId, topics: null })) },
    offsetsVersion,
  )
  for (const { groupId, topics, errorCode } of groups ?? []) {
    if (errorCode !== Errors.NONE && groupIds.length === 1) throw kafkaFailure(errorCode ?? 0)
    const ofGroup: ByPartition<Committed> = new Map()
    found.set(groupId, ofGroup)
    for (const { name = '', partitions } of topics) {
      const ofTopic = new Map<number, Committed>()
      for (const { partitionIndex, committedOffset, metadata, errorCode } of partitions) {
        if (errorCode === Errors.NONE && committedOffset >= 0) {
          ofTopic.set(partitionIndex, { offset: Number(committedOffset), metadata: metadata ?? '' })
        }
      }
      if (ofTopic.size > 0) ofGroup.set(name, ofTopic)
    }
  }
  return found
}

/** Topics by name; from 10 on they have ids. */
export const offsetsVersion = 9

/** Where the logs begin and end in which any of these positions is. */
export async function logsOf(
  kafka: KafkaClient,
  positions: Iterable<ByPartition<unknown>>,
): Promise<{ readonly starts: ByPartition<Found>; readonly ends: ByPartition<Found> }> {
  const asked = new Map<string, Set<number>>()
  for (const byTopic of positions) {
    for (const [topic, byPartition] of byTopic) {
      const ofTopic = asked.get(topic) ?? new Set<number>()
      asked.set(topic, ofTopic)
      for (const partition of byPartition.keys()) ofTopic.add(partition)
    }
  }
  const partitions = new Map(Array.from(asked, ([topic, ofTopic]) => [topic, [...ofTopic]]))
  return { starts: await findOffsets(kafka, partitions, earliest), ends: await findOffsets(kafka, partitions, latest) }
}

/** As kafka-consumer-groups counts it; null where there is nothing to count, such as a topic that is gone. */
export function lagOf(committed: number | undefined, end: Found | undefined): number | null {
  if (committed === undefined || end === undefined || end.errorCode !== Errors.NONE) return null
  return end.offset - committed
}

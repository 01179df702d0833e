/**
 * Decides what happens to topics and configs. Pure: reads the image and answers with records to write or with the refusal
 * that the client gets. The caller appends the records, applies them to the image and only then answers.
 */
import type { Uuid } from '../base/ids.js'
import { Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import { brokerResource, type ClusterImage, type Configs, type TopicImage, topicResource } from './image.js'
import { clusterMetadataTopic, collisionKey, topicNameProblem, unknownTopic } from './topic-name.js'

export interface Decided<Result> {
  readonly records: readonly MetadataRecordInput[]
  readonly result: Result
}

export interface CreateTopicCommand {
  readonly name: string
  /** Of the new topic; chosen by the caller, which has the randomness. */
  readonly topicId: Uuid
  /** -1: the default, unless there are assignments. */
  readonly partitionCount: number
  readonly replicationFactor: number
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[]
  readonly configs: ReadonlyMap<string, string>
}

/** What the controller must know of this broker. */
export interface ClusterSettings {
  readonly nodeId: number
  readonly directoryId: Uuid
  readonly partitionCountDefault: number
  readonly replicationFactorDefault: number
  /** No data directory takes new partitions (cordoned.log.dirs). */
  readonly areDirsCordoned?: () => boolean
}

/** Kafka's bounds on what one request makes: partitions, and records of the metadata log. */
export const partitionsPerRequestMax = 10_000
export const recordsPerRequestMax = 10_000

/** Kafka has no such bound; a single process has descriptors and memory to care for. */
export const partitionsPerTopicMax = 100_000

export function createTopic(
  image: ClusterImage,
  settings: ClusterSettings,
  command: CreateTopicCommand,
): Decided<TopicImage> | Refusal {
  const unfit = nameRefusal(image, command.name)
  if (unfit !== null) return unfit
  const replicas = planReplicas(settings, command)
  if (isRefusal(replicas)) return replicas

  const { name, topicId, configs } = command
  const records: MetadataRecordInput[] = [{ kind: 'topic', name, topicId }]
  for (const [key, value] of configs) {
    records.push({ kind: 'config', resourceType: topicResource, resourceName: name, name: key, value })
  }
  for (const index of replicas.keys()) records.push(partitionRecord(settings, topicId, index))
  const partitions = replicas.map((brokerIds, index) => ({
    index,
    leader: settings.nodeId,
    leaderEpoch: 0,
    replicas: brokerIds,
    isr: brokerIds,
    directory: settings.directoryId,
  }))
  return { records, result: { name, topicId, partitions } }
}

export function removeTopic(image: ClusterImage, name: string): Decided<TopicImage> | Refusal {
  const topic = image.topics.get(name)
  if (topic === undefined) return refuse(Errors.UNKNOWN_TOPIC_OR_PARTITION, unknownTopic)
  return { records: [{ kind: 'removeTopic', topicId: topic.topicId }], result: topic }
}

export interface CreatePartitionsCommand {
  readonly name: string
  /** Partitions afterwards, old ones included. */
  readonly count: number
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null
}

/** The result is the index of the first new partition. */
export function createPartitions(
  image: ClusterImage,
  settings: ClusterSettings,
  command: CreatePartitionsCommand,
): Decided<{ topic: TopicImage; firstNew: number }> | Refusal {
  const { name, count, assignments } = command
  const topic = image.topics.get(name)
  if (topic === undefined) return refuse(Errors.UNKNOWN_TOPIC_OR_PARTITION, unknownTopic)
  const current = topic.partitions.length
  if (count === current) return refuse(Errors.INVALID_PARTITIONS, `Topic already has ${current} partition(s).`)
  if (count < current) {
    const message = `The topic ${name} currently has ${current} partition(s); ${count} would not be an increase.`
    return refuse(Errors.INVALID_PARTITIONS, message)
  }
  if (count > partitionsPerTopicMax) return refuse(Errors.INVALID_PARTITIONS, tooManyPartitions(count))
  const added = count - current
  if (assignments !== null) {
    if (assignments.length !== added) {
      const message = `Attempted to add ${added} additional partition(s), but only ${assignments.length} assignment(s) were specified.`
      return refuse(Errors.INVALID_REPLICA_ASSIGNMENT, message)
    }
    for (const { brokerIds } of assignments) {
      const invalid = assignmentRefusal(settings.nodeId, brokerIds)
      if (invalid !== null) return invalid
    }
  }
  if (settings.areDirsCordoned?.()) {
    return assignments === null ? refuse(Errors.INVALID_REPLICATION_FACTOR, allCordoned) : cordonedRefusal(settings)
  }
  const records = Array.from({ length: added }, (_, i) => partitionRecord(settings, topic.topicId, current + i))
  return { records, result: { topic, firstNew: current } }
}

export interface ConfigResource {
  readonly type: number
  readonly name: string
}

/**
 * The resource's configs are exactly these. The caller has seen to it that it exists and that they are valid. For a broker the
 * keys in `named` are written down although nothing changes: whoever uses their values reads files again.
 */
export function alterConfigs(
  image: ClusterImage,
  { type, name }: ConfigResource,
  configs: Configs,
  named: readonly string[],
): Decided<Configs> {
  const before = image.configsOf(type, name)
  const removed = [...before.keys()].filter(key => !configs.has(key))
  const set = [...configs].filter(([key, value]) => before.get(key) !== value || (type === brokerResource && named.includes(key)))
  const record = { kind: 'config', resourceType: type, resourceName: name } as const
  const records: MetadataRecordInput[] = [
    ...removed.map(key => ({ ...record, name: key, value: null })),
    ...set.map(([key, value]) => ({ ...record, name: key, value })),
  ]
  return { records, result: configs }
}

/** Reserves producer ids: after this record none of them is handed out again, whatever happens to the process. */
export function allocateProducerIds(
  image: ClusterImage,
  settings: ClusterSettings,
  count: number,
): Decided<{ first: number; end: number }> {
  const first = image.nextProducerId
  const end = first + count
  return {
    records: [{ kind: 'producerIds', brokerId: settings.nodeId, nextProducerId: end }],
    result: { first, end },
  }
}

function nameRefusal(image: ClusterImage, name: string): Refusal | null {
  const problem = topicNameProblem(name)
  if (problem !== null) return refuse(Errors.INVALID_TOPIC_EXCEPTION, problem)
  if (name === clusterMetadataTopic) return refuse(Errors.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`)
  if (image.topics.has(name)) return refuse(Errors.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  const other = image.namesByCollisionKey.get(collisionKey(name))
  if (other === undefined) return null
  return refuse(Errors.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${other}`)
}

function planReplicas(settings: ClusterSettings, command: CreateTopicCommand): (readonly number[])[] | Refusal {
  const { assignments } = command
  if (assignments.length > 0) {
    if (command.replicationFactor !== -1) {
      const message = 'A manual partition assignment was specified, but replication factor was not set to -1.'
      return refuse(Errors.INVALID_REQUEST, message)
    }
    if (command.partitionCount !== -1) {
      const message = 'A manual partition assignment was specified, but numPartitions was not set to -1.'
      return refuse(Errors.INVALID_REQUEST, message)
    }
    return planAssigned(settings, assignments)
  }
  const count = command.partitionCount === -1 ? settings.partitionCountDefault : command.partitionCount
  const factor = command.replicationFactor === -1 ? settings.replicationFactorDefault : command.replicationFactor
  if (factor < 1) {
    return refuse(Errors.INVALID_REPLICATION_FACTOR, 'Replication factor must be larger than 0, or -1 to use the default value.')
  }
  if (factor > 1) {
    const message = `Unable to replicate the partition ${factor} time(s): The target replication factor of ${factor} cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.`
    return refuse(Errors.INVALID_REPLICATION_FACTOR, message)
  }
  if (count < 1) {
    const message = 'Number of partitions was set to an invalid non-positive value.'
    return refuse(Errors.INVALID_PARTITIONS, message)
  }
  if (count > partitionsPerTopicMax) return refuse(Errors.INVALID_PARTITIONS, tooManyPartitions(count))
  if (settings.areDirsCordoned?.()) {
    const message = `Unable to replicate the partition 1 time(s): ${allCordoned}`
    return refuse(Errors.INVALID_REPLICATION_FACTOR, message)
  }
  return Array.from({ length: count }, () => [settings.nodeId])
}

function planAssigned(
  settings: ClusterSettings,
  assignments: CreateTopicCommand['assignments'],
): (readonly number[])[] | Refusal {
  const byIndex = new Map<number, readonly number[]>()
  for (const { partitionIndex, brokerIds } of assignments) {
    if (byIndex.has(partitionIndex)) {
      const message = `Found multiple manual partition assignments for partition ${partitionIndex}`
      return refuse(Errors.INVALID_REPLICA_ASSIGNMENT, message)
    }
    byIndex.set(partitionIndex, brokerIds)
  }
  const planned: (readonly number[])[] = []
  for (let index = 0; index < byIndex.size; index++) {
    const brokerIds = byIndex.get(index)
    if (brokerIds === undefined) {
      const message = 'partitions should be a consecutive 0-based integer sequence'
      return refuse(Errors.INVALID_REPLICA_ASSIGNMENT, message)
    }
    const invalid = assignmentRefusal(settings.nodeId, brokerIds)
    if (invalid !== null) return invalid
    planned.push(brokerIds)
  }
  return settings.areDirsCordoned?.() ? cordonedRefusal(settings) : planned
}

const allCordoned = 'All brokers are currently fenced, or have all their log directories cordoned.'

function cordonedRefusal({ nodeId }: ClusterSettings): Refusal {
  const message = `The manual partition assignment includes broker ${nodeId}, but all its log directories are cordoned.`
  return refuse(Errors.INVALID_REPLICA_ASSIGNMENT, message)
}

/** What is wrong with the brokers that are to have a partition, where `nodeId` is the only one. */
export function assignmentRefusal(nodeId: number, brokerIds: readonly number[]): Refusal | null {
  if (brokerIds.length === 0) {
    return refuse(Errors.INVALID_REPLICA_ASSIGNMENT, 'The manual partition assignment includes an empty replica list.')
  }
  const stranger = brokerIds.find(id => id !== nodeId)
  if (stranger !== undefined) {
    const message = `The manual partition assignment includes broker ${stranger}, but no such broker is registered.`
    return refuse(Errors.INVALID_REPLICA_ASSIGNMENT, message)
  }
  if (brokerIds.length > 1) {
    const message = `The manual partition assignment includes the broker ${nodeId} more than once.`
    return refuse(Errors.INVALID_REPLICA_ASSIGNMENT, message)
  }
  return null
}

function partitionRecord(settings: ClusterSettings, topicId: Uuid, partitionId: number): MetadataRecordInput {
  const here = [settings.nodeId]
  return {
    kind: 'partition',
    partitionId,
    topicId,
    replicas: here,
    isr: here,
    removingReplicas: [],
    addingReplicas: [],
    leader: settings.nodeId,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: [settings.directoryId],
  }
}

const tooManyPartitions = (count: number): string =>
  `${count} partitions; this broker takes at most ${partitionsPerTopicMax} a topic.`

/**
 * What the cluster looks like now: topics with their ids, partitions and configs, the next free producer id, and who may do
 * what. Built by applying the records of __cluster_metadata, live and at start. Only the owner holds MutableImage; all others
 * read ClusterImage.
 */
import type { LeaderEpoch, ProducerId, Uuid } from '../base/ids.js'
import type { MetadataRecord } from '../protocol/state/metadata.js'
import { type Access, MutableAccess } from './access-image.js'
import { collisionKey } from './topic-name.js'

export interface PartitionImage {
  readonly index: number
  readonly leader: number
  readonly leaderEpoch: LeaderEpoch
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export interface TopicImage {
  readonly name: string
  readonly topicId: Uuid
  /** By index, without gaps. */
  readonly partitions: readonly PartitionImage[]
  /** The topic's own configs (its overrides of the broker's). */
  readonly configs: ReadonlyMap<string, string>
}

export interface ClusterImage {
  readonly topics: ReadonlyMap<string, TopicImage>
  readonly topicsById: ReadonlyMap<Uuid, TopicImage>
  /** The lowest producer id that was never handed out in a block. */
  readonly nextProducerId: ProducerId
  /** Another number after every change of a config, or of which topics there are: caches of what follows from them compare it. */
  readonly configsRevision: number
  /** Another number after every change: caches of what was made of the image compare it. */
  readonly revision: number
  /** Topics by what their names share with those that would collide with them. */
  readonly namesByCollisionKey: ReadonlyMap<string, string>
  readonly access: Access
}

/** In a PartitionChangeRecord: no election. */
const unchangedLeader = -2

/** Numbers of resource types in ConfigRecord and DescribeConfigs. */
export const topicResource = 2
export const brokerResource = 4
export const groupResource = 32

interface MutableTopic {
  name: string
  topicId: Uuid
  partitions: PartitionImage[]
  configs: Map<string, string>
}

/** The owner's face of the image. */
export class MutableImage implements ClusterImage {
  readonly topics = new Map<string, MutableTopic>()
  readonly topicsById = new Map<Uuid, MutableTopic>()
  nextProducerId: ProducerId = 0
  configsRevision = 0
  revision = 0
  readonly namesByCollisionKey = new Map<string, string>()
  readonly access = new MutableAccess()
  /** Kafka up to 3.3 writes the configs of a new topic before the topic. One that is removed takes its configs with it. */
  readonly #earlyConfigs = new Map<string, Map<string, string>>()

  apply(record: MetadataRecord): void {
    this.revision++
    switch (record.kind) {
      case 'topic': {
        this.configsRevision++
        const configs = this.#earlyConfigs.get(record.name) ?? new Map<string, string>()
        this.#earlyConfigs.delete(record.name)
        const topic: MutableTopic = { name: record.name, topicId: record.topicId, partitions: [], configs }
        this.topics.set(record.name, topic)
        this.namesByCollisionKey.set(collisionKey(record.name), record.name)
        this.topicsById.set(record.topicId, topic)
        return
      }
      case 'partition': {
        const { partitionId, leader, leaderEpoch, replicas, isr } = record
        const partitions = this.topicsById.get(record.topicId)?.partitions
        if (partitions !== undefined) partitions[partitionId] = { index: partitionId, leader, leaderEpoch, replicas, isr }
        return
      }
      case 'partitionChange': {
        const { partitionId, leader, replicas, isr } = record
        const partitions = this.topicsById.get(record.topicId)?.partitions
        const before = partitions?.[partitionId]
        if (partitions === undefined || before === undefined) return
        const hasNewLeader = leader !== unchangedLeader
        partitions[partitionId] = {
          index: partitionId,
          leader: hasNewLeader ? leader : before.leader,
          // Every election is a new epoch.
          leaderEpoch: hasNewLeader ? before.leaderEpoch + 1 : before.leaderEpoch,
          replicas: replicas ?? before.replicas,
          isr: isr ?? before.isr,
        }
        return
      }
      case 'config': {
        this.configsRevision++
        if (record.resourceType !== topicResource) return
        const configs = this.topics.get(record.resourceName)?.configs ?? this.#configsToCome(record.resourceName)
        if (record.value === null) configs.delete(record.name)
        else configs.set(record.name, record.value)
        return
      }
      case 'removeTopic': {
        const topic = this.topicsById.get(record.topicId)
        if (topic === undefined) return
        this.configsRevision++
        this.#earlyConfigs.delete(topic.name)
        this.topicsById.delete(topic.topicId)
        if (this.topics.get(topic.name) === topic) this.topics.delete(topic.name)
        const key = collisionKey(topic.name)
        if (this.namesByCollisionKey.get(key) === topic.name && !this.topics.has(topic.name)) this.namesByCollisionKey.delete(key)
        return
      }
      case 'producerIds':
        this.nextProducerId = Math.max(this.nextProducerId, record.nextProducerId)
        return
      case 'acl':
      case 'removeAcl':
      case 'scramCredential':
      case 'removeScramCredential':
      case 'delegationToken':
      case 'removeDelegationToken':
        this.access.apply(record)
        return
      case 'featureLevel':
      case 'beginTransaction':
      case 'endTransaction':
      case 'abortTransaction':
        return
    }
  }

  #configsToCome(topic: string): Map<string, string> {
    let configs = this.#earlyConfigs.get(topic)
    if (configs === undefined) {
      configs = new Map()
      this.#earlyConfigs.set(topic, configs)
    }
    return configs
  }

  /** For a log that was written in a later epoch than its record says. */
  raiseLeaderEpoch(topicId: Uuid, index: number, leaderEpoch: LeaderEpoch): void {
    const partitions = this.topicsById.get(topicId)?.partitions
    const partition = partitions?.[index]
    if (partitions === undefined || partition === undefined || partition.leaderEpoch >= leaderEpoch) return
    partitions[index] = { ...partition, leaderEpoch }
    this.revision++
  }
}

/**
 * What the cluster looks like now: topics with their ids and partitions, configs of topics, brokers, groups and client metrics,
 * levels of features, the next free producer id, who may do what, and how much. Built by applying the records of
 * __cluster_metadata, live and at start. Only the owner holds MutableImage; all others read ClusterImage.
 */
import type { LeaderEpoch, ProducerId, Uuid } from '../base/ids.js'
import type { MetadataRecord } from '../protocol/state/metadata.js'
import { type Access, MutableAccess } from './access-image.js'
import { MutableQuotas, type Quotas } from './quota-image.js'
import { collisionKey } from './topic-name.js'

export interface PartitionImage {
  readonly index: number
  readonly leader: number
  readonly leaderEpoch: LeaderEpoch
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** The directory of the one replica; null when the record does not say. */
  readonly directory: Uuid | null
}

export interface TopicImage {
  readonly name: string
  readonly topicId: Uuid
  /** By index, without gaps. */
  readonly partitions: readonly PartitionImage[]
}

/** What a resource sets itself, by key. */
export type Configs = ReadonlyMap<string, string>

export interface ClusterImage {
  readonly topics: ReadonlyMap<string, TopicImage>
  readonly topicsById: ReadonlyMap<Uuid, TopicImage>
  /** The lowest producer id that was never handed out in a block. */
  readonly nextProducerId: ProducerId
  /** By type of resource, then by name; a resource that sets nothing is not there. The broker "" is all brokers. */
  readonly configs: ReadonlyMap<number, ReadonlyMap<string, Configs>>
  configsOf(resourceType: number, resourceName: string): Configs
  /** Level of each feature; one of level 0 is not there. */
  readonly features: ReadonlyMap<string, number>
  /** Another number after every change of a config, or of which topics there are: caches of what follows from them compare it. */
  readonly configsRevision: number
  /** Another number after every change of which topics there are, and of their partitions. */
  readonly topicsRevision: number
  /** Another number after every change: caches of what was made of the image compare it. */
  readonly revision: number
  /** Topics by what their names share with those that would collide with them. */
  readonly namesByCollisionKey: ReadonlyMap<string, string>
  readonly access: Access
  readonly quotas: Quotas
}

/** Nobody leads a partition whose directory is offline. */
export const noLeader = -1

/** In a PartitionChangeRecord: no election. */
export const unchangedLeader = -2

/** Numbers of resource types in ConfigRecord and DescribeConfigs. */
export const topicResource = 2
export const brokerResource = 4
export const brokerLoggerResource = 8
export const clientMetricsResource = 16
export const groupResource = 32

const noConfigs: Configs = new Map()

interface MutableTopic {
  name: string
  topicId: Uuid
  partitions: PartitionImage[]
}

/** The owner's face of the image. */
export class MutableImage implements ClusterImage {
  readonly topics = new Map<string, MutableTopic>()
  readonly topicsById = new Map<Uuid, MutableTopic>()
  nextProducerId: ProducerId = 0
  readonly configs = new Map<number, Map<string, Map<string, string>>>()
  readonly features = new Map<string, number>()
  configsRevision = 0
  topicsRevision = 0
  revision = 0
  readonly namesByCollisionKey = new Map<string, string>()
  readonly access = new MutableAccess()
  readonly quotas = new MutableQuotas()

  apply(record: MetadataRecord): void {
    this.revision++
    switch (record.kind) {
      case 'topic': {
        this.topicsRevision++
        this.configsRevision++
        const topic: MutableTopic = { name: record.name, topicId: record.topicId, partitions: [] }
        this.topics.set(record.name, topic)
        this.namesByCollisionKey.set(collisionKey(record.name), record.name)
        this.topicsById.set(record.topicId, topic)
        return
      }
      case 'partition': {
        this.topicsRevision++
        const { partitionId, leader, leaderEpoch, replicas, isr } = record
        const partitions = this.topicsById.get(record.topicId)?.partitions
        const directory = record.directories[0] ?? null
        if (partitions !== undefined)
          partitions[partitionId] = { index: partitionId, leader, leaderEpoch, replicas, isr, directory }
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
          directory: record.directories?.[0] ?? before.directory,
        }
        return
      }
      case 'config': {
        this.configsRevision++
        this.#setConfig(record.resourceType, record.resourceName, record.name, record.value)
        return
      }
      case 'removeTopic': {
        const topic = this.topicsById.get(record.topicId)
        if (topic === undefined) return
        this.topicsRevision++
        this.configsRevision++
        // It takes its configs with it; those of a new topic come behind it, but before it where Kafka up to 3.3 wrote them.
        this.configs.get(topicResource)?.delete(topic.name)
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
      case 'clientQuota':
        this.quotas.apply(record)
        return
      case 'featureLevel':
        if (record.featureLevel > 0) this.features.set(record.name, record.featureLevel)
        else this.features.delete(record.name)
        return
      case 'beginTransaction':
      case 'endTransaction':
      case 'abortTransaction':
        return
    }
  }

  configsOf(resourceType: number, resourceName: string): Configs {
    return this.configs.get(resourceType)?.get(resourceName) ?? noConfigs
  }

  #setConfig(resourceType: number, resourceName: string, key: string, value: string | null): void {
    const resources = this.configs.get(resourceType) ?? new Map<string, Map<string, string>>()
    const configs = resources.get(resourceName) ?? new Map<string, string>()
    if (value === null) configs.delete(key)
    else configs.set(key, value)
    if (configs.size > 0) this.configs.set(resourceType, resources.set(resourceName, configs))
    else resources.delete(resourceName)
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

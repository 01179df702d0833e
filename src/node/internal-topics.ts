/**
 * The topics that coordinators write, one row each: what they look like when the broker makes them, on demand and whatever
 * made it ask. Made by hand they look as they were asked for, as in Kafka.
 */
import type { BrokerConfig } from '../config/broker-config.js'

export interface InternalTopic {
  readonly name: string
  partitionCount(config: BrokerConfig): number
  configs(config: BrokerConfig): ReadonlyMap<string, string>
}

export const offsetsTopic: InternalTopic = {
  name: '__consumer_offsets',
  partitionCount: config => config.get('offsets.topic.num.partitions'),
  configs: config =>
    new Map([
      ['cleanup.policy', 'compact'],
      ['compression.type', 'producer'],
      ['segment.bytes', String(config.get('offsets.topic.segment.bytes'))],
    ]),
}

export const transactionsTopic: InternalTopic = {
  name: '__transaction_state',
  partitionCount: config => config.get('transaction.state.log.num.partitions'),
  configs: config =>
    new Map([
      ['cleanup.policy', 'compact'],
      ['compression.type', 'uncompressed'],
      ['min.insync.replicas', String(config.get('transaction.state.log.min.isr'))],
      ['segment.bytes', String(config.get('transaction.state.log.segment.bytes'))],
      ['unclean.leader.election.enable', 'false'],
    ]),
}

const shareGroupsTopic: InternalTopic = {
  name: '__share_group_state',
  partitionCount: () => shareGroupsPartitions,
  configs: () =>
    new Map([
      ['cleanup.policy', 'delete'],
      ['compression.type', 'producer'],
      ['min.insync.replicas', '1'],
      ['retention.ms', '-1'],
      ['segment.bytes', shareGroupsSegmentBytes],
    ]),
}

/** Kafka's defaults of share.coordinator.state.topic.{segment.bytes,num.partitions}. */
const shareGroupsSegmentBytes = '104857600'
const shareGroupsPartitions = 50

const internalTopics = new Map([offsetsTopic, transactionsTopic, shareGroupsTopic].map(topic => [topic.name, topic]))

/** Partition count and replication factor (-1: the default) and configs of a topic that is created on demand. */
export function onDemandShape(
  name: string,
  config: BrokerConfig,
): { readonly partitionCount: number; readonly replicationFactor: number; readonly configs: ReadonlyMap<string, string> } {
  const internal = internalTopics.get(name)
  if (internal === undefined) return { partitionCount: -1, replicationFactor: -1, configs: new Map() }
  // One broker: whatever a configuration that was made for three says, coordinators must work.
  return { partitionCount: internal.partitionCount(config), replicationFactor: 1, configs: internal.configs(config) }
}

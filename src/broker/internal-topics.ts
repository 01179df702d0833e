/** Topics that the broker makes for itself, and how. */
import type { BrokerConfig } from '../config/resolve.js'

export const offsetsTopic = '__consumer_offsets'

/** Partition count and replication factor (-1: the default) and configs of a topic that is created on demand. */
export function onDemandShape(
  name: string,
  config: BrokerConfig,
): { readonly partitionCount: number; readonly replicationFactor: number; readonly configs: ReadonlyMap<string, string> } {
  if (name !== offsetsTopic) return { partitionCount: -1, replicationFactor: -1, configs: new Map() }
  const configs = new Map([
    ['cleanup.policy', 'compact'],
    ['compression.type', 'producer'],
    ['segment.bytes', String(config.get('offsets.topic.segment.bytes'))],
  ])
  // One broker: whatever a configuration that was made for three says, groups must work.
  return { partitionCount: config.get('offsets.topic.num.partitions'), replicationFactor: 1, configs }
}

/** Topics that the broker makes for itself, and how. */
import type { BrokerConfig } from '../config/resolve.js'

export const offsetsTopic = '__consumer_offsets'

/** Partition count (-1: the default) and configs of a topic that is created because somebody asked for it. */
export function onDemandShape(
  name: string,
  config: BrokerConfig,
): { readonly partitionCount: number; readonly configs: ReadonlyMap<string, string> } {
  if (name !== offsetsTopic) return { partitionCount: -1, configs: new Map() }
  const configs = new Map([
    ['cleanup.policy', 'compact'],
    ['compression.type', 'producer'],
    ['segment.bytes', String(config.get('offsets.topic.segment.bytes'))],
  ])
  return { partitionCount: config.get('offsets.topic.num.partitions'), configs }
}

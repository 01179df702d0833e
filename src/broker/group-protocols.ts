/** A protocol of groups is a feature of the cluster and a word in the broker's configuration: both may switch it off. */
import { groupVersion, streamsVersion } from '../cluster/features.js'
import type { Broker } from './services.js'

const features = { consumer: groupVersion, streams: streamsVersion }

export function isGroupProtocolEnabled({ config, topics }: Broker, protocol: keyof typeof features): boolean {
  const level = topics.image.features.get(features[protocol]) ?? 0
  return level >= 1 && config.get('group.coordinator.rebalance.protocols').includes(protocol)
}

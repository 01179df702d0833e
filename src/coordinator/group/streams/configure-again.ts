/** The group's topology among the topics of the moment: looked at again when it is new, and when topics have changed. */
import { StableHash } from '../../../base/hash.js'
import { isRefusal, type Refusal } from '../../../protocol/errors.js'
import type { TopicsView } from '../../machine.js'
import { type Configured, epochOf, type StreamsGroup } from './group.js'
import { configure, requiredTopics, type Topology } from './topology.js'

export function configureAgain(group: StreamsGroup, topology: Topology, topics: TopicsView): Configured | Refusal {
  const { configured } = group
  const { topicsRevision } = topics
  if (configured?.topicsRevision === topicsRevision) return configured
  const metadataHash = metadataHashOf(topology, topics)
  const isSame = configured !== null && metadataHash === epochOf(group.state).metadataHash
  const configuredTopology = isSame ? configured.topology : configure(topology, topics.topics)
  if (isRefusal(configuredTopology)) return configuredTopology
  // Follows from what there is, whatever becomes of this decision.
  group.configured = { topology: configuredTopology, metadataHash, topicsRevision }
  return group.configured
}

/** 0 when none of its topics is there, as in Kafka. */
function metadataHashOf(topology: Topology, { topics }: TopicsView): number {
  const hash = new StableHash()
  let isEmpty = true
  for (const name of [...requiredTopics(topology)].sort()) {
    const topic = topics.get(name)
    if (topic === undefined) continue
    isEmpty = false
    hash.add(name).add(topic.topicId).add(topic.partitions.length)
  }
  return isEmpty ? 0 : hash.value
}
